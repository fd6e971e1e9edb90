//! The rooms that are watched, and when they were last read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::model::Jid;

/// The pause between two calls while one of the rooms is on a screen, and else.
const POLL_INTERVAL: Duration = Duration::from_millis(800);
const POLL_INTERVAL_WITHOUT_SCREEN: Duration = Duration::from_secs(1);
/// After this time a room is to be read again, since some changes raise no event.
const REREAD_INTERVAL: Duration = Duration::from_secs(300);
/// The watched rooms.
#[derive(Default)]
pub(super) struct ProsodyWatch {
    /// When they were last read, or reported as to be read; `None` if changes since then may have been missed.
    pub(super) rooms: BTreeMap<Jid, Option<Instant>>,
    /// The rooms of which it is asked who is there.
    pub(super) visible: BTreeSet<Jid>,
    /// The connection on which the server watches these rooms.
    pub(super) generation: Option<u64>,
    /// Whether the server knows exactly these rooms, of both kinds.
    pub(super) sent: bool,
    pub(super) next: Option<Instant>,
    is_on_screen: bool,
}

impl ProsodyWatch {
    /// Watches these rooms; `occupants`: also who is in them and in the selected one.
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
        let visible = rooms.keys().chain(selected).filter(|_| occupants);
        let visible: BTreeSet<Jid> = visible.cloned().collect();
        if !rooms.keys().eq(self.rooms.keys()) || visible != self.visible {
            self.sent = false;
            self.next = None;
        }
        (self.rooms, self.visible) = (rooms, visible);
    }

    /// A room was read or reported; what changed since then will be reported.
    pub(super) fn set_known_at(&mut self, room: &Jid, time: Instant) {
        if let Some(known) = self.rooms.get_mut(room) {
            *known = Some(time);
        }
    }

    /// The rooms are being looked at.
    pub(super) fn begin_look(&mut self) {
        let pause = if self.is_on_screen {
            POLL_INTERVAL
        } else {
            POLL_INTERVAL_WITHOUT_SCREEN
        };
        self.next = Some(Instant::now() + pause);
    }

    /// Whether nothing is watched.
    pub(super) fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.visible.is_empty()
    }

    pub(super) fn next_look(&self) -> Option<Instant> {
        let now = || self.next.unwrap_or_else(Instant::now);
        (!self.is_idle()).then(now)
    }

    /// The rooms that are to be read: all where something may have been missed, else the one that was not read for longest.
    pub(super) fn due(&self) -> Vec<Jid> {
        let unknown = self.rooms.iter().filter(|(_, known)| known.is_none());
        let unknown: Vec<Jid> = unknown.map(|(room, _)| room.clone()).collect();
        if !unknown.is_empty() {
            return unknown;
        }
        let oldest = self.rooms.iter().min_by_key(|(_, known)| **known);
        let due = |known: &Option<Instant>| known.is_none_or(|known| known.elapsed() >= REREAD_INTERVAL);
        let oldest = oldest.filter(|(_, known)| due(known));
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
            assert!(watch.rooms.contains_key(&room) && watch.next_look().is_some());
            assert_eq!(watch.visible.contains(&room), occupants);
        }
        watch.set_rooms(std::iter::empty(), Some(&room), false);
        assert_eq!(watch.next_look(), None);
    }
}
