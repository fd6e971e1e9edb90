//! Stored documents of a server's rooms: bases beside the data file, outboxes in the account's state folder.
//!
//! Others can write beside the data file, so nothing there causes anything to be sent: a base only records what both
//! sides had, and changes come from the file or from the outbox, which only this account can write.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::Jid;
use crate::store::{Paths, SideFolder, SideLock, StoreError};
use crate::sync::{Base, LARGEST_BASE, LARGEST_OUTBOX, Outbox, ServerClass, SetAside};

/// The documents of one server's rooms.
#[derive(Debug)]
pub(super) struct ServerFiles {
    server: Arc<str>,
    data: PathBuf,
    bases: SideFolder,
    /// `None`: there is no state folder. Then changes are sent only by plans, and interrupted ones are not finished.
    outboxes: Option<SideFolder>,
}

/// The lower-case hexadecimal digits of a hash.
fn hex(hash: Sha256) -> String {
    use std::fmt::Write as _;
    hash.finalize().iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}"); // to memory: cannot fail
        name
    })
}

fn hash(stored: &Result<Option<Vec<u8>>, StoreError>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match stored {
        Ok(None) | Err(_) => return 0,
        Ok(Some(bytes)) => hasher.write(bytes),
    }
    hasher.finish()
}

impl ServerFiles {
    /// Creates the files of a server. `state` is the account's state folder.
    pub(super) fn new(server: &Arc<str>, data: &Path, state: Option<&Path>) -> Result<Self, StoreError> {
        Ok(Self {
            server: server.clone(),
            data: Paths::resolve(data)?.data,
            bases: SideFolder::beside(data, "servers", server)?,
            outboxes: state.map(|state| SideFolder::private(state, "outbox")),
        })
    }

    /// Whether outboxes are stored.
    pub(super) fn keeps_outboxes(&self) -> bool {
        self.outboxes.is_some()
    }

    fn base_name(room: &Jid) -> String {
        let mut hash = Sha256::new();
        hash.update(room.as_str());
        hex(hash)
    }

    /// The path for this data file, server and room.
    fn outbox_name(&self, room: &Jid) -> String {
        let mut hash = Sha256::new();
        for part in [
            self.data.as_os_str().as_encoded_bytes(),
            self.server.as_bytes(),
            room.as_str().as_bytes(),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hex(hash)
    }

    /// The base of a room, and a hash of the stored document: 0 if there is none.
    ///
    /// Errors: it exists but cannot be read.
    pub(super) fn base(&self, room: &Jid) -> (Result<Option<Base>, SetAside>, u64) {
        let stored = self.bases.read(&Self::base_name(room), LARGEST_BASE);
        let hash = hash(&stored);
        let base = match stored {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => Base::read(&bytes, room).map(Some),
            Err(error) => {
                log::warn!(room:% = room, reason:% = error; "base unreadable");
                Err(SetAside::Unreadable)
            }
        };
        (base, hash)
    }

    /// The hash of the stored base of a room.
    pub(super) fn base_hash(&self, room: &Jid) -> u64 {
        hash(&self.bases.read(&Self::base_name(room), LARGEST_BASE))
    }

    /// Replaces the base of a room, durably. `with` gets the existing one; `None` removes it.
    pub(super) fn update_base(
        &self,
        room: &Jid,
        with: impl FnOnce(Result<Option<Base>, SetAside>) -> Option<Base>,
    ) -> Result<(), StoreError> {
        self.bases.update(&Self::base_name(room), LARGEST_BASE, |there| {
            let there = match there {
                Ok(None) => Ok(None),
                Ok(Some(bytes)) => Base::read(&bytes, room).map(Some),
                Err(_) => Err(SetAside::Unreadable),
            };
            with(there).map(|base| base.to_bytes())
        })
    }

    /// Locks a room for this account, from sending to the recorded answer, waiting at most this long. `None` if another
    /// session has the lock. Without a state folder there is nothing to lock.
    pub(super) fn lock(&self, room: &Jid, wait: Duration) -> Result<Option<RoomLock>, StoreError> {
        let Some(outboxes) = &self.outboxes else {
            return Ok(Some(RoomLock(None)));
        };
        let lock = outboxes.lock(&self.outbox_name(room), wait)?;
        Ok(lock.map(|lock| RoomLock(Some(lock))))
    }

    /// The outbox of a room; empty if there is no valid one.
    pub(super) fn outbox(&self, room: &Jid, class: ServerClass) -> Outbox {
        let read = self
            .outboxes
            .as_ref()
            .map(|outboxes| outboxes.read(&self.outbox_name(room), LARGEST_OUTBOX));
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

    /// Writes the outbox of a room, durably. Without a state folder nothing is written.
    pub(super) fn write_outbox(&self, outbox: &Outbox) -> Result<(), StoreError> {
        let Some(outboxes) = &self.outboxes else {
            return Ok(());
        };
        let name = self.outbox_name(&outbox.room);
        let bytes = outbox.to_bytes();
        if bytes.is_none() && matches!(outboxes.read(&name, LARGEST_OUTBOX), Ok(None)) {
            return Ok(());
        }
        outboxes.update(&name, LARGEST_OUTBOX, |_| bytes)
    }
}

/// Held while changes of a room are sent.
#[derive(Debug)]
pub(super) struct RoomLock(#[expect(dead_code, reason = "held until it is dropped")] Option<SideLock>);
