//! What an empty pane says: what could be here, and what to do next.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::command::COMMANDS;
use crate::app::{Pane, Saved, State};

use super::canvas::{Canvas, below};
use super::{filter, text};

pub(super) fn rooms(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    show(canvas, state, Pane::Rooms, inner);
}

pub(super) fn users(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    show(canvas, state, Pane::Users, inner);
}

pub(super) fn hats(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    show(canvas, state, Pane::Hats, inner);
}

/// What a pane without rows says.
pub(super) fn lines(state: &State, pane: Pane) -> Vec<String> {
    if let Some(lines) = filter::nothing(state, pane) {
        return lines.into();
    }
    match pane {
        Pane::Rooms => no_rooms(state),
        Pane::Users => no_users(state),
        Pane::Hats => no_hats(state),
    }
}

fn no_rooms(state: &State) -> Vec<String> {
    let mut lines = vec!["No rooms yet.".to_owned(), String::new()];
    if state.may_change().is_ok() {
        lines.push(next(state, "add-room", "adds the first one."));
        if state.saved() == Saved::NoFile {
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
        if state.may_change().is_ok() {
            lines.push(String::new());
            lines.push(next(state, "add-user", "adds an owner, an admin or a member."));
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
        } else if state.may_give().is_ok() {
            lines.push(next(state, "add-hat", "gives the first one."));
        }
    }
    lines
}

/// The key of a command and what it does; where its pane has no focus, how to get there.
fn next(state: &State, id: &str, does: &str) -> String {
    let Some(command) = COMMANDS.iter().find(|command| command.id == id) else {
        return String::new();
    };
    let (key, tab) = (state.key(id), state.key("next-pane"));
    if crate::app::command::places(state).contains(&command.place) {
        format!("{key} {does}")
    } else {
        format!("{tab} here; then {key} {does}")
    }
}

fn show(canvas: &mut Canvas<'_>, state: &State, pane: Pane, inner: Rect) {
    let (lines, focused) = (lines(state, pane), state.focus() == pane);
    let margin = Rect {
        x: inner.x.saturating_add(2).min(inner.right()),
        width: inner.width.saturating_sub(4),
        ..below(inner, 1)
    };
    let style = if focused {
        Style::new()
    } else {
        canvas.theme.faint()
    };
    let folded = lines
        .iter()
        .flat_map(|line| text::wrap(line, usize::from(margin.width)));
    for (line, shown) in margin.rows().zip(folded) {
        canvas.text(line, &shown, style);
    }
}
