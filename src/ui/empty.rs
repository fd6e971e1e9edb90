//! What an empty pane says: what could be here, and what to do next.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::command::COMMANDS;
use crate::app::{Pane, Saved, State};

use super::canvas::{Canvas, below};
use super::{filter, text};

pub(super) fn rooms(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    if let Some(lines) = filter::nothing(state, Pane::Rooms) {
        return show(canvas, inner, &lines, state.focus() == Pane::Rooms);
    }
    let first = state.saved() == Saved::NoFile;
    let mut lines = vec!["No rooms yet.".to_owned(), String::new()];
    if state.may_change().is_ok() {
        lines.push(next(state, "add-room", "adds the first one."));
        if first {
            lines.push(String::new());
            lines.push("The file is made with the first change.".into());
        }
    }
    show(canvas, inner, &lines, state.focus() == Pane::Rooms);
}

pub(super) fn users(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    if let Some(lines) = filter::nothing(state, Pane::Users) {
        return show(canvas, inner, &lines, state.focus() == Pane::Users);
    }
    let mut lines = Vec::new();
    if state.room().is_some() {
        lines.push("Nobody is affiliated yet.".to_owned());
        if state.may_change().is_ok() {
            lines.push(String::new());
            lines.push(next(state, "add-user", "adds an owner, an admin or a member."));
        }
    }
    show(canvas, inner, &lines, state.focus() == Pane::Users);
}

pub(super) fn hats(canvas: &mut Canvas<'_>, state: &State, inner: Rect) {
    if let Some(lines) = filter::nothing(state, Pane::Hats) {
        return show(canvas, inner, &lines, state.focus() == Pane::Hats);
    }
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
    show(canvas, inner, &lines, state.focus() == Pane::Hats);
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

fn show(canvas: &mut Canvas<'_>, inner: Rect, lines: &[String], focused: bool) {
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
