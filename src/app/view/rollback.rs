//! The preview of undoing several changes: a row for each edit, with its subject first.

use crate::app::describe;
use crate::app::history::RollbackOverlay;
use crate::app::rollback::COMBINED;
use crate::app::{MouseTarget, State};

use super::history_entry::{cells, full_text};
use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, Remark, RowCell, Tone, View};

/// Minimum height. It is enough for remarks of several lines, which describe the change to be confirmed.
const MIN_HEIGHT: u16 = 18;

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a RollbackOverlay) -> View<'a> {
    let len = overlay.len();
    let skipped = overlay.plan.skipped.len();
    let mut remarks = vec![Remark::new(format!("Undo {}?", overlay.changes_phrase))];
    if !overlay.plan.group.is_empty() {
        remarks.push(Remark::new(describe::proposal(&overlay.plan.group)));
    }
    if overlay.undoes_hidden {
        remarks.push(Remark::new(
            "This may include changes that are hidden by the filter of the history.",
        ));
    }
    if skipped > 0 {
        let text = format!(
            "Skipped: {}; the rows give the reasons",
            describe::count(skipped, "change")
        );
        remarks.push(Remark::error(text));
    }
    let combined = if overlay.plan.is_combined() {
        format!(" {COMBINED}")
    } else {
        String::new()
    };
    remarks.push(Remark::new(format!("You can undo this in one step.{combined}")));
    View {
        heading: Heading {
            title: "Undo changes".into(),
            spoken: "Undo changes".into(),
            ..Heading::default()
        },
        size: (
            140,
            u16::try_from(len + remarks.len() + 7).map_or(u16::MAX, |rows| rows.max(MIN_HEIGHT)),
        ),
        input: None,
        remarks,
        body: Body::List(ListView {
            narrow_below: 70,
            full_text: Some(sentence(state, overlay, overlay.selected)),
            ..ListView::new(len, Some(overlay.selected), move |index| {
                row(state, overlay, index)
            })
        }),
        details: None,
    }
}

fn sentence(state: &State, overlay: &RollbackOverlay, index: usize) -> String {
    match overlay.row(index) {
        Some((edit, None)) => format!("Undo: {}", full_text(state, &edit)),
        Some((edit, Some(reason))) => format!("Skipped: {}. Reason: {reason}", full_text(state, &edit)),
        None => String::new(),
    }
}

fn row<'a>(state: &State, overlay: &'a RollbackOverlay, index: usize) -> ListRow<'a> {
    let row = overlay.row(index).map(|(edit, reason)| {
        let (word, tone) = match reason {
            None => ("Undo", Tone::Plain),
            Some(_) => ("Skipped", Tone::Warning),
        };
        let first = RowCell::text(word).width(CellWidth::Fixed(8)).gap(0).tone(tone);
        let mut cells = cells(state, &edit);
        if let Some(reason) = reason {
            let (_, action) = describe::subject_and_action(&edit, state.wardrobe(), &state.zone());
            // The reason comes first, because a narrow screen cuts the end.
            let text = format!("{reason} ({action})");
            cells.truncate(1);
            cells.push(RowCell::text(text).width(CellWidth::Share(1)).gap(2));
        }
        std::iter::once(first).chain(cells).collect()
    });
    ListRow::Item(ItemRow {
        cells: row.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}
