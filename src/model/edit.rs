//! Edits: changes as data. Each edit has the value before the change and the value after the change.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::excerpt::{quoted, truncated};
use super::{
    Affiliation, Attachment, CatalogHat, EditError, Extra, FoundValue, HatId, Jid, Room, User, Wardrobe,
};

/// A condition that the user must meet for an edit of the user's hat to be applied. The edit's `before` is checked, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HatRule {
    /// The user must be an owner, admin or member of the room, as [`Wardrobe::add_user_hat`] also requires.
    #[default]
    Affiliated,
    /// The user needs no affiliation. Used to remove hats of users without an affiliation, and for changes that were made
    /// elsewhere, such as on a server. A hat can be added or changed only if the room has the user.
    #[serde(rename = "plain")] // the name in existing histories
    AnyUser,
}

/// An invertible change to a wardrobe. It can be applied only if the current value is `before`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// A whole room: added, removed or replaced.
    Room {
        /// The room.
        room: Jid,
        /// The value before the edit.
        before: Option<Arc<Room>>,
        /// The value after the edit.
        after: Option<Arc<Room>>,
    },
    /// A room's name.
    RoomName {
        /// The room.
        room: Jid,
        /// The value before the edit.
        before: Option<Arc<str>>,
        /// The value after the edit.
        after: Option<Arc<str>>,
    },
    /// A hat in a room's catalog.
    #[serde(rename = "catalogue")] // the name in existing histories
    Catalog {
        /// The room.
        room: Jid,
        /// The hat.
        hat: HatId,
        /// The value before the edit.
        before: Option<CatalogHat>,
        /// The value after the edit.
        after: Option<CatalogHat>,
    },
    /// A whole user: added, removed with their hats, or replaced.
    User {
        /// The room.
        room: Jid,
        /// The user.
        user: Jid,
        /// The value before the edit.
        before: Option<User>,
        /// The value after the edit.
        after: Option<User>,
    },
    /// The affiliation of a user who exists before and after the edit.
    Affiliation {
        /// The room.
        room: Jid,
        /// The user.
        user: Jid,
        /// The value before the edit.
        before: Affiliation,
        /// The value after the edit.
        after: Affiliation,
    },
    /// A hat of a user.
    Hat {
        /// The room.
        room: Jid,
        /// The user.
        user: Jid,
        /// The hat.
        hat: HatId,
        /// The value before the edit.
        before: Option<Attachment>,
        /// The value after the edit.
        after: Option<Attachment>,
        /// The condition on the user.
        #[serde(default)]
        rule: HatRule,
    },
    /// The unrecognized fields at the top level of the data file, which include the hat sets.
    #[serde(rename = "document")] // the name in existing histories
    OtherFields {
        /// The value before the edit.
        #[serde(deserialize_with = "unrecognized_fields")]
        before: Extra,
        /// The value after the edit.
        #[serde(deserialize_with = "unrecognized_fields")]
        after: Extra,
    },
}

/// Parses the unrecognized fields of a data file. Rejects recognized ones, so that a line of the history cannot add a
/// second `rooms` to the file.
fn unrecognized_fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    let extra = Extra::deserialize(deserializer)?;
    for name in ["version", "revision", "rooms"] {
        if extra.get(name).is_some() {
            return Err(D::Error::custom(format_args!("{name:?} is a reserved field")));
        }
    }
    Ok(extra)
}

impl Edit {
    /// The edit that undoes this one.
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
            Self::OtherFields { before, after } => std::mem::swap(before, after),
        }
        edit
    }

    /// The room that the edit changes, completely or in part; `None` for [`Edit::OtherFields`].
    pub fn room(&self) -> Option<&Jid> {
        match self {
            Self::Room { room, .. }
            | Self::RoomName { room, .. }
            | Self::Catalog { room, .. }
            | Self::User { room, .. }
            | Self::Affiliation { room, .. }
            | Self::Hat { room, .. } => Some(room),
            Self::OtherFields { .. } => None,
        }
    }

    /// The user that the edit names; `None` for an edit of a whole room and for other edits that name no user.
    pub fn user(&self) -> Option<&Jid> {
        match self {
            Self::User { user, .. } | Self::Affiliation { user, .. } | Self::Hat { user, .. } => Some(user),
            _ => None,
        }
    }

    /// The hat that the edit names; `None` for an edit of a whole room or user and for other edits that name no hat.
    pub fn hat(&self) -> Option<&HatId> {
        match self {
            Self::Catalog { hat, .. } | Self::Hat { hat, .. } => Some(hat),
            _ => None,
        }
    }
}

