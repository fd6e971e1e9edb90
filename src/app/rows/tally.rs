//! The hats of several users, taken together.

use std::collections::BTreeMap;

use crate::model::{Attachment, HatId, Jid, Room};

/// What several users have of one hat.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The attachment of the first of them.
    pub first: Attachment,
    /// How many have it.
    pub have: usize,
    /// How many of those wear it.
    pub worn: usize,
    /// For how many of those it is required.
    pub required: usize,
    /// Whether they have it under different titles.
    pub titles_differ: bool,
}

/// All the hats of these users of a room.
pub(super) fn of<'a>(room: &Room, users: impl IntoIterator<Item = &'a Jid>) -> BTreeMap<HatId, Tally> {
    let mut all: BTreeMap<HatId, Tally> = BTreeMap::new();
    let hats = users
        .into_iter()
        .filter_map(|user| room.user(user))
        .flat_map(|user| user.hats.iter());
    for (id, attachment) in hats {
        if let Some(tally) = all.get_mut(id) {
            tally.titles_differ |= room.title(id, &tally.first) != room.title(id, attachment);
            tally.have += 1;
            tally.worn += usize::from(attachment.is_active());
            tally.required += usize::from(attachment.is_required());
        } else {
            let tally = Tally {
                first: attachment.clone(),
                have: 1,
                worn: attachment.is_active().into(),
                required: attachment.is_required().into(),
                titles_differ: false,
            };
            all.insert(id.clone(), tally);
        }
    }
    all
}
