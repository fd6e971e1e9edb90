//! What is there now, in words: one side of a conflict.

use crate::model::{Affiliation, Attachment, CatalogHat, Edit, Wardrobe};

/// A hat as a user has it: `"Teacher", worn, required`.
pub(super) fn describe_attachment(attachment: &Attachment) -> String {
    let title = match attachment.title.as_deref().filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{title}\""),
        None => "without a title".into(),
    };
    let worn = if attachment.is_active() {
        "worn"
    } else {
        "not worn"
    };
    let required = if attachment.is_required() {
        ", required"
    } else {
        ""
    };
    let more = if attachment.extra.is_empty() {
        ""
    } else {
        ", with members that hatrack does not know"
    };
    format!("{title}, {worn}{required}{more}")
}

/// A hat of the catalog: `"Teacher", hue 120`.
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

/// What stands now where an edit would change something.
pub(super) fn describe_current(edit: &Edit, wardrobe: &Wardrobe) -> String {
    let room = edit.room().and_then(|room| wardrobe.room(room));
    let user = room.zip(edit.user()).and_then(|(room, user)| room.user(user));
    match (edit, room) {
        (Edit::Document { .. }, _) => {
            "the document's own members (named sets of hats, or what hatrack does not know) are others".into()
        }
        (_, None) => "the room is not there any more".into(),
        (Edit::Room { .. } | Edit::Catalog { .. }, Some(_)) => "the room is another than it was".into(),
        (Edit::RoomName { .. }, Some(room)) => describe_room_name(room.name.as_deref()),
        (Edit::Hat { hat, .. }, Some(_)) => match user.and_then(|user| user.hats.get(hat)) {
            Some(there) => describe_attachment(there),
            None if user.is_none() => "the user is not there any more".into(),
            None => "the user does not have the hat any more".into(),
        },
        (Edit::User { .. } | Edit::Affiliation { .. }, Some(_)) => match user {
            Some(user) => format!(
                "{} with {}",
                describe_affiliation(user.affiliation),
                super::describe::count_or_no(user.hats.len(), "hat")
            ),
            None => "the user is not there any more".into(),
        },
    }
}

/// The user's affiliation, as a sentence.
pub(super) fn describe_affiliation(affiliation: Affiliation) -> String {
    match affiliation {
        Affiliation::Outcast => "the user is banned (outcast)".into(),
        Affiliation::None => "the user is not affiliated".into(),
        other => format!("the user is {other}"),
    }
}

/// The room's name, as a sentence.
pub(super) fn describe_room_name(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the room's name is \"{name}\""),
        None => "the room has no name".into(),
    }
}
