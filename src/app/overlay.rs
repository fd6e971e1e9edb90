//! Questions that lie over the panes: a confirmation, and a conflict.

use crate::model::Group;
use crate::store::Change;

use super::prompt::ExportRequest;

/// A question before something that takes more away than one hat.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The question, from outside in part.
    pub question: String,
    /// What follows from a yes.
    pub consequence: String,
    pub(super) action: ConfirmedAction,
}

/// What a yes does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConfirmedAction {
    Commit(Group),
    Export(ExportRequest),
    DiscardForm,
    QuitUnsaved,
    QuitDiscarding,
    RecreateFile,
    DiscardDraft,
}

/// Two sides of one thing; nothing is written until somebody chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What both changed.
    pub what: String,
    /// What this moderator wants, in words.
    pub yours: String,
    /// What is there now, in words.
    pub theirs: String,
    pub(super) subject: ConflictSubject,
}

/// What the conflict is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConflictSubject {
    /// The form below: its `before` is not what is there.
    Form,
    /// A change that was refused when it was to be written.
    Change(Change),
}

impl Conflict {
    /// The change that waits for a decision, where it is one.
    pub(super) fn change(&self) -> Option<&Change> {
        match &self.subject {
            ConflictSubject::Form => None,
            ConflictSubject::Change(change) => Some(change),
        }
    }
}
