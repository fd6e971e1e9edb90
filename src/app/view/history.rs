//! The history: entries, newest first, and the full text of the selected one.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::history::HistoryOverlay;
use crate::app::{Spot, State, describe};
use crate::model::Group;
use crate::store::{HistoryEntry, HistoryFilter};

use super::{Body, CellWidth, Heading, ItemRow, ListRow, ListView, Remark, RowCell, RowCount, View, label};

/// Groups with more edits are not summarized, because that would slow down drawing.
const MAX_DESCRIBED_EDITS: usize = 256;
/// Number of entries above and below the selected one that determine the width of the actor column.
const NEARBY_ENTRIES: usize = 100;
/// Maximum width of the actor column.
const MAX_ACTOR_WIDTH: usize = 18;

pub(in crate::app) fn view<'a>(state: &'a State, shown: &'a HistoryOverlay) -> View<'a> {
    let zone = state.start().time_zone.clone().unwrap_or(TimeZone::UTC);
    let whole = shown.entry().map(|entry| {
        let time = format_time(entry.time, &zone, "%Y-%m-%d %H:%M:%S");
        let (actor, did) = (&entry.actor, action(entry));
        format!("Revision {}, {time}: {actor} {did}", entry.revision)
    });
    let len = shown.entries.len();
    let selected = (len > 0).then_some(shown.selected);
    // As wide as the longest name nearby, so that the action gets the rest.
    let first = shown.selected.saturating_sub(NEARBY_ENTRIES);
    let around = shown.entries.iter().skip(first).take(2 * NEARBY_ENTRIES);
    let widest = around
        .map(|one| one.actor.chars().take(MAX_ACTOR_WIDTH).count())
        .max();
    let widest = u16::try_from(widest.unwrap_or_default()).unwrap_or_default();
    View {
        heading: Heading {
            title: "History".into(),
            count: Some(RowCount {
                shown: len,
                has_more: shown.has_more(),
                noun: Some("change"),
                ..RowCount::default()
            }),
            subjects: Vec::new(),
            spoken: "History".into(),
            busy: false,
        },
        size: (140, u16::MAX),
        input: None,
        remarks: remarks(shown),
        body: Body::List(ListView {
            narrow_below: 70,
            empty: vec![empty_text(shown).into()],
            full_text: whole,
            ..ListView::new(len, selected, move |at| {
                row(shown.entries.get(at), at, widest, &zone)
            })
        }),
        details: None,
    }
}

/// The text shown when there are no entries.
fn empty_text(shown: &HistoryOverlay) -> &'static str {
    match (&shown.error, shown.loading) {
        (Some(_), _) => "",
        (None, true) => "Loading…",
        (None, false) => "No changes yet.",
    }
}

/// The filter and reading errors.
fn remarks(shown: &HistoryOverlay) -> Vec<Remark> {
    let remark = |error: bool| {
        move |text: String| Remark {
            is_error: error,
            ..Remark::new(text)
        }
    };
    let mut remarks: Vec<Remark> = filter_text(&shown.filter)
        .map(remark(false))
        .into_iter()
        .collect();
    remarks.extend(shown.error.clone().map(remark(true)));
    if shown.unreadable > 0 {
        let lines = describe::count(shown.unreadable, "damaged line");
        remarks.push(remark(true)(format!("{lines} skipped; run hatrack check")));
    }
    remarks
}

fn filter_text(filter: &HistoryFilter) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(filter.actor.as_ref().map(|actor| format!("by {actor}")));
    parts.extend(filter.room.as_ref().map(|room| format!("in {room}")));
    parts.extend(filter.user.as_ref().map(|user| format!("user {user}")));
    let hat = filter.hat.as_ref();
    parts.extend(hat.map(|hat| format!("hat <{}>", label::bounded_prefix(hat.as_str()))));
    (!parts.is_empty()).then(|| format!("Filter: {}", parts.join(", ")))
}

fn row<'a>(entry: Option<&'a HistoryEntry>, at: usize, widest: u16, zone: &TimeZone) -> ListRow<'a> {
    let cells = entry.map(|entry| {
        let did = action(entry);
        // Narrow screens omit the year.
        let long = format_time(entry.time, zone, "%Y-%m-%d %H:%M");
        let short = format_time(entry.time, zone, "%m-%d %H:%M");
        let actor: Cow<'a, str> = entry.actor.as_ref().into();
        let narrow = widest.min(10);
        vec![
            RowCell::abbreviated(long, short),
            RowCell::text(actor)
                .width(CellWidth::Adaptive { narrow, wide: widest })
                .gap(2)
                .spoken(format!("{} {did}", entry.actor)),
            RowCell::text(did).width(CellWidth::Share(1)).gap(2).silent(),
        ]
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        spot: Spot::Row(at),
    })
}

/// Describes what was done.
fn action(entry: &HistoryEntry) -> String {
    describe::entry(entry, &group_summary(&entry.group))
}

fn group_summary(group: &Group) -> String {
    match group.0.as_slice() {
        [first, rest @ ..] if rest.len() >= MAX_DESCRIBED_EDITS => {
            let all = describe::grouped(rest.len() + 1);
            format!("made {all} changes, first: {}", describe::edit(first))
        }
        _ => describe::group(group),
    }
}

fn format_time(time: Timestamp, zone: &TimeZone, format: &str) -> String {
    zone.to_datetime(time).strftime(format).to_string()
}
