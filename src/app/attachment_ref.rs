//! References to users in rooms and to their hats.

use serde::{Deserialize, Serialize};

use crate::model::{Attachment, HatId, Jid, Wardrobe};

/// A user in a room: (room, user).
pub type RoomUser = (Jid, Jid);

/// Identifies an attachment, which may no longer exist.
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
    /// The attachment, if it exists.
    pub(super) fn attachment<'a>(&self, wardrobe: &'a Wardrobe) -> Option<&'a Attachment> {
        wardrobe.user(&self.room, &self.user)?.hats.get(&self.hat)
    }
}
