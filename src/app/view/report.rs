//! The result of applying a plan, by room, with each change that failed.

use crate::app::servers::report::{ReportOverlay, ReportRow, failed_texts, room_result};
use crate::app::{MouseTarget, State, describe};
use crate::sync::RoomReport;

use super::{
    Body, CellWidth, Glyph, Heading, ItemRow, ListRow, ListView, Remark, RowCell, Tone, View, label,
};

pub(in crate::app) fn view<'a>(state: &'a State, overlay: &'a ReportOverlay) -> View<'a> {
    let len = overlay.len();
    let selected = (len > 0).then_some(overlay.selected);
    let [.., failed, _, errors] = overlay.totals();
    let failed = failed + errors > 0;
    View {
        heading: Heading {
            title: "Report".into(),
            spoken: "Report".into(),
            ..Heading::default()
        },
        size: (120, u16::try_from(len + 9).unwrap_or(u16::MAX)),
        input: None,
        remarks: vec![Remark {
            is_error: failed,
            ..Remark::new(summary(overlay))
        }],
        body: Body::List(ListView {
            narrow_below: 60,
            empty_lines: vec!["There was nothing to do.".into()],
            full_text: selected.and_then(|index| full_text(state, overlay, overlay.row(index)?)),
            ..ListView::new(len, selected, move |index| row(state, overlay, index))
        }),
        details: None,
    }
}

/// Summarizes the reports: `Sent 3 changes. Received 2 changes. 1 change failed. Problems in 1 room.`
fn summary(overlay: &ReportOverlay) -> String {
    let [sent, received, failed, unsent, errors] = overlay.totals();
    let done = [("Sent", sent), ("Received", received)];
    let mut parts: Vec<String> = done
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(verb, number)| format!("{verb} {}.", describe::count(*number, "change")))
        .collect();
    if parts.is_empty() {
        parts.push("Nothing was sent or received.".into());
    }
    if failed > 0 {
        parts.push(format!("{} failed.", describe::count(failed, "change")));
    }
    if errors > 0 {
        parts.push(format!("Problems in {}.", describe::count(errors, "room")));
    }
    if unsent > 0 {
        parts.push(format!("{} not sent.", describe::count(unsent, "change")));
    }
    if overlay.stopped {
        parts.push("Stopped.".into());
    }
    parts.join(" ")
}

fn row<'a>(state: &'a State, overlay: &'a ReportOverlay, index: usize) -> ListRow<'a> {
    let cells = overlay.row(index).and_then(|row| match row {
        ReportRow::Server(server) => {
            let report = overlay.reports.get(server)?;
            Some(vec![RowCell::text(&*report.server).gap(0)])
        }
        ReportRow::Room(server, room) => Some(room_row(state, overlay.room(server, room)?)),
        ReportRow::Failed(server, room, failed) => {
            let report = overlay.room(server, room)?;
            let local = state.wardrobe().room(&report.room).map(|room| &**room);
            let [target, change, reason] = failed_texts(report.failed.get(failed)?, local);
            let spoken = format!("failed: {target}, {change}: {reason}");
            Some(vec![
                RowCell::glyph(Glyph::Warning).gap(2).tone(Tone::Warning),
                RowCell::address(target).width(CellWidth::Share(2)).spoken(spoken),
                RowCell::text(format!("{change}: {reason}"))
                    .width(CellWidth::Share(3))
                    .gap(2)
                    .silent(),
            ])
        }
    });
    ListRow::Item(ItemRow {
        cells: cells.unwrap_or_default(),
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}

fn room_row<'a>(state: &'a State, report: &'a RoomReport) -> Vec<RowCell<'a>> {
    let local = state.wardrobe().room(&report.room);
    let name = match local {
        Some(room) => label::room(&report.room, room),
        None => report.room.as_str(),
    };
    let tone = if report.error.is_some() {
        Tone::Warning
    } else {
        Tone::Plain
    };
    let result = RowCell::text(room_result(report));
    vec![
        RowCell::text(name).gap(0).spoken(report.room.as_str()),
        result.width(CellWidth::Share(1)).gap(2).tone(tone),
    ]
}

/// Returns the selected row in full.
fn full_text(state: &State, overlay: &ReportOverlay, row: ReportRow) -> Option<String> {
    Some(match row {
        ReportRow::Server(server) => overlay.reports.get(server)?.server.to_string(),
        ReportRow::Room(server, room) => {
            let report = overlay.room(server, room)?;
            format!("{}: {}", report.room, room_result(report))
        }
        ReportRow::Failed(server, room, failed) => {
            let report = overlay.room(server, room)?;
            let local = state.wardrobe().room(&report.room).map(|room| &**room);
            let [target, change, reason] = failed_texts(report.failed.get(failed)?, local);
            format!("{target} in {}, {change}: {reason}", report.room)
        }
    })
}
