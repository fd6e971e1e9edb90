//! The Users view: all users, the rooms of the selected user, and this user's hats in the selected room or in all
//! marked rooms.
//!
//! The index of users exists while the view is open. It is built in chunks by merging the sorted users of all rooms, so
//! the index is sorted at any time, and keys are handled between two chunks.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use crate::app::filter::Filter;
use crate::app::folding;
use crate::app::place::Pane;
use crate::model::{Attachment, HatId, Jid, Room, Wardrobe};

use super::cascade::{CascadeSource, Columns, RowId};
use super::memberships::MembershipChange;
use super::sort::{self, Sort, sorted_hats, sorted_rooms};
use super::tally::{self, Tally};

/// Memberships merged before the next key is handled.
const CHUNK: usize = 20_000;

/// Provides the rows of the Users view from an index of all memberships.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct ByUser {
    /// While the index is built: the rooms, with their users in the order of the list.
    rooms: Vec<(Jid, Vec<Jid>)>,
    /// The user and the room of every membership, sorted. In one large allocation, because the allocator returns it to
    /// the system when the view closes; it did not return a million small lists.
    memberships: Vec<(Jid, Jid)>,
    /// While the index is built: the next user of each room, with the indices of the room and of the user in the room.
    next_users: BinaryHeap<Reverse<(ByAddress, usize, usize)>>,
    /// The hats of the selected user in the marked rooms; `None` if no room is marked.
    pub tallies: Option<BTreeMap<HatId, Tally>>,
}

/// A user's address; ordered as in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ByAddress(Jid);

impl Ord for ByAddress {
    fn cmp(&self, other: &Self) -> Ordering {
        folding::compare_addresses(self.0.as_str(), other.0.as_str())
    }
}

impl PartialOrd for ByAddress {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares memberships by user, then by room.
fn compare_memberships((user, room): (&Jid, &Jid), (other, other_room): (&Jid, &Jid)) -> Ordering {
    folding::compare_addresses(user.as_str(), other.as_str()).then_with(|| room.cmp(other_room))
}

impl ByUser {
    /// Starts to index a wardrobe.
    pub(super) fn start(wardrobe: &Wardrobe) -> Self {
        let sorted = |room: &Room| {
            let mut users: Vec<Jid> = room.users().iter().map(|(user, _)| user.clone()).collect();
            sort::by_address(&mut users, |user| user);
            users
        };
        let rooms = wardrobe.rooms().map(|(jid, room)| (jid.clone(), sorted(room)));
        let rooms: Vec<(Jid, Vec<Jid>)> = rooms.collect();
        let first = |(room_index, (_, users)): (usize, &(Jid, Vec<Jid>))| {
            Some(Reverse((ByAddress(users.first()?.clone()), room_index, 0)))
        };
        let next_users = rooms.iter().enumerate().filter_map(first).collect();
        Self {
            rooms,
            next_users,
            ..Self::default()
        }
    }

    /// Whether the index is incomplete.
    pub(in crate::app) fn is_building(&self) -> bool {
        !self.next_users.is_empty()
    }

    /// Indexes the next chunk. True if the index is complete.
    pub(super) fn build(&mut self) -> bool {
        for _ in 0..CHUNK {
            let Some(Reverse((ByAddress(jid), room_index, user_index))) = self.next_users.pop() else {
                break;
            };
            let Some((address, users)) = self.rooms.get(room_index) else {
                continue;
            };
            if let Some(next) = users.get(user_index + 1) {
                self.next_users
                    .push(Reverse((ByAddress(next.clone()), room_index, user_index + 1)));
            }
            // For each user, the heap yields the rooms in the order of the wardrobe, which sorts them by address.
            self.memberships.push((jid, address.clone()));
        }
        let done = self.next_users.is_empty();
        if done {
            self.rooms = Vec::new();
        }
        done
    }

    /// Updates the index after these changes. Starts to build it again if it is incomplete or there are many changes.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe, changes: &[MembershipChange]) {
        // Inserting many changes one by one is slower than indexing again.
        if self.is_building() || changes.len() > CHUNK {
            *self = Self::start(wardrobe);
            return;
        }
        for change in changes {
            let found = self.memberships.binary_search_by(|(user, room)| {
                compare_memberships((user, room), (&change.user, &change.room))
            });
            match (found, change.is_added) {
                (Err(index), true) => self
                    .memberships
                    .insert(index, (change.user.clone(), change.room.clone())),
                (Ok(index), false) => drop(self.memberships.remove(index)),
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
    }

    /// The memberships of a user, each as the addresses of the user and of the room.
    pub(in crate::app) fn memberships_of(&self, user: &Jid) -> &[(Jid, Jid)] {
        let is_before =
            |(jid, _): &(Jid, Jid)| folding::compare_addresses(jid.as_str(), user.as_str()).is_lt();
        let start = self.memberships.partition_point(is_before);
        let rest = self.memberships.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|(jid, _)| jid == user))
            .unwrap_or_default()
    }

    /// Lists all users.
    fn users(&self, sort: Sort) -> Vec<RowId> {
        let users = self.memberships.chunk_by(|(one, _), (next, _)| one == next);
        let mut users: Vec<_> = users
            .filter_map(|memberships| Some((&memberships.first()?.0, memberships.len())))
            .collect();
        if sort == Sort::Rooms {
            users.sort_by_key(|(_, rooms)| Reverse(*rooms));
        }
        users
            .into_iter()
            .map(|(jid, _)| RowId::Jid(jid.clone()))
            .collect()
    }

