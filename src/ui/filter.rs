//! The filter of a pane: the line in which it is typed, what the titles say of it, and the letters that it found.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::{Pane, State};

use super::canvas::Canvas;
use super::line::window;
use super::{label, text};

/// The line in which a filter is typed; gives the place of the cursor. `None`: none is.
pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, line: Rect) -> Option<Position> {
    let filter = state.typed_filter()?;
    let line = Rect {
        x: line.x + 1,
        width: line.width.saturating_sub(2),
        ..line
    };
    let rest = canvas.left(line, "/ ", canvas.theme.key());
    let hint = match (state.focus(), state.is_turned()) {
        (Pane::Rooms, false) | (Pane::Hats, true) => "letters   #hat   !without",
        (Pane::Users, false) => "letters   @owner   #hat   !without",
        (Pane::Hats, false) | (Pane::Rooms | Pane::Users, true) => "letters   !without",
    };
    // The hint goes where it would leave less room for typing than for itself.
    let wide = usize::from(rest.width) > 2 * text::width(hint) + 3;
    let rest = if wide {
        canvas.right(rest, hint, canvas.theme.faint())
    } else {
        rest
    };
    let (shown, cursor) = window(
        &filter.text.text(),
        filter.text.cursor(),
        usize::from(rest.width),
        canvas.charset(),
    );
    canvas.left(rest, &shown, Style::new());
    let column = u16::try_from(cursor).unwrap_or_default();
    Some(Position {
        x: rest.x + column.min(rest.width.saturating_sub(1)),
        y: rest.y,
    })
}

/// How many rows a pane has: `12`; while it is narrowed, of how many, and by what: `3 of 12 /mar`.
pub(super) fn count(canvas: &Canvas<'_>, state: &State, pane: Pane) -> String {
    let marked = match state.marked(pane) {
        0 => String::new(),
        marked => format!(" {} {} marked", canvas.theme.dot(), label::grouped(marked)),
    };
    let shown = state.length(pane);
    let Some(filter) = state.filter(pane) else {
        return format!("{}{marked}", label::grouped(shown));
    };
    let (shown, total) = (label::grouped(shown), label::grouped(state.total(pane)));
    if filter.editing {
        format!("{shown} of {total}{marked}")
    } else {
        let typed = filter.text.text();
        format!(
            "{shown} of {total}{marked} /{}",
            text::cut(typed.trim(), 20, canvas.charset())
        )
    }
}

/// What a narrowed pane without rows says.
pub(super) fn nothing(state: &State, pane: Pane) -> Option<[String; 3]> {
    state.filter(pane)?;
    let total = label::grouped(state.total(pane));
    Some([
        format!("None of the {total} matches."),
        String::new(),
        format!("{} shows all again.", state.key("clear-filter")),
    ])
}

/// Underlines the letters that a filter found, in a harmless text that stands in a line already.
pub(super) fn mark(canvas: &mut Canvas<'_>, state: &State, pane: Pane, (line, shown): (Rect, &str)) {
    if let Some(filter) = state.filter(pane) {
        let style = canvas.theme.matched();
        canvas.restyle(line, shown, &filter.places(shown), style);
    }
}
