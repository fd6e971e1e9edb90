//! Describes entries of the history.

use jiff::tz::TimeZone;

use crate::model::{EditGroup, Wardrobe};
use crate::store::HistoryEntry;

use super::{MAX_DESCRIBED_EDITS, count, edit, first_few, group, truncated, with_thousands_commas};

/// Describes an entry of the history, with its reason.
pub fn entry(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let description = entry_without_reason(entry, |edits| group(edits, wardrobe, zone));
    format!("{description}{}", reason(entry))
}

/// Describes an entry of the history, with the servers to which it was to be sent and its reason.
pub fn entry_with_servers(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let description = entry_without_reason(entry, |edits| group(edits, wardrobe, zone));
    format!("{description}{}{}", for_servers(entry), reason(entry))
}

/// Names the servers to which an entry was to be sent, for the end of its description; empty if there are none. The entry
/// does not record whether the servers received it.
pub(in crate::app) fn for_servers(entry: &HistoryEntry) -> String {
    if entry.send_to.is_empty() {
        return String::new();
    }
    let servers: Vec<String> = entry.send_to.iter().map(|server| format!("{server:?}")).collect();
    let noun = if servers.len() == 1 { "server" } else { "servers" };
    format!("; for {noun} {}", truncated(&first_few(&servers)))
}

/// Gives the reason for an entry, for the end of its description; empty if none was given.
pub(in crate::app) fn reason(entry: &HistoryEntry) -> String {
    let reason = entry.reason.as_ref();
    reason.map_or_else(String::new, |reason| format!("; reason: {}", reason.as_str()))
}

/// Describes an entry without its reason; `describe_group` describes its edits.
fn entry_without_reason(entry: &HistoryEntry, describe_group: impl Fn(&EditGroup) -> String) -> String {
    if let Some(sent) = entry.sent.as_ref().filter(|_| entry.group.is_empty()) {
        return format!("sent to {:?}: {}", sent.server, describe_group(&sent.changes));
    }
    if !entry.outside && entry.group.is_empty() {
        return "recreated the deleted data file".into();
    }
    if !entry.outside {
        return match (entry.undoes, entry.redoes, entry.rolled_back) {
            (Some(revision), ..) => undid(revision, &describe_group(&entry.group.inverse())),
            (None, Some(undo), _) => format!(
                "redid the change undone by revision {undo} ({})",
                describe_group(&entry.group)
            ),
            (None, None, Some(changes)) => rolled_back(changes, &describe_group(&entry.group)),
            (None, None, None) => describe_group(&entry.group),
        };
    }
    if entry.group.is_empty() {
        // hatrack may not have known the previous content of the file.
        return "changed outside hatrack (details unknown)".into();
    }
    format!("changed outside hatrack: {}", describe_group(&entry.group))
}

/// Describes an entry with its reason, for a row of the history. If it has very many edits, gives only their number and
/// the first one.
pub(in crate::app) fn action(entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    format!(
        "{}{}",
        action_without_reason(entry, wardrobe, zone),
        reason(entry)
    )
}

/// Like [`action`], without the reason.
pub(in crate::app) fn action_without_reason(
    entry: &HistoryEntry,
    wardrobe: &Wardrobe,
    zone: &TimeZone,
) -> String {
    entry_without_reason(entry, |edits| match edits.0.as_slice() {
        [first, rest @ ..] if rest.len() >= MAX_DESCRIBED_EDITS => {
            let all = with_thousands_commas(rest.len() + 1);
            format!("made {all} changes, first: {}", edit(first, wardrobe, zone))
        }
        _ => group(edits, wardrobe, zone),
    })
}

/// Describes an undo by the change that it undid: `undid revision 5 (added …)`.
pub fn undid(revision: u64, change: &str) -> String {
    format!("undid revision {revision} ({change})")
}

/// Describes the undo of several changes by their number and the description of the undo: `undid 3 changes: removed …`.
pub fn rolled_back(changes: u64, description: &str) -> String {
    let changes = count(usize::try_from(changes).unwrap_or(usize::MAX), "change");
    format!("undid {changes}: {description}")
}

/// Describes a redo by the change that it made again: `redid revision 5 (added …)`. `revision`: the one that was undone
/// before.
pub fn redid(revision: u64, change: &str) -> String {
    format!("redid revision {revision} ({change})")
}

/// The message that an entry with unknown content cannot be undone.
pub const UNKNOWN_DETAILS: &str = "cannot undo: details unknown";

/// The message that an entry without edits cannot be undone.
pub fn cannot_undo(entry: &HistoryEntry) -> &'static str {
    match entry.sent {
        Some(_) => "cannot undo: sent to a server; the data file was not changed",
        None => UNKNOWN_DETAILS,
    }
}
