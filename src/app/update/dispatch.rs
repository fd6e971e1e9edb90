//! What a key or a paste is for: a command, or the text that has the keys.

use crate::app::command::{Command, CommandId};
use crate::app::lookup::lookup;
use crate::app::text::{MAX_PASTE, TextInput};
use crate::app::{Effect, Key, Layer, RowKind, State, describe};

use super::handlers::{self, enabled};
use super::{address_list, filter, keys};

/// A key was pressed; `place` is what the standard layout has in its place, where the terminal told it.
pub(super) fn handle_key(state: &mut State, key: Key, place: Option<char>, effects: &mut Vec<Effect>) {
    let (key, said) = keys::resolve(state, key, place);
    dispatch_key(state, key, effects);
    if let (Some(said), None) = (said, &state.notice) {
        state.notify_error(said);
    }
}

/// Does what a key means now; else it is typed.
fn dispatch_key(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let message = state.notice.take();
    let command = lookup(state, key);
    if message.is_some() && command.is_some_and(|command| command.id == CommandId::Back) {
        return;
    }
    let shifted = state.selection_lost.take();
    match command {
        Some(command) => run(state, command, shifted, effects),
        None => type_into(state, effects, |text| text.input(key)),
    }
}

/// Does a command. After what was selected went away (`shifted`: what), one that is about what is selected does nothing.
pub(super) fn run(state: &mut State, command: &Command, shifted: Option<String>, effects: &mut Vec<Effect>) {
    let is_about_selected = command.place.pane().is_some();
    match (shifted, enabled(state, command.id)) {
        (Some(gone), _) if is_about_selected => {
            state.notify_error(format!("nothing was done, as {gone}; see what is selected now"));
            return;
        }
        (_, Ok(())) if is_about_selected => state.browser.end_range(state.focus),
        _ => {}
    }
    handlers::run(state, command.id, effects);
}

/// Whether there is a text that typing goes into.
pub(super) fn accepts_text(state: &State) -> bool {
    state.typed_filter().is_some() || state.top().is_some_and(Layer::takes_text)
}

/// Lets the text that has the keys take something.
fn type_into(state: &mut State, effects: &mut Vec<Effect>, mut take: impl FnMut(&mut TextInput) -> bool) {
    match state.overlays.last_mut() {
        None => filter::type_into(state, effects, take),
        Some(top) => top.type_into(&mut take, effects),
    }
}

/// Takes what was pasted into what takes text.
pub(super) fn paste(state: &mut State, pasted: &str, effects: &mut Vec<Effect>) {
    state.notice = None;
    if !accepts_text(state) {
        if !state.overlays.is_empty() {
            state.notify_error("nothing here takes what is pasted");
            return;
        }
        let (add, edit) = match state.grouping().kind(state.focus) {
            RowKind::Room => (CommandId::AddRoom, CommandId::EditRoom),
            RowKind::User => (CommandId::AddUser, CommandId::EditUser),
            RowKind::Hat => (CommandId::AddHat, CommandId::EditHat),
        };
        let (add, edit) = (state.key(add), state.key(edit));
        state.notify_error(format!(
            "what is pasted goes into a form: open one first, with {add} or {edit}"
        ));
        return;
    }
    if state.typed_filter().is_none() && address_list::paste(state, effects, pasted) {
        return;
    }
    if pasted.len() > MAX_PASTE {
        state.notify_error(format!(
            "not pasted: it is {} long, and a field takes at most {}",
            describe::count(pasted.len(), "byte"),
            describe::count(MAX_PASTE, "byte")
        ));
        return;
    }
    type_into(state, effects, |text| {
        text.paste(pasted);
        true
    });
}
