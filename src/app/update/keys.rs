//! Fallbacks for keys without a binding: other keyboard layouts, and Esc joined with the next key.

use crate::app::command::CommandId;
use crate::app::lookup::{lookup, working_key};
use crate::app::{Key, KeyCode, State, keyboard, text};

/// Resolves a pressed key to the key that was meant. Also returns a message if the key is treated as Esc or has no
/// binding.
pub(super) fn resolve(state: &State, key: Key, us_key: Option<char>) -> (Key, Option<String>) {
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
        KeyCode::Char(letter) if !letter.is_ascii() => from_other_layout(state, key, letter, us_key),
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

/// Maps a letter that the US layout lacks to the US key at its position.
fn from_other_layout(state: &State, key: Key, letter: char, us_key: Option<char>) -> (Key, Option<String>) {
    let us_key = us_key.or_else(|| keyboard::us_layout_key(letter));
    let meant = us_key.map(|us_key| Key {
        code: KeyCode::Char(us_key),
        ..key
    });
    match meant.filter(|key| key.ctrl || lookup(state, *key).is_some()) {
        Some(meant) => (meant, None),
        None => (key, Some(format!("{} has no binding here", key.spelled_name()))),
    }
}

/// Returns whether a letter key now types into a text input.
fn is_typing(state: &State) -> bool {
    match state.top() {
        None => state.typed_filter().is_some(),
        Some(top) => top.is_typing(),
    }
}
