//! Commands that control the terminal.

use crate::app::command::CommandId;
use crate::app::{Effect, State};

pub(crate) fn suspend(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Suspend);
}

pub(crate) fn redraw(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Redraw);
}

pub(crate) fn toggle_mouse(state: &mut State, effects: &mut Vec<Effect>) {
    state.mouse = !state.mouse;
    effects.push(Effect::Mouse(state.mouse));
    let key = state.key(CommandId::Mouse);
    state.notify(if state.mouse {
        format!("Mouse on (hold Shift to select text, {key} to turn off)")
    } else {
        "Mouse off".into()
    });
}
