//! The history: entries, newest first, and the full text of the selected one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::command::CommandId;
use crate::app::filter::Filter;
use crate::app::history::HistoryOverlay;
use crate::app::{MouseTarget, SaveState, State, describe};
use crate::model::{Edit, Jid};
use crate::store::{HistoryEntry, HistoryFilter};

use super::screen::unsaved_changes;
use super::{
    Body, CellWidth, Heading, InputView, ItemRow, ListRow, ListView, Remark, RowCell, RowCount, View,
};

/// Number of entries above and below the selected one that determine the width of the actor column.
const NEARBY_ENTRIES: usize = 100;
/// Maximum width of the actor column.
const MAX_ACTOR_WIDTH: usize = 18;

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a HistoryOverlay) -> View<'a> {
    let zone = state.zone();
    let full_text = overlay.entry().map(|entry| {
        let time = format_time(entry.time, &zone, "%Y-%m-%d %H:%M:%S");
        let (actor, action) = (
            &entry.actor,
            describe::action_without_reason(entry, state.wardrobe(), &zone),
        );
        format!(
            "Revision {}, {time}: {actor} {action}{}{}{}",
            entry.revision,
            user_names(entry),
            describe::for_servers(entry),
            describe::reason(entry)
        )
    });
    let search = overlay.search.as_ref();
    let len = overlay.len();
    let selected = (len > 0).then_some(overlay.selected);
    // The column is as wide as the longest actor nearby, so that the action gets the remaining columns.
    let first = overlay.selected.saturating_sub(NEARBY_ENTRIES);
    let nearby = (first..len).take(2 * NEARBY_ENTRIES);
    let actor_width = nearby
        .filter_map(|row| overlay.entry_at(row))
        .map(|entry| entry.actor.chars().take(MAX_ACTOR_WIDTH).count())
        .max();
    let actor_width = u16::try_from(actor_width.unwrap_or_default()).unwrap_or_default();
    View {
        heading: Heading {
            title: "History".into(),
            count: Some(RowCount {
                shown: len,
                has_more: overlay.has_more(),
                total: search.map(|_| overlay.entries.len()),
                filter: search
                    .filter(|search| !search.editing)
                    .map(|search| search.text.text().into()),
                marked: overlay.marks.len(),
                noun: Some("change"),
                ..RowCount::default()
            }),
            subjects: Vec::new(),
            spoken: "History".into(),
            busy: false,
        },
        size: (140, u16::MAX),
        input: search.filter(|search| search.editing).map(|search| InputView {
            text: &search.text,
            hint: "names, addresses, titles, what was done; #hat, #\"two words\", !word",
        }),
        remarks: remarks(state, overlay),
        body: Body::List(ListView {
            narrow_below: 70,
            empty_lines: empty_lines(state, overlay),
            full_text,
            markable: true,
            filter: search,
            ..ListView::new(len, selected, move |index| {
                row(state, overlay, index, actor_width)
            })
        }),
        details: None,
    }
}

/// Returns the text shown when there are no entries, and the hint to use quotes for a title with spaces.
fn empty_lines(state: &State, overlay: &HistoryOverlay) -> Vec<String> {
    let search = overlay.search.as_ref().filter(|_| !overlay.loading);
    let hint = search.and_then(Filter::quotes_hint);
    let hint = hint.into_iter().flat_map(|hint| [String::new(), hint]);
    std::iter::once(empty_text(state, overlay)).chain(hint).collect()
}

fn empty_text(state: &State, overlay: &HistoryOverlay) -> String {
    match (&overlay.error, overlay.loading) {
        (Some(_), _) => String::new(),
        (None, true) => "Loading…".into(),
        (None, false) if overlay.is_editing_search() => "No matching changes".into(),
        (None, false) if overlay.is_filtered() => {
            let show_all_key = state.key(CommandId::ShowAllHistory);
            format!("No matching changes. Press {show_all_key} to show all")
        }
        (None, false) => "No changes yet.".into(),
    }
}

