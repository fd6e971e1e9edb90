//! Changes: made on the screen at once, asked of the keeper, and settled when it answers.

use crate::app::state::{Kind, Pending, Step};
use crate::app::{Act, Confirm, Conflict, Effect, Over, Overlay, Pane, State, sides, words};
use crate::model::{Error, Group, Wardrobe};
use crate::store::{Change, Request, Snapshot};

use super::{leave, undo};

/// Makes a new change; gives its edits when there were any. What is refused or makes no difference is said.
pub(super) fn make(
    state: &mut State,
    effects: &mut Vec<Effect>,
    operation: impl FnOnce(&mut Wardrobe) -> Result<Group, Error>,
) -> Option<Group> {
    if let Err(reason) = state.may_change() {
        state.refuse(reason);
        return None;
    }
    let mut next = state.view.clone();
    match operation(&mut next) {
        Err(error) => {
            state.refuse_error(&error);
            None
        }
        Ok(group) if group.is_empty() => {
            state.say("nothing to change: it is so already");
            None
        }
        Ok(group) => {
            state.view = next;
            state.say(format!("You {} (u takes it back)", words::group(&group)));
            push(state, effects, group.clone(), Kind::Do, None);
            Some(group)
        }
    }
}

/// Asks the keeper for a change that the screen shows already. `of` is the step that it takes back.
pub(super) fn push(
    state: &mut State,
    effects: &mut Vec<Effect>,
    group: Group,
    kind: Kind,
    of: Option<&Step>,
) {
    let id = state.next_id;
    state.next_id += 1;
    let revision = of.and_then(|step| step.revision);
    let mut change = Change::from(group.clone());
    refer(&mut change, kind, revision);
    let after = of.filter(|step| step.revision.is_none()).map(|step| step.id);
    state.pending.push(Pending {
        id,
        change,
        after,
        kind,
        asked: false,
    });
    ask(state, effects);
    let step = Step {
        id,
        revision: None,
        group,
    };
    match kind {
        Kind::Do => {
            state.undone.clear();
            // What waits to be taken back was not this.
            state.searching.clear();
            state.done.push(step);
        }
        Kind::Undo => state.undone.push(step),
        Kind::Redo => state.done.push(step),
    }
    // That a change was made is said already.
    refresh(state);
}

/// Asks the keeper for what is pending, in the order in which it was made: a change is asked for only when all before it
/// are, for it may build on them.
fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    for pending in &mut state.pending {
        if pending.after.is_some() {
            return;
        }
        if !std::mem::replace(&mut pending.asked, true) {
            let change = pending.change.clone();
            effects.push(Effect::Store(Request::Commit {
                id: pending.id,
                change,
            }));
        }
    }
}

/// Makes a change of an earlier session again, or shows both sides where it does not fit any more. One that was saved
/// after all is not made twice.
pub(super) fn offer_again(state: &mut State, effects: &mut Vec<Effect>, change: Change) {
    match state.view.apply(&change.group) {
        Ok(()) => {
            state.say(format!("Made again: you {}", words::group(&change.group)));
            push(state, effects, change.group, Kind::Do, None);
        }
        Err(_) if is_so(&state.view, &change.group) => {
            state.say(format!("You {}: it is so already", words::group(&change.group)));
        }
        Err(error) => refuse(state, change, error),
    }
}

/// Whether what a change leads to is there already.
fn is_so(wardrobe: &Wardrobe, group: &Group) -> bool {
    wardrobe.clone().apply(&group.inverse()).is_ok()
}

fn refer(change: &mut Change, kind: Kind, revision: Option<u64>) {
    match kind {
        Kind::Do => {}
        Kind::Undo => change.undoes = revision,
        Kind::Redo => change.redoes = revision,
    }
}

/// Takes the keeper's answers.
pub(super) fn settle(
    state: &mut State,
    effects: &mut Vec<Effect>,
    settled: Vec<(u64, Result<Option<u64>, Error>)>,
    snapshot: Snapshot,
) {
    let mut refused = Vec::new();
    for (id, result) in settled {
        let there = state
            .pending
            .iter()
            .position(|pending| pending.id == id)
            .map(|at| state.pending.remove(at));
        let Some(pending) = there else {
            took_back_too_late(state, id, result.ok().flatten());
            continue;
        };
        match result {
            Ok(revision) => settled_as(state, id, revision),
            Err(error) => {
                forget(state, id);
                refused.push((pending.change, error));
            }
        }
    }
    ask(state, effects);
    adopt(state, snapshot);
    undo_what_came_too_late(state, effects);
    for (change, error) in refused {
        refuse(state, change, error);
    }
    undo::search(state, effects);
    leave::when_settled(state);
}

fn settled_as(state: &mut State, id: u64, revision: Option<u64>) {
    match revision {
        Some(_) => {
            for step in state
                .done
                .iter_mut()
                .chain(&mut state.undone)
                .filter(|step| step.id == id)
            {
                step.revision = revision;
            }
        }
        None => drop_step(state, id),
    }
    for pending in state
        .pending
        .iter_mut()
        .filter(|pending| pending.after == Some(id))
    {
        pending.after = None;
        refer(&mut pending.change, pending.kind, revision);
    }
}

fn drop_step(state: &mut State, id: u64) {
    state.done.retain(|step| step.id != id);
    state.undone.retain(|step| step.id != id);
}

/// Forgets a change that was not done, and what only took it back.
fn forget(state: &mut State, id: u64) {
    drop_step(state, id);
    while let Some(at) = state.pending.iter().position(|pending| pending.after == Some(id)) {
        let dependent = state.pending.remove(at);
        forget(state, dependent.id);
    }
}

