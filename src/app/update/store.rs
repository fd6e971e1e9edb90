//! What the keeper of the data file tells.

use crate::app::{Effect, Overlay, Phase, State};
use crate::store::{Event, Trouble};

use super::{commit, draft, leave, undo};

pub(super) fn event(state: &mut State, event: Event, effects: &mut Vec<Effect>) {
    match event {
        Event::Opening { done, of } => {
            if state.phase != Phase::Open {
                state.phase = Phase::Opening { done, of };
            }
        }
        Event::Opened(snapshot) => {
            state.phase = Phase::Open;
            state.trouble = None;
            commit::adopt(state, snapshot);
            if let Some(bytes) = state.drafting.waiting.take() {
                draft::found(state, bytes);
            }
        }
        Event::Committed { settled, snapshot } => commit::settle(state, effects, settled, snapshot),
        Event::Changed(snapshot) => commit::adopt(state, snapshot),
        Event::Trouble(trouble) => trouble_is(state, trouble, effects),
        Event::History { query, page } => {
            for overlay in &mut state.overlays {
                if let Overlay::History(history) = overlay {
                    history.take(&query, page.clone());
                }
            }
        }
        Event::FoundUndo(found) => undo::found(state, effects, found),
    }
}

fn trouble_is(state: &mut State, trouble: Option<Trouble>, effects: &mut Vec<Effect>) {
    let was = std::mem::replace(&mut state.trouble, trouble);
    match (&was, &state.trouble) {
        (Some(_), None) => {
            state.drafting.failed = None;
            state.say("All is well again with the file");
        }
        (None, Some(_)) => {
            leave::when_failing(state);
            undo::search(state, effects);
        }
        _ => {}
    }
}
