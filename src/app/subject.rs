//! The subject of a form: rooms, users in rooms, their hats, or a catalog hat. A single item is a batch of one. For a
//! single item, the state at opening is kept, to detect concurrent changes.

mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use jiff::tz::TimeZone;

use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid, Wardrobe};

use super::attachment_ref::{AttachmentRef, RoomUser};
use super::{conflict_text, describe};

/// The subject of a form, and its state when the form was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "stored::StoredSubject", into = "stored::StoredSubject")]
pub enum FormSubject {
    /// The form adds a room.
    AddRoom,
    /// The form edits the name of a room.
    EditRoom {
        /// The room.
        room: Jid,
        /// The name at opening.
        before: Option<Arc<str>>,
    },
    /// The form adds users to rooms.
    AddUser {
        /// The rooms.
        rooms: Vec<Jid>,
    },
    /// The form adds users to another room.
    AddToRoom {
        /// The users.
        users: Vec<Jid>,
    },
    /// The form edits the affiliation of users.
    EditUsers {
        /// The users in their rooms.
        room_users: Vec<RoomUser>,
        /// The affiliation at opening, for a single user in one room.
        before: Option<Affiliation>,
    },
    /// The form adds a hat to users.
    AddHat {
        /// The users in their rooms.
        room_users: Vec<RoomUser>,
    },
    /// The form edits attachments.
    EditHats {
        /// The attachments.
        attachments: Vec<AttachmentRef>,
        /// Their name in headings: a title, or the number of hats.
        name: String,
        /// The attachment at opening, if it is a single one.
        before: Option<Attachment>,
    },
    /// The form defines a hat in a room's catalog.
    DefineHat {
        /// The room.
        room: Jid,
    },
    /// The form edits a hat in a room's catalog.
    EditDefined {
        /// The room.
        room: Jid,
        /// The hat.
        hat: HatId,
        /// The catalog entry at opening.
        before: CatalogHat,
    },
}

impl FormSubject {
    /// The form's heading, not sanitized.
    pub fn heading(&self) -> String {
        match self {
            Self::AddRoom => "Add room".into(),
            Self::EditRoom { room, .. } => format!("Edit room {room}"),
            Self::AddUser { rooms } => format!("Add user to {}", rooms_label(rooms.iter())),
            Self::AddToRoom { users } => format!("Add {} to room", users_label(users.iter())),
            Self::EditUsers { room_users, .. } => match room_users.as_slice() {
                [(room, user)] => format!("Edit {user} in {room}"),
                many => {
                    let (rooms, users) = rooms_and_users(many);
                    format!(
                        "Set affiliation of {} in {}",
                        users_label(users),
                        rooms_label(rooms)
                    )
                }
            },
            Self::AddHat { room_users } => {
                let (rooms, users) = rooms_and_users(room_users);
                format!("Add hat to {}", users_in_rooms_label(users, rooms))
            }
            Self::EditHats {
                attachments, name, ..
            } => match attachments.as_slice() {
                [only] => format!("Edit hat for {}", only.user),
                many => {
                    let rooms = many.iter().map(|attachment| &attachment.room);
                    let users = many.iter().map(|attachment| &attachment.user);
                    format!("Edit {name} for {}", users_in_rooms_label(users, rooms))
                }
            },
            Self::DefineHat { room } => format!("Define hat in the catalog of {room}"),
            Self::EditDefined { room, .. } => format!("Edit hat in the catalog of {room}"),
        }
    }

