//! Removes expired hats while the session is open. If many users would lose hats that expired long ago, the clock may
//! be wrong, so no expired hats are removed until the user asks for it.

use jiff::Timestamp;

use crate::app::command::CommandId;
use crate::app::form::Form;
use crate::app::state::ExpiryCommit;
use crate::app::{Confirm, ConfirmedAction, Effect, State, describe};
use crate::model::{EditError, EditGroup};
use crate::store::{Change, StoreRequest};
use crate::sync::late_expiry;

/// Sets the time of the session, and removes hats that have expired.
pub(super) fn tick(state: &mut State, now: Timestamp, effects: &mut Vec<Effect>) {
    state.clock.now = now;
    let silent_since = &mut state.servers.sending.silent_since;
    // The clock may have been set back, or the time may have been unknown until now.
    if let Some(since) = silent_since
        .as_mut()
        .filter(|since| **since > now || **since == Timestamp::default())
    {
        *since = now;
    }
    let now = state.now();
    for overlay in &mut state.overlays {
        if let Some(form) = overlay.downcast_mut::<Form>() {
            form.now = now.clone();
        }
    }
    expire(state, effects);
}

/// Removes the expired hats, if the last attempt was long enough ago. The change does not count as a change by this
/// user: *Undo* does not revert it, and another session may make it first.
fn expire(state: &mut State, effects: &mut Vec<Effect>) {
    if !has_expired_hats(state) || !state.clock.try_begin_attempt() {
        return;
    }
    if state.clock.expiring.is_some() || state.problem.is_some() || state.check_can_change().is_err() {
        return;
    }
    let edits = removal_edits(state);
    match late_expiry(&edits, state.clock.now) {
        Some(users) => report_late(state, users),
        None if edits.is_empty() => {}
        None => commit(state, effects, edits, false),
    }
}

fn has_expired_hats(state: &State) -> bool {
    state
        .saved
        .earliest_end()
        .is_some_and(|end| end <= state.clock.now)
}

/// Returns the edits that remove the expired hats, as far as this session may remove them.
fn removal_edits(state: &State) -> EditGroup {
    let rights = &state.start.scope.rights;
    let mut edits = state.saved.clone().remove_ended_hats(state.clock.now, |_| true);
    edits
        .0
        .retain(|edit| rights.permit(&EditGroup::from(edit.clone())).is_ok());
    edits
}

/// Reports once that hats which expired long ago are not removed. `users` is the number of users who would lose such
/// hats.
fn report_late(state: &mut State, users: usize) {
    if std::mem::replace(&mut state.clock.is_late_reported, true) {
        return;
    }
    let (users, key) = (
        describe::count(users, "user"),
        state.key(CommandId::RemoveExpired),
    );
    state.notify_error(format!(
        "{users} would lose hats that expired more than a day ago, so nothing is removed. Check the clock: it says {}. Press {key} to remove them",
        clock_text(state)
    ));
}

fn clock_text(state: &State) -> impl std::fmt::Display {
    state.now().strftime("%Y-%m-%d %H:%M")
}

pub(crate) fn may_remove(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if has_expired_hats(state) && state.clock.expiring.is_none() {
        Ok(())
    } else {
        Err("No hats have expired".into())
    }
}

/// Asks whether to remove the hats that have expired.
pub(crate) fn remove(state: &mut State, _: &mut Vec<Effect>) {
    let edits = removal_edits(state);
    if edits.is_empty() {
        return state.notify_error("This session may not remove the hats that have expired");
    }
    let question = format!(
        "{}?",
        describe::capitalized(&describe::group_infinitive(&edits, &state.saved, &state.zone()))
    );
    let consequence = format!(
        "The clock says {}. If that is wrong, set the clock first.",
        clock_text(state)
    );
    let action = ConfirmedAction::RemoveExpired(edits);
    state.open(Confirm::new("Remove expired hats", question, consequence, action));
}

/// Makes the edits of a confirmed question, except for hats that no longer count as expired: the clock may have been
/// set since, or the expiration time of a hat may have changed.
pub(super) fn remove_confirmed(state: &mut State, effects: &mut Vec<Effect>, confirmed: &EditGroup) {
    if let Err(reason) = state.check_can_change() {
        return state.notify_error(reason);
    }
    if state.clock.expiring.is_some() {
        return state.notify("No changes: expired hats are being removed already");
    }
    let mut edits = removal_edits(state);
    edits.0.retain(|edit| confirmed.0.contains(edit));
    if edits.is_empty() {
        return state.notify("No changes: no hats have expired");
    }
    commit(state, effects, edits, true);
}

/// Commits the removal of expired hats. `confirmed` tells whether the user was asked first.
fn commit(state: &mut State, effects: &mut Vec<Effect>, edits: EditGroup, confirmed: bool) {
    state.clock.is_late_reported = false;
    let id = state.next_id;
    state.next_id += 1;
    state.other_commits.insert(id);
    state.clock.expiring = Some(ExpiryCommit {
        id,
        description: describe::group(&edits, &state.shown, &state.zone()),
        confirmed,
    });
    let change = Change::expired(edits);
    effects.push(Effect::Store(StoreRequest::Commit { id, change }));
}

/// Handles the result of a commit, if it is the commit that removes expired hats. The commit is rejected if someone
/// else changed the hats. A rejection is reported only if the user confirmed the removal; otherwise, the removal is
/// attempted again later.
pub(super) fn committed(state: &mut State, id: u64, result: &Result<Option<u64>, EditError>) {
    let Some(ExpiryCommit {
        description,
        confirmed,
        ..
    }) = state.clock.expiring.take_if(|expiring| expiring.id == id)
    else {
        return;
    };
    match result {
        Ok(Some(_)) => state.announce(format!("{} (expired)", describe::capitalized(&description))),
        Err(error) if confirmed => state.notify_error(format!("Not saved: {description}. Reason: {error}")),
        Ok(None) | Err(_) => {}
    }
}
