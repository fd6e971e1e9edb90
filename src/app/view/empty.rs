//! What an empty pane says: what could be here, and what to do next.

use crate::app::command::CommandId;
use crate::app::{Grouping, Pane, SaveState, State, describe, places};

/// What a pane without rows says.
pub(super) fn empty_lines(state: &State, pane: Pane) -> Vec<String> {
    if state.length(pane) > 0 {
        return Vec::new();
    }
    if state.filter(pane).is_some() {
        let total = describe::grouped(state.total(pane));
        return vec![
            format!("None of the {total} matches."),
            String::new(),
            format!("{} shows all again.", state.key(CommandId::ClearFilter)),
        ];
    }
    match (state.grouping(), pane) {
        (Grouping::ByRoom, Pane::First) => no_rooms(state),
        (Grouping::ByRoom, Pane::Second) => no_users(state),
        (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => no_hats(state),
        (Grouping::ByHat, Pane::First) => vec!["No hats yet.".into()],
        (Grouping::ByHat, Pane::Second) if state.existing_hat().is_some() => {
            vec!["Nobody has this hat.".into()]
        }
        (Grouping::ByHat, Pane::Second | Pane::Third) | (Grouping::ByUser, Pane::Second) => Vec::new(),
        (Grouping::ByUser, Pane::First) if state.is_counting_users() => vec!["Looking for users…".into()],
        (Grouping::ByUser, Pane::First) => vec!["No users yet.".into()],
    }
}

fn no_rooms(state: &State) -> Vec<String> {
    let mut lines = vec!["No rooms yet.".to_owned(), String::new()];
    if state.check_can_change().is_ok() {
        lines.push(key_hint(state, CommandId::AddRoom, "adds the first one."));
        if state.save_state() == SaveState::NoFile {
            lines.push(String::new());
            lines.push("The file is made with the first change.".into());
        }
    }
    lines
}

fn no_users(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    if state.room().is_some() {
        lines.push("Nobody is affiliated yet.".to_owned());
        if state.check_can_change().is_ok() {
            lines.push(String::new());
            lines.push(key_hint(
                state,
                CommandId::AddUser,
                "adds an owner, an admin or a member.",
            ));
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
            lines.push("Only owners, admins and members can be given hats.".into());
        } else if state.check_can_add_hats().is_ok() {
            lines.push(key_hint(state, CommandId::AddHat, "gives the first one."));
        }
    }
    lines
}

/// The key of a command and what it does; where its pane has no focus, how to get there.
fn key_hint(state: &State, id: CommandId, does: &str) -> String {
    let Some(command) = id.command() else {
        return String::new();
    };
    let (key, tab) = (state.key(id), state.key(CommandId::NextPane));
    if places(state).contains(&command.place) {
        format!("{key} {does}")
    } else {
        format!("{tab} here; then {key} {does}")
    }
}
