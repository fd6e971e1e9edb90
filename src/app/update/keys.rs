//! Keys that mean nothing where they are pressed, and what is meant by them all the same.

use crate::app::lookup::lookup;
use crate::app::{Key, KeyCode, State, keyboard, text};

/// The key that is meant, and what is to be said of it where it is not the one that was pressed, or means nothing.
pub(super) fn resolve(state: &State, key: Key, place: Option<char>) -> (Key, Option<String>) {
    let typed = is_typing(state) && text::is_text_key(key);
    if typed || lookup(state, key).is_some() {
        return (key, None);
    }
    match key.code {
        // Esc and another key that came in one read.
        KeyCode::Char(_) | KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if key.alt => {
            let esc = Key::plain(KeyCode::Esc);
            let said = format!(
                "{} does nothing here and was taken as {}",
                key.spelled_name(),
                esc.spelled_name()
            );
            (esc, Some(said))
        }
        KeyCode::Char(letter) if !letter.is_ascii() => from_other_layout(state, key, letter, place),
        _ => (key, None),
    }
}

/// A letter that the standard layout does not have is the key at its place.
fn from_other_layout(state: &State, key: Key, letter: char, place: Option<char>) -> (Key, Option<String>) {
    let place = place.or_else(|| keyboard::us_layout_key(letter));
    let at_place = place.map(|place| Key {
        code: KeyCode::Char(place),
        ..key
    });
    match at_place.filter(|key| key.ctrl || lookup(state, *key).is_some()) {
        Some(at_place) => (at_place, None),
        None => (key, Some(format!("{} does nothing here", key.spelled_name()))),
    }
}

/// Whether a letter goes into a text now.
fn is_typing(state: &State) -> bool {
    match state.top() {
        None => state.typed_filter().is_some(),
        Some(top) => top.is_typing(),
    }
}
