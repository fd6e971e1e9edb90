//! The named sets of hats: the name, how many hats, and which.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::State;
use crate::app::sets::{Entry, NamedSets};
use crate::app::words;

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::line::window;
use super::list::{self, Row};
use super::text;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    sets: &NamedSets,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let entries = sets.entries(state);
    let count = entries.as_ref().map_or(0, Vec::len);
    // As high as it has to be for all of them, so that letters that leave few do not make it jump.
    let all = state.wardrobe().sets().map_or(0, |sets| sets.len());
    let height = u16::try_from(all + 3).unwrap_or(u16::MAX).clamp(9, 24);
    let place = popup(area, area.width.min(100), area.height.min(height));
    canvas.clear(place);
    let right = format!(" {count} ");
    let title = Title {
        text: "Sets of hats",
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
    let (shown, cursor) = window(&sets.text.text(), sets.text.cursor(), columns, canvas.charset());
    canvas.left(rest, &shown, Style::new());
    let rows = below(inner, 1);
    match &entries {
        Ok(entries) if entries.is_empty() => says(canvas, rows, &nothing(state, sets), canvas.theme.faint()),
        Ok(entries) => {
            let selected = sets.selected(count);
            list::draw(
                canvas,
                (place, rows),
                (count, selected, focused),
                |canvas, row| {
                    if let Some(entry) = entries.get(row.at) {
                        draw_entry(canvas, row, entry);
                    }
                },
            );
        }
        Err(reason) => says(canvas, rows, reason, canvas.theme.error()),
    }
    let column = u16::try_from(cursor).unwrap_or_default();
    focused.then(|| Position {
        x: rest.x + column.min(rest.width.saturating_sub(1)),
        y: rest.y,
    })
}

/// What is said in the place of sets.
pub(super) fn nothing(state: &State, sets: &NamedSets) -> String {
    if !sets.text.text().trim().is_empty() {
        return "nothing matches".into();
    }
    let key = state.key("save-set");
    format!(
        "No set of hats has a name yet. {key} saves the hats of the selected user as one, to be put on others."
    )
}

fn says(canvas: &mut Canvas<'_>, area: Rect, sentence: &str, style: Style) {
    let area = Rect {
        x: area.x.saturating_add(2).min(area.right()),
        width: area.width.saturating_sub(3),
        ..area
    };
    let folded = text::folded(sentence, usize::from(area.width), 4, canvas.charset());
    for (line, shown) in area.rows().zip(&folded) {
        canvas.left(line, shown, style);
    }
}

fn draw_entry(canvas: &mut Canvas<'_>, row: Row, (name, hats): &Entry) {
    let charset = canvas.charset();
    let style = row.style(canvas.theme, Style::new());
    let number = format!("{:>8}  ", words::count(hats.len(), "hat"));
    let room = usize::from(row.line.width).saturating_sub(3 + number.len());
    let wide = (room * 2 / 5).max(1);
    let name = text::fit(name, wide, charset);
    let titles = text::fit(&words::hats(hats), room.saturating_sub(wide), charset);
    canvas.left(
        row.line,
        &format!("{} {name}{number}{titles} ", row.marker()),
        style,
    );
}
