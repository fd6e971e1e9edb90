//! A backend that watches rooms, as a session would have it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::Jid;
use hatrack::server::{Backend, ReadEvent, WatchEvent};
use hatrack::sync::{Occupants, RemoteUser, RoomRead};

use crate::changes::jid;

/// How long a report is waited for: ejabberd's affiliations are read once a minute.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Watcher {
    pub(crate) backend: Box<dyn Backend>,
    /// How often it looked.
    pub(crate) looks: usize,
    /// Who is in each room, and whether these are all.
    pub(crate) occupants: BTreeMap<Jid, (Occupants, bool)>,
}

impl Watcher {
    /// Watches these rooms, the first of which is selected, and reads them.
    pub(crate) fn start(backend: Box<dyn Backend>, rooms: &[&str]) -> Self {
        let mut watcher = Self {
            backend,
            looks: 0,
            occupants: BTreeMap::new(),
        };
        watcher.backend.connect().unwrap();
        watcher.watch(rooms);
        watcher.read(rooms);
        watcher
    }

    pub(crate) fn watch(&mut self, rooms: &[&str]) {
        let rooms: Vec<Jid> = rooms.iter().copied().map(jid).collect();
        self.backend.watch(&rooms, rooms.first(), true);
    }

    pub(crate) fn read(&mut self, rooms: &[&str]) -> Vec<RoomRead> {
        let rooms: Vec<Jid> = rooms.iter().copied().map(jid).collect();
        let mut all = Vec::new();
        let read = self.backend.read_rooms(&rooms, &mut |event| {
            if let ReadEvent::Room { read, .. } = event {
                all.push(read);
            }
            ControlFlow::Continue(())
        });
        read.unwrap();
        all
    }

    /// Looks once, when it is time, and gives what is reported besides who is in the rooms.
    pub(crate) fn look(&mut self) -> Vec<WatchEvent> {
        let due = self.backend.next_poll().expect("rooms are watched");
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut all = Vec::new();
        self.looks += 1;
        let looked = self.backend.poll(&mut |seen| {
            all.push(seen);
            ControlFlow::Continue(())
        });
        looked.unwrap();
        all.retain(|seen| self.is_other(seen));
        all
    }

    /// Takes who is in a room. Returns whether something else was reported.
    fn is_other(&mut self, seen: &WatchEvent) -> bool {
        let WatchEvent::Occupants { room, changes: seen } = seen else {
            return true;
        };
        let Some(seen) = seen else {
            self.occupants.remove(room);
            return false;
        };
        let (occupants, is_complete) = self.occupants.entry(room.clone()).or_default();
        if seen.replaces_all {
            occupants.clear();
            *is_complete = false;
        }
        *is_complete |= seen.is_complete;
        for (user, occupant) in &seen.users {
            match occupant {
                Some(occupant) => drop(occupants.insert(user.clone(), occupant.clone())),
                None => drop(occupants.remove(user)),
            }
        }
        false
    }

    /// Looks until something is reported.
    pub(crate) fn until(&mut self, mut wanted: impl FnMut(&WatchEvent) -> bool) -> WatchEvent {
        let began = Instant::now();
        let mut all = Vec::new();
        while began.elapsed() < PATIENCE {
            for seen in self.look() {
                if wanted(&seen) {
                    return seen;
                }
                all.push(seen);
            }
        }
        panic!("not reported: {all:?}");
    }

    /// Looks until a user is as wanted, as reported, or as read in the room that is reported. Gives all that was reported.
    pub(crate) fn until_user(
        &mut self,
        room: &str,
        user: &str,
        wanted: impl Fn(Option<&RemoteUser>) -> bool,
    ) -> Vec<WatchEvent> {
        let (room, user, began) = (jid(room), jid(user), Instant::now());
        let mut all = Vec::new();
        while began.elapsed() < PATIENCE {
            for seen in self.look() {
                let now = match &seen {
                    WatchEvent::Users { room: of, users, .. } if *of == room => {
                        let mut users = users.iter().filter(|(jid, _)| *jid == user);
                        users.next().map(|(_, now)| now.clone())
                    }
                    WatchEvent::Room { room: of } if *of == room => match self.read(&[room.as_str()]).pop() {
                        Some(RoomRead::Read(read)) => Some(read.users.get(&user).cloned()),
                        other => panic!("{other:?}"),
                    },
                    _ => None,
                };
                all.push(seen);
                if now.is_some_and(|now| wanted(now.as_ref())) {
                    return all;
                }
            }
        }
        panic!("not reported: {all:?}");
    }
}

/// The room of a report.
pub(crate) fn room_of(seen: &WatchEvent) -> &str {
    match seen {
        WatchEvent::Users { room, .. } | WatchEvent::Room { room } | WatchEvent::Occupants { room, .. } => {
            room.as_str()
        }
    }
}
