//! The keys that work where the moderator is, and why some do not just now.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::State;
use crate::app::help::{self, Line};

use super::canvas::{Canvas, Title};
use super::layout::popup;
use super::text;

/// Columns of the keys.
const KEYS: usize = 20;
/// Columns that a command's help gets at least beside the reason why it cannot be done.
const LEAST_HELP: usize = 20;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, scroll: usize, area: Rect) -> Option<Position> {
    let place = popup(area, area.width.min(110), area.height.min(64));
    canvas.clear(place);
    let lines = help::lines(state);
    let title = Title {
        text: "Help",
        right: "",
        focused: true,
    };
    let inner = canvas.frame(place, &title);
    let height = usize::from(inner.height);
    // The end is where the last line is the last that is seen.
    let first = scroll.min(lines.len().saturating_sub(height));
    for (row, line) in inner.rows().zip(lines.iter().skip(first)) {
        let row = Rect {
            x: row.x + 1,
            width: row.width.saturating_sub(2),
            ..row
        };
        draw_line(canvas, state, row, line);
    }
    let after = lines.len().saturating_sub(first + height);
    if after > 0 {
        let more = format!(" {}{after} ", canvas.theme.more(true));
        canvas.foot(place, &more, canvas.theme.faint());
    }
    None
}

fn draw_line(canvas: &mut Canvas<'_>, state: &State, row: Rect, line: &Line) {
    match line {
        Line::Heading(heading) => {
            canvas.left(row, heading, canvas.theme.title(true));
        }
        Line::Command(command, enabled) => {
            let keys = canvas.theme.key_name(&state.keymap().names(command));
            let columns = KEYS.min(usize::from(row.width) / 3);
            let mut keys = text::fit(&keys, columns, canvas.charset());
            keys.insert_str(0, "  ");
            let (style, key) = match enabled {
                Ok(()) => (Style::new(), canvas.theme.key()),
                Err(_) => (canvas.theme.faint(), canvas.theme.faint()),
            };
            let rest = canvas.left(row, &keys, key);
            let rest = canvas.left(rest, " ", style);
            let rest = match enabled {
                Ok(()) => rest,
                Err(reason) => why_not(canvas, rest, reason),
            };
            canvas.text(rest, command.help, style);
        }
    }
}

/// The reason at the right, in full before the help gets more than a few words; gives what is left of the line.
fn why_not(canvas: &mut Canvas<'_>, line: Rect, reason: &str) -> Rect {
    let space = usize::from(line.width).saturating_sub(LEAST_HELP);
    let reason = text::cut(reason, space, canvas.charset());
    let shown = format!(" {} {reason}", canvas.theme.dash());
    canvas.right(line, &shown, canvas.theme.warning())
}
