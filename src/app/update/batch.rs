//! A change of one or many: worked out as one group; where it is of many, told before it is made.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::command::CommandId;
use crate::app::place::Grouping;
use crate::app::subject::{rooms_label, users_label};
use crate::app::{Confirm, ConfirmedAction, Effect, Pane, RoomUser, State, describe};
use crate::model::{Affiliation, CatalogHat, Edit, EditError, Group, HatId, Jid, Wardrobe};

use super::commit;

/// Why somebody is left out of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BatchSkip {
    /// It would make no difference.
    Unchanged,
    /// Keeps the hat as it is, as it was there before.
    HasHat,
    Banned,
    NotAffiliated,
    /// Is not there any more.
    Gone,
    /// Is there already, and keeps the affiliation.
    AlreadyInRoom,
}

impl BatchSkip {
    /// The end of a sentence that begins with a number.
    fn describe(self, number: usize) -> String {
        let (one, more) = match self {
            Self::Unchanged => ("is so already", "are so already"),
            Self::HasHat => (
                "has it already and keeps it as it is",
                "have it already and keep it as it is",
            ),
            Self::Banned => ("is banned (outcast)", "are banned (outcast)"),
            Self::NotAffiliated => ("is not affiliated", "are not affiliated"),
            Self::Gone => ("is not there any more", "are not there any more"),
            Self::AlreadyInRoom => (
                "is there already and stays as it is",
                "are there already and stay as they are",
            ),
        };
        format!("{number} {}", if number == 1 { one } else { more })
    }
}

/// What a change would do, and to whom not.
pub(super) struct BatchEdit {
    next: Wardrobe,
    edits: Vec<Edit>,
    changed: BTreeSet<RoomUser>,
    skipped: BTreeMap<BatchSkip, BTreeSet<RoomUser>>,
    /// What the model refused first.
    first_error: Option<EditError>,
}

/// A change with what is said of it.
pub(super) struct Batch {
    edit: BatchEdit,
    /// Asked before a change of several.
    question: String,
    /// What else follows, as a sentence; may be empty.
    consequence: String,
    /// Asks although it is about one.
    always_confirm: bool,
    /// Who is left out, where it is not told as usual.
    skipped_text: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchOutcome {
    /// It cannot be made, or is not made of those that it is about.
    Failed,
    /// All is so already.
    Unchanged,
    /// It is done.
    Applied,
    /// It waits for an answer.
    Pending,
}

impl Batch {
    /// Asks even where it is about one.
    pub(super) fn always_confirm(self, asks: bool) -> Self {
        Self {
            always_confirm: asks,
            ..self
        }
    }

    /// Tells in these sentences who is left out.
    pub(super) fn with_skipped_text(self, left: String) -> Self {
        let left = Some(left);
        Self {
            skipped_text: left,
            ..self
        }
    }
}

impl BatchEdit {
    pub(super) fn new(wardrobe: &Wardrobe) -> Self {
        Self {
            next: wardrobe.clone(),
            edits: Vec::new(),
            changed: BTreeSet::new(),
            skipped: BTreeMap::new(),
            first_error: None,
        }
    }

    /// With the question that is asked where several are changed, and a sentence with what else follows.
    pub(super) fn into_batch(self, question: impl Into<String>, consequence: impl Into<String>) -> Batch {
        Batch {
            edit: self,
            question: question.into(),
            consequence: consequence.into(),
            always_confirm: false,
            skipped_text: None,
        }
    }

    /// The wardrobe with all that is planned so far.
    pub(super) fn next(&self) -> &Wardrobe {
        &self.next
    }

    /// Leaves a user out.
    pub(super) fn skip(&mut self, why: BatchSkip, room: &Jid, user: &Jid) {
        self.skipped
            .entry(why)
            .or_default()
            .insert((room.clone(), user.clone()));
    }

