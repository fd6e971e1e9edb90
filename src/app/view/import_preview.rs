//! The preview of an import: a row for each item.

use crate::app::command::CommandId;
use crate::app::describe::{self, RowOutcome};
use crate::app::import_preview::ImportPreview;
use crate::app::prompt::ImportMode;
use crate::app::{MouseTarget, State};

use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, Remark, RowCell, Tone, View};

/// Minimum width of rows that show the room.
const MIN_WIDTH_WITH_ROOM: u16 = 90;
/// Minimum width of rows that show the line of a table.
const MIN_WIDTH_WITH_LINE: u16 = 70;

pub(in crate::app) fn view<'a>(state: &State, overlay: &'a ImportPreview) -> View<'a> {
    let plan = overlay.rows.plan();
    let len = overlay.rows.len();
    let mut remarks = vec![
        Remark::new(format!("Import {} into {}?", overlay.path, overlay.destination)),
        Remark::new(describe::import_plan(&plan.counts)),
    ];
    let skipped = plan.skipped.len();
    let skipped = (skipped > 0).then(|| format!("{} skipped", describe::count(skipped, "item")));
    let notes = [skipped, plan.counts.kept_note()];
    let inactive = inactive_notes(state, plan.counts.inactive_by_default);
    remarks.extend(notes.into_iter().flatten().chain(inactive).map(Remark::new));
    remarks.extend(overlay.affiliation_problem(state).map(|problem| Remark {
        is_error: true,
        ..Remark::new(format!("Cannot import: {}", describe::after_colon(&problem)))
    }));
    View {
        heading: Heading {
            title: "Import file".into(),
            spoken: "Import file".into(),
            ..Heading::default()
        },
        size: (120, u16::try_from(len + remarks.len() + 6).unwrap_or(u16::MAX)),
        input: None,
        remarks,
        body: Body::List(ListView {
            full_text: overlay.rows.get(overlay.selected).map(|row| row.sentence()),
            ..ListView::new(len, Some(overlay.selected), move |index| row(overlay, index))
        }),
        details: None,
    }
}

/// Says that new hats become inactive because the table does not say whether they are, and how to change that.
fn inactive_notes(state: &State, hats: usize) -> Vec<String> {
    let Some(note) = describe::inactive_hats(hats, "will be") else {
        return Vec::new();
    };
    let cancel = state.key(CommandId::CancelImport);
    let choice = ImportMode::AddActive.label();
    let way = format!("To change this, press {cancel}, import again and choose \"{choice}\"");
    vec![note, way]
}

fn row(overlay: &ImportPreview, index: usize) -> ListRow<'_> {
    let cells = overlay.rows.get(index).map(|row| {
        let tone = match row.outcome {
            RowOutcome::Skipped | RowOutcome::Removed => Tone::Warning,
            RowOutcome::Added | RowOutcome::Changed => Tone::Plain,
            RowOutcome::Unchanged => Tone::Faint,
        };
        let lines = row.lines_label();
        let room = row.room.map_or_else(String::new, |room| room.to_string());
        vec![
            RowCell::text(row.outcome.word())
                .width(CellWidth::Fixed(9))
                .gap(0)
                .tone(tone),
            RowCell::address(row.subject).width(CellWidth::Share(3)),
            RowCell::text(row.details).width(CellWidth::Share(4)).gap(2),
            RowCell {
                min_row_width: MIN_WIDTH_WITH_ROOM,
                ..RowCell::address(room).width(CellWidth::Share(3)).gap(2)
            },
            RowCell {
                min_row_width: MIN_WIDTH_WITH_LINE,
                is_optional: true,
                ..RowCell::text(lines).gap(2)
            },
        ]
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}
