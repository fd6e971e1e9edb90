//! Drawing: state in, frame out.
//!
//! [`render`] draws a [`State`] into a buffer and returns the cursor position; [`plain`] turns a state into lines of
//! text. Both show the views of [`crate::app::view`]. Drawing changes no state: scroll offsets are computed from
//! selections and heights, and areas by [`layout`]. Rows are created only when they are visible, and only
//! [`text::Sanitized`] text reaches a cell.

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

use draw::MouseTargets;
pub use theme::Theme;

/// Draws the screen and places the cursor.
pub fn draw(state: &State, theme: &Theme, area: Rect, frame: &mut Frame<'_>) {
    if let Some(cursor) = render(state, *theme, area, frame.buffer_mut()) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws into a buffer. Returns the cursor position while text can be typed, else `None`.
pub fn render(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area.intersection(buffer.area);
    boxed::draw_screen(buffer, area, state, &theme, &mut MouseTargets::default())
}

/// Returns the mouse targets at a position, the outermost first. The screen is drawn again in memory to find them, so
/// they always match what is visible.
pub fn targets_at(state: &State, theme: Theme, area: Rect, mouse: Position) -> Vec<MouseTarget> {
    let mut targets = MouseTargets::collecting();
    boxed::draw_screen(&mut Buffer::empty(area), area, state, &theme, &mut targets);
    targets.at(mouse)
}
