//! The one idea: every change is an [`Edit`], as data, with what was there before and what is there after.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::excerpt::shortened;
use super::{
    Affiliation, Attachment, CatalogHat, EditError, Extra, FoundValue, HatId, Jid, Room, User, Wardrobe,
};

/// What must hold, beside `before`, for an edit of a user's hat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HatRule {
    /// The user is owner, admin or member of the room, as the three operations demand.
    #[default]
    Affiliated,
    /// Nothing more: taking a hat from somebody who is not affiliated, or bringing in what a server holds.
    Plain,
}

/// An invertible change to a wardrobe. Applying one checks that `before` is what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// A whole room: added, removed, or replaced where its unknown members differ.
    Room {
        /// Where.
        room: Jid,
        /// What was there.
        before: Option<Arc<Room>>,
        /// What is there then.
        after: Option<Arc<Room>>,
    },
    /// A room's name.
    RoomName {
        /// Where.
        room: Jid,
        /// What was there.
        before: Option<Arc<str>>,
        /// What is there then.
        after: Option<Arc<str>>,
    },
    /// A hat in a room's catalog.
    #[serde(rename = "catalogue")] // as histories have it
    Catalog {
        /// Where.
        room: Jid,
        /// Which.
        hat: HatId,
        /// What was there.
        before: Option<CatalogHat>,
        /// What is there then.
        after: Option<CatalogHat>,
    },
    /// A whole user: added, removed with their hats, or replaced where unknown members differ.
    User {
        /// Where.
        room: Jid,
        /// Who.
        user: Jid,
        /// What was there.
        before: Option<User>,
        /// What is there then.
        after: Option<User>,
    },
    /// The affiliation of a user who is there before and after.
    Affiliation {
        /// Where.
        room: Jid,
        /// Who.
        user: Jid,
        /// What was there.
        before: Affiliation,
        /// What is there then.
        after: Affiliation,
    },
    /// A hat of a user.
    Hat {
        /// Where.
        room: Jid,
        /// Who.
        user: Jid,
        /// Which.
        hat: HatId,
        /// What was there.
        before: Option<Attachment>,
        /// What is there then.
        after: Option<Attachment>,
        /// What else must hold.
        #[serde(default)]
        rule: HatRule,
    },
    /// The unknown members of the document itself.
    Document {
        /// What was there.
        #[serde(deserialize_with = "unknown_members")]
        before: Extra,
        /// What is there then.
        #[serde(deserialize_with = "unknown_members")]
        after: Extra,
    },
}

/// Members of the document beside those that the program knows: a line of the history never puts a second `rooms` there.
fn unknown_members<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    let extra = Extra::deserialize(deserializer)?;
    for name in ["version", "revision", "rooms"] {
        if extra.get(name).is_some() {
            return Err(D::Error::custom(format_args!(
                "{name:?} is no unknown member of a wardrobe"
            )));
        }
    }
    Ok(extra)
}

impl Edit {
    /// The edit that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut edit = self.clone();
        match &mut edit {
            Self::Room { before, after, .. } => std::mem::swap(before, after),
            Self::RoomName { before, after, .. } => std::mem::swap(before, after),
            Self::Catalog { before, after, .. } => std::mem::swap(before, after),
            Self::User { before, after, .. } => std::mem::swap(before, after),
            Self::Affiliation { before, after, .. } => std::mem::swap(before, after),
            Self::Hat { before, after, .. } => std::mem::swap(before, after),
            Self::Document { before, after } => std::mem::swap(before, after),
        }
        edit
    }

    /// The room that the edit is about; `None` for the document.
    pub fn room(&self) -> Option<&Jid> {
        match self {
            Self::Room { room, .. }
            | Self::RoomName { room, .. }
            | Self::Catalog { room, .. }
            | Self::User { room, .. }
            | Self::Affiliation { room, .. }
            | Self::Hat { room, .. } => Some(room),
            Self::Document { .. } => None,
        }
    }

    /// The user that the edit is about, where it is about one.
    pub fn user(&self) -> Option<&Jid> {
        match self {
            Self::User { user, .. } | Self::Affiliation { user, .. } | Self::Hat { user, .. } => Some(user),
            _ => None,
        }
    }

    /// The hat that the edit is about, where it is about one.
    pub fn hat(&self) -> Option<&HatId> {
        match self {
            Self::Catalog { hat, .. } | Self::Hat { hat, .. } => Some(hat),
            _ => None,
        }
    }
}

/// The edits of one action of a moderator, in order: applied whole or not at all, undone in one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(pub Vec<Edit>);

impl Group {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The group that takes this one back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.iter().rev().map(Edit::inverse).collect())
    }
}

impl From<Edit> for Group {
    fn from(edit: Edit) -> Self {
        Self(vec![edit])
    }
}

impl Wardrobe {
    /// Applies all the edits of a group, or none of them and says why.
    pub fn apply(&mut self, group: &Group) -> Result<(), EditError> {
        if let [edit] = group.0.as_slice() {
            // No copy of a large room for each of many operations on it.
            return self.apply_edit(edit);
        }
        let mut next = self.clone();
        for edit in &group.0 {
            next.apply_edit(edit)?;
        }
        *self = next;
        Ok(())
    }

    /// Whether what a group leads to is there already: its inverse could be applied.
    pub fn holds(&self, group: &Group) -> bool {
        self.clone().apply(&group.inverse()).is_ok()
    }

