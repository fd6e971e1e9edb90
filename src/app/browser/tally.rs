//! Totals of the hats of several users, or of one user in several rooms.

use std::collections::BTreeMap;

use crate::model::{Attachment, HatId, Room, User};

/// Totals of one hat over several users of a room, or over several rooms of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The first of the attachments.
    pub first: Attachment,
    /// Number of users with the hat, or of rooms in which the user has it.
    pub count: usize,
    /// In how many of these cases the hat is active.
    pub active: usize,
    /// In how many of these cases the hat is required.
    pub required: usize,
    /// In how many of these cases the hat expires.
    pub expiring: usize,
    /// Whether the titles of the hat differ.
    pub titles_differ: bool,
}

/// Totals of every hat of these users; each user is given with the room.
pub(super) fn by_hat<'a>(users: impl IntoIterator<Item = (&'a Room, &'a User)>) -> BTreeMap<HatId, Tally> {
    let mut all: BTreeMap<HatId, Tally> = BTreeMap::new();
    // The title in the first user's room; the others are compared with it.
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
