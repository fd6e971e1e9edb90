//! Handles events of the store worker.

use crate::app::history::HistoryOverlay;
use crate::app::undo_step::{ChangeKind, UndoStep};
use crate::app::{Effect, Phase, State, describe};
use crate::model::EditError;
use crate::store::{HistoryEntry, Snapshot, StoreEvent, StoreProblem, StoreRequest, person};

use super::{apply, commit, conflict, draft, expire, following, quit, rollback, sending, undo, unresolved};

pub(super) fn handle(state: &mut State, event: StoreEvent, effects: &mut Vec<Effect>) {
    match event {
        StoreEvent::Opening { done, total } => {
            if state.phase != Phase::Open {
                state.phase = Phase::Opening { done, total };
            }
        }
        StoreEvent::Opened(snapshot) => {
            state.phase = Phase::Open;
            state.problem = None;
            adopt(state, snapshot);
            sending::resume(state, effects);
            if let Some(bytes) = state.drafts.received.take() {
                draft::loaded(state, bytes);
            }
        }
        StoreEvent::Committed { results, snapshot } => committed(state, effects, results, snapshot),
        StoreEvent::Changed(snapshot) => adopt(state, snapshot),
        StoreEvent::ChangedByOthers(entries) => notify_of_others(state, &entries),
        StoreEvent::Problem(problem) => set_problem(state, problem, effects),
        StoreEvent::History { query, page } => {
            unresolved::history_read(state, effects, &query, &page);
            rollback::page_read(state, effects, &query, &page);
            for overlay in &mut state.overlays {
                if let Some(history) = overlay.downcast_mut::<HistoryOverlay>() {
                    let next = history.receive(&query, page.clone());
                    effects.extend(next.map(|query| Effect::Store(StoreRequest::History(query))));
                }
            }
        }
        StoreEvent::HistorySince { revision, entries } => rollback::entries_read(state, revision, entries),
        StoreEvent::FoundUndo(found) => undo::candidate_found(state, effects, found),
    }
}

/// Shows a notice about changes by others, if the panes show the changed items. A notice that shows an error stays.
fn notify_of_others(state: &mut State, entries: &[HistoryEntry]) {
    let shown: Vec<&HistoryEntry> = entries
        .iter()
        .filter(|entry| state.shows_change(&entry.group.0))
        .collect();
    let (Some(last), more) = (shown.last(), shown.len().saturating_sub(1)) else {
        return;
    };
    let description = |entry: &HistoryEntry| describe::entry(entry, &state.shown, &state.zone());
    let by = actor_of(last, state);
    if let (Some(by), true) = (&by, shown.iter().all(|entry| actor_of(entry, state) == by)) {
        let changes = shown.iter().map(|entry| description(entry)).collect();
        return state.announce_changes(by, changes);
    }
    let text = match by {
        None => describe::capitalized(&description(last)),
        Some(by) => format!("{by}{}", description(last)),
    };
    let text = match more {
        0 => text,
        more => format!("{text}, and {}", describe::count(more, "more change")),
    };
    state.announce(text);
}

/// Returns the actor of a change as the start of a notice about the change: `alice `. `None` if the change was made
/// outside hatrack.
fn actor_of(entry: &HistoryEntry, state: &State) -> Option<String> {
    let actor = person(&entry.actor);
    let is_own = actor == person(&state.start.actor);
    let session = if is_own { " (another session)" } else { "" };
    (!entry.outside).then(|| format!("{actor}{session} "))
}

fn set_problem(state: &mut State, problem: Option<StoreProblem>, effects: &mut Vec<Effect>) {
    let before = std::mem::replace(&mut state.problem, problem);
    match (&before, &state.problem) {
        (Some(_), None) => {
            state.drafts.failed = None;
            state.notify("Data file available again");
        }
        (None, Some(_)) => {
            quit::on_problem(state);
            undo::query_history(state, effects);
        }
        _ => {}
    }
}

