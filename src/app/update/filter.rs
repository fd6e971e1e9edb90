//! The filter of the focused pane.

use crate::app::text::TextInput;
use crate::app::{Effect, State};

use super::panes;

pub(crate) fn start(state: &mut State, effects: &mut Vec<Effect>) {
    state.browser.edit_filter(state.focus);
    refilter(state, effects);
}

fn refilter(state: &mut State, effects: &mut Vec<Effect>) {
    if state.browser.restart_filter(state.focus, &state.shown) {
        effects.push(Effect::Continue);
    }
}

/// Applies the filter and returns the focus to the rows. An empty filter is removed.
pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let is_empty = |filter: &crate::app::filter::Filter| filter.text.text().trim().is_empty();
    if state.browser.filter(state.focus).is_some_and(is_empty) {
        clear(state, effects);
    } else if let Some(filter) = state.browser.filter_mut(state.focus) {
        filter.editing = false;
    }
}

pub(crate) fn accept_and_focus_next(state: &mut State, effects: &mut Vec<Effect>) {
    accept(state, effects);
    panes::focus_next(state, effects);
}

pub(crate) fn clear(state: &mut State, _: &mut Vec<Effect>) {
    state.browser.clear_filter(state.focus, &state.shown);
}

/// Passes the filter's text input to `edit`.
pub(super) fn type_into(
    state: &mut State,
    effects: &mut Vec<Effect>,
    edit: impl FnOnce(&mut TextInput) -> bool,
) {
    let now = state.now();
    if let Some(filter) = state.browser.filter_mut(state.focus)
        && filter.editing
        && edit(&mut filter.text)
        && filter.reparse(Some(&now))
    {
        refilter(state, effects);
    }
}

/// Filters the next chunk of rows, or indexes the next chunk of users for the Users view, if there are more.
pub(super) fn next_chunk(state: &mut State, effects: &mut Vec<Effect>) {
    if state.browser.filter_next_chunk(&state.shown) {
        effects.push(Effect::Continue);
    }
}
