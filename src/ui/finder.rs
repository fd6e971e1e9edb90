//! Looking for a command, or for a room, a user or a hat, by a few letters.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::Spot;
use crate::app::finder::{Finder, Offer, What};
use crate::app::help::Note;

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::line::window;
use super::list::{self, Row};
use super::{label, text};

/// Columns of the keys of a command.
const KEYS: usize = 18;

pub(super) fn draw(canvas: &mut Canvas<'_>, finder: &Finder, area: Rect, focused: bool) -> Option<Position> {
    // The help is to be read, not only to be searched.
    let (width, height) = if finder.is_help() { (110, 64) } else { (100, 30) };
    let place = popup(area, area.width.min(width), area.height.min(height));
    canvas.clear(place);
    let dots = if finder.is_looking() {
        canvas.charset().ellipsis()
    } else {
        ""
    };
    let right = format!(" {}{dots} ", label::grouped(finder.matched));
    let title = Title {
        text: finder.title(),
        right: &right,
        focused,
    };
    let inner = canvas.frame(place, &title);
    let line = Rect {
        height: inner.height.min(1),
        ..inner
    };
    let rest = canvas.left(line, "> ", canvas.theme.key());
    let columns = usize::from(rest.width);
    let (shown, cursor) = window(
        &finder.text.text(),
        finder.text.cursor(),
        columns,
        canvas.charset(),
    );
    canvas.left(rest, &shown, Style::new());
    if finder.is_help() && shown.is_empty() {
        let after = Rect {
            x: rest.x.saturating_add(1).min(rest.right()),
            width: rest.width.saturating_sub(1),
            ..rest
        };
        canvas.text(
            after,
            "letters narrow it; a key finds what it does",
            canvas.theme.faint(),
        );
    }
    let rows = below(inner, 1);
    let len = finder.found.len();
    if len == 0 && !finder.is_looking() {
        canvas.left(rows, "  nothing matches", canvas.theme.faint());
    }
    let lines = lines(finder);
    let is_selected = |line: &Line| matches!(line, Line::Row(at) if *at == finder.selected);
    let shown = (lines.len(), lines.iter().position(is_selected), focused);
    list::lines(canvas, (place, rows), shown, |canvas, row| {
        match lines.get(row.at) {
            Some(Line::Heading(heading)) => drop(canvas.left(row.line, heading, canvas.theme.title(true))),
            Some(Line::Row(at)) => {
                canvas.spot(row.line, Spot::Row(*at));
                match finder.found.get(*at).map(|found| &found.what) {
                    Some(What::Command(offer)) => command(canvas, row, offer),
                    Some(What::Note(note)) => note_of(canvas, row, note),
                    Some(what @ What::Place { .. }) => where_it_is(canvas, row, what),
                    None => {}
                }
            }
            None => {}
        }
    });
    let column = u16::try_from(cursor).unwrap_or_default();
    focused.then(|| Position {
        x: rest.x + column.min(rest.width.saturating_sub(1)),
        y: rest.y,
    })
}

/// A line of the list.
pub(super) enum Line {
    Heading(&'static str),
    Row(usize),
}

pub(super) fn lines(finder: &Finder) -> Vec<Line> {
    let of = |at: usize| {
        let heading = finder.heading(at).map(Line::Heading);
        heading.into_iter().chain([Line::Row(at)])
    };
    (0..finder.found.len()).flat_map(of).collect()
}

fn note_of(canvas: &mut Canvas<'_>, row: Row, note: &Note) {
    let columns = KEYS.min(usize::from(row.line.width) / 3);
    let style = row.style(canvas.theme, Style::new());
    let word = text::fit(note.word, columns, canvas.charset());
    let rest = canvas.left(row.line, &format!("{} {word} ", row.marker()), style);
    let shown = text::fit(note.help, usize::from(rest.width), canvas.charset());
    canvas.left(rest, &shown, style);
}

fn command(canvas: &mut Canvas<'_>, row: Row, offer: &Offer) {
    let theme = canvas.theme;
    let columns = KEYS.min(usize::from(row.line.width) / 3);
    let keys = text::fit(&theme.key_name(&offer.keys), columns, canvas.charset());
    let style = match &offer.enabled {
        Ok(()) => row.style(theme, Style::new()),
        Err(_) => row.style(theme, theme.faint()),
    };
    let rest = canvas.left(row.line, &format!("{} {keys} ", row.marker()), style);
    let rest = match &offer.enabled {
        Ok(()) => rest,
        Err(reason) => {
            let space = usize::from(rest.width) / 2;
            let reason = text::cut(reason, space, canvas.charset());
            canvas.right(rest, &format!(" {} {reason}", theme.dash()), theme.warning())
        }
    };
    let columns = usize::from(rest.width);
    let shown = text::fit(offer.command.help, columns, canvas.charset());
    canvas.left(rest, &shown, style);
}

fn where_it_is(canvas: &mut Canvas<'_>, row: Row, what: &What) {
    let What::Place {
        room,
        here,
        user,
        hat,
    } = what
    else {
        return;
    };
    let charset = canvas.charset();
    let place = label::room(room, here);
    let attachment = user
        .as_ref()
        .zip(hat.as_ref())
        .and_then(|(user, hat)| here.user(user)?.hats.get(hat).map(|attachment| (hat, attachment)));
    let (kind, name, more) = match (user, attachment) {
        (None, _) => ("room", place.to_owned(), room.as_str().to_owned()),
        (Some(user), None) => ("user", user.as_str().to_owned(), place.to_owned()),
        (Some(user), Some((hat, attachment))) => {
            let title = here
                .title(hat, attachment)
                .map_or_else(|| label::untitled(hat), Into::into);
            ("hat", title, format!("{user} {} {place}", canvas.theme.dot()))
        }
    };
    let style = row.style(canvas.theme, Style::new());
    let rest = canvas.left(row.line, &format!("{} {kind:<5}", row.marker()), style);
    let columns = usize::from(rest.width) / 2;
    let rest = canvas.left(rest, &text::fit(&name, columns, charset), style);
    let columns = usize::from(rest.width).saturating_sub(1);
    canvas.left(rest, &format!(" {}", text::fit(&more, columns, charset)), style);
}
