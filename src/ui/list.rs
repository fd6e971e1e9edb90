//! A list of which only the rows that are seen are built.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::layout::scroll;
use super::theme::Theme;
use crate::app::{Pane, Spot, State};

/// Whether a pane gets the keys.
pub(super) fn has_keys(state: &State, pane: Pane) -> bool {
    state.focus() == pane && state.overlays().is_empty()
}

/// A row to be drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its place on the screen.
    pub(super) line: Rect,
    /// Its place in the list.
    pub(super) at: usize,
    /// Whether it is the selected one.
    pub(super) selected: bool,
    /// Whether its list has the keys.
    pub(super) focused: bool,
}

impl Row {
    /// The character that tells the selected row.
    pub(super) fn marker(self) -> &'static str {
        if self.selected { ">" } else { " " }
    }

    /// One style for all of the row, unless it has one of its own while it is not selected.
    pub(super) fn style(self, theme: Theme, own: Style) -> Style {
        if self.selected {
            theme.selected(self.focused)
        } else {
            own
        }
    }
}

/// Draws the rows around the selected one. How many there are above and below is said on the edge of the frame.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    places: (Rect, Rect),
    rows: (usize, Option<usize>, bool),
    mut row: impl FnMut(&mut Canvas<'_>, Row),
) {
    lines(canvas, places, rows, |canvas, line| {
        canvas.spot(line.line, Spot::Row(line.at));
        row(canvas, line);
    });
}

/// The same where not every line is a row that can be selected.
pub(super) fn lines(
    canvas: &mut Canvas<'_>,
    (frame, inner): (Rect, Rect),
    (len, selected, focused): (usize, Option<usize>, bool),
    mut row: impl FnMut(&mut Canvas<'_>, Row),
) {
    let height = usize::from(inner.height);
    let first = scroll(selected.unwrap_or_default(), height, len);
    for (at, line) in (first..len).zip(inner.rows()) {
        row(
            canvas,
            Row {
                line,
                at,
                selected: selected == Some(at),
                focused,
            },
        );
    }
    let below = len.saturating_sub(first + height);
    if let Some(text) = surroundings(canvas.theme, first, below) {
        canvas.foot(frame, &text, canvas.theme.faint());
    }
}

fn surroundings(theme: Theme, above: usize, below: usize) -> Option<String> {
    let up = (above > 0).then(|| format!("{}{above}", theme.more(false)));
    let down = (below > 0).then(|| format!("{}{below}", theme.more(true)));
    match (up, down) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(format!(" {one} ")),
        (Some(up), Some(down)) => Some(format!(" {up} {down} ")),
    }
}
