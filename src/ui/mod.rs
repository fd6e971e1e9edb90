//! Drawing: state in, frame out.
//!
//! [`render`] draws a [`State`] into a buffer and says where the cursor is; one file a pane or
//! overlay. Nothing is written while drawing: scroll offsets follow from selections and heights, places from
//! [`layout`]. Only rows that are seen are built, and only texts made harmless ([`mod@text`]) reach a cell.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Overlay, Pane, Phase, Spot, State};

mod banner;
mod canvas;
mod catalogue;
pub mod colour;
mod confirm;
mod conflict;
mod details;
mod draft;
mod empty;
mod filter;
mod finder;
mod footer;
mod form;
mod hats;
mod header;
mod history;
mod label;
pub mod layout;
mod line;
mod list;
mod opening;
pub mod plain;
mod prompt;
mod rooms;
mod sets;
pub mod text;
pub mod theme;
mod turned;
mod users;

use canvas::Canvas;
use layout::{Layout, Places};
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
    screen(&mut Canvas::new(buffer, theme), state, area)
}

/// What is under the mouse, the outermost first. The screen is drawn once more for it, into memory: so it can never be
/// another than the one that is seen.
pub fn under(state: &State, theme: Theme, area: Rect, mouse: Position) -> Vec<Spot> {
    let mut buffer = Buffer::empty(area);
    let mut canvas = Canvas::new(&mut buffer, theme);
    canvas.remember();
    screen(&mut canvas, state, area);
    canvas.spots_at(mouse)
}

fn screen(canvas: &mut Canvas<'_>, state: &State, area: Rect) -> Option<Position> {
    let banner = banner::lines(state, canvas.theme, area.width);
    let height = u16::try_from(banner.len()).unwrap_or_default();
    let places = match Layout::new(area, state.focus(), height) {
        Layout::Full(places) => places,
        Layout::TooSmall(area) => {
            opening::too_small(canvas, area);
            return None;
        }
    };
    header::draw(canvas, state, places.header);
    banner::draw(canvas, &banner, places.banner);
    if let Phase::Opening { .. } = state.phase() {
        opening::draw(canvas, state, places.body);
    } else {
        panes(canvas, state, &places);
    }
    let both = Rect {
        height: 2,
        ..places.details
    };
    let typing = filter::draw(canvas, state, places.details);
    let full = if typing.is_some() {
        false
    } else if let Some(notice) = state.notice() {
        details::notice(canvas, notice, both)
    } else {
        details::draw(canvas, state, places.details);
        false
    };
    if !full {
        footer::draw(canvas, state, places.footer);
    }
    let room = Rect {
        y: places.banner.y,
        height: places.details.y - places.banner.y,
        ..area
    };
    overlays(canvas, state, room).or(typing)
}

fn panes(canvas: &mut Canvas<'_>, state: &State, places: &Places) {
    let alone = !places.side_by_side();
    for pane in layout::PANES {
        let area = places.pane(pane);
        canvas.spot(area, Spot::Pane(pane));
        match pane {
            _ if area.is_empty() => {}
            _ if state.is_turned() => turned::draw(canvas, state, pane, area, alone),
            Pane::Rooms => rooms::draw(canvas, state, area),
            Pane::Users => users::draw(canvas, state, area, alone),
            Pane::Hats => hats::draw(canvas, state, area, alone),
        }
    }
}

/// All that lies on top, the topmost last; the cursor belongs to that one.
fn overlays(canvas: &mut Canvas<'_>, state: &State, area: Rect) -> Option<Position> {
    let top = state.overlays().len().saturating_sub(1);
    let mut cursor = None;
    for (at, shown) in state.overlays().iter().enumerate() {
        canvas.cover();
        cursor = overlay(canvas, state, shown, area, at == top);
    }
    cursor
}

fn overlay(
    canvas: &mut Canvas<'_>,
    state: &State,
    overlay: &Overlay,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    match overlay {
        Overlay::Form(shown) => form::draw(canvas, state, shown, area, focused),
        Overlay::Confirm(shown) => confirm::draw(canvas, state, shown, area, focused),
        Overlay::Conflict(shown) => conflict::draw(canvas, state, shown, area, focused),
        Overlay::Finder(shown) => finder::draw(canvas, shown, area, focused),
        Overlay::Catalogue(shown) => catalogue::draw(canvas, state, shown, area, focused),
        Overlay::Sets(shown) => sets::draw(canvas, state, shown, area, focused),
        Overlay::Prompt(shown) => prompt::draw(canvas, shown, area, focused),
        Overlay::History(shown) => history::draw(canvas, state, shown, area, focused),
        Overlay::Draft(shown) => draft::draw(canvas, state, shown, area, focused),
    }
}
