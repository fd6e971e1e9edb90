//! The difference between two wardrobes, as edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Edit, Group, HatRule, Jid, Room, User, Wardrobe};

impl Wardrobe {
    /// The edits that turn the content of this wardrobe into that of `other`, without the revision. Rooms that the two
    /// share in memory are not compared.
    pub fn diff(&self, other: &Self) -> Group {
        let mut edits = Vec::new();
        if self.extra != other.extra {
            edits.push(Edit::Document {
                before: self.extra.clone(),
                after: other.extra.clone(),
            });
        }
        if self.shares_rooms_with(other) {
            return Group(edits);
        }
        let rooms: BTreeSet<&Jid> = self.rooms.keys().chain(other.rooms.keys()).collect();
        for room in rooms {
            match (self.room(room), other.room(room)) {
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) || a == b => {}
                (Some(a), Some(b)) if a.extra == b.extra => diff_rooms(room, a, b, &mut edits),
                (before, after) => {
                    let (before, after) = (before.cloned(), after.cloned());
                    edits.push(Edit::Room {
                        room: room.clone(),
                        before,
                        after,
                    });
                }
            }
        }
        Group(edits)
    }

    /// Replaces each room by the one in `earlier` if they are equal, so that both wardrobes share memory and a later
    /// [`Wardrobe::diff`] need not compare these rooms.
    pub fn share_rooms_with(&mut self, earlier: &Self) {
        let mut shared = 0;
        for (jid, room) in Arc::make_mut(&mut self.rooms) {
            if let Some(equal) = earlier.room(jid).filter(|other| *other == room) {
                *room = equal.clone();
                shared += 1;
            }
        }
        if shared == self.rooms.len() && shared == earlier.rooms.len() {
            self.rooms = earlier.rooms.clone();
        }
    }
}

fn diff_rooms(room: &Jid, a: &Room, b: &Room, edits: &mut Vec<Edit>) {
    if a.name != b.name {
        edits.push(Edit::RoomName {
            room: room.clone(),
            before: a.name.clone(),
            after: b.name.clone(),
        });
    }
    for hat in a.catalog.keys().chain(b.catalog.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (a.catalog.get(hat).cloned(), b.catalog.get(hat).cloned());
        if before != after {
            edits.push(Edit::Catalog {
                room: room.clone(),
                hat: hat.clone(),
                before,
                after,
            });
        }
    }
    let (mut left, mut right) = (a.users().iter().peekable(), b.users().iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let before = if order.is_le() { left.next() } else { None };
        let after = if order.is_ge() { right.next() } else { None };
        if let Some((user, _)) = before.or(after) {
            diff_user(
                room,
                user,
                before.map(|(_, user)| user),
                after.map(|(_, user)| user),
                edits,
            );
        }
    }
}

/// Appends the edits that turn the user `before` into `after`. They do not require an affiliation, as the new state may
/// come from a server or another program.
pub(crate) fn diff_user(
    room: &Jid,
    user: &Jid,
    before: Option<&User>,
    after: Option<&User>,
    edits: &mut Vec<Edit>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(a), Some(b)) if a.extra == b.extra => {
            if a.affiliation != b.affiliation {
                let (before, after) = (a.affiliation, b.affiliation);
                edits.push(Edit::Affiliation {
                    room: room.clone(),
                    user: user.clone(),
                    before,
                    after,
                });
            }
            for hat in a
                .hats
                .iter()
                .chain(b.hats.iter())
                .map(|(id, _)| id)
                .collect::<BTreeSet<_>>()
            {
                let (before, after) = (a.hats.get(hat).cloned(), b.hats.get(hat).cloned());
                if before != after {
                    let (room, user, hat) = (room.clone(), user.clone(), hat.clone());
                    edits.push(Edit::Hat {
                        room,
                        user,
                        hat,
                        before,
                        after,
                        rule: HatRule::AnyUser,
                    });
                }
            }
        }
        (before, after) => {
            let (before, after) = (before.cloned(), after.cloned());
            edits.push(Edit::User {
                room: room.clone(),
                user: user.clone(),
                before,
                after,
            });
        }
    }
}
