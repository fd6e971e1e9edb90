//! Watches rooms: the library notes which users and rooms change, and short calls ask for their current state.

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

/// The lease of a watch, in multiples of the timeout: the server stops noting changes if it is not asked for this time.
const LEASE_TIMEOUTS: u32 = 6;

impl Prosody {
    /// Tells the server which rooms are watched, if it does not know on this connection.
    pub(super) fn begin_watching(&mut self) -> Result<(), Error> {
        if self.watch.is_idle() && self.watch.generation.is_none() {
            return Ok(());
        }
        self.shell()?;
        if self.watch.generation != Some(self.generation) {
            self.watch.generation = Some(self.generation);
            self.watch.sent = false;
            self.watch.rooms.values_mut().for_each(|known| *known = None);
        }
        if !self.watch.sent {
            let lease = (self.settings.timeout * LEASE_TIMEOUTS).as_secs().max(1);
            let rooms = self.watch.rooms.keys().map(|room| escape(room.as_str()));
            let request: Vec<String> = std::iter::once(lease.to_string()).chain(rooms).collect();
            let occupant_rooms = self.watch.occupant_rooms.iter().map(|room| escape(room.as_str()));
            let occupant_rooms: Vec<String> = occupant_rooms.collect();
            self.call(
                "watch",
                &format!("{};{}", request.join(" "), occupant_rooms.join(" ")),
            )?;
            self.watch.sent = true;
        }
        Ok(())
    }

    /// Asks for changes, and reports them and the rooms that are due to be read.
    pub(super) fn look_at_watched(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        if self.watch.is_idle() {
            return Ok(());
        }
        self.watch.begin_look();
        self.begin_watching()?;
        let answer = self.shell()?.call_repeatedly("look", &USERS_PER_PAGE.to_string());
        let found = answer.and_then(|answer| parse_answer(&answer));
        // The server does not report again what this answer had, so the connection is dropped and all rooms are read
        // again.
        let mut found = found.inspect_err(|_| self.shell = None)?;
        if found.more {
            self.watch.next = Some(Instant::now());
        }
        found.rooms.extend(self.watch.due());
        let mut events = found.into_events().filter(|event| self.watch.has(event));
        let mut known = BTreeMap::new();
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue()
            && let Some(event) = events.next()
        {
            if let WatchEvent::Room { room } = &event {
                known.insert(room.clone(), Some(Instant::now()));
            }
            flow = on_result(event);
        }
        // The server does not report the rest again.
        for event in events {
            if let WatchEvent::Users { room, .. } | WatchEvent::Room { room } = event {
                known.insert(room, None);
            }
        }
        self.watch.rooms.extend(known);
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

/// The answer to a look: what the server noted.
#[derive(Default)]
struct WatchAnswer {
    /// Rooms in which anything may have changed.
    rooms: BTreeSet<Jid>,
    users: Vec<UsersByActor>,
    occupants: Vec<OccupantsGroup>,
    /// Whether the server has more changes to report.
    more: bool,
}

/// Users of a room who were changed by the same actor; `None`: the actor is unknown.
struct UsersByActor {
    room: Jid,
    by: Option<Arc<str>>,
    /// The users with an affiliation.
    reading: PartialRoom,
    /// The users without an affiliation.
    gone: Vec<Jid>,
}

impl WatchAnswer {
    fn into_events(self) -> impl Iterator<Item = WatchEvent> {
        let Self {
            mut rooms,
            users,
            occupants,
            ..
        } = self;
        let mut groups = Vec::new();
        for group in users {
            // If anything cannot be parsed, the whole room is to be read: that read says what is skipped.
            if group.reading.room.unreadable.count > 0 {
                rooms.insert(group.room);
            } else {
                groups.push(group);
            }
        }
        groups.retain(|group| !rooms.contains(&group.room));
        let users = groups.into_iter().map(|group| {
            let gone = group.gone.into_iter().map(|user| (user, None));
            let affiliated = group.reading.room.users.into_iter();
            WatchEvent::Users {
                room: group.room,
                users: gone
                    .chain(affiliated.map(|(user, current)| (user, Some(current))))
                    .collect(),
                by: group.by,
            }
        });
        let rooms = rooms.into_iter().map(|room| WatchEvent::Room { room });
        // Occupants come first: if the caller stops early, rooms whose changes it did not get are reported again, but
        // occupants are not.
        let occupants = occupants.into_iter().map(OccupantsGroup::into_event);
        occupants.chain(users).chain(rooms)
    }
}

fn parse_answer(answer: &str) -> Result<WatchAnswer, Error> {
    let mut found = WatchAnswer::default();
    let mut size = 0;
    for record in records(answer) {
        let words: Vec<&str> = record.split(' ').collect();
        match (words.as_slice(), found.users.last_mut()) {
            (["more"], _) => found.more = true,
            (["room", room], _) => drop(
                found
                    .rooms
                    .insert(parse_jid(room).ok_or_else(|| malformed(record))?),
            ),
            (["users", room, by], _) => found.users.push(UsersByActor {
                room: parse_jid(room).ok_or_else(|| malformed(record))?,
                by: parse_jid(by).filter(|_| *by != "-").map(|by| by.as_str().into()),
                reading: PartialRoom::default(),
                gone: Vec::new(),
            }),
            (["occupants", room, new @ ..], _) => {
                let room = parse_jid(room).ok_or_else(|| malformed(record))?;
                found.occupants.push(OccupantsGroup::new(room, new == ["new"]));
            }
            (words, _) if !found.occupants.is_empty() => {
                let group = found.occupants.last_mut();
                if !group.is_some_and(|group| group.take(words)) {
                    return Err(malformed(record));
                }
            }
            (["none", user], Some(group)) => match parse_jid(user) {
                Some(user) => group.gone.push(user),
                None => drop(found.rooms.insert(group.room.clone())),
            },
            (words, Some(group)) => {
                if !group.reading.take_user_record(words) {
                    return Err(malformed(record));
                }
            }
            (_, None) => return Err(malformed(record)),
        }
        size += 1;
        if size > MAX_ROOM_SIZE {
            return Err(malformed("too many changes"));
        }
    }
    Ok(found)
}
