//! What must be durable before a commit: sessions that send changes to servers note them in their outboxes first, so that a
//! crash between the commit and the sending loses nothing.

use std::fmt;
use std::sync::Arc;
use std::thread::Builder;

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

/// A change on the current content of the file.
pub(super) struct RebasedChange<'a> {
    pub(super) change: &'a Change,
    pub(super) group: Group,
    pub(super) before: Wardrobe,
    pub(super) after: Wardrobe,
}

impl RebasedChange<'_> {
    fn prepared(&self) -> PreparedChange<'_> {
        PreparedChange {
            change: self.change,
            group: &self.group,
            before: &self.before,
            after: &self.after,
        }
    }
}

/// Is called by a [`Store`](super::Store) around its commits, under the lock of the data file. It cannot fail: what it does
/// not note is left to the comparison with the server.
pub trait CommitHook: Send + Sync {
    /// These changes are about to be written: it has returned before they are in the file, and may run in a thread of its own.
    /// It is called again if the file was changed meanwhile. Returns for each of them
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

    /// Prepares changes while `work` is done, as both wait for the disk. Returns the names of the servers for each change,
    /// and what the work returns.
    pub(super) fn prepare_during<T>(
        &self,
        changes: &[RebasedChange<'_>],
        work: impl FnOnce() -> T,
    ) -> (Vec<Vec<Box<str>>>, T) {
        let Some(hook) = self.get().filter(|_| !changes.is_empty()) else {
            return (Vec::new(), work());
        };
        let prepared: Vec<_> = changes.iter().map(RebasedChange::prepared).collect();
        let prepare = || hook.prepare(&prepared);
        std::thread::scope(|scope| {
            let Ok(preparing) = Builder::new().name("outbox".into()).spawn_scoped(scope, prepare) else {
                return (prepare(), work());
            };
            let done = work();
            match preparing.join() {
                Ok(names) => (names, done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
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
