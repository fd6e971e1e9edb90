//! Undo and redo. Both are recorded as new changes. The user is asked first only if many users would lose hats on a
//! server, because such a change is not sent immediately without a confirmation.

use crate::app::command::CommandId;
use crate::app::question::UndoToConfirm;
use crate::app::undo_step::{ChangeKind, UndoStep};
use crate::app::{Confirm, ConfirmedAction, Effect, State, conflict_text, describe};
use crate::model::{EditGroup, Jid, Wardrobe};
use crate::store::{Change, HistoryEntry, StoreRequest, UndoCandidate};
use crate::sync::{GUARD_USERS, SendMode, changed_items, count_users_losing_hats};

use super::{commit, reselect};

/// The outcome of an undo or redo.
enum UndoOutcome {
    Done,
    /// Nothing is left to undo or redo.
    AlreadyDone,
    /// A question was opened.
    Asks,
}

pub(crate) fn may_undo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let found_nothing = state.undo_search.found_nothing;
    if found_nothing && state.undo_stack.is_empty() && state.undo_search.requests.is_empty() {
        Err("Nothing to undo".into())
    } else {
        Ok(())
    }
}

pub(crate) fn may_redo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if state.start.demo && state.redo_stack.is_empty() {
        Err("Nothing to redo".into())
    } else {
        Ok(())
    }
}

pub(crate) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    undo_or_redo(state, effects, ChangeKind::Undo);
}

pub(crate) fn redo(state: &mut State, effects: &mut Vec<Effect>) {
    undo_or_redo(state, effects, ChangeKind::Redo);
}

/// Undoes or redoes the last step. A step of an earlier session is looked up in the history; meanwhile, further
/// requests wait, so that the result does not depend on typing speed.
fn undo_or_redo(state: &mut State, effects: &mut Vec<Effect>, kind: ChangeKind) {
    if !state.undo_search.requests.is_empty() {
        state.undo_search.requests.push_back(kind);
        return;
    }
    let steps = if kind == ChangeKind::Undo {
        &mut state.undo_stack
    } else {
        &mut state.redo_stack
    };
    let Some(step) = steps.pop() else {
        state.undo_search.requests.push_back(kind);
        query_history(state, effects);
        return;
    };
    let is_pending = state.pending.iter().any(|pending| pending.id == step.id);
    if is_pending && state.problem.is_some() {
        let is_redo = kind == ChangeKind::Redo;
        commit::withdraw(state, effects, &step);
        reselect::select_restored(state, &step.group.inverse());
        state.notify(if is_redo {
            "Redid the change before the undo was saved"
        } else {
            "Undid the change before it was saved"
        });
        return;
    }
    let outcome = apply(state, effects, &step, (kind, false), false);
    match outcome {
        Ok(UndoOutcome::Done) => {}
        // Someone else already undid or redid the change. The next step needs another key press.
        Ok(UndoOutcome::AlreadyDone) => state.notify(already_done(state, &step, kind)),
        Ok(UndoOutcome::Asks) | Err(_) => {
            let steps = if kind == ChangeKind::Undo {
                &mut state.undo_stack
            } else {
                &mut state.redo_stack
            };
            steps.push(step);
            let Err(reason) = outcome else { return };
            let verb = if kind == ChangeKind::Undo { "undo" } else { "redo" };
            state.notify_error(format!("Cannot {verb}: {}", describe::after_colon(&reason)));
        }
    }
}

/// Returns the notice if nothing of a step is left to undo or redo.
fn already_done(state: &State, step: &UndoStep, kind: ChangeKind) -> String {
    if kind == ChangeKind::Redo || (kind == ChangeKind::Revert && step.reverts_entry) {
        format!(
            "No changes: already redone ({})",
            describe::group(&step.group.inverse(), &state.shown, &state.zone())
        )
    } else {
        format!(
            "No changes: already undone ({})",
            describe::group(&step.group, &state.shown, &state.zone())
        )
    }
}

