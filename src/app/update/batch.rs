//! Batch edits: a change of one or many users or rooms as one group, confirmed first if it changes several users.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::browser::RowId;
use crate::app::place::{Grouping, RowKind};
use crate::app::subject::{rooms_label, users_label};
use crate::app::{Confirm, ConfirmedAction, Effect, Pane, RoomUser, State, describe};
use crate::model::{Affiliation, CatalogHat, Edit, EditError, EditGroup, HatId, Jid, Wardrobe};

use super::commit;

/// The reason why a user is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BatchSkip {
    /// The change would make no difference.
    Unchanged,
    /// The user already has the hat, which stays unchanged.
    HasHat,
    Banned,
    NotAffiliated,
    /// The user is no longer in the room.
    Gone,
    /// The user is already in the room and keeps the affiliation.
    AlreadyInRoom,
}

impl BatchSkip {
    /// Describes this number of users and the reason, such as `2 users already have it (unchanged)`.
    fn describe(self, number: usize) -> String {
        let (singular, plural) = match self {
            Self::Unchanged => ("already has this value", "already have this value"),
            Self::HasHat => ("already has it (unchanged)", "already have it (unchanged)"),
            Self::Banned => ("is banned", "are banned"),
            Self::NotAffiliated => ("has no affiliation", "have no affiliation"),
            Self::Gone => ("no longer exists", "no longer exist"),
            Self::AlreadyInRoom => (
                "is already in the room (unchanged)",
                "are already in the room (unchanged)",
            ),
        };
        format!(
            "{} {}",
            describe::count(number, "user"),
            if number == 1 { singular } else { plural }
        )
    }
}

/// A change being built: the edits so far, and the users who are changed or skipped.
pub(super) struct BatchEdit {
    /// The wardrobe with all edits so far applied.
    wardrobe: Wardrobe,
    edits: Vec<Edit>,
    changed: BTreeSet<RoomUser>,
    skipped: BTreeMap<BatchSkip, BTreeSet<RoomUser>>,
    /// The first error with which the model rejected an operation.
    first_error: Option<EditError>,
}

/// A complete change with the texts of its question.
pub(super) struct Batch {
    edit: BatchEdit,
    /// The action, as the title of the question.
    title: &'static str,
    /// The question, in case it is asked (see [`propose`]).
    question: String,
    /// Further consequences, as a sentence; may be empty.
    consequence: String,
    /// Asks even if only one user is changed.
    always_confirm: bool,
    /// Replaces the default sentence about skipped users.
    skipped_text: Option<String>,
}

/// The outcome of proposing a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchOutcome {
    /// The batch was rejected, or no target can be changed.
    Failed,
    /// The batch would change nothing.
    Unchanged,
    /// The batch was applied.
    Applied,
    /// The batch waits for confirmation.
    Pending,
}

impl Batch {
    /// Sets whether the question is asked even if only one user is changed.
    pub(super) fn always_confirm(self, always: bool) -> Self {
        Self {
            always_confirm: always,
            ..self
        }
    }

    /// Replaces the default sentence about skipped users.
    pub(super) fn with_skipped_text(self, text: String) -> Self {
        Self {
            skipped_text: Some(text),
            ..self
        }
    }
}

impl BatchEdit {
    pub(super) fn new(wardrobe: &Wardrobe) -> Self {
        Self {
            wardrobe: wardrobe.clone(),
            edits: Vec::new(),
            changed: BTreeSet::new(),
            skipped: BTreeMap::new(),
            first_error: None,
        }
    }

    /// Completes the edit with the texts of the question that [`propose`] may ask: title, question and consequences
    /// (see [`Confirm`]).
    pub(super) fn into_batch(
        self,
        title: &'static str,
        question: impl Into<String>,
        consequence: impl Into<String>,
    ) -> Batch {
        Batch {
            title,
            edit: self,
            question: question.into(),
            consequence: consequence.into(),
            always_confirm: false,
            skipped_text: None,
        }
    }

    /// Returns the wardrobe with all edits so far applied.
    pub(super) fn wardrobe(&self) -> &Wardrobe {
        &self.wardrobe
    }

    /// Counts a user as changed: one who is affected by a change of the room.
    pub(super) fn count_as_changed(&mut self, room: &Jid, user: &Jid) {
        self.changed.insert((room.clone(), user.clone()));
    }

    /// Records a skipped user.
    pub(super) fn skip(&mut self, reason: BatchSkip, room: &Jid, user: &Jid) {
        self.skipped
            .entry(reason)
            .or_default()
            .insert((room.clone(), user.clone()));
    }

    /// Applies an operation to one user. If the operation changes nothing or the model rejects it, the user is skipped
    /// with the reason.
    pub(super) fn change(
        &mut self,
        room: &Jid,
        user: &Jid,
        operation: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
    ) {
        match operation(&mut self.wardrobe) {
            Ok(group) if group.is_empty() => self.skip(BatchSkip::Unchanged, room, user),
            Ok(group) => {
                self.edits.extend(group.0);
                self.changed.insert((room.clone(), user.clone()));
            }
            Err(error) => {
                self.first_error.get_or_insert(error);
                self.skip(self.skip_reason(room, user), room, user);
            }
        }
    }

