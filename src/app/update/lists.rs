//! Moving the selection in the focused pane, or in the list of the topmost overlay.

use crate::app::{Effect, State};

use super::panes;

/// Returns the number of rows in a page: the number of visible rows.
fn page_size(state: &State, down: bool) -> usize {
    let rows = state.size.1;
    match state.top() {
        // The screen without the pane's border and the lines above and below it.
        None => usize::from(rows.saturating_sub(7)).max(1),
        Some(top) => {
            let plain_width = state.start.plain.then_some(state.size.0);
            top.view(state)
                .page_rows(rows.saturating_sub(3), down, plain_width)
        }
    }
}

/// Moves the selection in the focused list. `to` maps the selected row to the new one; `None` leaves the list of an
/// overlay upward, and in a pane selects the first row.
pub(super) fn move_selection(
    state: &mut State,
    effects: &mut Vec<Effect>,
    to: impl Fn(usize) -> Option<usize>,
) {
    let Some(top) = state.overlays.last_mut() else {
        panes::move_selection(state, |row| to(row).unwrap_or_default());
        return;
    };
    if let Some((selected, length)) = top.rows(&state.shown) {
        match to(selected) {
            None => top.leave_rows(),
            Some(row) => top.select(row.min(length.saturating_sub(1)), &state.shown, effects),
        }
    }
}

pub(crate) fn down(state: &mut State, effects: &mut Vec<Effect>) {
    move_selection(state, effects, |row| Some(row + 1));
}

pub(crate) fn up(state: &mut State, effects: &mut Vec<Effect>) {
    move_selection(state, effects, |row| row.checked_sub(1));
}

pub(crate) fn page_down(state: &mut State, effects: &mut Vec<Effect>) {
    let page = page_size(state, true);
    move_selection(state, effects, |row| Some(row + page));
}

pub(crate) fn page_up(state: &mut State, effects: &mut Vec<Effect>) {
    let page = page_size(state, false);
    move_selection(state, effects, |row| Some(row.saturating_sub(page)));
}

pub(crate) fn first(state: &mut State, effects: &mut Vec<Effect>) {
    move_selection(state, effects, |_| Some(0));
}

pub(crate) fn last(state: &mut State, effects: &mut Vec<Effect>) {
    move_selection(state, effects, |_| Some(usize::MAX));
}
