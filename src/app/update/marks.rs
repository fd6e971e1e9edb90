//! Marks: what the next change is about, when it is not what is selected.

use crate::app::browser::Column;
use crate::app::command::CommandId;
use crate::app::{Effect, RowKind, State, describe};

use super::panes;

/// Marks the selected row and goes on to the next, as file managers do.
pub(crate) fn mark(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    state.browser.mark(pane, &state.view, Column::mark);
    panes::move_selection(state, |at| at + 1);
}

/// Marks all that the pane shows; none, when all are.
pub(crate) fn mark_all(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    state.browser.mark(pane, &state.view, Column::mark_all);
    notify_count(state);
}

/// Begins a range that grows with the selection, or ends it there.
pub(crate) fn mark_range(state: &mut State, _: &mut Vec<Effect>) {
    let pane = state.focus;
    let begun = state.browser.mark(pane, &state.view, Column::mark_range);
    if begun {
        state.notify(format!(
            "A range begins here: move, then {} ends it ({} gives it up)",
            state.key(CommandId::MarkRange),
            state.key(CommandId::Back)
        ));
    } else {
        notify_count(state);
    }
}

/// Gives a range up, else marks nothing any more. False: nothing was marked.
pub(super) fn clear(state: &mut State) -> bool {
    let pane = state.focus;
    state.browser.mark(pane, &state.view, Column::clear_marks)
}

/// How many are marked, and what the filter hides of them.
fn notify_count(state: &mut State) {
    let pane = state.focus;
    let marked = state.marked(pane);
    let seen = (0..state.length(pane))
        .filter(|row| state.is_marked(pane, *row))
        .count();
    let noun = match state.grouping().kind(pane) {
        RowKind::Room => "room",
        RowKind::User => "user",
        RowKind::Hat => "hat",
    };
    let hidden = match marked - seen {
        0 => String::new(),
        hidden => format!(", {hidden} of them hidden by the filter"),
    };
    state.notify(match marked {
        0 => "Nothing is marked any more".to_owned(),
        marked => format!("Marked: {}{hidden}", describe::count(marked, noun)),
    });
}
