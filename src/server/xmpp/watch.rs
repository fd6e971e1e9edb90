//! Watches rooms by their fingerprints, which change with the assigned hats: the name with the hash of these hats, else the
//! list of these hats. No fingerprint shows a change of affiliations or of the catalog, so rooms are also read again from time
//! to time.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dialect::Dialect;
use super::entries::ListEntry;
use crate::model::Jid;
use crate::sync::RoomRead;

/// The shortest time between two queries of a room's fingerprint. The selected room is queried this often if possible.
const QUERY_INTERVAL: Duration = Duration::from_secs(4);
/// The shortest time between queries of rooms that are not selected.
const PAUSE_BETWEEN_QUERIES: Duration = Duration::from_secs(1);
/// After this time a room is to be read again.
const REREAD_INTERVAL: Duration = Duration::from_secs(60);
/// The shortest time between two reports that a room that is not selected is to be read again: reading takes several
/// requests.
const PAUSE_BETWEEN_REREADS: Duration = Duration::from_secs(6);

/// A value by which a change of a room is detected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fingerprint {
    /// The room's name and the hash of its hats.
    Hash(Option<Arc<str>>, Arc<str>),
    /// The digest of the list of the room's hats.
    List(u64),
    /// The room cannot be read, for this reason.
    Unread(RoomRead),
}

impl Fingerprint {
    /// The fingerprint of a list of assigned hats, in any order.
    pub(super) fn of_list(dialect: Dialect, list: &[ListEntry]) -> Self {
        let hats = list.iter().map(|entry| {
            let mut hasher = DefaultHasher::new();
            match dialect.parse_assigned(entry) {
                Ok(hat) => (hat.user, hat.id, hat.hat.title).hash(&mut hasher),
                Err(id) => id.hash(&mut hasher),
            }
            hasher.finish()
        });
        Self::List(hats.fold(0, u64::wrapping_add))
    }
}

/// An action that watching the rooms requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WatchAction {
    /// Query the fingerprint of a room.
    QueryFingerprint(Jid),
    /// Report that a room is to be read.
    RequestRead(Jid),
}

/// A watched room.
#[derive(Default)]
struct WatchedRoom {
    /// The last known fingerprint.
    fingerprint: Option<Fingerprint>,
    /// When the fingerprint was last queried, or the room was last read. After a query without an answer, this is in the future,
    /// so that the next query is later.
    last_query: Option<Instant>,
    /// When the room was last read, or reported as to be read.
    last_read: Option<Instant>,
}

/// The watched rooms.
#[derive(Default)]
pub(super) struct XmppWatch {
    rooms: BTreeMap<Jid, WatchedRoom>,
    selected: Option<Jid>,
    /// When a room that is not selected was last queried.
    others_last_query: Option<Instant>,
    /// When a room that is not selected was last reported as to be read.
    others_last_report: Option<Instant>,
}

