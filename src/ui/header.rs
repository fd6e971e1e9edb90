//! The line at the top: the file, what it holds, whether it is saved, who works here.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{Phase, Saved, State};

use super::canvas::Canvas;
use super::{label, text};

/// Columns between two things.
const GAP: &str = "  ";
/// Columns that the file gets at least.
const FILE: usize = 14;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let theme = canvas.theme;
    let margin = Rect {
        x: line.x + 1,
        width: line.width.saturating_sub(2),
        ..line
    };
    let right = right(canvas, state, margin);
    let rest = canvas.left(right, "hatrack", theme.strong());
    let dot = format!(" {} ", theme.dot());
    let rest = canvas.left(rest, &dot, theme.faint());

    let counts = counts(state);
    let file = text::harmless_in(&state.start().file, canvas.charset());
    let columns = usize::from(rest.width);
    // What the file holds tells more than all of its path.
    let beside = text::width(&counts) + 2 * GAP.len();
    let space = if columns >= beside + FILE.min(text::width(&file)) {
        let rest = canvas.right(rest, GAP, Style::new());
        canvas.right(rest, &counts, Style::new());
        columns - beside
    } else {
        columns.saturating_sub(GAP.len())
    };
    let name = text::cut_middle(&file, space, canvas.charset());
    canvas.left(rest, &name, Style::new());
}

/// Whether it is saved, and by whom; gives the line without it.
fn right(canvas: &mut Canvas<'_>, state: &State, line: Rect) -> Rect {
    let theme = canvas.theme;
    let warning = theme.warning_mark();
    let (saved, style) = match state.saved() {
        Saved::Trouble(_) => (format!("{warning} see below"), theme.error()),
        _ if state.phase() != Phase::Open => ("opening".to_owned(), theme.faint()),
        Saved::Saved => ("saved".to_owned(), theme.good()),
        Saved::NoFile => ("no file yet".to_owned(), theme.faint()),
        Saved::Saving(_) => ("saving".to_owned(), theme.warning()),
        Saved::NotSaved(1, _) => (format!("{warning} 1 change not saved"), theme.error()),
        Saved::NotSaved(number, _) => (format!("{warning} {number} changes not saved"), theme.error()),
        Saved::ReadOnly(_) => ("read-only".to_owned(), theme.warning()),
        Saved::Demo => ("demo, nothing is saved".to_owned(), theme.warning()),
    };
    let actor = text::cut(
        &state.start().actor,
        usize::from(line.width) / 4,
        canvas.charset(),
    );
    let who = if actor.is_empty() {
        String::new()
    } else {
        format!(" {} {actor}", theme.dot())
    };
    let rest = canvas.right(line, &who, Style::new());
    canvas.right(rest, &saved, style)
}

fn counts(state: &State) -> String {
    if state.phase() != Phase::Open {
        return String::new();
    }
    let totals = state.totals();
    let count = |number: usize, noun: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", label::grouped(number))
    };
    [
        count(state.wardrobe().rooms().len(), "room"),
        count(totals.users, "user"),
        count(totals.hats, "hat"),
    ]
    .join(GAP)
}
