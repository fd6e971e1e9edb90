//! The list from which one of the rooms, users or hats of an entry of the history is chosen.

use crate::app::history::{EntryValue, EntryValuesOverlay};
use crate::app::{MouseTarget, State, describe};
use crate::model::HatId;

use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, RowCell, RowCount, View, label};

/// Maximum height, with the frame.
const MAX_HEIGHT: u16 = 24;

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a EntryValuesOverlay) -> View<'a> {
    let len = overlay.values.len();
    let height = u16::try_from(len + 2).unwrap_or(u16::MAX);
    View {
        heading: Heading {
            title: overlay.title.into(),
            spoken: format!(
                "{}: {} to choose from",
                overlay.title,
                describe::with_thousands_commas(len)
            ),
            count: Some(RowCount {
                shown: len,
                ..RowCount::default()
            }),
            ..Heading::default()
        },
        size: (76, height.clamp(6, MAX_HEIGHT)),
        input: None,
        remarks: Vec::new(),
        body: Body::List(ListView::new(len, Some(overlay.selected), move |index| {
            ListRow::Item(ItemRow {
                cells: overlay
                    .values
                    .get(index)
                    .map(|value| cells(state, value))
                    .unwrap_or_default(),
                marked: false,
                mouse_target: MouseTarget::Row(index),
            })
        })),
        details: None,
    }
}

fn cells<'a>(state: &'a State, value: &'a EntryValue) -> Vec<RowCell<'a>> {
    let cell = match value {
        EntryValue::Actor(actor) => RowCell::text(actor.as_str()),
        EntryValue::Room(jid) | EntryValue::User(jid) => RowCell::address(jid.as_str()),
        EntryValue::Hat(hat) => RowCell::text(label::hat(hat, title(state, hat))),
    };
    vec![cell.width(CellWidth::Share(1))]
}

/// Returns the title of a hat in the first room that has it.
fn title<'a>(state: &'a State, hat: &HatId) -> Option<&'a str> {
    let mut rooms = state.wardrobe().rooms();
    rooms.find_map(|(_, room)| room.hat(hat)?.title.as_deref())
}
