//! The history overlay.

use crate::app::history::{EntryPart, HistoryOverlay};
use crate::app::place::Place;
use crate::app::state::{ChangeKind, UndoStep};
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe};
use crate::model::Wardrobe;
use crate::store::{HistoryQuery, StoreRequest};

use super::undo as undoing;

impl Layer for HistoryOverlay {
    fn place(&self) -> Place {
        Place::History
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::history::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.entries.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, effects: &mut Vec<Effect>) {
        let query = self.move_to(row);
        send_query(effects, query);
    }
}

fn top(state: &mut State) -> Option<&mut HistoryOverlay> {
    state.top_as_mut::<HistoryOverlay>()
}

fn send_query(effects: &mut Vec<Effect>, query: Option<HistoryQuery>) {
    effects.extend(query.map(|query| Effect::Store(StoreRequest::History(query))));
}

pub(crate) fn open(state: &mut State, effects: &mut Vec<Effect>) {
    let mut history = HistoryOverlay::default();
    let query = history.restart(crate::store::HistoryFilter::default());
    state.open(history);
    send_query(effects, Some(query));
}

pub(crate) fn has_entry(state: &State) -> Result<(), String> {
    match state.top_as::<HistoryOverlay>() {
        Some(history) if history.entry().is_some() => Ok(()),
        _ => Err("No entries".into()),
    }
}

pub(crate) fn may_undo(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    has_entry(state)?;
    match state.top_as::<HistoryOverlay>() {
        Some(history) => match history.entry() {
            Some(entry) if entry.group.is_empty() => Err(describe::cannot_undo(entry).into()),
            _ => Ok(()),
        },
        None => Ok(()),
    }
}

/// Undoes the selected entry as a new change, and reloads the history, since that change is its newest entry.
pub(crate) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(entry) = top(state).and_then(|history| history.entry().cloned()) else {
        return;
    };
    // If it is what Undo or Redo would act on, it counts as that.
    let is_last = |steps: &[UndoStep]| {
        steps
            .last()
            .is_some_and(|step| step.revision == Some(entry.revision))
    };
    let kind = if is_last(&state.undo_stack) {
        ChangeKind::Undo
    } else if is_last(&state.redo_stack) {
        ChangeKind::Redo
    } else {
        ChangeKind::Revert
    };
    undoing::undo_entry(state, effects, entry, kind);
    if let Some(history) = top(state) {
        let query = history.reload();
        send_query(effects, Some(query));
    }
}

fn filter_by(state: &mut State, effects: &mut Vec<Effect>, by: EntryPart) {
    let Some(history) = top(state) else { return };
    match history.toggled_filter(by) {
        Some(filter) => {
            let query = history.restart(filter);
            send_query(effects, Some(query));
        }
        None => state.notify_error("This entry has nothing to filter by"),
    }
}

pub(crate) fn by_actor(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Actor);
}

pub(crate) fn by_room(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Room);
}

pub(crate) fn by_user(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::User);
}

pub(crate) fn by_hat(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Hat);
}
