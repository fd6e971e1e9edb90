//! The mouse: a click selects, a double click acts as Enter, the wheel moves the selection.

use crate::app::lookup::lookup_default;
use crate::app::{Effect, Key, KeyCode, MouseTarget, State};

use super::dispatch::run;
use super::{filter, lists};

/// Rows per wheel step.
const WHEEL_ROWS: usize = 3;

pub(super) fn click(state: &mut State, targets: &[MouseTarget], double: bool, effects: &mut Vec<Effect>) {
    let in_panes = matches!(targets.first(), Some(MouseTarget::Pane(_)));
    if targets.is_empty() || in_panes != state.overlays.is_empty() {
        return;
    }
    state.notice = None;
    let is_row = |target: &MouseTarget| matches!(target, MouseTarget::Row(_));
    if double && targets.iter().any(is_row) {
        // The first click selected the row. Since then, rows may have moved under the mouse.
        run_default(state, KeyCode::Enter, effects);
        return;
    }
    state.selection_lost = None;
    for target in targets {
        match (*target, state.overlays.last_mut()) {
            (MouseTarget::Pane(pane), None) => focus(state, pane, effects),
            (MouseTarget::Row(row), _) => lists::move_selection(state, effects, |_| Some(row)),
            (target, Some(top)) => top.click(target),
            (_, None) => {}
        }
    }
}

/// Focuses a pane, applying a filter that is being typed.
fn focus(state: &mut State, pane: crate::app::Pane, effects: &mut Vec<Effect>) {
    if state.typed_filter().is_some() {
        filter::accept(state, effects);
    }
    state.focus = pane;
}

/// Moves the selection in the list under the mouse, which gets the focus; if there is no list under the mouse, moves
/// the selection in the focused list.
pub(super) fn wheel(state: &mut State, targets: &[MouseTarget], down: bool, effects: &mut Vec<Effect>) {
    state.notice = None;
    let to = |row: usize| {
        if down {
            row + WHEEL_ROWS
        } else {
            row.saturating_sub(WHEEL_ROWS)
        }
    };
    state.selection_lost = None;
    match (state.overlays.last_mut(), targets.first()) {
        (None, Some(MouseTarget::Pane(pane))) if *pane != state.focus => focus(state, *pane, effects),
        (None, _) => {}
        (Some(top), _) => top.focus_list_at(targets),
    }
    lists::move_selection(state, effects, |row| Some(to(row)));
}

/// Runs the command that the key has by default, whatever the user's configuration binds to it.
fn run_default(state: &mut State, code: KeyCode, effects: &mut Vec<Effect>) {
    if let Some(command) = lookup_default(state, Key::plain(code)) {
        let selection_lost = state.selection_lost.take();
        run(state, command, selection_lost, effects);
    }
}