    /// Applies an operation to a room, and counts no user as changed. Fails if the model rejects the operation.
    pub(super) fn change_room(
        &mut self,
        operation: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
    ) -> Result<(), EditError> {
        self.edits.extend(operation(&mut self.wardrobe)?.0);
        Ok(())
    }

    /// Sets the catalog entry of a hat and, with `retitle_users`, the titles of the users who have the hat. Returns the
    /// edits. Fails if the model rejects this.
    pub(super) fn define(
        &mut self,
        room: &Jid,
        hat: &HatId,
        entry: CatalogHat,
        retitle_users: bool,
    ) -> Result<EditGroup, EditError> {
        let defined = self.wardrobe.define_hat(room, hat, entry, retitle_users)?;
        let retitled = defined.group.0.iter().filter_map(Edit::user);
        self.changed
            .extend(retitled.map(|user| (room.clone(), user.clone())));
        self.edits.extend(defined.group.0.iter().cloned());
        for user in defined.unchanged {
            self.skip(BatchSkip::Unchanged, room, &user);
        }
        for user in defined.not_affiliated {
            self.skip(self.skip_reason(room, &user), room, &user);
        }
        Ok(defined.group)
    }

    /// Returns the reason why the model rejected an operation on a user, derived from the user's affiliation.
    fn skip_reason(&self, room: &Jid, user: &Jid) -> BatchSkip {
        match self.wardrobe.user(room, user).map(|user| user.affiliation) {
            Some(Affiliation::Outcast) => BatchSkip::Banned,
            Some(_) => BatchSkip::NotAffiliated,
            None => BatchSkip::Gone,
        }
    }

    /// Describes the users to be changed: `18 users in courses@…`, `terry@… in 3 rooms`.
    pub(super) fn describe_targets(&self) -> String {
        self.describe_targets_with("in")
    }

    /// Like [`Self::describe_targets`], with another preposition before the rooms.
    pub(super) fn describe_targets_with(&self, preposition: &str) -> String {
        let rooms = rooms_label(self.changed.iter().map(|(room, _)| room));
        let users = users_label(self.changed.iter().map(|(_, user)| user));
        format!("{users} {preposition} {rooms}")
    }

    /// Returns the number of changed users; a user counts once in each room.
    pub(super) fn change_count(&self) -> usize {
        self.changed.len()
    }

    /// Returns the users to be changed, without duplicates.
    pub(super) fn changed_users(&self) -> BTreeSet<&Jid> {
        self.changed.iter().map(|(_, user)| user).collect()
    }

    /// Describes how many users are skipped and why; empty if no user is skipped. A user who is also changed does not
    /// count as skipped.
    pub(super) fn skipped_summary(&self) -> String {
        let concerned = self.changed.iter().chain(self.skipped.values().flatten());
        let in_one_room = concerned.map(|(room, _)| room).collect::<BTreeSet<_>>().len() < 2;
        let mut parts = Vec::new();
        for (reason, all) in &self.skipped {
            let skipped = all.difference(&self.changed);
            let (rooms, users): (BTreeSet<&Jid>, BTreeSet<&Jid>) =
                skipped.map(|(room, user)| (room, user)).unzip();
            if users.is_empty() {
                continue;
            }
            let text = reason.describe(users.len());
            parts.push(if in_one_room {
                text
            } else {
                format!("{text} in {}", rooms_label(rooms.into_iter()))
            });
        }
        parts.join(", ")
    }

    /// Says why the hats of a single user cannot be changed, and what to do; `None` if there are several users or other
    /// errors.
    fn hats_problem(&self, state: &State) -> Option<String> {
        let Some(EditError::NotAffiliated { room, user }) = &self.first_error else {
            return None;
        };
        let is_single = self.skipped.values().map(BTreeSet::len).sum::<usize>() < 2;
        let affiliation = self.wardrobe.user(room, user).filter(|_| is_single)?.affiliation;
        state.hats_problem(room, user, affiliation)
    }

    /// Returns the outcome and the message of a batch without edits.
    fn outcome_without_edits(&self) -> (BatchOutcome, String) {
        let all_unchanged = self.skipped.keys().all(|reason| *reason == BatchSkip::Unchanged);
        let skipped_count = self.skipped.values().map(BTreeSet::len).sum::<usize>();
        match &self.first_error {
            _ if all_unchanged && skipped_count < 2 => (BatchOutcome::Unchanged, "Nothing changed".into()),
            Some(error) if skipped_count < 2 => (BatchOutcome::Failed, error.to_string()),
            _ => {
                let message = format!("No changes: {}", self.skipped_summary());
                let outcome = if all_unchanged {
                    BatchOutcome::Unchanged
                } else {
                    BatchOutcome::Failed
                };
                (outcome, message)
            }
        }
    }
}

