//! The occupants of the watched rooms as the server reported them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::backend::SeenOccupants;
use super::super::options::Notify;
use crate::model::Jid;
use crate::sync::{Occupants, ServerEvent};

/// Maximum number of occupants of a room.
const MAX_OCCUPANTS: usize = 5_000;
/// After this time without a look at the server it is not certain who is there.
const OUTDATED_AFTER: Duration = Duration::from_secs(30);

/// The occupants of the watched rooms as far as the server reported them.
#[derive(Debug, Default)]
pub(super) struct SeenRooms {
    rooms: BTreeMap<Jid, SeenRoom>,
    /// When the server was last looked at.
    pub(super) looked: Option<Instant>,
}

#[derive(Debug, Default)]
struct SeenRoom {
    occupants: Arc<Occupants>,
    /// Whether these are all.
    is_complete: bool,
    /// Whether the session shows them as they are.
    is_announced: bool,
}

impl SeenRooms {
    /// Takes what was seen in a room; `None`: it is not known who is there. Returns whether that is to be reported.
    pub(super) fn take(&mut self, room: &Jid, seen: Option<SeenOccupants>) -> bool {
        let Some(seen) = seen else {
            return self.rooms.remove(room).is_some_and(|room| room.is_announced);
        };
        let known = self.rooms.entry(room.clone()).or_default();
        let occupants = Arc::make_mut(&mut known.occupants);
        if seen.is_new {
            occupants.clear();
            known.is_complete = false;
        }
        for (user, occupant) in seen.users {
            match occupant {
                Some(occupant) if occupants.len() < MAX_OCCUPANTS || occupants.contains_key(&user) => {
                    occupants.insert(user, occupant);
                }
                _ => drop(occupants.remove(&user)),
            }
        }
        known.is_complete |= seen.is_complete;
        known.is_announced = false;
        false
    }

    /// Takes the rooms that are to be reported.
    pub(super) fn take_unannounced(&mut self) -> Vec<(Jid, Arc<Occupants>)> {
        let rooms = self.rooms.iter_mut();
        let unannounced = rooms.filter(|(_, known)| known.is_complete && !known.is_announced);
        let unannounced = unannounced.map(|(room, known)| {
            known.is_announced = true;
            (room.clone(), known.occupants.clone())
        });
        unannounced.collect()
    }

    /// Forgets rooms, and returns those that the session still shows.
    pub(super) fn forget(&mut self, is_kept: impl Fn(&Jid) -> bool) -> Vec<Jid> {
        let mut shown = Vec::new();
        self.rooms.retain(|room, known| {
            let keeps = is_kept(room);
            if !keeps && known.is_announced {
                shown.push(room.clone());
            }
            keeps
        });
        shown
    }

    /// Takes the rooms that the session shows, because that may be outdated. They are reported again after the next look.
    fn take_outdated(&mut self) -> Vec<Jid> {
        let is_old = self.looked.is_none_or(|at| at.elapsed() >= OUTDATED_AFTER);
        let rooms = self.rooms.iter_mut().filter(|_| is_old);
        let announced = rooms.filter_map(|(room, known)| {
            let announced = std::mem::take(&mut known.is_announced);
            announced.then(|| room.clone())
        });
        announced.collect()
    }

    /// Reports that it is not certain who is in the rooms, if the server was not looked at for long.
    pub(super) fn report_outdated(&mut self, notify: &Notify) {
        let outdated = self.take_outdated();
        report_unknown(notify, outdated);
    }
}

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

    fn seen(is_new: bool, is_complete: bool, users: &[&str]) -> SeenOccupants {
        let user = |user: &&str| (jid(user), Occupant::new([*user], None));
        SeenOccupants {
            is_new,
            is_complete,
            users: users.iter().map(user).collect(),
        }
    }

    #[test]
    fn reports_only_complete_rooms_and_withdraws_outdated_ones() {
        let room = jid("a@muc.example.org");
        let mut rooms = SeenRooms::default();
        rooms.take(&room, Some(seen(true, false, &["x@example.org"])));
        assert_eq!(rooms.take_unannounced(), []);
        rooms.take(&room, Some(seen(false, true, &["y@example.org"])));
        let announced = rooms.take_unannounced();
        assert_eq!(announced.first().unwrap().1.len(), 2);
        assert_eq!(rooms.take_unannounced(), []);
        rooms.looked = Some(Instant::now());
        assert_eq!(rooms.take_outdated(), []);
        rooms.looked = None;
        assert_eq!(rooms.take_outdated(), std::slice::from_ref(&room));
        assert_eq!(rooms.take_outdated(), []);
        assert_eq!(rooms.take_unannounced(), announced, "after the next look");
        assert!(rooms.take(&room, None));
        assert!(!rooms.take(&room, None));
    }

    #[test]
    fn bounds_the_number_of_occupants() {
        let room = jid("a@muc.example.org");
        let users: Vec<String> = (0..MAX_OCCUPANTS + 10)
            .map(|n| format!("u{n}@example.org"))
            .collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let mut rooms = SeenRooms::default();
        rooms.take(&room, Some(seen(true, true, &users)));
        rooms.take(&room, Some(seen(false, true, &users[..1])));
        assert_eq!(rooms.take_unannounced().first().unwrap().1.len(), MAX_OCCUPANTS);
    }
}
