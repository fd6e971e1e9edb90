//! Fuzzy matching that accepts a match only if all matched letters are close together, or each of them begins a word.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// A matcher with reusable buffers.
#[derive(Debug)]
pub(super) struct FuzzyMatcher {
    matcher: Matcher,
    buffer: Vec<char>,
    positions: Vec<u32>,
}

impl FuzzyMatcher {
    pub(super) fn new() -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// The score of a word in a text; `None` if the word does not match, or if the match is not compact
    /// ([`is_compact`]).
    pub(super) fn score_fuzzy(&mut self, word: &Atom, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.buffer);
        self.positions.clear();
        let score = word.indices(text, &mut self.matcher, &mut self.positions)?;
        is_compact(text, &mut self.positions).then_some(u32::from(score))
    }
}

/// The words of a query; each must match one of the texts.
#[derive(Debug, Clone, Default)]
pub(super) struct SearchTerms(Vec<Atom>);

impl SearchTerms {
    pub(super) fn of(text: &str, case: CaseMatching) -> Self {
        Self(
            text.split_whitespace()
                .map(|word| fuzzy_atom(word, case))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sum of the best score of each word; `None` if a word matches no text. Scores in the first text are
    /// multiplied by `weight`. The flag says whether at least one word matches the first text; also true if there are
    /// no words.
    pub(super) fn score(
        &self,
        matcher: &mut FuzzyMatcher,
        texts: &[&str],
        weight: u32,
    ) -> Option<(u32, bool)> {
        let (mut sum, mut matches_first) = (0, self.is_empty());
        for word in &self.0 {
            let mut best = None;
            for (index, text) in texts.iter().enumerate() {
                let score = matcher.score_fuzzy(word, text);
                matches_first |= index == 0 && score.is_some();
                best = best.max(if index == 0 {
                    score.map(|score| score * weight)
                } else {
                    score
                });
            }
            sum += best?;
        }
        Some((sum, matches_first))
    }
}

/// A pattern that matches the letters of a word in their order, with any gaps between them.
pub(super) fn fuzzy_atom(word: &str, case: CaseMatching) -> Atom {
    Atom::new(word, case, Normalization::Smart, AtomKind::Fuzzy, false)
}

/// Whether all matched letters are close together, or each of them begins a word. In "Teacher's Assistant", `assnt` is
/// close together, and the letters of `ta` begin words; letters scattered over a long title do not match.
fn is_compact(text: Utf32Str<'_>, positions: &mut [u32]) -> bool {
    positions.sort_unstable();
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
        return true;
    };
    let is_close = last - first < 2 * u32::try_from(positions.len()).unwrap_or(u32::MAX);
    let begins_word = |position: &u32| *position == 0 || !text.get(position - 1).is_alphanumeric();
    is_close || positions.iter().all(begins_word)
}
