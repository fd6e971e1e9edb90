//! Describes changes in words: an edit as a sentence without its subject, the actor. Used by the screen, its history
//! and the command line. Texts in it are raw, only shortened if huge; the caller sanitizes them.

mod exchange;
mod many;
mod sets;

pub use exchange::{import_summary, skipped_item};

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::model::{Affiliation, Attachment, CatalogHat, Edit, Group, HatId, Hats, Jid, Room, User};
use crate::store::HistoryEntry;

use super::folding;

/// The sort key of a room: its displayed name, compared as people do.
pub fn room_sort_key(jid: &Jid, room: &Room) -> Box<[u8]> {
    let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
    folding::sort_key(name.unwrap_or(jid.as_str()))
}

/// Describes a group of edits, such as `added "Proctor" to terry@example.org in courses@conference.example.org`.
pub fn group(group: &Group) -> String {
    match group.0.as_slice() {
        [] => "changed nothing".into(),
        [only] => edit(only),
        all => many::new_hat(all)
            .or_else(|| many::same_for_many_users(all))
            .or_else(|| many::same_hat_in_many_rooms(all))
            .or_else(|| many::same_affiliation(all))
            .or_else(|| many::many_hats_of_one_user(all))
            .unwrap_or_else(|| mixed_edits(all)),
    }
}

/// Describes an entry of the history; `what` describes its group ([`group`], or shorter).
pub fn entry(entry: &HistoryEntry, what: &str) -> String {
    if let Some(sent) = entry.sent.as_ref().filter(|_| entry.group.is_empty()) {
        return format!("sent to {}: {}", sent.server, group(&sent.changes));
    }
    if !entry.outside && entry.group.is_empty() {
        return "recreated the deleted data file".into();
    }
    if !entry.outside {
        return with_undo_or_redo(entry.undoes, entry.redoes, what);
    }
    if entry.group.is_empty() {
        // hatrack may not have known the previous content of the file.
        return "changed outside hatrack (details unknown)".into();
    }
    format!("changed outside hatrack: {what}")
}

/// Describes a change that may undo or redo an earlier one: `undid revision 5: removed …`.
pub fn with_undo_or_redo(undoes: Option<u64>, redoes: Option<u64>, what: &str) -> String {
    match (undoes, redoes) {
        (Some(revision), _) => format!("undid revision {revision}: {what}"),
        (None, Some(revision)) => format!("redid revision {revision}: {what}"),
        (None, None) => what.into(),
    }
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

/// Describes an edit.
pub fn edit(edit: &Edit) -> String {
    edit_with_user(edit, edit.user().map_or("", Jid::as_str))
}

/// A sentence to continue after a colon: it begins in lower case, unless with a name or an abbreviation.
pub fn after_colon(sentence: &str) -> String {
    let word = sentence.split(|c: char| !c.is_alphabetic()).next();
    let is_name = word == Some("Prosody");
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !is_name && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.into(),
    }
}

/// The text with its first letter in upper case.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `1 hat`, `2 hats`: a number and its noun, whose plural ends in s.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `no hats`, `1 hat`, `2 hats`.
pub(super) fn count_or_no(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        some => count(some, noun),
    }
}

/// `Also removes 2 hats.`; empty for no hats.
pub(super) fn also_removes_hats(hats: usize) -> String {
    match hats {
        0 => String::new(),
        some => format!("Also removes {}.", count(some, "hat")),
    }
}

/// A number with commas between the thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// One or two users by their addresses, more by their number.
fn users_phrase(users: &BTreeSet<&Jid>) -> String {
    let mut first_two = users.iter();
    match (users.len(), first_two.next(), first_two.next()) {
        (1, Some(only), _) => only.to_string(),
        (2, Some(one), Some(other)) => format!("{one} and {other}"),
        (many, ..) => count(many, "user"),
    }
}

/// Describes an edit, with other words for its user.
fn edit_with_user(edit: &Edit, user: &str) -> String {
    match edit {
        Edit::Room { room, before, after } => room_edit(room, before.as_deref(), after.as_deref()),
        Edit::RoomName { room, before, after } => match (before, after) {
            (Some(old), Some(new)) => format!(
                "renamed {room} from \"{}\" to \"{}\"",
                truncated(old),
                truncated(new)
            ),
            (None, Some(new)) => format!("named {room} \"{}\"", truncated(new)),
            (Some(old), None) => format!("cleared the name of {room} (was \"{}\")", truncated(old)),
            (None, None) => format!("changed nothing in {room}"),
        },
        Edit::Catalog {
            room,
            hat,
            before,
            after,
        } => catalog_edit(room, hat, before.as_ref(), after.as_ref()),
        Edit::User {
            room, before, after, ..
        } => user_edit(room, user, before.as_ref(), after.as_ref()),
        Edit::Affiliation {
            room, before, after, ..
        } => match after {
            Affiliation::Outcast => format!("banned {user} from {room} (was {before})"),
            _ => format!("made {user} {after} in {room} (was {before})"),
        },
        Edit::Hat {
            room,
            hat,
            before,
            after,
            ..
        } => match (before, after) {
            (None, Some(after)) => format!("added {} to {user} in {room}", attachment_name(hat, after)),
            (Some(before), None) => format!("removed {} from {user} in {room}", attachment_name(hat, before)),
            (Some(before), Some(after)) => format!(
                "changed {} for {user} in {room}: {}",
                attachment_name(hat, before),
                attachment_changes(before, after)
            ),
            (None, None) => format!("changed nothing for {user} in {room}"),
        },
        Edit::Document { before, after } => sets::document_edit(before, after),
    }
}

