//! A simulated server, to which something happens at a given step.

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

const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server is away: nothing was asked for.
    Away,
    /// The connection breaks before anything is done.
    LostBefore,
    /// The connection breaks in the middle: some of it is done, and no answer came to the last of that.
    LostAmid,
    /// The connection breaks after all is done, without an answer.
    LostAfter,
    /// An answer that nobody understands.
    Malformed,
    /// The server falls over, and loses what it acknowledged last where its class can.
    Killed,
    /// No answer says what was done, and the connection stays.
    Unsure,
    /// The server does not do it now, and the connection stays.
    Busy,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::Away,
        Self::LostBefore,
        Self::LostAmid,
        Self::LostAfter,
        Self::Malformed,
        Self::Killed,
        Self::Unsure,
        Self::Busy,
    ];
}

/// What somebody else does at some moment.
pub(crate) struct Meanwhile(pub(crate) Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

/// The server itself, which outlives connections.
#[derive(Debug)]
pub(crate) struct Simulated {
    pub(crate) class: ServerClass,
    pub(crate) rooms: BTreeMap<Jid, RemoteRoom>,
    /// Calls until something happens, and what.
    pub(crate) faults: BTreeMap<usize, Fault>,
    pub(crate) calls: usize,
    /// How often it crashed while nobody asked for anything.
    crashes: usize,
    /// Since when it runs, if it says so.
    pub(crate) running_since: Option<Timestamp>,
    /// What was changed, and what it was before, since the server began.
    recent: Vec<(Jid, Item, Option<ItemValue>)>,
    /// Items that it was to change.
    pub(crate) asked: BTreeSet<Item>,
    /// How often each item was changed.
    pub(crate) changed: BTreeMap<Item, usize>,
    /// Its disk is full, as Prosody says; else Prosody stores every change.
    pub(crate) disk_is_full: bool,
    /// What it does not allow.
    pub(crate) refuses: Option<String>,
    /// Items that nobody may change.
    pub(crate) fixed: BTreeSet<Item>,
    /// Its class after the next fault.
    pub(crate) upgrade: Option<ServerClass>,
    /// Users who are moved from one affiliation list to another during the next reads, one in each, so that they are in none.
    pub(crate) moving: Vec<Jid>,
    /// What somebody else does right after the next room was read.
    pub(crate) after_read: Option<Meanwhile>,
    /// The same for the next change, before anybody knows that it was made.
    pub(crate) after_change: Option<Meanwhile>,
    /// The same after the next look that sees something, before anybody knows what it saw.
    pub(crate) after_look: Option<Meanwhile>,
    /// Who changed which user in which room, for those who watch it.
    log: Vec<(Jid, Option<Jid>, Option<Arc<str>>)>,
    /// Sent changes are not reported yet.
    pub(crate) reports_late: bool,
    /// Rooms are not there.
    pub(crate) gone: bool,
    /// How often rooms were read, and looked at.
    pub(crate) reads: usize,
    pub(crate) looks: usize,
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
            recent: Vec::new(),
            asked: BTreeSet::new(),
            changed: BTreeMap::new(),
            disk_is_full: false,
            refuses: None,
            fixed: BTreeSet::new(),
            upgrade: None,
            moving: Vec::new(),
            after_read: None,
            after_change: None,
            after_look: None,
            log: Vec::new(),
            reports_late: false,
            gone: false,
            reads: 0,
            looks: 0,
        }
    }

    /// It falls over and is there again. Nobody notices until the connection is used.
    pub(crate) fn crash(&mut self) {
        self.fall_over();
        self.crashes += 1;
    }

    /// Somebody sets an item, which whoever watches the room sees.
    pub(crate) fn change(&mut self, room: &Jid, item: &Item, value: Option<ItemValue>, by: Option<&str>) {
        set(self.rooms.get_mut(room).unwrap(), item, value);
        self.log
            .push((room.clone(), item.user().cloned(), by.map(Into::into)));
    }

    /// Anything may have changed in a room.
    pub(crate) fn change_room(&mut self, room: &Jid) {
        self.log.push((room.clone(), None, None));
    }

    /// It has stored everything.
    pub(crate) fn stored(&mut self) {
        self.recent.clear();
    }

    fn step(&mut self) -> Option<Fault> {
        self.calls += 1;
        let fault = self.faults.get(&self.calls).copied();
        if let (Some(_), Some(class)) = (fault, self.upgrade) {
            self.class = class;
        }
        fault
    }

    fn fall_over(&mut self) {
        self.running_since = self.running_since.map(|_| Timestamp::now());
        for (room, item, before) in self.recent.drain(..).rev() {
            let room = self.rooms.get_mut(&room).unwrap();
            set(room, &item, before);
        }
    }
}

