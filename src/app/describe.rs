//! Describes changes in words for the screen, the history and the command line. Most descriptions are phrases that
//! begin with a verb, such as `added "Proctor" to terry@example.org in …`, and do not name the actor. They contain
//! names and titles as they are, only shortened if they are very long: the caller sanitizes the descriptions.

mod attachment;
mod entry;
mod exchange;
mod import_details;
mod import_row;
mod import_rows;
mod many;
mod phrase;
mod same_content;
mod sets;
mod subject_and_action;
mod titles;
mod unrecognized;

pub use entry::{UNKNOWN_DETAILS, cannot_undo, entry, entry_with_servers, redid, rolled_back, undid};
pub(in crate::app) use entry::{action, action_without_reason, for_servers, reason};
pub use exchange::{
    export_scope, import_after_would, import_plan, import_summary, inactive_hats, skipped_item,
};
pub use import_row::{ImportRow, RowOutcome, line_note};
pub use import_rows::ImportRows;
pub use phrase::{after_colon, capitalized};
pub(super) use phrase::{sentence, without_period};
pub use subject_and_action::subject_and_action;
pub use titles::replaced_titles;
pub(in crate::app) use unrecognized::unrecognized_fields_except;

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{
    Affiliation, Attachment, CatalogHat, Edit, EditGroup, HatId, Hats, Jid, Room, User, Wardrobe,
};

use self::attachment::{attachment_changes, state_change};
use self::phrase::{Tense, infinitive};
use self::same_content::{has_same_room_content, has_same_user_content};
use self::titles::with_titles;
use super::{folding, hat_color, until};

/// Groups with more edits are not summarized in the history, because that would slow down drawing and searching.
pub(super) const MAX_DESCRIBED_EDITS: usize = 256;

/// The sort key of a room by its name, else by its address; ignores case and accents, and sorts numbers by value.
pub fn room_sort_key(jid: &Jid, room: &Room) -> Box<[u8]> {
    let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
    folding::sort_key(name.unwrap_or(jid.as_str()))
}

/// Describes a group of edits, with times in a time zone, such as `added "Proctor" to terry@example.org in
/// courses@conference.example.org`. Hats without a title of their own are named by their title in the room's catalog:
/// the one in `wardrobe`, unless the edits change the catalog.
pub fn group(group: &EditGroup, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    titled_edits(&with_titles(&group.0, wardrobe), zone)
}

/// Describes edits in which the hats already have the titles to show.
fn titled_edits(edits: &[Edit], zone: &TimeZone) -> String {
    match edits {
        [] => "changed nothing".into(),
        [only] => titled_edit(only, zone),
        all => many::new_hat(all, zone)
            .or_else(|| many::same_for_many_users(all, zone))
            .or_else(|| many::same_hat_in_many_rooms(all, zone))
            .or_else(|| many::same_affiliation(all))
            .or_else(|| many::many_hats_of_one_user(all, zone))
            .unwrap_or_else(|| mixed_edits(all, zone)),
    }
}

/// Describes a group of edits in the infinitive, for example to follow "would": `remove "Proctor" from
/// terry@example.org in …`.
pub fn group_infinitive(group: &EditGroup, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    match &*with_titles(&group.0, wardrobe) {
        [] => "change nothing".into(),
        [only] => infinitive(&titled_edit(only, zone)),
        all => many::same_for_many_users(all, zone)
            .or_else(|| many::same_hat_in_many_rooms(all, zone))
            .map_or_else(
                || many::summary_by_kind(all, Tense::Infinitive),
                |phrase| infinitive(&phrase),
            ),
    }
}

/// Describes what a group of edits will do, as a sentence: `This adds 1 user with 2 hats and removes 1 hat from 3 users
/// in 2 rooms.`
pub fn proposal(group: &EditGroup) -> String {
    format!("This {}.", many::summary_by_kind(&group.0, Tense::Present))
}

/// Describes a single edit; see [`group`].
pub fn edit(edit: &Edit, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    titled_edits(&with_titles(std::slice::from_ref(edit), wardrobe), zone)
}

/// Describes an edit in which the hats already have the titles to show.
fn titled_edit(edit: &Edit, zone: &TimeZone) -> String {
    edit_with_user(edit, edit.user().map_or("", Jid::as_str), zone)
}

/// Writes a number and its noun, whose plural ends in s: `1 hat`, `2 hats`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", with_thousands_commas(number))
}

/// Like [`count`], but writes `no hats` instead of `0 hats`.
pub(in crate::app) fn count_or_no(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        some => count(some, noun),
    }
}

/// Returns the sentence `This also removes 2 hats.`, or an empty text for no hats.
pub(super) fn also_removes_hats(hats: usize) -> String {
    match hats {
        0 => String::new(),
        some => format!("This also removes {}.", count(some, "hat")),
    }
}

