//! Describes an edit in two parts: its subject (a user, hat, room, hat set or the data file), and what was done to the
//! subject.

use jiff::tz::TimeZone;

use crate::model::{Affiliation, Attachment, CatalogHat, Edit, HatId, Jid, Room, User, Wardrobe};

use super::same_content::{has_same_room_content, has_same_user_content};
use super::sets::document_subject_and_action;
use super::titles::with_titles;
use super::{attachment_changes, attachment_name, catalog_changes, count, expiry, hat_name, truncated};

/// Describes the subject of an edit, and what was done to it: `terry@example.org` and `"Proctor" added in courses@…`.
pub fn subject_and_action(edit: &Edit, wardrobe: &Wardrobe, zone: &TimeZone) -> (String, String) {
    match with_titles(std::slice::from_ref(edit), wardrobe).first() {
        Some(titled) => titled_subject_and_action(titled, zone),
        None => Default::default(),
    }
}

fn titled_subject_and_action(edit: &Edit, zone: &TimeZone) -> (String, String) {
    match edit {
        Edit::Room { room, before, after } => {
            (room.to_string(), room_action(before.as_deref(), after.as_deref()))
        }
        Edit::RoomName { room, before, after } => (
            room.to_string(),
            room_name_action(before.as_deref(), after.as_deref()),
        ),
        Edit::Catalog {
            room,
            hat,
            before,
            after,
        } => {
            let title = before
                .as_ref()
                .or(after.as_ref())
                .and_then(|entry| entry.title.as_deref());
            (
                hat_name(hat, title),
                catalog_action(room, before.as_ref(), after.as_ref()),
            )
        }
        Edit::User {
            room,
            user,
            before,
            after,
        } => (
            user.to_string(),
            user_action(room, before.as_ref(), after.as_ref()),
        ),
        Edit::Affiliation {
            room,
            user,
            before,
            after,
        } => {
            let action = match after {
                Affiliation::Outcast => format!("banned from {room} (was {before})"),
                _ => format!("changed to {after} in {room} (was {before})"),
            };
            (user.to_string(), action)
        }
        Edit::Hat {
            room,
            user,
            hat,
            before,
            after,
            ..
        } => (
            user.to_string(),
            hat_action(room, hat, before.as_ref(), after.as_ref(), zone),
        ),
        Edit::OtherFields { before, after } => document_subject_and_action(before, after),
    }
}

fn room_action(before: Option<&Room>, after: Option<&Room>) -> String {
    let content = |room: &Room| {
        let (users, hats) = (room.users().len(), room.attachment_count());
        match (users, hats) {
            (0, 0) => String::new(),
            _ => format!(" with {} and {}", count(users, "user"), count(hats, "hat")),
        }
    };
    match (before, after) {
        (None, Some(room)) => format!("room added{}", content(room)),
        (Some(room), None) => format!("room removed{}", content(room)),
        (Some(before), Some(after)) if has_same_room_content(before, after) => {
            "room changed (unrecognized fields)".into()
        }
        _ => "content of the room replaced".into(),
    }
}

fn room_name_action(before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(old), Some(new)) => format!("renamed from \"{}\" to \"{}\"", truncated(old), truncated(new)),
        (None, Some(new)) => format!("named \"{}\"", truncated(new)),
        (Some(old), None) => format!("name cleared (was \"{}\")", truncated(old)),
        (None, None) => "changed nothing".into(),
    }
}

fn catalog_action(room: &Jid, before: Option<&CatalogHat>, after: Option<&CatalogHat>) -> String {
    match (before, after) {
        (None, Some(_)) => format!("defined in the catalog of {room}"),
        (Some(_), None) => format!("removed from the catalog of {room}"),
        (Some(before), Some(after)) => {
            format!(
                "changed in the catalog of {room}{}",
                catalog_changes(before, after)
            )
        }
        (None, None) => format!("changed in the catalog of {room}"),
    }
}

fn user_action(room: &Jid, before: Option<&User>, after: Option<&User>) -> String {
    let with_hat_names = |user: &User| {
        let hats = user.hats.iter();
        let names: Vec<String> = hats.map(|(id, hat)| attachment_name(id, hat)).collect();
        match names.as_slice() {
            [] => String::new(),
            names => format!(" with {}", names.join(", ")),
        }
    };
    match (before, after) {
        (None, Some(user)) if user.affiliation == Affiliation::Outcast => {
            format!("banned from {room}{}", with_hat_names(user))
        }
        (None, Some(user)) => format!("added to {room} as {}{}", user.affiliation, with_hat_names(user)),
        (Some(user), None) => format!(
            "removed from {room} (was {}){}",
            user.affiliation,
            with_hat_names(user)
        ),
        (Some(before), Some(after)) if has_same_user_content(before, after) => {
            format!("changed in {room} (unrecognized fields)")
        }
        _ => format!("affiliation and hats replaced in {room}"),
    }
}

fn hat_action(
    room: &Jid,
    hat: &HatId,
    before: Option<&Attachment>,
    after: Option<&Attachment>,
    zone: &TimeZone,
) -> String {
    match (before, after) {
        (None, Some(after)) => {
            let (name, expiry) = (attachment_name(hat, after), expiry(after, zone));
            format!("{name} added in {room}{expiry}")
        }
        (Some(before), None) => format!("{} removed in {room}", attachment_name(hat, before)),
        (Some(before), Some(after)) => {
            let (name, changes) = (
                attachment_name(hat, before),
                attachment_changes(before, after, zone),
            );
            format!("{name} changed in {room}: {changes}")
        }
        (None, None) => format!("changed nothing in {room}"),
    }
}
