//! The data that the engine keeps for a room, and recent losses of hats.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::super::files::ServerFiles;
use crate::model::{Edit, HatId, Jid, Room, User};
use crate::store::{self, StoreError};
use crate::sync::{
    Affiliations, Base, GUARD_PERIOD, Item, LocalRoom, OtherRooms, Outbox, ReadMark, RemoteRoom, RemoteUser,
    RoomRead, ServerClass, Stream, UserMark,
};

/// A request for a plan ([`ServerRequest::Plan`](crate::sync::ServerRequest::Plan)).
pub(super) struct PlanRequest {
    pub(super) id: u64,
    pub(super) rooms: Vec<LocalRoom>,
    pub(super) others: OtherRooms,
    pub(super) revision: u64,
    pub(super) affiliations: Affiliations,
}

/// A read of a room.
pub(super) struct Reading {
    pub(super) read: RoomRead,
    /// The hash of the stored base when the read began; 0 if there was none or it could not be read.
    pub(super) base_hash: u64,
    /// When the read began.
    pub(super) began: Timestamp,
    /// The connection on which the room was read.
    pub(super) stream: Stream,
}

/// Reads by room.
pub(super) type Reads = BTreeMap<Jid, Reading>;

/// The changes of this account that the server has lost, as a read showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LostChanges {
    /// No changes were lost.
    #[default]
    None,
    /// Lost changes wait in the outbox to be sent again.
    Wait,
    /// Changes were lost, but another session had the room's lock, so only a later read can note that in the outbox.
    NotNoted,
}

/// The data that the engine keeps for a room.
#[derive(Debug, Default)]
pub(super) struct KnownRoom {
    /// The server's class when the room was last compared; `None` if the room was not compared.
    pub(super) class: Option<ServerClass>,
    /// Whether changed affiliations were to be sent in the last comparison.
    pub(super) affiliations: Affiliations,
    /// The room in the file, as last reported to the engine.
    pub(super) local: Option<Arc<Room>>,
    /// The file's revision with this `local`.
    pub(super) revision: u64,
    /// The base as last read; `None` if there was no valid one.
    pub(super) base: Option<Arc<Base>>,
    /// The last read of the room; `None` if it was dropped or the room was not compared.
    pub(super) read: Option<KnownRead>,
    /// Whether a reported plan contains the last read, so that the room may still be reported as received. Then the read is not
    /// dropped.
    pub(super) is_planned: bool,
    pub(super) lost: LostChanges,
    /// The outbox, if it is not stored because the session has no state folder.
    pub(super) unwritten: Option<Outbox>,
}

/// A room as read from the server, with the file and the base at that time. The read says nothing about items that have changed
/// in the file or the base since.
#[derive(Debug)]
pub(super) struct KnownRead {
    pub(super) room: Arc<RemoteRoom>,
    /// When the read began.
    pub(super) began: Timestamp,
    /// The connection on which the room was read.
    pub(super) stream: Stream,
    /// When the read was created or last updated.
    pub(super) last_updated: Instant,
    /// The approximate memory in bytes, as of the read of the whole room.
    size: usize,
    local: Option<Arc<Room>>,
    base: Option<Arc<Base>>,
    /// The users who were read alone later, each with the values in the file and the base at that time.
    users: BTreeMap<Jid, UserMark>,
}

impl KnownRead {
    /// Creates the read of a whole room, with the file and the base at that time.
    pub(super) fn new(
        room: Arc<RemoteRoom>,
        (began, stream): (Timestamp, Stream),
        local: Option<Arc<Room>>,
        base: Option<Arc<Base>>,
    ) -> Self {
        Self {
            size: room.size(),
            last_updated: Instant::now(),
            room,
            began,
            stream,
            local,
            base,
            users: BTreeMap::new(),
        }
    }

    /// Updates a user who was read alone, when the file and the base were as in `mark`. `value` is `None` if the server does not
    /// have the user. Returns whether the user has changed.
    pub(super) fn update_user(&mut self, mark: &ReadMark<'_>, user: &Jid, value: Option<RemoteUser>) -> bool {
        self.last_updated = Instant::now();
        self.users.insert(user.clone(), UserMark::new(mark, user));
        if self.room.users.get(user) == value.as_ref() {
            return false;
        }
        let users = &mut Arc::make_mut(&mut self.room).users;
        match value {
            Some(value) => drop(users.insert(user.clone(), value)),
            None => drop(users.remove(user)),
        }
        true
    }

    /// The approximate memory of the room when it was read as a whole, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The number of users who were read alone.
    pub(super) fn users_read_alone(&self) -> usize {
        self.users.len()
    }

    /// Whether an item has changed in the file since it was read. `now` has the current file.
    pub(super) fn has_local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        match self.user_mark(item) {
            Some(mark) => mark.has_local_changed(now, item),
            // A room that was not in the file was added to the file with the values that were read.
            None => self.local.is_some() && self.mark(now.class).has_local_changed(now, item),
        }
    }

    /// Whether an item has changed in the base since it was read. `now` has the current base.
    pub(super) fn has_base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        match self.user_mark(item) {
            Some(mark) => mark.has_base_changed(now, item),
            None => self.mark(now.class).has_base_changed(now, item),
        }
    }

    /// The file and the base when the item's user was read alone; `None` if the user was not.
    fn user_mark(&self, item: &Item) -> Option<&UserMark> {
        self.users.get(item.user()?)
    }

    /// The file and the base when the whole room was read.
    fn mark(&self, class: ServerClass) -> ReadMark<'_> {
        ReadMark {
            class,
            local: self.local.as_deref(),
            base: self.base.as_deref(),
        }
    }
}

impl KnownRoom {
    /// The current outbox.
    pub(super) fn outbox(&self, files: &ServerFiles, class: ServerClass, room: &Jid) -> Outbox {
        self.unwritten
            .clone()
            .unwrap_or_else(|| files.outbox(room, class))
    }
}

/// Finds the users who lost hats by this actor's commits within the [`GUARD_PERIOD`] before `now`, and after someone last
/// accepted removals in the room. Returns room, user and time of each loss.
///
/// Errors: the history cannot be read.
pub(super) fn recent_hat_losses(
    data_file: &Path,
    actor: &str,
    now: Timestamp,
) -> Result<Vec<(Jid, Jid, Timestamp)>, StoreError> {
    let since = now.checked_sub(GUARD_PERIOD).unwrap_or(Timestamp::MIN);
    let entries = store::read_recent(data_file, actor, since)?;
    let mut losses = Vec::new();
    let mut accepted = BTreeSet::new();
    // The entries are sorted, the newest first.
    for entry in &entries {
        if entry.accepted_removals {
            accepted.extend(entry.group.0.iter().filter_map(Edit::room));
        }
        let edits = entry.group.0.iter();
        for edit in edits.filter(|edit| edit.room().is_none_or(|room| !accepted.contains(room))) {
            let lost = users_losing_hats(edit)
                .into_iter()
                .zip(std::iter::repeat(edit.room()));
            losses.extend(lost.filter_map(|(user, room)| Some((room?.clone(), user, entry.time))));
        }
    }
    Ok(losses)
}

/// The users who lose a hat by an edit.
fn users_losing_hats(edit: &Edit) -> BTreeSet<Jid> {
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
