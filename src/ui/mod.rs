//! Drawing: state in, frame out.
//!
//! [`render`] draws a [`State`] into a buffer and says where the cursor is; [`plain`] makes lines of words of it. Both
//! show the views of [`crate::app::view`]. Nothing is written while drawing: scroll offsets follow from selections and
//! heights, places from [`layout`]. Only rows that are seen are made, and only [`text::Sanitized`] reaches a cell.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Spot, State};

mod boxed;
pub mod color;
mod draw;
pub mod layout;
pub mod plain;
pub mod text;
pub mod theme;

use draw::MouseSpots;
pub use theme::Theme;

/// Draws what the moderator sees, and puts the cursor where typing goes.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    if let Some(cursor) = render(state, *theme, area, frame.buffer_mut()) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws into a buffer; gives the place of the cursor while there is something to type into.
pub fn render(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area.intersection(buffer.area);
    boxed::screen(buffer, area, state, &theme, &mut MouseSpots::default())
}

/// What is under the mouse, the outermost first. The screen is drawn once more for it, into memory: so it can never be
/// another than the one that is seen.
pub fn under(state: &State, theme: Theme, area: Rect, mouse: Position) -> Vec<Spot> {
    let mut spots = MouseSpots::collecting();
    boxed::screen(&mut Buffer::empty(area), area, state, &theme, &mut spots);
    spots.at(mouse)
}
