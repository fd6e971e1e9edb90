//! What a form is about: rooms, users in rooms, their hats, a hat of a catalog. One is a batch of one, in whichever
//! rooms: only where there is one, it is known what was there when the form was opened.

mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid, Wardrobe};

use super::attachment_ref::{AttachmentRef, RoomUser};
use super::{conflict_text, describe};

/// What a form is about, and what was there when it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "stored::StoredSubject", into = "stored::StoredSubject")]
pub enum FormSubject {
    /// A new room.
    AddRoom,
    /// The name of a room.
    EditRoom {
        /// The room.
        room: Jid,
        /// Its name then.
        before: Option<Arc<str>>,
    },
    /// Users to be affiliated with rooms.
    AddUser {
        /// The rooms.
        rooms: Vec<Jid>,
    },
    /// Users to be affiliated with one more room.
    AddToRoom {
        /// The users.
        users: Vec<Jid>,
    },
    /// The affiliation of users.
    EditUsers {
        /// The users and their rooms.
        members: Vec<RoomUser>,
        /// The affiliation then, of one user in one room.
        before: Option<Affiliation>,
    },
    /// A hat for users.
    AddHat {
        /// The users and their rooms.
        members: Vec<RoomUser>,
    },
    /// Attachments that are there.
    EditHats {
        /// The attachments.
        attachments: Vec<AttachmentRef>,
        /// What they are called: a title, or how many hats they are.
        name: String,
        /// The attachment then, of one.
        before: Option<Attachment>,
    },
    /// A new hat in a room's catalog.
    DefineHat {
        /// The room.
        room: Jid,
    },
    /// A hat in a room's catalog.
    EditDefined {
        /// The room.
        room: Jid,
        /// The hat.
        hat: HatId,
        /// What the catalog had then.
        before: CatalogHat,
    },
}

impl FormSubject {
    /// The form's heading; addresses in it must be sanitized before drawing.
    pub fn heading(&self) -> String {
        match self {
            Self::AddRoom => "Add room".into(),
            Self::EditRoom { room, .. } => format!("Edit room {room}"),
            Self::AddUser { rooms } => format!("Add user to {}", rooms_label(rooms.iter())),
            Self::AddToRoom { users } => format!("Add {} to room", users_label(users.iter())),
            Self::EditUsers { members, .. } => match members.as_slice() {
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
            Self::AddHat { members } => {
                let (rooms, users) = rooms_and_users(members);
                format!("Add hat to {}", users_in_rooms_label(users, rooms))
            }
            Self::EditHats {
                attachments, name, ..
            } => match attachments.as_slice() {
                [one] => format!("Edit hat of {}", one.user),
                many => {
                    let (rooms, users) = (many.iter().map(|at| &at.room), many.iter().map(|at| &at.user));
                    format!("Edit {name} of {}", users_in_rooms_label(users, rooms))
                }
            },
            Self::DefineHat { room } => format!("Define hat in the catalog of {room}"),
            Self::EditDefined { room, .. } => format!("Edit hat in the catalog of {room}"),
        }
    }

    /// The rooms that the form is about, those that are there already; one may come more than once.
    pub fn rooms(&self) -> Vec<&Jid> {
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => Vec::new(),
            Self::EditRoom { room, .. } | Self::DefineHat { room } | Self::EditDefined { room, .. } => {
                vec![room]
            }
            Self::AddUser { rooms } => rooms.iter().collect(),
            Self::EditUsers { members, .. } | Self::AddHat { members } => {
                members.iter().map(|(room, _)| room).collect()
            }
            Self::EditHats { attachments, .. } => attachments.iter().map(|at| &at.room).collect(),
        }
    }

