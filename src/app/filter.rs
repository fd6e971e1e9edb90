//! Filters of panes.

use nucleo_matcher::pattern::{Atom, CaseMatching};

use crate::model::{Attachment, HatId, Jid, Room, User};

use super::matching::{FuzzyMatcher, fuzzy_atom, substring_atom};
use super::text::TextInput;

/// The filter of a pane.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The text typed.
    pub text: TextInput,
    /// Whether it is being edited.
    pub editing: bool,
    query: FilterTerms,
}

impl Filter {
    pub(super) fn new() -> Self {
        Self {
            text: TextInput::new(""),
            editing: true,
            query: FilterTerms::default(),
        }
    }

    /// Parses the text again. False if the terms did not change.
    pub(super) fn reparse(&mut self) -> bool {
        let query = FilterTerms::parse(&self.text.text());
        let changed = query != self.query;
        self.query = query;
        changed
    }

    /// Positions of the matching letters of a text, as grapheme indices.
    pub fn match_positions(&self, shown: &str) -> Vec<u32> {
        let (mut matching, mut places) = (FuzzyMatcher::new(), Vec::new());
        for term in &self.query.terms {
            if let (TermKind::Letters(atom, _), false) = (&term.kind, term.negated) {
                matching.match_positions(atom, shown, &mut places);
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Score of a room.
    pub(super) fn score_room(&self, matching: &mut FuzzyMatcher, (jid, room): (&Jid, &Room)) -> Option<u32> {
        self.query.score(|what| match what {
            TermKind::Letters(atom, _) => matching
                .score_fuzzy(atom, room.name.as_deref().unwrap_or_default())
                .max(matching.score_fuzzy(atom, jid.as_str())),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(hat) => room.hats().iter().find_map(|known| match hat {
                None => Some(1),
                Some(atom) => score_name(matching, atom, &known.id, known.title.as_deref()),
            }),
        })
    }

    /// Score of a user of a room.
    pub(super) fn score_user(
        &self,
        matching: &mut FuzzyMatcher,
        room: &Room,
        (jid, user): (&Jid, &User),
    ) -> Option<u32> {
        self.query.score(|what| match what {
            TermKind::Letters(atom, _) => matching.score_fuzzy(atom, jid.as_str()),
            TermKind::Affiliation(begins) => user
                .affiliation
                .as_str()
                .starts_with(begins.as_str())
                .then_some(1),
            TermKind::Hat(hat) => user.hats.iter().find_map(|(id, attachment)| match hat {
                None => Some(1),
                Some(atom) => score_name(matching, atom, id, room.title(id, attachment)),
            }),
        })
    }

    /// Score of a user's hat.
    pub(super) fn score_hat(
        &self,
        matching: &mut FuzzyMatcher,
        room: &Room,
        (id, attachment): (&HatId, &Attachment),
    ) -> Option<u32> {
        self.score_existing_hat(matching, id, room.title(id, attachment))
    }

    /// Score of a hat, independent of a user.
    pub(super) fn score_existing_hat(
        &self,
        matching: &mut FuzzyMatcher,
        id: &HatId,
        title: Option<&str>,
    ) -> Option<u32> {
        self.query.score(|what| match what {
            TermKind::Letters(near, whole) => matching
                .score_fuzzy(near, title.unwrap_or_default())
                .max(matching.score_substring(whole, id.as_str())),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(None) => Some(1),
            TermKind::Hat(Some(atom)) => score_name(matching, atom, id, title),
        })
    }

    /// Score of an address.
    pub(super) fn score_address(&self, matching: &mut FuzzyMatcher, jid: &Jid) -> Option<u32> {
        self.query.score(|what| match what {
            TermKind::Letters(atom, _) => matching.score_fuzzy(atom, jid.as_str()),
            TermKind::Affiliation(_) | TermKind::Hat(_) => None,
        })
    }
}

/// Score of a word in a hat's title or id.
fn score_name(matching: &mut FuzzyMatcher, atom: &Atom, id: &HatId, title: Option<&str>) -> Option<u32> {
    let by_title = title.and_then(|title| matching.score_substring(atom, title));
    by_title.or_else(|| matching.score_substring(atom, id.as_str()))
}

/// The terms of a filter; all must match.
#[derive(Debug, Clone, Default, PartialEq)]
struct FilterTerms {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    kind: TermKind,
    /// Prefixed with `!`: matches are excluded.
    negated: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum TermKind {
    /// Letters of a name or address (fuzzy), or a substring of an id, where a fuzzy match would be meaningless.
    Letters(Atom, Atom),
    /// `@mem`: prefix of an affiliation.
    Affiliation(String),
    /// `#teach`: a hat with this in its title or id; `#` alone: any hat.
    Hat(Option<Atom>),
}

impl FilterTerms {
    fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(|token| {
            let (not, token) = match token.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, token),
            };
            let whole = || substring_atom(token, CaseMatching::Smart);
            let what = match (token.strip_prefix('@'), token.strip_prefix('#')) {
                _ if token.is_empty() => return None,
                (Some(affiliation), _) => TermKind::Affiliation(affiliation.to_lowercase()),
                (_, Some("")) => TermKind::Hat(None),
                (_, Some(hat)) => TermKind::Hat(Some(substring_atom(hat, CaseMatching::Smart))),
                // Exclusion needs an exact substring: a fuzzy match would exclude too much.
                _ if not => TermKind::Letters(whole(), whole()),
                _ => TermKind::Letters(fuzzy_atom(token, CaseMatching::Smart), whole()),
            };
            Some(Term {
                kind: what,
                negated: not,
            })
        });
        Self {
            terms: terms.collect(),
        }
    }

    /// Sum of the scores, if all terms match.
    fn score(&self, mut of: impl FnMut(&TermKind) -> Option<u32>) -> Option<u32> {
        self.terms
            .iter()
            .try_fold(0, |sum, term| match (of(&term.kind), term.negated) {
                (Some(score), false) => Some(sum + score),
                (None, true) => Some(sum),
                _ => None,
            })
    }
}
