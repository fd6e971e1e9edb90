//! Removes hats that have expired while the session is open. Many that would have expired long ago are removed only after a
//! confirmation: the clock may be wrong.

use jiff::Timestamp;

use crate::app::command::CommandId;
use crate::app::form::Form;
use crate::app::state::Expiring;
use crate::app::{Confirm, ConfirmedAction, Effect, State, describe};
use crate::model::{EditError, Group};
use crate::store::{Change, StoreRequest};
use crate::sync::late_expiry;

/// Takes over the time.
pub(super) fn tick(state: &mut State, now: Timestamp, effects: &mut Vec<Effect>) {
    state.clock.now = now;
    let silent_since = &mut state.servers.sending.silent_since;
    // The clock may have been put back, or not been known.
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

/// Removes the hats that have ended, as a change by nobody: it cannot be undone with a key, and other sessions may make
/// it first.
fn expire(state: &mut State, effects: &mut Vec<Effect>) {
    if !is_due(state) || !state.clock.begins_attempt() {
        return;
    }
    if state.clock.expiring.is_some() || state.problem.is_some() || state.check_can_change().is_err() {
        return;
    }
    let ended = ended(state);
    match late_expiry(&ended, state.clock.now) {
        Some(users) => say_late(state, users),
        None if ended.is_empty() => {}
        None => commit(state, effects, ended, false),
    }
}

fn is_due(state: &State) -> bool {
    state.base.next_end().is_some_and(|end| end <= state.clock.now)
}

/// The removal of the hats that have ended, as far as this session may remove them.
fn ended(state: &State) -> Group {
    let rights = &state.start.scope.rights;
    let mut ended = state.base.clone().remove_ended_hats(state.clock.now, |_| true);
    ended
        .0
        .retain(|edit| rights.permit(&Group::from(edit.clone())).is_ok());
    ended
}

/// Says once that hats are not removed.
fn say_late(state: &mut State, users: usize) {
    if std::mem::replace(&mut state.clock.is_late_reported, true) {
        return;
    }
    let (users, key) = (
        describe::count(users, "user"),
        state.key(CommandId::RemoveExpired),
    );
    state.notify_error(format!(
        "{users} would lose hats that expired more than a day ago, so nothing is removed. Check the clock: it says {}. Press {key} to remove them",
        time(state)
    ));
}

fn time(state: &State) -> impl std::fmt::Display {
    state.now().strftime("%Y-%m-%d %H:%M")
}

pub(crate) fn may_remove(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if is_due(state) && state.clock.expiring.is_none() {
        Ok(())
    } else {
        Err("No hats have expired".into())
    }
}

/// Asks whether to remove the hats that have expired.
pub(crate) fn remove(state: &mut State, _: &mut Vec<Effect>) {
    let ended = ended(state);
    if ended.is_empty() {
        return state.notify("No changes: no hats have expired");
    }
    let question = format!(
        "{}?",
        describe::capitalized(&describe::intention(
            &describe::with_titles(&ended, &state.base),
            &state.zone()
        ))
    );
    let consequence = format!(
        "The clock says {}. If that is wrong, set the clock first.",
        time(state)
    );
    let action = ConfirmedAction::RemoveExpired(ended);
    state.open(Confirm::new("Remove expired hats", question, consequence, action));
}

/// Removes those of the hats that the question named which have still ended: the clock may have been set since, or an end
/// moved.
pub(super) fn remove_confirmed(state: &mut State, effects: &mut Vec<Effect>, named: &Group) {
    if let Err(reason) = state.check_can_change() {
        return state.notify_error(reason);
    }
    if state.clock.expiring.is_some() {
        return state.notify("No changes: expired hats are being removed already");
    }
    let mut ended = ended(state);
    ended.0.retain(|edit| named.0.contains(edit));
    if ended.is_empty() {
        return state.notify("No changes: no hats have expired");
    }
    commit(state, effects, ended, true);
}

/// Removes hats that have ended, as a change by nobody. `confirmed`: someone was asked.
fn commit(state: &mut State, effects: &mut Vec<Effect>, ended: Group, confirmed: bool) {
    state.clock.is_late_reported = false;
    let id = state.next_id;
    state.next_id += 1;
    state.server_commits.insert(id);
    state.clock.expiring = Some(Expiring {
        id,
        what: describe::group(&ended, &state.zone()),
        confirmed,
    });
    let change = Change::expired(ended);
    effects.push(Effect::Store(StoreRequest::Commit { id, change }));
}

/// Handles the result of a commit, if it is the one that removes ended hats. If it was refused, someone else changed
/// the hats; unless someone waits for it, they are looked at again later.
pub(super) fn committed(state: &mut State, id: u64, result: &Result<Option<u64>, EditError>) {
    let Some(Expiring { what, confirmed, .. }) = state.clock.expiring.take_if(|expiring| expiring.id == id)
    else {
        return;
    };
    match result {
        Ok(Some(_)) => state.announce(format!("{} (expired)", describe::capitalized(&what))),
        Err(error) if confirmed => state.notify_error(format!("Not saved: {what}. Reason: {error}")),
        Ok(None) | Err(_) => {}
    }
}
