//! Describes the current state of what an edit changes: "theirs" in a conflict.

use crate::model::{Affiliation, Attachment, CatalogHat, Edit, Wardrobe};

/// A user's hat, such as `"Teacher", active, required`.
pub(super) fn describe_attachment(attachment: &Attachment) -> String {
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
    let more = if attachment.extra.is_empty() {
        ""
    } else {
        ", unrecognized fields"
    };
    format!("{title}, {active}{required}{more}")
}

/// A catalog hat, such as `"Teacher", hue 120`.
pub(super) fn describe_catalog_hat(hat: &CatalogHat) -> String {
    let title = match hat.title.as_deref().filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{title}\""),
        None => "without a title".into(),
    };
    match &hat.hue {
        Some(hue) => format!("{title}, hue {}", hue.as_json().as_str()),
        None => title,
    }
}

/// The current state of what an edit would change.
pub(super) fn describe_current(edit: &Edit, wardrobe: &Wardrobe) -> String {
    let room = edit.room().and_then(|room| wardrobe.room(room));
    let user = room.zip(edit.user()).and_then(|(room, user)| room.user(user));
    match (edit, room) {
        (Edit::Document { .. }, _) => "the data file's other fields have changed".into(),
        (_, None) => "the room no longer exists".into(),
        (Edit::Room { .. } | Edit::Catalog { .. }, Some(_)) => "the room has changed".into(),
        (Edit::RoomName { .. }, Some(room)) => describe_room_name(room.name.as_deref()),
        (Edit::Hat { hat, .. }, Some(_)) => match user.and_then(|user| user.hats.get(hat)) {
            Some(there) => describe_attachment(there),
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

/// The user's affiliation, as a clause.
pub(super) fn describe_affiliation(affiliation: Affiliation) -> String {
    match affiliation {
        Affiliation::Outcast => "the user is banned".into(),
        Affiliation::None => "the user is not affiliated".into(),
        other => format!("the user is {other}"),
    }
}

/// The room's name, as a clause.
pub(super) fn describe_room_name(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the room's name is \"{name}\""),
        None => "the room has no name".into(),
    }
}
