//! What can be undone and redone.

use std::collections::VecDeque;

use crate::model::Group;
use crate::store::ChangeReason;

/// The role of a change in undo and redo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Do,
    Undo,
    Redo,
    /// Reverts an entry chosen in the history; itself a change that can be undone.
    Revert,
}

/// A change of this session that can be undone or redone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UndoStep {
    pub id: u64,
    /// It reverted an entry of the history; undoing it applies that entry again.
    pub reverts_entry: bool,
    pub revision: Option<u64>,
    pub group: Group,
    /// Why it was made.
    pub reason: Option<ChangeReason>,
}

/// The search for changes of earlier sessions that can be undone or redone.
#[derive(Debug, Clone, Default)]
pub(super) struct UndoSearch {
    /// Undos and redos waiting for it; the first is being searched.
    pub requests: VecDeque<ChangeKind>,
    /// Whether the request was sent.
    pub is_sent: bool,
    /// Whether nothing is left to undo, as far as this session knows.
    pub found_nothing: bool,
}