/// Returns the remarks about the filter, and about errors of reading the history.
fn remarks(state: &State, overlay: &HistoryOverlay) -> Vec<Remark> {
    let remark = |error: bool| {
        move |text: String| Remark {
            is_error: error,
            ..Remark::new(text)
        }
    };
    let show_all_key = state.key(CommandId::ShowAllHistory);
    let mut remarks: Vec<Remark> = filter_text(state, &overlay.filter)
        .map(|filter| remark(false)(format!("{filter} ({show_all_key} to show all)")))
        .into_iter()
        .collect();
    remarks.extend(overlay.error.clone().map(remark(true)));
    if let SaveState::NotSaved(number, _) = state.save_state() {
        let (changes, are) = (unsaved_changes(number), if number == 1 { "is" } else { "are" });
        remarks.push(remark(true)(format!("{changes} {are} not listed")));
    }
    if overlay.unreadable > 0 {
        let lines = describe::count(overlay.unreadable, "damaged line");
        remarks.push(remark(true)(format!("{lines} skipped; run hatrack check")));
    }
    remarks
}

fn filter_text(state: &State, filter: &HistoryFilter) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(filter.actor.as_ref().map(|actor| format!("by {actor}")));
    parts.extend(filter.room.as_ref().map(|room| format!("in {room}")));
    parts.extend(filter.user.as_ref().map(|user| format!("user {user}")));
    let hats = filter.hat.iter().flat_map(|hat| &hat.ids);
    parts.extend(hats.map(|hat| {
        let mut rooms = state.wardrobe().rooms();
        let title = rooms.find_map(|(_, room)| room.hat(hat)?.title.as_deref());
        format!("hat {}", describe::hat(hat, title))
    }));
    (!parts.is_empty()).then(|| format!("Filter: {}", parts.join(", ")))
}

fn row<'a>(state: &State, overlay: &'a HistoryOverlay, index: usize, actor_width: u16) -> ListRow<'a> {
    let zone = &state.zone();
    let entry = overlay.entry_at(index);
    let cells = entry.map(|entry| {
        let action = describe::action(entry, state.wardrobe(), zone);
        // Narrow screens omit the year.
        let long = format_time(entry.time, zone, "%Y-%m-%d %H:%M");
        let short = format_time(entry.time, zone, "%m-%d %H:%M");
        let actor: Cow<'a, str> = entry.actor.as_ref().into();
        let narrow = actor_width.min(10);
        vec![
            RowCell::abbreviated(long, short),
            RowCell::text(actor)
                .filterable()
                .width(CellWidth::Adaptive {
                    narrow,
                    wide: actor_width,
                })
                .gap(2)
                .spoken(format!("{} {action}", entry.actor)),
            RowCell::text(action).filterable().gap(2).silent(),
        ]
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: entry.is_some_and(|entry| overlay.marks.contains(&entry.revision)),
        mouse_target: MouseTarget::Row(index),
    })
}

/// Lists the first few users that an entry changed, after a colon. Empty for one or two users, because most
/// descriptions name them.
fn user_names(entry: &HistoryEntry) -> String {
    let edits = entry.group.0.iter().take(describe::MAX_DESCRIBED_EDITS);
    let users: BTreeSet<&Jid> = edits.filter_map(Edit::user).collect();
    let users: Vec<&Jid> = users.into_iter().collect();
    match users.len() {
        0..3 => String::new(),
        _ if entry.group.0.len() > describe::MAX_DESCRIBED_EDITS => {
            let first: Vec<&str> = users.iter().take(3).map(|user| user.as_str()).collect();
            format!(": {} and more", first.join(", "))
        }
        _ => format!(": {}", describe::first_few(&users)),
    }
}

pub(super) fn format_time(time: Timestamp, zone: &TimeZone, format: &str) -> String {
    zone.to_datetime(time).strftime(format).to_string()
}
