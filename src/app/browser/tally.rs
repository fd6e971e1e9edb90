//! Totals of the hats of several users, or of one user in several rooms.

use std::collections::BTreeMap;

use crate::model::{Attachment, HatId, Room, User};

/// Totals of one hat over several users of a room, or over several rooms of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The first of the counted attachments.
    pub first: Attachment,
    /// Number of attachments: one for each user with the hat, or for each room in which the user has it.
    pub count: usize,
    /// Number of attachments that are active.
    pub active: usize,
    /// Number of attachments that are required.
    pub required: usize,
    /// Number of attachments that expire.
    pub expiring: usize,
    /// Whether the displayed titles of the hat differ.
    pub titles_differ: bool,
}

/// Counts the attachments of every hat of these users, each given with the room.
pub(super) fn by_hat<'a>(users: impl IntoIterator<Item = (&'a Room, &'a User)>) -> BTreeMap<HatId, Tally> {
    let mut all: BTreeMap<HatId, Tally> = BTreeMap::new();
    // The first displayed title of each hat, with which the others are compared.
    let mut titles: BTreeMap<HatId, Option<String>> = BTreeMap::new();
    for (room, user) in users {
        for (id, attachment) in user.hats.iter() {
            let title = room.title(id, attachment);
            if let Some(tally) = all.get_mut(id) {
                let first = titles.get(id).and_then(|title| title.as_deref());
                tally.titles_differ |= first != title;
                tally.count += 1;
                tally.active += usize::from(attachment.is_active());
                tally.required += usize::from(attachment.is_required());
                tally.expiring += usize::from(attachment.until().is_some());
            } else {
                titles.insert(id.clone(), title.map(str::to_owned));
                let tally = Tally {
                    first: attachment.clone(),
                    count: 1,
                    active: attachment.is_active().into(),
                    required: attachment.is_required().into(),
                    expiring: attachment.until().is_some().into(),
                    titles_differ: false,
                };
                all.insert(id.clone(), tally);
            }
        }
    }
    all
}
