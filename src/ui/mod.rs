//! Drawing: state in, frame out.
//!
//! [`render`] draws a [`State`] into a buffer and says where the cursor is; one file a pane or
//! overlay. Nothing is written while drawing: scroll offsets follow from selections and heights, places from
//! [`layout`]. Only rows that are seen are built, and only texts made harmless ([`mod@text`]) reach a cell.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Overlay, Pane, Phase, State};

mod banner;
mod canvas;
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
mod help;
mod history;
mod label;
pub mod layout;
mod line;
mod list;
mod opening;
mod rooms;
pub mod svg;
pub mod text;
pub mod theme;
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
    let banner = banner::lines(state, theme, area.width);
    let height = u16::try_from(banner.len()).unwrap_or_default();
    let mut canvas = Canvas::new(buffer, theme);
    let places = match Layout::new(area, state.focus(), height) {
        Layout::Full(places) => places,
        Layout::TooSmall(area) => {
            opening::too_small(&mut canvas, area);
            return None;
        }
    };
    header::draw(&mut canvas, state, places.header);
    banner::draw(&mut canvas, &banner, places.banner);
    if let Phase::Opening { .. } = state.phase() {
        opening::draw(&mut canvas, state, places.body);
    } else {
        panes(&mut canvas, state, &places);
    }
    let both = Rect {
        height: 2,
        ..places.details
    };
    let typing = filter::draw(&mut canvas, state, places.details);
    let full = if typing.is_some() {
        false
    } else if let Some(notice) = state.notice() {
        details::notice(&mut canvas, notice, both)
    } else {
        details::draw(&mut canvas, state, places.details);
        false
    };
    if !full {
        footer::draw(&mut canvas, state, places.footer);
    }
    let room = Rect {
        y: places.banner.y,
        height: places.details.y - places.banner.y,
        ..area
    };
    overlays(&mut canvas, state, room).or(typing)
}

/// The places of everything on a screen of this size, for whoever wants to know what is under the mouse.
pub fn places(state: &State, theme: Theme, area: Rect) -> Layout {
    let banner = u16::try_from(banner::lines(state, theme, area.width).len()).unwrap_or_default();
    Layout::new(area, state.focus(), banner)
}

/// What is under the mouse: a pane, and the row of its list where it is on one.
pub fn row_at(state: &State, theme: Theme, area: Rect, at: Position) -> Option<(Pane, Option<usize>)> {
    let Layout::Full(places) = places(state, theme, area) else {
        return None;
    };
    let (pane, line) = places.at(at.x, at.y)?;
    let len = match pane {
        Pane::Rooms => state.rooms().len(),
        Pane::Users => state.users().len(),
        Pane::Hats => state.hats().len(),
    };
    let height = usize::from(layout::inside(places.pane(pane)).height);
    let first = layout::scroll(state.selected(pane).unwrap_or_default(), height, len);
    let row = line
        .map(|line| first + usize::from(line))
        .filter(|row| *row < len);
    Some((pane, row))
}

fn panes(canvas: &mut Canvas<'_>, state: &State, places: &Places) {
    let alone = !places.side_by_side();
    for pane in layout::PANES {
        let area = places.pane(pane);
        match pane {
            _ if area.is_empty() => {}
            Pane::Rooms => rooms::draw(canvas, state, area),
            Pane::Users => users::draw(canvas, state, area, alone),
            Pane::Hats => hats::draw(canvas, state, area, alone),
        }
    }
}

/// Whether a pane gets the keys.
fn has_keys(state: &State, pane: Pane) -> bool {
    state.focus() == pane && state.overlays().is_empty()
}

/// All that lies on top, the topmost last; the cursor belongs to that one.
fn overlays(canvas: &mut Canvas<'_>, state: &State, area: Rect) -> Option<Position> {
    let top = state.overlays().len().saturating_sub(1);
    let mut cursor = None;
    for (at, overlay) in state.overlays().iter().enumerate() {
        let focused = at == top;
        cursor = match overlay {
            Overlay::Form(shown) => form::draw(canvas, state, shown, area, focused),
            Overlay::Help { scroll } => help::draw(canvas, state, *scroll, area),
            Overlay::Confirm(shown) => confirm::draw(canvas, state, shown, area, focused),
            Overlay::Conflict(shown) => conflict::draw(canvas, state, shown, area, focused),
            Overlay::Finder(shown) => finder::draw(canvas, state, shown, area, focused),
            Overlay::History(shown) => history::draw(canvas, state, shown, area, focused),
            Overlay::Draft(shown) => draft::draw(canvas, state, shown, area, focused),
        };
    }
    cursor
}
