//! The hat sets: name, number of hats, and their titles.

use crate::app::command::CommandId;
use crate::app::sets::{NamedHats, SetsOverlay};
use crate::app::{MouseTarget, State, describe, targets};

use super::{Body, CellWidth, Heading, InputView, ItemRow, ListRow, ListView, Remark, RowCell, View};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a SetsOverlay) -> View<'a> {
    // High enough for all sets, so that the height does not change while filtering.
    let all = state.wardrobe().hat_sets().map_or(0, |sets| sets.len());
    let height = u16::try_from(all + 3).unwrap_or(u16::MAX).clamp(9, 24);
    let (entries, error) = match overlay.entries(&state.shown) {
        Ok(entries) => (entries, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let len = entries.len();
    let empty_lines = match &error {
        Some(_) => Vec::new(),
        None => vec![empty_text(state, overlay)],
    };
    let title = targets::label(state).map_or_else(
        || "Hat sets".to_owned(),
        |target| format!("Apply set to {target}"),
    );
    View {
        heading: Heading {
            spoken: format!("{title}, {}", describe::count(len, "set")),
            title: title.into(),
            subjects: vec![describe::count(len, "set").into()],
            ..Heading::default()
        },
        size: (100, height),
        input: Some(InputView {
            text: &overlay.text,
            hint: "",
        }),
        remarks: error.map(Remark::error).into_iter().collect(),
        body: Body::List(ListView {
            empty_lines,
            ..ListView::new(len, overlay.selected(len), move |index| {
                row(entries.get(index), index)
            })
        }),
        details: None,
    }
}

fn empty_text(state: &State, overlay: &SetsOverlay) -> String {
    if !overlay.text.text().trim().is_empty() {
        return "No matches".into();
    }
    if state.check_can_change().is_err() {
        return "No hat sets yet.".into();
    }
    let key = state.key(CommandId::SaveSet);
    match state.user() {
        Some((_, user)) if !user.hats.is_empty() => {
            format!("No hat sets yet. Press {key} to save this user's hats as a hat set.")
        }
        _ => {
            format!("No hat sets yet. Select a user with hats, then press {key} to save them as a hat set.")
        }
    }
}

fn row(entry: Option<&NamedHats>, index: usize) -> ListRow<'static> {
    let cells = entry.map(|(name, hats)| {
        let number = describe::count(hats.len(), "hat");
        let names = describe::hats(hats);
        vec![
            RowCell::text(name.to_string()).width(CellWidth::Share(2)),
            RowCell {
                right_aligned: true,
                ..RowCell::text(number.clone())
                    .width(CellWidth::Fixed(8))
                    .gap(0)
                    .spoken(format!("{number}: {names}"))
            },
            RowCell::text(names).width(CellWidth::Share(3)).gap(2).silent(),
        ]
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}
