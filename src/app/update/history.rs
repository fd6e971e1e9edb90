//! The history overlay, and the overlays of one entry.

use crate::app::filter::Filter;
use crate::app::history::{EntryOverlay, EntryPart, EntryValuesOverlay, HistoryOverlay};
use crate::app::place::{Grouping, Place, RowKind};
use crate::app::text::TextInput;
use crate::app::undo_step::{ChangeKind, UndoStep};
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe};
use crate::model::Wardrobe;
use crate::store::{HistoryEntry, HistoryFilter, HistoryQuery, StoreRequest};

use super::rollback;
use super::undo as undoing;

impl Layer for HistoryOverlay {
    fn place(&self) -> Place {
        if self.is_editing_search() {
            Place::HistorySearch
        } else {
            Place::History
        }
    }

    fn takes_text(&self) -> bool {
        self.is_editing_search()
    }

    fn may_be_covered(&self) -> bool {
        !self.is_editing_search()
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::history::view(state, self)
    }

    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, effects: &mut Vec<Effect>) {
        if let Some(search) = self.search.as_mut().filter(|search| search.editing)
            && edit(&mut search.text)
            && search.reparse(None)
        {
            let query = self.refilter();
            send_query(effects, query);
        }
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, effects: &mut Vec<Effect>) {
        let query = self.move_to(row);
        send_query(effects, query);
    }
}

impl Layer for EntryOverlay {
    fn place(&self) -> Place {
        Place::HistoryEntry
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::history_entry::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.edits.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.edits.len().saturating_sub(1));
    }
}

impl Layer for EntryValuesOverlay {
    fn place(&self) -> Place {
        Place::HistoryValues
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::history_values::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.values.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.values.len().saturating_sub(1));
    }
}

fn top_history(state: &mut State) -> Option<&mut HistoryOverlay> {
    state.top_as_mut::<HistoryOverlay>()
}

fn send_query(effects: &mut Vec<Effect>, query: Option<HistoryQuery>) {
    effects.extend(query.map(|query| Effect::Store(StoreRequest::History(query))));
}

/// Opens the history, filtered by the selection ([`selection_filter`]).
pub(crate) fn open(state: &mut State, effects: &mut Vec<Effect>) {
    let mut history = HistoryOverlay::new(state.start.time_zone.clone(), state.shown.clone());
    let query = history.restart(selection_filter(state));
    state.open(history);
    send_query(effects, Some(query));
}

/// Returns the filter for the selected rows of the focused pane and of the panes before it. In the Rooms view, the
/// history is not filtered by room.
fn selection_filter(state: &State) -> HistoryFilter {
    let (room, user, hat) = state.browser.selected_ids();
    let grouping = state.grouping();
    let is_up_to_focus = |kind| grouping.pane(kind) <= state.focus;
    // In the Rooms view, all changes of a user are listed, whatever the room.
    let room = room.filter(|_| grouping != Grouping::ByRoom && is_up_to_focus(RowKind::Room));
    HistoryFilter {
        room: room.cloned(),
        user: user.filter(|_| is_up_to_focus(RowKind::User)).cloned(),
        hat: hat
            .filter(|_| is_up_to_focus(RowKind::Hat))
            .map(|hat| hat.clone().into()),
        ..HistoryFilter::default()
    }
}

pub(crate) fn open_entry(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(entry) = top_history(state).and_then(|history| history.entry().cloned()) {
        state.open(EntryOverlay::new(entry));
    }
}

pub(crate) fn search(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(history) = top_history(state) {
        history.search.get_or_insert_with(Filter::new).editing = true;
    }
}

/// Returns the focus to the list. An empty search is removed.
pub(crate) fn apply_search(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(history) = top_history(state)
        && let Some(mut search) = history.search.take()
        && !search.is_empty()
    {
        search.editing = false;
        history.search = Some(search);
    }
}

pub(crate) fn clear_search(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(history) = top_history(state) {
        history.search = None;
        let query = history.refilter();
        send_query(effects, query);
    }
}

