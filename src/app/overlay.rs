//! Overlays that ask a question: a confirmation and a conflict.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{Edit, Group, Jid};
use crate::store::{Change, ChangeReason};
use crate::sync::{Item, ItemValue};

use super::describe;
use super::folding::compare_addresses;
use super::prompt::ExportRequest;
use super::undo_step::{ChangeKind, UndoStep};

/// Above this number of people, a change is not confirmed with Enter.
const MAX_PEOPLE_FOR_ENTER: usize = 50;

/// A question that has to be confirmed before a change or before quitting.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// The action, as a verb with its object, such as `Remove users`.
    pub title: &'static str,
    /// The question with the affected items. Parts of it come from outside and have to be sanitized.
    pub question: String,
    /// The first of several affected people, such as `ana, bob, carol and 17 more (example.org)`, or of several removed
    /// rooms; else empty.
    pub names: String,
    /// The consequences of confirming, as sentences; may be empty.
    pub consequence: String,
    pub(super) action: ConfirmedAction,
    /// Whether Enter confirms, too: the change can be undone, and removes no hats of users.
    pub(super) accepts_enter: bool,
    /// Why the change is made, as the user says.
    pub reason: Option<ChangeReason>,
    /// Whether it was drawn. An Enter from before was meant for something else.
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

    /// What declining does, if more than canceling the question.
    pub fn alternative(&self) -> Option<&'static str> {
        matches!(self.action, ConfirmedAction::DiscardForm).then_some("Keep editing")
    }

    /// The label of the key that confirms: the verb of the title, or the title if the verb alone says nothing.
    pub fn verb(&self) -> &'static str {
        match self.title.split(' ').next() {
            Some("Make") | None => self.title,
            Some(verb) => verb,
        }
    }
}

fn people(group: &Group) -> BTreeSet<&Jid> {
    group.0.iter().filter_map(Edit::user).collect()
}

/// The first of several affected people, else of several removed rooms. A domain that all have follows once.
fn affected_names(group: &Group) -> String {
    // As in the panes.
    let mut affected = Vec::from_iter(people(group));
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
    let shared = domain.filter(|domain| affected.iter().all(|one| one.domain() == *domain));
    let locals: Option<Vec<&str>> = affected.iter().map(|one| one.local()).collect();
    match (shared, locals) {
        (Some(domain), Some(names)) => format!("{} ({domain})", describe::first_few(&names)),
        _ => describe::first_few(&affected),
    }
}

fn accepts_enter(group: &Group) -> bool {
    let is_grave = |edit: &Edit| match edit {
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
    people(group).len() <= MAX_PEOPLE_FOR_ENTER && !group.0.iter().any(is_grave)
}

/// An undo or redo that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConfirmedUndo {
    pub step: UndoStep,
    pub kind: ChangeKind,
    /// Whether the commit also has edits that this session must not see.
    pub partial: bool,
    /// What it changes, as far as is known when it is asked about.
    pub edits: Group,
}

/// What confirming does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConfirmedAction {
    Commit(Group),
    Undo(Box<ConfirmedUndo>),
    RemoveExpired(Group),
    Export(ExportRequest),
    DiscardForm,
    QuitUnsaved,
    QuitDiscarding,
    RecreateFile,
    DiscardDraft,
    ApplyPlan,
    DiscardPlan,
}

/// A conflict with a change by someone else. Nothing is done until the user chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What both changed.
    pub what: String,
    /// This session's change, in words.
    pub yours: String,
    /// The current value, in words.
    pub theirs: String,
    /// The last value that both had, in words, if that is known.
    pub before: Option<String>,
    /// The time zone of times in them.
    pub(super) zone: TimeZone,
    pub(super) subject: ConflictSubject,
}

/// What the conflict is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConflictSubject {
    /// The form below, whose `before` no longer matches the data.
    Form,
    /// A change that the store worker rejected.
    Change(Change),
    /// A saved change of an item of a room, where the server had this value instead of the expected one.
    Sent(Jid, Item, Option<ItemValue>),
}

impl Conflict {
    /// The rejected change, if that is what the conflict is about.
    pub(super) fn change(&self) -> Option<&Change> {
        match &self.subject {
            ConflictSubject::Form | ConflictSubject::Sent(..) => None,
            ConflictSubject::Change(change) => Some(change),
        }
    }
}