/// Handles the results of commits: the revision, or `Ok(None)` if the change made no difference.
fn committed(
    state: &mut State,
    effects: &mut Vec<Effect>,
    results: Vec<(u64, Result<Option<u64>, EditError>)>,
    snapshot: Snapshot,
) {
    let (mut rejected, mut others) = (Vec::new(), Vec::new());
    for (id, result) in results {
        state.other_commits.remove(&id);
        let pending = state
            .pending
            .iter()
            .position(|pending| pending.id == id)
            .map(|index| state.pending.remove(index));
        let Some(pending) = pending else {
            note_late_withdrawal(state, id, result.as_ref().ok().copied().flatten());
            others.push((id, result));
            continue;
        };
        match result {
            Ok(revision) => set_revision(state, id, revision),
            Err(error) => {
                commit::discard(state, id);
                rejected.push((pending.change, error));
            }
        }
    }
    commit::send_pending(state, effects);
    adopt(state, snapshot);
    reload_history(state, effects);
    undo_late_commits(state, effects);
    for (id, result) in others {
        apply::committed(state, effects, id, &result);
        expire::committed(state, id, &result);
        following::committed(state, effects, id, &result);
    }
    for (change, error) in rejected {
        conflict::report_rejected(state, change, error);
    }
    undo::query_history(state, effects);
    quit::resume(state);
}

/// Reads the open history again, because it may have new entries. An earlier request would not find them: the store
/// worker answers all requests before it commits pending changes.
fn reload_history(state: &mut State, effects: &mut Vec<Effect>) {
    for overlay in &mut state.overlays {
        if let Some(history) = overlay.downcast_mut::<HistoryOverlay>() {
            effects.push(Effect::Store(StoreRequest::History(history.reload())));
        }
    }
}

fn set_revision(state: &mut State, id: u64, revision: Option<u64>) {
    match revision {
        Some(_) => {
            for step in state
                .undo_stack
                .iter_mut()
                .chain(&mut state.redo_stack)
                .filter(|step| step.id == id)
            {
                step.revision = revision;
            }
        }
        None => commit::remove_step(state, id),
    }
    for pending in state
        .pending
        .iter_mut()
        .filter(|pending| pending.undone_change == Some(id))
    {
        pending.undone_change = None;
        commit::set_reference(&mut pending.change, pending.kind, revision);
    }
}

/// Records the revision of a withdrawn change that was saved before the withdrawal arrived, so that it is undone;
/// forgets a withdrawn change that was not saved.
fn note_late_withdrawal(state: &mut State, id: u64, revision: Option<u64>) {
    state.withdrawn.retain_mut(|step| {
        if step.id == id {
            step.revision = revision;
        }
        step.id != id || revision.is_some()
    });
}

/// Undoes the withdrawn changes that were saved before the withdrawal arrived.
fn undo_late_commits(state: &mut State, effects: &mut Vec<Effect>) {
    let (late, rest) = std::mem::take(&mut state.withdrawn)
        .into_iter()
        .partition(|step| step.revision.is_some());
    state.withdrawn = rest;
    let late: Vec<UndoStep> = late;
    for step in late {
        let inverse = step.group.inverse();
        if state.shown.apply(&inverse).is_ok() {
            commit::enqueue(state, effects, inverse, ChangeKind::Undo, Some(&step));
        }
    }
}

/// Takes over the content of the data file and rebuilds the shown wardrobe from it.
fn adopt(state: &mut State, snapshot: Snapshot) {
    state.saved = snapshot.wardrobe;
    state.file_exists = snapshot.exists;
    state.undo_search.found_nothing = !snapshot.exists || snapshot.has_nothing_to_undo;
    let refusal = state.check_can_change().err();
    state.read_only = snapshot.read_only;
    let is_shown = state
        .notice
        .as_ref()
        .is_some_and(|notice| Some(&notice.text) == refusal.as_ref());
    if is_shown && state.check_can_change().is_ok() {
        state.notify("Data file writable again");
    }
    commit::rebuild_shown(state);
    conflict::refresh_overlays(state);
}
