//! The lines below the header while something keeps the file from being written or read.

use ratatui::layout::Rect;

use crate::app::{Saved, State};
use crate::store::Trouble;

use super::canvas::Canvas;
use super::text;
use super::theme::Theme;

/// No more lines than these are taken from the panes.
const MOST: usize = 3;

/// The lines to be shown on a screen of this width.
pub(super) fn lines(state: &State, theme: Theme, width: u16) -> Vec<String> {
    let Some(sentence) = sentence(state) else {
        return Vec::new();
    };
    // A reason is a sentence; of a file's name in it that is no sentence any more, the beginning is enough.
    text::folded(
        &format!("{} {sentence}", theme.warning_mark()),
        usize::from(width).saturating_sub(2),
        MOST,
        theme.charset(),
    )
}

/// What fails, and what is done about it.
pub(super) fn sentence(state: &State) -> Option<String> {
    let (Saved::NotSaved(_, reason) | Saved::Trouble(reason)) = state.saved() else {
        return None;
    };
    let next = match state.trouble() {
        Some(Trouble::CannotWrite(_)) => "; it is tried again by itself".to_owned(),
        Some(Trouble::Gone(_)) if state.may_change().is_ok() => {
            let restore = state.key("restore");
            format!("; {restore} writes it again as it was last known")
        }
        _ => String::new(),
    };
    Some(format!("{reason}{next}"))
}

pub(super) fn draw(canvas: &mut Canvas<'_>, lines: &[String], area: Rect) {
    let style = canvas.theme.error();
    for (line, shown) in area.rows().zip(lines) {
        let margin = Rect {
            x: line.x + 1,
            width: line.width.saturating_sub(1),
            ..line
        };
        canvas.left(margin, shown, style);
    }
}
