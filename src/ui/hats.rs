//! The hats pane: worn or not, title, required.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Pane, State};
use crate::model::{Attachment, HatId, Room};

use super::canvas::{Canvas, Title};
use super::list::Row;
use super::{empty, filter, label, list, text};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, area: Rect, alone: bool) {
    let focused = list::has_keys(state, Pane::Hats);
    let len = state.hats().len();
    let heading = heading(canvas, state, area, alone);
    let title = Title {
        text: &heading,
        right: "",
        focused,
    };
    let inner = canvas.frame(area, &title);
    let (Some((_, room)), true) = (state.room(), len > 0) else {
        return empty::hats(canvas, state, inner);
    };
    let selected = state.selected(Pane::Hats);
    list::draw(canvas, (area, inner), (len, selected, focused), |canvas, row| {
        if let Some((id, attachment)) = state.hat_at(row.at) {
            hat(canvas, state, row, room, (id, attachment));
        }
    });
}

fn hat(
    canvas: &mut Canvas<'_>,
    state: &State,
    row: Row,
    room: &Room,
    (id, attachment): (&HatId, &Attachment),
) {
    let theme = canvas.theme;
    let hue = room.catalogue.get(id).and_then(|hat| hat.hue.as_ref());
    let coloured = row.style(theme, theme.hat(id, hue));
    let plain = row.style(theme, Style::new());
    let tally = state.tally(id);
    let all = tally.is_none_or(|tally| tally.required == tally.have);
    let required = match (attachment.is_required() && all, row.line.width < 34) {
        (false, _) => "",
        (true, false) => "required",
        (true, true) => "req.",
    };
    let flag = if label::is_uri(id) {
        ""
    } else {
        theme.warning_mark()
    };
    let how_many = tally.map(|tally| format!("{}/{}", tally.have, state.marked(Pane::Users)));
    let required = match &how_many {
        Some(how_many) if required.is_empty() => how_many.as_str(),
        Some(how_many) => &format!("{required} {how_many}"),
        None => required,
    };
    let right = match (required, flag) {
        ("", "") => " ".to_owned(),
        ("", one) | (one, "") => format!(" {one} "),
        (one, other) => format!(" {one} {other} "),
    };
    let space = usize::from(row.line.width).saturating_sub(4 + text::width(&right));
    let charset = canvas.charset();
    let title = match room.title(id, attachment) {
        Some(title) => text::fit(title, space, charset),
        None => text::fit(&label::untitled(id), space, charset),
    };
    let rest = canvas.left(row.line, row.marker(), plain);
    let rest = canvas.left(rest, theme.mark(state.is_marked(Pane::Hats, row.at)), plain);
    let mark = match tally {
        Some(tally) if tally.worn > 0 && tally.worn < tally.have => theme.part_mark(),
        _ => theme.hat_mark(attachment.is_active()),
    };
    let rest = canvas.left(rest, &format!("{mark} "), coloured);
    let after = canvas.left(rest, &title, coloured);
    canvas.left(after, &right, plain);
    filter::mark(canvas, state, Pane::Hats, (rest, &title));
}

/// How many there are and, as far as there is room, whose.
fn heading(canvas: &Canvas<'_>, state: &State, area: Rect, alone: bool) -> String {
    let count = format!("Hats {}", filter::count(canvas, state, Pane::Hats));
    let Some((jid, _)) = state.user() else {
        return count;
    };
    let space = usize::from(area.width).saturating_sub(7 + text::width(&count));
    let charset = canvas.charset();
    let below = canvas.theme.below();
    let marked = state.marked(Pane::Users);
    if marked > 0 {
        return format!(
            "{count} {} {}",
            canvas.theme.dot(),
            crate::app::words::count(marked, "marked user")
        );
    }
    if !alone {
        let user = text::address(jid.as_str(), space, charset);
        return format!("{count} {} {user}", canvas.theme.dot());
    }
    let room = state.room().map_or("".into(), |(jid, room)| {
        text::cut(label::room(jid, room), space / 3, charset)
    });
    let user = text::address(
        jid.as_str(),
        space.saturating_sub(3 + text::width(&room)),
        charset,
    );
    format!("{room} {below} {user} {below} {count}")
}
