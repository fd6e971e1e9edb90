//! Undo and redo, always as new changes; and the two sides of a conflict.

use crate::app::state::{Kind, Step};
use crate::app::{Conflict, Effect, Over, Overlay, State, words};
use crate::model::{Affiliation, Edit, Error, Group, Wardrobe};
use crate::store::{Entry, FoundUndo, Request};

use super::{commit, form};

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
    if let Err(error) = apply(state, effects, &step, kind) {
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
        state.refuse(format!("It cannot be {what}: {error}"));
    }
}

fn apply(state: &mut State, effects: &mut Vec<Effect>, step: &Step, kind: Kind) -> Result<(), Error> {
    let inverse = step.group.inverse();
    let mut next = state.view.clone();
    next.apply(&inverse)?;
    state.view = next;
    match kind {
        Kind::Redo => state.say(format!("Done again: you {}", words::group(&inverse))),
        _ => state.say(format!(
            "Undone: you {} (Ctrl-R does it again)",
            words::group(&inverse)
        )),
    }
    commit::push(state, effects, inverse, kind, Some(step));
    Ok(())
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
    let revision = Some(entry.revision);
    let step = Step {
        id: 0,
        revision,
        group: entry.group,
    };
    match apply(state, effects, &step, kind) {
        Ok(()) => {
            state.done.retain(|step| step.revision != revision);
            state.undone.retain(|step| step.revision != revision);
        }
        Err(error) => state.refuse(format!("Revision {} cannot be undone: {error}", entry.revision)),
    }
}

pub(crate) fn over_form(state: &State) -> Result<(), String> {
    match state.top() {
        Some(Overlay::Conflict(conflict)) if conflict.over == Over::Form => Ok(()),
        _ => Err("your change is not written: m puts it there all the same, t leaves what is there".into()),
    }
}

fn pop(state: &mut State) -> Option<Conflict> {
    match state.overlays.pop() {
        Some(Overlay::Conflict(conflict)) => Some(*conflict),
        Some(other) => {
            state.overlays.push(other);
            None
        }
        None => None,
    }
}

/// Puts this moderator's side in place of what is there now.
pub(crate) fn mine(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(conflict) = pop(state) else { return };
    match conflict.over {
        Over::Form => {
            let view = state.view.clone();
            let Some(Overlay::Form(form)) = state.overlays.last_mut() else {
                return;
            };
            if form.rebase(&view) {
                form::commit_form(state, effects);
            } else {
                state.refuse(format!("that cannot be saved: {}", conflict.theirs));
            }
        }
        Over::Change(change) => {
            commit::make(state, effects, |next| onto(&change.group, next));
        }
    }
}

/// Leaves what is there now.
pub(crate) fn theirs(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(conflict) = pop(state)
        && conflict.over == Over::Form
    {
        form::close(state);
    }
    state.say("Left as it is now");
}

/// The same changes, made of what is there now.
fn onto(group: &Group, wardrobe: &mut Wardrobe) -> Result<Group, Error> {
    let mut made = Group::default();
    for edit in &group.0 {
        let again = match edit {
            Edit::Room {
                room,
                after: Some(after),
                ..
            } if wardrobe.room(room).is_some() => wardrobe.rename_room(room, after.name.as_deref()),
            Edit::Room {
                room,
                after: Some(after),
                ..
            } => wardrobe.put_room(room, after.clone()),
            Edit::Room {
                room, after: None, ..
            } => wardrobe.remove_room(room),
            Edit::RoomName { room, after, .. } => wardrobe.rename_room(room, after.as_deref()),
            Edit::Catalogue { room, hat, after, .. } => wardrobe.set_catalogue_hat(room, hat, after.clone()),
            Edit::User {
                room,
                user,
                after: Some(after),
                ..
            } => wardrobe.put_user(user, room, after.clone()),
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
                after: Some(after),
                ..
            } => wardrobe.add_user_hat(user, room, hat, after.clone()),
            Edit::Hat {
                room,
                user,
                hat,
                after: None,
                ..
            } => wardrobe.take_hat(user, room, hat),
            Edit::Document { .. } => Ok(Group::default()),
        };
        made.0.extend(again?.0);
    }
    Ok(made)
}
