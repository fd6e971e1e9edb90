//! A line to be typed, a choice, and what is wrong with what was typed.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::Spot;
use crate::app::prompt::Prompt;

use super::canvas::{Canvas, Title, below};
use super::form::draw_text;
use super::layout::popup;
use super::text;

/// Columns of the words before the line.
const LABEL: usize = 6;

pub(super) fn draw(canvas: &mut Canvas<'_>, prompt: &Prompt, area: Rect, focused: bool) -> Option<Position> {
    let width = area.width.min(76);
    let columns = usize::from(width).saturating_sub(6);
    // On a small screen what is wrong comes before what could be chosen instead, and what is chosen is there in any case.
    let all = 6 + prompt.choices.len();
    let brief = (!prompt.wrong.is_empty() && area.height < 16) || usize::from(area.height) < all;
    let choices = if brief { 1 } else { prompt.choices.len() };
    let room = usize::from(area.height).saturating_sub(5 + choices);
    let wrong = wrong(canvas, prompt, columns, room);
    // The frame, blank lines, the line and its hint, the choices.
    let choices = u16::try_from(choices).unwrap_or_default();
    let lines = u16::try_from(wrong.len()).unwrap_or(u16::MAX);
    let place = popup(area, width, 2 + 2 + 2 + choices + lines.saturating_sub(1));
    canvas.clear(place);
    let working = format!(" working{} ", canvas.charset().ellipsis());
    let title = Title {
        text: prompt.heading(),
        right: if prompt.waits { &working } else { "" },
        focused,
    };
    let inner = canvas.frame(place, &title);
    let inner = Rect {
        x: inner.x.saturating_add(2).min(inner.right()),
        width: inner.width.saturating_sub(4),
        ..inner
    };
    // Where there is no room for all, the blank line at the top goes.
    let spare = inner.height > 2 + choices + lines;
    let mut rows = below(inner, u16::from(spare)).rows();
    let [label, choice] = prompt.labels();
    let cursor = rows.next().map(|row| {
        let rest = canvas.left(row, &format!("{label:<LABEL$}"), canvas.theme.title(true));
        draw_text(canvas, rest, &prompt.text)
    });
    if wrong.is_empty()
        && let Some(row) = rows.next()
    {
        let right = canvas.left(row, &" ".repeat(LABEL), Style::new());
        canvas.text(right, &prompt.hint(), canvas.theme.faint());
    }
    for line in &wrong {
        if let Some(row) = rows.next() {
            canvas.left(row, line, canvas.theme.error());
        }
    }
    draw_choices(canvas, prompt, (choice, brief), rows);
    cursor.filter(|_| focused)
}

/// What can be chosen, a line each.
fn draw_choices(
    canvas: &mut Canvas<'_>,
    prompt: &Prompt,
    (label, brief): (&str, bool),
    mut rows: impl Iterator<Item = Rect>,
) {
    let shown = |at: usize| !brief || at == prompt.at;
    for (at, words) in prompt.choices.iter().enumerate().filter(|(at, _)| shown(*at)) {
        let Some(row) = rows.next() else { break };
        canvas.spot(row, Spot::Choice(at));
        let label = if at == 0 || brief { label } else { "" };
        let rest = canvas.left(row, &format!("{label:<LABEL$}"), Style::new());
        let (mark, style) = if at == prompt.at {
            (">", canvas.theme.strong())
        } else {
            (" ", Style::new())
        };
        let shown =
            text::cut(words, usize::from(rest.width).saturating_sub(2), canvas.charset()).into_owned();
        canvas.left(rest, &format!("{mark} {shown}"), style);
    }
}

/// What is wrong, folded, as much of it as there is room for, and how much more there is.
fn wrong(canvas: &Canvas<'_>, prompt: &Prompt, columns: usize, room: usize) -> Vec<String> {
    const MOST: usize = 14;
    let room = room.clamp(1, MOST);
    let mut lines = Vec::new();
    for (at, wrong) in prompt.wrong.iter().enumerate() {
        let last = at + 1 == prompt.wrong.len();
        let left = room.saturating_sub(lines.len() + usize::from(!last));
        // The heading and the first are there in any case, cut if need be.
        let most = if at < 2 { left.clamp(1, 3) } else { 3 };
        let folded = text::folded(wrong, columns, most, canvas.charset());
        if folded.len() > left && at > 1 {
            lines.push(format!("and {} more", prompt.wrong.len() - at));
            break;
        }
        lines.extend(folded);
    }
    lines
}
