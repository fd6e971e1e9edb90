//! The occupants of the watched rooms as the server reported them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::backend::OccupantChanges;
use super::super::options::Notify;
use crate::model::Jid;
use crate::sync::{Occupants, ServerEvent};

/// Maximum number of occupants of a room that are kept; others are ignored.
const MAX_OCCUPANTS: usize = 5_000;
/// After this time without a poll of the server, the occupants are no longer certain.
const OUTDATED_AFTER: Duration = Duration::from_secs(30);

/// The occupants of the watched rooms as far as the server reported them.
#[derive(Debug, Default)]
pub(super) struct OccupantsByRoom {
    rooms: BTreeMap<Jid, RoomOccupants>,
    /// When the server was last polled.
    pub(super) last_poll: Option<Instant>,
}

/// What is known about the occupants of a room, and what the session was told about them.
#[derive(Debug, Default)]
struct RoomOccupants {
    occupants: Arc<Occupants>,
    /// Whether the server has reported all occupants, including those beyond [`MAX_OCCUPANTS`].
    is_complete: bool,
    /// Whether the session was told occupants, and not since then that they are unknown.
    is_announced: bool,
    /// Whether `occupants` has changed since the session was told.
    has_changed: bool,
}

impl OccupantsByRoom {
    /// Applies changes of the occupants of a room; `None`: the occupants are unknown. Returns whether the session must be told
    /// that they are unknown.
    pub(super) fn update(&mut self, room: &Jid, changes: Option<OccupantChanges>) -> bool {
        let Some(changes) = changes else {
            return self.rooms.remove(room).is_some_and(|room| room.is_announced);
        };
        let known = self.rooms.entry(room.clone()).or_default();
        let occupants = Arc::make_mut(&mut known.occupants);
        if changes.replaces_all {
            occupants.clear();
            known.is_complete = false;
        }
        for (user, occupant) in changes.users {
            match occupant {
                Some(occupant) if occupants.len() < MAX_OCCUPANTS || occupants.contains_key(&user) => {
                    occupants.insert(user, occupant);
                }
                _ => drop(occupants.remove(&user)),
            }
        }
        known.is_complete |= changes.is_complete;
        known.has_changed = true;
        false
    }

    /// Returns the rooms whose occupants are complete and of which the session was not told yet, and marks them as announced.
    pub(super) fn take_unannounced(&mut self) -> Vec<(Jid, Arc<Occupants>)> {
        let rooms = self.rooms.iter_mut();
        let unannounced =
            rooms.filter(|(_, known)| known.is_complete && (known.has_changed || !known.is_announced));
        let unannounced = unannounced.map(|(room, known)| {
            known.is_announced = true;
            known.has_changed = false;
            (room.clone(), known.occupants.clone())
        });
        unannounced.collect()
    }

    /// Forgets all rooms for which `is_kept` is false. Returns those of them whose occupants were announced.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Jid) -> bool) -> Vec<Jid> {
        let mut announced = Vec::new();
        self.rooms.retain(|room, known| {
            let stays = is_kept(room);
            if !stays && known.is_announced {
                announced.push(room.clone());
            }
            stays
        });
        announced
    }

    /// Returns the rooms whose occupants were announced, if the server was not polled for [`OUTDATED_AFTER`], and marks them as
    /// not announced, so that they are announced again after the next poll.
    fn take_outdated(&mut self) -> Vec<Jid> {
        let is_old = self.last_poll.is_none_or(|at| at.elapsed() >= OUTDATED_AFTER);
        let rooms = self.rooms.iter_mut().filter(|_| is_old);
        let announced = rooms.filter_map(|(room, known)| {
            let was_announced = std::mem::take(&mut known.is_announced);
            was_announced.then(|| room.clone())
        });
        announced.collect()
    }

    /// Tells the session that the occupants are unknown, if the server was not polled for [`OUTDATED_AFTER`].
    pub(super) fn report_outdated(&mut self, notify: &Notify) {
        let outdated = self.take_outdated();
        report_unknown(notify, outdated);
    }
}

/// Tells the session that the occupants of rooms are unknown.
pub(super) fn report_unknown(notify: &Notify, rooms: Vec<Jid>) {
    for room in rooms {
        notify(ServerEvent::Occupants {
            room,
            occupants: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Occupant;

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn changes(replaces_all: bool, is_complete: bool, users: &[&str]) -> OccupantChanges {
        let user = |user: &&str| (jid(user), Occupant::new([*user], None));
        OccupantChanges {
            replaces_all,
            is_complete,
            users: users.iter().map(user).collect(),
        }
    }

    #[test]
    fn reports_only_complete_rooms_and_withdraws_outdated_ones() {
        let room = jid("a@muc.example.org");
        let mut rooms = OccupantsByRoom::default();
        rooms.update(&room, Some(changes(true, false, &["x@example.org"])));
        assert_eq!(rooms.take_unannounced(), []);
        rooms.update(&room, Some(changes(false, true, &["y@example.org"])));
        let announced = rooms.take_unannounced();
        assert_eq!(announced.first().unwrap().1.len(), 2);
        assert_eq!(rooms.take_unannounced(), []);
        rooms.last_poll = Some(Instant::now());
        assert_eq!(rooms.take_outdated(), []);
        rooms.last_poll = None;
        assert_eq!(rooms.take_outdated(), std::slice::from_ref(&room));
        assert_eq!(rooms.take_outdated(), []);
        assert_eq!(rooms.take_unannounced(), announced, "after the next poll");
        assert!(rooms.update(&room, None));
        assert!(!rooms.update(&room, None));
    }

    #[test]
    fn withdraws_occupants_that_changed_after_they_were_announced() {
        let room = jid("a@muc.example.org");
        let announced_then_changed = || {
            let mut rooms = OccupantsByRoom::default();
            rooms.update(&room, Some(changes(true, true, &["x@example.org"])));
            assert_eq!(rooms.take_unannounced().len(), 1);
            rooms.update(&room, Some(changes(true, false, &["y@example.org"])));
            assert_eq!(rooms.take_unannounced(), [], "incomplete");
            rooms
        };
        assert!(announced_then_changed().update(&room, None));
        assert_eq!(
            announced_then_changed().take_outdated(),
            std::slice::from_ref(&room)
        );
        assert_eq!(
            announced_then_changed().retain(|_| false),
            std::slice::from_ref(&room)
        );
    }

    #[test]
    fn bounds_the_number_of_occupants() {
        let room = jid("a@muc.example.org");
        let users: Vec<String> = (0..MAX_OCCUPANTS + 10)
            .map(|n| format!("u{n}@example.org"))
            .collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let mut rooms = OccupantsByRoom::default();
        rooms.update(&room, Some(changes(true, true, &users)));
        rooms.update(&room, Some(changes(false, true, &users[..1])));
        assert_eq!(rooms.take_unannounced().first().unwrap().1.len(), MAX_OCCUPANTS);
    }
}
