//! Filters of panes and of the history. A word matches texts that contain it, apart from case and accents. There is no
//! fuzzy matching, since commands can act on all listed rows.

use jiff::{Timestamp, ZonedDateTime};

use crate::model::{Attachment, HatId, Jid, Room, User};
use crate::sync::{Occupant, Occupants};

use super::folding::Word;
use super::text::TextInput;
use super::until;

mod entry;
mod token;

/// The filter of a pane or of the history.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The text typed.
    pub text: TextInput,
    /// Whether the text is being edited.
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

    /// A filter by this text, which is not being edited. Without the current time, words that begin with `~` are plain
    /// text.
    pub fn of(text: &str) -> Self {
        Self {
            text: TextInput::new(text),
            editing: false,
            query: FilterTerms::parse(text, None),
        }
    }

    /// Whether the filter has no terms, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.query.terms.is_empty()
    }

    /// Parses the text again; returns whether the terms changed. `now`: the current time; `None` for the history, in
    /// which words that begin with `~` are plain text.
    pub(super) fn reparse(&mut self, now: Option<&ZonedDateTime>) -> bool {
        let query = FilterTerms::parse(&self.text.text(), now);
        let changed = query != self.query;
        self.query = query;
        changed
    }

    /// For a filter such as `#on call` that finds nothing: the hint to search for one title with `#"on call"`, as a
    /// sentence without its period.
    pub fn quotes_hint(&self) -> Option<String> {
        let quoted = token::with_quotes(&self.text.text(), true)?;
        Some(format!("For a title with spaces, use quotes: {quoted}"))
    }

    /// Positions of the letters of a text that match the words of the filter, as grapheme indices in ascending order.
    pub fn match_positions(&self, text: &str) -> Vec<u32> {
        let mut positions = Vec::new();
        for term in &self.query.terms {
            if let (TermKind::Text(word), false) = (&term.kind, term.negated) {
                word.positions(text, &mut positions);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Whether the matches can depend on the occupants of rooms: on their presence or their nicknames.
    pub(super) fn depends_on_presence(&self) -> bool {
        let mut terms = self.query.terms.iter();
        terms.any(|term| matches!(term.kind, TermKind::Text(_) | TermKind::Online))
    }

    /// Whether the filter has a term `~online`, negated or not.
    pub fn asks_who_is_online(&self) -> bool {
        self.query.terms.iter().any(|term| term.kind == TermKind::Online)
    }

    /// The rank of the terms ([`FilterTerms::rank`]). If the occupants are not known (`has_occupants` is false),
    /// neither `~online` nor `!~online` matches.
    fn rank(&self, has_occupants: bool, rank_term: impl Fn(&TermKind) -> Option<u32>) -> Option<u32> {
        (has_occupants || !self.asks_who_is_online())
            .then(|| self.query.rank(rank_term))
            .flatten()
    }

    /// The rank of a room, higher for a better match; `None` if the room does not match. `occupants`: the users in the
    /// room; `None` if they are not known.
    pub(super) fn rank_room(&self, (jid, room): (&Jid, &Room), occupants: Option<&Occupants>) -> Option<u32> {
        self.rank(occupants.is_some(), |kind| match kind {
            TermKind::Text(word) => word
                .rank(room.name.as_deref().unwrap_or_default())
                .max(word.rank(jid.as_str())),
            TermKind::Affiliation(_) => None,
            TermKind::Hat(word) => room.hats().iter().find_map(|hat| match word {
                None => Some(1),
                Some(word) => rank_title_or_id(word, &hat.id, hat.title.as_deref()),
            }),
            TermKind::Ends(latest) => rank_end(room.earliest_end(), *latest),
            TermKind::Online => {
                let mut occupants = occupants.into_iter().flat_map(Occupants::values);
                occupants.any(Occupant::is_online).then_some(1)
            }
        })
    }

    /// The rank of a user of a room; `None` if the user does not match. `occupants`: the users in the room; `None` if
    /// they are not known.
    pub(super) fn rank_user(
        &self,
        room: &Room,
        (jid, user): (&Jid, &User),
        occupants: Option<&Occupants>,
    ) -> Option<u32> {
        let occupant = occupants.and_then(|occupants| occupants.get(jid));
        self.rank(occupants.is_some(), |kind| match kind {
            TermKind::Text(word) => word.rank(jid.as_str()).max(rank_nickname(word, occupant)),
            TermKind::Online => rank_online(occupant),
            TermKind::Affiliation(prefix) => user
                .affiliation
                .as_str()
                .starts_with(prefix.as_str())
                .then_some(1),
            TermKind::Hat(word) => user.hats.iter().find_map(|(id, attachment)| match word {
                None => Some(1),
                Some(word) => rank_title_or_id(word, id, room.title(id, attachment)),
            }),
            TermKind::Ends(latest) => {
                let mut hats = user.hats.iter();
                hats.find_map(|(_, attachment)| rank_end(attachment.until(), *latest))
            }
        })
    }

    /// The rank of a user's hat; `None` if the hat does not match.
    pub(super) fn rank_hat(&self, room: &Room, (id, attachment): (&HatId, &Attachment)) -> Option<u32> {
        self.rank_any_hat(id, room.title(id, attachment), attachment.until())
    }

    /// The rank of a hat, independent of a user; `None` if the hat does not match.
    pub(super) fn rank_existing_hat(&self, id: &HatId, title: Option<&str>) -> Option<u32> {
        self.rank_any_hat(id, title, None)
    }

    fn rank_any_hat(&self, id: &HatId, title: Option<&str>, end: Option<Timestamp>) -> Option<u32> {
        self.query.rank(|kind| match kind {
            TermKind::Text(word) | TermKind::Hat(Some(word)) => rank_title_or_id(word, id, title),
            TermKind::Affiliation(_) | TermKind::Online => None,
            TermKind::Hat(None) => Some(1),
            TermKind::Ends(latest) => rank_end(end, *latest),
        })
    }

    /// The rank of a user, independent of a room; `None` if the user does not match. `rooms`: the occupants of each of
    /// the user's rooms whose occupants are known.
    pub(super) fn rank_address<'a>(
        &self,
        jid: &Jid,
        rooms: impl Iterator<Item = &'a Occupants>,
    ) -> Option<u32> {
        let mut has_occupants = false;
        let occupants: Vec<&Occupant> = rooms
            .inspect(|_| has_occupants = true)
            .filter_map(|room| room.get(jid))
            .collect();
        self.rank(has_occupants, |kind| match kind {
            TermKind::Text(word) => {
                let nicknames = occupants
                    .iter()
                    .map(|occupant| rank_nickname(word, Some(occupant)));
                nicknames.fold(word.rank(jid.as_str()), Ord::max)
            }
            TermKind::Online => occupants.iter().find_map(|occupant| rank_online(Some(occupant))),
            TermKind::Affiliation(_) | TermKind::Hat(_) | TermKind::Ends(_) => None,
        })
    }
}

/// The rank of a word in the nicknames of a user; `None` if it is in none of them.
fn rank_nickname(word: &Word, occupant: Option<&Occupant>) -> Option<u32> {
    let nicknames = occupant.into_iter().flat_map(Occupant::all_nicknames);
    nicknames.filter_map(|nickname| word.rank(nickname)).max()
}

/// The rank of a user for `~online`; `None` if the user is not in the room.
fn rank_online(occupant: Option<&Occupant>) -> Option<u32> {
    occupant.is_some_and(Occupant::is_online).then_some(1)
}

/// The rank of a hat that ends at `end`, for a term that matches hats that end at `latest` or before; `None` if the hat
/// ends later or never, or if the term matches nothing.
fn rank_end(end: Option<Timestamp>, latest: Option<Timestamp>) -> Option<u32> {
    (end? <= latest?).then_some(1)
}

/// The rank of a word in a hat's title or ID; `None` if it is in neither.
fn rank_title_or_id(word: &Word, id: &HatId, title: Option<&str>) -> Option<u32> {
    let by_title = title.and_then(|title| word.rank(title));
    by_title.or_else(|| word.rank(id.as_str()).map(|_| 1))
}

/// The word after `~` that finds users who are in the room. Its first letters are enough: none of its beginnings is a
/// time.
const ONLINE: &str = "online";

/// The terms of a filter; all must match.
#[derive(Debug, Clone, Default, PartialEq)]
struct FilterTerms {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    kind: TermKind,
    /// Whether the term begins with `!`, so that matches are excluded.
    negated: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum TermKind {
    /// A part of a name, an address, a nickname, a title or an ID.
    Text(Word),
    /// `@mem`: prefix of an affiliation.
    Affiliation(String),
    /// `#teach`: a hat with this text in its title or ID; `#` alone: any hat.
    Hat(Option<Word>),
    /// `~7d`: a hat that ends at this time or before; `~` alone: a hat that ends at any time. `None`: the text is not a
    /// time in the future, so that nothing matches.
    Ends(Option<Timestamp>),
    /// `~online`: a user who is in the room; `~o` is enough.
    Online,
}

impl FilterTerms {
    fn parse(text: &str, now: Option<&ZonedDateTime>) -> Self {
        let terms = token::tokens(text, now.is_some()).filter_map(|token| {
            let kind = match (token.mark, token.text) {
                (Some('~'), "") => TermKind::Ends(Some(Timestamp::MAX)),
                (Some('~'), end) if ONLINE.starts_with(&end.to_lowercase()) => TermKind::Online,
                (Some('~'), end) => TermKind::Ends(now.and_then(|now| until::parse(end, now).ok().flatten())),
                (Some('@'), affiliation) => TermKind::Affiliation(affiliation.to_lowercase()),
                (Some(_), "") => TermKind::Hat(None),
                (Some(_), hat) => TermKind::Hat(Some(Word::new(hat))),
                (None, "") => return None,
                (None, text) => TermKind::Text(Word::new(text)),
            };
            let negated = token.negated;
            Some(Term { kind, negated })
        });
        Self {
            terms: terms.collect(),
        }
    }

    /// The sum of the ranks of the terms that are not negated; `None` unless all terms match.
    fn rank(&self, rank_term: impl Fn(&TermKind) -> Option<u32>) -> Option<u32> {
        self.terms
            .iter()
            .try_fold(0, |sum, term| match (rank_term(&term.kind), term.negated) {
                (Some(rank), false) => Some(sum + rank),
                (None, true) => Some(sum),
                _ => None,
            })
    }
}
