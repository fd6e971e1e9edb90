//! Lines in which text is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::app::text::TextInput;
use crate::ui::draw::put;
use crate::ui::text::{Charset, Sanitized};
use crate::ui::theme::Theme;

/// A line in which something secret is typed: a sign for each character.
pub(super) fn secret(buffer: &mut Buffer, line: Rect, (typed, cursor): (usize, usize)) -> Position {
    let columns = usize::from(line.width);
    let hidden = cursor.saturating_sub(columns.saturating_sub(1));
    let signs = "*".repeat(typed.saturating_sub(hidden).min(columns));
    let shown = Sanitized::new(&signs, Charset::Ascii);
    let style = Style::new().add_modifier(Modifier::UNDERLINED);
    put(buffer, line, &shown.padded(columns, false), style);
    let cursor = u16::try_from(cursor - hidden).unwrap_or_default();
    Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    }
}

/// Draws one line of a text input over the whole line. Returns the cursor position if it is there.
pub(super) fn input_line(
    buffer: &mut Buffer,
    line: Rect,
    (text, at): (&TextInput, usize),
    theme: &Theme,
) -> Option<Position> {
    let columns = usize::from(line.width);
    let (cursor_line, cursor) = text.cursor_in_lines();
    let is_here = cursor_line == at;
    let shown = text.lines().get(at).map_or("", String::as_str);
    let (shown, cursor) =
        Sanitized::window(shown, if is_here { cursor } else { 0 }, columns, theme.charset());
    let style = Style::new().add_modifier(Modifier::UNDERLINED);
    put(buffer, line, &shown.padded(columns, false), style);
    let cursor = u16::try_from(cursor).unwrap_or_default();
    is_here.then(|| Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    })
}

/// Draws a text input over the whole line. Returns the cursor position.
pub(super) fn input(
    buffer: &mut Buffer,
    line: Rect,
    text: &TextInput,
    theme: &Theme,
    modifier: Modifier,
) -> Position {
    let columns = usize::from(line.width);
    let (shown, cursor) = Sanitized::window(&text.text(), text.cursor(), columns, theme.charset());
    put(
        buffer,
        line,
        &shown.padded(columns, false),
        Style::new().add_modifier(modifier),
    );
    let cursor = u16::try_from(cursor).unwrap_or_default();
    Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    }
}