/// Sets an item, whatever is there.
pub(crate) fn set(room: &mut RemoteRoom, item: &Item, value: Option<ItemValue>) {
    match (item, value) {
        (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
            drop(room.catalog.insert(hat.clone(), entry));
        }
        (Item::Catalog { hat }, _) => drop(room.catalog.remove(hat)),
        (Item::Affiliation { user }, value) => {
            let there = room.users.entry(user.clone()).or_default();
            there.affiliation = match value {
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
            if let Some(there) = room.users.get_mut(user) {
                there.hats.remove(hat);
            }
        }
    }
}

/// A connection to it.
pub(crate) struct Connection {
    pub(crate) server: Shared,
    pub(crate) connected: bool,
    pub(crate) generation: u64,
    /// How often the server had crashed when this was opened.
    crashes: usize,
    /// Asks for the password where the server wants one.
    pub(crate) ask: Option<AskPassword>,
    watched: BTreeSet<Jid>,
    /// The room whose occupants are reported at each look.
    selected: Option<Jid>,
    next_look: Option<Instant>,
    /// The connection on which it watches, and how much of the log it has seen.
    seen: (u64, usize),
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
            next_look: None,
            seen: (0, 0),
        }
    }

    fn is_closed(&self) -> bool {
        self.connected && self.crashes != self.server.lock().unwrap().crashes
    }

    /// Opens a connection where there is none; one that was lost is an error.
    fn open(&mut self) -> Result<(), Error> {
        if self.is_closed() {
            self.connected = false;
            return Err(error(Fault::Away));
        }
        self.connect().map(drop)
    }

    fn begin(&mut self) -> Result<(), Error> {
        if self.is_closed() {
            self.connected = false;
            return Err(error(Fault::Away));
        }
        let mut server = self.server.lock().unwrap();
        match server.step() {
            None | Some(Fault::Unsure) => Ok(()),
            Some(fault) => {
                if fault == Fault::Killed {
                    server.fall_over();
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
        if !self.connected || self.is_closed() {
            self.connected = false;
            self.begin()?;
            if let Some(ask) = &mut self.ask {
                let account = Jid::parse("maya@example.org").unwrap();
                let given = ask(&account).ok_or_else(|| Error::Refused("no password".into()))?;
                assert_eq!(given.reveal(), "secret");
            }
            self.connected = true;
            self.generation += 1;
            self.crashes = self.server.lock().unwrap().crashes;
        }
        if let Some(why) = &self.server.lock().unwrap().refuses {
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
        if !self.connected || self.is_closed() {
            self.begin()?;
            self.connected = true;
            self.generation += 1;
        }
        let server = self.server.lock().unwrap();
        let problem = server.refuses.clone().map(|what| ServerProblem {
            what,
            remedy: "allow it".into(),
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

    fn read_rooms(&mut self, rooms: &[Jid], tell: ResultCallback<'_, ReadEvent>) -> Result<(), Error> {
        self.open()?;
        for room in rooms {
            self.begin()?;
            let mut server = self.server.lock().unwrap();
            server.reads += 1;
            let mut there = server.rooms.get(room).filter(|_| !server.gone).cloned();
            if let Some((there, user)) = there.as_mut().zip(server.moving.pop()) {
                there.users.get_mut(&user).unwrap().affiliation = Affiliation::None;
            }
            let meanwhile = server.after_read.take();
            drop(server);
            if let Some(Meanwhile(act)) = meanwhile {
                act();
            }
            let read = there.map_or(RoomRead::Gone, |there| RoomRead::Read(Arc::new(there)));
            let room = room.clone();
            if let ControlFlow::Break(()) = tell(ReadEvent::Room { room, read }) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    fn watch(&mut self, rooms: &[Jid], selected: Option<&Jid>, occupants: bool) {
        self.watched = rooms.iter().cloned().collect();
        self.selected = selected.cloned().filter(|_| occupants);
        self.next_look = (!rooms.is_empty() || selected.is_some()).then(Instant::now);
    }

    fn next_poll(&self) -> Option<Instant> {
        self.next_look
    }

    fn poll(&mut self, tell: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        self.next_look = Some(Instant::now() + LOOK_INTERVAL);
        self.open()?;
        self.begin()?;
        let mut server = self.server.lock().unwrap();
        server.looks += 1;
        let from = match self.seen {
            (generation, from) if generation == self.generation => from,
            _ => server.log.len(),
        };
        self.seen = (self.generation, server.log.len());
        let mut all = Vec::new();
        for (room, user, by) in &server.log[from..] {
            let Some(there) = server.rooms.get(room).filter(|_| self.watched.contains(room)) else {
                continue;
            };
            let room = room.clone();
            all.push(match user {
                Some(user) => WatchEvent::Users {
                    room,
                    users: vec![(user.clone(), there.users.get(user).cloned())],
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
            let seen = OccupantChanges {
                replaces_all: true,
                is_complete: true,
                users: users.collect(),
            };
            all.push(WatchEvent::Occupants {
                room,
                changes: Some(seen),
            });
        }
        let meanwhile = server.after_look.take_if(|_| !all.is_empty());
        drop(server);
        if let Some(Meanwhile(act)) = meanwhile {
            act();
        }
        for seen in all {
            if let ControlFlow::Break(()) = tell(seen) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    }

    fn apply(&mut self, work: &[RoomChanges], tell: ResultCallback<'_, Applied>) -> Result<(), Error> {
        self.open()?;
        for (number, work) in work.iter().enumerate() {
            for (index, change) in work.changes.iter().enumerate() {
                let mut server = self.server.lock().unwrap();
                server.asked.insert(change.item.clone());
                let fault = server.step();
                let class = server.class;
                let does = !matches!(
                    fault,
                    Some(Fault::Away | Fault::LostBefore | Fault::Malformed | Fault::Busy)
                );
                let mut outcome = ItemOutcome::Unknown;
                let is_other = work.created.is_some() && server.rooms[&work.room].created != work.created;
                if does && !is_other {
                    let server = &mut *server;
                    let room = server.rooms.get_mut(&work.room).unwrap();
                    let before = room.value(&change.item);
                    outcome = world::apply(room, class, change);
                    if server.fixed.contains(&change.item) {
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
                            .recent
                            .push((work.room.clone(), change.item.clone(), before));
                        *server.changed.entry(change.item.clone()).or_default() += 1;
                        let user = change.item.user().cloned();
                        if !server.reports_late {
                            server.log.push((work.room.clone(), user, None));
                        }
                    }
                    if outcome == (ItemOutcome::Done { saved: true }) {
                        // Prosody stores the whole room.
                        server.recent.retain(|(room, ..)| *room != work.room);
                    }
                }
                if fault == Some(Fault::Killed) {
                    server.fall_over();
                }
                let meanwhile = server.after_change.take();
                drop(server);
                if let Some(Meanwhile(act)) = meanwhile {
                    act();
                }
                let Some(fault) = fault else {
                    let full = class == ServerClass::Prosody && outcome == ItemOutcome::Done { saved: false };
                    let told = Applied {
                        work_index: number,
                        outcomes: vec![(index, outcome)],
                        unsaved: full.then(|| "Error saving to storage".into()),
                    };
                    if let ControlFlow::Break(()) = tell(told) {
                        return Err(Error::Stopped);
                    }
                    continue;
                };
                if !matches!(fault, Fault::Away | Fault::Busy) {
                    let _ = tell(Applied {
                        work_index: number,
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

/// The items of a room.
pub(crate) fn items(room: &RemoteRoom) -> BTreeSet<Item> {
    let hats = room.users.iter().flat_map(|(user, there)| {
        there.hats.keys().map(|hat| Item::Hat {
            user: user.clone(),
            hat: hat.clone(),
        })
    });
    hats.collect()
}
