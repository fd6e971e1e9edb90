//! Somebody else changed the same thing meanwhile: both sides, and a choice.

use ratatui::layout::{Position, Rect};

use crate::app::{Conflict, State};

use super::canvas::Canvas;
use super::confirm::{Part, question};

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    conflict: &Conflict,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let mine = format!("yours: {}", conflict.mine);
    let theirs = format!("now:   {}", conflict.theirs);
    let parts = [
        Part::strong(&conflict.what),
        Part::gap(),
        Part::plain(&theirs),
        Part::plain(&mine),
        Part::gap(),
        Part::plain("Nothing is written until you choose."),
    ];
    question(
        canvas,
        state,
        area,
        ("Changed by somebody else meanwhile", focused),
        &parts,
    )
}
