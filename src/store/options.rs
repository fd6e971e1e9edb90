//! The options of a store.

use super::{CommitHooks, Scope};

/// Options of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// The actor of changes, as recorded in the history.
    pub actor: String,
    /// The restrictions on what can be seen and changed.
    pub scope: Scope,
    /// The hook to call around commits, if any.
    pub hooks: CommitHooks,
}
