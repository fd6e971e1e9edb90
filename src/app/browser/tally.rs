//! The hats of several users, taken together.

use std::collections::BTreeMap;

use crate::model::{Attachment, HatId, Room, User};

/// What several users have of one hat.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// The attachment of the first of them.
    pub first: Attachment,
    /// How many have it.
    pub count: usize,
    /// How many of those wear it.
    pub active: usize,
    /// For how many of those it is required.
    pub required: usize,
    /// Whether they have it under different titles.
    pub titles_differ: bool,
}

/// All the hats of these users, each with their room.
pub(super) fn by_hat<'a>(users: impl IntoIterator<Item = (&'a Room, &'a User)>) -> BTreeMap<HatId, Tally> {
    let mut all: BTreeMap<HatId, Tally> = BTreeMap::new();
    // The room of the first who has a hat gives it the title with which the others are compared.
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
            } else {
                titles.insert(id.clone(), title.map(str::to_owned));
                let tally = Tally {
                    first: attachment.clone(),
                    count: 1,
                    active: attachment.is_active().into(),
                    required: attachment.is_required().into(),
                    titles_differ: false,
                };
                all.insert(id.clone(), tally);
            }
        }
    }
    all
}
