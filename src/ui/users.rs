//! The users pane: affiliation, address, how many hats.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Pane, State};
use crate::model::Affiliation;

use super::canvas::{Canvas, Title};
use super::{empty, filter, label, list, text};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, area: Rect, alone: bool) {
    let focused = list::has_keys(state, Pane::Users);
    let len = state.users().len();
    let heading = heading(canvas, state, area, alone);
    let legend = if area.width < 46 || len == 0 { "" } else { " hats " };
    let title = Title {
        text: &heading,
        right: legend,
        focused,
    };
    let inner = canvas.frame(area, &title);
    if len == 0 {
        return empty::users(canvas, state, inner);
    }
    let selected = state.selected(Pane::Users);
    list::draw(canvas, (area, inner), (len, selected, focused), |canvas, row| {
        let Some((jid, user)) = state.user_at(row.at) else {
            return;
        };
        let count = match user.hats.len() {
            0 if !user.affiliation.is_affiliated() => canvas.theme.dash().to_owned(),
            hats => label::short(hats, 3),
        };
        // Marker, mark, affiliation, the count and the spaces between them.
        let space = usize::from(row.line.width).saturating_sub(1 + 1 + 8 + 5);
        let mut address = text::address(jid.as_str(), space, canvas.charset()).into_owned();
        text::fill(&mut address, space);
        let own = match user.affiliation {
            Affiliation::Outcast => canvas.theme.banned(),
            Affiliation::None => canvas.theme.faint(),
            _ => Style::new(),
        };
        let style = row.style(canvas.theme, own);
        let affiliation = user.affiliation;
        let mark = canvas.theme.mark(state.is_marked(Pane::Users, row.at));
        let before = format!("{}{mark}{affiliation:<8}", row.marker());
        let rest = canvas.left(row.line, &before, style);
        let counted = canvas.left(rest, &address, style);
        canvas.left(counted, &format!(" {count:>3} "), style);
        filter::mark(canvas, state, Pane::Users, (rest, &address));
    });
}

/// How many there are and, as far as there is room, where.
fn heading(canvas: &Canvas<'_>, state: &State, area: Rect, alone: bool) -> String {
    let count = format!("Users {}", filter::count(canvas, state, Pane::Users));
    let Some((jid, _)) = state.room() else {
        return count;
    };
    let space = usize::from(area.width).saturating_sub(7 + text::width(&count));
    let room = text::address(jid.as_str(), space, canvas.charset());
    if alone {
        format!("{room} {} {count}", canvas.theme.below())
    } else {
        format!("{count} {} {room}", canvas.theme.dot())
    }
}
