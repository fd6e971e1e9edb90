//! Draws frames without a terminal.

use hatrack::app::State;
use hatrack::ui::{self, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

/// Returns a frame of this size (columns, rows), and the position of the cursor.
pub(crate) fn frame(state: &State, theme: Theme, (width, height): (u16, u16)) -> (Buffer, Option<Position>) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let cursor = ui::render(state, theme, area, &mut buffer);
    (buffer, cursor)
}

/// Returns the lines of a frame as a terminal shows them, without trailing spaces; a wide character appears once.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    let Rect { width, height, .. } = buffer.area;
    let line = |y| {
        let (mut line, mut x) = (String::new(), 0);
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(ui::text::width(symbol)).unwrap_or(1).max(1);
        }
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// Returns the text of a frame with its styles: `{cyan bold}text{}`, with braces only where the style changes.
pub(crate) fn styled(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut current_style, mut x) = (String::new(), String::new(), 0);
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut style = Vec::new();
            if cell.fg != Color::Reset {
                style.push(format!("{}", cell.fg));
            }
            if cell.bg != Color::Reset {
                style.push(format!("on {}", cell.bg));
            }
            style.extend(cell.modifier.iter_names().map(|(name, _)| name.to_owned()));
            let style = style.join(" ").to_lowercase();
            // The text color of a space is not visible; its background is ignored, too.
            let is_visible = cell.symbol() != " "
                || cell
                    .modifier
                    .intersects(Modifier::REVERSED | Modifier::UNDERLINED);
            if is_visible && style != current_style {
                line.extend(["{", &style, "}"]);
                current_style = style;
            }
            line.push_str(cell.symbol());
            x += u16::try_from(ui::text::width(cell.symbol())).unwrap_or(1).max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
