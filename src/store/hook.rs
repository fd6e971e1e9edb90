//! What must be durable before a commit: sessions that send changes to servers note them in their outboxes first, so that a
//! crash between the commit and the sending loses nothing.

use std::fmt;
use std::sync::Arc;

use super::Change;
use crate::model::{Group, Wardrobe};

/// A change that is about to be written.
#[derive(Debug)]
pub struct PreparedChange<'a> {
    /// The change as requested.
    pub change: &'a Change,
    /// The edits to write, on the current content of the file.
    pub group: &'a Group,
    /// The file's content before the change.
    pub before: &'a Wardrobe,
    /// The file's content after the change.
    pub after: &'a Wardrobe,
}

/// Is called by a [`Store`](super::Store) around its commits, under the lock of the data file. It cannot fail: what it does
/// not note is left to the comparison with the server.
pub trait CommitHook: Send + Sync {
    /// These changes are about to be written. It is called again if the file was changed meanwhile. Returns for each of them
    /// the names of the servers to which it is noted to be sent; the history has them.
    fn prepare(&self, changes: &[PreparedChange<'_>]) -> Vec<Vec<Box<str>>>;
    /// What was prepared is in the file durably; this is its content. Also called if nothing was prepared.
    fn committed(&self, content: &Wardrobe);
    /// What was prepared was not written.
    fn withdrawn(&self);
}

/// The hook of a store, if it has one. Two are equal if they are the same.
#[derive(Clone, Default)]
pub struct CommitHooks(Option<Arc<dyn CommitHook>>);

impl CommitHooks {
    /// Calls this hook.
    pub fn new(hook: Arc<dyn CommitHook>) -> Self {
        Self(Some(hook))
    }

    /// Prepares changes, each with the edits to write and the content before and after it.
    pub(super) fn prepare(&self, changes: &[(&Change, Group, [Wardrobe; 2])]) -> Vec<Vec<Box<str>>> {
        let Some(hook) = self.get() else {
            return Vec::new();
        };
        let prepared = changes
            .iter()
            .map(|(change, group, [before, after])| PreparedChange {
                change,
                group,
                before,
                after,
            });
        hook.prepare(&prepared.collect::<Vec<_>>())
    }

    pub(super) fn get(&self) -> Option<&dyn CommitHook> {
        self.0.as_deref()
    }
}

impl fmt::Debug for CommitHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "CommitHooks(1)"
        } else {
            "CommitHooks(0)"
        })
    }
}

impl PartialEq for CommitHooks {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for CommitHooks {}
