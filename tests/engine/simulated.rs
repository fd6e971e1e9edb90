//! A simulated server that can fail at given calls.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, Jid};
use hatrack::server::{
    Applied, AskPassword, Backend, Error, OccupantChanges, ReadEvent, ResultCallback, RoomChanges, RoomList,
    WatchEvent,
};
use hatrack::sync::{
    Condition, Item, ItemOutcome, ItemValue, Occupant, Refusal, RemoteRoom, RemoteRoomInfo, RoomRead,
    ServerClass, ServerProblem, ServerReport, ServerRights,
};

use jiff::Timestamp;

use crate::world;

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A failure of the server or of the connection during a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server is not reachable: the request is not sent.
    Away,
    /// The connection is lost before the server has done anything.
    LostBefore,
    /// The connection is lost after the server has made the change, so that the answer is missing.
    LostAfter,
    /// The server does nothing, and its answer is malformed.
    Malformed,
    /// The server makes the change, then crashes. It loses the changes that it has not stored, and the answer is
    /// missing.
    Killed,
    /// The server makes the change, but its answer does not say so. The connection stays open.
    Unsure,
    /// The server does nothing for now. The connection stays open.
    Busy,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::Away,
        Self::LostBefore,
        Self::LostAfter,
        Self::Malformed,
        Self::Killed,
        Self::Unsure,
        Self::Busy,
    ];
}

/// A function that is called once, for example to change something as another user.
pub(crate) struct Callback(pub(crate) Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callback")
    }
}

/// The server, which connections share.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) class: ServerClass,
    pub(crate) rooms: BTreeMap<Jid, RemoteRoom>,
    /// The faults, by the number of the call. Opening a connection, listing rooms, reading a room, polling, and making
    /// a change are one call each.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// Number of calls so far.
    pub(crate) calls: usize,
    /// Number of calls of [`Self::crash`].
    crashes: usize,
    /// Since when the server has run; `None`: it does not report this.
    pub(crate) running_since: Option<Timestamp>,
    /// The changes that are not stored, so that a crash reverts them: room, item, and value before.
    unstored: Vec<(Jid, Item, Option<ItemValue>)>,
    /// The items that it was requested to change.
    pub(crate) requested_items: BTreeSet<Item>,
    /// How often requests changed each item.
    pub(crate) change_counts: BTreeMap<Item, usize>,
    /// Whether the disk is full. Prosody reports this; otherwise it stores every change.
    pub(crate) disk_is_full: bool,
    /// Why the server refuses access; `None`: it does not.
    pub(crate) refusal: Option<String>,
    /// The items whose changes are refused.
    pub(crate) refused_items: BTreeSet<Item>,
    /// The class from the next fault on.
    pub(crate) upgrade: Option<ServerClass>,
    /// Users whose affiliation is missing from the next reads, one in each, as if they were moved from one affiliation
    /// list to another at that time.
    pub(crate) moving: Vec<Jid>,
    /// Called right after the next read of a room, before its result is returned.
    pub(crate) after_read: Option<Callback>,
    /// Called right after the next change, before its answer is returned.
    pub(crate) after_change: Option<Callback>,
    /// Called right after the next poll that finds something, before its result is returned.
    pub(crate) after_poll: Option<Callback>,
    /// The changes that polls report: the room, the user (`None`: anything in the room), and the actor if known.
    log: Vec<(Jid, Option<Jid>, Option<Arc<str>>)>,
    /// Whether polls do not report the changes that hatrack sends.
    pub(crate) hides_sent_changes: bool,
    /// Whether reads find no rooms.
    pub(crate) rooms_are_gone: bool,
    /// Number of reads of rooms.
    pub(crate) reads: usize,
    /// Number of polls.
    pub(crate) polls: usize,
}

pub(crate) type Shared = Arc<Mutex<Simulated>>;

impl Simulated {
    pub(crate) fn new(class: ServerClass) -> Self {
        Self {
            class,
            rooms: BTreeMap::new(),
            faults: BTreeMap::new(),
            calls: 0,
            crashes: 0,
            running_since: None,
            unstored: Vec::new(),
            requested_items: BTreeSet::new(),
            change_counts: BTreeMap::new(),
            disk_is_full: false,
            refusal: None,
            refused_items: BTreeSet::new(),
            upgrade: None,
            moving: Vec::new(),
            after_read: None,
            after_change: None,
            after_poll: None,
            log: Vec::new(),
            hides_sent_changes: false,
            rooms_are_gone: false,
            reads: 0,
            polls: 0,
        }
    }

