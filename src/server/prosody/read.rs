//! Reads a room in pages, because Prosody does nothing else while it creates the answer to a command.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::codec::{MAX_TEXT_BYTES, escape, parse_hat, parse_hat_id, unescape};
use super::{Prosody, display_text, malformed, records};
use crate::model::{Affiliation, Jid};
use crate::server::backend::{ReadEvent, ResultCallback};
use crate::server::error::Error;
use crate::sync::{RemoteRoom, RemoteUser, RoomRead, Unreadable};

/// Number of users in a page. Creating a page blocks the server for about 50 ms.
pub(super) const USERS_PER_PAGE: usize = 1_000;
/// Maximum number of users and hats in a room, counted together.
pub(super) const MAX_ROOM_SIZE: usize = 1_000_000;
/// Maximum size of all pages of a room, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// A partially received room.
#[derive(Default)]
pub(super) struct PartialRoom {
    pub(super) room: RemoteRoom,
    /// Total number of users, as the server reports it.
    total: Option<usize>,
    /// The user to whom the next hats belong; `None` if that user could not be parsed.
    user: Option<Jid>,
    /// Number of hats so far, of all users.
    hat_count: usize,
    /// Number of users so far.
    user_count: usize,
    /// Size of the pages so far, in bytes.
    bytes: usize,
}

/// The step after a page.
enum AfterPage {
    /// The next page is to be requested.
    More,
    /// The read has ended with this outcome.
    End(RoomRead),
}

impl Prosody {
    /// Reads a room, and reports the progress and the outcome.
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
        let outcome_event = |room: &Jid, read| ReadEvent::Room {
            room: room.clone(),
            read,
        };
        if !self.settings.allows(room) {
            let why = format!(
                "{room} is not among the rooms of the server {:?} in the configuration",
                self.settings.entry.name
            );
            return unless_stopped(on_result(outcome_event(room, RoomRead::Forbidden(why))));
        }
        let mut partial = PartialRoom::default();
        let mut answer = self.call(
            "read",
            &format!(
                "{} {} {USERS_PER_PAGE}",
                escape(room.domain()),
                escape(room.as_str())
            ),
        )?;
        loop {
            match partial.add_page(&answer) {
                Ok(AfterPage::End(read)) => return unless_stopped(on_result(outcome_event(room, read))),
                Ok(AfterPage::More) => {}
                // The session of the shell would keep the rest of the room, so the connection is dropped.
                Err(error) => {
                    self.shell = None;
                    return Err(error);
                }
            }
            unless_stopped(on_result(ReadEvent::Progress {
                room: room.clone(),
                users: partial.user_count,
                total: partial.total,
            }))?;
            answer = self.call("more", &USERS_PER_PAGE.to_string())?;
        }
    }
}

impl PartialRoom {
    /// Adds a page.
    fn add_page(&mut self, answer: &str) -> Result<AfterPage, Error> {
        let users_before = self.user_count;
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
                ["failed", why] => return Ok(AfterPage::End(RoomRead::Unread(display_text(why)))),
                ["found", users, stamp, name @ ..] => {
                    self.total = Some(users.parse().map_err(|_| malformed(record))?);
                    self.room.created = (*stamp != "-").then(|| (*stamp).into());
                    self.room.name = name.first().and_then(|name| bounded_text(name));
                }
                words if self.add_record(words) => {}
                ["end"] => {
                    return Ok(AfterPage::End(RoomRead::Read(Arc::new(std::mem::take(
                        &mut self.room,
                    )))));
                }
                _ => return Err(malformed(record)),
            }
            if self.user_count + self.hat_count > MAX_ROOM_SIZE {
                return Ok(AfterPage::End(RoomRead::Unread(format!(
                    "it has more than {MAX_ROOM_SIZE} users and hats"
                ))));
            }
        }
        // Only the last page may have fewer users. Otherwise, a server could send small pages for hours.
        if self.user_count - users_before >= USERS_PER_PAGE {
            Ok(AfterPage::More)
        } else {
            Err(malformed("a page with too few users"))
        }
    }

    /// Adds a record about a user or a hat. Returns false if the record is of another kind.
    pub(super) fn add_record(&mut self, words: &[&str]) -> bool {
        match words {
            ["user", address, affiliation, nickname @ ..] => {
                self.add_user(address, affiliation, nickname.first());
            }
            ["hat", id, hat] => self.add_hat(id, hat),
            ["odd"] => self.skip_hats(),
            ["odd", id] => self.skip_hat(id),
            _ => return false,
        }
        true
    }

    /// Counts an item that cannot be parsed.
    fn count_unreadable(&mut self) -> &mut Unreadable {
        self.room.unreadable.count += 1;
        &mut self.room.unreadable
    }

    fn add_user(&mut self, address: &str, affiliation: &str, nickname: Option<&&str>) {
        self.user_count += 1;
        self.user = None;
        let spelled = unescape(address);
        let jid = spelled.as_deref().and_then(|text| Jid::parse(text).ok());
        let affiliation = Affiliation::from_name(affiliation);
        match (jid, affiliation) {
            (Some(jid), Some(affiliation)) if Some(jid.as_str()) == spelled.as_deref() => {
                let user = RemoteUser {
                    affiliation,
                    nickname: nickname.and_then(|name| bounded_text(name)),
                    ..RemoteUser::default()
                };
                self.room.users.insert(jid.clone(), user);
                self.user = Some(jid);
            }
            // The server spells the address differently, or the affiliation is unknown: this user is not compared.
            (Some(jid), _) => drop(self.count_unreadable().users.insert(jid)),
            (None, _) => drop(self.count_unreadable()),
        }
    }

    /// Adds a hat of the current user.
    fn add_hat(&mut self, id: &str, hat: &str) {
        self.hat_count += 1;
        let Some(jid) = self.user.clone() else { return };
        match (parse_hat_id(id), parse_hat(hat)) {
            (Some(id), Ok(Some(hat))) => {
                if let Some(user) = self.room.users.get_mut(&jid) {
                    user.hats.insert(id, hat);
                }
            }
            (Some(id), Ok(None) | Err(_)) => drop(self.count_unreadable().hats.insert((jid, id))),
            // A hat without a valid ID cannot be a hat of the file, so it is only counted.
            (None, _) => drop(self.count_unreadable()),
        }
    }

    /// Skips a hat of the current user that cannot be parsed.
    fn skip_hat(&mut self, id: &str) {
        self.hat_count += 1;
        let Some(jid) = self.user.clone() else { return };
        match parse_hat_id(id) {
            Some(id) => drop(self.count_unreadable().hats.insert((jid, id))),
            None => drop(self.count_unreadable()),
        }
    }

    /// Notes that the hats of the current user cannot be compared, because they are not a table or an ID is invalid.
    fn skip_hats(&mut self) {
        let Some(jid) = self.user.clone() else { return };
        self.count_unreadable().hats_of.insert(jid);
    }
}

/// Decodes a text; `None` if it is invalid, empty or too long.
fn bounded_text(word: &str) -> Option<Arc<str>> {
    let text = unescape(word)?;
    (!text.is_empty() && text.len() <= MAX_TEXT_BYTES).then(|| text.into())
}
