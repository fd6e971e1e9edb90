//! Undo and redo, always as new changes.

use crate::app::command::CommandId;
use crate::app::state::{Kind, Step};
use crate::app::{Effect, State, sides, words};
use crate::model::Error;
use crate::store::{Entry, FoundUndo, Request};

use super::commit;

pub(crate) fn may_undo(state: &State) -> Result<(), String> {
    state.may_change()?;
    if state.start.demo && state.done.is_empty() {
        Err("there is nothing to undo".into())
    } else {
        Ok(())
    }
}

pub(crate) fn may_redo(state: &State) -> Result<(), String> {
    state.may_change()?;
    if state.start.demo && state.undone.is_empty() {
        Err("there is nothing to redo".into())
    } else {
        Ok(())
    }
}

pub(crate) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    take_back(state, effects, Kind::Undo);
}

pub(crate) fn redo(state: &mut State, effects: &mut Vec<Effect>) {
    take_back(state, effects, Kind::Redo);
}

/// Takes back the last step; one of an earlier session is looked for in the history. What is asked for meanwhile waits,
/// so that quick keys mean what slow ones do.
fn take_back(state: &mut State, effects: &mut Vec<Effect>, kind: Kind) {
    if !state.searching.is_empty() {
        state.searching.push_back(kind);
        return;
    }
    let steps = if kind == Kind::Undo {
        &mut state.done
    } else {
        &mut state.undone
    };
    let Some(step) = steps.pop() else {
        state.searching.push_back(kind);
        search(state, effects);
        return;
    };
    let pending = state.pending.iter().any(|pending| pending.id == step.id);
    if pending && state.trouble.is_some() {
        let again = kind == Kind::Redo;
        commit::withdraw(state, effects, &step);
        state.say(if again {
            "Withdrawn: the undo that was not saved yet"
        } else {
            "Withdrawn: it was not saved yet"
        });
        return;
    }
    match apply(state, effects, &step, kind, false) {
        Ok(true) => {}
        // Somebody else took it back; what comes next is asked for with another key.
        Ok(false) => state.say(already(&step, kind)),
        Err(_) => {
            let why = stands_against(state, &step);
            let steps = if kind == Kind::Undo {
                &mut state.done
            } else {
                &mut state.undone
            };
            steps.push(step);
            let what = if kind == Kind::Undo {
                "undone"
            } else {
                "done again"
            };
            state.refuse(format!("It cannot be {what}: {why}"));
        }
    }
}

/// What is said where nothing of a step is left to be taken back.
fn already(step: &Step, kind: Kind) -> String {
    if kind == Kind::Redo || (kind == Kind::TakeBack && step.takes_back) {
        format!("Already done again: {}", words::group(&step.group.inverse()))
    } else {
        format!("Already undone: {}", words::group(&step.group))
    }
}

/// What somebody changed since, so that a step cannot be taken back; and what to do.
fn stands_against(state: &State, step: &Step) -> String {
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
        let now = sides::now(&edit, &next);
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
    step: &Step,
    kind: Kind,
    partial: bool,
) -> Result<bool, Error> {
    let inverse = step.group.inverse();
    let mut next = state.view.clone();
    let rest = next.apply_rest(&inverse)?.into_owned();
    if rest.is_empty() {
        return Ok(false);
    }
    state.view = next;
    let undone = || words::group(&rest.inverse());
    match kind {
        Kind::Redo => state.say(format!("Done again: {}", words::group(&rest))),
        Kind::TakeBack => {
            let what = if step.takes_back {
                format!("Done again: {}", words::group(&rest))
            } else {
                format!("Undone: {}", undone())
            };
            state.say(format!("{what} ({} takes it back)", state.key(CommandId::Undo)));
        }
        _ => state.say(format!(
            "Undone: {} ({} does it again)",
            undone(),
            state.key(CommandId::Redo)
        )),
    }
    if partial {
        commit::push(state, effects, rest, Kind::Do, None);
    } else {
        commit::push(state, effects, rest, kind, Some(step));
    }
    Ok(true)
}

/// Asks the history what an earlier session did, once it has all that this one did.
pub(super) fn search(state: &mut State, effects: &mut Vec<Effect>) {
    if state.searching.is_empty() || state.search_asked {
        return;
    }
    if state.pending.is_empty() {
        state.search_asked = true;
        effects.push(Effect::Store(Request::FindUndo));
    } else if state.trouble.is_some() {
        state.searching.clear();
        state.refuse("the history can be asked when your changes are saved");
    }
}

/// What the history says about earlier sessions of the same actor.
pub(super) fn found(state: &mut State, effects: &mut Vec<Effect>, found: Result<FoundUndo, String>) {
    state.search_asked = false;
    let Some(kind) = state.searching.pop_front() else {
        return;
    };
    let FoundUndo { undo, redo } = match found {
        Ok(found) => found,
        Err(error) => {
            state.searching.clear();
            return state.refuse(error);
        }
    };
    let entry = if kind == Kind::Undo { undo } else { redo };
    let word = if kind == Kind::Undo { "undo" } else { "redo" };
    match entry {
        None => state.refuse(format!("there is nothing to {word}")),
        Some(entry) => take_back_entry(state, effects, entry, kind),
    }
    for kind in std::mem::take(&mut state.searching) {
        take_back(state, effects, kind);
    }
}

/// Takes back an entry of the history as a new change.
pub(super) fn take_back_entry(state: &mut State, effects: &mut Vec<Effect>, entry: Entry, kind: Kind) {
    let (revision, partial) = (Some(entry.revision), entry.partial);
    let step = Step {
        id: 0,
        takes_back: kind == Kind::TakeBack && entry.undoes.is_some(),
        revision,
        group: entry.group,
    };
    match apply(state, effects, &step, kind, partial) {
        Ok(false) => state.say(already(&step, kind)),
        // What was done in between stays in its order: this is a change after it.
        Ok(true) if kind == Kind::TakeBack => {}
        Ok(true) => {
            state.done.retain(|step| step.revision != revision);
            state.undone.retain(|step| step.revision != revision);
        }
        Err(_) => {
            let why = stands_against(state, &step);
            state.refuse(format!("Revision {} cannot be undone: {why}", entry.revision));
        }
    }
}
