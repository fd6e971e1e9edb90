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

/// The request for a plan.
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
    /// The hash of the stored base when the read began; 0 if there was none.
    pub(super) base_hash: u64,
    /// When the read began.
    pub(super) began: Timestamp,
    /// The connection on which the room was read.
    pub(super) stream: Stream,
}

/// Reads by room.
pub(super) type Reads = BTreeMap<Jid, Reading>;

/// Whether a read showed that the server has lost changes of this account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing.
    #[default]
    Nothing,
    /// Lost changes wait in the outbox to be sent again.
    Waits,
    /// Changes were lost, but another session had the room's lock, so only a later read can note that in the outbox.
    NotNoted,
}

/// The data that is kept for a room since its last read.
#[derive(Debug, Default)]
pub(super) struct KnownRoom {
    /// The server's class when the room was last compared; `None` if it was not.
    pub(super) class: Option<ServerClass>,
    /// How changed affiliations were to be handled in the last comparison.
    pub(super) affiliations: Affiliations,
    /// The room in the file, as last reported to the engine.
    pub(super) local: Option<Arc<Room>>,
    /// The file's revision at that time.
    pub(super) revision: u64,
    /// The base as last known; `None` if there was no valid one.
    pub(super) base: Option<Arc<Base>>,
    /// The last read of the room; `None` if it was dropped or the room was not compared.
    pub(super) read: Option<KnownRead>,
    /// Whether a plan contains the read and may still report it as received; then the read is not dropped.
    pub(super) planned: bool,
    pub(super) lost: Lost,
    /// The outbox, if the session has no state folder.
    pub(super) unwritten: Option<Outbox>,
}

/// A room as read from the server, with the file and the base at that time: the read says nothing about items that changed
/// there since.
#[derive(Debug)]
pub(super) struct KnownRead {
    pub(super) room: Arc<RemoteRoom>,
    /// When the read began.
    pub(super) began: Timestamp,
    /// The connection on which the room was read.
    pub(super) stream: Stream,
    /// When the read was last created or updated.
    pub(super) used: Instant,
    /// The approximate memory in bytes, without changes by users who were read alone later.
    size: usize,
    local: Option<Arc<Room>>,
    base: Option<Arc<Base>>,
    /// Users who were read alone later.
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
            used: Instant::now(),
            room,
            began,
            stream,
            local,
            base,
            users: BTreeMap::new(),
        }
    }

    /// Updates a user who was read alone, when file and base were `mark`; `value` is `None` if the server does not have the
    /// user. Returns whether anything changed.
    pub(super) fn take_user(&mut self, mark: &ReadMark<'_>, user: &Jid, value: Option<RemoteUser>) -> bool {
        self.used = Instant::now();
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

    /// The approximate memory of the room, in bytes, when it was read as a whole.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The number of users who were read alone.
    pub(super) fn users_read_alone(&self) -> usize {
        self.users.len()
    }

    /// Whether an item changed in the file since it was read.
    pub(super) fn local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        match self.user_mark(item) {
            Some(mark) => mark.local_changed(now, item),
            // A room that was not in the file was added to it as it was read.
            None => self.local.is_some() && self.mark(now.class).local_changed(now, item),
        }
    }

    /// Whether an item changed in the base since it was read.
    pub(super) fn base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        match self.user_mark(item) {
            Some(mark) => mark.base_changed(now, item),
            None => self.mark(now.class).base_changed(now, item),
        }
    }

    fn user_mark(&self, item: &Item) -> Option<&UserMark> {
        self.users.get(item.user()?)
    }

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

/// The users who lost a hat by this actor's commits within [`GUARD_PERIOD`], and after someone last accepted removals in the
/// room: room, user, time.
///
/// Errors: the history cannot be read.
pub(super) fn recent_hat_losses(
    data: &Path,
    actor: &str,
    now: Timestamp,
) -> Result<Vec<(Jid, Jid, Timestamp)>, StoreError> {
    let since = now.checked_sub(GUARD_PERIOD).unwrap_or(Timestamp::MIN);
    let entries = store::read_recent(data, actor, since)?;
    let mut losses = Vec::new();
    let mut accepted = BTreeSet::new();
    // The newest first.
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
