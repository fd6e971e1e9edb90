//! The text of an empty pane: it says that there are no rows, and how to add or show some.

use crate::app::command::CommandId;
use crate::app::{Grouping, Pane, RowKind, SaveState, State, describe};

/// Returns the text of a pane without rows; empty for a pane with rows. If an overlay is open, the text names no keys,
/// because they would not work.
pub(super) fn empty_lines(state: &State, pane: Pane) -> Vec<String> {
    let mut lines = lines(state, pane);
    if state.top().is_some() {
        lines.truncate(1);
    }
    lines
}

fn lines(state: &State, pane: Pane) -> Vec<String> {
    if state.length(pane) > 0 {
        return Vec::new();
    }
    if let Some(filter) = state.filter(pane) {
        let noun = state.grouping().kind(pane).noun();
        let total = describe::count(state.total(pane), noun);
        let marked = match state.marked(pane) {
            0 => String::new(),
            marked => format!(" ({} marked)", describe::with_thousands_commas(marked)),
        };
        let mut lines = vec![format!("No matches among {total}{marked}."), String::new()];
        if filter.asks_who_is_online() && !knows_presence(state, pane) {
            lines.push("It is not known who is online.".into());
            lines.push(String::new());
        }
        // Lists of all users, and of users with a hat, are not filtered by hats.
        let is_filtered_by_hats =
            state.grouping().kind(pane) != RowKind::User || state.grouping() == Grouping::ByRoom;
        if let Some(hint) = filter.quotes_hint().filter(|_| is_filtered_by_hats) {
            lines.push(hint);
            lines.push(String::new());
        }
        lines.push(format!(
            "Press {} to clear the filter.",
            state.key(CommandId::ClearFilter)
        ));
        return lines;
    }
    match (state.grouping(), pane) {
        (Grouping::ByRoom, Pane::First) => no_rooms(state),
        (Grouping::ByRoom, Pane::Second) => no_users(state),
        (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => no_hats(state),
        (Grouping::ByHat, Pane::First) => vec!["No hats yet.".into()],
        (Grouping::ByHat, Pane::Second) if state.existing_hat().is_some() => {
            vec!["No user has this hat.".into()]
        }
        (Grouping::ByHat, Pane::Second | Pane::Third) | (Grouping::ByUser, Pane::Second) => Vec::new(),
        (Grouping::ByUser, Pane::First) if state.is_indexing_users() => vec!["Loading users…".into()],
        (Grouping::ByUser, Pane::First) => vec!["No users yet.".into()],
    }
}

/// Returns whether it is known who is online: in this room, for the pane that lists the users of a room; in any room,
/// for other panes.
fn knows_presence(state: &State, pane: Pane) -> bool {
    match (state.grouping(), pane) {
        (Grouping::ByRoom, Pane::Second) => state.listed_occupants().is_some(),
        _ => state.knows_presence(),
    }
}

fn no_rooms(state: &State) -> Vec<String> {
    let mut lines = vec!["No rooms yet.".to_owned(), String::new()];
    if state.check_can_change().is_ok() {
        lines.push(key_hint(state, Pane::First, CommandId::AddRoom));
        lines.extend(receive_hint(state));
        if state.save_state() == SaveState::NoFile {
            lines.push(String::new());
            lines.push("The file is created when you make your first change.".into());
        }
    }
    lines
}

/// Returns the hint for receiving rooms from a server; `None` without servers.
fn receive_hint(state: &State) -> Option<String> {
    let (key, enter) = (state.key(CommandId::Servers), state.key(CommandId::CompareServer));
    match state.servers() {
        [] => None,
        [server] => Some(format!(
            "Press {key} and then {enter} to receive the rooms from the server {:?}.",
            server.entry.name
        )),
        _ => Some(format!(
            "Press {key} and then {enter} to receive the rooms from a server."
        )),
    }
}

fn no_users(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if state.room().is_some() {
        lines.push("No users yet.".to_owned());
        if state.check_can_change().is_ok() {
            lines.push(String::new());
            lines.push(key_hint(state, Pane::Second, CommandId::AddUser));
        }
    }
    lines
}

fn no_hats(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((_, user)) = state.user() {
        lines.push("No hats.".to_owned());
        lines.push(String::new());
        if !user.affiliation.is_affiliated() {
            lines.push("Hats can be added to owners, admins and members only.".into());
            let room = state.room().filter(|_| state.check_can_change().is_ok());
            let advice = room.map_or_else(String::new, |(room, _)| state.affiliation_advice(room));
            lines.extend((!advice.is_empty()).then(|| advice.trim_start().to_owned()));
        } else if state.check_can_add_hats().is_ok() {
            lines.push(key_hint(state, Pane::Third, CommandId::AddHat));
        }
    }
    lines
}

/// Returns the hint for adding the first row of a pane. If a pane before it has the focus, the hint starts with the key
/// for the next pane.
fn key_hint(state: &State, pane: Pane, id: CommandId) -> String {
    let (key, tab) = (state.key(id), state.key(CommandId::NextPane));
    match (state.focus(), pane) {
        (Pane::First, Pane::Third) => format!("Press {tab} twice, then {key} to add one."),
        (focus, pane) if focus < pane => format!("Press {tab}, then {key} to add one."),
        _ => format!("Press {key} to add one."),
    }
}
