//! Conflicts with changes by others: a question shows both values and lets the user choose. Neither value is
//! overwritten before the user has chosen.

use jiff::tz::TimeZone;

use crate::app::command::CommandId;
use crate::app::draft::Draft;
use crate::app::form::Form;
use crate::app::place::Place;
use crate::app::view::View;
use crate::app::{
    Confirm, ConfirmedAction, Conflict, ConflictSubject, Effect, Layer, State, conflict_text, describe,
};
use crate::model::{Affiliation, Edit, EditError, EditGroup, Wardrobe};
use crate::store::Change;
use crate::sync::Decision;

use super::{arrivals, commit, form, unresolved};

/// Updates overlays after the data changed: conflicts show the current values, and overlays that no longer apply are
/// closed with a notice.
pub(super) fn refresh_overlays(state: &mut State) {
    let overlays = std::mem::take(&mut state.overlays);
    let mut kept: Vec<Box<dyn Layer>> = Vec::with_capacity(overlays.len());
    for mut overlay in overlays {
        let below = kept.last().map(|below| &**below);
        let close_reason = overlay.update_after_change(below, &state.shown);
        match close_reason {
            Some(reason) => state.notify(reason),
            None => kept.push(overlay),
        }
    }
    state.overlays = kept;
    for mut overlay in std::mem::take(&mut state.arrived) {
        match overlay.update_after_change(None, &state.shown) {
            Some(reason) => state.notify(reason),
            None => state.arrived.push_back(overlay),
        }
    }
}

impl Layer for Confirm {
    fn place(&self) -> Place {
        Place::Confirm
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::question::confirm(self)
    }

    fn update_after_change(&mut self, _: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        stale_reason(self, now)
    }
}

impl Layer for Conflict {
    fn place(&self) -> Place {
        Place::Conflict
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::question::conflict(self)
    }

    fn update_after_change(&mut self, below: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        refresh_conflict(self, below, now)
    }

    fn add_to_draft(&self, draft: &mut Draft, _: bool) {
        draft.unsaved.extend(self.change().map(Into::into));
    }
}

fn stale_reason(question: &Confirm, wardrobe: &Wardrobe) -> Option<&'static str> {
    let ConfirmedAction::Commit(group) = &question.action else {
        return None;
    };
    let is_stale = wardrobe.clone().apply(group).is_err();
    is_stale.then_some("Not done: the data changed in the meantime. Try again")
}

/// Updates the values that a conflict shows; returns the reason to close it if there is nothing left to decide.
fn refresh_conflict(
    conflict: &mut Conflict,
    below: Option<&dyn Layer>,
    wardrobe: &Wardrobe,
) -> Option<&'static str> {
    match (
        &conflict.subject,
        below.and_then(|below| below.downcast_ref::<Form>()),
    ) {
        (ConflictSubject::Change(change), _) if wardrobe.is_applied(&change.group) => {
            Some("No changes: someone else already made this change")
        }
        (ConflictSubject::Change(change), _) => {
            conflict.theirs = describe_theirs(&change.group, wardrobe, &conflict.zone);
            None
        }
        (ConflictSubject::Form, Some(form)) => match form.concurrent_change(wardrobe) {
            Some(theirs) => {
                conflict.theirs = theirs;
                None
            }
            None => Some("Conflict resolved; you can save"),
        },
        (ConflictSubject::Form, _) => Some("The item no longer exists"),
        (ConflictSubject::Sent(..), _) => None,
    }
}

/// Returns whether all edits of two changes concern the same hat of the same user in the same room, the changes have
/// the same recorded reason, and neither is an undo or redo.
fn concern_same_hat(one: &Change, other: &Change) -> bool {
    let is_undo_or_redo = |change: &Change| change.undoes.is_some() || change.redoes.is_some();
    let mut all = one.group.0.iter().chain(&other.group.0);
    let target = |edit: &Edit| Some((edit.room()?.clone(), edit.user()?.clone(), edit.hat()?.clone()));
    let Some(first) = all.next().and_then(target) else {
        return false;
    };
    !is_undo_or_redo(one)
        && !is_undo_or_redo(other)
        && one.reason == other.reason
        && all.all(|edit| target(edit).as_ref() == Some(&first))
}