/// Withdraws a change that could not be saved so far.
pub(super) fn withdraw(state: &mut State, effects: &mut Vec<Effect>, step: &Step) {
    if state
        .pending
        .iter()
        .any(|pending| pending.id == step.id && pending.asked)
    {
        effects.push(Effect::Store(Request::Withdraw { id: step.id }));
        state.withdrawn.push(step.clone());
    }
    state.pending.retain(|pending| pending.id != step.id);
    forget(state, step.id);
    ask(state, effects);
    show(state);
}

/// What was withdrawn may have been saved at that very moment: then it is undone.
fn took_back_too_late(state: &mut State, id: u64, revision: Option<u64>) {
    state.withdrawn.retain_mut(|step| {
        if step.id == id {
            step.revision = revision;
        }
        step.id != id || revision.is_some()
    });
}

fn undo_what_came_too_late(state: &mut State, effects: &mut Vec<Effect>) {
    let (late, rest) = std::mem::take(&mut state.withdrawn)
        .into_iter()
        .partition(|step| step.revision.is_some());
    state.withdrawn = rest;
    let late: Vec<Step> = late;
    for step in late {
        let inverse = step.group.inverse();
        if state.view.apply(&inverse).is_ok() {
            push(state, effects, inverse, Kind::Undo, Some(&step));
        }
    }
}

/// The file holds this now; the screen shows it with what is pending on top.
pub(super) fn adopt(state: &mut State, snapshot: Snapshot) {
    state.base = snapshot.wardrobe;
    state.exists = snapshot.exists;
    state.read_only = snapshot.read_only;
    show(state);
    follow(state);
}

/// What lies on top follows the file: both sides of a conflict are those of now, and what there is nothing to ask about
/// any more is not asked.
fn follow(state: &mut State) {
    let mut overlays = std::mem::take(&mut state.overlays);
    let mut kept: Vec<Overlay> = Vec::with_capacity(overlays.len());
    for mut overlay in overlays.drain(..) {
        let withdrawn = match &mut overlay {
            Overlay::Confirm(confirm) => withdrawn_question(confirm, &state.view),
            Overlay::Conflict(conflict) => withdrawn_conflict(conflict, kept.last(), &state.view),
            _ => None,
        };
        match withdrawn {
            Some(reason) => state.say(reason),
            None => kept.push(overlay),
        }
    }
    state.overlays = kept;
}

fn withdrawn_question(question: &Confirm, view: &Wardrobe) -> Option<&'static str> {
    let Act::Commit(group) = &question.act else {
        return None;
    };
    let stale = view.clone().apply(group).is_err();
    stale.then_some("Changed by somebody else meanwhile: nothing was done; ask again")
}

fn withdrawn_conflict(
    conflict: &mut Conflict,
    below: Option<&Overlay>,
    view: &Wardrobe,
) -> Option<&'static str> {
    match (&conflict.over, below) {
        (Over::Change(change), _) if is_so(view, &change.group) => {
            Some("Somebody else made the same change: it is so already")
        }
        (Over::Change(change), _) => {
            conflict.theirs = theirs(&change.group, view);
            None
        }
        (Over::Form, Some(Overlay::Form(form))) => match form.changed_meanwhile(view) {
            Some(theirs) => {
                conflict.theirs = theirs;
                None
            }
            None => Some("It is as it was again: Enter saves"),
        },
        (Over::Form, _) => Some("What it was about is not there any more"),
    }
}

fn show(state: &mut State) {
    state.view = state.base.clone();
    for pending in &state.pending {
        // One that does not fit any more will be refused by the keeper, and is then told.
        let _ = state.view.apply(&pending.change.group);
    }
    if let Some(gone) = refresh(state) {
        state.say(gone);
    }
}

/// Lists everything anew. Who was at a user's hats must not find themselves at the hats of somebody else: when what they
/// were in is not seen any more they are one pane further out; why, in words.
fn refresh(state: &mut State) -> Option<String> {
    let (room, user) = state.rows.on();
    state.rows.refresh(&state.view);
    let now = state.rows.on();
    let (gone, there, focus) = match (room, user) {
        (Some(room), _) if now.0.as_ref() != Some(&room) => {
            let there = state.view.room(&room).is_some();
            (room, there, Pane::Rooms)
        }
        (Some(room), Some(user)) if now.1.as_ref() != Some(&user) => {
            let there = state.view.user(&room, &user).is_some();
            (user, there, Pane::Users)
        }
        _ => return None,
    };
    if state.focus <= focus {
        return None;
    }
    state.focus = focus;
    let why = if there {
        "does not match the filter"
    } else {
        "is not there"
    };
    Some(format!("{gone} {why} any more"))
}

fn refuse(state: &mut State, change: Change, error: Error) {
    let words = words::group(&change.group);
    let Error::Conflict { what, .. } = error else {
        state.refuse(format!("Not saved: you {words}, but {error}"));
        return;
    };
    let theirs = theirs(&change.group, &state.view);
    let over = Over::Change(change);
    state.overlays.push(Overlay::Conflict(Box::new(Conflict {
        what,
        mine: format!("you {words}"),
        theirs,
        over,
    })));
}

/// What stands now where a change first does not fit.
fn theirs(group: &Group, view: &Wardrobe) -> String {
    let mut there = view.clone();
    let apart = group
        .0
        .iter()
        .find(|edit| there.apply(&Group::from((*edit).clone())).is_err());
    apart.map_or_else(|| "as it was".into(), |edit| sides::now(edit, view))
}
