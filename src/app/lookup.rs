//! Finds the command of a key, and the commands of the footer, in the current state.

use super::command::{COMMANDS, Command, CommandId};
use super::form::{FieldValue, Form};
use super::place::Place;
use super::prompt::Prompt;
use super::update::enabled;
use super::{Key, Keymap, Layer, Phase, State};

/// The places whose commands apply now, the most specific first.
pub fn places(state: &State) -> &'static [Place] {
    let place = match state.top() {
        None if state.typed_filter().is_some() => Place::Filter,
        None => Place::of_pane(state.grouping(), state.focus()),
        Some(top) => top.place(),
    };
    place.stack()
}

/// The command that a key runs now; `None` if it runs none.
pub fn lookup(state: &State, key: Key) -> Option<&'static Command> {
    state.keymap().command(places(state), key)
}

/// The first of a command's keys, not counting those of low priority, that runs the command now; `None` if there is
/// none. Where text can be typed, a key that types or edits text runs no command.
pub fn working_key(state: &State, command: &Command) -> Option<Key> {
    let mut keys = state.keymap().keys(command).iter().copied();
    keys.find(|key| lookup(state, *key).is_some_and(|found| found.id == command.id))
}

/// The command that a key runs now by default, that is, if the configuration is ignored.
pub(super) fn lookup_default(state: &State, key: Key) -> Option<&'static Command> {
    Keymap::default().command(places(state), key)
}

/// The key that empties the focused text field of a form or prompt, and the label of this key. `None` if no text field
/// has the focus, or if the field is empty, has several lines, or has its cursor before the end: the key deletes only
/// the text before the cursor.
pub fn clearing_key(state: &State) -> Option<(Key, &'static str)> {
    let text = match (state.top_as::<Form>(), state.top_as::<Prompt>()) {
        (Some(form), _) => match &form.field()?.value {
            FieldValue::Text(text) if form.selected_suggestion().is_none() => &**text,
            _ => return None,
        },
        (_, Some(prompt)) if !prompt.is_choosing => &prompt.text,
        _ => return None,
    };
    let typed = text.text();
    let clears = !typed.is_empty() && text.lines().len() == 1 && text.cursor() == typed.chars().count();
    clears.then_some((Key::ctrl('u'), "Clear"))
}

/// The commands for the footer, in order. Commands without a key, or for which there is no space, are left out when the
/// footer is drawn.
pub fn footer(state: &State) -> impl Iterator<Item = &'static Command> {
    // Until the file is open, the command that quits is shown, too.
    let is_opening = state.phase() != Phase::Open;
    let has_mouse = state.has_mouse();
    let marks = state.shown_marks();
    let shown = move |command: &Command| {
        let is_always_shown =
            (is_opening && command.id == CommandId::Quit) || (has_mouse && command.id == CommandId::Mouse);
        is_always_shown
            || match (marks, command.id) {
                (None, _) => command.footer,
                (Some(marks), CommandId::MarkRange) => marks.is_range,
                (Some(_), CommandId::Back | CommandId::Palette | CommandId::Help) => true,
                (Some(_), _) => command.marked,
            }
    };
    let commands = move |place: &'static Place| {
        COMMANDS
            .iter()
            .filter(move |command| command.place == *place && shown(command))
    };
    places(state)
        .iter()
        .flat_map(commands)
        .filter(|command| is_offered(state, command))
}

/// Whether a command is enabled and useful in the footer. False for the help in a question, and for `Yes` if Enter
/// confirms, too.
fn is_offered(state: &State, command: &Command) -> bool {
    let is_question = || {
        let top = state.top().map(Layer::place);
        matches!(
            top,
            Some(Place::Confirm | Place::Conflict | Place::RefusedChange | Place::Draft)
        )
    };
    enabled(state, command.id).is_ok()
        && match command.id {
            CommandId::Yes => enabled(state, CommandId::YesWithEnter).is_err(),
            // A question shows all keys that answer it.
            CommandId::Help => !is_question(),
            _ => true,
        }
}
