//! Frames without a terminal.

use hatrack::app::State;
use hatrack::ui::{self, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// A frame of this size, and the place of the cursor.
pub(crate) fn frame(state: &State, theme: Theme, (width, height): (u16, u16)) -> (Buffer, Option<Position>) {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let cursor = ui::render(state, theme, area, &mut buffer);
    (buffer, cursor)
}

/// The lines of a frame as a terminal shows them, a wide character once, without the blanks at their ends.
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
