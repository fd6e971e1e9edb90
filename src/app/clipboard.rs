//! Hats that were copied, to be put on others.

use crate::model::{Hats, Jid};

/// Hats that were copied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CopiedHats {
    /// The room that they come from.
    pub(super) room: Jid,
    /// As they were there.
    pub(super) hats: Hats,
    /// With the titles that people read there, for other rooms.
    pub(super) with_titles: Hats,
}

impl CopiedHats {
    /// As they are put on in a room.
    pub(super) fn for_room(&self, room: &Jid) -> &Hats {
        if *room == self.room {
            &self.hats
        } else {
            &self.with_titles
        }
    }
}
