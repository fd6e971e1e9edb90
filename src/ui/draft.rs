//! What an earlier session left unsaved, offered.

use ratatui::layout::{Position, Rect};

use crate::app::draft::Draft;
use crate::app::{State, words};

use super::canvas::Canvas;
use super::confirm::{Part, question};

/// What it is about.
pub(super) const SAYS: &str = "Your last session ended before this was saved.";

/// What was left.
pub(super) fn lines(draft: &Draft) -> Vec<String> {
    let mut lines = Vec::new();
    for form in &draft.forms {
        lines.push(form.subject.heading());
        let texts = form
            .texts()
            .map(|(name, text)| format!("  {}: {text}", name.label()));
        lines.extend(texts);
    }
    lines.extend(draft.unsaved.first().map(|first| {
        let number = words::count(draft.unsaved.len(), "change");
        format!("{number} that could not be saved: {}", words::group(&first.edits))
    }));
    lines
}

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    draft: &Draft,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let lines = lines(draft);
    let mut parts = vec![Part::strong(SAYS), Part::gap()];
    parts.extend(lines.iter().map(|line| Part::plain(line)));
    question(canvas, state, area, ("Unsaved", focused), &parts)
}
