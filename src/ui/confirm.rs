//! A question that only `y` answers with yes. The other questions with a few answers are drawn with its box.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::{Confirm, State};

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::{footer, text};

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    confirm: &Confirm,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let parts = [
        Part::strong(&confirm.question),
        Part::gap(),
        Part::plain(&confirm.consequence),
    ];
    question(canvas, state, area, ("Really?", focused), &parts)
}

/// A paragraph in a box.
pub(super) struct Part<'a> {
    text: &'a str,
    strong: bool,
    /// No more lines than these.
    most: usize,
}

impl<'a> Part<'a> {
    pub(super) fn plain(text: &'a str) -> Self {
        Self {
            text,
            strong: false,
            most: 6,
        }
    }

    pub(super) fn strong(text: &'a str) -> Self {
        Self {
            strong: true,
            ..Self::plain(text)
        }
    }

    pub(super) fn gap() -> Self {
        Self::plain("")
    }
}

/// A box with paragraphs and, below them, the keys that answer.
pub(super) fn question(
    canvas: &mut Canvas<'_>,
    state: &State,
    area: Rect,
    (title, focused): (&str, bool),
    parts: &[Part<'_>],
) -> Option<Position> {
    let width = area.width.min(72);
    let columns = usize::from(width).saturating_sub(6);
    let mut lines: Vec<(String, Style)> = Vec::new();
    for part in parts {
        let style = if part.strong {
            canvas.theme.strong()
        } else {
            Style::new()
        };
        let folded = text::folded(part.text, columns, part.most, canvas.charset());
        lines.extend(folded.into_iter().map(|line| (line, style)));
    }
    // The frame, a blank line at the top, one before the answers, the answers.
    let height = u16::try_from(lines.len() + 5).unwrap_or(u16::MAX);
    let place = popup(area, width, height);
    canvas.clear(place);
    let inner = canvas.frame(
        place,
        &Title {
            text: title,
            right: "",
            focused,
        },
    );
    let inner = Rect {
        x: inner.x.saturating_add(2).min(inner.right()),
        width: inner.width.saturating_sub(4),
        ..inner
    };
    // Where there is no room for all, the answers stay and the blank lines go.
    let room = usize::from(inner.height).saturating_sub(1);
    if lines.len() > room {
        lines.retain(|(line, _)| !line.is_empty());
    }
    let cut = lines.len() > room;
    lines.truncate(room);
    if let Some((last, _)) = lines.last_mut().filter(|_| cut) {
        let ellipsis = canvas.charset().ellipsis();
        let space = columns.saturating_sub(text::width(ellipsis));
        *last = format!(
            "{}{ellipsis}",
            text::cut(last.trim_end(), space, canvas.charset())
        );
    }
    let inner_text = below(inner, u16::from(room > lines.len()));
    for (row, (line, style)) in inner_text.rows().zip(&lines) {
        canvas.left(row, line, *style);
    }
    if focused && let Some(last) = inner.rows().next_back() {
        footer::keys(canvas, state, last);
    }
    None
}
