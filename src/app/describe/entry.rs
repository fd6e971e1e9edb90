//! Describes entries of the history.

use jiff::tz::TimeZone;

use crate::model::{Group, Wardrobe};
use crate::store::HistoryEntry;

use super::{MAX_DESCRIBED_EDITS, count, edit, first_few, group, grouped, truncated};

/// Describes an entry of the history.
pub fn entry(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let what = entry_without_reason(entry, |edits| group(edits, wardrobe, zone));
    format!("{what}{}", reason(entry))
}

/// Describes an entry of the history with the servers that it was for.
pub fn entry_with_servers(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let what = entry_without_reason(entry, |edits| group(edits, wardrobe, zone));
    format!("{what}{}{}", for_servers(entry), reason(entry))
}

/// The servers that an entry was for, after its description; empty if there were none. It does not say whether they have
/// it: that changes later.
pub(in crate::app) fn for_servers(entry: &HistoryEntry) -> String {
    if entry.send_to.is_empty() {
        return String::new();
    }
    let servers: Vec<String> = entry.send_to.iter().map(|server| format!("{server:?}")).collect();
    let noun = if servers.len() == 1 { "server" } else { "servers" };
    format!("; for {noun} {}", truncated(&first_few(&servers)))
}

/// Why an entry was made, at the end of its description; empty if nobody said why.
pub(in crate::app) fn reason(entry: &HistoryEntry) -> String {
    let reason = entry.reason.as_ref();
    reason.map_or_else(String::new, |reason| format!("; reason: {}", reason.as_str()))
}

fn entry_without_reason(entry: &HistoryEntry, what: impl Fn(&Group) -> String) -> String {
    if let Some(sent) = entry.sent.as_ref().filter(|_| entry.group.is_empty()) {
        return format!("sent to {:?}: {}", sent.server, what(&sent.changes));
    }
    if !entry.outside && entry.group.is_empty() {
        return "recreated the deleted data file".into();
    }
    if !entry.outside {
        return match (entry.undoes, entry.redoes, entry.rolled_back) {
            (Some(revision), ..) => undid(revision, &what(&entry.group.inverse())),
            (None, Some(undo), _) => format!(
                "redid the change undone by revision {undo} ({})",
                what(&entry.group)
            ),
            (None, None, Some(changes)) => rolled_back(changes, &what(&entry.group)),
            (None, None, None) => what(&entry.group),
        };
    }
    if entry.group.is_empty() {
        // hatrack may not have known the previous content of the file.
        return "changed outside hatrack (details unknown)".into();
    }
    format!("changed outside hatrack: {}", what(&entry.group))
}

/// Describes what an entry did, as a row of the history shows it.
pub(in crate::app) fn action(of: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    format!("{}{}", action_without_reason(of, wardrobe, zone), reason(of))
}

/// The same without the reason.
pub(in crate::app) fn action_without_reason(
    of: &HistoryEntry,
    wardrobe: &Wardrobe,
    zone: &TimeZone,
) -> String {
    entry_without_reason(of, |of| match of.0.as_slice() {
        [first, rest @ ..] if rest.len() >= MAX_DESCRIBED_EDITS => {
            let all = grouped(rest.len() + 1);
            format!("made {all} changes, first: {}", edit(first, wardrobe, zone))
        }
        _ => group(of, wardrobe, zone),
    })
}

/// Describes an undo by the change that it undid: `undid revision 5 (added …)`.
pub fn undid(revision: u64, change: &str) -> String {
    format!("undid revision {revision} ({change})")
}

/// Describes the undo of several changes by their number and what it did: `undid 3 changes: removed …`.
pub fn rolled_back(changes: u64, what: &str) -> String {
    let changes = count(usize::try_from(changes).unwrap_or(usize::MAX), "change");
    format!("undid {changes}: {what}")
}

/// Describes a redo by the change that is in effect again.
pub fn redid(revision: u64, change: &str) -> String {
    format!("redid revision {revision} ({change})")
}

/// Why an entry with unknown content cannot be undone.
pub const UNKNOWN_DETAILS: &str = "cannot undo: details unknown";

/// Why an entry without edits cannot be undone.
pub fn cannot_undo(entry: &HistoryEntry) -> &'static str {
    match entry.sent {
        Some(_) => "cannot undo: sent to a server; the data file was not changed",
        None => UNKNOWN_DETAILS,
    }
}
