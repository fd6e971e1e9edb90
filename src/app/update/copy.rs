//! Copies the selection, or a change as commands, to the clipboard of the user's terminal.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::history::{EntryOverlay, HistoryOverlay};
use crate::app::undo_step::UndoStep;
use crate::app::{Effect, RowKind, State, describe, shell_command, targets};
use crate::model::{EditGroup, write};
use crate::store::{ChangeReason, HistoryEntry};

/// Maximum length of a copied text, in bytes. Encoded as Base64, a text of this length makes the longest OSC 52
/// sequence that xterm and similar terminals accept.
const MAX_BYTES: usize = 74_994;

/// The maximum number of characters of a command that a notice shows.
const MAX_SHOWN: usize = 160;

pub(crate) fn has_selection(state: &State) -> Result<(), String> {
    state
        .selected(state.focus)
        .map(drop)
        .ok_or_else(|| "Nothing selected".into())
}

/// Copies the address of the selected room or user, or the ID of the selected hat; if rows are marked, copies the
/// addresses or IDs of the marked rows, one per line.
pub(crate) fn copy_name(state: &mut State, effects: &mut Vec<Effect>) {
    let names = targets::ids(state);
    let description = match (names.as_slice(), row_kind(state)) {
        ([], _) => return,
        ([name], _) => name.clone(),
        (many, RowKind::Hat) => format!("the IDs of {}", describe::count(many.len(), "hat")),
        (many, RowKind::User) => format!("the addresses of {}", describe::count(many.len(), "user")),
        (many, RowKind::Room) => format!("the addresses of {}", describe::count(many.len(), "room")),
    };
    copy(state, effects, names.join("\n"), &description);
}

/// Copies the selected room or user as JSON, as in the data file, or the selected hat with its ID.
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

/// Returns the last change of this session, which may be an undo or a redo.
fn last_change(state: &State) -> Option<&UndoStep> {
    let steps = state.undo_stack.iter().chain(&state.redo_stack);
    steps.max_by_key(|step| step.id)
}

pub(crate) fn has_change(state: &State) -> Result<(), String> {
    last_change(state)
        .map(drop)
        .ok_or_else(|| "Nothing was changed in this session".into())
}

/// Copies the last change as commands for a shell.
pub(crate) fn copy_last_command(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(UndoStep { group, reason, .. }) = last_change(state).cloned() {
        copy_commands(state, effects, &group, reason.as_ref());
    }
}

/// Returns the open entry of the history, else the selected one.
fn current_entry(state: &State) -> Option<&HistoryEntry> {
    let open = state.top_as::<EntryOverlay>().map(|open| &*open.entry);
    let selected = || state.top_as::<HistoryOverlay>()?.entry().map(Arc::as_ref);
    open.or_else(selected)
}

pub(crate) fn has_entry(state: &State) -> Result<(), String> {
    match current_entry(state) {
        None => Err("No entries".into()),
        Some(entry) if entry.group.is_empty() => Err("This entry did not change the data file".into()),
        Some(_) => Ok(()),
    }
}

/// Copies the open or selected entry of the history as commands for a shell.
pub(crate) fn copy_entry_command(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some((group, reason)) =
        current_entry(state).map(|entry| (entry.group.clone(), entry.reason.clone()))
    {
        copy_commands(state, effects, &group, reason.as_ref());
    }
}

fn copy_commands(
    state: &mut State,
    effects: &mut Vec<Effect>,
    group: &EditGroup,
    reason: Option<&ChangeReason>,
) {
    if state.start.demo {
        return state.notify_error("Cannot copy a command: the sample data is not in a file");
    }
    match shell_command::commands(group, reason.map(ChangeReason::as_str), &state.start.file) {
        Ok(commands) => {
            let description = match commands.as_slice() {
                [only] => describe::shortened(only, MAX_SHOWN).into_owned(),
                [first, ..] => format!(
                    "{}: {}",
                    describe::count(commands.len(), "command"),
                    describe::shortened(first, MAX_SHOWN)
                ),
                [] => return,
            };
            let text = shell_command::script(&commands);
            if text.len() > MAX_BYTES {
                return state.notify_error(format!("Too large to copy: {description}"));
            }
            copy(state, effects, text, &description);
        }
        Err(reason) => state.notify_error(format!("Cannot copy a command: {reason}")),
    }
}

/// Returns the kind of rows that the focused pane lists.
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

fn copy(state: &mut State, effects: &mut Vec<Effect>, text: String, description: &str) {
    if text.len() > MAX_BYTES {
        state.notify_error(format!(
            "Too large to copy: {} (limit {}). Use hatrack show --json",
            describe::count(text.len(), "byte"),
            describe::with_thousands_commas(MAX_BYTES)
        ));
        return;
    }
    state.notify(format!(
        "Sent to the clipboard: {description} (if your terminal supports it)"
    ));
    effects.push(Effect::Copy(text));
}