/// Writes a number with commas as thousands separators.
pub fn with_thousands_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Names one or two users by their addresses; for other numbers of users, writes only the number.
fn users_phrase(users: &BTreeSet<&Jid>) -> String {
    let mut first_two = users.iter();
    match (users.len(), first_two.next(), first_two.next()) {
        (1, Some(only), _) => only.to_string(),
        (2, Some(one), Some(other)) => format!("{one} and {other}"),
        (many, ..) => count(many, "user"),
    }
}

/// Describes an edit. `user`: its user, or several users in words.
fn edit_with_user(edit: &Edit, user: &str, zone: &TimeZone) -> String {
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
        } => user_edit(
            room,
            user,
            before.as_ref(),
            after.as_ref(),
            hat_count_of_user_edit(edit),
        ),
        Edit::Affiliation {
            room, before, after, ..
        } => match after {
            Affiliation::Outcast => format!("banned {user} from {room} (was {before})"),
            _ => format!("changed {user} to {after} in {room} (was {before})"),
        },
        Edit::Hat {
            room,
            hat,
            before,
            after,
            ..
        } => match (before, after) {
            (None, Some(after)) => format!("added {} to {user} in {room}", added_hat(hat, after, zone)),
            (Some(before), None) => format!("removed {} from {user} in {room}", attachment_name(hat, before)),
            (Some(before), Some(after)) => {
                let name = attachment_name(hat, before);
                if let Some(state) = state_change(before, after) {
                    format!("made {name} {state} for {user} in {room}")
                } else {
                    let changes = attachment_changes(before, after, zone);
                    format!("changed {name} for {user} in {room}: {changes}")
                }
            }
            (None, None) => format!("changed nothing for {user} in {room}"),
        },
        Edit::OtherFields { before, after } => sets::document_edit(before, after),
    }
}

fn room_edit(room: &Jid, before: Option<&Room>, after: Option<&Room>) -> String {
    let summary = |state: &Room| {
        let name = state
            .name
            .as_deref()
            .map_or(String::new(), |name| format!(" \"{}\"", truncated(name)));
        let users = state.users().len();
        let content = match users {
            0 => String::new(),
            users => format!(
                " with {} and {}",
                count(users, "user"),
                count(state.attachment_count(), "hat")
            ),
        };
        format!("room {room}{name}{content}")
    };
    match (before, after) {
        (None, Some(after)) => format!("added {}", summary(after)),
        (Some(before), None) => format!("removed {}", summary(before)),
        (Some(before), Some(after)) if has_same_room_content(before, after) => {
            format!("changed room {room} (unrecognized fields)")
        }
        _ => format!("replaced the content of room {room}"),
    }
}

/// Counts the hats of the user whom an edit adds or removes. For a replaced user, adds up the hats before and after; 0
/// for other edits.
fn hat_count_of_user_edit(edit: &Edit) -> usize {
    match edit {
        Edit::User { before, after, .. } => {
            let users = before.iter().chain(after);
            users.map(|user| user.hats.len()).sum()
        }
        _ => 0,
    }
}

/// Describes that users were added, banned, removed or replaced. `user`: an address, or several users in words; `hats`:
/// the number of hats of added or removed users.
fn user_edit(room: &Jid, user: &str, before: Option<&User>, after: Option<&User>, hats: usize) -> String {
    let hats = with_hats(hats);
    match (before, after) {
        (None, Some(after)) if after.affiliation == Affiliation::Outcast => {
            format!("banned {user} from {room}{hats}")
        }
        (None, Some(after)) => format!("added {user} to {room} as {}{hats}", after.affiliation),
        (Some(before), None) => format!("removed {user} ({}) from {room}{hats}", before.affiliation),
        (Some(before), Some(after)) if has_same_user_content(before, after) => {
            format!("changed {user} in {room} (unrecognized fields)")
        }
        _ => format!("replaced the affiliation and hats of {user} in {room}"),
    }
}

/// Returns ` with 2 hats`, or an empty text for no hats.
fn with_hats(hats: usize) -> String {
    match hats {
        0 => String::new(),
        some => format!(" with {}", count(some, "hat")),
    }
}

fn catalog_edit(room: &Jid, hat: &HatId, before: Option<&CatalogHat>, after: Option<&CatalogHat>) -> String {
    let name = |entry: &CatalogHat| hat_name(hat, entry.title.as_deref());
    match (before, after) {
        (None, Some(after)) => format!("defined {} in the catalog of {room}", name(after)),
        (Some(before), None) => format!("removed {} from the catalog of {room}", name(before)),
        (Some(before), Some(after)) => format!(
            "changed {} in the catalog of {room}{}",
            name(before),
            catalog_changes(before, after)
        ),
        (None, None) => format!("changed nothing in the catalog of {room}"),
    }
}