/// Says why a step that does not fit the data cannot be undone or redone: the session may not make such a change, or the
/// data has changed since the step.
fn obstacle(state: &State, step: &UndoStep) -> String {
    let inverse = step.group.inverse();
    if let Some(reason) = commit::problem(state, &inverse) {
        return reason;
    }
    let mut next = state.shown.clone();
    for edit in inverse.0 {
        let Err(error) = next.apply(&edit.clone().into()) else {
            continue;
        };
        let subject = match (edit.user(), edit.room()) {
            (Some(user), Some(room)) => format!("{user} in {room}"),
            (None, Some(room)) => room.to_string(),
            (_, None) => return error.to_string(),
        };
        let now = conflict_text::describe_current(&edit, &next, &state.zone());
        let key = state.key(CommandId::History);
        return format!("{subject} changed in the meantime: {now}. See history ({key})");
    }
    "the data changed in the meantime".into()
}

/// Makes an undo or redo that the user confirmed.
pub(super) fn confirmed(state: &mut State, effects: &mut Vec<Effect>, undo: &UndoToConfirm) {
    let (step, kind) = (&undo.step, undo.kind);
    match apply(state, effects, step, (kind, undo.is_partial), true) {
        Ok(UndoOutcome::Asks) => {}
        Ok(outcome) => {
            // A step of an earlier session can only be recognized by its revision.
            let is_same = |other: &UndoStep| match step.revision {
                Some(_) => other.revision == step.revision,
                None => other.id == step.id,
            };
            if kind != ChangeKind::Revert {
                state.undo_stack.retain(|other| !is_same(other));
                state.redo_stack.retain(|other| !is_same(other));
            }
            if matches!(outcome, UndoOutcome::AlreadyDone) {
                state.notify(already_done(state, step, kind));
            }
        }
        Err(reason) => {
            let verb = if kind == ChangeKind::Redo { "redo" } else { "undo" };
            state.notify_error(format!("Cannot {verb}: {}", describe::after_colon(&reason)));
        }
    }
}

/// Finds a room whose part of a change would not be sent immediately without a confirmation, because many of its users
/// lose hats. Returns the name of the room's server and the number of these users, or `None`. `after` is the data after
/// the change.
fn large_hat_loss(state: &State, edits: &EditGroup, after: &Wardrobe) -> Option<(String, usize)> {
    let mut rooms: Vec<&Jid> = edits.0.iter().filter_map(|edit| edit.room()).collect();
    rooms.sort();
    rooms.dedup();
    rooms.into_iter().find_map(|room| {
        let server = state.servers.of_room(room)?;
        let class = state.servers.class_of(room)?;
        let [before, after] = [&state.shown, after].map(|data| data.room(room).map(|room| &**room));
        let users = count_users_losing_hats(&changed_items(class, room, edits, before, after));
        (server.entry.send == SendMode::AtOnce && users > GUARD_USERS)
            .then(|| (server.entry.name.to_string(), users))
    })
}

/// Asks whether to make an undo or redo by which many users lose hats on a server.
fn confirm(state: &mut State, question: String, (server, users): (String, usize), undo: UndoToConfirm) {
    let title = if undo.kind == ChangeKind::Redo {
        "Redo change"
    } else {
        "Undo change"
    };
    let users = describe::count(users, "user");
    state.open(Confirm::new(
        title,
        question,
        format!("This removes hats from {users}, also on {server:?}."),
        ConfirmedAction::Undo(Box::new(undo)),
    ));
}

