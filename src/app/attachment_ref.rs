//! Users in rooms and their hats by their place.

use serde::{Deserialize, Serialize};

use crate::model::{Attachment, HatId, Jid, Wardrobe};

/// A user in a room, the room first.
pub type RoomUser = (Jid, Jid);

/// A hat that a user has in a room, or had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttachmentRef {
    /// The room.
    pub room: Jid,
    /// The user.
    pub user: Jid,
    /// The hat.
    pub hat: HatId,
}

impl AttachmentRef {
    /// The attachment there, while there is one.
    pub(super) fn attachment<'a>(&self, wardrobe: &'a Wardrobe) -> Option<&'a Attachment> {
        wardrobe.user(&self.room, &self.user)?.hats.get(&self.hat)
    }
}
