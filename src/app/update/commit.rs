//! Making changes: a change is applied to the shown wardrobe immediately and sent to the store worker, whose answers
//! are handled in `store`.

use crate::app::command::CommandId;
use crate::app::history::HistoryOverlay;
use crate::app::place::{PANES, RowKind};
use crate::app::sets::SetsOverlay;
use crate::app::state::Pending;
use crate::app::undo_step::{ChangeKind, UndoStep};
use crate::app::{Effect, State, describe};
use crate::model::{Edit, EditError, EditGroup, Wardrobe};
use crate::store::{Change, StoreRequest};
use crate::sync::room_with_changed_affiliation;

/// Returns the reason why this session may not make a change: its rights do not permit the change, or the change sets
/// an affiliation in a room whose affiliations are only received from its server. `None` if the session may make the
/// change.
pub(super) fn problem(state: &State, group: &EditGroup) -> Option<String> {
    match state.start.scope.rights.permit(group) {
        Err(reason) => Some(describe::capitalized(&reason.to_string())),
        Ok(_) => affiliation_problem(state, &group.0),
    }
}

/// Returns the reason why an affiliation that the edits set cannot be changed: the affiliations of its room are only
/// received from the server. `None` if there is no such edit.
pub(super) fn affiliation_problem(state: &State, edits: &[Edit]) -> Option<String> {
    if state.servers.all.is_empty() {
        return None;
    }
    let mut rooms = edits.iter().filter_map(room_with_changed_affiliation);
    rooms.find_map(|room| state.servers.affiliation_problem(room))
}

/// Applies a new change to the shown wardrobe and queues it. Returns its edits, or shows a notice and returns `None` if
/// it was rejected or changed nothing.
pub(super) fn execute(
    state: &mut State,
    effects: &mut Vec<Effect>,
    operation: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
) -> Option<EditGroup> {
    execute_as(state, effects, Change::default(), operation)
}

/// Like [`execute`], with the data of `origin` other than its edits, such as the reason.
pub(super) fn execute_as(
    state: &mut State,
    effects: &mut Vec<Effect>,
    origin: Change,
    operation: impl FnOnce(&mut Wardrobe) -> Result<EditGroup, EditError>,
) -> Option<EditGroup> {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return None;
    }
    let mut next = state.shown.clone();
    match operation(&mut next) {
        Err(error) => {
            state.notify_edit_error(&error);
            None
        }
        Ok(group) if group.is_empty() => {
            state.notify("Nothing changed");
            None
        }
        Ok(group) => {
            if let Some(reason) = problem(state, &group) {
                state.notify_error(reason);
                return None;
            }
            state.shown = next;
            let description = describe::group(&group, &state.shown, &state.zone());
            let description = match state.problem {
                None => describe::capitalized(&description),
                Some(_) => format!("Not saved yet: {description}"),
            };
            state.notify(describe::with_hint(&description, &undo_hint(state)));
            enqueue_as(state, effects, group.clone(), (ChangeKind::Do, None), origin);
            Some(group)
        }
    }
}

/// Says how to undo the last change from the current place, such as `u to undo`.
pub(super) fn undo_hint(state: &State) -> String {
    let undo = state.key(CommandId::Undo);
    // In these overlays, the key is text or concerns the selected entry.
    let close = if state.top_as::<SetsOverlay>().is_some() {
        CommandId::CloseSets
    } else if state.top_as::<HistoryOverlay>().is_some() {
        CommandId::CloseHistory
    } else {
        return format!("{undo} to undo");
    };
    format!("{}, then {undo} to undo", state.key(close))
}

/// Queues a change that the shown wardrobe already has. `target` is the step that the change undoes or redoes.
pub(super) fn enqueue(
    state: &mut State,
    effects: &mut Vec<Effect>,
    group: EditGroup,
    kind: ChangeKind,
    target: Option<&UndoStep>,
) {
    enqueue_as(state, effects, group, (kind, target), Change::default());
}

