//! Esc in the panes: gives up one thing, the innermost.

use crate::app::{Effect, State};

use super::{filter, marks, panes};

/// Takes away the filter, else the marks, else goes to the pane before.
pub(crate) fn escape(state: &mut State, effects: &mut Vec<Effect>) {
    if state.browser.filter(state.focus).is_some() {
        filter::clear(state, effects);
    } else if !marks::clear(state) {
        panes::focus_outer(state, effects);
    }
}
