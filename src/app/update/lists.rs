//! Moving in a list: that of the pane with the focus, or of what lies over the panes.

use crate::app::{Effect, Overlay, State};

use super::{catalogue, finder, form, history, panes, sets};

/// How far a page is: about what a pane shows.
fn page(state: &State) -> usize {
    usize::from(state.size.1).saturating_sub(7).max(1)
}

/// Selects another row of the list that has the keys: from which to which; `None`: out of it, before its first row.
pub(super) fn go(state: &mut State, effects: &mut Vec<Effect>, to: impl Fn(usize) -> Option<usize>) {
    let row = |at: usize| to(at).unwrap_or_default();
    match state.top() {
        None => panes::go(state, row),
        Some(Overlay::Finder(_)) => finder::go(state, row),
        Some(Overlay::Sets(_)) => sets::go(state, row),
        Some(Overlay::Catalogue(_)) => catalogue::go(state, row),
        Some(Overlay::History(_)) => history::go(state, effects, row),
        Some(Overlay::Form(_)) => form::move_in_list(state, |at| at.and_then(&to)),
        Some(_) => {}
    }
}

pub(crate) fn down(state: &mut State, effects: &mut Vec<Effect>) {
    go(state, effects, |at| Some(at + 1));
}

pub(crate) fn up(state: &mut State, effects: &mut Vec<Effect>) {
    go(state, effects, |at| at.checked_sub(1));
}

pub(crate) fn page_down(state: &mut State, effects: &mut Vec<Effect>) {
    let page = page(state);
    go(state, effects, |at| Some(at + page));
}

pub(crate) fn page_up(state: &mut State, effects: &mut Vec<Effect>) {
    let page = page(state);
    go(state, effects, |at| Some(at.saturating_sub(page)));
}

pub(crate) fn first(state: &mut State, effects: &mut Vec<Effect>) {
    go(state, effects, |_| Some(0));
}

pub(crate) fn last(state: &mut State, effects: &mut Vec<Effect>) {
    go(state, effects, |_| Some(usize::MAX));
}