/// The edits of one action, in order. A group is applied atomically and undone in one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditGroup(pub Vec<Edit>);

impl EditGroup {
    /// Whether the group has no edits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The group that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self(self.0.iter().rev().map(Edit::inverse).collect())
    }
}

impl From<Edit> for EditGroup {
    fn from(edit: Edit) -> Self {
        Self(vec![edit])
    }
}

impl Wardrobe {
    /// Applies all edits of a group. After an error, nothing is changed.
    pub fn apply(&mut self, group: &EditGroup) -> Result<(), EditError> {
        if let [edit] = group.0.as_slice() {
            // Avoids copying a large room for each of many operations on it.
            return self.apply_edit(edit);
        }
        let mut next = self.clone();
        for edit in &group.0 {
            next.apply_edit(edit)?;
        }
        *self = next;
        Ok(())
    }

    /// Whether the group is already in effect, that is, whether its inverse could be applied.
    pub fn is_applied(&self, group: &EditGroup) -> bool {
        self.clone().apply(&group.inverse()).is_ok()
    }

    /// Applies the edits of a group that are not in effect yet and returns these edits.
    ///
    /// Errors: an edit is not in effect and cannot be applied, for example because the current value is neither its
    /// `before` nor its `after`. Then nothing is changed.
    pub fn apply_remaining<'a>(&mut self, group: &'a EditGroup) -> Result<Cow<'a, EditGroup>, EditError> {
        if self.apply(group).is_ok() {
            return Ok(Cow::Borrowed(group));
        }
        let mut next = self.clone();
        let mut applied = Vec::new();
        for edit in &group.0 {
            match next.apply_edit(edit) {
                Ok(()) => applied.push(edit.clone()),
                Err(error) if next.check_edit(&edit.inverse()).is_err() => return Err(error),
                Err(_) => {}
            }
        }
        *self = next;
        Ok(Cow::Owned(EditGroup(applied)))
    }

    /// Whether the whole group is undone: every value that the group changed is again as before the group.
    pub fn is_undone(&self, group: &EditGroup) -> bool {
        let is_empty = |remaining: Cow<'_, EditGroup>| remaining.is_empty();
        self.clone().apply_remaining(&group.inverse()).is_ok_and(is_empty)
    }

    fn room_mut(&mut self, room: &Jid) -> Result<&mut Room, EditError> {
        match Arc::make_mut(&mut self.rooms).get_mut(room) {
            Some(content) => Ok(Arc::make_mut(content)),
            None => Err(EditError::NoSuchRoom { room: room.clone() }),
        }
    }

    /// Applies one edit. After an error, nothing is changed.
    pub(crate) fn apply_edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        self.check_edit(edit)?;
        match edit {
            Edit::Room { room, after, .. } => {
                let rooms = Arc::make_mut(&mut self.rooms);
                match after {
                    Some(after) => drop(rooms.insert(room.clone(), after.clone())),
                    None => drop(rooms.remove(room)),
                }
            }
            Edit::RoomName { room, after, .. } => self.room_mut(room)?.name.clone_from(after),
            Edit::Catalog { room, hat, after, .. } => {
                self.room_mut(room)?.set_catalog_hat(hat, after.clone());
            }
            Edit::User {
                room, user, after, ..
            } => drop(self.room_mut(room)?.set_user(user, after.clone())),
            Edit::Affiliation {
                room, user, after, ..
            } => self.room_mut(room)?.set_affiliation(user, *after),
            Edit::Hat {
                room,
                user,
                hat,
                after,
                ..
            } => self.room_mut(room)?.set_hat(user, hat, after.clone()),
            Edit::OtherFields { after, .. } => self.extra = after.clone(),
        }
        Ok(())
    }

    /// Checks whether an edit could be applied: the current value is the edit's `before`, the room of an edit within a
    /// room exists, and the user of an edit of a hat meets the edit's [`HatRule`].
    pub(crate) fn check_edit(&self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Room { room, before, .. } => {
                let found = self.room(room);
                ensure(
                    found == before.as_ref(),
                    || room.to_string(),
                    || found.map_or(FoundValue::Nothing, |room| FoundValue::Room(room.users().len())),
                )
            }
            Edit::OtherFields { before, .. } => ensure(
                &self.extra == before,
                || "the part of the data file outside the rooms".into(),
                || found_json(Some(&self.extra)),
            ),
            Edit::RoomName { room, before, .. } => {
                let found = &self.require_room(room)?.name;
                ensure(
                    found == before,
                    || format!("the name of {room}"),
                    || found_json(found.as_ref()),
                )
            }
            Edit::Catalog {
                room, hat, before, ..
            } => {
                let found = self.require_room(room)?.catalog.get(hat);
                ensure(
                    found == before.as_ref(),
                    || format!("{} in {room}", truncated(hat.as_str())),
                    || found.map_or(FoundValue::Nothing, found_catalog_hat),
                )
            }
            Edit::User {
                room, user, before, ..
            } => {
                let found = self.require_room(room)?.user(user);
                ensure(
                    found == before.as_ref(),
                    || format!("{user} in {room}"),
                    || {
                        found.map_or(FoundValue::Nothing, |user| {
                            FoundValue::User(user.affiliation, user.hats.len())
                        })
                    },
                )
            }
            Edit::Affiliation {
                room, user, before, ..
            } => {
                let found = self.require_room(room)?.user(user).map(|user| user.affiliation);
                let subject = || format!("the affiliation of {user} with {room}");
                ensure(found == Some(*before), subject, || {
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
                let found_user = self.require_room(room)?.user(user);
                let affiliated = found_user.is_some_and(|user| user.affiliation.is_affiliated());
                if (*rule == HatRule::Affiliated && !affiliated) || (found_user.is_none() && after.is_some())
                {
                    return Err(EditError::NotAffiliated {
                        room: room.clone(),
                        user: user.clone(),
                    });
                }
                let found = found_user.and_then(|user| user.hats.get(hat));
                ensure(
                    found == before.as_ref(),
                    || format!("{} of {user} in {room}", truncated(hat.as_str())),
                    || found.map_or(FoundValue::Nothing, found_hat),
                )
            }
        }
    }

    /// The room with this address, or [`EditError::NoSuchRoom`].
    pub(super) fn require_room(&self, room: &Jid) -> Result<&Arc<Room>, EditError> {
        self.room(room)
            .ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })
    }
}

