//! The preview of an import: moving in its rows, and importing.

use crate::app::describe;
use crate::app::import_preview::ImportPreview;
use crate::app::place::Place;
use crate::app::prompt::IMPORT_HEADING;
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::model::Wardrobe;

use super::{commit, details};

impl Layer for ImportPreview {
    fn place(&self) -> Place {
        Place::ImportPreview
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::import_preview::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.rows.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.rows.len().saturating_sub(1));
    }

    fn update_after_change(&mut self, _: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        let planned = self.replan(now);
        planned
            .is_err()
            .then_some("Not imported: the data changed in the meantime. Try again")
    }
}

pub(crate) fn may_import(state: &State) -> Result<(), String> {
    let preview = state.top_as::<ImportPreview>();
    if let Some(plan) = preview.map(|preview| preview.rows.plan())
        && plan.group.is_empty()
    {
        let rows = match (plan.unchanged.is_empty(), plan.skipped.is_empty()) {
            (true, _) => "skipped",
            (_, true) => "unchanged",
            _ => "unchanged or skipped",
        };
        return Err(format!("Nothing to import: all rows are {rows}"));
    }
    if let Some(problem) = preview.and_then(|preview| preview.affiliation_problem(state)) {
        return Err(problem);
    }
    state.check_can_change()
}

pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(preview) = state.top_as::<ImportPreview>() else {
        return;
    };
    let group = preview.rows.plan().group.clone();
    let summary = describe::import_summary(&preview.rows.plan().counts);
    if commit::execute(state, effects, |next| next.apply(&group).map(|()| group)).is_some() {
        state.close::<ImportPreview>();
        state.canceled_prompts.remove(IMPORT_HEADING);
        let text = match state.problem {
            None => format!("Imported: {summary}"),
            Some(_) => format!("Not saved yet: imported {summary}"),
        };
        state.notify(describe::with_hint(&text, &commit::undo_hint(state)));
    }
}

/// Shows the selected row in full.
pub(crate) fn row_details(state: &mut State, _: &mut Vec<Effect>) {
    let preview = state.top_as::<ImportPreview>();
    if let Some(preview) = preview.filter(|preview| !preview.rows.is_empty()) {
        let paragraphs = preview.rows.details(preview.selected);
        details::open(state, "Import row", paragraphs);
    }
}
