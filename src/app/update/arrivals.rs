//! Overlays that open without a key press, such as conflicts, finished comparisons and drafts of earlier sessions.
//! While a text or a question has the focus, such overlays wait, so that the keys that the user presses never answer
//! another question.

use crate::app::{Layer, State};

/// Returns whether an overlay may open without a key press: no text is being typed, and no question is open.
fn can_open(state: &State) -> bool {
    state.typed_filter().is_none() && state.top().is_none_or(Layer::may_be_covered)
}

/// Opens an overlay, immediately or when it no longer interrupts a text or a question. If the overlay has to wait, a
/// notice shows `notice`: the reason for the overlay, as a sentence without its period.
pub(super) fn open_when_idle(state: &mut State, layer: impl Layer, notice: &str) {
    state.arrived.push_back(Box::new(layer));
    open_waiting(state);
    if !state.arrived.is_empty() {
        state.notify(format!("{notice}; close this window to continue"));
    }
}

/// Opens the waiting overlays, the oldest first, until one of them takes text or is a question. Called after every
/// message.
pub(super) fn open_waiting(state: &mut State) {
    while can_open(state)
        && let Some(next) = state.arrived.pop_front()
    {
        state.overlays.push(next);
    }
}

/// Returns whether a question that opens now would take keys that are meant for a text or another question.
pub(super) fn would_interrupt(state: &State) -> bool {
    !can_open(state)
}