    /// Plans something for one user; what the model refuses is left out, with the reason.
    pub(super) fn change(
        &mut self,
        room: &Jid,
        user: &Jid,
        operation: impl FnOnce(&mut Wardrobe) -> Result<Group, EditError>,
    ) {
        match operation(&mut self.next) {
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

    /// Plans something that is not about users.
    pub(super) fn change_room(
        &mut self,
        operation: impl FnOnce(&mut Wardrobe) -> Result<Group, EditError>,
    ) -> Result<(), EditError> {
        self.edits.extend(operation(&mut self.next)?.0);
        Ok(())
    }

    /// Plans what a room's catalog has of a hat and, where that is wanted, the titles of those who have it.
    pub(super) fn define(
        &mut self,
        room: &Jid,
        hat: &HatId,
        entry: CatalogHat,
        retitle_users: bool,
    ) -> Result<(), EditError> {
        let defined = self.next.define_hat(room, hat, entry, retitle_users)?;
        let retitled = defined.group.0.iter().filter_map(Edit::user);
        self.changed
            .extend(retitled.map(|user| (room.clone(), user.clone())));
        self.edits.extend(defined.group.0);
        for user in defined.unchanged {
            self.skip(BatchSkip::Unchanged, room, &user);
        }
        for user in defined.not_affiliated {
            self.skip(self.skip_reason(room, &user), room, &user);
        }
        Ok(())
    }

    /// Why the model refuses a hat for a user.
    fn skip_reason(&self, room: &Jid, user: &Jid) -> BatchSkip {
        match self.next.user(room, user).map(|user| user.affiliation) {
            Some(Affiliation::Outcast) => BatchSkip::Banned,
            Some(_) => BatchSkip::NotAffiliated,
            None => BatchSkip::Gone,
        }
    }

    /// Who would be changed: `18 users in courses@…`, `terry@… in 3 rooms`.
    pub(super) fn targets(&self) -> String {
        self.targets_with("in")
    }

    /// Who would be changed, with another word before the place.
    pub(super) fn targets_with(&self, preposition: &str) -> String {
        let rooms = rooms_label(self.changed.iter().map(|(room, _)| room));
        let users = users_label(self.changed.iter().map(|(_, user)| user));
        format!("{users} {preposition} {rooms}")
    }

    /// The users who would be changed, each once.
    pub(super) fn users(&self) -> BTreeSet<&Jid> {
        self.changed.iter().map(|(_, user)| user).collect()
    }

    /// Who is left out and why; empty when nobody is. One who is changed in another way is not left out.
    pub(super) fn skipped_summary(&self) -> String {
        let all = self.changed.iter().chain(self.skipped.values().flatten());
        let in_one_room = all.map(|(room, _)| room).collect::<BTreeSet<_>>().len() < 2;
        let mut parts = Vec::new();
        for (why, members) in &self.skipped {
            let left = members.difference(&self.changed);
            let (rooms, users): (BTreeSet<&Jid>, BTreeSet<&Jid>) =
                left.map(|(room, user)| (room, user)).unzip();
            if users.is_empty() {
                continue;
            }
            let said = why.describe(users.len());
            parts.push(if in_one_room {
                said
            } else {
                format!("{said} in {}", rooms_label(rooms.into_iter()))
            });
        }
        parts.join(", ")
    }

    /// Why there is nothing to do.
    fn no_change(&self) -> (BatchOutcome, String) {
        let all_so = self.skipped.keys().all(|why| *why == BatchSkip::Unchanged);
        let about = self.skipped.values().map(BTreeSet::len).sum::<usize>();
        match &self.first_error {
            _ if all_so && about < 2 => (
                BatchOutcome::Unchanged,
                "nothing to change: it is so already".into(),
            ),
            Some(error) if about < 2 => (BatchOutcome::Failed, error.to_string()),
            _ => {
                let said = format!("nothing to change: {}", self.skipped_summary());
                let outcome = if all_so {
                    BatchOutcome::Unchanged
                } else {
                    BatchOutcome::Failed
                };
                (outcome, said)
            }
        }
    }

    /// Whether it only takes rooms and users away.
    fn is_removal(&self) -> bool {
        let goes = |edit: &Edit| {
            matches!(
                edit,
                Edit::User { after: None, .. } | Edit::Room { after: None, .. }
            )
        };
        self.edits.iter().all(goes)
    }
}

/// Makes a change of one user at once; asks before one of several, with exactly what will happen and to how many.
pub(super) fn propose(state: &mut State, effects: &mut Vec<Effect>, batch: Batch) -> BatchOutcome {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return BatchOutcome::Failed;
    }
    let edit = batch.edit;
    if edit.edits.is_empty() {
        let (outcome, why) = edit.no_change();
        if edit.first_error.is_some() && outcome == BatchOutcome::Failed {
            state.notify_error(why);
        } else {
            state.notify(why);
        }
        return outcome;
    }
    let left = batch
        .skipped_text
        .unwrap_or_else(|| match edit.skipped_summary() {
            left if left.is_empty() && edit.users().len() > 1 => "Nobody is left out.".to_owned(),
            left if left.is_empty() => left,
            left => format!("Left out: {left}."),
        });
    if !batch.always_confirm && edit.changed.len() < 2 {
        let left = edit.skipped_summary();
        let group = Group(edit.edits);
        let made = commit::execute(state, effects, |next| next.apply(&group).map(|()| group));
        if let (Some(notice), false) = (&mut state.notice, left.is_empty()) {
            notice.text = format!("{}; left out: {left}", notice.text);
        }
        return made.map_or(BatchOutcome::Failed, |_| BatchOutcome::Applied);
    }
    let back = if edit.is_removal() { "brings" } else { "takes" };
    let undo = format!("{} {back} all of it back.", state.key(CommandId::Undo));
    let parts = [hidden_marks(state), batch.consequence, left, undo];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let consequence = parts.collect::<Vec<_>>().join(" ");
    state.open(Confirm {
        question: batch.question,
        consequence,
        action: ConfirmedAction::Commit(Group(edit.edits)),
    });
    BatchOutcome::Pending
}

/// Asks before a change that takes much away.
pub(super) fn confirm(
    state: &mut State,
    question: String,
    consequence: String,
    operation: impl FnOnce(&mut Wardrobe) -> Result<Group, EditError>,
) {
    match operation(&mut state.view.clone()) {
        Ok(group) => {
            state.open(Confirm {
                question,
                consequence,
                action: ConfirmedAction::Commit(group),
            });
        }
        Err(error) => state.refuse_error(&error),
    }
}

/// What is marked and is not on the screen, as a filter hides it: nobody should be surprised by it. Empty: nothing is.
fn hidden_marks(state: &State) -> String {
    let pane = match (state.focus, state.grouping()) {
        // What is done to hats is done to those of the marked users, or in the marked rooms.
        (Pane::Third, Grouping::ByRoom | Grouping::ByUser) => Pane::Second,
        (pane, _) => pane,
    };
    let marked = state.marked(pane);
    let seen = (0..state.length(pane))
        .filter(|row| state.is_marked(pane, *row))
        .count();
    match marked - seen {
        0 => String::new(),
        hidden => format!(
            "{} of the marked {marked} are hidden by the filter.",
            describe::grouped(hidden)
        ),
    }
}