/// Returns [`EditError::Conflict`] unless `is_expected`, which says whether the current value is the edit's `before`.
fn ensure(
    is_expected: bool,
    subject: impl FnOnce() -> String,
    found: impl FnOnce() -> FoundValue,
) -> Result<(), EditError> {
    if is_expected {
        Ok(())
    } else {
        Err(EditError::Conflict {
            subject: subject(),
            found: found(),
        })
    }
}

fn found_hat(found: &Attachment) -> FoundValue {
    let active = if found.is_active() { "active" } else { "inactive" };
    let required = if found.is_required() {
        "required"
    } else {
        "optional"
    };
    let title = title_text(found.title.as_deref());
    let end = found
        .until()
        .map_or_else(String::new, |end| format!(", expires {end}"));
    FoundValue::Hat(format!("{active}, {required}, {title}{end}"))
}

fn found_catalog_hat(found: &CatalogHat) -> FoundValue {
    let color = found.hue.as_ref().map_or_else(
        || "automatic color".to_owned(),
        |hue| format!("hue {}", truncated(hue.as_json().as_str())),
    );
    FoundValue::CatalogHat(format!("{}, {color}", title_text(found.title.as_deref())))
}

fn title_text(title: Option<&str>) -> String {
    title.map_or_else(|| "no title".to_owned(), quoted)
}

/// The current value as JSON, cut off after [`BoundedBuffer::MAX_BYTES`] bytes; [`FoundValue::Nothing`] for `None`.
fn found_json<T: Serialize>(found: Option<&T>) -> FoundValue {
    let Some(found) = found else {
        return FoundValue::Nothing;
    };
    let mut buffer = BoundedBuffer(Vec::new());
    let is_complete = serde_json::to_writer(&mut buffer, found).is_ok();
    let mut json = String::from_utf8_lossy(&buffer.0).into_owned();
    if !is_complete {
        // The text may have been cut within a character.
        json.truncate(json.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
        json.push('…');
    }
    FoundValue::Json(json)
}

/// A buffer that accepts a limited number of bytes.
struct BoundedBuffer(Vec<u8>);

impl BoundedBuffer {
    const MAX_BYTES: usize = 500;
}

impl std::io::Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let accepted = bytes.len().min(Self::MAX_BYTES.saturating_sub(self.0.len()));
        self.0.extend(bytes.iter().take(accepted));
        Ok(accepted)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
