//! Watches rooms: the library notes which users and rooms change, and a short call asks for what they are then.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::codec::{escape, word_jid};
use super::occupants::OccupantsGroup;
use super::read::{MAX_ROOM_SIZE, PartialRoom, USERS_PER_PAGE};
use super::watched::ProsodyWatch;
use super::{Prosody, malformed, records};
use crate::model::Jid;
use crate::server::backend::{ResultCallback, WatchEvent};
use crate::server::error::Error;

/// The server stops noting changes when nobody has asked for so many timeouts.
const EXPIRY_TIMEOUTS: u32 = 6;

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
            let lease = (self.settings.timeout * EXPIRY_TIMEOUTS).as_secs().max(1);
            let rooms = self.watch.rooms.keys().map(|room| escape(room.as_str()));
            let request: Vec<String> = std::iter::once(lease.to_string()).chain(rooms).collect();
            let visible = self.watch.visible.iter().map(|room| escape(room.as_str()));
            let visible: Vec<String> = visible.collect();
            self.call("watch", &format!("{};{}", request.join(" "), visible.join(" ")))?;
            self.watch.sent = true;
        }
        Ok(())
    }

    /// Asks for changes.
    pub(super) fn look_at_watched(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        if self.watch.is_idle() {
            return Ok(());
        }
        self.watch.begin_look();
        self.begin_watching()?;
        let answer = self.shell()?.call_repeatedly("look", &USERS_PER_PAGE.to_string());
        let found = answer.and_then(|answer| found(&answer));
        // What it took from the server is lost with it.
        let mut found = found.inspect_err(|_| self.shell = None)?;
        if found.more {
            self.watch.next = Some(Instant::now());
        }
        found.rooms.extend(self.watch.due());
        let mut seen = found.into_seen().filter(|seen| self.watch.has(seen));
        let mut known = BTreeMap::new();
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue()
            && let Some(seen) = seen.next()
        {
            if let WatchEvent::Room { room } = &seen {
                known.insert(room.clone(), Some(Instant::now()));
            }
            flow = on_result(seen);
        }
        // The server does not report the rest again.
        for seen in seen {
            if let WatchEvent::Users { room, .. } | WatchEvent::Room { room } = seen {
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
    /// Whether something is about a watched room.
    fn has(&self, seen: &WatchEvent) -> bool {
        match seen {
            WatchEvent::Users { room, .. } | WatchEvent::Room { room } => self.rooms.contains_key(room),
            WatchEvent::Occupants { room, .. } => self.visible.contains(room),
        }
    }
}

/// What the server noted.
#[derive(Default)]
struct WatchAnswer {
    /// Rooms in which anything may have changed.
    rooms: BTreeSet<Jid>,
    users: Vec<UsersByActor>,
    occupants: Vec<OccupantsGroup>,
    /// Whether there is more.
    more: bool,
}

/// Users of a room who were changed by the same.
struct UsersByActor {
    room: Jid,
    by: Option<Arc<str>>,
    /// Those with an affiliation.
    reading: PartialRoom,
    /// Those without.
    gone: Vec<Jid>,
}

impl WatchAnswer {
    fn into_seen(self) -> impl Iterator<Item = WatchEvent> {
        let Self {
            mut rooms,
            users,
            occupants,
            ..
        } = self;
        let mut seen = Vec::new();
        for group in users {
            // A room with something that cannot be read is reported as a whole: it says what is skipped.
            if group.reading.room.unreadable.count > 0 {
                rooms.insert(group.room);
            } else {
                seen.push(group);
            }
        }
        seen.retain(|group| !rooms.contains(&group.room));
        let users = seen.into_iter().map(|group| {
            let gone = group.gone.into_iter().map(|user| (user, None));
            let there = group.reading.room.users.into_iter();
            WatchEvent::Users {
                room: group.room,
                users: gone
                    .chain(there.map(|(user, there)| (user, Some(there))))
                    .collect(),
                by: group.by,
            }
        });
        let rooms = rooms.into_iter().map(|room| WatchEvent::Room { room });
        // First, since a caller that takes only some of it has the rest of the others reported again.
        let occupants = occupants.into_iter().map(OccupantsGroup::into_seen);
        occupants.chain(users).chain(rooms)
    }
}

fn found(answer: &str) -> Result<WatchAnswer, Error> {
    let mut found = WatchAnswer::default();
    let mut size = 0;
    for record in records(answer) {
        let words: Vec<&str> = record.split(' ').collect();
        match (words.as_slice(), found.users.last_mut()) {
            (["more"], _) => found.more = true,
            (["room", room], _) => drop(
                found
                    .rooms
                    .insert(word_jid(room).ok_or_else(|| malformed(record))?),
            ),
            (["users", room, by], _) => found.users.push(UsersByActor {
                room: word_jid(room).ok_or_else(|| malformed(record))?,
                by: word_jid(by).filter(|_| *by != "-").map(|by| by.as_str().into()),
                reading: PartialRoom::default(),
                gone: Vec::new(),
            }),
            (["occupants", room, new @ ..], _) => {
                let room = word_jid(room).ok_or_else(|| malformed(record))?;
                found.occupants.push(OccupantsGroup::new(room, new == ["new"]));
            }
            (words, _) if !found.occupants.is_empty() => {
                let group = found.occupants.last_mut();
                if !group.is_some_and(|group| group.take(words)) {
                    return Err(malformed(record));
                }
            }
            (["none", user], Some(group)) => match word_jid(user) {
                Some(user) => group.gone.push(user),
                None => drop(found.rooms.insert(group.room.clone())),
            },
            (words, Some(group)) => {
                if !group.reading.user_record(words) {
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
