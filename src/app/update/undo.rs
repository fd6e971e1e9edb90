//! Undo and redo, always as new changes.

use crate::app::command::CommandId;
use crate::app::state::{ChangeKind, UndoStep};
use crate::app::{Effect, State, conflict_text, describe};
use crate::model::EditError;
use crate::store::{HistoryEntry, StoreRequest, UndoCandidate};

use super::commit;

pub(crate) fn may_undo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if state.start.demo && state.undo_stack.is_empty() {
        Err("there is nothing to undo".into())
    } else {
        Ok(())
    }
}

pub(crate) fn may_redo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if state.start.demo && state.redo_stack.is_empty() {
        Err("there is nothing to redo".into())
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

/// Takes back the last step; one of an earlier session is looked for in the history. What is asked for meanwhile waits,
/// so that quick keys mean what slow ones do.
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
            "Withdrawn: the undo that was not saved yet"
        } else {
            "Withdrawn: it was not saved yet"
        });
        return;
    }
    match apply(state, effects, &step, kind, false) {
        Ok(true) => {}
        // Somebody else took it back; what comes next is asked for with another key.
        Ok(false) => state.notify(already_done(&step, kind)),
        Err(_) => {
            let why = obstacle(state, &step);
            let steps = if kind == ChangeKind::Undo {
                &mut state.undo_stack
            } else {
                &mut state.redo_stack
            };
            steps.push(step);
            let what = if kind == ChangeKind::Undo {
                "undone"
            } else {
                "done again"
            };
            state.notify_error(format!("It cannot be {what}: {why}"));
        }
    }
}

/// What is said where nothing of a step is left to be taken back.
fn already_done(step: &UndoStep, kind: ChangeKind) -> String {
    if kind == ChangeKind::Redo || (kind == ChangeKind::Revert && step.reverts_entry) {
        format!("Already done again: {}", describe::group(&step.group.inverse()))
    } else {
        format!("Already undone: {}", describe::group(&step.group))
    }
}

/// What somebody changed since, so that a step cannot be taken back; and what to do.
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
        return format!("changed meanwhile: {what}: {now}; {key} shows by whom, undo that first");
    }
    "it does not fit any more".into()
}

/// Takes back what of a step was not taken back already; false: nothing was left. `partial`: of a commit that has more
/// than this session may see, which therefore stays in effect.
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
        ChangeKind::Redo => state.notify(format!("Done again: {}", describe::group(&rest))),
        ChangeKind::Revert => {
            let what = if step.reverts_entry {
                format!("Done again: {}", describe::group(&rest))
            } else {
                format!("Undone: {}", undone())
            };
            state.notify(format!("{what} ({} takes it back)", state.key(CommandId::Undo)));
        }
        _ => state.notify(format!(
            "Undone: {} ({} does it again)",
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

/// Asks the history what an earlier session did, once it has all that this one did.
pub(super) fn query_history(state: &mut State, effects: &mut Vec<Effect>) {
    if state.undo_searches.is_empty() || state.undo_search_sent {
        return;
    }
    if state.pending.is_empty() {
        state.undo_search_sent = true;
        effects.push(Effect::Store(StoreRequest::FindUndo));
    } else if state.problem.is_some() {
        state.undo_searches.clear();
        state.notify_error("the history can be asked when your changes are saved");
    }
}

/// What the history says about earlier sessions of the same actor.
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
        None => state.notify_error(format!("there is nothing to {word}")),
        Some(entry) => undo_entry(state, effects, entry, kind),
    }
    for kind in std::mem::take(&mut state.undo_searches) {
        undo_or_redo(state, effects, kind);
    }
}

/// Takes back an entry of the history as a new change.
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
        // What was done in between stays in its order: this is a change after it.
        Ok(true) if kind == ChangeKind::Revert => {}
        Ok(true) => {
            state.undo_stack.retain(|step| step.revision != revision);
            state.redo_stack.retain(|step| step.revision != revision);
        }
        Err(_) => {
            let why = obstacle(state, &step);
            state.notify_error(format!("Revision {} cannot be undone: {why}", entry.revision));
        }
    }
}
