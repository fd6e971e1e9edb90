//! Changes: made on the screen at once, and asked of the keeper; its answers are for `store`.

use crate::app::command::CommandId;
use crate::app::place::{PANES, RowKind};
use crate::app::sets::SetsOverlay;
use crate::app::state::{ChangeKind, Pending, UndoStep};
use crate::app::{Effect, State, describe};
use crate::model::{EditError, Group, Wardrobe};
use crate::store::{Change, StoreRequest};

/// Makes a new change; gives its edits when there were any. What is refused or makes no difference is said.
pub(super) fn execute(
    state: &mut State,
    effects: &mut Vec<Effect>,
    operation: impl FnOnce(&mut Wardrobe) -> Result<Group, EditError>,
) -> Option<Group> {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return None;
    }
    let mut next = state.view.clone();
    match operation(&mut next) {
        Err(error) => {
            state.refuse_error(&error);
            None
        }
        Ok(group) if group.is_empty() => {
            state.notify("nothing to change: it is so already");
            None
        }
        Ok(group) => {
            state.view = next;
            let what = describe::group(&group);
            // Where letters are typed, the key for undo is one of them.
            let undo = match state.top_as::<SetsOverlay>() {
                Some(_) => format!(
                    "{}, then {}",
                    state.key(CommandId::CloseSets),
                    state.key(CommandId::Undo)
                ),
                _ => state.key(CommandId::Undo),
            };
            state.notify(match state.problem {
                None => format!("You {what} ({undo} takes it back)"),
                Some(_) => format!("Not saved yet: you {what} ({undo} takes it back)"),
            });
            enqueue(state, effects, group.clone(), ChangeKind::Do, None);
            Some(group)
        }
    }
}

/// Asks the keeper for a change that the screen shows already. `of` is the step that it takes back.
pub(super) fn enqueue(
    state: &mut State,
    effects: &mut Vec<Effect>,
    group: Group,
    kind: ChangeKind,
    of: Option<&UndoStep>,
) {
    let id = state.next_id;
    state.next_id += 1;
    let revision = of.and_then(|step| step.revision);
    let mut change = Change::from(group.clone());
    let refers = match (kind, of.is_some_and(|step| step.reverts_entry)) {
        (ChangeKind::Revert, false) | (ChangeKind::Redo, true) => ChangeKind::Undo,
        (ChangeKind::Revert | ChangeKind::Undo, true) => ChangeKind::Redo,
        (kind, _) => kind,
    };
    set_reference(&mut change, refers, revision);
    let after = of.filter(|step| step.revision.is_none()).map(|step| step.id);
    state.pending.push(Pending {
        id,
        change,
        after,
        kind: refers,
        sent: false,
    });
    send_pending(state, effects);
    let step = UndoStep {
        id,
        reverts_entry: match (kind, of) {
            (ChangeKind::Revert, Some(of)) => !of.reverts_entry,
            (_, of) => of.is_some_and(|step| step.reverts_entry),
        },
        revision: None,
        group,
    };
    match kind {
        ChangeKind::Do | ChangeKind::Revert => {
            state.redo_stack.clear();
            // What waits to be taken back was not this.
            state.undo_searches.clear();
            state.undo_stack.push(step);
        }
        ChangeKind::Undo => state.redo_stack.push(step),
        ChangeKind::Redo => state.undo_stack.push(step),
    }
    // That a change was made is said already.
    let SelectedNames([first, second, _]) = SelectedNames::capture(state);
    refresh(state, SelectedNames([first, second, None]));
}

/// Asks the keeper for what is pending, in the order in which it was made: a change is asked for only when all before it
/// are, for it may build on them.
pub(super) fn send_pending(state: &mut State, effects: &mut Vec<Effect>) {
    for pending in &mut state.pending {
        if pending.after.is_some() {
            return;
        }
        if !std::mem::replace(&mut pending.sent, true) {
            let change = pending.change.clone();
            effects.push(Effect::Store(StoreRequest::Commit {
                id: pending.id,
                change,
            }));
        }
    }
}

/// Says which revision a change undoes or redoes.
pub(super) fn set_reference(change: &mut Change, kind: ChangeKind, revision: Option<u64>) {
    match kind {
        ChangeKind::Do | ChangeKind::Revert => {}
        ChangeKind::Undo => change.undoes = revision,
        ChangeKind::Redo => change.redoes = revision,
    }
}

/// Takes a step out of what can be undone and redone.
pub(super) fn remove_step(state: &mut State, id: u64) {
    state.undo_stack.retain(|step| step.id != id);
    state.redo_stack.retain(|step| step.id != id);
}

/// Forgets a change that was not done, and what only took it back.
pub(super) fn discard(state: &mut State, id: u64) {
    remove_step(state, id);
    while let Some(at) = state.pending.iter().position(|pending| pending.after == Some(id)) {
        let dependent = state.pending.remove(at);
        discard(state, dependent.id);
    }
}

/// Withdraws a change that could not be saved so far.
pub(super) fn withdraw(state: &mut State, effects: &mut Vec<Effect>, step: &UndoStep) {
    if state
        .pending
        .iter()
        .any(|pending| pending.id == step.id && pending.sent)
    {
        effects.push(Effect::Store(StoreRequest::CancelCommit { id: step.id }));
        state.withdrawn.push(step.clone());
    }
    state.pending.retain(|pending| pending.id != step.id);
    discard(state, step.id);
    send_pending(state, effects);
    rebuild_view(state);
    state.selection_lost = None;
}

/// Shows what the file holds with what is pending on top.
pub(super) fn rebuild_view(state: &mut State) {
    let before = SelectedNames::capture(state);
    state.view = state.base.clone();
    for pending in &state.pending {
        // One that does not fit any more will be refused by the keeper, and is then told.
        let _ = state.view.apply(&pending.change.group);
    }
    if let Some(gone) = refresh(state, before) {
        state.notify(gone.clone());
        state.selection_lost = Some(gone);
    }
}

/// What is selected in each pane, from left to right, and how it is called in a sentence.
struct SelectedNames([Option<(String, String)>; 3]);

impl SelectedNames {
    fn capture(state: &State) -> Self {
        let hat_pane = state.grouping().pane(RowKind::Hat);
        Self(PANES.map(|pane| {
            let selected = state.browser.column(pane).selected_str()?.to_owned();
            let name = if pane == hat_pane {
                format!(
                    "the hat {}",
                    selected_hat_title(state).unwrap_or_else(|| selected.clone())
                )
            } else {
                selected.clone()
            };
            Some((selected, name))
        }))
    }
}

/// The title of the selected hat.
fn selected_hat_title(state: &State) -> Option<String> {
    let title = match state.existing_hat() {
        Some(known) => known.title.as_deref(),
        None => state
            .hat()
            .and_then(|(id, attachment)| state.room()?.1.title(id, attachment)),
    };
    title.map(|title| format!("\"{title}\""))
}

/// Lists everything anew. What was selected may not be seen any more: then it is said, and who was in it is one pane
/// further out, so that they do not find themselves at the hats of somebody else.
fn refresh(state: &mut State, before: SelectedNames) -> Option<String> {
    state.browser.refresh(&state.view);
    for (pane, before) in PANES.into_iter().zip(before.0) {
        let column = state.browser.column(pane);
        let Some((selected, name)) = before else { continue };
        if column.selected_str() == Some(selected.as_str()) {
            continue;
        }
        if state.focus < pane {
            return None;
        }
        let why = if column.hides(&selected) {
            "does not match the filter"
        } else {
            "is not there"
        };
        state.focus = pane;
        return Some(format!("{name} {why} any more"));
    }
    None
}
