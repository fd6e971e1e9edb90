//! Overlays that no key opened: what servers, the store and drafts bring. While keys go to a text or a question, they wait
//! until that is closed, so that what is typed never answers something else.

use crate::app::{Layer, State};

/// Whether an overlay may open that no key asked for.
fn is_free(state: &State) -> bool {
    state.typed_filter().is_none() && state.top().is_none_or(Layer::may_be_covered)
}

/// Opens an overlay as soon as keys go to no text and no question. `news` says what it is about, as a sentence without its
/// period, while it waits.
pub(super) fn open_when_idle(state: &mut State, layer: impl Layer, news: &str) {
    state.arrived.push_back(Box::new(layer));
    open(state);
    if !state.arrived.is_empty() {
        state.notify(format!("{news}; close this window to continue"));
    }
}

/// Opens what waits, as far as it can be opened now. Called after every message.
pub(super) fn open(state: &mut State) {
    while is_free(state)
        && let Some(next) = state.arrived.pop_front()
    {
        state.overlays.push(next);
    }
}

/// Whether a question to the user would take keys that are meant for something else.
pub(super) fn would_interrupt(state: &State) -> bool {
    !is_free(state)
}
