//! Overlays that ask a question: a confirmation and a conflict.

use crate::model::Group;
use crate::store::Change;

use super::prompt::ExportRequest;

/// A question that has to be confirmed before a change or before quitting.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The action, as a verb with its object, such as `Remove users`.
    pub title: &'static str,
    /// The question with the affected items. Parts of it come from outside and have to be sanitized.
    pub question: String,
    /// The consequences of confirming, as sentences; may be empty.
    pub consequence: String,
    pub(super) action: ConfirmedAction,
}

impl Confirm {
    /// What declining does, if more than canceling the question.
    pub fn alternative(&self) -> Option<&'static str> {
        matches!(self.action, ConfirmedAction::DiscardForm).then_some("Keep editing")
    }

    /// The label of the key that confirms: the verb of the title.
    pub fn verb(&self) -> &'static str {
        self.title.split(' ').next().unwrap_or_default()
    }
}

/// What confirming does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConfirmedAction {
    Commit(Group),
    Export(ExportRequest),
    DiscardForm,
    QuitUnsaved,
    QuitDiscarding,
    RecreateFile,
    DiscardDraft,
    ApplyPlan,
    DiscardPlan,
}

/// A conflict with a change by someone else. Nothing is saved until the user chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What both changed.
    pub what: String,
    /// This session's change, in words.
    pub yours: String,
    /// The current value, in words.
    pub theirs: String,
    pub(super) subject: ConflictSubject,
}

/// What the conflict is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConflictSubject {
    /// The form below, whose `before` no longer matches the data.
    Form,
    /// A change that the store worker rejected.
    Change(Change),
}

impl Conflict {
    /// The rejected change, if that is what the conflict is about.
    pub(super) fn change(&self) -> Option<&Change> {
        match &self.subject {
            ConflictSubject::Form => None,
            ConflictSubject::Change(change) => Some(change),
        }
    }
}
