//! The wardrobe: the whole content of a data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Extra, Jid, Room, User};

/// The content of one data file: rooms, their users and their hats. Cloning is cheap, as clones share the rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wardrobe {
    /// The revision of the last commit. Maintained by the store; the operations of the model do not change it.
    pub revision: u64,
    /// Unrecognized JSON fields at the top level of the data file, written back unchanged. They include the hat sets.
    pub extra: Extra,
    pub(super) rooms: Arc<BTreeMap<Jid, Arc<Room>>>,
}

impl Wardrobe {
    /// The largest revision: larger integers are not read exactly by every JSON parser.
    pub const MAX_REVISION: u64 = (1 << 53) - 1;

    /// A wardrobe with these rooms, which may be in any order.
    pub(crate) fn from_rooms(rooms: Vec<(Jid, Arc<Room>)>) -> Self {
        Self {
            rooms: Arc::new(rooms.into_iter().collect()),
            ..Self::default()
        }
    }

    /// The rooms with their addresses, sorted by address.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = (&Jid, &Arc<Room>)> + DoubleEndedIterator {
        self.rooms.iter()
    }

    /// Whether both wardrobes share all rooms in memory, as clones do until a room of either is changed. If so, their
    /// rooms are equal; if not, their rooms may still be equal.
    pub fn shares_rooms_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rooms, &other.rooms)
    }

    /// The room with this address; `None` if it does not exist.
    pub fn room(&self, room: &Jid) -> Option<&Arc<Room>> {
        self.rooms.get(room)
    }

    /// A user of a room; `None` if the room or the user does not exist.
    pub fn user(&self, room: &Jid, user: &Jid) -> Option<&User> {
        self.rooms.get(room)?.user(user)
    }

    /// The number of users in all rooms; a user of two rooms counts twice.
    pub fn user_count(&self) -> usize {
        self.rooms.values().map(|room| room.users().len()).sum()
    }

    /// The number of attachments in all rooms.
    pub fn attachment_count(&self) -> usize {
        self.rooms.values().map(|room| room.attachment_count()).sum()
    }
}
