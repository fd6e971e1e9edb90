//! A text in full, a row for each line.

use crate::app::MouseTarget;
use crate::app::details::{DetailsOverlay, MAX_COLUMNS};

use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, RowCell, View};

pub(in crate::app) fn view(overlay: &DetailsOverlay) -> View<'_> {
    let len = overlay.lines().len();
    View {
        heading: Heading {
            title: overlay.title.into(),
            spoken: overlay.title.into(),
            ..Heading::default()
        },
        size: (MAX_COLUMNS, u16::try_from(len + 2).unwrap_or(u16::MAX)),
        input: None,
        remarks: Vec::new(),
        body: Body::List(ListView::new(len, Some(overlay.selected), move |index| {
            let line = overlay.lines().get(index).map_or("", String::as_str);
            ListRow::Item(ItemRow {
                cells: vec![RowCell::text(line).width(CellWidth::Share(1)).gap(0)],
                marked: false,
                mouse_target: MouseTarget::Row(index),
            })
        })),
        details: None,
    }
}
