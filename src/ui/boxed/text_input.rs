//! Text inputs.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::app::text::TextInput;
use crate::ui::draw::put;
use crate::ui::text::{Charset, Sanitized};
use crate::ui::theme::Theme;

/// Draws the input of a secret: an asterisk for each of the `typed` characters. `cursor` is the number of characters
/// before the cursor. Returns the cursor position.
pub(super) fn draw_secret(buffer: &mut Buffer, line: Rect, (typed, cursor): (usize, usize)) -> Position {
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

/// Draws the line with this index of a text input. Returns the cursor position if the cursor is in it.
pub(super) fn draw_input_line(
    buffer: &mut Buffer,
    line: Rect,
    (text, index): (&TextInput, usize),
    theme: &Theme,
) -> Option<Position> {
    let columns = usize::from(line.width);
    let (cursor_line, cursor) = text.cursor_in_lines();
    let has_cursor = cursor_line == index;
    let shown = text.lines().get(index).map_or("", String::as_str);
    let (shown, cursor) = Sanitized::window(
        shown,
        if has_cursor { cursor } else { 0 },
        columns,
        theme.charset(),
    );
    let style = Style::new().add_modifier(Modifier::UNDERLINED);
    put(buffer, line, &shown.padded(columns, false), style);
    let cursor = u16::try_from(cursor).unwrap_or_default();
    has_cursor.then(|| Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    })
}

/// Draws a text input in one line, with its whole text. Returns the cursor position.
pub(super) fn draw_input(
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
