//! The options of a store.

use super::{CommitHooks, Scope};

/// Options of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// The author of changes, as recorded in the history.
    pub actor: String,
    /// What can be seen and changed.
    pub scope: Scope,
    /// What is called around commits.
    pub hooks: CommitHooks,
}
