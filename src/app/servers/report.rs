//! The report of an applied plan: a row for each room, followed by a row for each of its changes that failed.

use std::sync::Arc;

use crate::app::describe;
use crate::model::Room;
use crate::sync::{Failed, Item, ItemValue, Refusal, Report, RoomReport, SendFailure, Unstored, UnstoredHat};

/// The report overlay.
#[derive(Debug, Clone)]
pub struct ReportOverlay {
    /// The reports, by server.
    pub reports: Vec<Report>,
    /// Whether applying was stopped before all changes were sent.
    pub stopped: bool,
    /// The selected row.
    pub selected: usize,
    rows: Arc<[ReportRow]>,
}

/// A row of a report. The numbers are the indices of a server, of a room and of a failed change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportRow {
    /// A server, if there are several; its rooms follow.
    Server(usize),
    /// A room.
    Room(usize, usize),
    /// A change that failed.
    Failed(usize, usize, usize),
}

impl ReportOverlay {
    pub(in crate::app) fn new(reports: Vec<Report>, stopped: bool) -> Self {
        let mut rows = Vec::new();
        for (server, report) in reports.iter().enumerate() {
            if reports.len() > 1 {
                rows.push(ReportRow::Server(server));
            }
            for (room, room_report) in report.rooms.iter().enumerate() {
                if is_listed(room_report) {
                    rows.push(ReportRow::Room(server, room));
                }
                let failed = 0..room_report.failed.len();
                rows.extend(failed.map(|failed| ReportRow::Failed(server, room, failed)));
            }
        }
        Self {
            reports,
            stopped,
            selected: 0,
            rows: rows.into(),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at an index; `None` if there is no such row.
    pub fn row(&self, index: usize) -> Option<ReportRow> {
        self.rows.get(index).copied()
    }

    /// A room of a server, by their indices.
    pub fn room(&self, server: usize, room: usize) -> Option<&RoomReport> {
        self.reports.get(server)?.rooms.get(room)
    }

    /// Numbers of changes that were sent, received, failed and not sent, over all rooms; and the number of rooms with
    /// an error.
    pub fn totals(&self) -> [usize; 5] {
        let mut totals = [0; 5];
        for room in self.reports.iter().flat_map(|report| &report.rooms) {
            let (failed, error) = (room.failed.len(), usize::from(room.error.is_some()));
            for (total, number) in
                totals
                    .iter_mut()
                    .zip([room.sent, room.received, failed, room.unsent, error])
            {
                *total += number;
            }
        }
        totals
    }
}

/// Whether a room is listed: changes were sent, received or are left, or there is an error.
fn is_listed(room: &RoomReport) -> bool {
    let left = super::open_differences(room.left);
    room.error.is_some() || !room.failed.is_empty() || room.sent + room.received + room.unsent + left > 0
}

/// Describes what was done in a room: `3 sent, 2 received, 1 failed`. If there is an error, it follows; it stands alone
/// if nothing was sent or received.
pub fn room_result(room: &RoomReport) -> String {
    match &room.error {
        Some(error) if room.sent + room.received > 0 => {
            format!("{}; {}", room_counts(room), describe::after_colon(error))
        }
        Some(error) => describe::after_colon(error),
        None => room_counts(room),
    }
}

/// Counts the changes of a room that were sent, received and so on; omits zeros.
pub fn room_counts(room: &RoomReport) -> String {
    let undecided = room.left.conflicts + room.left.held;
    let parts = [
        (room.sent, "sent"),
        (room.received, "received"),
        (room.failed.len(), "failed"),
        (room.unsent, "not sent"),
        (undecided, "unresolved"),
        (room.left.skipped, "left out"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, word)| format!("{} {word}", describe::with_thousands_commas(number)))
        .collect();
    if parts.is_empty() {
        "nothing to do".into()
    } else {
        parts.join(", ")
    }
}

/// Says which part of a saved change is stored only in the data file, and why. `more`: the number of other hats of
/// which a part is stored only there, too.
pub fn unstored_text(first: &UnstoredHat, more: usize) -> String {
    let hat = format!(
        "{} for {}",
        describe::hat(&first.hat, first.title.as_deref()),
        first.user
    );
    let (part, reason) = match first.part {
        Unstored::Inactive => (hat, "ejabberd has no inactive hats"),
        Unstored::Required => (format!("\"required\" of {hat}"), "ejabberd has no required hats"),
        Unstored::Title => (
            format!("the title of {hat}"),
            "ejabberd has only the title in the catalog",
        ),
    };
    let more = match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    format!("{part} stays in the data file: {reason}{more}")
}

/// Describes a change that failed, in three parts: the user's address or `catalog`; the change; and the reason why it
/// failed. `local` is the room in the file.
pub fn failed_texts(failed: &Failed, local: Option<&Room>) -> [String; 3] {
    let hat = |id: &crate::model::HatId| {
        let wanted_title = match &failed.wanted {
            Some(ItemValue::Hat(hat)) => hat.title.clone(),
            Some(ItemValue::Catalog(entry)) => entry.title.clone(),
            _ => None,
        };
        let local_title = || local?.hat(id)?.title.clone();
        describe::hat(id, wanted_title.or_else(local_title).as_deref())
    };
    let is_on_server = matches!(&failed.why, SendFailure::Changed { actual: Some(_) });
    let verb = |verb_if_new: &'static str| match &failed.wanted {
        Some(_) if is_on_server => "change",
        Some(_) => verb_if_new,
        None => "remove",
    };
    let change = match &failed.item {
        Item::Hat { hat: id, .. } => format!("{} {}", verb("add"), hat(id)),
        Item::Catalog { hat: id } => format!("{} {}", verb("define"), hat(id)),
        Item::Affiliation { .. } => match &failed.wanted {
            Some(ItemValue::Affiliation(wanted)) => format!("set affiliation {wanted}"),
            _ => "remove affiliation".into(),
        },
    };
    let target = failed.item.user().map_or("catalog", |user| user.as_str());
    [target.to_owned(), change, failure_text(&failed.why)]
}

/// Says why the server refused a change, as a clause: without the period of the server's text.
pub(in crate::app) fn refusal_text(refusal: &Refusal) -> String {
    match &refusal.text {
        Some(text) => format!(
            "the server refused ({}): {}",
            refusal.condition,
            describe::without_period(text)
        ),
        None => format!("the server refused ({})", refusal.condition),
    }
}

fn failure_text(failure: &SendFailure) -> String {
    match failure {
        SendFailure::Changed { .. } => "changed on the server in the meantime; compare again".into(),
        SendFailure::Refused(refusal) => refusal_text(refusal),
        SendFailure::NotStored => {
            "the server could not store it and may lose it; the next apply sends it again".into()
        }
        SendFailure::Unknown => {
            "the server did not answer; compare again to see whether the change was made".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HatId, Jid};

    #[test]
    fn refusal_text_does_not_end_with_a_period() {
        let text = |text: &str| {
            refusal_text(&Refusal {
                condition: crate::sync::Condition::Forbidden,
                text: Some(text.into()),
            })
        };
        let expected = "the server refused (forbidden): Only owners can";
        assert_eq!(text("Only owners can. "), expected);
        assert_eq!(text("Only owners can"), expected);
        assert_eq!(text("Wait..."), "the server refused (forbidden): Wait...");
    }

    #[test]
    fn unstored_text_names_the_part_the_hat_and_the_reason() {
        let text = |part, more| {
            let first = UnstoredHat {
                user: Jid::parse("terry@example.org").unwrap(),
                hat: HatId::unchecked("urn:x:1"),
                title: Some("Proctor".into()),
                part,
            };
            unstored_text(&first, more)
        };
        assert_eq!(
            [
                text(Unstored::Inactive, 0),
                text(Unstored::Required, 2),
                text(Unstored::Title, 0)
            ],
            [
                "\"Proctor\" for terry@example.org stays in the data file: ejabberd has no inactive hats",
                "\"required\" of \"Proctor\" for terry@example.org stays in the data file: ejabberd has no required hats (and 2 more)",
                "the title of \"Proctor\" for terry@example.org stays in the data file: ejabberd has only the title in the catalog",
            ]
        );
    }
}
