//! The subject of a form as stored in a draft. Older versions had separate variants for one and for several items, and
//! most variants for several items were for one room. The old variants are still written where possible, so that older
//! versions can read the draft.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::attachment_ref::{AttachmentRef, RoomUser};
use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid};

use super::FormSubject;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StoredSubject {
    AddRoom,
    EditRoom {
        room: Jid,
        before: Option<Arc<str>>,
    },
    AddUser {
        room: Jid,
    },
    #[serde(rename = "add-user-to")]
    AddUserToRooms {
        rooms: Vec<Jid>,
    },
    /// Unknown to older versions.
    AddToRoom {
        users: Vec<Jid>,
    },
    EditUser {
        room: Jid,
        user: Jid,
        before: Affiliation,
    },
    EditUsers {
        room: Jid,
        users: Vec<Jid>,
    },
    /// Users of several rooms; unknown to older versions.
    EditMembers {
        members: Vec<RoomUser>,
    },
    AddHat {
        room: Jid,
        user: Jid,
    },
    #[serde(rename = "give-many")]
    AddHatToUsers {
        room: Jid,
        users: Vec<Jid>,
    },
    /// For users of several rooms; unknown to older versions.
    #[serde(rename = "give-members")]
    AddHatToMembers {
        members: Vec<RoomUser>,
    },
    EditHat {
        room: Jid,
        user: Jid,
        hat: HatId,
        before: Attachment,
    },
    EditMany {
        #[serde(rename = "held")]
        attachments: Vec<AttachmentRef>,
        name: String,
    },
    DefineHat {
        room: Jid,
    },
    EditDefined {
        room: Jid,
        hat: HatId,
        before: CatalogHat,
    },
}

/// Pairs each user with the room.
fn room_users(room: &Jid, users: Vec<Jid>) -> Vec<RoomUser> {
    users.into_iter().map(|user| (room.clone(), user)).collect()
}

/// The room and the users; `None` if not all users are in the same room.
fn in_one_room(room_users: &[RoomUser]) -> Option<(Jid, Vec<Jid>)> {
    let (room, _) = room_users.first()?;
    let all = room_users.iter().all(|(other, _)| other == room);
    all.then(|| {
        (
            room.clone(),
            room_users.iter().map(|(_, user)| user.clone()).collect(),
        )
    })
}

impl From<StoredSubject> for FormSubject {
    fn from(stored: StoredSubject) -> Self {
        match stored {
            StoredSubject::AddRoom => Self::AddRoom,
            StoredSubject::EditRoom { room, before } => Self::EditRoom { room, before },
            StoredSubject::AddUser { room } => Self::AddUser { rooms: vec![room] },
            StoredSubject::AddToRoom { users } => Self::AddToRoom { users },
            StoredSubject::AddUserToRooms { rooms } => Self::AddUser { rooms },
            StoredSubject::EditUser { room, user, before } => Self::EditUsers {
                room_users: vec![(room, user)],
                before: Some(before),
            },
            StoredSubject::EditUsers { room, users } => Self::EditUsers {
                room_users: room_users(&room, users),
                before: None,
            },
            StoredSubject::EditMembers { members } => Self::EditUsers {
                room_users: members,
                before: None,
            },
            StoredSubject::AddHat { room, user } => Self::AddHat {
                room_users: vec![(room, user)],
            },
            StoredSubject::AddHatToUsers { room, users } => Self::AddHat {
                room_users: room_users(&room, users),
            },
            StoredSubject::AddHatToMembers { members } => Self::AddHat { room_users: members },
            StoredSubject::EditHat {
                room,
                user,
                hat,
                before,
            } => Self::EditHats {
                attachments: vec![AttachmentRef { room, user, hat }],
                name: String::new(),
                before: Some(before),
            },
            StoredSubject::EditMany { attachments, name } => Self::EditHats {
                attachments,
                name,
                before: None,
            },
            StoredSubject::DefineHat { room } => Self::DefineHat { room },
            StoredSubject::EditDefined { room, hat, before } => Self::EditDefined { room, hat, before },
        }
    }
}

impl From<FormSubject> for StoredSubject {
    fn from(subject: FormSubject) -> Self {
        match subject {
            FormSubject::AddRoom => Self::AddRoom,
            FormSubject::EditRoom { room, before } => Self::EditRoom { room, before },
            FormSubject::AddUser { rooms } => match rooms.as_slice() {
                [room] => Self::AddUser { room: room.clone() },
                _ => Self::AddUserToRooms { rooms },
            },
            FormSubject::AddToRoom { users } => Self::AddToRoom { users },
            FormSubject::EditUsers { room_users, before } => match (room_users.as_slice(), before) {
                ([(room, user)], Some(before)) => Self::EditUser {
                    room: room.clone(),
                    user: user.clone(),
                    before,
                },
                (all, _) => match in_one_room(all) {
                    Some((room, users)) => Self::EditUsers { room, users },
                    None => Self::EditMembers { members: room_users },
                },
            },
            FormSubject::AddHat { room_users } => match (room_users.as_slice(), in_one_room(&room_users)) {
                ([(room, user)], _) => Self::AddHat {
                    room: room.clone(),
                    user: user.clone(),
                },
                (_, Some((room, users))) => Self::AddHatToUsers { room, users },
                (_, None) => Self::AddHatToMembers { members: room_users },
            },
            FormSubject::EditHats {
                attachments,
                name,
                before,
            } => match (attachments.as_slice(), before) {
                ([AttachmentRef { room, user, hat }], Some(before)) => Self::EditHat {
                    room: room.clone(),
                    user: user.clone(),
                    hat: hat.clone(),
                    before,
                },
                _ => Self::EditMany { attachments, name },
            },
            FormSubject::DefineHat { room } => Self::DefineHat { room },
            FormSubject::EditDefined { room, hat, before } => Self::EditDefined { room, hat, before },
        }
    }
}