/// Reports a change that the store worker rejected, or a change of a draft that can no longer be made. A conflict opens
/// an overlay; the oldest conflict is on top, and changes of the same hat share one overlay.
pub(super) fn report_rejected(state: &mut State, change: Change, error: EditError) {
    let EditError::Conflict { subject, .. } = error else {
        let description = describe::group(&change.group, &state.shown, &state.zone());
        state.notify_error(format!("Not saved: {description}. Reason: {error}"));
        return;
    };
    let zone = state.zone();
    let mut lowest = None;
    for (index, overlay) in state.overlays.iter_mut().chain(&mut state.arrived).enumerate() {
        if let Some(conflict) = overlay.downcast_mut::<Conflict>()
            && let ConflictSubject::Change(earlier) = &mut conflict.subject
        {
            if concern_same_hat(earlier, &change) {
                earlier.group.0.extend(change.group.0);
                conflict.yours = describe_yours(earlier, &state.shown, &zone);
                return;
            }
            lowest = lowest.or(Some(index));
        }
    }
    let conflict = Conflict {
        item_phrase: subject,
        yours: describe_yours(&change, &state.shown, &zone),
        theirs: describe_theirs(&change.group, &state.shown, &zone),
        before: None,
        zone,
        subject: ConflictSubject::Change(change),
    };
    match lowest {
        Some(index) if index < state.overlays.len() => state.overlays.insert(index, Box::new(conflict)),
        _ => arrivals::open_when_idle(
            state,
            conflict,
            "Your change conflicts with one made in the meantime",
        ),
    }
}

/// Describes the change of this session. Up to five edits of one hat are listed one by one.
fn describe_yours(change: &Change, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let edits = &change.group.0;
    if edits.len() < 6 && concern_same_hat(change, change) {
        let all: Vec<String> = edits
            .iter()
            .map(|edit| describe::edit(edit, wardrobe, zone))
            .collect();
        all.join("; then ")
    } else {
        describe::group(&change.group, wardrobe, zone)
    }
}

/// Describes the current value that the first failing edit of a group would change; "unchanged" if no edit fails.
fn describe_theirs(group: &EditGroup, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let mut next = wardrobe.clone();
    let failing = group
        .0
        .iter()
        .find(|edit| next.apply(&EditGroup::from((*edit).clone())).is_err());
    failing.map_or_else(
        || "unchanged".into(),
        |edit| conflict_text::describe_current(edit, wardrobe, zone),
    )
}

/// Fails if yours cannot be saved in the current data, such as a change of a hat whose user is gone.
pub(crate) fn may_keep_yours(state: &State) -> Result<(), String> {
    let Some(conflict) = state.top_as::<Conflict>() else {
        return Ok(());
    };
    let can_save = match &conflict.subject {
        ConflictSubject::Form => {
            let below = state.overlays.iter().rev().nth(1);
            let form = below.and_then(|below| below.downcast_ref::<Form>());
            form.is_some_and(|form| form.subject.clone().rebase(&state.shown))
        }
        ConflictSubject::Change(change) => reapply(&change.group, &mut state.shown.clone()).is_ok(),
        ConflictSubject::Sent(..) => true,
    };
    if can_save {
        Ok(())
    } else {
        Err(format!("Yours cannot be saved: {}", conflict.theirs))
    }
}

/// Fails for a change that is not saved, because this change would be lost if the conflict were closed without a
/// decision.
pub(crate) fn may_decide_later(state: &State) -> Result<(), String> {
    match state.top_as::<Conflict>() {
        Some(conflict) if conflict.change().is_none() => Ok(()),
        _ => {
            let theirs = state.key(CommandId::KeepTheirs);
            Err(match may_keep_yours(state) {
                Ok(()) => {
                    let yours = state.key(CommandId::KeepYours);
                    format!(
                        "Your change is not saved; press {yours} to overwrite theirs, {theirs} to keep theirs"
                    )
                }
                Err(reason) => format!("{reason}. Press {theirs} to keep theirs"),
            })
        }
    }
}

