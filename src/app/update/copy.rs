//! Copies the selection to the clipboard of the user's terminal.

use std::collections::BTreeMap;

use crate::app::{Effect, RowKind, State, describe, targets};
use crate::model::write;

/// Limit in bytes: encoded as Base64, this is the longest OSC 52 sequence that xterm and similar terminals accept.
const MAX_BYTES: usize = 74_994;

pub(crate) fn has_selected(state: &State) -> Result<(), String> {
    state
        .selected(state.focus)
        .map(drop)
        .ok_or_else(|| "Nothing selected".into())
}

/// Copies the address of the room or user or the ID of the hat; for several marked rows, one per line.
pub(crate) fn copy_name(state: &mut State, effects: &mut Vec<Effect>) {
    let names = targets::ids(state);
    let what = match (names.as_slice(), row_kind(state)) {
        ([], _) => return,
        ([name], _) => name.clone(),
        (many, RowKind::Hat) => format!("the IDs of {}", describe::count(many.len(), "hat")),
        (many, RowKind::User) => format!("the addresses of {}", describe::count(many.len(), "user")),
        (many, RowKind::Room) => format!("the addresses of {}", describe::count(many.len(), "room")),
    };
    copy(state, effects, names.join("\n"), &what);
}

/// Copies the room or user as in the data file, or the hat with its ID.
pub(crate) fn copy_json(state: &mut State, effects: &mut Vec<Effect>) {
    let bytes = match (row_kind(state), state.room(), state.user(), state.hat()) {
        (RowKind::Room, Some((_, room)), ..) => write::pretty(room),
        (RowKind::User, _, Some((_, user)), _) => write::pretty(user),
        (RowKind::Hat, _, _, Some(hat)) => write::pretty(&BTreeMap::from([hat])),
        _ => return,
    };
    let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
    let name = selected_name(state).unwrap_or_default();
    copy(state, effects, text, &format!("the JSON of {name}"));
}

/// What the focused pane lists.
fn row_kind(state: &State) -> RowKind {
    state.grouping().kind(state.focus)
}

fn selected_name(state: &State) -> Option<String> {
    Some(match row_kind(state) {
        RowKind::Room => state.room()?.0.to_string(),
        RowKind::User => state.user()?.0.to_string(),
        RowKind::Hat => state.hat()?.0.to_string(),
    })
}

fn copy(state: &mut State, effects: &mut Vec<Effect>, text: String, what: &str) {
    if text.len() > MAX_BYTES {
        state.notify_error(format!(
            "Too large to copy: {} (limit {}). Use hatrack show --json",
            describe::count(text.len(), "byte"),
            describe::grouped(MAX_BYTES)
        ));
        return;
    }
    state.notify(format!("Sent {what} to the terminal's clipboard"));
    effects.push(Effect::Copy(text));
}
