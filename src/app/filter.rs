//! Filters of panes. They match exactly, since commands can act on everything shown.

use jiff::{Timestamp, ZonedDateTime};

use crate::model::{Attachment, HatId, Jid, Room, User};
use crate::sync::{Occupant, Occupants};

use super::folding::Word;
use super::text::TextInput;
use super::until;

mod entry;

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

    /// A filter by this text, which is not being edited.
    pub fn of(text: &str) -> Self {
        Self {
            text: TextInput::new(text),
            editing: false,
            query: FilterTerms::parse(text, None),
        }
    }

    /// Whether it has no words, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.query.terms.is_empty()
    }

    /// Parses the text again. `now`: the time, in a list of what can end. False if the terms did not change.
    pub(super) fn reparse(&mut self, now: Option<&ZonedDateTime>) -> bool {
        let query = FilterTerms::parse(&self.text.text(), now);
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

    /// Whether it finds users by who is in a room, and under which nickname.
    pub(super) fn depends_on_presence(&self) -> bool {
        let mut terms = self.query.terms.iter();
        terms.any(|term| matches!(term.kind, TermKind::Text(_) | TermKind::Online))
    }

    /// Whether it asks who is online.
    pub fn asks_who_is_online(&self) -> bool {
        self.query.terms.iter().any(|term| term.kind == TermKind::Online)
    }

    /// The same as the rank of the terms. Where it is not known who is there, nobody is online and nobody is offline.
    fn rank(&self, is_known: bool, of: impl Fn(&TermKind) -> Option<u32>) -> Option<u32> {
        (is_known || !self.asks_who_is_online())
            .then(|| self.query.rank(of))
            .flatten()
    }

    /// Rank of a room; `occupants`: who is there, if that is known.
    pub(super) fn rank_room(&self, (jid, room): (&Jid, &Room), occupants: Option<&Occupants>) -> Option<u32> {
        self.rank(occupants.is_some(), |kind| match kind {
            TermKind::Text(word) => word
                .rank(room.name.as_deref().unwrap_or_default())
                .max(word.rank(jid.as_str())),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(hat) => room.hats().iter().find_map(|known| match hat {
                None => Some(1),
                Some(word) => rank_hat(word, &known.id, known.title.as_deref()),
            }),
            TermKind::Ends(by) => ends_by(room.next_end(), *by),
            TermKind::Online => {
                let mut occupants = occupants.into_iter().flat_map(Occupants::values);
                occupants.any(Occupant::is_online).then_some(1)
            }
        })
    }

    /// Rank of a user of a room; `occupants`: who is there, if that is known.
    pub(super) fn rank_user(
        &self,
        room: &Room,
        (jid, user): (&Jid, &User),
        occupants: Option<&Occupants>,
    ) -> Option<u32> {
        let occupant = occupants.and_then(|occupants| occupants.get(jid));
        self.rank(occupants.is_some(), |kind| match kind {
            TermKind::Text(word) => word.rank(jid.as_str()).max(rank_nickname(word, occupant)),
            TermKind::Online => is_online(occupant),
            TermKind::Affiliation(begins) => user
                .affiliation
                .as_str()
                .starts_with(begins.as_str())
                .then_some(1),
            TermKind::Hat(hat) => user.hats.iter().find_map(|(id, attachment)| match hat {
                None => Some(1),
                Some(word) => rank_hat(word, id, room.title(id, attachment)),
            }),
            TermKind::Ends(by) => {
                let mut hats = user.hats.iter();
                hats.find_map(|(_, attachment)| ends_by(attachment.until(), *by))
            }
        })
    }

    /// Rank of a user's hat.
    pub(super) fn rank_hat(&self, room: &Room, (id, attachment): (&HatId, &Attachment)) -> Option<u32> {
        self.rank_any_hat(id, room.title(id, attachment), attachment.until())
    }

    /// Rank of a hat, independent of a user.
    pub(super) fn rank_existing_hat(&self, id: &HatId, title: Option<&str>) -> Option<u32> {
        self.rank_any_hat(id, title, None)
    }

    fn rank_any_hat(&self, id: &HatId, title: Option<&str>, end: Option<Timestamp>) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) | TermKind::Hat(Some(word)) => rank_hat(word, id, title),
            TermKind::Affiliation(_) | TermKind::Online => None,
            TermKind::Hat(None) => Some(1),
            TermKind::Ends(by) => ends_by(end, *by),
        })
    }

    /// Rank of an address; `rooms`: who is in its rooms, as far as that is known.
    pub(super) fn rank_address<'a>(
        &self,
        jid: &Jid,
        rooms: impl Iterator<Item = &'a Occupants>,
    ) -> Option<u32> {
        let mut is_known = false;
        let there: Vec<&Occupant> = rooms
            .inspect(|_| is_known = true)
            .filter_map(|occupants| occupants.get(jid))
            .collect();
        self.rank(is_known, |kind| match kind {
            TermKind::Text(word) => {
                let nicknames = there.iter().map(|occupant| rank_nickname(word, Some(occupant)));
                nicknames.fold(word.rank(jid.as_str()), Ord::max)
            }
            TermKind::Online => there.iter().find_map(|occupant| is_online(Some(occupant))),
            TermKind::Affiliation(_) | TermKind::Hat(_) | TermKind::Ends(_) => None,
        })
    }
}

/// Rank of a word in the nicknames of a user.
fn rank_nickname(word: &Word, occupant: Option<&Occupant>) -> Option<u32> {
    let nicknames = occupant.into_iter().flat_map(Occupant::all_nicknames);
    nicknames.filter_map(|nickname| word.rank(nickname)).max()
}

/// Rank of who is in a room.
fn is_online(occupant: Option<&Occupant>) -> Option<u32> {
    occupant.is_some_and(Occupant::is_online).then_some(1)
}

/// Rank of what ends, where it has to end by a time.
fn ends_by(end: Option<Timestamp>, by: Option<Timestamp>) -> Option<u32> {
    (end? <= by?).then_some(1)
}

/// Rank of a word in a hat's title or ID.
fn rank_hat(word: &Word, id: &HatId, title: Option<&str>) -> Option<u32> {
    let by_title = title.and_then(|title| word.rank(title));
    by_title.or_else(|| word.rank(id.as_str()).map(|_| 1))
}

/// What finds who is in the room, after `~`; its beginning is enough. No time begins like that.
const ONLINE: &str = "online";

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
    /// `~7d`: a hat that ends by this time; `~` alone: at any time. `None`: the text is not a time, which nothing matches.
    Ends(Option<Timestamp>),
    /// `~online`: who is in the room; `~o` is enough.
    Online,
}

impl FilterTerms {
    fn parse(text: &str, now: Option<&ZonedDateTime>) -> Self {
        let terms = text.split_whitespace().filter_map(|token| {
            let (not, token) = match token.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, token),
            };
            let what = match (token.strip_prefix('@'), token.strip_prefix('#')) {
                _ if token.is_empty() => return None,
                _ if let (Some(end), Some(now)) = (token.strip_prefix('~'), now) => match end {
                    "" => TermKind::Ends(Some(Timestamp::MAX)),
                    end if ONLINE.starts_with(&end.to_lowercase()) => TermKind::Online,
                    end => TermKind::Ends(until::parse(end, now).ok().flatten()),
                },
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
