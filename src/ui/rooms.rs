//! The rooms pane: a name, how many users, how many hats.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Pane, State};

use super::canvas::{Canvas, Title};
use super::{empty, filter, label, list, text};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, area: Rect) {
    let focused = list::has_keys(state, Pane::Rooms);
    let rooms = state.rooms();
    let columns = if area.width < 32 { 3 } else { 5 };
    let legend = if columns == 5 { " users  hats " } else { "" };
    let title = Title {
        text: &format!("Rooms {}", filter::count(canvas, state, Pane::Rooms)),
        right: if rooms.is_empty() { "" } else { legend },
        focused,
    };
    let inner = canvas.frame(area, &title);
    if rooms.is_empty() {
        return empty::rooms(canvas, state, inner);
    }
    // The domain says something only where it is not the same for all rooms.
    let several = state.totals().several_domains;
    let selected = state.selected(Pane::Rooms);
    list::draw(
        canvas,
        (area, inner),
        (rooms.len(), selected, focused),
        |canvas, row| {
            let Some((jid, room)) = rooms
                .get(row.at)
                .and_then(|jid| Some((jid, state.wardrobe().room(jid)?)))
            else {
                return;
            };
            let counts = format!(
                " {:>columns$} {:>columns$} ",
                label::short(room.users().len(), columns),
                label::short(room.attachments(), columns)
            );
            let space = usize::from(row.line.width).saturating_sub(2 + text::width(&counts));
            let charset = canvas.charset();
            let name = if several && label::named(room).is_none() {
                let mut name = text::address(jid.as_str(), space, charset).into_owned();
                text::fill(&mut name, space);
                name
            } else {
                text::fit(label::room(jid, room), space, charset)
            };
            let style = row.style(canvas.theme, Style::new());
            let mark = canvas.theme.mark(state.is_marked(Pane::Rooms, row.at));
            let rest = canvas.left(row.line, &format!("{}{mark}", row.marker()), style);
            let counted = canvas.left(rest, &name, style);
            canvas.left(counted, &counts, style);
            filter::mark(canvas, state, Pane::Rooms, (rest, &name));
        },
    );
}
