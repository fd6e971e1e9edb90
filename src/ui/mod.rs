//! Drawing: state in, frame out.
//!
//! [`render`] draws a [`State`] into a buffer and returns the cursor position; [`plain`] turns it into lines of text.
//! Both show the views of [`crate::app::view`]. Drawing changes no state: scroll offsets follow from selections and
//! heights, areas from [`layout`]. Only visible rows are created, and only [`text::Sanitized`] text reaches a cell.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{MouseTarget, State};

mod boxed;
pub mod color;
mod draw;
pub mod layout;
pub mod plain;
pub mod text;
pub mod theme;

use draw::MouseSpots;
pub use theme::Theme;

/// Draws the screen and places the cursor.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    if let Some(cursor) = render(state, *theme, area, frame.buffer_mut()) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws into a buffer. Returns the cursor position while text can be typed.
pub fn render(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area.intersection(buffer.area);
    boxed::screen(buffer, area, state, &theme, &mut MouseSpots::default())
}

/// What is under the mouse, outermost first. The screen is drawn again in memory to find out, so the result always
/// matches what is visible.
pub fn under(state: &State, theme: Theme, area: Rect, mouse: Position) -> Vec<MouseTarget> {
    let mut spots = MouseSpots::collecting();
    boxed::screen(&mut Buffer::empty(area), area, state, &theme, &mut spots);
    spots.at(mouse)
}
