//! Fuzzy matching that accepts letters only if they are close together or start words.

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

    /// Score of a fuzzy match, if it is compact.
    pub(super) fn score_fuzzy(&mut self, letters: &Atom, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.buffer);
        self.positions.clear();
        let score = letters.indices(text, &mut self.matcher, &mut self.positions)?;
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
                .map(|part| fuzzy_atom(part, case))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Total score over several texts, and whether any word matches the first text; scores there are multiplied by `weight`.
    pub(super) fn score(
        &self,
        matching: &mut FuzzyMatcher,
        texts: &[&str],
        weight: u32,
    ) -> Option<(u32, bool)> {
        let (mut sum, mut first) = (0, self.is_empty());
        for word in &self.0 {
            let mut best = None;
            for (at, text) in texts.iter().enumerate() {
                let score = matching.score_fuzzy(word, text);
                first |= at == 0 && score.is_some();
                best = best.max(if at == 0 {
                    score.map(|score| score * weight)
                } else {
                    score
                });
            }
            sum += best?;
        }
        Some((sum, first))
    }
}

/// Letters in order, with gaps.
pub(super) fn fuzzy_atom(text: &str, case: CaseMatching) -> Atom {
    Atom::new(text, case, Normalization::Smart, AtomKind::Fuzzy, false)
}

/// Whether the matched letters are close together or start words: `assnt` and `ta` match "Teacher's Assistant", but letters
/// scattered over a long title do not count.
fn is_compact(text: Utf32Str<'_>, places: &mut [u32]) -> bool {
    places.sort_unstable();
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return true;
    };
    let close = last - first < 2 * u32::try_from(places.len()).unwrap_or(u32::MAX);
    let begins_word = |place: &u32| *place == 0 || !text.get(place - 1).is_alphanumeric();
    close || places.iter().all(begins_word)
}
