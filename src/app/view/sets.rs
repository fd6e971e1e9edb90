//! The named sets of hats: the name, how many hats, and which.

use crate::app::command::CommandId;
use crate::app::sets::{Entry, NamedSets};
use crate::app::{Spot, State, words};

use super::{Body, Cell, Count, Heading, Input, Item, List, Remark, Row, View, Width};

pub(in crate::app) fn view<'a>(state: &'a State, shown: &'a NamedSets) -> View<'a> {
    // As high as it has to be for all of them, so that it does not jump while a few letters leave few.
    let all = state.wardrobe().sets().map_or(0, |sets| sets.len());
    let height = u16::try_from(all + 3).unwrap_or(u16::MAX).clamp(9, 24);
    let (entries, failed) = match shown.entries(&state.view) {
        Ok(entries) => (entries, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let len = entries.len();
    let empty = match &failed {
        Some(_) => Vec::new(),
        None => vec![nothing(state, shown)],
    };
    View {
        heading: Heading {
            title: "Sets of hats".into(),
            spoken: "Sets of hats".into(),
            count: Some(Count {
                shown: len,
                ..Count::default()
            }),
            ..Heading::default()
        },
        size: (100, height),
        input: Some(Input {
            text: &shown.text,
            hint: "",
        }),
        remarks: failed
            .map(|text| Remark { text, error: true })
            .into_iter()
            .collect(),
        body: Body::List(List {
            empty,
            ..List::new(len, shown.selected(len), move |at| row(entries.get(at), at))
        }),
        details: None,
    }
}

fn nothing(state: &State, shown: &NamedSets) -> String {
    if !shown.text.text().trim().is_empty() {
        return "nothing matches".into();
    }
    let key = state.key(CommandId::SaveSet);
    format!(
        "No set of hats has a name yet. {key} saves the hats of the selected user as one, to be put on others."
    )
}

fn row(entry: Option<&Entry>, at: usize) -> Row<'static> {
    let cells = entry.map(|(name, hats)| {
        let number = words::count(hats.len(), "hat");
        let which = words::hats(hats);
        vec![
            Cell::text(name.to_string()).width(Width::Share(2)),
            Cell {
                right: true,
                ..Cell::text(number.clone())
                    .width(Width::Exactly(8))
                    .gap(0)
                    .spoken(format!("{number}: {which}"))
            },
            Cell::text(which).width(Width::Share(3)).gap(2).silent(),
        ]
    });
    Row::Item(Item {
        cells: cells.unwrap_or_default(),
        marked: false,
        spot: Spot::Row(at),
    })
}
