//! The view turned round: all hats, who has the selected one, in which rooms.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Pane, State};
use crate::model::Jid;

use super::canvas::{Canvas, Title, below};
use super::{filter, label, list, text};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, pane: Pane, area: Rect, alone: bool) {
    let focused = list::has_keys(state, pane);
    let len = state.length(pane);
    let count = filter::count(canvas, state, pane);
    let heading = match pane {
        Pane::Rooms => format!("All hats {count}"),
        Pane::Users => of(canvas, state, area, &format!("Who {count}"), &[]),
        Pane::Hats if alone => {
            let who = state.selected(Pane::Users).and_then(|row| state.wearer_at(row));
            let who: Vec<&str> = who.into_iter().map(Jid::as_str).collect();
            of(canvas, state, area, &format!("In rooms {count}"), &who)
        }
        Pane::Hats => format!("In rooms {count}"),
    };
    let legend = match pane {
        Pane::Rooms if area.width >= 34 && len > 0 => " given ",
        _ => "",
    };
    let title = Title {
        text: &heading,
        right: legend,
        focused,
    };
    let inner = canvas.frame(area, &title);
    if len == 0 {
        return nothing(canvas, state, pane, inner);
    }
    let selected = state.selected(pane);
    list::draw(
        canvas,
        (area, inner),
        (len, selected, focused),
        |canvas, row| match pane {
            Pane::Rooms => hat(canvas, state, row),
            Pane::Users => wearer(canvas, state, row),
            Pane::Hats => room(canvas, state, row),
        },
    );
}

/// The heading with the hat that it is about, and who has it, as far as there is room.
fn of(canvas: &Canvas<'_>, state: &State, area: Rect, heading: &str, who: &[&str]) -> String {
    let Some(known) = state.turned_hat() else {
        return heading.to_owned();
    };
    let space = usize::from(area.width).saturating_sub(7 + text::width(heading));
    let title = known
        .title
        .as_deref()
        .map_or_else(|| label::untitled(&known.id), Into::into);
    let dot = canvas.theme.dot();
    let parts = 1 + who.len();
    let all = std::iter::once(title.as_ref()).chain(who.iter().copied());
    let shown = all.map(|part| {
        text::cut(
            part,
            space.saturating_sub(3 * who.len()) / parts,
            canvas.charset(),
        )
    });
    let shown: Vec<_> = shown.collect();
    format!("{heading} {dot} {}", shown.join(&format!(" {dot} ")))
}

/// What a pane without rows says.
pub(super) fn no_rows(state: &State, pane: Pane) -> [String; 3] {
    filter::nothing(state, pane).unwrap_or_else(|| {
        let says = match pane {
            Pane::Rooms => "No hats yet.",
            Pane::Users if state.turned_hat().is_some() => "Nobody has this hat.",
            Pane::Users | Pane::Hats => "",
        };
        [says.to_owned(), String::new(), String::new()]
    })
}

fn nothing(canvas: &mut Canvas<'_>, state: &State, pane: Pane, inner: Rect) {
    let lines = no_rows(state, pane);
    let margin = Rect {
        x: inner.x.saturating_add(2).min(inner.right()),
        width: inner.width.saturating_sub(4),
        ..below(inner, 1)
    };
    for (line, shown) in margin.rows().zip(&lines) {
        canvas.text(line, shown, canvas.theme.faint());
    }
}

fn hat(canvas: &mut Canvas<'_>, state: &State, row: list::Row) {
    let Some(known) = state.turned_hat_at(row.at) else {
        return;
    };
    let theme = canvas.theme;
    let count = format!(" {:>5} ", label::short(known.users, 5));
    let space = usize::from(row.line.width).saturating_sub(2 + text::width(&count));
    let title = match known.title.as_deref() {
        Some(title) => text::fit(title, space, canvas.charset()),
        None => text::fit(&label::untitled(&known.id), space, canvas.charset()),
    };
    let plain = row.style(theme, Style::new());
    let coloured = row.style(theme, theme.hat(&known.id, known.hue.as_ref()));
    let rest = canvas.left(row.line, row.marker(), plain);
    let mark = theme.mark(state.is_marked(Pane::Rooms, row.at));
    let rest = canvas.left(rest, mark, plain);
    let counted = canvas.left(rest, &title, coloured);
    canvas.left(counted, &count, plain);
    filter::mark(canvas, state, Pane::Rooms, (rest, &title));
}

fn wearer(canvas: &mut Canvas<'_>, state: &State, row: list::Row) {
    let Some(jid) = state.wearer_at(row.at) else {
        return;
    };
    let space = usize::from(row.line.width).saturating_sub(2);
    let mut address = text::address(jid.as_str(), space, canvas.charset()).into_owned();
    text::fill(&mut address, space);
    let style = row.style(canvas.theme, Style::new());
    let mark = canvas.theme.mark(state.is_marked(Pane::Users, row.at));
    let rest = canvas.left(row.line, &format!("{}{mark}", row.marker()), style);
    canvas.left(rest, &address, style);
    filter::mark(canvas, state, Pane::Users, (rest, &address));
}

fn room(canvas: &mut Canvas<'_>, state: &State, row: list::Row) {
    let Some((jid, room, user, attachment)) = state.room_of_wearer_at(row.at) else {
        return;
    };
    let theme = canvas.theme;
    let required = match (attachment.is_required(), row.line.width < 40) {
        (false, _) => "",
        (true, false) => "required ",
        (true, true) => "req. ",
    };
    let right = format!(" {required}{:<7} ", user.affiliation);
    let space = usize::from(row.line.width).saturating_sub(4 + text::width(&right));
    let name = text::fit(label::room(jid, room), space, canvas.charset());
    let style = row.style(theme, Style::new());
    let mark = theme.mark(state.is_marked(Pane::Hats, row.at));
    let worn = theme.hat_mark(attachment.is_active());
    let rest = canvas.left(row.line, &format!("{}{mark}{worn} ", row.marker()), style);
    let after = canvas.left(rest, &name, style);
    canvas.left(after, &right, style);
    filter::mark(canvas, state, Pane::Hats, (rest, &name));
}
