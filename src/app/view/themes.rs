//! The list of themes.

use crate::app::themes::ThemesOverlay;
use crate::app::{MouseTarget, State};

use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, RowCell, View};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a ThemesOverlay) -> View<'a> {
    let len = overlay.all.len();
    View {
        heading: Heading {
            title: "Theme".into(),
            spoken: "Theme".into(),
            ..Heading::default()
        },
        size: (64, u16::try_from(len + 2).unwrap_or(u16::MAX)),
        input: None,
        remarks: Vec::new(),
        body: Body::List(ListView::new(len, Some(overlay.selected), move |index| {
            let cells = overlay.all.get(index).map(|theme| {
                let current = if theme.name == state.theme { "current" } else { "" };
                vec![
                    RowCell::text(&*theme.name).width(CellWidth::Share(2)).gap(0),
                    RowCell {
                        min_row_width: 44,
                        ..RowCell::text(&*theme.description)
                            .width(CellWidth::Share(3))
                            .gap(2)
                    },
                    RowCell::text(current).width(CellWidth::Fixed(7)).gap(1),
                ]
            });
            ListRow::Item(ItemRow {
                cells: cells.unwrap_or_default(),
                marked: false,
                mouse_target: MouseTarget::Row(index),
            })
        })),
        details: None,
    }
}
