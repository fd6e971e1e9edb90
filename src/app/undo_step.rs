//! Changes that can be undone and redone.

use std::collections::VecDeque;

use crate::model::EditGroup;
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

/// A change that can be undone or redone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UndoStep {
    /// The number of the change in this session; 0 for a change of an earlier session.
    pub id: u64,
    /// Whether the change reverted an entry of the history; undoing it applies that entry again.
    pub reverts_entry: bool,
    /// The revision of the change; `None` until the change is saved.
    pub revision: Option<u64>,
    pub group: EditGroup,
    /// The reason given for the change.
    pub reason: Option<ChangeReason>,
}

/// The search for changes of earlier sessions that can be undone or redone.
#[derive(Debug, Clone, Default)]
pub(super) struct UndoSearch {
    /// Undos and redos that wait for a search, in order; the current search is for the first one.
    pub requests: VecDeque<ChangeKind>,
    /// Whether the search was requested from the store worker, which has not answered yet.
    pub is_sent: bool,
    /// Whether the user did something else while the history is searched; then the result does not move the selection.
    pub has_other_input: bool,
    /// Whether nothing is left to undo, as far as this session knows.
    pub found_nothing: bool,
}
