//! Marks: rows that the next command acts on instead of the selected one.

use crate::app::browser::Column;
use crate::app::command::CommandId;
use crate::app::{Effect, RowKind, State, describe};

use super::panes;

/// Marks or unmarks the selected row and moves to the next, as file managers do.
pub(crate) fn mark(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    state.browser.mark(pane, &state.shown, Column::toggle_mark);
    panes::move_selection(state, |row| row + 1);
}

/// Marks all visible rows, or unmarks them if all are marked.
pub(crate) fn toggle_all_marks(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    state.browser.mark(pane, &state.shown, Column::toggle_all_marks);
    notify_count(state);
}

/// Starts a range that follows the selection, or finishes it.
pub(crate) fn toggle_range(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    let has_started = state.browser.mark(pane, &state.shown, Column::toggle_range);
    if has_started {
        state.notify(format!(
            "Range started: move, {} to finish, {} to cancel",
            state.key(CommandId::MarkRange),
            state.key(CommandId::Back)
        ));
    } else {
        notify_count(state);
    }
}

/// Cancels a range, else clears all marks. Returns false if there was nothing to clear.
pub(super) fn clear(state: &mut State) -> bool {
    let pane = state.focus;
    state.browser.mark(pane, &state.shown, Column::clear_marks)
}

/// Shows how many rows are marked, and how many of them the filter hides.
fn notify_count(state: &mut State) {
    let pane = state.focus;
    let marked = state.marked(pane);
    let noun = match state.grouping().kind(pane) {
        RowKind::Room => "room",
        RowKind::User => "user",
        RowKind::Hat => "hat",
    };
    let hidden = match state.hidden_marks(pane) {
        0 => String::new(),
        hidden => format!(" ({hidden} hidden by the filter)"),
    };
    state.notify(match marked {
        0 => "Marks cleared".to_owned(),
        marked => format!("{} marked{hidden}", describe::count(marked, noun)),
    });
}
