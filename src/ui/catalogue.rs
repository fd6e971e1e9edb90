//! The hats of a room: title, colour, how many have it, and whether the catalogue defines it.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::State;
use crate::app::catalogue::{Catalogue, Entry};

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::list::{self, Row};
use super::{label, text};

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    catalogue: &Catalogue,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let place = popup(area, area.width.min(100), area.height.min(30));
    canvas.clear(place);
    let entries = catalogue.entries(state);
    let heading = format!("Catalogue {} of {}", entries.len(), catalogue.room);
    let title = Title {
        text: &heading,
        right: if place.width < 60 { "" } else { " users     hue " },
        focused,
    };
    let inner = canvas.frame(place, &title);
    if entries.is_empty() {
        let key = state.key("define-hat");
        let lines = [
            "No hat is defined or worn in this room yet.".to_owned(),
            format!("{key} defines the first one."),
        ];
        for (line, shown) in below(inner, 1).rows().zip(&lines) {
            let line = Rect {
                x: line.x.saturating_add(2).min(line.right()),
                width: line.width.saturating_sub(3),
                ..line
            };
            canvas.text(line, shown, Style::new());
        }
        return None;
    }
    let selected = catalogue.selected(&entries);
    let rows = Rect {
        height: inner.height.saturating_sub(1),
        ..inner
    };
    list::draw(
        canvas,
        (place, rows),
        (entries.len(), selected, focused),
        |canvas, row| {
            if let Some(entry) = entries.get(row.at) {
                draw_entry(canvas, row, entry);
            }
        },
    );
    let last = below(inner, rows.height);
    if let Some(entry) = selected.and_then(|row| entries.get(row)) {
        let line = Rect {
            x: last.x + 2,
            width: last.width.saturating_sub(3),
            ..last
        };
        let id = text::cut_middle(entry.known.id.as_str(), usize::from(line.width), canvas.charset());
        canvas.left(line, &id, canvas.theme.faint());
    }
    None
}

fn draw_entry(canvas: &mut Canvas<'_>, row: Row, entry: &Entry<'_>) {
    let theme = canvas.theme;
    let hue = entry.defined.and_then(|hat| hat.hue.as_ref());
    let shown_hue = match (entry.defined, hue) {
        (None, _) => "worn only".to_owned(),
        (Some(_), None) => "by its id".to_owned(),
        (Some(_), Some(hue)) => hue.as_json().as_str().trim_matches('"').to_owned(),
    };
    let shown_hue = text::fit(&shown_hue, 10, canvas.charset());
    let right = format!(" {:>5}  {shown_hue} ", label::short(entry.known.users, 5));
    let space = usize::from(row.line.width).saturating_sub(4 + text::width(&right));
    let title = match entry.known.title.as_deref() {
        Some(title) => text::fit(title, space, canvas.charset()),
        None => text::fit(&label::untitled(&entry.known.id), space, canvas.charset()),
    };
    let plain = row.style(theme, Style::new());
    // The colour itself is shown on the selected row, too.
    let swatch = theme.hat(&entry.known.id, hue);
    let rest = canvas.left(row.line, &format!("{} ", row.marker()), plain);
    let rest = canvas.left(rest, theme.hat_mark(entry.defined.is_some()), swatch);
    let rest = canvas.left(rest, " ", plain);
    let own = if entry.defined.is_some() {
        swatch
    } else {
        theme.faint()
    };
    let rest = canvas.left(rest, &title, row.style(theme, own));
    canvas.left(rest, &right, plain);
}
