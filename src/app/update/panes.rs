//! Moving in and between the panes.

use crate::app::{Effect, Grouping, Pane, RowKind, Sort, State};

/// Moves the selection in the focused pane. `to` maps the selected row to the new one.
pub(super) fn move_selection(state: &mut State, to: impl FnOnce(usize) -> usize) {
    let pane = state.focus;
    let Some(selected) = state.selected(pane) else {
        return;
    };
    let row = to(selected).min(state.length(pane).saturating_sub(1));
    state.browser.move_to(pane, row, &state.shown);
}

pub(crate) fn focus_inner(state: &mut State, _: &mut Vec<Effect>) {
    state.focus = match state.focus {
        Pane::First => Pane::Second,
        Pane::Second | Pane::Third => Pane::Third,
    };
}

pub(crate) fn focus_next(state: &mut State, _: &mut Vec<Effect>) {
    state.focus = match state.focus {
        Pane::First => Pane::Second,
        Pane::Second => Pane::Third,
        Pane::Third => Pane::First,
    };
}

pub(crate) fn focus_previous(state: &mut State, _: &mut Vec<Effect>) {
    state.focus = match state.focus {
        Pane::First => Pane::Third,
        Pane::Second => Pane::First,
        Pane::Third => Pane::Second,
    };
}

pub(crate) fn focus_outer(state: &mut State, _: &mut Vec<Effect>) {
    state.focus = match state.focus {
        Pane::First | Pane::Second => Pane::First,
        Pane::Third => Pane::Second,
    };
}

/// Sorts the focused pane by its next sort order.
pub(crate) fn cycle_sort(state: &mut State, _: &mut Vec<Effect>) {
    let (grouping, pane) = (state.grouping(), state.focus);
    let mut sort = state.sort(pane).next(grouping, pane);
    if sort == Sort::Online && !state.knows_presence() {
        sort = sort.next(grouping, pane);
    }
    state.browser.sort(pane, sort, &state.shown);
    let row_name = match grouping.kind(pane) {
        RowKind::Room => "Rooms",
        RowKind::User => "Users",
        RowKind::Hat => "Hats",
    };
    state.notify(format!("{row_name}: {}", sort.label()));
}

/// Shows the next view: Rooms, Hats, Users. The selection follows where possible: a selected hat stays selected.
pub(crate) fn next_view(state: &mut State, _: &mut Vec<Effect>) {
    state.focus = state.browser.show_next_view(&state.shown, state.focus);
}

/// Shows the selected hat of the selected user and room in the Rooms view.
pub(crate) fn show_in_rooms_view(state: &mut State, _: &mut Vec<Effect>) {
    state.browser.show(Grouping::ByRoom, &state.shown, state.focus);
    state.focus = Pane::Third;
}
