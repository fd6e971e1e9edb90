//! The difference between two wardrobes, as edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Edit, EditGroup, HatRule, Jid, Room, User, Wardrobe};

impl Wardrobe {
    /// The edits that turn the content of this wardrobe into the content of `other`. The revision is not compared. Rooms
    /// that both wardrobes share in memory are equal without a comparison.
    pub fn diff(&self, other: &Self) -> EditGroup {
        let mut edits = Vec::new();
        if self.extra != other.extra {
            edits.push(Edit::OtherFields {
                before: self.extra.clone(),
                after: other.extra.clone(),
            });
        }
        if self.shares_rooms_with(other) {
            return EditGroup(edits);
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
        EditGroup(edits)
    }

    /// Replaces each room by the room with the same address in `earlier` if the two are equal, so that both wardrobes share
    /// the memory of these rooms and a later [`Wardrobe::diff`] need not compare them.
    pub fn share_rooms_with(&mut self, earlier: &Self) {
        let mut shared_count = 0;
        for (jid, room) in Arc::make_mut(&mut self.rooms) {
            if let Some(equal) = earlier.room(jid).filter(|other| *other == room) {
                *room = equal.clone();
                shared_count += 1;
            }
        }
        if shared_count == self.rooms.len() && shared_count == earlier.rooms.len() {
            self.rooms = earlier.rooms.clone();
        }
    }
}

fn diff_rooms(room: &Jid, old: &Room, new: &Room, edits: &mut Vec<Edit>) {
    if old.name != new.name {
        edits.push(Edit::RoomName {
            room: room.clone(),
            before: old.name.clone(),
            after: new.name.clone(),
        });
    }
    for hat in old
        .catalog
        .keys()
        .chain(new.catalog.keys())
        .collect::<BTreeSet<_>>()
    {
        let (before, after) = (old.catalog.get(hat).cloned(), new.catalog.get(hat).cloned());
        if before != after {
            edits.push(Edit::Catalog {
                room: room.clone(),
                hat: hat.clone(),
                before,
                after,
            });
        }
    }
    let (mut old_users, mut new_users) = (old.users().iter().peekable(), new.users().iter().peekable());
    loop {
        let order = match (old_users.peek(), new_users.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((old_user, _)), Some((new_user, _))) => old_user.cmp(new_user),
        };
        let before = if order.is_le() { old_users.next() } else { None };
        let after = if order.is_ge() { new_users.next() } else { None };
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

/// Appends the edits that turn the user `before` into `after`; `None` if the room does not have the user. The edits of
/// hats require no affiliation, as `after` may come from a server or another program.
pub(crate) fn diff_user(
    room: &Jid,
    user: &Jid,
    before: Option<&User>,
    after: Option<&User>,
    edits: &mut Vec<Edit>,
) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(old), Some(new)) if old.extra == new.extra => {
            if old.affiliation != new.affiliation {
                let (before, after) = (old.affiliation, new.affiliation);
                edits.push(Edit::Affiliation {
                    room: room.clone(),
                    user: user.clone(),
                    before,
                    after,
                });
            }
            for hat in old
                .hats
                .iter()
                .chain(new.hats.iter())
                .map(|(id, _)| id)
                .collect::<BTreeSet<_>>()
            {
                let (before, after) = (old.hats.get(hat).cloned(), new.hats.get(hat).cloned());
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