    /// Applies those edits of a group that are not made already, and gives them. One whose `before` does not hold, and
    /// whose `after` does not either, is an error; then nothing is applied.
    pub fn apply_rest<'a>(&mut self, group: &'a Group) -> Result<Cow<'a, Group>, EditError> {
        if self.apply(group).is_ok() {
            return Ok(Cow::Borrowed(group));
        }
        let mut next = self.clone();
        let mut kept = Vec::new();
        for edit in &group.0 {
            match next.apply_edit(edit) {
                Ok(()) => kept.push(edit.clone()),
                Err(error) if next.check(&edit.inverse()).is_err() => return Err(error),
                Err(_) => {}
            }
        }
        *self = next;
        Ok(Cow::Owned(Group(kept)))
    }

    /// Whether nothing of a group is in effect any more: all of its edits have been taken back.
    pub fn is_undone(&self, group: &Group) -> bool {
        let rest = |rest: Cow<'_, Group>| rest.is_empty();
        self.clone().apply_rest(&group.inverse()).is_ok_and(rest)
    }

    fn room_mut(&mut self, room: &Jid) -> Result<&mut Room, EditError> {
        match self.rooms.get_mut(room) {
            Some(there) => Ok(Arc::make_mut(there)),
            None => Err(EditError::NoSuchRoom { room: room.clone() }),
        }
    }

    /// Applies one edit, or says why not and changes nothing.
    pub(crate) fn apply_edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        self.check(edit)?;
        match edit {
            Edit::Room { room, after, .. } => match after {
                Some(after) => drop(self.rooms.insert(room.clone(), after.clone())),
                None => drop(self.rooms.remove(room)),
            },
            Edit::RoomName { room, after, .. } => self.room_mut(room)?.name.clone_from(after),
            Edit::Catalog { room, hat, after, .. } => {
                self.room_mut(room)?.put_catalog(hat, after.clone());
            }
            Edit::User {
                room, user, after, ..
            } => drop(self.room_mut(room)?.put_user(user, after.clone())),
            Edit::Affiliation {
                room, user, after, ..
            } => self.room_mut(room)?.put_affiliation(user, *after),
            Edit::Hat {
                room,
                user,
                hat,
                after,
                ..
            } => self.room_mut(room)?.put_hat(user, hat, after.clone()),
            Edit::Document { after, .. } => self.extra = after.clone(),
        }
        Ok(())
    }

    /// Whether an edit could be applied now: its room is there, its rule holds, and so does its `before`.
    pub(crate) fn check(&self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Room { room, before, .. } => {
                let found = self.room(room);
                conflict(
                    found == before.as_ref(),
                    || room.to_string(),
                    || found.map_or(FoundValue::Nothing, |room| FoundValue::Room(room.users().len())),
                )
            }
            Edit::Document { before, .. } => conflict(
                &self.extra == before,
                || "the document".into(),
                || json(Some(&self.extra)),
            ),
            Edit::RoomName { room, before, .. } => {
                let found = &self.there(room)?.name;
                conflict(
                    found == before,
                    || format!("the name of {room}"),
                    || json(found.as_ref()),
                )
            }
            Edit::Catalog {
                room, hat, before, ..
            } => {
                let found = self.there(room)?.catalog.get(hat);
                conflict(
                    found == before.as_ref(),
                    || format!("{} in {room}", shortened(hat.as_str())),
                    || json(found),
                )
            }
            Edit::User {
                room, user, before, ..
            } => {
                let found = self.there(room)?.user(user);
                conflict(
                    found == before.as_ref(),
                    || format!("{user} in {room}"),
                    || json(found),
                )
            }
            Edit::Affiliation {
                room, user, before, ..
            } => {
                let found = self.there(room)?.user(user).map(|user| user.affiliation);
                let what = || format!("the affiliation of {user} with {room}");
                conflict(found == Some(*before), what, || {
                    found.map_or(FoundValue::Nothing, FoundValue::Affiliation)
                })
            }
            Edit::Hat {
                room,
                user,
                hat,
                before,
                after,
                rule,
            } => {
                let there = self.there(room)?.user(user);
                let affiliated = there.is_some_and(|user| user.affiliation.is_affiliated());
                if (*rule == HatRule::Affiliated && !affiliated) || (there.is_none() && after.is_some()) {
                    return Err(EditError::NotAffiliated {
                        room: room.clone(),
                        user: user.clone(),
                    });
                }
                let found = there.and_then(|user| user.hats.get(hat));
                conflict(
                    found == before.as_ref(),
                    || format!("{} of {user} in {room}", shortened(hat.as_str())),
                    || json(found),
                )
            }
        }
    }

    /// A room, or the error that says that there is none.
    pub(super) fn there(&self, room: &Jid) -> Result<&Arc<Room>, EditError> {
        self.room(room)
            .ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })
    }
}

fn conflict(
    holds: bool,
    what: impl FnOnce() -> String,
    found: impl FnOnce() -> FoundValue,
) -> Result<(), EditError> {
    if holds {
        Ok(())
    } else {
        Err(EditError::Conflict {
            what: what(),
            found: found(),
        })
    }
}

/// What is there as JSON; of something long, such as a whole room, only the beginning.
fn json<T: Serialize>(found: Option<&T>) -> FoundValue {
    let Some(found) = found else {
        return FoundValue::Nothing;
    };
    let mut begun = BoundedBuffer(Vec::new());
    let whole = serde_json::to_writer(&mut begun, found).is_ok();
    let mut json = String::from_utf8_lossy(&begun.0).into_owned();
    if !whole {
        // It may have been cut within a character.
        json.truncate(json.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
        json.push('…');
    }
    FoundValue::Json(json)
}

/// Takes so many bytes and no more.
struct BoundedBuffer(Vec<u8>);

impl BoundedBuffer {
    const LONGEST: usize = 500;
}

impl std::io::Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let some = bytes.len().min(Self::LONGEST.saturating_sub(self.0.len()));
        self.0.extend(bytes.iter().take(some));
        Ok(some)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
