//! Changes that are sent to servers as soon as they are saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{HatId, Jid};
use crate::store::HistoryQuery;
use crate::sync::{Item, Report, RoomReport, SendFailure, SendState};

/// The number of seconds without an answer from which on the screen shows how long servers have not answered.
const MIN_SILENCE: i64 = 5;

/// The states of this account's changes that a server does not have yet.
#[derive(Debug, Clone, Default)]
pub struct SendingState {
    /// Number of requests to send that are not answered yet.
    pub(in crate::app) open_requests: usize,
    /// Whether one of these requests sends a change that was just made.
    pub(in crate::app) sends_change: bool,
    /// The time since which servers have not answered, while a change that was just made is being sent.
    pub(in crate::app) silent_since: Option<Timestamp>,
    /// Whether a notice has reported that changes were not sent.
    pub(in crate::app) reported: bool,
    /// The item that is being received because of a decision, until the server answers.
    pub(in crate::app) receiving: Option<Receiving>,
    /// The query that searches the history for the change of an item, to undo this change; with the room and the item.
    pub(in crate::app) undoing: Option<(HistoryQuery, Jid, Item)>,
    rooms: BTreeMap<Jid, BTreeMap<Item, SendState>>,
}

/// An item that is received from a server because of a decision.
#[derive(Debug, Clone)]
pub(in crate::app) struct Receiving {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The room.
    pub room: Jid,
    /// The item.
    pub item: Item,
    /// The name of the item, for display.
    pub name: String,
}

impl Receiving {
    /// Whether a report answers the decision. If no other request is open (`is_last`), any report of this server
    /// answers it. Otherwise, only a failure of the room or the item is an answer, because the report may answer
    /// another request.
    pub(in crate::app) fn is_answered_by(&self, report: &Report, is_last: bool) -> bool {
        let mut rooms = report.rooms.iter().filter(|room| room.room == self.room);
        report.server == self.server
            && (is_last || rooms.any(|room| room.error.is_some() || self.failure_in(room).is_some()))
    }

    /// The failure to receive the item, in a report of its server; `None` if the report has no such failure.
    pub(in crate::app) fn failure<'a>(&self, report: &'a Report) -> Option<&'a SendFailure> {
        let mut rooms = report.rooms.iter().filter(|room| room.room == self.room);
        rooms.find_map(|room| self.failure_in(room))
    }

    fn failure_in<'a>(&self, room: &'a RoomReport) -> Option<&'a SendFailure> {
        let mut failed = room.failed.iter();
        failed
            .find(|failed| failed.item == self.item)
            .map(|failed| &failed.why)
    }
}

/// Numbers of saved changes that a server does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnsentCounts {
    /// Changes that will be sent.
    pub waiting: usize,
    /// Changes that the server refused, or that a rule excludes.
    pub refused: usize,
    /// Changes of items that someone else changed on the server.
    pub conflicts: usize,
}

/// The reason why a server does not have a saved change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// The change will be sent.
    Waiting,
    /// The server refused the change.
    Refused,
    /// A rule excludes the change.
    LeftOut,
    /// Someone else changed the item on the server.
    Changed,
}

impl Unsent {
    fn of(state: &SendState) -> Option<Self> {
        match state {
            SendState::Waiting => Some(Self::Waiting),
            SendState::Refused(_) => Some(Self::Refused),
            SendState::LeftOut(_) => Some(Self::LeftOut),
            SendState::Changed { .. } => Some(Self::Changed),
            SendState::Answered(_) | SendState::Confirmed(_) => None,
        }
    }

    /// Describes the reason, as a phrase.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Waiting => "not sent yet",
            Self::Refused => "refused by the server",
            Self::LeftOut => "left out because of a rule",
            Self::Changed => "changed on the server",
        }
    }
}

impl SendingState {
    /// Replaces the states of the changes in a room.
    pub(in crate::app) fn set(&mut self, room: Jid, items: Vec<(Item, SendState)>) {
        let items: BTreeMap<_, _> = items
            .into_iter()
            .filter(|(_, state)| Unsent::of(state).is_some())
            .collect();
        if items.is_empty() {
            self.rooms.remove(&room);
        } else {
            self.rooms.insert(room, items);
        }
    }

    /// Whether a change that was just made is being sent.
    pub fn is_sending(&self) -> bool {
        self.open_requests > 0 && self.sends_change
    }

    /// The number of seconds for which servers have not answered, rounded down to a multiple of `step`, but at least
    /// [`MIN_SILENCE`]. `None` if they have been silent for a shorter time, or if no change that was just made is being
    /// sent.
    pub(in crate::app) fn silent_seconds(&self, now: Timestamp, step: i64) -> Option<i64> {
        let silence = now.duration_since(self.silent_since?).as_secs();
        let rounded = (silence / step * step).max(MIN_SILENCE);
        (self.is_sending() && silence >= MIN_SILENCE).then_some(rounded)
    }

    /// The time until the result of [`Self::silent_seconds`] changes; `None` if no change that was just made is being
    /// sent.
    pub(in crate::app) fn time_to_next_silent_second(
        &self,
        now: Timestamp,
        step: i64,
    ) -> Option<SignedDuration> {
        let silence = now.duration_since(self.silent_since.filter(|_| self.is_sending())?);
        let next = if silence.as_secs() < MIN_SILENCE {
            MIN_SILENCE
        } else {
            (silence.as_secs() / step + 1) * step
        };
        Some(SignedDuration::from_secs(next) - silence)
    }

    /// Numbers of the changes that a server does not have.
    pub fn counts(&self) -> UnsentCounts {
        let states = self
            .rooms
            .values()
            .flat_map(BTreeMap::values)
            .filter_map(Unsent::of);
        let mut counts = UnsentCounts::default();
        for state in states {
            match state {
                Unsent::Waiting => counts.waiting += 1,
                Unsent::Refused | Unsent::LeftOut => counts.refused += 1,
                Unsent::Changed => counts.conflicts += 1,
            }
        }
        counts
    }

    /// The number of changes in a room that the server does not have.
    pub(in crate::app) fn count_of(&self, room: &Jid) -> usize {
        self.rooms.get(room).map_or(0, BTreeMap::len)
    }

    /// The changes that are no longer sent automatically, because someone has to decide about them.
    pub(in crate::app) fn unresolved(&self) -> impl Iterator<Item = (&Jid, &Item, &SendState)> {
        let rooms = self.rooms.iter();
        let all = rooms.flat_map(|(room, items)| items.iter().map(move |(item, state)| (room, item, state)));
        all.filter(|(_, _, state)| !matches!(state, SendState::Waiting))
    }

    /// The state of an item's change; `None` if the server has the change, or if there is no change.
    pub(in crate::app) fn state(&self, room: &Jid, item: &Item) -> Option<&SendState> {
        self.rooms.get(room)?.get(item)
    }

    /// Whether a change of a user waits for a decision.
    pub(in crate::app) fn is_unresolved(&self, room: &Jid, user: &Jid) -> bool {
        let items = self.rooms.get(room).into_iter().flatten();
        let mut of_user = items.filter(|(item, _)| item.user() == Some(user));
        of_user.any(|(_, state)| !matches!(state, SendState::Waiting))
    }

    /// The reason why the server does not have the change of a user's hat; `None` if the server has the change, or if
    /// there is no change to be sent.
    pub fn of_hat(&self, room: &Jid, user: &Jid, hat: &HatId) -> Option<Unsent> {
        let item = Item::Hat {
            user: user.clone(),
            hat: hat.clone(),
        };
        self.rooms.get(room)?.get(&item).and_then(Unsent::of)
    }
}
