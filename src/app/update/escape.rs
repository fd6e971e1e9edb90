//! Esc in the panes.

use crate::app::{Effect, State};

use super::{filter, marks, panes};

/// Clears the filter, else the marks, else focuses the previous pane.
pub(crate) fn escape(state: &mut State, effects: &mut Vec<Effect>) {
    if state.browser.filter(state.focus).is_some() {
        filter::clear(state, effects);
    } else if !marks::clear(state) {
        panes::focus_outer(state, effects);
    }
}
