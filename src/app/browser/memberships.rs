//! Changes between two wardrobes: users added to rooms or removed from them.

use std::sync::Arc;

use crate::model::{Jid, Room, Wardrobe};

/// A user who was added to a room or removed from it.
#[derive(Debug, Clone)]
pub(super) struct MembershipChange {
    pub user: Jid,
    pub room: Jid,
    pub is_added: bool,
}

/// Lists the changes between two wardrobes. Compares only rooms whose data is not shared by both.
pub(super) fn changes(before: &Wardrobe, now: &Wardrobe) -> Vec<MembershipChange> {
    let mut changes = Vec::new();
    for (jid, room) in now.rooms() {
        let old = before.room(jid);
        if old.is_none_or(|old| !Arc::ptr_eq(old, room)) {
            add_differences(&mut changes, jid, (room, old), true);
        }
    }
    for (jid, old) in before.rooms() {
        let room = now.room(jid);
        if room.is_none_or(|room| !Arc::ptr_eq(old, room)) {
            add_differences(&mut changes, jid, (old, room), false);
        }
    }
    changes
}

/// Adds a change for each user who is in `room`, but not in another state of the same room (`None`: no such room).
fn add_differences(
    changes: &mut Vec<MembershipChange>,
    jid: &Jid,
    (room, other): (&Arc<Room>, Option<&Arc<Room>>),
    is_added: bool,
) {
    let users = room.users().iter().map(|(user, _)| user);
    let only_in_room = users.filter(|user| other.is_none_or(|other| other.user(user).is_none()));
    changes.extend(only_in_room.map(|user| MembershipChange {
        user: user.clone(),
        room: jid.clone(),
        is_added,
    }));
}
