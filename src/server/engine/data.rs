//! Reads the current data file, because a request contains the state of the file when the request was made, and other
//! sessions also write the file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Jid, Room, Wardrobe};
use crate::store::{self, Scope, Store, StoreError, StoreOptions};
use crate::sync::{Base, BaseUpdate, ItemValue, ServerClass, SetAside};

/// The data file of a session.
#[derive(Debug)]
pub(super) struct DataFile {
    path: PathBuf,
    /// The session's scope, but read-only.
    scope: Scope,
    server: Arc<str>,
    /// The open file; `None` if it was not read since the last [`Self::close`].
    store: RefCell<Option<Store>>,
}

impl DataFile {
    pub(super) fn new(path: &Path, scope: &Scope, server: &Arc<str>) -> Self {
        Self {
            path: path.to_path_buf(),
            scope: Scope {
                read_only: true,
                ..scope.clone()
            },
            server: server.clone(),
            store: RefCell::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn server(&self) -> &Arc<str> {
        &self.server
    }

    /// Checks that a base is valid for this server and the data file, of which `known_revision` is the current or an earlier
    /// revision. If that revision is lower than the base's, the current revision is read from the file, because another session
    /// may have written both the file and the base since.
    ///
    /// Errors: why the base is not valid.
    pub(super) fn check(&self, base: &Base, class: ServerClass, known_revision: u64) -> Result<(), SetAside> {
        let mut revision = known_revision;
        if known_revision < base.revision {
            revision = store::read_revision(&self.path).unwrap_or_else(|error| {
                log::warn!(reason:% = error; "data file unreadable");
                // The file is not known to be older than the base.
                u64::MAX
            });
        }
        base.check(&self.server, class, revision)
    }

    /// Reads a room as it is now, with the file's revision; `None` if the file still has the known revision.
    pub(super) fn newer(
        &self,
        room: &Jid,
        known_revision: u64,
    ) -> Result<Option<RoomAtRevision>, StoreError> {
        if store::read_revision(&self.path)? == known_revision {
            return Ok(None);
        }
        self.current(|wardrobe| Some((wardrobe.room(room).cloned(), wardrobe.revision)))
    }

    /// The addresses of the rooms in the file.
    pub(super) fn rooms(&self) -> Result<Vec<Jid>, StoreError> {
        self.current(|wardrobe| wardrobe.rooms().map(|(room, _)| room.clone()).collect())
    }

    /// Reads the current file, and gets something from its content.
    fn current<T>(&self, get: impl FnOnce(&Wardrobe) -> T) -> Result<T, StoreError> {
        let mut open_store = self.store.borrow_mut();
        let store = if let Some(store) = &mut *open_store {
            store.refresh()?;
            store
        } else {
            let options = StoreOptions {
                scope: self.scope.clone(),
                ..StoreOptions::default()
            };
            open_store.insert(Store::open(&self.path, options)?)
        };
        Ok(get(store.wardrobe()))
    }

    /// Frees the content of the file. The next call reads the file again.
    pub(super) fn close(&self) {
        self.store.take();
    }
}

/// A room of the file, `None` if the file does not have it, and the file's revision.
type RoomAtRevision = (Option<Arc<Room>>, u64);

/// An update of a base that was applied to the base in memory, with the value before the update.
#[derive(Debug)]
pub(super) struct AppliedBaseUpdate {
    update: BaseUpdate,
    before: Option<ItemValue>,
}

impl AppliedBaseUpdate {
    /// Applies an update to the base that this session has in memory, if any.
    pub(super) fn apply(base: Option<&mut Base>, update: BaseUpdate) -> Self {
        let mut before = None;
        if let Some(base) = base {
            before = base.value(&update.item);
            base.set(&update.item, update.value.clone());
        }
        Self { update, before }
    }

    /// Applies the update to the stored base, unless another session has updated the item in that base since: then that session
    /// has newer data.
    pub(super) fn apply_to_stored(&self, base: &mut Base) {
        if base.is_value_or_answer(&self.update.item, self.before.as_ref()) {
            base.set(&self.update.item, self.update.value.clone());
        }
    }
}
