//! The items of a room that a commit changes.

use std::collections::BTreeSet;

use super::{Item, ItemValue, ServerClass, local_value};
use crate::model::{Edit, EditGroup, HatId, Jid, Room, User};

/// An item that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedItem {
    /// The item.
    pub item: Item,
    /// The item's value before the commit, as the server would store it; `None` if the server would not have the item.
    pub before: Option<ItemValue>,
    /// The item's value after the commit, as the server would store it; `None` if the server would not have the item.
    pub after: Option<ItemValue>,
}

/// Determines the items of a room that a group of edits changes, sorted, with their values as a server of this class would
/// store them. `before` and `after` are the room before and after the edits. Adding or removing a room changes no item,
/// because rooms are never created or destroyed on a server.
pub fn changed_items(
    class: ServerClass,
    room: &Jid,
    group: &EditGroup,
    before: Option<&Room>,
    after: Option<&Room>,
) -> Vec<ChangedItem> {
    let (Some(before), Some(after)) = (before, after) else {
        return Vec::new();
    };
    let items = touched_items(class, room, group, [before, after]);
    let changed = items.into_iter().map(|item| ChangedItem {
        before: local_value(class, before, &item),
        after: local_value(class, after, &item),
        item,
    });
    changed
        .filter(|changed| changed.before != changed.after)
        .collect()
}

/// Determines the items that a group of edits may change. `rooms` are the room before and after the edits.
pub(super) fn touched_items(
    class: ServerClass,
    room: &Jid,
    group: &EditGroup,
    rooms: [&Room; 2],
) -> BTreeSet<Item> {
    let mut items = BTreeSet::new();
    for edit in group.0.iter().filter(|edit| edit.room() == Some(room)) {
        add_edit(&mut items, class, edit, rooms);
    }
    items
}

/// Counts the users who lose a hat. Changes by which more than [`GUARD_USERS`] users lose hats at once are not sent without
/// a confirmation.
///
/// [`GUARD_USERS`]: super::GUARD_USERS
pub fn count_users_losing_hats<'a>(changed: impl IntoIterator<Item = &'a ChangedItem>) -> usize {
    let lost = changed.into_iter().filter(|changed| changed.after.is_none());
    let hats = lost.filter(|changed| changed.item.hat().is_some());
    let users: BTreeSet<&Jid> = hats.filter_map(|changed| changed.item.user()).collect();
    users.len()
}

/// Adds the items that an edit may change.
fn add_edit(items: &mut BTreeSet<Item>, class: ServerClass, edit: &Edit, rooms: [&Room; 2]) {
    match edit {
        Edit::Hat { user, hat, .. } => add_hat(items, user, hat),
        Edit::Affiliation { user, .. } => drop(items.insert(Item::Affiliation { user: user.clone() })),
        Edit::User {
            user, before, after, ..
        } => {
            for value in [before, after].into_iter().flatten() {
                add_user(items, user, value);
            }
        }
        Edit::Catalog { hat, .. } => {
            items.insert(Item::Catalog { hat: hat.clone() });
            // Hats without their own title are sent with the title in the catalog.
            if class == ServerClass::EjabberdOld {
                let users_with_hat = |room: &Room| {
                    let existing = room.hat(hat).cloned();
                    let users = existing.iter().flat_map(|existing| existing.users(room));
                    users.map(|(user, _)| user.clone()).collect::<Vec<_>>()
                };
                for user in rooms.into_iter().flat_map(users_with_hat) {
                    add_hat(items, &user, hat);
                }
            }
        }
        Edit::Room { .. } => {
            for room in rooms {
                let entries = room.catalog.keys();
                items.extend(entries.map(|hat| Item::Catalog { hat: hat.clone() }));
                for (jid, user) in room.users() {
                    add_user(items, jid, user);
                }
            }
        }
        Edit::RoomName { .. } | Edit::OtherFields { .. } => {}
    }
}

fn add_user(items: &mut BTreeSet<Item>, jid: &Jid, user: &User) {
    items.insert(Item::Affiliation { user: jid.clone() });
    for (hat, _) in user.hats.iter() {
        add_hat(items, jid, hat);
    }
}

fn add_hat(items: &mut BTreeSet<Item>, user: &Jid, hat: &HatId) {
    items.insert(Item::Hat {
        user: user.clone(),
        hat: hat.clone(),
    });
}
