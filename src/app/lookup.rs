//! Resolves keys and the footer in the current state.

use super::command::{COMMANDS, Command, CommandId};
use super::place::Place;
use super::text;
use super::update::enabled;
use super::{Key, Keymap, Phase, State};

/// The places whose commands apply now, the most specific first.
pub fn places(state: &State) -> &'static [Place] {
    let place = match state.top() {
        None if state.typed_filter().is_some() => Place::Filter,
        None => Place::of_pane(state.grouping(), state.focus()),
        Some(top) => top.place(),
    };
    place.stack()
}

/// The command that a key runs now.
pub fn lookup(state: &State, key: Key) -> Option<&'static Command> {
    resolve(state, state.keymap(), key)
}

/// The command that a default key runs now, ignoring the configuration.
pub(super) fn lookup_default(state: &State, key: Key) -> Option<&'static Command> {
    resolve(state, &Keymap::default(), key)
}

fn resolve(state: &State, keymap: &Keymap, key: Key) -> Option<&'static Command> {
    let places = places(state);
    let is_typing = places.first().is_some_and(|place| place.has_text());
    if is_typing && text::is_text_key(key) {
        return None;
    }
    let of = |place: &Place| {
        COMMANDS
            .iter()
            .find(|command| command.place == *place && keymap.matches(command, key))
    };
    places.iter().find_map(of)
}

/// The commands that the footer shows now, in order.
pub fn footer(state: &State) -> impl Iterator<Item = &'static Command> {
    // While the file is loading, the only thing to do is to quit.
    let opening = state.phase() != Phase::Open;
    let mouse = state.has_mouse();
    let shown = move |command: &Command| {
        command.footer
            || (opening && command.id == CommandId::Quit)
            || (mouse && command.id == CommandId::Mouse)
    };
    let of = move |place: &'static Place| {
        COMMANDS
            .iter()
            .filter(move |command| command.place == *place && shown(command))
    };
    places(state)
        .iter()
        .flat_map(of)
        .filter(|command| enabled(state, command.id).is_ok())
}