/// Describes the changes of a catalog hat, after a colon: `: title "Teacher", color red`; empty if only unrecognized
/// fields differ.
fn catalog_changes(before: &CatalogHat, after: &CatalogHat) -> String {
    let title = (before.title != after.title).then(|| title_phrase(after.title.as_deref()));
    let color = (before.hue != after.hue).then(|| match &after.hue {
        Some(hue) => hat_color::describe(&truncated(hue.as_json().as_str())),
        None => "automatic color".into(),
    });
    let parts: Vec<String> = title.into_iter().chain(color).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    }
}

/// Shortens a very long text, so that a title of megabytes is not copied for each frame.
pub(super) fn truncated(text: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 2000;
    shortened(text, MAX_CHARS)
}

/// Shortens a text to this number of characters and an ellipsis, if it is longer.
pub(super) fn shortened(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Names a hat in a sentence: by its title in quotes, else by its ID in angle brackets.
pub fn hat(id: &HatId, title: Option<&str>) -> String {
    hat_name(id, title)
}

/// Names a hat, and says whether it is inactive or required: `"Teacher"`, `"Proctor" (inactive, required)`.
pub fn hat_with_flags(id: &HatId, attachment: &Attachment) -> String {
    let name = attachment_name(id, attachment);
    let inactive = (!attachment.is_active()).then_some("inactive");
    let required = attachment.is_required().then_some("required");
    let parts: Vec<_> = inactive.into_iter().chain(required).collect();
    if parts.is_empty() {
        name
    } else {
        format!("{name} ({})", parts.join(", "))
    }
}

/// Names the first few hats in alphabetical order, and counts the others.
pub fn hats(hats: &Hats) -> String {
    let mut names: Vec<String> = hats
        .iter()
        .map(|(id, attachment)| hat_with_flags(id, attachment))
        .collect();
    names.sort();
    first_few(&names)
}

/// Returns the title in quotes, else the ID in angle brackets.
fn hat_name(hat: &HatId, title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{}\"", truncated(title)),
        None => format!("<{}>", truncated(hat.as_str())),
    }
}

fn attachment_name(hat: &HatId, attachment: &Attachment) -> String {
    hat_name(hat, attachment.title.as_deref())
}

/// Names an added hat, and says when it expires.
fn added_hat(hat: &HatId, attachment: &Attachment, zone: &TimeZone) -> String {
    format!("{}{}", attachment_name(hat, attachment), expiry(attachment, zone))
}

/// Returns ` (expires 2027-01-31 18:00)`, or an empty text if the hat does not expire.
fn expiry(attachment: &Attachment, zone: &TimeZone) -> String {
    let end = attachment.until();
    end.map_or_else(String::new, |end| {
        format!(" (expires {})", until::full(end, zone))
    })
}

fn title_phrase(title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("title \"{}\"", truncated(title)),
        None => "no title".into(),
    }
}

/// Adds a hint in parentheses to a text, such as `u to undo`. If the text already ends with parentheses, the hint is
/// added inside them.
pub(super) fn with_hint(text: &str, hint: &str) -> String {
    match text.strip_suffix(')') {
        Some(start) => format!("{start}; {hint})"),
        None => format!("{} ({hint})", without_period(text)),
    }
}

/// Puts a text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", truncated(text))
}

/// Lists the first three names, and counts the others.
pub(crate) fn first_few(names: &[impl ToString]) -> String {
    const MAX_NAMED: usize = 3;
    let first = names.iter().take(MAX_NAMED).map(ToString::to_string);
    let shown = first.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => shown,
        more => format!("{shown} and {} more", with_thousands_commas(more)),
    }
}

/// Describes two edits one by one, and more than two by the number of each kind.
fn mixed_edits(all: &[Edit], zone: &TimeZone) -> String {
    match all {
        [first, second] => format!("{} and {}", titled_edit(first, zone), titled_edit(second, zone)),
        _ => many::summary_by_kind(all, Tense::Past),
    }
}

/// Says how many rows are marked: `4 marked`, or `4 marked, 1 hidden`.
pub(crate) fn marked(number: usize, hidden: usize) -> String {
    let marked = format!("{} marked", with_thousands_commas(number));
    match hidden {
        0 => marked,
        hidden => format!("{marked}, {} hidden", with_thousands_commas(hidden)),
    }
}

/// Finds the name that is most similar to a typed text; `None` if no name is similar.
pub fn closest_match<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let distance = |name: &str| strsim::osa_distance(&typed, &name.to_lowercase());
    let closest = names
        .map(|name| (distance(name), name))
        .min_by_key(|(distance, _)| *distance)?;
    // Two of five letters of the name may differ; in a name of at most four letters, only one.
    let max_distance = closest.1.chars().count().max(3) * 2 / 5;
    (closest.0 <= max_distance).then_some(closest.1)
}

#[cfg(test)]
mod tests;
