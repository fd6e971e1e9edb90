//! Uses a backend that watches rooms, as a session does, and collects its reports.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::Jid;
use hatrack::server::{Backend, ReadEvent, WatchEvent};
use hatrack::sync::{Occupants, RemoteUser, RoomRead};

use crate::changes::jid;

/// The longest time to wait for a report: on ejabberd, affiliations are read only once a minute.
const TIMEOUT: Duration = Duration::from_secs(180);

pub(crate) struct Watcher {
    pub(crate) backend: Box<dyn Backend>,
    /// How often the watcher has polled the backend.
    pub(crate) poll_count: usize,
    /// The occupants of each room, and whether the list is complete.
    pub(crate) occupants: BTreeMap<Jid, (Occupants, bool)>,
}

impl Watcher {
    /// Connects, watches these rooms, and reads them. The first room is the selected one.
    pub(crate) fn start(backend: Box<dyn Backend>, rooms: &[&str]) -> Self {
        let mut watcher = Self {
            backend,
            poll_count: 0,
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

    /// Polls the backend once, when this is due. Records occupants and returns all other reports.
    pub(crate) fn poll(&mut self) -> Vec<WatchEvent> {
        let due = self.backend.next_poll().expect("rooms are watched");
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut all = Vec::new();
        self.poll_count += 1;
        let result = self.backend.poll(&mut |event| {
            all.push(event);
            ControlFlow::Continue(())
        });
        result.unwrap();
        all.retain(|event| !self.record_occupants(event));
        all
    }

    /// Records the occupants in a report. Returns `false` if it is a report of something else.
    fn record_occupants(&mut self, event: &WatchEvent) -> bool {
        let WatchEvent::Occupants { room, changes } = event else {
            return false;
        };
        let Some(changes) = changes else {
            self.occupants.remove(room);
            return true;
        };
        let (occupants, is_complete) = self.occupants.entry(room.clone()).or_default();
        if changes.replaces_all {
            occupants.clear();
            *is_complete = false;
        }
        *is_complete |= changes.is_complete;
        for (user, occupant) in &changes.users {
            match occupant {
                Some(occupant) => drop(occupants.insert(user.clone(), occupant.clone())),
                None => drop(occupants.remove(user)),
            }
        }
        true
    }

    /// Polls until a wanted event is reported, and returns it.
    pub(crate) fn poll_until(&mut self, mut wanted: impl FnMut(&WatchEvent) -> bool) -> WatchEvent {
        let began = Instant::now();
        let mut all = Vec::new();
        while began.elapsed() < TIMEOUT {
            for event in self.poll() {
                if wanted(&event) {
                    return event;
                }
                all.push(event);
            }
        }
        panic!("the expected event was not reported, only: {all:?}");
    }

    /// Polls until a user has the wanted state: in a report about users, or when read after a report about the whole
    /// room. Returns all reports until then.
    pub(crate) fn poll_until_user(
        &mut self,
        room: &str,
        user: &str,
        wanted: impl Fn(Option<&RemoteUser>) -> bool,
    ) -> Vec<WatchEvent> {
        let (room, user, began) = (jid(room), jid(user), Instant::now());
        let mut all = Vec::new();
        while began.elapsed() < TIMEOUT {
            for event in self.poll() {
                let now = match &event {
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
                all.push(event);
                if now.is_some_and(|now| wanted(now.as_ref())) {
                    return all;
                }
            }
        }
        panic!("the expected event was not reported, only: {all:?}");
    }
}

/// The room of a report.
pub(crate) fn room_of(event: &WatchEvent) -> &str {
    match event {
        WatchEvent::Users { room, .. } | WatchEvent::Room { room } | WatchEvent::Occupants { room, .. } => {
            room.as_str()
        }
    }
}