    /// The existing rooms of the subject; a room can occur more than once.
    pub fn rooms(&self) -> Vec<&Jid> {
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => Vec::new(),
            Self::EditRoom { room, .. } | Self::DefineHat { room } | Self::EditDefined { room, .. } => {
                vec![room]
            }
            Self::AddUser { rooms } => rooms.iter().collect(),
            Self::EditUsers { room_users, .. } | Self::AddHat { room_users } => {
                room_users.iter().map(|(room, _)| room).collect()
            }
            Self::EditHats { attachments, .. } => {
                attachments.iter().map(|attachment| &attachment.room).collect()
            }
        }
    }

    /// Describes how someone else changed the subject since the form was opened; `None` if it is unchanged. Batches are
    /// not checked: they apply to the current state, which is shown before they are applied.
    pub(super) fn concurrent_change(&self, wardrobe: &Wardrobe, zone: &TimeZone) -> Option<String> {
        let room_removed = || Some("the room no longer exists".to_owned());
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => None,
            Self::EditRoom { room, before } => match wardrobe.room(room) {
                None => room_removed(),
                Some(now) => {
                    (now.name != *before).then(|| conflict_text::describe_room_name(now.name.as_deref()))
                }
            },
            Self::AddUser { rooms } => match rooms.as_slice() {
                [room] if wardrobe.room(room).is_none() => room_removed(),
                _ => None,
            },
            Self::EditUsers { room_users, before } => {
                let ((room, user), before) = single(room_users).zip(before.as_ref())?;
                match wardrobe.user(room, user).map(|user| user.affiliation) {
                    None if wardrobe.room(room).is_none() => room_removed(),
                    None => Some("the user is no longer in the room".into()),
                    Some(now) => (now != *before).then(|| conflict_text::describe_affiliation(now)),
                }
            }
            Self::AddHat { room_users } => {
                let (room, user) = single(room_users)?;
                let affiliation = wardrobe.user(room, user).map(|user| user.affiliation);
                match (wardrobe.room(room), affiliation) {
                    (None, _) => room_removed(),
                    (_, None) => Some("the user is no longer affiliated".into()),
                    (_, Some(now)) => {
                        (!now.is_affiliated()).then(|| conflict_text::describe_affiliation(now))
                    }
                }
            }
            Self::EditHats {
                attachments, before, ..
            } => {
                let (only, before) = single(attachments).zip(before.as_ref())?;
                let user = wardrobe.user(&only.room, &only.user);
                match user.and_then(|user| user.hats.get(&only.hat)) {
                    None if wardrobe.room(&only.room).is_none() => room_removed(),
                    None => Some("the user no longer has the hat".into()),
                    Some(now) if now != before => {
                        Some(conflict_text::describe_attachment(now, Some(before), zone))
                    }
                    Some(_) => user
                        .filter(|user| !user.affiliation.is_affiliated())
                        .map(|user| conflict_text::describe_affiliation(user.affiliation)),
                }
            }
            Self::DefineHat { room } => match wardrobe.room(room) {
                None => room_removed(),
                Some(_) => None,
            },
            Self::EditDefined { room, hat, before } => match wardrobe.room(room) {
                None => room_removed(),
                Some(room) => {
                    let now = room.catalog.get(hat).cloned().unwrap_or_default();
                    (now != *before).then(|| conflict_text::describe_catalog_hat(&now))
                }
            },
        }
    }

    /// Takes the current state of a single item as its state at opening. Returns false if the form can no longer be
    /// saved: its rooms no longer exist, or the single user of its hat is no longer an owner, admin or member. Returns
    /// true for batches of users or hats.
    pub(super) fn rebase(&mut self, wardrobe: &Wardrobe) -> bool {
        let exists = |room: &Jid| wardrobe.room(room).is_some();
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => true,
            Self::EditRoom { room, before } => {
                let now = wardrobe.room(room);
                *before = now.and_then(|room| room.name.clone());
                now.is_some()
            }
            Self::AddUser { rooms } => rooms.iter().any(exists),
            Self::EditUsers { room_users, before } => match (room_users.as_slice(), before) {
                ([(room, user)], Some(before)) => {
                    let affiliation = wardrobe.user(room, user).map(|user| user.affiliation);
                    // A user who was removed is added again; the room must exist for that.
                    *before = affiliation.unwrap_or(Affiliation::None);
                    exists(room)
                }
                _ => true,
            },
            Self::AddHat { room_users } => single(room_users).is_none_or(|(room, user)| {
                let user = wardrobe.user(room, user);
                user.is_some_and(|user| user.affiliation.is_affiliated())
            }),
            Self::EditHats {
                attachments, before, ..
            } => match (attachments.as_slice(), before) {
                ([only], Some(before)) => {
                    if let Some(now) = only.attachment(wardrobe) {
                        before.clone_from(now);
                    }
                    let user = wardrobe.user(&only.room, &only.user);
                    user.is_some_and(|user| user.affiliation.is_affiliated())
                }
                _ => true,
            },
            Self::DefineHat { room } => exists(room),
            Self::EditDefined { room, hat, before } => {
                let room = wardrobe.room(room);
                let now = room.and_then(|room| room.catalog.get(hat).cloned());
                *before = now.unwrap_or_default();
                room.is_some()
            }
        }
    }
}

/// The only item, if there is exactly one.
pub(super) fn single<T>(all: &[T]) -> Option<&T> {
    match all {
        [only] => Some(only),
        _ => None,
    }
}

/// Splits pairs into their rooms and their users.
fn rooms_and_users(room_users: &[RoomUser]) -> (impl Iterator<Item = &Jid>, impl Iterator<Item = &Jid>) {
    let rooms = room_users.iter().map(|(room, _)| room);
    (rooms, room_users.iter().map(|(_, user)| user))
}

/// Names a single room, or counts several: `courses@conference.example.org`, `2 rooms`.
pub(super) fn rooms_label<'a>(rooms: impl Iterator<Item = &'a Jid>) -> String {
    one_or_count(rooms, "room")
}

/// Names a single user, or counts several: `terry@example.org`, `18 users`.
pub(super) fn users_label<'a>(users: impl Iterator<Item = &'a Jid>) -> String {
    one_or_count(users, "user")
}

/// Names or counts users and their rooms; does not name a single room: `18 users`, `terry@example.org in 2 rooms`.
fn users_in_rooms_label<'a>(
    users: impl Iterator<Item = &'a Jid>,
    rooms: impl Iterator<Item = &'a Jid>,
) -> String {
    let rooms: BTreeSet<&Jid> = rooms.collect();
    match rooms.len() {
        1 => users_label(users),
        _ => format!("{} in {}", users_label(users), rooms_label(rooms.into_iter())),
    }
}

fn one_or_count<'a>(all: impl Iterator<Item = &'a Jid>, noun: &str) -> String {
    let all: BTreeSet<&Jid> = all.collect();
    match (all.len(), all.first()) {
        (1, Some(only)) => only.to_string(),
        (many, _) => describe::count(many, noun),
    }
}
