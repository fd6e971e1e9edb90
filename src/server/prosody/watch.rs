//! Watches rooms: the library in Prosody notes the users and rooms that change, and short calls ask for their current state.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::codec::{escape, parse_jid};
use super::occupants::OccupantsGroup;
use super::read::{MAX_ROOM_SIZE, PartialRoom, USERS_PER_PAGE};
use super::watched::ProsodyWatch;
use super::{Prosody, malformed, records};
use crate::model::Jid;
use crate::server::backend::{ResultCallback, WatchEvent};
use crate::server::error::Error;

/// The lease of a watch, in multiples of the timeout. The server stops noting changes if it is not polled for this time.
const LEASE_TIMEOUTS: u32 = 6;

impl Prosody {
    /// Sends the watched rooms to the server, unless it already has them on this connection.
    pub(super) fn begin_watching(&mut self) -> Result<(), Error> {
        if self.watch.is_idle() && self.watch.generation.is_none() {
            return Ok(());
        }
        self.shell()?;
        if self.watch.generation != Some(self.generation) {
            self.watch.generation = Some(self.generation);
            self.watch.is_sent = false;
            self.watch.rooms.values_mut().for_each(|known| *known = None);
        }
        if !self.watch.is_sent {
            let lease = (self.settings.timeout * LEASE_TIMEOUTS).as_secs().max(1);
            let rooms = self.watch.rooms.keys().map(|room| escape(room.as_str()));
            let request: Vec<String> = std::iter::once(lease.to_string()).chain(rooms).collect();
            let occupant_rooms = self.watch.occupant_rooms.iter().map(|room| escape(room.as_str()));
            let occupant_rooms: Vec<String> = occupant_rooms.collect();
            self.call(
                "watch",
                &format!("{};{}", request.join(" "), occupant_rooms.join(" ")),
            )?;
            self.watch.is_sent = true;
        }
        Ok(())
    }

    /// Asks the server for changes. Reports these changes, and the rooms that are due to be read.
    pub(super) fn poll_watched(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        if self.watch.is_idle() {
            return Ok(());
        }
        self.watch.begin_poll();
        self.begin_watching()?;
        let answer = self.shell()?.call_repeatedly("look", &USERS_PER_PAGE.to_string());
        let found = answer.and_then(|answer| parse_answer(&answer));
        // The server does not report the changes of an unusable answer again, so the connection is dropped, and all rooms
        // are read again.
        let mut found = found.inspect_err(|_| self.shell = None)?;
        if found.has_more {
            self.watch.next_poll = Some(Instant::now());
        }
        found.rooms.extend(self.watch.rooms_to_read());
        let mut events = found.into_events().filter(|event| self.watch.has(event));
        let mut reported = BTreeMap::new();
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue()
            && let Some(event) = events.next()
        {
            if let WatchEvent::Room { room } = &event {
                reported.insert(room.clone(), Some(Instant::now()));
            }
            flow = on_result(event);
        }
        // The server does not report the remaining changes again, so these rooms have to be read.
        for event in events {
            if let WatchEvent::Users { room, .. } | WatchEvent::Room { room } = event {
                reported.insert(room, None);
            }
        }
        self.watch.rooms.extend(reported);
        if flow.is_break() {
            return Err(Error::Stopped);
        }
        Ok(())
    }
}

impl ProsodyWatch {
    /// Whether an event is about a watched room.
    fn has(&self, event: &WatchEvent) -> bool {
        match event {
            WatchEvent::Users { room, .. } | WatchEvent::Room { room } => self.rooms.contains_key(room),
            WatchEvent::Occupants { room, .. } => self.occupant_rooms.contains(room),
        }
    }
}

/// The answer to a poll: the changes that the server noted.
#[derive(Default)]
struct WatchAnswer {
    /// Rooms in which anything may have changed.
    rooms: BTreeSet<Jid>,
    users: Vec<UsersByActor>,
    occupants: Vec<OccupantsGroup>,
    /// Whether the server has more changes to report.
    has_more: bool,
}

/// Users of a room who were changed by the same actor.
struct UsersByActor {
    room: Jid,
    /// The actor; `None`: unknown.
    by: Option<Arc<str>>,
    /// The users with an affiliation.
    affiliated: PartialRoom,
    /// The users without an affiliation.
    unaffiliated: Vec<Jid>,
}

impl WatchAnswer {
    /// Converts the answer to events, in the order in which they are reported.
    fn into_events(self) -> impl Iterator<Item = WatchEvent> {
        let Self {
            mut rooms,
            users,
            occupants,
            ..
        } = self;
        let mut groups = Vec::new();
        for group in users {
            // If anything cannot be parsed, the whole room is to be read: the read shows what is skipped.
            if group.affiliated.room.unreadable.count > 0 {
                rooms.insert(group.room);
            } else {
                groups.push(group);
            }
        }
        groups.retain(|group| !rooms.contains(&group.room));
        let users = groups.into_iter().map(|group| {
            let unaffiliated = group.unaffiliated.into_iter().map(|user| (user, None));
            let affiliated = group.affiliated.room.users.into_iter();
            WatchEvent::Users {
                room: group.room,
                users: unaffiliated
                    .chain(affiliated.map(|(user, current)| (user, Some(current))))
                    .collect(),
                by: group.by,
            }
        });
        let rooms = rooms.into_iter().map(|room| WatchEvent::Room { room });
        // Occupants come first: if the caller stops early, rooms with changes that it did not get are reported again, but
        // their occupants are not.
        let occupants = occupants.into_iter().map(OccupantsGroup::into_event);
        occupants.chain(users).chain(rooms)
    }
}

/// Parses the answer to a poll.
fn parse_answer(answer: &str) -> Result<WatchAnswer, Error> {
    let mut found = WatchAnswer::default();
    let mut record_count = 0;
    for record in records(answer) {
        let words: Vec<&str> = record.split(' ').collect();
        match (words.as_slice(), found.users.last_mut()) {
            (["more"], _) => found.has_more = true,
            (["room", room], _) => drop(
                found
                    .rooms
                    .insert(parse_jid(room).ok_or_else(|| malformed(record))?),
            ),
            (["users", room, by], _) => found.users.push(UsersByActor {
                room: parse_jid(room).ok_or_else(|| malformed(record))?,
                by: parse_jid(by).filter(|_| *by != "-").map(|by| by.as_str().into()),
                affiliated: PartialRoom::default(),
                unaffiliated: Vec::new(),
            }),
            (["occupants", room, new @ ..], _) => {
                let room = parse_jid(room).ok_or_else(|| malformed(record))?;
                found.occupants.push(OccupantsGroup::new(room, new == ["new"]));
            }
            (words, _) if !found.occupants.is_empty() => {
                let group = found.occupants.last_mut();
                if !group.is_some_and(|group| group.add_record(words)) {
                    return Err(malformed(record));
                }
            }
            (["none", user], Some(group)) => match parse_jid(user) {
                Some(user) => group.unaffiliated.push(user),
                None => drop(found.rooms.insert(group.room.clone())),
            },
            (words, Some(group)) => {
                if !group.affiliated.add_record(words) {
                    return Err(malformed(record));
                }
            }
            (_, None) => return Err(malformed(record)),
        }
        record_count += 1;
        if record_count > MAX_ROOM_SIZE {
            return Err(malformed("too many changes"));
        }
    }
    Ok(found)
}
