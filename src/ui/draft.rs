//! What an earlier session left unsaved, offered.

use ratatui::layout::{Position, Rect};

use crate::app::draft::Draft;
use crate::app::{State, words};

use super::canvas::Canvas;
use super::confirm::{Part, question};

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    draft: &Draft,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let mut forms = Vec::new();
    for form in &draft.forms {
        forms.push(form.subject.heading());
        forms.extend(
            form.texts()
                .map(|(name, text)| format!("  {}: {text}", name.label())),
        );
    }
    let changes = draft.unsaved.first().map(|first| {
        let number = words::count(draft.unsaved.len(), "change");
        format!("{number} that could not be saved: {}", words::group(&first.edits))
    });
    let mut parts = vec![
        Part::strong("Your last session ended before this was saved."),
        Part::gap(),
    ];
    parts.extend(forms.iter().map(|line| Part::plain(line)));
    parts.extend(changes.as_deref().map(Part::plain));
    question(canvas, state, area, ("Unsaved", focused), &parts)
}
