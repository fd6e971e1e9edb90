//! Finds the changes of a commit that the room's server cannot store, so that they stay in the data file.

use std::sync::Arc;

use super::changed::touched_items;
use super::{Item, ServerClass};
use crate::model::{Attachment, EditGroup, HatId, Jid, Room};

/// A user's hat that a server cannot store completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnstoredHat {
    /// The user's address.
    pub user: Jid,
    /// The hat's ID.
    pub hat: HatId,
    /// The hat's title as hatrack shows it; `None` if it has none.
    pub title: Option<Arc<str>>,
    /// The part of the hat that the server cannot store.
    pub part: Unstored,
}

/// A part of a user's hat that a server cannot store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstored {
    /// The whole hat, because it is inactive.
    Inactive,
    /// The fact that the hat is required.
    Required,
    /// The hat's own title, which differs from the one in the catalog.
    Title,
}

impl Unstored {
    /// The first part that a server of this class cannot store; `None` if it can store the whole hat.
    fn of(class: ServerClass, room: &Room, hat: &HatId, attachment: &Attachment) -> Option<Self> {
        if !class.holds_flags() && !attachment.is_active() {
            return Some(Self::Inactive);
        }
        if !class.holds_flags() && attachment.is_required() {
            return Some(Self::Required);
        }
        let own = attachment.title.as_ref().filter(|title| !title.is_empty());
        let entry = room.catalog.get(hat);
        let differs = own.is_some() && entry.is_some_and(|entry| entry.title.as_ref() != own);
        (!class.holds_own_titles() && differs).then_some(Self::Title)
    }
}

/// Finds the users' hats that a server of this class cannot store completely after a group of edits, except those of which it
/// could not store the same part before. `before` and `after` are the room before and after the edits. Empty if the group adds
/// or removes the room.
pub fn unstored_hats(
    class: ServerClass,
    room: &Jid,
    group: &EditGroup,
    before: Option<&Room>,
    after: Option<&Room>,
) -> Vec<UnstoredHat> {
    let (Some(before), Some(after)) = (before, after) else {
        return Vec::new();
    };
    let unstored_part = |room: &Room, user: &Jid, hat: &HatId| {
        let attachment = room.user(user)?.hats.get(hat)?;
        Unstored::of(class, room, hat, attachment)
    };
    let items = touched_items(class, room, group, [before, after]);
    let unstored = items.into_iter().filter_map(|item| match item {
        Item::Hat { user, hat } => {
            let part = unstored_part(after, &user, &hat)
                .filter(|part| unstored_part(before, &user, &hat) != Some(*part))?;
            let attachment = after.user(&user)?.hats.get(&hat)?;
            let title = after.title(&hat, attachment).map(Into::into);
            Some(UnstoredHat {
                user,
                hat,
                title,
                part,
            })
        }
        Item::Catalog { .. } | Item::Affiliation { .. } => None,
    });
    unstored.collect()
}