    /// What somebody else made meanwhile of the thing that the form edits, in words; `None` while it is as it was. What
    /// is done to several is made of what is there then, and told before.
    pub(super) fn concurrent_change(&self, wardrobe: &Wardrobe) -> Option<String> {
        let gone = || Some("the room no longer exists".to_owned());
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => None,
            Self::EditRoom { room, before } => match wardrobe.room(room) {
                None => gone(),
                Some(there) => {
                    (there.name != *before).then(|| conflict_text::describe_room_name(there.name.as_deref()))
                }
            },
            Self::AddUser { rooms } => match rooms.as_slice() {
                [room] if wardrobe.room(room).is_none() => gone(),
                _ => None,
            },
            Self::EditUsers { members, before } => {
                let ((room, user), before) = single(members).zip(before.as_ref())?;
                match wardrobe.user(room, user).map(|there| there.affiliation) {
                    None => Some("the user is no longer in the room".into()),
                    Some(now) => (now != *before).then(|| conflict_text::describe_affiliation(now)),
                }
            }
            Self::AddHat { members } => {
                let (room, user) = single(members)?;
                let there = wardrobe.user(room, user).map(|there| there.affiliation);
                match (wardrobe.room(room), there) {
                    (None, _) => gone(),
                    (_, None) => Some("the user is no longer affiliated".into()),
                    (_, Some(now)) => {
                        (!now.is_affiliated()).then(|| conflict_text::describe_affiliation(now))
                    }
                }
            }
            Self::EditHats {
                attachments, before, ..
            } => {
                let (at, before) = single(attachments).zip(before.as_ref())?;
                let there = wardrobe.user(&at.room, &at.user);
                match there.and_then(|user| user.hats.get(&at.hat)) {
                    None => Some("the user no longer has the hat".into()),
                    Some(now) if now != before => Some(conflict_text::describe_attachment(now)),
                    Some(_) => there
                        .filter(|user| !user.affiliation.is_affiliated())
                        .map(|user| conflict_text::describe_affiliation(user.affiliation)),
                }
            }
            Self::DefineHat { room } => match wardrobe.room(room) {
                None => gone(),
                Some(_) => None,
            },
            Self::EditDefined { room, hat, before } => match wardrobe.room(room) {
                None => gone(),
                Some(there) => {
                    let now = there.catalog.get(hat).cloned().unwrap_or_default();
                    (now != *before).then(|| conflict_text::describe_catalog_hat(&now))
                }
            },
        }
    }

    /// Takes what is there now as what the form began with; false where there is nothing to begin with.
    pub(super) fn rebase(&mut self, wardrobe: &Wardrobe) -> bool {
        let is_there = |room: &Jid| wardrobe.room(room).is_some();
        match self {
            Self::AddRoom | Self::AddToRoom { .. } => true,
            Self::EditRoom { room, before } => {
                let there = wardrobe.room(room);
                *before = there.and_then(|there| there.name.clone());
                there.is_some()
            }
            Self::AddUser { rooms } => rooms.iter().any(is_there),
            Self::EditUsers { members, before } => match (members.as_slice(), before) {
                ([(room, user)], Some(before)) => {
                    let there = wardrobe.user(room, user).map(|user| user.affiliation);
                    // A user who went is added again with what was chosen: the room must be there for that.
                    *before = there.unwrap_or(Affiliation::None);
                    is_there(room)
                }
                _ => true,
            },
            Self::AddHat { members } => single(members).is_none_or(|(room, user)| {
                let there = wardrobe.user(room, user);
                there.is_some_and(|user| user.affiliation.is_affiliated())
            }),
            Self::EditHats {
                attachments, before, ..
            } => match (attachments.as_slice(), before) {
                ([at], Some(before)) => {
                    if let Some(now) = at.attachment(wardrobe) {
                        before.clone_from(now);
                    }
                    let there = wardrobe.user(&at.room, &at.user);
                    there.is_some_and(|user| user.affiliation.is_affiliated())
                }
                _ => true,
            },
            Self::DefineHat { room } => is_there(room),
            Self::EditDefined { room, hat, before } => {
                let there = wardrobe.room(room);
                let now = there.and_then(|there| there.catalog.get(hat).cloned());
                *before = now.unwrap_or_default();
                there.is_some()
            }
        }
    }
}

/// The only one of a batch of one.
pub(super) fn single<T>(all: &[T]) -> Option<&T> {
    match all {
        [one] => Some(one),
        _ => None,
    }
}

/// The rooms and the users of members.
fn rooms_and_users(members: &[RoomUser]) -> (impl Iterator<Item = &Jid>, impl Iterator<Item = &Jid>) {
    let rooms = members.iter().map(|(room, _)| room);
    (rooms, members.iter().map(|(_, user)| user))
}

/// `courses@conference.example.org`, `2 rooms`.
pub(super) fn rooms_label<'a>(rooms: impl Iterator<Item = &'a Jid>) -> String {
    one_or_count(rooms, "room")
}

/// `terry@example.org`, `18 users`.
pub(super) fn users_label<'a>(users: impl Iterator<Item = &'a Jid>) -> String {
    one_or_count(users, "user")
}

/// `18 users`, `terry@example.org in 2 rooms`: the only room is not named.
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
        (1, Some(one)) => one.to_string(),
        (many, _) => describe::count(many, noun),
    }
}