    /// Crashes and restarts. A session notices this when it next uses its connection.
    pub(crate) fn crash(&mut self) {
        self.lose_unstored();
        self.crashes += 1;
    }

    /// Sets an item as another user. The next poll reports the change.
    pub(crate) fn change(&mut self, room: &Jid, item: &Item, value: Option<ItemValue>, by: Option<&str>) {
        set(self.rooms.get_mut(room).unwrap(), item, value);
        self.log
            .push((room.clone(), item.user().cloned(), by.map(Into::into)));
    }

    /// Lets the next poll report that anything in a room may have changed.
    pub(crate) fn log_room_change(&mut self, room: &Jid) {
        self.log.push((room.clone(), None, None));
    }

    /// Stores all changes, so that a crash no longer reverts them.
    pub(crate) fn store_all(&mut self) {
        self.unstored.clear();
    }

    /// Counts a call, and returns its fault.
    fn begin_call(&mut self) -> Option<Fault> {
        self.calls += 1;
        let fault = self.faults.get(&self.calls).copied();
        if let (Some(_), Some(class)) = (fault, self.upgrade) {
            self.class = class;
        }
        fault
    }

    /// Reverts the changes that are not stored, as a restart does.
    fn lose_unstored(&mut self) {
        self.running_since = self.running_since.map(|_| Timestamp::now());
        for (room, item, before) in self.unstored.drain(..).rev() {
            let room = self.rooms.get_mut(&room).unwrap();
            set(room, &item, before);
        }
    }
}

/// Sets or removes an item, without the checks of a server.
pub(crate) fn set(room: &mut RemoteRoom, item: &Item, value: Option<ItemValue>) {
    match (item, value) {
        (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
            drop(room.catalog.insert(hat.clone(), entry));
        }
        (Item::Catalog { hat }, _) => drop(room.catalog.remove(hat)),
        (Item::Affiliation { user }, value) => {
            let remote_user = room.users.entry(user.clone()).or_default();
            remote_user.affiliation = match value {
                Some(ItemValue::Affiliation(affiliation)) => affiliation,
                _ => Affiliation::None,
            };
        }
        (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
            room.users
                .entry(user.clone())
                .or_default()
                .hats
                .insert(hat.clone(), value);
        }
        (Item::Hat { user, hat }, _) => {
            if let Some(remote_user) = room.users.get_mut(user) {
                remote_user.hats.remove(hat);
            }
        }
    }
}

/// A connection to the simulated server.
pub(crate) struct Connection {
    pub(crate) server: Shared,
    pub(crate) connected: bool,
    pub(crate) generation: u64,
    /// [`Simulated::crashes`] when the connection was opened.
    crashes: usize,
    /// Asks for the password; `None`: the server needs none.
    pub(crate) ask: Option<AskPassword>,
    watched: BTreeSet<Jid>,
    /// The room whose occupants each poll reports.
    selected: Option<Jid>,
    next_poll: Option<Instant>,
    /// The generation of the connection at the last poll, and the length of the log then.
    last_poll: (u64, usize),
}

fn error(fault: Fault) -> Error {
    match fault {
        Fault::Away | Fault::Busy => Error::Away("nobody answers".into()),
        Fault::Malformed => Error::Malformed("garbage".into()),
        _ => Error::Lost("the connection broke".into()),
    }
}

impl Connection {
    pub(crate) fn new(server: &Shared) -> Self {
        Self {
            server: server.clone(),
            connected: false,
            generation: 0,
            crashes: 0,
            ask: None,
            watched: BTreeSet::new(),
            selected: None,
            next_poll: None,
            last_poll: (0, 0),
        }
    }

    /// Whether the server has crashed since the connection was opened.
    fn is_lost(&self) -> bool {
        self.connected && self.crashes != self.server.lock().unwrap().crashes
    }

    /// Opens a connection if there is none.
    ///
    /// Errors: the open connection was lost, or no connection can be opened.
    fn open(&mut self) -> Result<(), Error> {
        if self.is_lost() {
            self.connected = false;
            return Err(error(Fault::Away));
        }
        self.connect().map(drop)
    }

