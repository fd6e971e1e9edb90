//! What happens when something happens: pure, with effects as data.

mod bulk;
pub(super) mod catalogue;
pub(super) mod change;
mod commit;
pub(super) mod conflict;
pub(super) mod copy;
pub(super) mod draft;
pub(super) mod dress;
mod fill;
pub(super) mod filter;
pub(super) mod finder;
pub(super) mod form;
pub(super) mod history;
mod keys;
pub(super) mod leave;
mod list;
mod many;
pub(super) mod marks;
pub(super) mod mouse;
pub(super) mod panes;
pub(super) mod prompt;
pub(super) mod sets;
mod store;
pub(super) mod undo;

use super::form::{Name, Value};
use super::{Effect, Key, Msg, Overlay, Pane, State, command, words};

/// What is longer was not meant for a field, in bytes.
const LONGEST_PASTE: usize = 8 << 10;

/// Takes what happened, changes the state, and says what is to be done outside.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Key(key) => press(state, key, None, &mut effects),
        Msg::KeyAt(key, place) => press(state, key, Some(place), &mut effects),
        Msg::Paste(text) => paste(state, &text, &mut effects),
        // In a form it is the list that it would be with the marks of a paste: as keys, all after the first line would
        // be commands.
        Msg::UnmarkedPaste(text) if takes_text(state) => paste(state, &text, &mut effects),
        Msg::UnmarkedPaste(_) => state.refuse("Looks like pasted text: open a form first"),
        Msg::Click { on, double } => mouse::click(state, &on, double, &mut effects),
        Msg::Wheel { on, down } => mouse::wheel(state, &on, down, &mut effects),
        Msg::Resize { columns, rows } => state.size = (columns, rows),
        Msg::Store(event) => store::event(state, *event, &mut effects),
        Msg::GoOn => {
            filter::look_on(state, &mut effects);
            finder::look_on(state, &mut effects);
        }
        Msg::NewId(id) => form::take_new_id(state, &id),
        Msg::Imported(path, given) => prompt::read(state, &path, given),
        Msg::Exported(export, result) => prompt::written(state, export, result),
        Msg::DraftFound(bytes) => draft::found(state, bytes),
        Msg::DraftKept(result) => draft::kept(state, result),
        Msg::End { status } => leave::end(state, status, &mut effects),
        Msg::Note(text) => state.say(text),
    }
    draft::sync(state, &mut effects);
    effects
}

/// A key was pressed; `place` is what the standard layout has in its place, where the terminal told it.
fn press(state: &mut State, key: Key, place: Option<char>, effects: &mut Vec<Effect>) {
    let (key, said) = keys::meant(state, key, place);
    press_meant(state, key, effects);
    if let (Some(said), None) = (said, &state.notice) {
        state.refuse(said);
    }
}

fn press_meant(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let message = state.notice.take();
    let command = command::lookup(state, key);
    if message.is_some() && command.is_some_and(|command| command.id == "back") {
        return;
    }
    let shifted = state.shifted.take();
    match command {
        Some(command) => run(state, command, shifted, effects),
        None => type_into(state, effects, |text| text.input(key)),
    }
}

fn run(state: &mut State, command: &command::Command, shifted: Option<String>, effects: &mut Vec<Effect>) {
    match (shifted, command.enabled(state)) {
        (Some(gone), _) if is_about_selected(command.place) => {
            state.refuse(format!("nothing was done, as {gone}; see what is selected now"));
        }
        (_, Ok(())) => {
            if is_about_selected(command.place) {
                state.rows.end_range(state.focus);
            }
            (command.run)(state, effects);
        }
        (_, Err(reason)) => state.refuse(reason),
    }
}

/// Whether commands of this place are about what is selected.
fn is_about_selected(place: command::Place) -> bool {
    place.pane().is_some()
}

/// Whether there is a text that typing goes into.
fn takes_text(state: &State) -> bool {
    state.typed_filter().is_some()
        || matches!(
            state.top(),
            Some(Overlay::Form(_) | Overlay::Finder(_) | Overlay::Sets(_) | Overlay::Prompt(_))
        )
}

/// Lets the text that has the keys take something.
fn type_into(
    state: &mut State,
    effects: &mut Vec<Effect>,
    take: impl FnOnce(&mut super::form::Text) -> bool,
) {
    match state.top() {
        None if state.typed_filter().is_some() => filter::type_into(state, effects, take),
        Some(Overlay::Finder(_)) => finder::type_into(state, effects, take),
        Some(Overlay::Sets(_)) => sets::type_into(state, take),
        Some(Overlay::Prompt(_)) => prompt::type_into(state, take),
        _ => type_into_form(state, take),
    }
}

fn paste(state: &mut State, pasted: &str, effects: &mut Vec<Effect>) {
    state.notice = None;
    if !takes_text(state) {
        if !state.overlays.is_empty() {
            state.refuse("nothing here takes what is pasted");
            return;
        }
        let (add, edit) = match state.focus {
            Pane::Rooms => ("add-room", "edit-room"),
            Pane::Users => ("add-user", "edit-user"),
            Pane::Hats => ("add-hat", "edit-hat"),
        };
        let (add, edit) = (state.key(add), state.key(edit));
        state.refuse(format!(
            "what is pasted goes into a form: open one first, with {add} or {edit}"
        ));
        return;
    }
    if state.typed_filter().is_none() && list::paste(state, pasted) {
        return;
    }
    if pasted.len() > LONGEST_PASTE {
        state.refuse(format!(
            "not pasted: it is {} long, and a field takes at most {}",
            words::count(pasted.len(), "byte"),
            words::count(LONGEST_PASTE, "byte")
        ));
        return;
    }
    type_into(state, effects, |text| {
        text.paste(pasted);
        true
    });
}

/// Lets the text field that has the focus take something; typing in the hat field looks for known hats.
fn type_into_form(state: &mut State, take: impl FnOnce(&mut super::form::Text) -> bool) {
    let Some(Overlay::Form(form)) = state.overlays.last_mut() else {
        return;
    };
    let Some(field) = form.field_mut() else { return };
    let name = field.name;
    let Value::Text(text) = &mut field.value else {
        return;
    };
    let before = text.text();
    if take(text)
        && name == Name::Hat
        && let Some(suggestions) = &mut form.suggestions
    {
        let now = form
            .fields
            .get(form.focus)
            .map_or_else(String::new, |field| match &field.value {
                Value::Text(text) => text.text(),
                _ => String::new(),
            });
        if now == before {
            suggestions.select(None);
        } else {
            suggestions.search(&now);
        }
    }
}