impl XmppWatch {
    /// Sets the watched rooms. `selected` counts only if it is one of them.
    pub(super) fn set_rooms<'a>(&mut self, rooms: impl Iterator<Item = &'a Jid>, selected: Option<&Jid>) {
        let rooms = rooms.map(|room| (room.clone(), self.rooms.remove(room).unwrap_or_default()));
        self.rooms = rooms.collect();
        self.selected = selected.cloned().filter(|room| self.rooms.contains_key(room));
    }

    /// The next action, and its time; `None` if nothing is watched.
    pub(super) fn next_action(&self) -> Option<(Instant, WatchAction)> {
        let actions = self.rooms.iter().flat_map(|(room, watched)| {
            let is_selected = self.selected.as_ref() == Some(room);
            let order = |last: Option<Instant>,
                         pause: Duration,
                         others: Option<Instant>,
                         pause_of_others: Duration| {
                let others = others.filter(|_| !is_selected).map(|last| last + pause_of_others);
                // A room that has not been read since it was first watched does not wait.
                let at = last.map(|last| (last + pause).max(others.unwrap_or(last)));
                (at, !is_selected, last)
            };
            [
                (
                    order(
                        watched.last_read,
                        REREAD_INTERVAL,
                        self.others_last_report,
                        PAUSE_BETWEEN_REREADS,
                    ),
                    WatchAction::RequestRead as fn(Jid) -> WatchAction,
                    room,
                ),
                (
                    order(
                        watched.last_query,
                        QUERY_INTERVAL,
                        self.others_last_query,
                        PAUSE_BETWEEN_QUERIES,
                    ),
                    WatchAction::QueryFingerprint,
                    room,
                ),
            ]
        });
        let ((at, ..), action, room) = actions.min_by_key(|(order, ..)| *order)?;
        Some((at.unwrap_or_else(Instant::now), action(room.clone())))
    }

    /// Notes that a room was read by a read that `began` at this time, with the room's fingerprint; `None` if that is unknown.
    pub(super) fn note_read(&mut self, room: &Jid, fingerprint: Option<Fingerprint>, began: Instant) {
        if let Some(watched) = self.rooms.get_mut(room) {
            watched.fingerprint = fingerprint.or(watched.fingerprint.take());
            (watched.last_query, watched.last_read) = (Some(began), Some(began));
        }
    }

    /// Notes that a room was reported as to be read.
    pub(super) fn note_report(&mut self, room: &Jid, now: Instant) {
        if self.selected.as_ref() != Some(room) {
            self.others_last_report = Some(now);
        }
        if let Some(watched) = self.rooms.get_mut(room) {
            watched.last_read = Some(now);
            watched.last_query.get_or_insert(now);
        }
    }

    /// Notes the answer to a query of a room's fingerprint; `None` if it is unknown, for example because the room did not
    /// answer. Returns whether the fingerprint differs from the last known one.
    pub(super) fn note_query(&mut self, room: &Jid, fingerprint: Option<Fingerprint>, now: Instant) -> bool {
        if self.selected.as_ref() != Some(room) {
            self.others_last_query = Some(now);
        }
        let Some(watched) = self.rooms.get_mut(room) else {
            return false;
        };
        let Some(fingerprint) = fingerprint else {
            // Each request that is not answered takes a long time.
            watched.last_query = Some(now + REREAD_INTERVAL);
            return false;
        };
        watched.last_query = Some(now);
        let before = watched.fingerprint.replace(fingerprint);
        before.is_some() && before != watched.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(number: usize) -> Jid {
        Jid::parse(&format!("room{number}@conference.localhost")).expect("an address")
    }

    /// Watches this number of rooms for some time, and counts how often each room has each action: whether it is a
    /// read, and the room. Each room is read when it is reported.
    fn count(rooms: usize, time: Duration) -> BTreeMap<(bool, Jid), usize> {
        let began = Instant::now();
        let rooms: Vec<Jid> = (0..rooms).map(room).collect();
        let mut watch = XmppWatch::default();
        watch.set_rooms(rooms.iter(), rooms.first());
        for room in &rooms {
            watch.note_read(room, Some(Fingerprint::List(0)), began);
        }
        let mut counts = BTreeMap::new();
        let mut now = began;
        while let Some((at, action)) = watch.next_action() {
            now = now.max(at);
            if now > began + time {
                break;
            }
            let (read, room) = match action {
                WatchAction::QueryFingerprint(room) => {
                    assert!(!watch.note_query(&room, Some(Fingerprint::List(0)), now));
                    (false, room)
                }
                WatchAction::RequestRead(room) => {
                    watch.note_report(&room, now);
                    watch.note_read(&room, Some(Fingerprint::List(0)), now);
                    (true, room)
                }
            };
            *counts.entry((read, room)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn selected_room_is_queried_often_and_others_in_turn() {
        let counts = count(101, Duration::from_secs(600));
        let of = |read, number| counts.get(&(read, room(number))).copied().unwrap_or_default();
        assert!((135..=150).contains(&of(false, 0)), "{}", of(false, 0));
        assert_eq!(of(true, 0), 10);
        for number in 1..101 {
            assert!((4..=7).contains(&of(false, number)), "{}", of(false, number));
            assert!((0..=1).contains(&of(true, number)));
        }
        let others: usize = (1..101).map(|number| of(false, number)).sum();
        assert!((590..=600).contains(&others), "{others}");
        let others: usize = (1..101).map(|number| of(true, number)).sum();
        assert!((88..=92).contains(&others), "{others}");
    }

    #[test]
    fn few_rooms_are_all_read_each_minute() {
        let counts = count(4, Duration::from_secs(600));
        for number in 0..4 {
            assert!((9..=10).contains(&counts[&(true, room(number))]), "{counts:?}");
            assert!(
                (135..=150).contains(&counts[&(false, room(number))]),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn change_of_fingerprint_is_reported_once() {
        let (mut watch, rooms, now) = (XmppWatch::default(), [room(0), room(1)], Instant::now());
        watch.set_rooms(rooms.iter(), None);
        let (first, second) = (&rooms[0], &rooms[1]);
        for room in &rooms {
            assert_eq!(
                watch.next_action().map(|(_, action)| action),
                Some(WatchAction::RequestRead(room.clone())),
                "unknown"
            );
            watch.note_report(room, now);
        }
        watch.note_read(first, Some(Fingerprint::List(1)), now);
        assert!(!watch.note_query(first, Some(Fingerprint::List(1)), now));
        assert!(!watch.note_query(first, None, now), "no answer is no change");
        assert!(watch.note_query(first, Some(Fingerprint::Unread(RoomRead::Gone)), now));
        assert!(!watch.note_query(first, Some(Fingerprint::Unread(RoomRead::Gone)), now));
        // The fingerprint was unknown, so nothing is known that could have changed.
        watch.note_read(second, None, now);
        assert!(!watch.note_query(second, Some(Fingerprint::List(1)), now));
        assert!(watch.note_query(second, Some(Fingerprint::List(2)), now));
        // The second room stays watched, and its fingerprint known.
        watch.set_rooms(rooms[1..].iter(), Some(second));
        assert!(!watch.note_query(second, Some(Fingerprint::List(2)), now));
        assert!(!watch.note_query(first, Some(Fingerprint::List(2)), now));
    }
}
