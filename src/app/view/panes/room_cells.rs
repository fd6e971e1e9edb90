//! The cells that rows of rooms have in common: the name and the server.

use std::borrow::Cow;

use crate::app::State;
use crate::app::servers::RoomComparison;
use crate::model::{Jid, Room};

use super::super::{CellContent, CellWidth, Glyph, RowCell, Tone, Truncation, label};

/// Returns the name of a room, completed so that it differs from other rooms with the same name.
pub(super) fn room_name<'a>(state: &'a State, jid: &'a Jid, room: &'a Room) -> RowCell<'a> {
    let distinction = label::visible_name(room).and_then(|name| Some((name, state.distinction(jid, name)?)));
    match distinction {
        Some((name, distinction)) => RowCell {
            // The distinction is at the end, so the middle is cut.
            content: CellContent::Text(format!("{name} · {distinction}").into(), Truncation::Middle),
            ..RowCell::text(name)
        },
        None => RowCell::text(label::room(jid, room)),
    }
}

/// Returns a symbol if the room needs attention, and the name of its server, if there is space for it. `None` if there
/// are no servers.
pub(super) fn server<'a>(state: &'a State, room: &Jid) -> Option<[RowCell<'a>; 2]> {
    if state.servers().is_empty() {
        return None;
    }
    let name = |name: &'a str| RowCell {
        min_row_width: 40,
        ..RowCell::text(name).width(CellWidth::Fixed(10)).tone(Tone::Faint)
    };
    let Some((server, compared)) = state.room_comparison(room) else {
        return Some([RowCell::glyph(Glyph::Blank), name("").silent()]);
    };
    let problem = state.room_problem(room);
    let mark = match compared {
        _ if problem.is_none() => Glyph::Blank,
        RoomComparison::Problem(_) => Glyph::Warning,
        _ if state.is_silent(room) => Glyph::Warning,
        _ => Glyph::Differs,
    };
    let words = match problem {
        Some(problem) => Cow::Owned(format!("{}: {problem}", server.entry.name)),
        None => Cow::Borrowed(&*server.entry.name),
    };
    Some([
        RowCell::glyph(mark).tone(Tone::Warning).spoken(words),
        name(&server.entry.name).silent(),
    ])
}