pub(crate) fn is_filtered(state: &State) -> Result<(), String> {
    match state.top_as::<HistoryOverlay>() {
        Some(history) if history.is_filtered() => Ok(()),
        _ => Err("All entries are listed".into()),
    }
}

pub(crate) fn show_all(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(history) = top_history(state) {
        history.search = None;
        let selected = history.entry().map(|entry| entry.revision);
        history.filter = HistoryFilter::default();
        let query = history.reload_and_select(selected);
        send_query(effects, Some(query));
    }
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
        Some(history) if !history.marks.is_empty() => Ok(()),
        Some(history) => match history.entry() {
            Some(entry) if entry.group.is_empty() => Err(describe::cannot_undo(entry).into()),
            _ => Ok(()),
        },
        None => Ok(()),
    }
}

/// Marks or unmarks the selected entry, and selects the next one.
pub(crate) fn mark(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(history) = top_history(state) {
        history.toggle_mark();
        let query = history.move_to(history.selected + 1);
        send_query(effects, query);
    }
}

/// Undoes the marked entries, or the selected one.
pub(crate) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    match top_history(state) {
        Some(history) if !history.marks.is_empty() => rollback::undo_marked(state, effects),
        _ => undo_selected(state, effects),
    }
}

/// Undoes the selected entry as a new change.
fn undo_selected(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(entry) = top_history(state).and_then(|history| history.entry().cloned()) {
        undo_entry(state, effects, &entry);
    }
}

pub(crate) fn may_undo_open(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    match state.top_as::<EntryOverlay>() {
        Some(open) if open.entry.group.is_empty() => Err(describe::cannot_undo(&open.entry).into()),
        Some(_) => Ok(()),
        None => Err("No entries".into()),
    }
}

/// Undoes the open entry, and goes back to the history.
pub(crate) fn undo_open(state: &mut State, effects: &mut Vec<Effect>) {
    // Not the selected entry: while the history is reloaded, the selection may be another one.
    if let Some(open) = state.close::<EntryOverlay>() {
        undo_entry(state, effects, &open.entry);
    }
}

fn undo_entry(state: &mut State, effects: &mut Vec<Effect>, entry: &HistoryEntry) {
    // If Undo or Redo would revert the same entry, this counts as that command.
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
    undoing::undo_entry(state, effects, entry.clone(), kind);
}

/// Filters by a part of the selected entry; if the history is already filtered by such a part, removes this filter. If
/// the entry has several rooms, users or hats, opens a list to choose one of them.
fn filter_by(state: &mut State, effects: &mut Vec<Effect>, part: EntryPart) {
    let Some(history) = top_history(state) else { return };
    let filter = history.filter_without(part).or_else(|| {
        let mut values = history.values(part);
        match values.len() {
            1 => values.pop().map(|value| history.filter_with(value)),
            _ => None,
        }
    });
    if let Some(filter) = filter {
        let query = history.restart(filter);
        return send_query(effects, Some(query));
    }
    let values = history.values(part);
    let title = match part {
        _ if values.is_empty() => return state.notify_error("This entry has nothing to filter by"),
        EntryPart::Actor => "Same actor",
        EntryPart::Room => "Same room",
        EntryPart::User => "Same user",
        EntryPart::Hat => "Same hat",
    };
    state.open(EntryValuesOverlay {
        title,
        values: values.into(),
        selected: 0,
    });
}

/// Filters by the value that is selected in the list.
pub(crate) fn filter_by_chosen(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(chosen) = state.close::<EntryValuesOverlay>() else {
        return;
    };
    if let (Some(value), Some(history)) = (chosen.values.get(chosen.selected), top_history(state)) {
        let filter = history.filter_with(value.clone());
        let query = history.restart(filter);
        send_query(effects, Some(query));
    }
}

pub(crate) fn filter_by_actor(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Actor);
}

pub(crate) fn filter_by_room(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Room);
}

pub(crate) fn filter_by_user(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::User);
}

pub(crate) fn filter_by_hat(state: &mut State, effects: &mut Vec<Effect>) {
    filter_by(state, effects, EntryPart::Hat);
}
