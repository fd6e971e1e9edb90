//! Filters of panes. They match exactly, since commands can act on everything shown.

use crate::model::{Attachment, HatId, Jid, Room, User};

use super::folding::Word;
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
        let mut positions = Vec::new();
        for term in &self.query.terms {
            if let (TermKind::Text(word), false) = (&term.kind, term.negated) {
                word.positions(shown, &mut positions);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Rank of a room.
    pub(super) fn rank_room(&self, (jid, room): (&Jid, &Room)) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) => word
                .rank(room.name.as_deref().unwrap_or_default())
                .max(word.rank(jid.as_str())),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(hat) => room.hats().iter().find_map(|known| match hat {
                None => Some(1),
                Some(word) => rank_hat(word, &known.id, known.title.as_deref()),
            }),
        })
    }

    /// Rank of a user of a room.
    pub(super) fn rank_user(&self, room: &Room, (jid, user): (&Jid, &User)) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) => word.rank(jid.as_str()),
            TermKind::Affiliation(begins) => user
                .affiliation
                .as_str()
                .starts_with(begins.as_str())
                .then_some(1),
            TermKind::Hat(hat) => user.hats.iter().find_map(|(id, attachment)| match hat {
                None => Some(1),
                Some(word) => rank_hat(word, id, room.title(id, attachment)),
            }),
        })
    }

    /// Rank of a user's hat.
    pub(super) fn rank_hat(&self, room: &Room, (id, attachment): (&HatId, &Attachment)) -> Option<u32> {
        self.rank_existing_hat(id, room.title(id, attachment))
    }

    /// Rank of a hat, independent of a user.
    pub(super) fn rank_existing_hat(&self, id: &HatId, title: Option<&str>) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) | TermKind::Hat(Some(word)) => rank_hat(word, id, title),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(None) => Some(1),
        })
    }

    /// Rank of an address.
    pub(super) fn rank_address(&self, jid: &Jid) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) => word.rank(jid.as_str()),
            TermKind::Affiliation(_) | TermKind::Hat(_) => None,
        })
    }
}

/// Rank of a word in a hat's title or ID.
fn rank_hat(word: &Word, id: &HatId, title: Option<&str>) -> Option<u32> {
    let by_title = title.and_then(|title| word.rank(title));
    by_title.or_else(|| word.rank(id.as_str()).map(|_| 1))
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
    /// A part of a name, an address, a title or an ID.
    Text(Word),
    /// `@mem`: prefix of an affiliation.
    Affiliation(String),
    /// `#teach`: a hat with this in its title or ID; `#` alone: any hat.
    Hat(Option<Word>),
}

impl FilterTerms {
    fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(|token| {
            let (not, token) = match token.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, token),
            };
            let what = match (token.strip_prefix('@'), token.strip_prefix('#')) {
                _ if token.is_empty() => return None,
                (Some(affiliation), _) => TermKind::Affiliation(affiliation.to_lowercase()),
                (_, Some("")) => TermKind::Hat(None),
                (_, Some(hat)) => TermKind::Hat(Some(Word::new(hat))),
                _ => TermKind::Text(Word::new(token)),
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

    /// Sum of the ranks, if all terms match.
    fn rank(&self, of: impl Fn(&TermKind) -> Option<u32>) -> Option<u32> {
        self.terms
            .iter()
            .try_fold(0, |sum, term| match (of(&term.kind), term.negated) {
                (Some(rank), false) => Some(sum + rank),
                (None, true) => Some(sum),
                _ => None,
            })
    }
}
