//! Narrowing a pane to what is looked for, while somebody types.

use nucleo_matcher::pattern::{Atom, CaseMatching};

use crate::model::{Attachment, HatId, Jid, Room, User};

use super::matching::{FuzzyMatcher, fuzzy_atom, substring_atom};
use super::text::TextInput;

/// What a pane is narrowed to.
#[derive(Debug, Clone)]
pub struct Filter {
    /// What is typed.
    pub text: TextInput,
    /// Whether the keys go into it.
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

    /// Reads what is typed; false when it means what it meant before.
    pub(super) fn reparse(&mut self) -> bool {
        let query = FilterTerms::parse(&self.text.text());
        let changed = query != self.query;
        self.query = query;
        changed
    }

    /// Which of the letters of a text are meant, by their place among its graphemes.
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

    /// How well a room matches.
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

    /// How well a user of a room matches.
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

    /// How well a hat of a user matches.
    pub(super) fn score_hat(
        &self,
        matching: &mut FuzzyMatcher,
        room: &Room,
        (id, attachment): (&HatId, &Attachment),
    ) -> Option<u32> {
        self.score_existing_hat(matching, id, room.title(id, attachment))
    }

    /// How well a hat matches that is not one user's.
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

    /// How well an address matches.
    pub(super) fn score_address(&self, matching: &mut FuzzyMatcher, jid: &Jid) -> Option<u32> {
        self.query.score(|what| match what {
            TermKind::Letters(atom, _) => matching.score_fuzzy(atom, jid.as_str()),
            TermKind::Affiliation(_) | TermKind::Hat(_) => None,
        })
    }
}

/// How well a hat's title or id has a word in it.
fn score_name(matching: &mut FuzzyMatcher, atom: &Atom, id: &HatId, title: Option<&str>) -> Option<u32> {
    let by_title = title.and_then(|title| matching.score_substring(atom, title));
    by_title.or_else(|| matching.score_substring(atom, id.as_str()))
}

/// The words of a filter; all of them must hold.
#[derive(Debug, Clone, Default, PartialEq)]
struct FilterTerms {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    kind: TermKind,
    /// With `!` before it: what matches is left out.
    negated: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum TermKind {
    /// Letters of a name or an address; in an id, where letters far from each other mean nothing, next to each other.
    Letters(Atom, Atom),
    /// `@mem`: the beginning of an affiliation.
    Affiliation(String),
    /// `#teach`: a hat with that in its title or id; any hat where nothing follows.
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
                // What is left out must be there as it is written: letters from here and there would leave out too much.
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

    /// The sum of what the words score, where all of them hold.
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
