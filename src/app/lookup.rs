//! Which commands a key and a footer mean now.

use super::command::{COMMANDS, Command, CommandId};
use super::form::{Name, Value};
use super::place::{
    ALL_HATS, CATALOGUE, CHOICE_FIELD, CONFIRM, CONFLICT, DRAFT, FILTER, FINDER, FORM, HAT_FIELD, HATS,
    HISTORY, PROMPT, Pane, Place, ROOMS, SETS, SUGGESTIONS, USERS, WEARERS, WEARERS_ROOMS,
};
use super::update::enabled;
use super::{Key, Keymap, Overlay, Phase, State};

/// The places whose commands work now, the most particular first.
pub fn places(state: &State) -> &'static [Place] {
    match state.top() {
        None if state.typed_filter().is_some() => FILTER,
        None if state.is_turned() => match state.focus() {
            Pane::Rooms => ALL_HATS,
            Pane::Users => WEARERS,
            Pane::Hats => WEARERS_ROOMS,
        },
        None => match state.focus() {
            Pane::Rooms => ROOMS,
            Pane::Users => USERS,
            Pane::Hats => HATS,
        },
        Some(Overlay::Form(form)) => match form.field().map(|field| (&field.value, field.name)) {
            _ if form.listed().is_some() => SUGGESTIONS,
            Some((Value::Text(_), Name::Hat)) => HAT_FIELD,
            Some((Value::Text(_), _)) | None => FORM,
            Some(_) => CHOICE_FIELD,
        },
        Some(Overlay::Confirm(_)) => CONFIRM,
        Some(Overlay::Conflict(_)) => CONFLICT,
        Some(Overlay::Finder(_)) => FINDER,
        Some(Overlay::Catalogue(_)) => CATALOGUE,
        Some(Overlay::Sets(_)) => SETS,
        Some(Overlay::Prompt(_)) => PROMPT,
        Some(Overlay::History(_)) => HISTORY,
        Some(Overlay::Draft(_)) => DRAFT,
    }
}

/// The command that a key means now.
pub fn lookup(state: &State, key: Key) -> Option<&'static Command> {
    meant(state, state.keymap(), key)
}

/// The command that a key of the table means now, whatever keys were given in its place.
pub(super) fn lookup_default(state: &State, key: Key) -> Option<&'static Command> {
    meant(state, &Keymap::default(), key)
}

fn meant(state: &State, keymap: &Keymap, key: Key) -> Option<&'static Command> {
    let of = |place: &Place| {
        COMMANDS
            .iter()
            .find(|command| command.place == *place && keymap.keys(command).contains(&key))
    };
    places(state).iter().find_map(of)
}

/// What the footer shows now, in order: commands that work here.
pub fn footer(state: &State) -> impl Iterator<Item = &'static Command> {
    // While there is nothing to do but to wait or to leave, how to leave is said.
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
