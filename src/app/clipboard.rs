//! Copied hats.

use crate::model::{Hats, Jid};

/// Copied hats, to be added to other users.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopiedHats {
    /// The room that they come from.
    pub(super) room: Jid,
    /// The hats as attached there.
    pub(super) hats: Hats,
    /// The hats with their displayed titles, for rooms with another catalog.
    pub(super) with_titles: Hats,
}

impl CopiedHats {
    /// The hats to use in a room.
    pub(super) fn for_room(&self, room: &Jid) -> &Hats {
        if *room == self.room {
            &self.hats
        } else {
            &self.with_titles
        }
    }
}
