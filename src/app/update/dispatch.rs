//! Routes keys and pastes to a command or to the focused text input.

use crate::app::command::{Command, CommandId};
use crate::app::dropped_path::dropped_path;
use crate::app::lookup::lookup;
use crate::app::place::Place;
use crate::app::prompt::Prompt;
use crate::app::text::{MAX_PASTE, TextInput};
use crate::app::{Effect, Key, Layer, RowKind, State, describe};

use super::handlers::{self, enabled};
use super::{address_list, filter, keys};

/// Handles a key press. `us_key` is the character at the same position on the US layout, if the terminal reports it.
pub(super) fn handle_key(state: &mut State, key: Key, us_key: Option<char>, effects: &mut Vec<Effect>) {
    if state.is_too_small() && !lookup(state, key).is_some_and(works_unseen) {
        return;
    }
    let (key, message) = keys::resolve(state, key, us_key);
    dispatch_key(state, key, effects);
    if let (Some(message), None) = (message, &state.notice) {
        state.notify_error(message);
    }
}

/// Returns whether a command can be used while the screen is too small to show anything.
fn works_unseen(command: &Command) -> bool {
    command.id == CommandId::Quit || (command.place == Place::Everywhere && command.id != CommandId::Help)
}

/// Runs the command to which the key is bound here, or types the key.
fn dispatch_key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    state.notice = None;
    let selection_lost = state.selection_lost.take();
    match lookup(state, key) {
        Some(command) => run(state, command, selection_lost, effects),
        None => type_into(state, effects, |text| text.input(key)),
    }
}

/// Runs a command. If the selected row has just disappeared, `selection_lost` says so, and a command on the selection
/// is canceled.
pub(super) fn run(
    state: &mut State,
    command: &Command,
    selection_lost: Option<String>,
    effects: &mut Vec<Effect>,
) {
    let acts_on_selection = command.place.pane().is_some();
    match (selection_lost, enabled(state, command.id)) {
        (Some(reason), _) if acts_on_selection => {
            state.notify_error(format!("Canceled: {reason}. Check the selection"));
            return;
        }
        (_, Ok(())) if acts_on_selection => state.browser.end_range(state.focus),
        _ => {}
    }
    handlers::run(state, command.id, effects);
}

/// Returns whether pasted text goes into the filter or the top overlay.
pub(super) fn accepts_paste(state: &State) -> bool {
    state.typed_filter().is_some() || state.top().is_some_and(Layer::takes_text)
}

/// Passes the focused text input to `edit`.
fn type_into(state: &mut State, effects: &mut Vec<Effect>, mut edit: impl FnMut(&mut TextInput) -> bool) {
    match state.overlays.last_mut() {
        None => filter::type_into(state, effects, edit),
        Some(top) => top.type_into(&mut edit, effects),
    }
}

/// Returns whether the top overlay is the prompt for a file to import or export.
fn is_file_prompt(state: &State) -> bool {
    state.top_as::<Prompt>().is_some_and(Prompt::asks_for_path)
}

/// Inserts pasted text into the focused text input. In a list of addresses, the pasted addresses are added. If a file is
/// dropped on a file prompt, its path replaces the text of the prompt.
pub(super) fn paste(state: &mut State, pasted: &str, effects: &mut Vec<Effect>) {
    if state.is_too_small() {
        return;
    }
    state.notice = None;
    if !accepts_paste(state) {
        if !state.overlays.is_empty() {
            state.notify_error("Cannot paste here");
            return;
        }
        let (add, edit) = match state.grouping().kind(state.focus) {
            RowKind::Room => (CommandId::AddRoom, CommandId::EditRoom),
            RowKind::User => (CommandId::AddUser, CommandId::EditUser),
            RowKind::Hat => (CommandId::AddHat, CommandId::EditHat),
        };
        let (add, edit) = (state.key(add), state.key(edit));
        state.notify_error(format!("Cannot paste here: open a form first ({add} or {edit})"));
        return;
    }
    if state.typed_filter().is_none() && address_list::paste(state, effects, pasted) {
        return;
    }
    if pasted.len() > MAX_PASTE {
        state.notify_error(format!(
            "Paste too long: {} (limit {})",
            describe::count(pasted.len(), "byte"),
            describe::with_thousands_commas(MAX_PASTE)
        ));
        return;
    }
    let dropped = is_file_prompt(state).then(|| dropped_path(pasted)).flatten();
    type_into(state, effects, |text| {
        match &dropped {
            Some(path) => text.set(path),
            None => text.paste(pasted),
        }
        true
    });
}
