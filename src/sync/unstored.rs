//! What a commit puts into the file that the room's server cannot store.

use std::sync::Arc;

use super::changed::touched_items;
use super::{Item, ServerClass};
use crate::model::{Attachment, Group, HatId, Jid, Room};

/// A user's hat of which something stays in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnstoredHat {
    /// The user.
    pub user: Jid,
    /// The hat.
    pub hat: HatId,
    /// The title that the room shows for it.
    pub title: Option<Arc<str>>,
    /// What stays in the file.
    pub what: Unstored,
}

/// What a server cannot store of a user's hat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstored {
    /// The hat, as it is inactive.
    Inactive,
    /// That it is required.
    Required,
    /// Its own title, which differs from the one in the catalog.
    Title,
}

impl Unstored {
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

/// The users' hats of which a group of edits puts something into the file that a server of this class cannot store.
pub fn unstored_hats(
    class: ServerClass,
    room: &Jid,
    group: &Group,
    before: Option<&Room>,
    after: Option<&Room>,
) -> Vec<UnstoredHat> {
    let (Some(before), Some(after)) = (before, after) else {
        return Vec::new();
    };
    let of = |room: &Room, user: &Jid, hat: &HatId| {
        let attachment = room.user(user)?.hats.get(hat)?;
        Unstored::of(class, room, hat, attachment)
    };
    let items = touched_items(class, room, group, [before, after]);
    let unstored = items.into_iter().filter_map(|item| match item {
        Item::Hat { user, hat } => {
            let what = of(after, &user, &hat).filter(|what| of(before, &user, &hat) != Some(*what))?;
            let attachment = after.user(&user)?.hats.get(&hat)?;
            let title = after.title(&hat, attachment).map(Into::into);
            Some(UnstoredHat {
                user,
                hat,
                title,
                what,
            })
        }
        Item::Catalog { .. } | Item::Affiliation { .. } => None,
    });
    unstored.collect()
}
