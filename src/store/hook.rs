//! The hook that a store calls around its commits. Sessions that send changes to servers use it to note the changes in
//! their outboxes before the commit, so that a crash between the commit and the sending loses nothing.

use std::fmt;
use std::sync::Arc;
use std::thread::Builder;

use super::Change;
use crate::model::{EditGroup, Wardrobe};

/// A change that is about to be written.
#[derive(Debug)]
pub struct PreparedChange<'a> {
    /// The change as requested.
    pub change: &'a Change,
    /// The edits to write, on the current content of the file.
    pub group: &'a EditGroup,
    /// The file's content before the change.
    pub before: &'a Wardrobe,
    /// The file's content after the change.
    pub after: &'a Wardrobe,
}

/// A change together with the edits that it makes on the current content of the file.
pub(super) struct RebasedChange<'a> {
    pub(super) change: &'a Change,
    pub(super) group: EditGroup,
    pub(super) before: Wardrobe,
    pub(super) after: Wardrobe,
}

impl RebasedChange<'_> {
    fn as_prepared(&self) -> PreparedChange<'_> {
        PreparedChange {
            change: self.change,
            group: &self.group,
            before: &self.before,
            after: &self.after,
        }
    }
}

/// A hook that a [`Store`](super::Store) calls around its commits, under the lock of the data file. It cannot fail:
/// changes that it does not note are left to the comparison with the server.
pub trait CommitHook: Send + Sync {
    /// Notes changes that are about to be written. Called before the changes are in the file, perhaps in another
    /// thread, and again if the file was changed meanwhile. Returns, for each change, the names of the servers to which
    /// it is to be sent; the history records these names.
    fn prepare(&self, changes: &[PreparedChange<'_>]) -> Vec<Vec<Box<str>>>;
    /// Called when the prepared changes are durable in the file, which has this content. Also called if no changes were
    /// prepared.
    fn committed(&self, content: &Wardrobe);
    /// Called when the prepared changes were not written. Also called if no changes were prepared.
    fn withdrawn(&self);
}

/// The hook of a store, or none. Two values are equal if both have the same hook or both have none.
#[derive(Clone, Default)]
pub struct CommitHooks(Option<Arc<dyn CommitHook>>);

impl CommitHooks {
    /// The value with this hook.
    pub fn new(hook: Arc<dyn CommitHook>) -> Self {
        Self(Some(hook))
    }

    /// Lets the hook prepare changes while `work` runs, as both wait for the disk. Returns the names of the servers for
    /// each change (none without a hook) and the result of `work`.
    pub(super) fn prepare_during<T>(
        &self,
        changes: &[RebasedChange<'_>],
        work: impl FnOnce() -> T,
    ) -> (Vec<Vec<Box<str>>>, T) {
        let Some(hook) = self.get().filter(|_| !changes.is_empty()) else {
            return (Vec::new(), work());
        };
        let prepared: Vec<_> = changes.iter().map(RebasedChange::as_prepared).collect();
        let prepare = || hook.prepare(&prepared);
        std::thread::scope(|scope| {
            let Ok(preparing) = Builder::new().name("outbox".into()).spawn_scoped(scope, prepare) else {
                return (prepare(), work());
            };
            let result = work();
            match preparing.join() {
                Ok(server_names) => (server_names, result),
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
