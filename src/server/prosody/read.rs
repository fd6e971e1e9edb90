//! Reads a room in pages, because the server does nothing else while it creates a page.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::codec::{LONGEST, escape, unescape, word_hat, word_id};
use super::{Prosody, malformed, records, text};
use crate::model::{Affiliation, Jid};
use crate::server::backend::{ReadEvent, Tell};
use crate::server::error::Error;
use crate::sync::{RemoteRoom, RemoteUser, RoomRead, Unreadable};

/// Number of users in a page. The server is blocked for about 50 ms per page.
const PAGE: usize = 1_000;
/// Maximum number of users and hats in a room.
const MOST: usize = 1_000_000;

/// A partially received room.
#[derive(Default)]
struct Reading {
    room: RemoteRoom,
    total: Option<usize>,
    /// The user of the following hats; `None` if that user could not be parsed.
    user: Option<Jid>,
    hats: usize,
    read: usize,
}

/// How to continue after a page.
enum Next {
    More,
    End(RoomRead),
}

impl Prosody {
    pub(super) fn read_room(&mut self, room: &Jid, tell: Tell<'_, ReadEvent>) -> Result<(), Error> {
        let told = |flow: ControlFlow<()>| {
            if flow.is_break() {
                Err(Error::Stopped)
            } else {
                Ok(())
            }
        };
        let finished = |room: &Jid, read| ReadEvent::Room {
            room: room.clone(),
            read,
        };
        if !self.settings.allows(room) {
            let why = format!(
                "{room} is not among the rooms of the server {} in the configuration",
                self.settings.entry.name
            );
            return told(tell(finished(room, RoomRead::Forbidden(why))));
        }
        let mut reading = Reading::default();
        let mut answer = self.call(
            "read",
            &format!("{} {} {PAGE}", escape(room.domain()), escape(room.as_str())),
        )?;
        loop {
            match reading.page(&answer) {
                Ok(Next::End(read)) => return told(tell(finished(room, read))),
                Ok(Next::More) => {}
                // The page may end in the middle of a room.
                Err(error) => {
                    self.shell = None;
                    return Err(error);
                }
            }
            told(tell(ReadEvent::Progress {
                room: room.clone(),
                users: reading.read,
                total: reading.total,
            }))?;
            answer = self.call("more", &PAGE.to_string())?;
        }
    }
}

impl Reading {
    fn page(&mut self, answer: &str) -> Result<Next, Error> {
        for record in records(answer) {
            let words: Vec<&str> = record.split(' ').collect();
            match words.as_slice() {
                ["gone"] => return Ok(Next::End(RoomRead::Gone)),
                ["failed", why] => return Ok(Next::End(RoomRead::Unread(text(why)))),
                ["found", users, stamp, name @ ..] => {
                    self.total = Some(users.parse().map_err(|_| malformed(record))?);
                    self.room.created = (*stamp != "-").then(|| (*stamp).into());
                    self.room.name = name.first().and_then(|name| some_text(name));
                }
                ["user", address, affiliation, nickname @ ..] => {
                    self.user(address, affiliation, nickname.first());
                }
                ["hat", id, hat] => self.hat(id, hat),
                ["odd"] => self.no_hats(),
                ["odd", id] => self.no_hat(id),
                ["end"] => {
                    return Ok(Next::End(RoomRead::Read(Arc::new(std::mem::take(
                        &mut self.room,
                    )))));
                }
                _ => return Err(malformed(record)),
            }
            if self.read + self.hats > MOST {
                return Ok(Next::End(RoomRead::Unread(format!(
                    "it has more than {MOST} users and hats"
                ))));
            }
        }
        // Each page has at least one user; otherwise this would never end.
        if answer.contains("user ") {
            Ok(Next::More)
        } else {
            Err(malformed("a page without users"))
        }
    }

    fn unreadable(&mut self) -> &mut Unreadable {
        self.room.unreadable.count += 1;
        &mut self.room.unreadable
    }

    fn user(&mut self, address: &str, affiliation: &str, nickname: Option<&&str>) {
        self.read += 1;
        self.user = None;
        let spelled = unescape(address);
        let jid = spelled.as_deref().and_then(|text| Jid::parse(text).ok());
        let affiliation = Affiliation::from_name(affiliation);
        match (jid, affiliation) {
            (Some(jid), Some(affiliation)) if Some(jid.as_str()) == spelled.as_deref() => {
                let user = RemoteUser {
                    affiliation,
                    nickname: nickname.and_then(|name| some_text(name)),
                    ..RemoteUser::default()
                };
                self.room.users.insert(jid.clone(), user);
                self.user = Some(jid);
            }
            // The server spells the address differently, or it has an unknown meaning: this user is not compared.
            (Some(jid), _) => drop(self.unreadable().users.insert(jid)),
            (None, _) => drop(self.unreadable()),
        }
    }

    fn hat(&mut self, id: &str, hat: &str) {
        self.hats += 1;
        let Some(jid) = self.user.clone() else { return };
        match (word_id(id), word_hat(hat)) {
            (Some(id), Ok(Some(hat))) => {
                if let Some(user) = self.room.users.get_mut(&jid) {
                    user.hats.insert(id, hat);
                }
            }
            (Some(id), Ok(None) | Err(_)) => drop(self.unreadable().hats.insert((jid, id))),
            // A hat without a valid ID must not look like a missing one.
            (None, _) => drop(self.unreadable()),
        }
    }

    fn no_hat(&mut self, id: &str) {
        self.hats += 1;
        let Some(jid) = self.user.clone() else { return };
        match word_id(id) {
            Some(id) => drop(self.unreadable().hats.insert((jid, id))),
            None => drop(self.unreadable()),
        }
    }

    fn no_hats(&mut self) {
        let Some(jid) = self.user.clone() else { return };
        self.unreadable().hats_of.insert(jid);
    }
}

/// A valid text.
fn some_text(word: &str) -> Option<Arc<str>> {
    let text = unescape(word)?;
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.into())
}
