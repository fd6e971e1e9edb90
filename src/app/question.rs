//! Questions: a confirmation and a conflict.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{Edit, EditGroup, Jid};
use crate::store::{Change, ChangeReason};
use crate::sync::{Item, ItemValue};

use super::describe;
use super::folding::compare_addresses;
use super::prompt::ExportRequest;
use super::undo_step::{ChangeKind, UndoStep};

/// Maximum number of users in a change that Enter confirms.
const MAX_USERS_FOR_ENTER: usize = 50;

/// A question that the user has to answer before an action is carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The action, as a verb with its object, such as `Remove users`.
    pub title: &'static str,
    /// The question with the affected items, not sanitized.
    pub question: String,
    /// The first of several affected users, such as `ana, bob, carol and 17 more (example.org)`, or of several removed
    /// rooms; else empty.
    pub names: String,
    /// The consequences of confirming, as sentences; may be empty.
    pub consequence: String,
    pub(super) action: ConfirmedAction,
    /// Whether Enter confirms, too: the change can be undone, affects at most 50 users, and removes no user who has
    /// hats and no room that has users.
    pub(super) accepts_enter: bool,
    /// The reason for the change, if the user entered one.
    pub reason: Option<ChangeReason>,
    /// Whether the question was drawn. Before that, Enter does not confirm: it was not pressed for this question.
    pub(super) is_shown: bool,
}

impl Confirm {
    /// A question that has not been shown yet.
    pub(super) fn new(
        title: &'static str,
        question: impl Into<String>,
        consequence: impl Into<String>,
        action: ConfirmedAction,
    ) -> Self {
        let (names, accepts_enter) = match &action {
            ConfirmedAction::Commit(group) => (affected_names(group), accepts_enter(group)),
            ConfirmedAction::RemoveExpired(group) => (affected_names(group), false),
            ConfirmedAction::Undo(undo) => (affected_names(&undo.edits), accepts_enter(&undo.edits)),
            _ => (String::new(), false),
        };
        Self {
            title,
            question: question.into(),
            names,
            consequence: consequence.into(),
            action,
            accepts_enter,
            reason: None,
            is_shown: false,
        }
    }

    /// The label of the key that declines; `None`: the title of its command.
    pub fn decline_label(&self) -> Option<&'static str> {
        matches!(self.action, ConfirmedAction::DiscardForm).then_some("Keep editing")
    }

    /// The label of the key that confirms: the verb of the title, or the whole title if the verb alone is not clear.
    pub fn confirm_label(&self) -> &'static str {
        match self.title.split(' ').next() {
            Some("Make") | None => self.title,
            Some(verb) => verb,
        }
    }
}

fn edited_users(group: &EditGroup) -> BTreeSet<&Jid> {
    group.0.iter().filter_map(Edit::user).collect()
}

/// Names the first of several affected users, else of several removed rooms; empty if there are not several. A domain
/// that all of them share is written once, at the end.
fn affected_names(group: &EditGroup) -> String {
    let mut affected = Vec::from_iter(edited_users(group));
    affected.sort_by(|one, other| compare_addresses(one.as_str(), other.as_str()));
    if affected.len() < 2 {
        let removed = group.0.iter().filter_map(|edit| match edit {
            Edit::Room {
                room, after: None, ..
            } => Some(room),
            _ => None,
        });
        affected = removed.collect();
    }
    if affected.len() < 2 {
        return String::new();
    }
    let domain = affected.first().map(|first| first.domain());
    let shared = domain.filter(|domain| affected.iter().all(|jid| jid.domain() == *domain));
    let locals: Option<Vec<&str>> = affected.iter().map(|jid| jid.local()).collect();
    match (shared, locals) {
        (Some(domain), Some(names)) => format!("{} ({domain})", describe::first_few(&names)),
        _ => describe::first_few(&affected),
    }
}

/// Whether Enter confirms a change that can be undone; see [`Confirm::accepts_enter`].
fn accepts_enter(group: &EditGroup) -> bool {
    let removes_contents = |edit: &Edit| match edit {
        Edit::User {
            before: Some(before),
            after: None,
            ..
        } => !before.hats.is_empty(),
        Edit::Room {
            before: Some(before),
            after: None,
            ..
        } => !before.users().is_empty(),
        _ => false,
    };
    edited_users(group).len() <= MAX_USERS_FOR_ENTER && !group.0.iter().any(removes_contents)
}

/// An undo, redo or revert that the user is asked to confirm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UndoToConfirm {
    pub step: UndoStep,
    pub kind: ChangeKind,
    /// Whether the commit to undo also has edits that this session must not see, which stay in effect.
    pub is_partial: bool,
    /// The edits that are made, if the data does not change before the confirmation.
    pub edits: EditGroup,
}

/// The action that is carried out once the question is confirmed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConfirmedAction {
    Commit(EditGroup),
    Undo(Box<UndoToConfirm>),
    RemoveExpired(EditGroup),
    Export(ExportRequest),
    DiscardForm,
    /// Quit, and keep unsaved changes as a draft.
    QuitWithDraft,
    /// Quit, and lose unsaved changes.
    QuitWithoutDraft,
    RecreateFile,
    DiscardDraft,
    ApplyPlan,
    DiscardPlan,
}

/// A conflict with a change by someone else. Nothing is done until the user chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The item that both changed.
    pub item_phrase: String,
    /// This session's change, in words.
    pub yours: String,
    /// The current value, in words.
    pub theirs: String,
    /// The last common value, in words; `None` if it is not known.
    pub before: Option<String>,
    /// The time zone of the times in `yours`, `theirs` and `before`.
    pub(super) zone: TimeZone,
    pub(super) subject: ConflictSubject,
}

/// The change that is in conflict.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConflictSubject {
    /// The form under the conflict, whose `before` no longer matches the data.
    Form,
    /// A change that the store worker rejected.
    Change(Change),
    /// A saved change of an item of a room, where the server had this value (`None`: nothing) instead of the expected
    /// one.
    Sent(Jid, Item, Option<ItemValue>),
}

impl Conflict {
    /// The rejected change; `None` if the conflict is about something else.
    pub(super) fn change(&self) -> Option<&Change> {
        match &self.subject {
            ConflictSubject::Form | ConflictSubject::Sent(..) => None,
            ConflictSubject::Change(change) => Some(change),
        }
    }
}
