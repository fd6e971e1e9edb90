//! Fallbacks for keys without a binding: other keyboard layouts, and Esc joined with the next key.

use crate::app::command::CommandId;
use crate::app::lookup::{lookup, working_key};
use crate::app::{Key, KeyCode, State, keyboard, text};

/// Resolves a pressed key to the key that was meant, with a message if they differ or the key does nothing.
pub(super) fn resolve(state: &State, key: Key, place: Option<char>) -> (Key, Option<String>) {
    let typed = is_typing(state) && text::is_text_key(key);
    if typed || lookup(state, key).is_some() {
        return (key, None);
    }
    match key.code {
        // Esc and the next key arrived in one read.
        KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if key.alt => {
            let esc = Key::plain(KeyCode::Esc);
            let message = format!(
                "{} has no binding here; treated as {}",
                key.spelled_name(),
                esc.spelled_name()
            );
            (esc, Some(message))
        }
        KeyCode::Char(letter) if !letter.is_ascii() => from_other_layout(state, key, letter, place),
        _ => {
            let help = CommandId::Help
                .command()
                .and_then(|help| working_key(state, help));
            let help = help.map_or_else(String::new, |help| {
                format!(" ({} to show all keys)", help.spelled_name())
            });
            let message = format!("{} has no binding here{help}", key.spelled_name());
            (key, Some(message))
        }
    }
}

/// Maps a letter that the standard layout lacks to the key at its position.
fn from_other_layout(state: &State, key: Key, letter: char, place: Option<char>) -> (Key, Option<String>) {
    let place = place.or_else(|| keyboard::us_layout_key(letter));
    let at_place = place.map(|place| Key {
        code: KeyCode::Char(place),
        ..key
    });
    match at_place.filter(|key| key.ctrl || lookup(state, *key).is_some()) {
        Some(at_place) => (at_place, None),
        None => (key, Some(format!("{} has no binding here", key.spelled_name()))),
    }
}

/// Whether a letter is typed into a text input now.
fn is_typing(state: &State) -> bool {
    match state.top() {
        None => state.typed_filter().is_some(),
        Some(top) => top.is_typing(),
    }
}
