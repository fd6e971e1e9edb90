//! Stored documents of a server's rooms: bases next to the data file, outboxes in the account's state folder.
//!
//! Others can write next to the data file, so nothing that is stored there causes anything to be sent: a base only records
//! values that both sides had, and changes come from the file or from the outbox, which only this account can write.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::base_cache::BaseCache;
use crate::model::{Jid, Room};
use crate::store::{Paths, SideFolder, SideLock, StoreError};
use crate::sync::{Base, Item, MAX_BASE_BYTES, MAX_OUTBOX_BYTES, Outbox, ServerClass, SetAside};

/// The documents of one server's rooms.
#[derive(Debug)]
pub(super) struct ServerFiles {
    server: Arc<str>,
    /// The resolved path of the data file.
    data_file: PathBuf,
    bases: SideFolder,
    cache: BaseCache,
    /// `None`: there is no state folder. Then changes are sent only by applying plans, and interrupted ones are not finished.
    outboxes: Option<SideFolder>,
}

/// A base, `None` if there is none, or why the base cannot be used; and the hash of its document, or 0 if there is none or it
/// cannot be read.
pub(super) type StoredBase = (Result<Option<Arc<Base>>, SetAside>, u64);

/// The lower-case hexadecimal digits of a hash.
pub(super) fn hex(hash: Sha256) -> String {
    use std::fmt::Write as _;
    hash.finalize().iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}"); // to memory: cannot fail
        name
    })
}

