//! The data file as it is now. Requests come with what it was when they were made, and other sessions write it, too.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Jid, Room, Wardrobe};
use crate::store::{self, Scope, Store, StoreError, StoreOptions};
use crate::sync::{Base, BaseMove, ItemValue, ServerClass, SetAside};

/// The data file of a session.
#[derive(Debug)]
pub(super) struct DataFile {
    path: PathBuf,
    /// It is only read here.
    scope: Scope,
    server: Arc<str>,
    /// What was last read.
    read: RefCell<Option<Store>>,
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
            read: RefCell::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn server(&self) -> &Arc<str> {
        &self.server
    }

    /// Checks that a base is valid for this server. `seen` is a revision that the data file has reached. It is older than
    /// the base only if it is so now: another session may have written both since a request was made.
    ///
    /// Errors: why not.
    pub(super) fn check(&self, base: &Base, class: ServerClass, seen: u64) -> Result<(), SetAside> {
        let mut revision = seen;
        if seen < base.revision {
            revision = store::read_revision(&self.path).unwrap_or_else(|error| {
                log::warn!(reason:% = error; "data file unreadable");
                // Not known to be older.
                u64::MAX
            });
        }
        base.check(&self.server, class, revision)
    }

    /// The room as it is now, with the revision; `None` if the file still has this revision.
    pub(super) fn newer(&self, room: &Jid, than: u64) -> Result<Option<RoomThen>, StoreError> {
        if store::read_revision(&self.path)? == than {
            return Ok(None);
        }
        self.current(|wardrobe| Some((wardrobe.room(room).cloned(), wardrobe.revision)))
    }

    /// The addresses of its rooms.
    pub(super) fn rooms(&self) -> Result<Vec<Jid>, StoreError> {
        self.current(|wardrobe| wardrobe.rooms().map(|(room, _)| room.clone()).collect())
    }

    fn current<T>(&self, get: impl FnOnce(&Wardrobe) -> T) -> Result<T, StoreError> {
        let mut read = self.read.borrow_mut();
        let store = if let Some(store) = &mut *read {
            store.refresh()?;
            store
        } else {
            let options = StoreOptions {
                scope: self.scope.clone(),
                ..StoreOptions::default()
            };
            read.insert(Store::open(&self.path, options)?)
        };
        Ok(get(store.wardrobe()))
    }

    /// Frees the content of the file.
    pub(super) fn close(&self) {
        self.read.take();
    }
}

/// A room of the file, with the file's revision.
type RoomThen = (Option<Arc<Room>>, u64);

/// A step of a base, with the value before it.
#[derive(Debug)]
pub(super) struct BaseStep {
    step: BaseMove,
    before: Option<ItemValue>,
}

impl BaseStep {
    /// Moves what this session knows of a base on.
    pub(super) fn take(known: Option<&mut Base>, step: BaseMove) -> Self {
        let mut before = None;
        if let Some(base) = known {
            before = base.value(&step.item);
            base.set(&step.item, step.value.clone());
        }
        Self { step, before }
    }

    /// Moves the stored base on, but not where another session did so since: that one saw more.
    pub(super) fn store(&self, base: &mut Base) {
        if base.may_be(&self.step.item, self.before.as_ref()) {
            base.set(&self.step.item, self.step.value.clone());
        }
    }
}