fn room_edit(room: &Jid, before: Option<&Room>, after: Option<&Room>) -> String {
    let what = |there: &Room| {
        let name = there
            .name
            .as_deref()
            .map_or(String::new(), |name| format!(" \"{}\"", truncated(name)));
        let users = there.users().len();
        let content = match users {
            0 => String::new(),
            users => format!(
                " with {} and {}",
                count(users, "user"),
                count(there.attachment_count(), "hat")
            ),
        };
        format!("room {room}{name}{content}")
    };
    match (before, after) {
        (None, Some(after)) => format!("added {}", what(after)),
        (Some(before), None) => format!("removed {}", what(before)),
        _ => format!("changed room {room} (unrecognized fields)"),
    }
}

fn user_edit(room: &Jid, user: &str, before: Option<&User>, after: Option<&User>) -> String {
    let hats = |user: &User| match user.hats.len() {
        0 => String::new(),
        some => format!(" with {}", count(some, "hat")),
    };
    match (before, after) {
        (None, Some(after)) => format!("added {user} to {room} as {}{}", after.affiliation, hats(after)),
        (Some(before), None) => format!(
            "removed {user} ({}) from {room}{}",
            before.affiliation,
            hats(before)
        ),
        _ => format!("changed {user} in {room} (unrecognized fields)"),
    }
}

fn catalog_edit(room: &Jid, hat: &HatId, before: Option<&CatalogHat>, after: Option<&CatalogHat>) -> String {
    let name = |entry: &CatalogHat| hat_name(hat, entry.title.as_deref());
    match (before, after) {
        (None, Some(after)) => format!("defined {} in {room}", name(after)),
        (Some(before), None) => format!("removed {} from the catalog of {room}", name(before)),
        (Some(before), Some(after)) if before.title != after.title => format!(
            "changed {} in the catalog of {room}: {}",
            name(before),
            title_phrase(after.title.as_deref())
        ),
        (Some(entry), _) => format!("changed {} in the catalog of {room}", name(entry)),
        (None, None) => format!("changed nothing in the catalog of {room}"),
    }
}

/// A text shortened to a readable length, so that a title of megabytes is not copied for each frame.
pub(super) fn truncated(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 2000;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A hat in a sentence: its title in quotes, else its ID.
pub fn hat(id: &HatId, title: Option<&str>) -> String {
    hat_name(id, title)
}

/// A hat set in a sentence: the titles of the first few hats.
pub fn hats(hats: &Hats) -> String {
    let mut names: Vec<String> = hats
        .iter()
        .map(|(id, attachment)| attachment_name(id, attachment))
        .collect();
    names.sort();
    first_few(&names)
}

/// The title in quotes, else the ID.
fn hat_name(hat: &HatId, title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{}\"", truncated(title)),
        None => format!("<{}>", truncated(hat.as_str())),
    }
}

fn attachment_name(hat: &HatId, attachment: &Attachment) -> String {
    hat_name(hat, attachment.title.as_deref())
}

fn title_phrase(title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("title \"{}\"", truncated(title)),
        None => "no title".into(),
    }
}

fn attachment_changes(before: &Attachment, after: &Attachment) -> String {
    let mut all: Vec<String> = Vec::new();
    if before.is_active() != after.is_active() {
        all.push(if after.is_active() { "active" } else { "inactive" }.into());
    }
    if before.is_required() != after.is_required() {
        all.push(
            if after.is_required() {
                "required"
            } else {
                "no longer required"
            }
            .into(),
        );
    }
    if before.title != after.title {
        all.push(title_phrase(after.title.as_deref()));
    }
    if before.extra != after.extra {
        all.push("unrecognized fields".into());
    }
    if all.is_empty() {
        // For example an explicit `"active": false` where the field was missing.
        all.push("same value, different JSON".into());
    }
    all.join(", ")
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", truncated(text))
}

/// The first few names, and the number of the rest.
pub(super) fn first_few(names: &[impl ToString]) -> String {
    const FEW: usize = 3;
    let first = names.iter().take(FEW).map(ToString::to_string);
    let shown = first.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {} more", grouped(more)),
    }
}

/// Two changes are described one by one, more are counted by kind.
fn mixed_edits(all: &[Edit]) -> String {
    match all {
        [first, second] => format!("{} and {}", edit(first), edit(second)),
        _ => many::summary_by_kind(all),
    }
}

/// The name most similar to `meant`; `None` if none is similar.
pub fn closest_match<'a>(meant: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let meant = meant.to_lowercase();
    let distance = |name: &str| strsim::osa_distance(&meant, &name.to_lowercase());
    let closest = names
        .map(|name| (distance(name), name))
        .min_by_key(|(distance, _)| *distance)?;
    // Two in five letters may differ, and one in a word of two letters.
    let most = closest.1.chars().count().max(3) * 2 / 5;
    (closest.0 <= most).then_some(closest.1)
}

#[cfg(test)]
mod tests;
