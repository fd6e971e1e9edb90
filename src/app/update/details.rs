//! The overlay that shows a text in full.

use crate::app::details::DetailsOverlay;
use crate::app::place::Place;
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::model::Wardrobe;

impl Layer for DetailsOverlay {
    fn place(&self) -> Place {
        if self.is_difference {
            Place::Difference
        } else {
            Place::Details
        }
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::details::view(self)
    }

    fn may_be_covered(&self) -> bool {
        !self.is_difference
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.lines().len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.lines().len().saturating_sub(1));
    }
}

/// Opens the overlay with these paragraphs.
pub(super) fn open(state: &mut State, title: &'static str, paragraphs: Vec<String>) {
    let details = DetailsOverlay::new(title, paragraphs, state.size.0);
    state.open(details);
}

/// Opens the overlay with the details of a difference, whose plan is the overlay below.
pub(super) fn open_difference(state: &mut State, paragraphs: Vec<String>) {
    let mut details = DetailsOverlay::new("Yours and theirs", paragraphs, state.size.0);
    details.is_difference = true;
    state.open(details);
}

/// Wraps the texts for the screen's new width.
pub(super) fn resize(state: &mut State) {
    let columns = state.size.0;
    for overlay in &mut state.overlays {
        if let Some(details) = overlay.downcast_mut::<DetailsOverlay>() {
            details.wrap(columns);
        }
    }
}

pub(crate) fn close(state: &mut State, _: &mut Vec<Effect>) {
    state.close::<DetailsOverlay>();
}
