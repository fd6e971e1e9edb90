//! Totals of the hats of several users.

use std::collections::BTreeMap;

use crate::model::{Attachment, HatId, Room, User};

/// Totals of one hat over several users.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The attachment of the first user.
    pub first: Attachment,
    /// Number of users with the hat.
    pub count: usize,
    /// For how many of them it is active.
    pub active: usize,
    /// For how many of them it is required.
    pub required: usize,
    /// For how many of them it ends.
    pub ending: usize,
    /// Whether their titles for it differ.
    pub titles_differ: bool,
}

/// Totals of all hats of these users, each given with the room.
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
                tally.ending += usize::from(attachment.until().is_some());
            } else {
                titles.insert(id.clone(), title.map(str::to_owned));
                let tally = Tally {
                    first: attachment.clone(),
                    count: 1,
                    active: attachment.is_active().into(),
                    required: attachment.is_required().into(),
                    ending: attachment.until().is_some().into(),
                    titles_differ: false,
                };
                all.insert(id.clone(), tally);
            }
        }
    }
    all
}
