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

/// The changes between two wardrobes. Only rooms that differ are compared.
pub(super) fn changes(before: &Wardrobe, now: &Wardrobe) -> Vec<MembershipChange> {
    let mut changes = Vec::new();
    for (jid, room) in now.rooms() {
        let old = before.room(jid);
        if old.is_none_or(|old| !Arc::ptr_eq(old, room)) {
            add_missing(&mut changes, jid, (room, old), true);
        }
    }
    for (jid, old) in before.rooms() {
        let room = now.room(jid);
        if room.is_none_or(|room| !Arc::ptr_eq(old, room)) {
            add_missing(&mut changes, jid, (old, room), false);
        }
    }
    changes
}

/// Adds the users that only the first of two states of a room has.
fn add_missing(
    changes: &mut Vec<MembershipChange>,
    jid: &Jid,
    (room, other): (&Arc<Room>, Option<&Arc<Room>>),
    is_added: bool,
) {
    let users = room.users().iter().map(|(user, _)| user);
    let missing = users.filter(|user| other.is_none_or(|other| other.user(user).is_none()));
    changes.extend(missing.map(|user| MembershipChange {
        user: user.clone(),
        room: jid.clone(),
        is_added,
    }));
}
