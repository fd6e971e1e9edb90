//! The server items that a commit changes.

use std::collections::BTreeSet;

use super::{Item, ItemValue, ServerClass, local_value};
use crate::model::{Edit, Group, HatId, Jid, Room, User};

/// An item that a commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedItem {
    /// The item.
    pub item: Item,
    /// Its value before, as the server would store it.
    pub before: Option<ItemValue>,
    /// Its value after.
    pub after: Option<ItemValue>,
}

/// The items of a room that a group of edits changes, in order, as a server of this class would store them. Adding or
/// removing a room changes none, because rooms are never created or destroyed on a server.
pub fn changed_items(
    class: ServerClass,
    room: &Jid,
    group: &Group,
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

/// The items that a group of edits may change.
pub(super) fn touched_items(
    class: ServerClass,
    room: &Jid,
    group: &Group,
    rooms: [&Room; 2],
) -> BTreeSet<Item> {
    let mut items = BTreeSet::new();
    for edit in group.0.iter().filter(|edit| edit.room() == Some(room)) {
        add(&mut items, class, edit, rooms);
    }
    items
}

/// The number of users who lose a hat. Changes of more than [`GUARD_USERS`] at once are not sent without a
/// confirmation.
///
/// [`GUARD_USERS`]: super::GUARD_USERS
pub fn users_losing_hats<'a>(changed: impl IntoIterator<Item = &'a ChangedItem>) -> usize {
    let lost = changed.into_iter().filter(|changed| changed.after.is_none());
    let hats = lost.filter(|changed| changed.item.hat().is_some());
    let users: BTreeSet<&Jid> = hats.filter_map(|changed| changed.item.user()).collect();
    users.len()
}

/// The items that an edit may change.
fn add(items: &mut BTreeSet<Item>, class: ServerClass, edit: &Edit, rooms: [&Room; 2]) {
    match edit {
        Edit::Hat { user, hat, .. } => add_hat(items, user, hat),
        Edit::Affiliation { user, .. } => drop(items.insert(Item::Affiliation { user: user.clone() })),
        Edit::User {
            user, before, after, ..
        } => {
            for there in [before, after].into_iter().flatten() {
                add_user(items, user, there);
            }
        }
        Edit::Catalog { hat, .. } => {
            items.insert(Item::Catalog { hat: hat.clone() });
            // Users without their own title are sent with the catalog's.
            if class == ServerClass::EjabberdOld {
                let known = |room: &Room| {
                    let known = room.hat(hat).cloned();
                    let with = known.iter().flat_map(|known| known.users(room));
                    with.map(|(user, _)| user.clone()).collect::<Vec<_>>()
                };
                for user in rooms.into_iter().flat_map(known) {
                    add_hat(items, &user, hat);
                }
            }
        }
        Edit::Room { .. } => {
            for room in rooms {
                let entries = room.catalog.keys();
                items.extend(entries.map(|hat| Item::Catalog { hat: hat.clone() }));
                for (user, there) in room.users() {
                    add_user(items, user, there);
                }
            }
        }
        Edit::RoomName { .. } | Edit::Document { .. } => {}
    }
}

fn add_user(items: &mut BTreeSet<Item>, user: &Jid, there: &User) {
    items.insert(Item::Affiliation { user: user.clone() });
    for (hat, _) in there.hats.iter() {
        add_hat(items, user, hat);
    }
}

fn add_hat(items: &mut BTreeSet<Item>, user: &Jid, hat: &HatId) {
    items.insert(Item::Hat {
        user: user.clone(),
        hat: hat.clone(),
    });
}
