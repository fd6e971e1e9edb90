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
        body: Body::List(ListView::new(len, Some(overlay.selected), move |at| {
            let line = overlay.lines().get(at).map_or("", String::as_str);
            ListRow::Item(ItemRow {
                cells: vec![RowCell::text(line).width(CellWidth::Share(1)).gap(0)],
                marked: false,
                spot: MouseTarget::Row(at),
            })
        })),
        details: None,
    }
}
