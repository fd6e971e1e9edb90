//! Reads a room in pages, because the server does nothing else while it creates a page.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::codec::{MAX_TEXT_BYTES, escape, unescape, word_hat, word_id};
use super::{Prosody, malformed, records, text};
use crate::model::{Affiliation, Jid};
use crate::server::backend::{ReadEvent, ResultCallback};
use crate::server::error::Error;
use crate::sync::{RemoteRoom, RemoteUser, RoomRead, Unreadable};

/// Number of users in a page. The server is blocked for about 50 ms per page.
pub(super) const USERS_PER_PAGE: usize = 1_000;
/// Maximum number of users and hats in a room.
pub(super) const MAX_ROOM_SIZE: usize = 1_000_000;
/// Maximum size of all pages of a room, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// A partially received room.
#[derive(Default)]
pub(super) struct PartialRoom {
    pub(super) room: RemoteRoom,
    total: Option<usize>,
    /// The user of the following hats; `None` if that user could not be parsed.
    user: Option<Jid>,
    hats: usize,
    read: usize,
    /// Size of the pages so far, in bytes.
    bytes: usize,
}

/// How to continue after a page.
enum AfterPage {
    More,
    End(RoomRead),
}

impl Prosody {
    pub(super) fn read_room(
        &mut self,
        room: &Jid,
        on_result: ResultCallback<'_, ReadEvent>,
    ) -> Result<(), Error> {
        let unless_stopped = |flow: ControlFlow<()>| {
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
                "{room} is not among the rooms of the server {:?} in the configuration",
                self.settings.entry.name
            );
            return unless_stopped(on_result(finished(room, RoomRead::Forbidden(why))));
        }
        let mut reading = PartialRoom::default();
        let mut answer = self.call(
            "read",
            &format!(
                "{} {} {USERS_PER_PAGE}",
                escape(room.domain()),
                escape(room.as_str())
            ),
        )?;
        loop {
            match reading.page(&answer) {
                Ok(AfterPage::End(read)) => return unless_stopped(on_result(finished(room, read))),
                Ok(AfterPage::More) => {}
                // The page may end in the middle of a room.
                Err(error) => {
                    self.shell = None;
                    return Err(error);
                }
            }
            unless_stopped(on_result(ReadEvent::Progress {
                room: room.clone(),
                users: reading.read,
                total: reading.total,
            }))?;
            answer = self.call("more", &USERS_PER_PAGE.to_string())?;
        }
    }
}

impl PartialRoom {
    fn page(&mut self, answer: &str) -> Result<AfterPage, Error> {
        let before = self.read;
        self.bytes += answer.len();
        if self.bytes > MAX_BYTES {
            let megabytes = MAX_BYTES >> 20;
            return Ok(AfterPage::End(RoomRead::Unread(format!(
                "its users and hats have more than {megabytes} MB"
            ))));
        }
        for record in records(answer) {
            let words: Vec<&str> = record.split(' ').collect();
            match words.as_slice() {
                ["gone"] => return Ok(AfterPage::End(RoomRead::Gone)),
                ["failed", why] => return Ok(AfterPage::End(RoomRead::Unread(text(why)))),
                ["found", users, stamp, name @ ..] => {
                    self.total = Some(users.parse().map_err(|_| malformed(record))?);
                    self.room.created = (*stamp != "-").then(|| (*stamp).into());
                    self.room.name = name.first().and_then(|name| some_text(name));
                }
                words if self.user_record(words) => {}
                ["end"] => {
                    return Ok(AfterPage::End(RoomRead::Read(Arc::new(std::mem::take(
                        &mut self.room,
                    )))));
                }
                _ => return Err(malformed(record)),
            }
            if self.read + self.hats > MAX_ROOM_SIZE {
                return Ok(AfterPage::End(RoomRead::Unread(format!(
                    "it has more than {MAX_ROOM_SIZE} users and hats"
                ))));
            }
        }
        // Only the last page has fewer users; with smaller ones, a server could go on for hours.
        if self.read - before >= USERS_PER_PAGE {
            Ok(AfterPage::More)
        } else {
            Err(malformed("a page with too few users"))
        }
    }

    /// Takes a record about a user, if it is one.
    pub(super) fn user_record(&mut self, words: &[&str]) -> bool {
        match words {
            ["user", address, affiliation, nickname @ ..] => {
                self.user(address, affiliation, nickname.first());
            }
            ["hat", id, hat] => self.hat(id, hat),
            ["odd"] => self.no_hats(),
            ["odd", id] => self.no_hat(id),
            _ => return false,
        }
        true
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
    (!text.is_empty() && text.len() <= MAX_TEXT_BYTES).then(|| text.into())
}
