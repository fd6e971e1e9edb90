//! What is known of a room, and recent losses of hats.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::files::ServerFiles;
use crate::model::{Edit, HatId, Jid, Room, User};
use crate::store;
use crate::sync::{Affiliations, Base, GUARD_PERIOD, LocalRoom, OtherRooms, Outbox, RemoteRoom, ServerClass};

/// The request of a plan.
pub(super) struct Asked {
    pub(super) id: u64,
    pub(super) rooms: Vec<LocalRoom>,
    pub(super) others: OtherRooms,
    pub(super) revision: u64,
    pub(super) affiliations: Affiliations,
}

/// What is known of a room since its last read.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The server's class then.
    pub(super) class: Option<ServerClass>,
    /// How affiliations were to be handled.
    pub(super) affiliations: Affiliations,
    /// The room in the file, as last reported.
    pub(super) local: Option<Arc<Room>>,
    /// The file's revision at that time.
    pub(super) revision: u64,
    /// The room as read from the server.
    pub(super) read: Option<Arc<RemoteRoom>>,
    /// The base at that time; `None` if there was no valid one.
    pub(super) base: Option<Base>,
    /// The outbox of a session without a state folder.
    pub(super) unwritten: Option<Outbox>,
}

impl Known {
    /// The current outbox.
    pub(super) fn outbox(&self, files: &ServerFiles, class: ServerClass, room: &Jid) -> Outbox {
        self.unwritten
            .clone()
            .unwrap_or_else(|| files.outbox(room, class))
    }
}

/// The users who lost a hat by this actor's commits within the last hour: room, user, time.
pub(super) fn losses(data: &Path, actor: &str, now: Timestamp) -> Vec<(Jid, Jid, Timestamp)> {
    let since = now.checked_sub(GUARD_PERIOD).unwrap_or(Timestamp::MIN);
    let entries = store::read_recent(data, actor, since).unwrap_or_else(|error| {
        log::warn!(reason:% = error; "history unreadable");
        Vec::new()
    });
    let mut losses = Vec::new();
    for entry in &entries {
        for edit in &entry.group.0 {
            let lost = losers(edit).into_iter().zip(std::iter::repeat(edit.room()));
            losses.extend(lost.filter_map(|(user, room)| Some((room?.clone(), user, entry.time))));
        }
    }
    losses
}

/// The users who lose a hat by an edit.
fn losers(edit: &Edit) -> BTreeSet<Jid> {
    let loses = |before: Option<&User>, after: Option<&User>| {
        let has = |hat: &HatId| after.is_some_and(|after| after.hats.get(hat).is_some());
        before.is_some_and(|before| before.hats.iter().any(|(hat, _)| !has(hat)))
    };
    match edit {
        Edit::Hat {
            user,
            before: Some(_),
            after: None,
            ..
        } => BTreeSet::from([user.clone()]),
        Edit::User {
            user, before, after, ..
        } if loses(before.as_ref(), after.as_ref()) => BTreeSet::from([user.clone()]),
        Edit::Room {
            before: Some(before),
            after: Some(after),
            ..
        } => {
            let users = before.users().iter();
            let lost = users.filter(|(jid, user)| loses(Some(user), after.user(jid)));
            lost.map(|(jid, _)| jid.clone()).collect()
        }
        _ => BTreeSet::new(),
    }
}