    /// Lists the rooms of the selected user.
    fn rooms(&self, sort: Sort, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let Some(jid) = columns.jid(Pane::First) else {
            return Vec::new();
        };
        let rooms = self.memberships_of(jid).iter().filter_map(|(_, address)| {
            let room = wardrobe.room(address)?;
            Some((address, room, room.user(jid)?))
        });
        sorted_rooms(sort, rooms)
    }

    /// Lists the user's hats in the marked rooms, or in the selected room if no room is marked.
    fn hats(&mut self, sort: Sort, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let Some(jid) = columns.jid(Pane::First) else {
            return Vec::new();
        };
        let marks = columns.get(Pane::Second).marks();
        let room_and_user = |room: &Jid| Some((&**wardrobe.room(room)?, wardrobe.user(room, jid)?));
        let marked = marks.iter().filter_map(RowId::jid).filter_map(room_and_user);
        self.tallies = (!marks.is_empty()).then(|| tally::by_hat(marked));
        let room = columns.jid(Pane::Second);
        let Some((room, user)) = room.and_then(room_and_user) else {
            return Vec::new();
        };
        let hats: Vec<(&HatId, &Attachment)> = match &self.tallies {
            Some(tallies) => tallies.iter().map(|(id, tally)| (id, &tally.first)).collect(),
            None => user.hats.iter().collect(),
        };
        sorted_hats(sort, hats.into_iter().map(|(id, hat)| (room, id, hat)))
    }
}

impl CascadeSource for ByUser {
    fn rows(&mut self, pane: Pane, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let sort = columns.get(pane).sort;
        match pane {
            Pane::First => self.users(sort),
            Pane::Second => self.rooms(sort, columns, wardrobe),
            Pane::Third => self.hats(sort, columns, wardrobe),
        }
    }

    fn rank(
        &self,
        pane: Pane,
        columns: &Columns,
        wardrobe: &Wardrobe,
        filter: &Filter,
        row: &RowId,
    ) -> Option<u32> {
        match pane {
            Pane::First => {
                let jid = row.jid()?;
                if columns.presence().is_empty() {
                    return filter.rank_address(jid, std::iter::empty());
                }
                let rooms = self.memberships_of(jid).iter();
                filter.rank_address(jid, rooms.filter_map(|(_, room)| columns.presence().room(room)))
            }
            Pane::Second => {
                let jid = row.jid()?;
                filter.rank_room((jid, wardrobe.room(jid)?), columns.presence().room(jid))
            }
            Pane::Third => {
                let (id, room) = (row.hat()?, wardrobe.room(columns.jid(Pane::Second)?)?);
                let attachment = match &self.tallies {
                    Some(tallies) => &tallies.get(id)?.first,
                    None => room.user(columns.jid(Pane::First)?)?.hats.get(id)?,
                };
                filter.rank_hat(room, (id, attachment))
            }
        }
    }

    fn on_selection_changed(&mut self, pane: Pane, columns: &mut Columns) -> bool {
        let rooms = columns.get(Pane::Second);
        if pane == Pane::Second && rooms.marked_count() > 0 {
            // The hats in the marked rooms stay listed.
            return self.tallies.is_none() || rooms.is_marking_range();
        }
        columns.reset_right_of(pane);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::memberships;
    use super::*;
    use crate::model::Affiliation;

    fn wardrobe(members: &[(u8, u8)]) -> Wardrobe {
        let mut wardrobe = Wardrobe::default();
        for (room, user) in members {
            let room = Jid::parse(&format!("r{room}@c.example.org")).unwrap();
            let user = Jid::parse(&format!("u{user}@example.org")).unwrap();
            if wardrobe.room(&room).is_none() {
                wardrobe.add_room(&room, None).unwrap();
            }
            wardrobe
                .set_affiliation(&user, &room, Affiliation::Member)
                .unwrap();
        }
        wardrobe
    }

    fn complete(wardrobe: &Wardrobe) -> ByUser {
        let mut index = ByUser::start(wardrobe);
        while !index.build() {}
        index
    }

    proptest! {
        #[test]
        fn refreshed_index_equals_new_index(
            before in prop::collection::vec((0..6_u8, 0..12_u8), 0..40),
            after in prop::collection::vec((0..6_u8, 0..12_u8), 0..40),
        ) {
            let (before, after) = (wardrobe(&before), wardrobe(&after));
            let mut index = complete(&before);
            index.refresh(&after, &memberships::changes(&before, &after));
            while !index.build() {}
            prop_assert_eq!(&index.memberships, &complete(&after).memberships);
        }

        #[test]
        fn index_lists_each_membership_once_in_order(
            members in prop::collection::vec((0..6_u8, 0..12_u8), 0..40),
        ) {
            let wardrobe = wardrobe(&members);
            let index = complete(&wardrobe);
            prop_assert_eq!(index.memberships.len(), wardrobe.user_count());
            prop_assert!(index.memberships.is_sorted_by(|one, next| compare_memberships((&one.0, &one.1), (&next.0, &next.1)).is_lt()));
            for (user, room) in &index.memberships {
                prop_assert!(wardrobe.user(room, user).is_some());
                prop_assert!(index.memberships_of(user).contains(&(user.clone(), room.clone())));
            }
        }
    }
}