/// Applies a change of at most one user immediately, since it can be undone. Asks first if several users are changed,
/// if the change includes marked rows that the filter hides, or if the batch always needs a confirmation. The question
/// says exactly what will happen, and to how many users.
pub(super) fn propose(state: &mut State, effects: &mut Vec<Effect>, batch: Batch) -> BatchOutcome {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return BatchOutcome::Failed;
    }
    let mut edit = batch.edit;
    let group = EditGroup(std::mem::take(&mut edit.edits));
    if let Some(reason) = commit::problem(state, &group) {
        state.notify_error(reason);
        return BatchOutcome::Failed;
    }
    if group.is_empty() {
        let (outcome, reason) = edit.outcome_without_edits();
        if edit.first_error.is_some() && outcome == BatchOutcome::Failed {
            state.notify_error(edit.hats_problem(state).unwrap_or(reason));
        } else {
            state.notify(reason);
        }
        return outcome;
    }
    let skipped = batch
        .skipped_text
        .unwrap_or_else(|| match edit.skipped_summary() {
            skipped if skipped.is_empty() => skipped,
            skipped => format!("Skipped: {skipped}."),
        });
    let hidden = hidden_marks_text(state, &group);
    if !batch.always_confirm && edit.changed_users().len() < 2 && hidden.is_empty() {
        let skipped = edit.skipped_summary();
        let applied = commit::execute(state, effects, |next| next.apply(&group).map(|()| group));
        if let (Some(notice), false) = (&mut state.notice, skipped.is_empty()) {
            notice.text = format!("{}. Skipped: {skipped}", notice.text);
        }
        return applied.map_or(BatchOutcome::Failed, |_| BatchOutcome::Applied);
    }
    let undo = "You can undo this in one step.".to_owned();
    let parts = [hidden, batch.consequence, skipped, undo];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let consequence = parts.collect::<Vec<_>>().join(" ");
    let action = ConfirmedAction::Commit(group);
    state.open(Confirm::new(batch.title, batch.question, consequence, action));
    BatchOutcome::Pending
}

/// Asks before applying a destructive change, or shows why it is not possible.
pub(super) fn confirm(
    state: &mut State,
    (title, question): (&'static str, String),
    consequence: String,
    operation: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
) {
    match operation(&mut state.shown.clone()) {
        Ok(group) => {
            if let Some(reason) = commit::problem(state, &group) {
                return state.notify_error(reason);
            }
            let action = ConfirmedAction::Commit(group);
            state.open(Confirm::new(title, question, consequence, action));
        }
        Err(error) => state.notify_edit_error(&error),
    }
}

/// Returns a sentence about marked rows that the filter hides and that these edits change, too; empty if there are
/// none.
fn hidden_marks_text(state: &State, edits: &EditGroup) -> String {
    let panes: &[Pane] = match (state.focus, state.grouping()) {
        // Commands on hats also affect the marked users or rooms of the second pane.
        (Pane::Third, Grouping::ByRoom | Grouping::ByUser) => &[Pane::Second, Pane::Third],
        (Pane::First, _) => &[Pane::First],
        (Pane::Second, _) => &[Pane::Second],
        (Pane::Third, Grouping::ByHat) => &[Pane::Third],
    };
    let sentences = panes.iter().map(|pane| hidden_marks_in(state, *pane, edits));
    let sentences: Vec<String> = sentences.filter(|sentence| !sentence.is_empty()).collect();
    sentences.join(" ")
}

/// Returns the sentence of [`hidden_marks_text`] about one pane.
fn hidden_marks_in(state: &State, pane: Pane, edits: &EditGroup) -> String {
    let noun = match state.grouping().kind(pane) {
        RowKind::Room => "marked room",
        RowKind::User => "marked user",
        RowKind::Hat => "marked hat",
    };
    let changed_ids = |edit: &Edit| -> [Option<RowId>; 3] {
        [
            edit.room().map(|room| room.clone().into()),
            edit.user().map(|user| user.clone().into()),
            edit.hat().map(|hat| hat.clone().into()),
        ]
    };
    let mut hidden = state.browser.column(pane).hidden_marks();
    if !hidden.is_empty() {
        let changed: BTreeSet<RowId> = edits.0.iter().flat_map(changed_ids).flatten().collect();
        hidden.retain(|mark| changed.contains(mark));
    }
    if hidden.is_empty() {
        return String::new();
    }
    let marks = describe::count(hidden.len(), noun);
    let names: Vec<&str> = hidden
        .iter()
        .filter_map(|mark| mark.jid())
        .map(Jid::as_str)
        .collect();
    let names = match names.as_slice() {
        [] => String::new(),
        names => format!(": {}", describe::first_few(names)),
    };
    format!("Includes {marks} that the filter hides{names}.")
}