impl ServerFiles {
    /// Creates the files of a server. `state_dir` is the account's state folder, if there is one.
    pub(super) fn new(
        server: &Arc<str>,
        data_file: &Path,
        state_dir: Option<&Path>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            server: server.clone(),
            data_file: Paths::resolve(data_file)?.data,
            bases: SideFolder::next_to(data_file, "servers", server)?,
            cache: BaseCache::default(),
            outboxes: state_dir.map(|state_dir| SideFolder::private(state_dir, "outbox")),
        })
    }

    /// Whether outboxes are stored.
    pub(super) fn keeps_outboxes(&self) -> bool {
        self.outboxes.is_some()
    }

    /// The name of the base of a room.
    fn base_name(room: &Jid) -> String {
        let mut hash = Sha256::new();
        hash.update(room.as_str());
        hex(hash)
    }

    /// The name of the outbox for this data file, server and room.
    fn outbox_name(&self, room: &Jid) -> String {
        let mut hash = Sha256::new();
        for part in [
            self.data_file.as_os_str().as_encoded_bytes(),
            self.server.as_bytes(),
            room.as_str().as_bytes(),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hex(hash)
    }

    /// Reads the base of a room. Returns the base, and the hash of its document: 0 if there is none or it cannot be read.
    ///
    /// Errors: the base exists but cannot be read or is invalid.
    pub(super) fn base(&self, room: &Jid) -> StoredBase {
        match self.bases.read(&Self::base_name(room), MAX_BASE_BYTES) {
            Ok(None) => (Ok(None), 0),
            Ok(Some(bytes)) => {
                let (base, hash) = self.cache.parse(bytes, room);
                (base.map(Some), hash)
            }
            Err(error) => {
                log::warn!(room:% = room, reason:% = error; "base unreadable");
                (Err(SetAside::Unreadable), 0)
            }
        }
    }

    /// The hash of the stored base of a room; 0 if there is none or it cannot be read.
    pub(super) fn base_hash(&self, room: &Jid) -> u64 {
        let stored = self.bases.read(&Self::base_name(room), MAX_BASE_BYTES);
        let bytes = stored.ok().flatten();
        bytes.map_or(0, |bytes| self.cache.hash(&bytes))
    }

    /// Whether there is a base of a room, valid or not.
    pub(super) fn has_base(&self, room: &Jid) -> bool {
        self.bases.contains(&Self::base_name(room))
    }

    /// Takes the lock of the session that follows a room of this data file on this machine. Returns `None` if another session
    /// has the lock.
    pub(super) fn follower_lock(&self, room: &Jid) -> Result<Option<SideLock>, StoreError> {
        let name = format!("{}.follower", Self::base_name(room));
        self.bases.lock(&name, Duration::ZERO)
    }

    /// The note that the session that follows a room last wrote into its lock; `None` if there is none.
    pub(super) fn follower_note(&self, room: &Jid) -> Option<Vec<u8>> {
        self.bases
            .lock_note(&format!("{}.follower", Self::base_name(room)))
    }

    /// Replaces the base of a room, durably. `change` gets the stored base and returns the new one; `None` removes the base.
    /// Returns the new base.
    pub(super) fn update_base(
        &self,
        room: &Jid,
        change: impl FnOnce(Result<Option<Base>, SetAside>) -> Option<Base>,
    ) -> Result<Option<Arc<Base>>, StoreError> {
        let mut written = None;
        self.bases
            .update(&Self::base_name(room), MAX_BASE_BYTES, |stored| {
                let stored = match stored {
                    Ok(None) => Ok(None),
                    Ok(Some(bytes)) => self.cache.parse(bytes, room).0.map(|base| Some((*base).clone())),
                    Err(_) => Err(SetAside::Unreadable),
                };
                change(stored).map(|base| {
                    let bytes = base.to_bytes();
                    written = Some((base, bytes.clone()));
                    bytes
                })
            })?;
        Ok(written.map(|(base, bytes)| self.cache.set(base, bytes)))
    }

    /// Locks a room for this account, for the time from sending changes until their answers are recorded. Waits at most this
    /// long; returns `None` if another session still has the lock then. Without a state folder there is nothing to lock.
    pub(super) fn lock(&self, room: &Jid, wait: Duration) -> Result<Option<RoomLock>, StoreError> {
        let Some(outboxes) = &self.outboxes else {
            return Ok(Some(RoomLock(None)));
        };
        let lock = outboxes.lock(&self.outbox_name(room), wait)?;
        Ok(lock.map(RoomLock::of))
    }

    /// Whether there is an outbox of a room, valid or not.
    pub(super) fn has_outbox(&self, room: &Jid) -> bool {
        let name = self.outbox_name(room);
        let outboxes = self.outboxes.as_ref();
        outboxes.is_some_and(|outboxes| !matches!(outboxes.read(&name, MAX_OUTBOX_BYTES), Ok(None)))
    }

    /// The outbox of a room; empty if there is no valid one.
    pub(super) fn outbox(&self, room: &Jid, class: ServerClass) -> Outbox {
        let read = self
            .outboxes
            .as_ref()
            .map(|outboxes| outboxes.read(&self.outbox_name(room), MAX_OUTBOX_BYTES));
        let bytes = match read {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => {
                log::warn!(room:% = room, reason:% = error; "outbox unreadable");
                None
            }
            None => None,
        };
        let read = bytes.and_then(|bytes| Outbox::read(&bytes, &self.server, class, room));
        read.unwrap_or_else(|| Outbox::new(&self.server, class, room))
    }

    /// Writes the outbox of a room, durably, with the changes that other sessions of the account have prepared since it was
    /// read. Without a state folder nothing is written.
    pub(super) fn write_outbox(&self, outbox: &Outbox) -> Result<(), StoreError> {
        let Some(outboxes) = &self.outboxes else {
            return Ok(());
        };
        let name = self.outbox_name(&outbox.room);
        if outbox.is_empty() && matches!(outboxes.read(&name, MAX_OUTBOX_BYTES), Ok(None)) {
            return Ok(());
        }
        self.update_outbox(&outbox.room, outbox.class, |stored| {
            let mut outbox = outbox.clone();
            outbox.adopt_prepared(stored);
            *stored = outbox;
        })
    }

    /// Reads the outbox of a room, and takes over the changes that any session of this account has prepared, if they are in
    /// the file. `local` is the file's room; `session_began`: when this session began.
    pub(super) fn take_over(
        &self,
        room: &Jid,
        class: ServerClass,
        local: Option<&Room>,
        lock: &mut RoomLock,
        session_began: Timestamp,
    ) -> Outbox {
        let mut outbox = self.outbox(room, class);
        let sent_until = if lock.is_leftover() {
            Timestamp::MAX
        } else {
            session_began
        };
        outbox.take_over(local, Timestamp::now(), sent_until);
        if !outbox.has_taken_over() {
            lock.set_stays(false);
        }
        outbox
    }

    /// Writes an outbox from [`ServerFiles::take_over`], durably. After that the document alone shows which changes may have
    /// been sent, so no leftover of the lock is needed.
    pub(super) fn write_taken_over(
        &self,
        outbox: &mut Outbox,
        lock: &mut RoomLock,
    ) -> Result<(), StoreError> {
        self.write_outbox(outbox)?;
        outbox.note_stored();
        lock.set_stays(false);
        Ok(())
    }

    /// Takes over the changes that were prepared for the items of an outbox since it was read, while its changes are being
    /// sent. Returns the items whose changes were replaced.
    pub(super) fn take_over_since(
        &self,
        outbox: &mut Outbox,
        local: Option<&Room>,
        lock: &mut RoomLock,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut updated, mut replaced) = (outbox.clone(), Vec::new());
        self.update_outbox(&outbox.room, outbox.class, |stored| {
            replaced = updated.take_over_since(stored, local, Timestamp::now());
        })?;
        *outbox = updated;
        outbox.note_stored();
        lock.set_stays(false);
        Ok(replaced)
    }

    /// Changes the stored outbox of a room, durably. Without a state folder nothing is written.
    pub(super) fn update_outbox(
        &self,
        room: &Jid,
        class: ServerClass,
        change: impl FnOnce(&mut Outbox),
    ) -> Result<(), StoreError> {
        let Some(outboxes) = &self.outboxes else {
            return Ok(());
        };
        outboxes.update(&self.outbox_name(room), MAX_OUTBOX_BYTES, |stored| {
            let stored = stored.ok().flatten();
            let read = stored.and_then(|bytes| Outbox::read(&bytes, &self.server, class, room));
            let mut outbox = read.unwrap_or_else(|| Outbox::new(&self.server, class, room));
            change(&mut outbox);
            outbox.to_bytes()
        })
    }
}

/// The lock that is held while changes of a room are sent. A leftover lock shows that prepared changes of the room may have
/// been sent although the stored outbox does not say so, because a session ended before it could write that, or the disk was
/// full. The lock is left until the outbox is written.
#[derive(Debug)]
pub(super) struct RoomLock(Option<SideLock>);

impl RoomLock {
    /// Wraps a lock. A leftover is left again unless [`RoomLock::set_stays`] changes that.
    fn of(mut lock: SideLock) -> Self {
        lock.set_stays(lock.is_leftover());
        Self(Some(lock))
    }

    /// Whether the previous session left the lock.
    fn is_leftover(&self) -> bool {
        self.0.as_ref().is_some_and(SideLock::is_leftover)
    }

    /// Sets whether the lock is left when it is released, so that the next session finds a leftover.
    pub(super) fn set_stays(&mut self, stays: bool) {
        if let Some(lock) = &mut self.0 {
            lock.set_stays(stays);
        }
    }
}
