//! The consequences of a command's commits that still have to be handled, such as changes to send.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::sync::AfterCommit;

/// The consequences of the commits of a session that still have to be handled; clones share them. Any two values compare
/// as equal, so that comparisons of session contexts ignore this field.
#[derive(Clone, Default)]
pub struct SavedChanges(Arc<Mutex<Vec<AfterCommit>>>);

impl fmt::Debug for SavedChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SavedChanges")
    }
}

impl PartialEq for SavedChanges {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for SavedChanges {}

impl SavedChanges {
    pub(super) fn push(&self, after: AfterCommit) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(after);
    }

    pub(super) fn take(&self) -> Vec<AfterCommit> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
