//! The details of a row of an import: all fields before and after that hatrack recognizes, and the names of the others.

use jiff::tz::TimeZone;

use crate::app::until;
use crate::exchange::{UnchangedItem, UnchangedPart};
use crate::model::{Attachment, CatalogHat, Edit, Extra, HatId, Hats, Room, User, Wardrobe};

use super::{count_or_no, hat_color, quoted, title_phrase, truncated};

/// Maximum number of line numbers that are listed.
const MAX_LINE_NUMBERS: usize = 100;

/// The numbers of the lines that a row of an import comes from: `Lines 4, 7 of the file`; `None` if it has no lines.
pub(super) fn lines(lines: &[usize]) -> Option<String> {
    let listed: Vec<String> = lines
        .iter()
        .take(MAX_LINE_NUMBERS)
        .map(usize::to_string)
        .collect();
    let listed = listed.join(", ");
    Some(match lines.len() {
        0 => return None,
        1 => format!("Line {listed} of the file"),
        2..=MAX_LINE_NUMBERS => format!("Lines {listed} of the file"),
        total => format!(
            "Lines {listed} and {} more of the file",
            super::with_thousands_commas(total - MAX_LINE_NUMBERS)
        ),
    })
}

/// The values before and after an edit; for a room or user that is added or removed, its content.
pub(super) fn edit(edit: &Edit, zone: &TimeZone) -> Vec<String> {
    match edit {
        Edit::Room { before, after, .. } => match (before, after) {
            (None, Some(room)) | (Some(room), None) => room_content(room),
            _ => Vec::new(),
        },
        Edit::RoomName { before, after, .. } => {
            let name = |name: Option<&str>| name.map_or_else(|| "no name".into(), quoted);
            both(&name(before.as_deref()), &name(after.as_deref()))
        }
        Edit::Catalog {
            hat, before, after, ..
        } => catalog_hat(hat, before.as_ref(), after.as_ref()),
        Edit::User { before, after, .. } => match (before, after) {
            (None, Some(content)) | (Some(content), None) => user(content, zone),
            _ => Vec::new(),
        },
        Edit::Affiliation { before, after, .. } => both(before.as_str(), after.as_str()),
        Edit::Hat {
            hat, before, after, ..
        } => {
            let value = |attachment: Option<&Attachment>| {
                attachment.map_or_else(|| "no such hat".into(), |attachment| full_hat(attachment, zone))
            };
            let id = std::iter::once(hat_id(hat));
            id.chain(both(&value(before.as_ref()), &value(after.as_ref())))
                .collect()
        }
        Edit::OtherFields { .. } => Vec::new(),
    }
}

/// The affiliation and the hats of a user.
pub(super) fn user(user: &User, zone: &TimeZone) -> Vec<String> {
    let affiliation = format!(
        "Affiliation: {}{}",
        user.affiliation,
        unrecognized(&user.extra, false)
    );
    std::iter::once(affiliation)
        .chain(hats(&user.hats, zone))
        .collect()
}

/// A paragraph for each hat, with its ID.
pub(super) fn hats(hats: &Hats, zone: &TimeZone) -> Vec<String> {
    let hat = |(id, attachment): (&HatId, &Attachment)| {
        format!("Hat {}: {}", truncated(id.as_str()), full_hat(attachment, zone))
    };
    hats.iter().map(hat).collect()
}

/// A hat of a catalog before and after.
pub(super) fn catalog_hat(
    id: &HatId,
    before: Option<&CatalogHat>,
    after: Option<&CatalogHat>,
) -> Vec<String> {
    let value = |hat: Option<&CatalogHat>| hat.map_or_else(|| "not in the catalog".into(), full_catalog_hat);
    let id = std::iter::once(hat_id(id));
    id.chain(both(&value(before), &value(after))).collect()
}

/// The stored value of a hat that an import leaves unchanged; `None` for other items, whose row says everything.
pub(super) fn unchanged(item: &UnchangedItem, wardrobe: &Wardrobe, zone: &TimeZone) -> Option<Vec<String>> {
    let room = wardrobe.room(item.room.as_ref()?)?;
    let (id, stored) = match &item.part {
        UnchangedPart::Hat(id) => {
            let attachment = room.user(item.user.as_ref()?)?.hats.get(id)?;
            (id, full_hat(attachment, zone))
        }
        UnchangedPart::CatalogHat(id) => (id, full_catalog_hat(room.catalog.get(id)?)),
        _ => return None,
    };
    Some(vec![hat_id(id), format!("Before and after: {stored}")])
}

fn both(before: &str, after: &str) -> Vec<String> {
    vec![format!("Before: {before}"), format!("After: {after}")]
}

fn hat_id(id: &HatId) -> String {
    format!("Hat ID: {}", truncated(id.as_str()))
}

fn room_content(room: &Room) -> Vec<String> {
    let name = room.name.as_deref().map_or_else(|| "no name".into(), quoted);
    vec![
        format!("Name: {name}{}", unrecognized(&room.extra, false)),
        format!(
            "{} with {}; {} in the catalog",
            count_or_no(room.users().len(), "user"),
            count_or_no(room.attachment_count(), "hat"),
            count_or_no(room.catalog.len(), "hat")
        ),
    ]
}

/// All fields of a user's hat: `title "Teacher", active, optional, never expires`.
fn full_hat(attachment: &Attachment, zone: &TimeZone) -> String {
    let until = attachment.until();
    let parts = [
        title_phrase(attachment.title.as_deref()),
        String::from(if attachment.is_active() {
            "active"
        } else {
            "inactive"
        }),
        String::from(if attachment.is_required() {
            "required"
        } else {
            "optional"
        }),
        match until {
            Some(end) => format!("expires {}", until::full(end, zone)),
            None => "never expires".into(),
        },
    ];
    let unknown = unrecognized(&attachment.extra, until.is_some());
    format!("{}{unknown}", parts.join(", "))
}

/// All fields of a hat of a catalog.
fn full_catalog_hat(hat: &CatalogHat) -> String {
    let color = match &hat.hue {
        Some(hue) => hat_color::describe(&truncated(hue.as_json().as_str())),
        None => "automatic color".into(),
    };
    let title = title_phrase(hat.title.as_deref());
    format!("{title}, {color}{}", unrecognized(&hat.extra, false))
}

/// `, unrecognized fields "note", "since"`; empty if there are none. `until_is_readable`: do not list the field `until`.
fn unrecognized(extra: &Extra, until_is_readable: bool) -> String {
    let names = extra.iter().map(|(name, _)| name);
    let names: Vec<String> = names
        .filter(|name| !until_is_readable || *name != "until")
        .map(quoted)
        .collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => format!(", unrecognized field {name}"),
        names => format!(", unrecognized fields {}", names.join(", ")),
    }
}
