//! Describes the current value of an item that a change or form edits, such as *theirs* in a conflict.

use jiff::tz::TimeZone;

use super::describe::{truncated, unrecognized_fields_except};
use super::{hat_color, until};
use crate::model::{Affiliation, Attachment, CatalogHat, Edit, Wardrobe};

/// Describes a user's hat: `"Teacher", active, required`. Times are in `zone`. Unrecognized fields are named unless
/// they are the same in `other`, the value with which this one is compared.
pub(super) fn describe_attachment(
    attachment: &Attachment,
    other: Option<&Attachment>,
    zone: &TimeZone,
) -> String {
    let title = match attachment.title.as_deref().filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{title}\""),
        None => "without a title".into(),
    };
    let active = if attachment.is_active() {
        "active"
    } else {
        "inactive"
    };
    let required = if attachment.is_required() {
        ", required"
    } else {
        ""
    };
    let until = attachment.until();
    let until = until.map_or_else(String::new, |end| format!(", expires {}", until::full(end, zone)));
    let more = unrecognized_fields_except(attachment, other);
    let more = more.map_or_else(String::new, |fields| format!(", {fields}"));
    format!("{title}, {active}{required}{until}{more}")
}

/// Describes a hat of the catalog: `"Teacher", color red`.
pub(super) fn describe_catalog_hat(hat: &CatalogHat) -> String {
    let title = match hat.title.as_deref().filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{title}\""),
        None => "without a title".into(),
    };
    match &hat.hue {
        Some(hue) => format!(
            "{title}, {}",
            hat_color::describe(&truncated(hue.as_json().as_str()))
        ),
        None => title,
    }
}

/// Describes the current value of the item that an edit changes: a user's hat as [`describe_attachment`] does, any
/// other item as a clause.
pub(super) fn describe_current(edit: &Edit, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let room = edit.room().and_then(|room| wardrobe.room(room));
    let user = room.zip(edit.user()).and_then(|(room, user)| room.user(user));
    match (edit, room) {
        (Edit::OtherFields { .. }, _) => "the data file's other fields have changed".into(),
        (_, None) => "the room no longer exists".into(),
        (Edit::Room { .. }, Some(room)) => format!(
            "the room exists, with {} and {}",
            super::describe::count_or_no(room.users().len(), "user"),
            super::describe::count_or_no(room.attachment_count(), "hat")
        ),
        (Edit::Catalog { hat, .. }, Some(room)) => match room.catalog.get(hat) {
            Some(current) => format!("the catalog has {}", describe_catalog_hat(current)),
            None => "the hat is not in the catalog".into(),
        },
        (Edit::RoomName { .. }, Some(room)) => describe_room_name(room.name.as_deref()),
        (
            Edit::Hat {
                hat, before, after, ..
            },
            Some(_),
        ) => match user.and_then(|user| user.hats.get(hat)) {
            Some(current) => describe_attachment(current, before.as_ref().or(after.as_ref()), zone),
            None if user.is_none() => "the user is no longer in the room".into(),
            None => "the user no longer has the hat".into(),
        },
        (Edit::User { .. } | Edit::Affiliation { .. }, Some(_)) => match user {
            Some(user) => format!(
                "{} with {}",
                describe_affiliation(user.affiliation),
                super::describe::count_or_no(user.hats.len(), "hat")
            ),
            None => "the user is no longer in the room".into(),
        },
    }
}

/// Describes a user's affiliation, as a clause.
pub(super) fn describe_affiliation(affiliation: Affiliation) -> String {
    match affiliation {
        Affiliation::Outcast => "the user is banned".into(),
        Affiliation::None => "the user is not affiliated".into(),
        other => format!("the user is {other}"),
    }
}

/// Describes a room's name, as a clause.
pub(super) fn describe_room_name(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the room's name is \"{name}\""),
        None => "the room has no name".into(),
    }
}
