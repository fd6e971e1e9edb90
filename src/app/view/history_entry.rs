//! An entry of the history: a row for each edit, with its subject first.

use crate::app::history::EntryOverlay;
use crate::app::{MouseTarget, State, describe};
use crate::model::Edit;

use super::history::format_time;
use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, Remark, RowCell, View};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a EntryOverlay) -> View<'a> {
    let zone = state.zone();
    let entry = &overlay.entry;
    let time = format_time(entry.time, &zone, "%Y-%m-%d %H:%M:%S");
    let len = overlay.edits.len();
    let empty_text = if entry.outside {
        "What was changed is not known."
    } else {
        "No changes."
    };
    let title = format!("Revision {}", entry.revision);
    View {
        heading: Heading {
            spoken: title.clone(),
            title: title.into(),
            ..Heading::default()
        },
        size: (140, u16::MAX),
        input: None,
        remarks: vec![Remark::new(format!(
            "{time}  {} {}{}{}",
            entry.actor,
            describe::action_without_reason(entry, state.wardrobe(), &zone),
            describe::for_servers(entry),
            describe::reason(entry)
        ))],
        body: Body::List(ListView {
            narrow_below: 70,
            empty_lines: vec![empty_text.into()],
            full_text: overlay
                .edits
                .get(overlay.selected)
                .map(|edit| full_text(state, edit)),
            ..ListView::new(len, (len > 0).then_some(overlay.selected), move |index| {
                ListRow::Item(ItemRow {
                    cells: overlay
                        .edits
                        .get(index)
                        .map(|edit| cells(state, edit))
                        .unwrap_or_default(),
                    marked: false,
                    mouse_target: MouseTarget::Row(index),
                })
            })
        }),
        details: None,
    }
}

/// Returns the edit as a sentence.
pub(super) fn full_text(state: &State, edit: &Edit) -> String {
    let (subject, action) = describe::subject_and_action(edit, state.wardrobe(), &state.zone());
    format!("{subject}: {action}")
}

/// Returns the cells of an edit: its subject and the action.
pub(super) fn cells<'a>(state: &State, edit: &Edit) -> Vec<RowCell<'a>> {
    let (subject, action) = describe::subject_and_action(edit, state.wardrobe(), &state.zone());
    let first = match edit.hat() {
        Some(_) if edit.user().is_none() => RowCell::text(subject),
        _ => RowCell::address(subject),
    };
    let first = first.width(CellWidth::Adaptive { narrow: 16, wide: 36 });
    vec![first, RowCell::text(action).width(CellWidth::Share(1)).gap(2)]
}
