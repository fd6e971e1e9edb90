//! The clipboard for hats.

use crate::model::{Hats, Jid};

/// Copied hats, to be added to other users.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopiedHats {
    /// The room from which the hats were copied.
    pub(super) room: Jid,
    /// The hats as attached in that room.
    pub(super) hats: Hats,
    /// The hats with their displayed titles, for rooms with another catalog.
    pub(super) with_titles: Hats,
}

impl CopiedHats {
    /// The hats to add to users of a room.
    pub(super) fn for_room(&self, room: &Jid) -> &Hats {
        if *room == self.room {
            &self.hats
        } else {
            &self.with_titles
        }
    }
}
