//! The hats already known that match what is typed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::Spot;
use crate::app::form::Form;
use crate::app::suggest::Known;
use crate::app::words;

use super::super::layout::scroll;
use super::super::{label, text};
use super::{Canvas, below, heading};

/// Columns for the number of users.
const USERS: usize = 13;

pub(super) fn draw(canvas: &mut Canvas<'_>, form: &Form, area: Rect, typing: bool) {
    let Some(known) = &form.suggestions else {
        return;
    };
    let mut rows = area.rows();
    let Some(first) = rows.next() else { return };
    heading(
        canvas,
        first,
        &format!("Known hats {}", label::grouped(known.len())),
    );
    let selected = form.listed();
    let list = below(area, 1);
    let start = scroll(
        selected.unwrap_or_default(),
        usize::from(list.height),
        known.len(),
    );
    if known.is_empty() {
        let says = "   none matches";
        canvas.left(list, says, canvas.theme.faint());
        return;
    }
    for (at, row) in (start..known.len()).zip(list.rows()) {
        let Some(hat) = known.get(at) else { break };
        canvas.spot(row, Spot::Known(at));
        let on = selected == Some(at);
        let marker = if on { ">" } else { " " };
        let style = match (on, typing) {
            (true, _) => canvas.theme.selected(true),
            (false, true) => Style::new(),
            (false, false) => canvas.theme.faint(),
        };
        let shown = line(canvas, hat, marker, usize::from(row.width));
        canvas.left(row, &shown, style);
    }
}

/// Title, how many have it, and the id, which tells apart what has one title.
fn line(canvas: &Canvas<'_>, hat: &Known, marker: &str, columns: usize) -> String {
    let charset = canvas.charset();
    let room = columns.saturating_sub(3);
    let title = hat.title.as_deref().filter(|title| !title.is_empty());
    let untitled;
    let title = if let Some(title) = title {
        title
    } else {
        untitled = label::untitled(&hat.id);
        &untitled
    };
    let users = words::count(hat.users, "user");
    if room < USERS + 30 {
        let title = text::fit(title, room.saturating_sub(USERS), charset);
        return format!("{marker}  {title}{users:>12} ");
    }
    let wide = (room - USERS) * 9 / 20;
    let title = text::fit(title, wide, charset);
    let space = room - USERS - wide - 2;
    let mut id = text::cut_middle(hat.id.as_str(), space, charset).into_owned();
    text::fill(&mut id, space);
    format!("{marker}  {title}  {id}{users:>12} ")
}
