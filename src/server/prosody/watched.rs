//! The watched rooms, and the times of their last reads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::model::Jid;

/// The pause between two polls while a room of the server is selected on a screen.
const POLL_INTERVAL: Duration = Duration::from_millis(800);
/// The pause between two polls at other times.
const POLL_INTERVAL_WITHOUT_SCREEN: Duration = Duration::from_secs(1);
/// After this time a room is to be read again, because some changes raise no event in Prosody.
const REREAD_INTERVAL: Duration = Duration::from_secs(300);

/// The watched rooms.
#[derive(Default)]
pub(super) struct ProsodyWatch {
    /// The rooms that are watched for changes, and when they were last read, or reported as to be read; `None` if changes since
    /// then may have been missed.
    pub(super) rooms: BTreeMap<Jid, Option<Instant>>,
    /// The rooms whose occupants are watched.
    pub(super) occupant_rooms: BTreeSet<Jid>,
    /// The number of the connection on which rooms were last sent to the server; `None` if they were never sent.
    pub(super) generation: Option<u64>,
    /// Whether exactly these rooms, of both kinds, were sent to the server on that connection.
    pub(super) is_sent: bool,
    /// When to poll next; `None`: at once.
    pub(super) next_poll: Option<Instant>,
    /// Whether a room is selected on a screen.
    is_on_screen: bool,
}

impl ProsodyWatch {
    /// Sets the watched rooms. If `occupants` is true, the occupants of these rooms and of the selected one are watched, too.
    pub(super) fn set_rooms<'a>(
        &mut self,
        rooms: impl Iterator<Item = &'a Jid>,
        selected: Option<&Jid>,
        occupants: bool,
    ) {
        self.is_on_screen = selected.is_some();
        let rooms: BTreeMap<Jid, Option<Instant>> = rooms
            .map(|room| (room.clone(), self.rooms.get(room).copied().flatten()))
            .collect();
        let occupant_rooms = rooms.keys().chain(selected).filter(|_| occupants);
        let occupant_rooms: BTreeSet<Jid> = occupant_rooms.cloned().collect();
        if !rooms.keys().eq(self.rooms.keys()) || occupant_rooms != self.occupant_rooms {
            self.is_sent = false;
            self.next_poll = None;
        }
        (self.rooms, self.occupant_rooms) = (rooms, occupant_rooms);
    }

    /// Notes that a room was read by a read that began at this time. Changes since then will be reported.
    pub(super) fn note_read(&mut self, room: &Jid, time: Instant) {
        if let Some(known) = self.rooms.get_mut(room) {
            *known = Some(time);
        }
    }

    /// Sets the time of the next poll, because a poll begins.
    pub(super) fn begin_poll(&mut self) {
        let pause = if self.is_on_screen {
            POLL_INTERVAL
        } else {
            POLL_INTERVAL_WITHOUT_SCREEN
        };
        self.next_poll = Some(Instant::now() + pause);
    }

    /// Whether nothing is watched.
    pub(super) fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.occupant_rooms.is_empty()
    }

    /// When to poll next; `None` if nothing is watched.
    pub(super) fn next_poll(&self) -> Option<Instant> {
        let time = || self.next_poll.unwrap_or_else(Instant::now);
        (!self.is_idle()).then(time)
    }

    /// The rooms that are to be read: all rooms in which changes may have been missed. If there are none, the room whose last
    /// read is the oldest, if that was at least [`REREAD_INTERVAL`] ago.
    pub(super) fn rooms_to_read(&self) -> Vec<Jid> {
        let unknown = self.rooms.iter().filter(|(_, known)| known.is_none());
        let unknown: Vec<Jid> = unknown.map(|(room, _)| room.clone()).collect();
        if !unknown.is_empty() {
            return unknown;
        }
        let oldest = self.rooms.iter().min_by_key(|(_, known)| **known);
        let is_due = |known: &Option<Instant>| known.is_none_or(|known| known.elapsed() >= REREAD_INTERVAL);
        let oldest = oldest.filter(|(_, known)| is_due(known));
        oldest.map(|(room, _)| room.clone()).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_watched_without_their_occupants() {
        let room = Jid::parse("a@muc.example.org").unwrap();
        let mut watch = ProsodyWatch::default();
        for occupants in [false, true] {
            watch.set_rooms(std::iter::once(&room), Some(&room), occupants);
            assert!(watch.rooms.contains_key(&room) && watch.next_poll().is_some());
            assert_eq!(watch.occupant_rooms.contains(&room), occupants);
        }
        watch.set_rooms(std::iter::empty(), Some(&room), false);
        assert_eq!(watch.next_poll(), None);
    }
}
