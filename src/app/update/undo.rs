//! Undo and redo. Both are recorded as new changes.

use crate::app::command::CommandId;
use crate::app::state::{ChangeKind, UndoStep};
use crate::app::{Effect, State, conflict_text, describe};
use crate::model::EditError;
use crate::store::{HistoryEntry, StoreRequest, UndoCandidate};

use super::commit;

pub(crate) fn may_undo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if state.start.demo && state.undo_stack.is_empty() {
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

/// Undoes or redoes the last step. A step of an earlier session is looked up in the history; further requests wait for
/// that, so that the result does not depend on typing speed.
fn undo_or_redo(state: &mut State, effects: &mut Vec<Effect>, kind: ChangeKind) {
    if !state.undo_searches.is_empty() {
        state.undo_searches.push_back(kind);
        return;
    }
    let steps = if kind == ChangeKind::Undo {
        &mut state.undo_stack
    } else {
        &mut state.redo_stack
    };
    let Some(step) = steps.pop() else {
        state.undo_searches.push_back(kind);
        query_history(state, effects);
        return;
    };
    let pending = state.pending.iter().any(|pending| pending.id == step.id);
    if pending && state.problem.is_some() {
        let again = kind == ChangeKind::Redo;
        commit::withdraw(state, effects, &step);
        state.notify(if again {
            "Redone before the undo was saved"
        } else {
            "Undone before it was saved"
        });
        return;
    }
    match apply(state, effects, &step, kind, false) {
        Ok(true) => {}
        // Someone else already undid it. The next step needs another key press.
        Ok(false) => state.notify(already_done(&step, kind)),
        Err(_) => {
            let reason = obstacle(state, &step);
            let steps = if kind == ChangeKind::Undo {
                &mut state.undo_stack
            } else {
                &mut state.redo_stack
            };
            steps.push(step);
            let what = if kind == ChangeKind::Undo { "undo" } else { "redo" };
            state.notify_error(format!("Cannot {what}: {reason}"));
        }
    }
}

/// The notice if nothing of a step is left to undo or redo.
fn already_done(step: &UndoStep, kind: ChangeKind) -> String {
    if kind == ChangeKind::Redo || (kind == ChangeKind::Revert && step.reverts_entry) {
        format!("Already redone: {}", describe::group(&step.group.inverse()))
    } else {
        format!("Already undone: {}", describe::group(&step.group))
    }
}

/// What was changed since, so that a step cannot be undone, and how to proceed.
fn obstacle(state: &State, step: &UndoStep) -> String {
    let mut next = state.view.clone();
    for edit in step.group.inverse().0 {
        let Err(error) = next.apply(&edit.clone().into()) else {
            continue;
        };
        let what = match (edit.user(), edit.room()) {
            (Some(user), Some(room)) => format!("{user} in {room}"),
            (None, Some(room)) => room.to_string(),
            (_, None) => return error.to_string(),
        };
        let now = conflict_text::describe_current(&edit, &next);
        let key = state.key(CommandId::History);
        return format!("{what} has changed since: {now}. See history ({key})");
    }
    "the data has changed since".into()
}

/// Undoes what is left of a step; returns false if nothing is. `partial`: the commit also has edits that this session must
/// not see. They stay in effect, so the change is not recorded as an undo of that revision.
fn apply(
    state: &mut State,
    effects: &mut Vec<Effect>,
    step: &UndoStep,
    kind: ChangeKind,
    partial: bool,
) -> Result<bool, EditError> {
    let inverse = step.group.inverse();
    let mut next = state.view.clone();
    let rest = next.apply_remaining(&inverse)?.into_owned();
    if rest.is_empty() {
        return Ok(false);
    }
    state.view = next;
    let undone = || describe::group(&rest.inverse());
    match kind {
        ChangeKind::Redo => state.notify(format!("Redone: {}", describe::group(&rest))),
        ChangeKind::Revert => {
            let what = if step.reverts_entry {
                format!("Redone: {}", describe::group(&rest))
            } else {
                format!("Undone: {}", undone())
            };
            state.notify(format!("{what} ({} to undo)", state.key(CommandId::Undo)));
        }
        _ => state.notify(format!(
            "Undone: {} ({} to redo)",
            undone(),
            state.key(CommandId::Redo)
        )),
    }
    if partial {
        commit::enqueue(state, effects, rest, ChangeKind::Do, None);
    } else {
        commit::enqueue(state, effects, rest, kind, Some(step));
    }
    Ok(true)
}

/// Queries the history for a step of an earlier session, once all changes of this session are saved.
pub(super) fn query_history(state: &mut State, effects: &mut Vec<Effect>) {
    if state.undo_searches.is_empty() || state.undo_search_sent {
        return;
    }
    if state.pending.is_empty() {
        state.undo_search_sent = true;
        effects.push(Effect::Store(StoreRequest::FindUndo));
    } else if state.problem.is_some() {
        state.undo_searches.clear();
        state.notify_error("Wait until your changes are saved, then undo again");
    }
}

/// Handles the result of the history query for steps of the same actor.
pub(super) fn candidate_found(
    state: &mut State,
    effects: &mut Vec<Effect>,
    found: Result<UndoCandidate, String>,
) {
    state.undo_search_sent = false;
    let Some(kind) = state.undo_searches.pop_front() else {
        return;
    };
    let UndoCandidate { undo, redo } = match found {
        Ok(found) => found,
        Err(error) => {
            state.undo_searches.clear();
            return state.notify_error(error);
        }
    };
    let entry = if kind == ChangeKind::Undo { undo } else { redo };
    let word = if kind == ChangeKind::Undo { "undo" } else { "redo" };
    match entry {
        None => state.notify_error(format!("Nothing to {word}")),
        Some(entry) => undo_entry(state, effects, entry, kind),
    }
    for kind in std::mem::take(&mut state.undo_searches) {
        undo_or_redo(state, effects, kind);
    }
}

/// Undoes a history entry as a new change.
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
    };
    match apply(state, effects, &step, kind, partial) {
        Ok(false) => state.notify(already_done(&step, kind)),
        // This is a new change on top of later ones, so the undo stack keeps its order.
        Ok(true) if kind == ChangeKind::Revert => {}
        Ok(true) => {
            state.undo_stack.retain(|step| step.revision != revision);
            state.redo_stack.retain(|step| step.revision != revision);
        }
        Err(_) => {
            let reason = obstacle(state, &step);
            state.notify_error(format!("Cannot undo revision {}: {reason}", entry.revision));
        }
    }
}