/// Overwrites the current value in the data file, or on the server, with yours.
pub(crate) fn keep_yours(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(conflict) = state.close::<Conflict>() else {
        return;
    };
    match conflict.subject {
        ConflictSubject::Form => {
            let wardrobe = state.shown.clone();
            let Some(form) = state.top_as_mut::<Form>() else {
                return;
            };
            if form.subject.rebase(&wardrobe) {
                form::commit_form(state, effects);
            } else {
                state.notify_error(format!("Cannot save: {}", conflict.theirs));
            }
        }
        ConflictSubject::Sent(room, item, shown) => {
            unresolved::resolve(state, effects, room, item, (Decision::Send, shown));
        }
        ConflictSubject::Change(change) => {
            // Made again on other data, the change is no longer an exact undo or redo.
            let origin = Change {
                reason: change.reason,
                rolled_back: change.rolled_back,
                ..Change::default()
            };
            commit::execute_as(state, effects, origin, |next| reapply(&change.group, next));
        }
    }
}

/// Discards yours, or receives theirs from the server.
pub(crate) fn keep_theirs(state: &mut State, effects: &mut Vec<Effect>) {
    match state.close::<Conflict>().map(|conflict| conflict.subject) {
        Some(ConflictSubject::Sent(room, item, shown)) => {
            return unresolved::resolve(state, effects, room, item, (Decision::Receive, shown));
        }
        Some(ConflictSubject::Form) => form::close(state),
        Some(ConflictSubject::Change(_)) | None => {}
    }
    state.notify("Kept theirs");
}

/// Makes the edits again on the current data, and returns the resulting edits. Fields of a hat that an edit does not
/// change keep their current values.
fn reapply(group: &EditGroup, wardrobe: &mut Wardrobe) -> Result<EditGroup, EditError> {
    let mut result = EditGroup::default();
    for edit in &group.0 {
        let edits = match edit {
            Edit::Room {
                room,
                after: Some(after),
                ..
            } if wardrobe.room(room).is_some() => wardrobe.rename_room(room, after.name.as_deref()),
            Edit::Room {
                room,
                after: Some(after),
                ..
            } => wardrobe.insert_room(room, after.clone()),
            Edit::Room {
                room, after: None, ..
            } => wardrobe.remove_room(room),
            Edit::RoomName { room, after, .. } => wardrobe.rename_room(room, after.as_deref()),
            Edit::Catalog { room, hat, after, .. } => wardrobe.set_catalog_hat(room, hat, after.clone()),
            Edit::User {
                room,
                user,
                after: Some(after),
                ..
            } => wardrobe.replace_user(user, room, after.clone()),
            Edit::User {
                room,
                user,
                after: None,
                ..
            } => wardrobe.set_affiliation(user, room, Affiliation::None),
            Edit::Affiliation {
                room, user, after, ..
            } => wardrobe.set_affiliation(user, room, *after),
            Edit::Hat {
                room,
                user,
                hat,
                before,
                after: Some(after),
                ..
            } => {
                let current = wardrobe.user(room, user).and_then(|user| user.hats.get(hat));
                let merged = match (before, current) {
                    (Some(before), Some(current)) => current.with_changes(before, after),
                    _ => after.clone(),
                };
                wardrobe.add_user_hat(user, room, hat, merged)
            }
            Edit::Hat {
                room,
                user,
                hat,
                after: None,
                ..
            } => wardrobe.force_remove_hat(user, room, hat),
            Edit::OtherFields { before, after } => wardrobe.apply_extra_change(before, after),
        };
        result.0.extend(edits?.0);
    }
    Ok(result)
}
