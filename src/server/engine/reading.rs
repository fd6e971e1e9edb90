//! Reads rooms whose affiliation lists are not read all at the same time. A user who is moved from one list to another in
//! the meantime can be missing from all lists; then the room is read again.

use std::collections::BTreeSet;

use super::Engine;
use super::room::Reads;
use crate::model::{Affiliation, Jid};
use crate::sync::{Item, RemoteRoom, RoomRead, ServerClass};

/// Maximum number of times that a room is read again because a user who was not missing before is missing from all lists.
const MAX_REREADS: usize = 3;

impl Engine {
    /// Reads rooms as [`Self::read_once`] does. A room in which a user is newly missing from all affiliation lists is read
    /// again, at most [`MAX_REREADS`] times.
    ///
    /// Errors: the request was stopped, or the files of the server cannot be used; for display.
    pub(super) fn read(&mut self, id: u64, rooms: &[Jid], class: &mut ServerClass) -> Result<Reads, String> {
        let mut reads = self.read_once(id, rooms, class)?;
        // Prosody's shell reads a room at once.
        if *class == ServerClass::Prosody {
            return Ok(reads);
        }
        for attempt in 0..=MAX_REREADS {
            let mut doubtful = Vec::new();
            for (room, reading) in &reads {
                let RoomRead::Read(remote) = &reading.read else {
                    continue;
                };
                let unlisted = self.unlisted_users(room, remote);
                let unlisted_before = self
                    .unlisted
                    .insert(room.clone(), unlisted.clone())
                    .unwrap_or_default();
                if !unlisted.is_subset(&unlisted_before) {
                    doubtful.push(room.clone());
                }
            }
            if doubtful.is_empty() || attempt == MAX_REREADS {
                break;
            }
            let class_before = *class;
            let again = self.read_once(id, &doubtful, class)?;
            if *class != class_before {
                return self.read_once(id, rooms, class);
            }
            reads.extend(again);
        }
        Ok(reads)
    }

    /// Users who had an affiliation when the room was last compared, or have an affiliation and hats in the file, but have no
    /// affiliation on the server.
    fn unlisted_users(&self, room: &Jid, remote: &RemoteRoom) -> BTreeSet<Jid> {
        let base = self.files().ok().and_then(|files| files.base(room).0.ok()?);
        let in_base = base.iter().flat_map(|base| {
            let users = base.users.iter();
            users.filter(|(_, user)| user.affiliation != Affiliation::None)
        });
        let local = self.rooms.get(room).and_then(|known| known.local.as_deref());
        let in_file = local.into_iter().flat_map(|local| {
            let users = local.users().iter();
            users.filter(|(_, user)| user.affiliation != Affiliation::None && !user.hats.is_empty())
        });
        let users = in_base.map(|(user, _)| user).chain(in_file.map(|(user, _)| user));
        let is_unlisted = |user: &&Jid| {
            let remote_user = remote.users.get(*user);
            remote_user.is_none_or(|user| user.affiliation == Affiliation::None)
                && remote.knows(&Item::Affiliation {
                    user: (*user).clone(),
                })
        };
        users.filter(is_unlisted).cloned().collect()
    }
}
