//! Rows of users, and of their rooms.

use crate::app::State;
use crate::model::Affiliation;
use crate::sync::Occupant;

use super::super::{CellWidth, Glyph, RowCell, Tone, label};
use super::room_cells::room_name;

pub(super) fn user(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (jid, user) = state.user_at(index)?;
    let (tone, words) = affiliation(user.affiliation);
    let hats = user.hats.len();
    let count = if hats == 0 && !user.affiliation.is_affiliated() {
        RowCell {
            right_aligned: true,
            ..RowCell::glyph(Glyph::Dash).spoken("no hats")
        }
    } else {
        RowCell::number(hats, "hat")
    };
    let occupants = state.listed_occupants();
    let occupant = occupants.and_then(|occupants| occupants.get(jid));
    let mut cells = vec![
        RowCell::text(user.affiliation.as_str())
            .width(CellWidth::Fixed(7))
            .gap(0)
            .tone(tone)
            .spoken_two(jid.as_str(), words),
    ];
    cells.extend(occupants.map(|_| online_mark(occupant)));
    cells.push(RowCell::address(jid.as_str()).filterable().tone(tone).silent());
    cells.extend(occupant.map(nicknames));
    cells.push(count.width(CellWidth::Fixed(3)).tone(tone).heading("hats"));
    if state.is_unresolved(jid) {
        let mark = RowCell::glyph(Glyph::Differs).tone(Tone::Warning);
        cells.push(mark.spoken("unresolved change"));
    }
    Some(cells)
}

/// Returns a mark if the user is in the room, else a blank.
fn online_mark(occupant: Option<&Occupant>) -> RowCell<'_> {
    match occupant.filter(|occupant| occupant.is_online()) {
        Some(occupant) => RowCell::glyph(Glyph::Online)
            .tone(Tone::Good)
            .spoken(format!("online as {}", occupant.nicknames().join(", "))),
        None => RowCell::glyph(Glyph::Blank),
    }
}

/// Returns a cell with the nicknames, which is shown only if there is space.
fn nicknames(occupant: &Occupant) -> RowCell<'_> {
    let all: Vec<&str> = occupant.all_nicknames().collect();
    let cell = RowCell::text(all.join(", "))
        .width(CellWidth::Spare)
        .tone(Tone::Faint);
    let cell = RowCell {
        is_filterable: true,
        ..cell
    };
    match (occupant.is_online(), occupant.reserved()) {
        (false, Some(reserved)) => cell.spoken(format!("nickname {reserved}")),
        _ => cell.silent(),
    }
}

pub(super) fn listed_user(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (jid, rooms) = state.listed_user_at(index)?;
    let users = rooms
        .iter()
        .filter_map(|(_, room)| state.wardrobe().user(room, jid));
    let hats = users.map(|user| user.hats.len()).sum();
    // In a narrow row, a column is only as wide as necessary to keep the headings apart; a heading may begin left of it.
    let number = |number, noun, heading, narrow| {
        let width = CellWidth::Adaptive { narrow, wide: 5 };
        RowCell::number(number, noun).width(width).heading(heading)
    };
    let mut cells = vec![RowCell::address(jid.as_str()).filterable().gap(0)];
    if state.knows_presence() {
        let occupants = rooms
            .iter()
            .filter_map(|(_, room)| state.occupants(room)?.get(jid));
        cells.push(online_mark(occupants.max_by_key(|occupant| occupant.is_online())));
    }
    cells.extend([
        number(rooms.len(), "room", "rooms", 3),
        number(hats, "hat", "hats", 4),
    ]);
    Some(cells)
}

pub(super) fn room_of_user(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (jid, room, user) = state.room_of_user_at(index)?;
    let name = label::room(jid, room);
    let (tone, words) = affiliation(user.affiliation);
    let mut cells = vec![
        RowCell::text(user.affiliation.as_str())
            .width(CellWidth::Fixed(7))
            .gap(0)
            .tone(tone)
            .spoken_two(name, words),
    ];
    if state.knows_presence() {
        let user = state.user().map(|(user, _)| user);
        let occupant = user.and_then(|user| state.occupants(jid)?.get(user));
        cells.push(online_mark(occupant));
    }
    cells.extend([
        room_name(state, jid, room)
            .fallback(jid.as_str())
            .filterable()
            .tone(tone)
            .silent(),
        RowCell::number(user.hats.len(), "hat")
            .width(CellWidth::Fixed(3))
            .tone(tone)
            .heading("hats"),
    ]);
    Some(cells)
}

/// Returns the style of a user with this affiliation, and the affiliation in words.
fn affiliation(affiliation: Affiliation) -> (Tone<'static>, &'static str) {
    match affiliation {
        Affiliation::Outcast => (Tone::Banned, "outcast, banned"),
        Affiliation::None => (Tone::Faint, "no affiliation"),
        other => (Tone::Plain, other.as_str()),
    }
}
