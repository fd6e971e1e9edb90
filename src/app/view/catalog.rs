//! The catalog of a room: title and hue of each hat, the number of its users, and whether it is defined.

use crate::app::catalog::{CatalogEntry, CatalogOverlay};
use crate::app::command::CommandId;
use crate::app::{MouseTarget, State, describe, hat_color};

use super::{
    Body, CellWidth, Details, Glyph, Heading, ItemRow, ListRow, ListView, RowCell, TitleName, Tone,
    Truncation, View, label,
};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a CatalogOverlay) -> View<'a> {
    let entries = overlay.entries(&state.shown);
    let len = entries.len();
    let selected = overlay.selected(&entries);
    let details = selected.and_then(|row| entries.get(row)).map(|entry| Details {
        main: entry.hat.id.as_str().into(),
        truncation: Truncation::Middle,
        remarks: Vec::new(),
    });
    let mut empty_lines = vec!["The catalog is empty.".to_owned()];
    if state.check_can_change().is_ok() {
        let key = state.key(CommandId::DefineHat);
        empty_lines.push(format!("Press {key} to define a hat."));
    }
    // Hats of users that are not in the catalog are listed as well.
    let defined = entries.iter().filter(|entry| entry.definition.is_some()).count();
    let not_in_catalog = match len - defined {
        0 => String::new(),
        number => format!(", {} not in catalog", describe::with_thousands_commas(number)),
    };
    let hats = describe::count(defined, "hat");
    View {
        heading: Heading {
            title: format!("Catalog {}", describe::with_thousands_commas(defined)).into(),
            count: None,
            subjects: vec![TitleName::new(overlay.room.as_str(), Truncation::Address)],
            spoken: format!("Catalog of {}, {hats}{not_in_catalog}", overlay.room),
            busy: false,
        },
        size: (100, 30),
        input: None,
        remarks: Vec::new(),
        body: Body::List(ListView {
            narrow_below: 58,
            empty_lines,
            ..ListView::new(len, selected, move |index| row(entries.get(index), index))
        }),
        details,
    }
}

fn row<'a>(entry: Option<&CatalogEntry<'a>>, index: usize) -> ListRow<'a> {
    let cells = entry.map(|entry| {
        let hue = entry.definition.and_then(|hat| hat.hue.as_ref());
        let (glyph, tone) = match entry.definition {
            Some(_) => (Glyph::Full, Tone::Hat(&entry.hat.id, hue)),
            None => (Glyph::Dash, Tone::Faint),
        };
        // The color for wide rows, for narrow rows and in plain mode.
        let (color, short, words) = match (entry.definition, hue) {
            (None, _) => (
                "not in catalog".to_owned(),
                "undefined".to_owned(),
                "not in catalog".to_owned(),
            ),
            (Some(_), None) => (
                "automatic".to_owned(),
                "automatic".to_owned(),
                "defined, automatic color".to_owned(),
            ),
            (Some(_), Some(hue)) => {
                let color = hat_color::name(hue);
                (
                    color.to_owned(),
                    color.to_owned(),
                    format!("defined, {}", hat_color::describe(hue.as_json().as_str())),
                )
            }
        };
        vec![
            // The color itself is shown on the selected row, too.
            RowCell::glyph(glyph).tone(Tone::Swatch(&entry.hat.id, hue)),
            RowCell::text(label::hat(&entry.hat.id, entry.hat.title.as_deref()))
                .filterable()
                .tone(tone),
            RowCell::number(entry.hat.user_count, "user")
                .width(CellWidth::Fixed(5))
                .heading("users"),
            RowCell::abbreviated(color, short)
                .width(CellWidth::Adaptive { narrow: 10, wide: 14 })
                .gap(2)
                .heading("color")
                .spoken(words),
        ]
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}