/// Like [`enqueue`], with the data of `origin` other than its edits, such as the reason.
pub(super) fn enqueue_as(
    state: &mut State,
    effects: &mut Vec<Effect>,
    group: EditGroup,
    (kind, target): (ChangeKind, Option<&UndoStep>),
    origin: Change,
) {
    let id = state.next_id;
    state.next_id += 1;
    let revision = target.and_then(|step| step.revision);
    let reason = origin.reason.clone();
    let origin_undoes = origin.undoes.is_some();
    let mut change = Change {
        group: group.clone(),
        // Changes of several users were confirmed before, except most undos and redos.
        confirmed: origin.confirmed || kind == ChangeKind::Do,
        ..origin
    };
    let reference_kind = match (kind, target.is_some_and(|step| step.reverts_entry)) {
        (ChangeKind::Revert, false) | (ChangeKind::Redo, true) => ChangeKind::Undo,
        (ChangeKind::Revert | ChangeKind::Undo, true) => ChangeKind::Redo,
        (kind, _) => kind,
    };
    set_reference(&mut change, reference_kind, revision);
    let undone_change = target.filter(|step| step.revision.is_none()).map(|step| step.id);
    state.pending.push(Pending {
        id,
        change,
        undone_change,
        kind: reference_kind,
        sent: false,
    });
    send_pending(state, effects);
    let step = UndoStep {
        id,
        reverts_entry: match (kind, target) {
            (ChangeKind::Revert, Some(target)) => !target.reverts_entry,
            // An undo in a restored draft is made as a new change.
            (_, target) => target.map_or(origin_undoes, |step| step.reverts_entry),
        },
        revision: None,
        group,
        reason,
    };
    match kind {
        ChangeKind::Do | ChangeKind::Revert => {
            state.redo_stack.clear();
            // Undo requests that wait for the history were made before this change.
            state.undo_search.requests.clear();
            state.undo_stack.push(step);
        }
        ChangeKind::Undo => state.redo_stack.push(step),
        ChangeKind::Redo => state.undo_stack.push(step),
    }
    // The notice already describes the change, so a lost selection is not reported.
    let before = SelectedNames::capture(state);
    refresh(state, before);
}

/// Sends pending changes to the store worker, in order, because a change may depend on all earlier ones. Stops at a
/// change that waits until the change that it undoes or redoes has a revision.
pub(super) fn send_pending(state: &mut State, effects: &mut Vec<Effect>) {
    for pending in &mut state.pending {
        if pending.undone_change.is_some() {
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

/// Records the revision that a change undoes or redoes.
pub(super) fn set_reference(change: &mut Change, kind: ChangeKind, revision: Option<u64>) {
    match kind {
        ChangeKind::Do | ChangeKind::Revert => {}
        ChangeKind::Undo => change.undoes = revision,
        ChangeKind::Redo => change.redoes = revision,
    }
}

/// Removes a step from the undo and redo stacks.
pub(super) fn remove_step(state: &mut State, id: u64) {
    state.undo_stack.retain(|step| step.id != id);
    state.redo_stack.retain(|step| step.id != id);
}

/// Forgets a change that was not saved and is no longer pending: removes its undo step, and discards the pending
/// changes that undo or redo it.
pub(super) fn discard(state: &mut State, id: u64) {
    remove_step(state, id);
    while let Some(index) = state
        .pending
        .iter()
        .position(|pending| pending.undone_change == Some(id))
    {
        let dependent = state.pending.remove(index);
        discard(state, dependent.id);
    }
}

/// Withdraws a change that has not been saved yet.
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
    rebuild_shown(state);
    state.selection_lost = None;
}

/// Rebuilds the shown wardrobe: the content of the data file with pending changes applied.
pub(super) fn rebuild_shown(state: &mut State) {
    let before = SelectedNames::capture(state);
    state.shown = state.saved.clone();
    for pending in &state.pending {
        // The store worker will reject a change that no longer applies, and the rejection is reported then.
        let _ = state.shown.apply(&pending.change.group);
    }
    if let Some(loss) = refresh(state, before) {
        let now = state.browser.column(state.focus).selected_str();
        let now = now.map_or_else(String::new, |now| format!("; {now} is selected now"));
        let reported = state.notice.take().and_then(|notice| notice.reported);
        state.notify(describe::sentence(&format!("{loss}{now}")));
        // A report of changes by others may follow; it also covers those already reported.
        if let Some(notice) = &mut state.notice {
            notice.reported = reported;
        }
        state.selection_lost = Some(loss);
    }
}

/// The address or ID of the selected row in each pane, from the first to the third, and its name in sentences.
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

/// Returns the title of the selected hat, in quotes.
fn selected_hat_title(state: &State) -> Option<String> {
    let title = match state.existing_hat() {
        Some(hat) => hat.title.as_deref(),
        None => state
            .hat()
            .and_then(|(id, attachment)| state.room()?.1.title(id, attachment)),
    };
    title.map(|title| format!("\"{title}\""))
}

/// Refreshes all rows. If the selected row of the focused pane or of a pane before it is no longer visible, moves the
/// focus to the pane of that row and returns a phrase that says so: the next command must not act on another row.
fn refresh(state: &mut State, before: SelectedNames) -> Option<String> {
    state.browser.refresh(&state.shown);
    for (pane, before) in PANES.into_iter().zip(before.0) {
        let column = state.browser.column(pane);
        let Some((selected, name)) = before else { continue };
        if column.selected_str() == Some(selected.as_str()) {
            continue;
        }
        if state.focus < pane {
            return None;
        }
        let reason = if column.may_hide(&selected) {
            "no longer matches the filter"
        } else {
            "is no longer listed"
        };
        state.focus = pane;
        return Some(format!("{name} {reason}"));
    }
    None
}
