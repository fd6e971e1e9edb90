//! Copies of what is selected, for the clipboard of whoever sits at the terminal.

use std::collections::BTreeMap;

use crate::app::{Effect, RowKind, State, describe, targets};
use crate::model::write;

/// No more bytes than these: xterm takes no longer sequence than they make, and others are like it.
const MAX_BYTES: usize = 74_994;

pub(crate) fn has_selected(state: &State) -> Result<(), String> {
    state
        .selected(state.focus)
        .map(drop)
        .ok_or_else(|| "nothing is selected".into())
}

/// The address of the room or user, the id of the hat; of all that are marked, a line each.
pub(crate) fn copy_name(state: &mut State, effects: &mut Vec<Effect>) {
    let names = targets::ids(state);
    let what = match (names.as_slice(), row_kind(state)) {
        ([], _) => return,
        ([name], _) => name.clone(),
        (many, RowKind::Hat) => format!("the URIs of {}", describe::count(many.len(), "hat")),
        (many, RowKind::User) => format!("the addresses of {}", describe::count(many.len(), "user")),
        (many, RowKind::Room) => format!("the addresses of {}", describe::count(many.len(), "room")),
    };
    copy(state, effects, names.join("\n"), &what);
}

/// The room or the user as they are in the file; the hat with its id.
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

/// What the pane with the focus lists.
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
            "not copied: it is {} long, and terminals take at most {}; hatrack show --json gives all of it",
            describe::count(text.len(), "byte"),
            describe::count(MAX_BYTES, "byte")
        ));
        return;
    }
    state.notify(format!("Copied {what} (where the terminal allows it)"));
    effects.push(Effect::Copy(text));
}