    /// Begins a call, and fails if it has a fault.
    fn begin(&mut self) -> Result<(), Error> {
        if self.is_lost() {
            self.connected = false;
            return Err(error(Fault::Away));
        }
        let mut server = self.server.lock().unwrap();
        match server.begin_call() {
            None | Some(Fault::Unsure) => Ok(()),
            Some(fault) => {
                if fault == Fault::Killed {
                    server.lose_unstored();
                }
                drop(server);
                self.connected &= fault == Fault::Busy;
                Err(error(fault))
            }
        }
    }
}

impl Backend for Connection {
    fn connect(&mut self) -> Result<ServerClass, Error> {
        if !self.connected || self.is_lost() {
            self.connected = false;
            self.begin()?;
            if let Some(ask) = &mut self.ask {
                let account = Jid::parse("maya@example.org").unwrap();
                let password = ask(&account).ok_or_else(|| Error::Refused("no password".into()))?;
                assert_eq!(password.reveal(), "secret");
            }
            self.connected = true;
            self.generation += 1;
            self.crashes = self.server.lock().unwrap().crashes;
        }
        if let Some(why) = &self.server.lock().unwrap().refusal {
            return Err(Error::Refused(why.clone()));
        }
        Ok(self.server.lock().unwrap().class)
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn running_since(&self) -> Option<Timestamp> {
        self.server.lock().unwrap().running_since
    }

    fn disconnect(&mut self) {
        self.connected = false;
    }

    fn check(&mut self) -> Result<ServerReport, Error> {
        if !self.connected || self.is_lost() {
            self.begin()?;
            self.connected = true;
            self.generation += 1;
        }
        let server = self.server.lock().unwrap();
        let problem = server.refusal.clone().map(|what| ServerProblem {
            description: what,
            solution: "allow it".into(),
        });
        Ok(ServerReport {
            server: "example".into(),
            kind: server.class.kind(),
            class: problem.is_none().then_some(server.class),
            version: None,
            transport: None,
            rights: ServerRights::ByRoom,
            rooms: Vec::new(),
            all_rooms: true,
            problems: problem.into_iter().collect(),
        })
    }

    fn list_rooms(&mut self) -> Result<RoomList, Error> {
        self.begin()?;
        let server = self.server.lock().unwrap();
        let rooms = server.rooms.keys().map(|room| RemoteRoomInfo {
            room: room.clone(),
            name: None,
            allowed: None,
        });
        Ok(RoomList {
            rooms: rooms.collect(),
            is_complete: true,
            unreadable: 0,
        })
    }

    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error> {
        self.open()?;
        for room in rooms {
            self.begin()?;
            let mut server = self.server.lock().unwrap();
            server.reads += 1;
            let mut remote = server.rooms.get(room).filter(|_| !server.rooms_are_gone).cloned();
            if let Some((remote, user)) = remote.as_mut().zip(server.moving.pop()) {
                remote.users.get_mut(&user).unwrap().affiliation = Affiliation::None;
            }
            let after_read = server.after_read.take();
            drop(server);
            if let Some(Callback(call)) = after_read {
                call();
            }
            let read = remote.map_or(RoomRead::Gone, |remote| RoomRead::Read(Arc::new(remote)));
            let room = room.clone();
            if let ControlFlow::Break(()) = on_result(ReadEvent::Room { room, read }) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    fn watch(&mut self, rooms: &[Jid], selected: Option<&Jid>, occupants: bool) {
        self.watched = rooms.iter().cloned().collect();
        self.selected = selected.cloned().filter(|_| occupants);
        self.next_poll = (!rooms.is_empty() || selected.is_some()).then(Instant::now);
    }

    fn next_poll(&self) -> Option<Instant> {
        self.next_poll
    }

    fn poll(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        self.next_poll = Some(Instant::now() + POLL_INTERVAL);
        self.open()?;
        self.begin()?;
        let mut server = self.server.lock().unwrap();
        server.polls += 1;
        let from = match self.last_poll {
            (generation, from) if generation == self.generation => from,
            _ => server.log.len(),
        };
        self.last_poll = (self.generation, server.log.len());
        let mut events = Vec::new();
        for (room, user, by) in &server.log[from..] {
            let Some(remote) = server.rooms.get(room).filter(|_| self.watched.contains(room)) else {
                continue;
            };
            let room = room.clone();
            events.push(match user {
                Some(user) => WatchEvent::Users {
                    room,
                    users: vec![(user.clone(), remote.users.get(user).cloned())],
                    by: by.clone(),
                },
                None => WatchEvent::Room { room },
            });
        }
        if let Some(room) = self.selected.clone() {
            let users = server
                .rooms
                .get(&room)
                .into_iter()
                .flat_map(|room| room.users.keys());
            let users = users.map(|user| (user.clone(), Occupant::new([user.as_str()], None)));
            let changes = OccupantChanges {
                replaces_all: true,
                is_complete: true,
                users: users.collect(),
            };
            events.push(WatchEvent::Occupants {
                room,
                changes: Some(changes),
            });
        }
        let after_poll = server.after_poll.take_if(|_| !events.is_empty());
        drop(server);
        if let Some(Callback(call)) = after_poll {
            call();
        }
        for event in events {
            if let ControlFlow::Break(()) = on_result(event) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error> {
        self.open()?;
        for (work_index, work) in work.iter().enumerate() {
            for (index, change) in work.changes.iter().enumerate() {
                let mut server = self.server.lock().unwrap();
                server.requested_items.insert(change.item.clone());
                let fault = server.begin_call();
                let class = server.class;
                let makes_change = !matches!(
                    fault,
                    Some(Fault::Away | Fault::LostBefore | Fault::Malformed | Fault::Busy)
                );
                let mut outcome = ItemOutcome::Unknown;
                let is_other_room =
                    work.created.is_some() && server.rooms[&work.room].created != work.created;
                if makes_change && !is_other_room {
                    let server = &mut *server;
                    let room = server.rooms.get_mut(&work.room).unwrap();
                    let before = room.value(&change.item);
                    outcome = world::apply(room, class, change);
                    if server.refused_items.contains(&change.item) {
                        set(room, &change.item, before.clone());
                        outcome = ItemOutcome::Refused(Refusal::new(Condition::Forbidden));
                    }
                    let after = room.value(&change.item);
                    if class == ServerClass::Prosody && server.disk_is_full {
                        outcome = match outcome {
                            ItemOutcome::Done { .. } => ItemOutcome::Done { saved: false },
                            outcome => outcome,
                        };
                    }
                    if before != after {
                        server
                            .unstored
                            .push((work.room.clone(), change.item.clone(), before));
                        *server.change_counts.entry(change.item.clone()).or_default() += 1;
                        let user = change.item.user().cloned();
                        if !server.hides_sent_changes {
                            server.log.push((work.room.clone(), user, None));
                        }
                    }
                    if outcome == (ItemOutcome::Done { saved: true }) {
                        // Prosody stores the whole room.
                        server.unstored.retain(|(room, ..)| *room != work.room);
                    }
                }
                if fault == Some(Fault::Killed) {
                    server.lose_unstored();
                }
                let after_change = server.after_change.take();
                drop(server);
                if let Some(Callback(call)) = after_change {
                    call();
                }
                let Some(fault) = fault else {
                    let is_full =
                        class == ServerClass::Prosody && outcome == ItemOutcome::Done { saved: false };
                    let applied = Applied {
                        work_index,
                        outcomes: vec![(index, outcome)],
                        unsaved: is_full.then(|| "Error saving to storage".into()),
                    };
                    if let ControlFlow::Break(()) = on_result(applied) {
                        return Err(Error::Stopped);
                    }
                    continue;
                };
                if !matches!(fault, Fault::Away | Fault::Busy) {
                    let _ = on_result(Applied {
                        work_index,
                        outcomes: vec![(index, ItemOutcome::Unknown)],
                        unsaved: None,
                    });
                }
                if fault != Fault::Unsure {
                    self.connected &= fault == Fault::Busy;
                    return Err(error(fault));
                }
            }
        }
        Ok(())
    }
}

/// The hats of all users of a room.
pub(crate) fn hat_items(room: &RemoteRoom) -> BTreeSet<Item> {
    let hats = room.users.iter().flat_map(|(user, remote_user)| {
        remote_user.hats.keys().map(|hat| Item::Hat {
            user: user.clone(),
            hat: hat.clone(),
        })
    });
    hats.collect()
}