/// Undoes or redoes a step, as far as this is not already done. `partial` tells whether the commit also has edits that
/// this session must not see. These edits stay in effect, so the new change is not recorded as an undo of that
/// revision. `confirmed` tells whether the user was asked. The error is the reason why the step cannot be undone or redone.
fn apply(
    state: &mut State,
    effects: &mut Vec<Effect>,
    step: &UndoStep,
    (kind, partial): (ChangeKind, bool),
    confirmed: bool,
) -> Result<UndoOutcome, String> {
    let inverse = step.group.inverse();
    let inverse = inverse.without_past_ends(state.clock.now);
    let mut next = state.shown.clone();
    let rest = match next.apply_remaining(&inverse) {
        Ok(rest) => rest.into_owned(),
        Err(_) => return Err(obstacle(state, step)),
    };
    if rest.is_empty() {
        return Ok(UndoOutcome::AlreadyDone);
    }
    if let Some(reason) = commit::problem(state, &rest) {
        return Err(reason);
    }
    let undone = |state: &State| describe::group(&rest.inverse(), &state.shown, &state.zone());
    let redoes = kind == ChangeKind::Redo || (kind == ChangeKind::Revert && step.reverts_entry);
    if !confirmed && let Some(server_and_users) = large_hat_loss(state, &rest, &next) {
        let question = if redoes {
            format!("Redo: {}?", describe::group(&rest, &state.shown, &state.zone()))
        } else {
            format!("Undo: {}?", undone(state))
        };
        let undo = UndoToConfirm {
            step: step.clone(),
            kind,
            is_partial: partial,
            edits: rest,
        };
        confirm(state, question, server_and_users, undo);
        return Ok(UndoOutcome::Asks);
    }
    state.shown = next;
    match kind {
        ChangeKind::Redo => state.notify(format!(
            "Redid: {}",
            describe::group(&rest, &state.shown, &state.zone())
        )),
        ChangeKind::Revert => {
            let text = if redoes {
                format!("Redid: {}", describe::group(&rest, &state.shown, &state.zone()))
            } else {
                format!("Undid: {}", undone(state))
            };
            state.notify(describe::with_hint(&text, &commit::undo_hint(state)));
        }
        _ => {
            let hint = format!("{} to redo", state.key(CommandId::Redo));
            state.notify(describe::with_hint(&format!("Undid: {}", undone(state)), &hint));
        }
    }
    let origin = Change {
        confirmed,
        ..Change::default()
    };
    let target = if partial {
        (ChangeKind::Do, None)
    } else {
        (kind, Some(step))
    };
    commit::enqueue_as(state, effects, rest.clone(), target, origin);
    if !state.undo_search.has_other_input {
        reselect::select_restored(state, &rest);
    }
    Ok(UndoOutcome::Done)
}

/// Queries the history for a step of an earlier session, once all changes of this session are saved.
pub(super) fn query_history(state: &mut State, effects: &mut Vec<Effect>) {
    if state.undo_search.requests.is_empty() || state.undo_search.is_sent {
        return;
    }
    if state.pending.is_empty() {
        state.undo_search.is_sent = true;
        effects.push(Effect::Store(StoreRequest::FindUndo));
    } else if state.problem.is_some() {
        state.undo_search.requests.clear();
        state.notify_error("Wait until your changes are saved, then try again");
    }
}

/// Handles the result of the history query: the last steps of the same actor that can be undone and redone.
pub(super) fn candidate_found(
    state: &mut State,
    effects: &mut Vec<Effect>,
    found: Result<UndoCandidate, String>,
) {
    state.undo_search.is_sent = false;
    let Some(kind) = state.undo_search.requests.pop_front() else {
        return;
    };
    let UndoCandidate { undo, redo } = match found {
        Ok(found) => found,
        Err(error) => {
            state.undo_search.requests.clear();
            return state.notify_error(error);
        }
    };
    let entry = if kind == ChangeKind::Undo { undo } else { redo };
    let verb = if kind == ChangeKind::Undo { "undo" } else { "redo" };
    match entry {
        None => {
            state.undo_search.found_nothing |= kind == ChangeKind::Undo;
            state.notify_error(format!("Nothing to {verb}"));
        }
        Some(entry) => undo_entry(state, effects, entry, kind),
    }
    state.undo_search.has_other_input = false;
    for kind in std::mem::take(&mut state.undo_search.requests) {
        undo_or_redo(state, effects, kind);
    }
}

/// Undoes an entry of the history as a new change; with [`ChangeKind::Redo`], the entry is an undo.
pub(super) fn undo_entry(
    state: &mut State,
    effects: &mut Vec<Effect>,
    entry: HistoryEntry,
    kind: ChangeKind,
) {
    let (revision, partial) = (Some(entry.revision), entry.partial);
    let step = UndoStep {
        id: 0,
        reverts_entry: kind == ChangeKind::Revert && entry.undoes.is_some(),
        revision,
        group: entry.group,
        reason: entry.reason,
    };
    match apply(state, effects, &step, (kind, partial), false) {
        Ok(UndoOutcome::Asks) => {}
        Ok(UndoOutcome::AlreadyDone) => state.notify(already_done(state, &step, kind)),
        // This is a new change on top of later ones, so the undo stack keeps its order.
        Ok(UndoOutcome::Done) if kind == ChangeKind::Revert => {}
        Ok(UndoOutcome::Done) => {
            state.undo_stack.retain(|step| step.revision != revision);
            state.redo_stack.retain(|step| step.revision != revision);
        }
        Err(reason) => {
            let reason = describe::after_colon(&reason);
            state.notify_error(format!("Cannot undo revision {}: {reason}", entry.revision));
        }
    }
}
