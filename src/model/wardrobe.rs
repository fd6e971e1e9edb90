//! The whole document.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Extra, Jid, Room, User};

/// Rooms, their users and their hats: what one data file holds. A clone shares the rooms, so it is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wardrobe {
    /// How many commits made it. The store counts; nothing here does.
    pub revision: u64,
    /// Members that this program does not know.
    pub extra: Extra,
    pub(super) rooms: BTreeMap<Jid, Arc<Room>>,
}

impl Wardrobe {
    /// A file has no larger revision: beyond it, not every program reads the same number.
    pub const LAST_REVISION: u64 = (1 << 53) - 1;

    /// A wardrobe of these rooms, in any order.
    pub(crate) fn of_rooms(rooms: Vec<(Jid, Arc<Room>)>) -> Self {
        Self {
            rooms: rooms.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The rooms in the order of their addresses.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = (&Jid, &Arc<Room>)> + DoubleEndedIterator {
        self.rooms.iter()
    }

    /// One room.
    pub fn room(&self, room: &Jid) -> Option<&Arc<Room>> {
        self.rooms.get(room)
    }

    /// One user of one room.
    pub fn user(&self, room: &Jid, user: &Jid) -> Option<&User> {
        self.rooms.get(room)?.user(user)
    }

    /// How many users all rooms have together; one who is in two rooms counts twice.
    pub fn users(&self) -> usize {
        self.rooms.values().map(|room| room.users().len()).sum()
    }

    /// How many attachments there are in all rooms together.
    pub fn attachments(&self) -> usize {
        self.rooms.values().map(|room| room.attachments()).sum()
    }
}
