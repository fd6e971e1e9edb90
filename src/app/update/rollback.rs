//! Rolling back several entries of the history at once: the marked entries, or the selected entry and all later entries
//! by the same actor.

use std::sync::Arc;

use crate::app::history::{HistoryOverlay, RollbackOverlay};
use crate::app::place::Place;
use crate::app::rollback::{Rollback, RollbackTarget};
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe};
use crate::model::Wardrobe;
use crate::store::{Change, HistoryEntry, StoreRequest, person};

use super::commit;

impl Layer for RollbackOverlay {
    fn place(&self) -> Place {
        Place::Rollback
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::rollback::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.len().saturating_sub(1));
    }

    fn update_after_change(&mut self, _: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        let stale = now.clone().apply(&self.plan.group).is_err();
        stale.then_some("Not undone: the data changed in the meantime. Try again")
    }
}

pub(crate) fn may_undo_actor(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let history = state.top_as::<HistoryOverlay>();
    let entry = history.and_then(HistoryOverlay::entry);
    entry.map(drop).ok_or_else(|| "No entries".into())
}

/// Requests the entries that the rollback needs: the selected entry and all later entries, by any actor.
pub(crate) fn undo_actor(state: &mut State, effects: &mut Vec<Effect>) {
    let entry = state.top_as::<HistoryOverlay>().and_then(HistoryOverlay::entry);
    if let Some((actor, since)) = entry.map(|entry| (person(&entry.actor).to_owned(), entry.revision)) {
        read_since(state, effects, RollbackTarget::Actor(actor), since);
    }
}

pub(super) fn undo_marked(state: &mut State, effects: &mut Vec<Effect>) {
    let marks = state.top_as::<HistoryOverlay>().map(|history| &history.marks);
    if let Some((marks, oldest)) = marks.and_then(|marks| Some((marks, *marks.first()?))) {
        let target = RollbackTarget::Revisions(marks.iter().copied().collect());
        read_since(state, effects, target, oldest);
    }
}

fn read_since(state: &mut State, effects: &mut Vec<Effect>, target: RollbackTarget, since: u64) {
    if !state.pending.is_empty() {
        state.notify_error("Wait until your changes are saved, then undo again");
    } else if let Some(history) = state.top_as_mut::<HistoryOverlay>() {
        history.pending_rollback = Some((target, since));
        effects.push(Effect::Store(StoreRequest::HistorySince(since)));
    }
}

/// Shows the edits that would be undone, unless the history was closed or covered in the meantime.
pub(super) fn entries_read(state: &mut State, since: u64, entries: Result<Vec<HistoryEntry>, String>) {
    let Some(history) = state.top_as_mut::<HistoryOverlay>() else {
        return;
    };
    let Some((target, _)) = history
        .pending_rollback
        .take_if(|(_, revision)| *revision == since)
    else {
        return;
    };
    // Marked entries are listed, but some entries of an actor may be hidden.
    let undoes_hidden = matches!(target, RollbackTarget::Actor(_)) && history.may_hide_entries_of_actor();
    let entries: Vec<Arc<HistoryEntry>> = match entries {
        Ok(entries) => entries.into_iter().map(Arc::new).collect(),
        Err(reason) => return state.notify_error(reason),
    };
    let problem = |edit: &_| commit::affiliation_problem(state, std::slice::from_ref(edit));
    let mut plan = Rollback::plan(&state.view, &entries, &target, &state.zone(), problem);
    plan.group = plan.group.without_past_ends(state.clock.now).into_owned();
    if plan.is_empty() {
        return state.notify("No changes: already undone");
    }
    if let Some(reason) = commit::problem(state, &plan.group) {
        return state.notify_error(reason);
    }
    let what = describe_target(state, &target, &plan, &entries);
    state.open(RollbackOverlay {
        changes_phrase: what,
        plan,
        undoes_hidden,
        selected: 0,
    });
}

/// Describes the changes that are undone: `3 changes by mallory since 2026-01-31 12:00`.
fn describe_target(
    state: &State,
    target: &RollbackTarget,
    plan: &Rollback,
    entries: &[Arc<HistoryEntry>],
) -> String {
    let changes = describe::count(plan.undone, "change");
    match (target, entries.last()) {
        (RollbackTarget::Actor(actor), Some(oldest)) => {
            let zone = state.zone();
            let since = zone.to_datetime(oldest.time).strftime("%Y-%m-%d %H:%M");
            format!("{changes} by {actor} since {since}")
        }
        (RollbackTarget::Revisions(marked), _) => {
            if plan.undone == marked.len() {
                format!("the {}", describe::count(marked.len(), "marked change"))
            } else {
                format!(
                    "{} of the {} marked changes",
                    describe::with_thousands_commas(plan.undone),
                    describe::with_thousands_commas(marked.len())
                )
            }
        }
        _ => changes,
    }
}

pub(crate) fn may_accept(state: &State) -> Result<(), String> {
    match state.top_as::<RollbackOverlay>() {
        Some(rollback) if rollback.plan.group.is_empty() => {
            Err("Nothing to undo: everything is skipped".into())
        }
        _ => state.check_can_change(),
    }
}

/// Undoes the listed edits as one change.
pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(rollback) = state.close::<RollbackOverlay>() else {
        return;
    };
    let summary = describe::capitalized(&rollback.plan.describe(&state.view, &state.zone()));
    let origin = Change {
        rolled_back: Some(rollback.plan.undone_count()),
        ..Change::default()
    };
    let group = rollback.plan.group;
    if commit::execute_as(state, effects, origin, |next| next.apply(&group).map(|()| group)).is_none() {
        return;
    }
    state.notify(describe::with_hint(&summary, &commit::undo_hint(state)));
    if let Some(history) = state.top_as_mut::<HistoryOverlay>() {
        history.marks.clear();
    }
}
