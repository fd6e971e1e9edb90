//! Existing hats and rooms: the hats of the Hats view, and the items that forms suggest.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{FoldedTitle, HatId, Hue, Jid, Room, Wardrobe};

use super::describe;
use super::view::label;

/// Maximum number of rooms that are named for a hat.
const MAX_NAMED_ROOMS: usize = 3;

/// A hat that is in a catalog or attached to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingHat {
    /// The ID.
    pub id: HatId,
    /// The title in the preferred room of `existing_hats`, else in the first room where the hat has a title.
    pub title: Option<Arc<str>>,
    /// Other titles that the hat has in rooms. They are searched as well.
    pub other_titles: Vec<Arc<str>>,
    /// Number of users with the hat; a user who has it in two rooms counts once.
    pub users: usize,
    /// Names of the first rooms with the hat, at most three.
    pub room_names: Vec<Arc<str>>,
    /// Number of rooms with the hat, also those that only have it in their catalog.
    pub rooms: usize,
    /// Whether the hat exists in the preferred room of `existing_hats`, such as that of a form.
    pub in_preferred_room: bool,
    /// The hue in the first catalog that defines one.
    pub hue: Option<Hue>,
}

/// An existing item that can be suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// A hat.
    Hat(ExistingHat),
    /// A room, with its address.
    Room(Jid, Arc<Room>),
}

impl Existing {
    /// The ID of the hat, or the address of the room.
    pub fn id(&self) -> &str {
        match self {
            Self::Hat(hat) => hat.id.as_str(),
            Self::Room(id, _) => id.as_str(),
        }
    }

    /// The title of the hat; or the name of the room, else the local part of its address.
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Hat(hat) => hat.title.as_deref(),
            Self::Room(jid, room) => {
                let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
                name.or(jid.local())
            }
        }
    }

    /// Number of users with the hat or in the room.
    pub fn users(&self) -> usize {
        match self {
            Self::Hat(hat) => hat.users,
            Self::Room(_, room) => room.users().len(),
        }
    }

    /// The title and, for a hat, its other titles.
    pub(super) fn titles(&self) -> impl Iterator<Item = &str> {
        let others: &[Arc<str>] = match self {
            Self::Hat(hat) => &hat.other_titles,
            Self::Room(..) => &[],
        };
        self.title()
            .into_iter()
            .chain(others.iter().map(|title| &**title))
    }

    /// Whether both items have a title, and the titles are the same, apart from case, accents and surrounding white
    /// space.
    pub(super) fn has_title_of(&self, other: &Self) -> bool {
        let (Some(title), Some(other)) = (self.title(), other.title()) else {
            return false;
        };
        FoldedTitle::new(title).matches(other)
    }

    /// Describes the use of the item, which distinguishes it from others with the same title: `in Courses, Staff (12
    /// users)`, or for a room `courses@conference.example.org (12 users)`.
    pub(super) fn describe_use(&self) -> String {
        let users = describe::count(self.users(), "user");
        match self {
            Self::Hat(hat) => format!("in {} ({users})", hat.room_phrase()),
            Self::Room(jid, _) => format!("{jid} ({users})"),
        }
    }
}

impl ExistingHat {
    /// Names the first rooms with the hat, and counts the others: `Courses`, `Courses, Staff, Lab and 4 more`.
    pub fn room_phrase(&self) -> String {
        let names: Vec<&str> = self.room_names.iter().map(|name| &**name).collect();
        match self.rooms.saturating_sub(names.len()) {
            0 => describe::first_few(&names),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// Lists all hats of all rooms by ID. Titles in `preferred_room` have priority.
pub(super) fn existing_hats(
    wardrobe: &Wardrobe,
    preferred_room: Option<&Jid>,
) -> HashMap<HatId, ExistingHat, foldhash::fast::RandomState> {
    let mut all: HashMap<HatId, ExistingHat, foldhash::fast::RandomState> = HashMap::default();
    for (jid, room) in wardrobe.rooms() {
        let is_preferred = preferred_room == Some(jid);
        for hat in room.hats().iter() {
            let entry = all.entry(hat.id.clone()).or_insert_with(|| ExistingHat {
                id: hat.id.clone(),
                title: None,
                other_titles: Vec::new(),
                users: 0,
                room_names: Vec::new(),
                rooms: 0,
                in_preferred_room: false,
                hue: None,
            });
            if entry.hue.is_none() {
                entry.hue = room.catalog.get(&hat.id).and_then(|hat| hat.hue.clone());
            }
            entry.rooms += 1;
            if entry.room_names.len() < MAX_NAMED_ROOMS {
                entry.room_names.push(label::room(jid, room).into());
            }
            entry.users += hat.user_count;
            entry.in_preferred_room |= is_preferred;
            let mut title = hat.title.clone();
            if is_preferred || entry.title.is_none() {
                std::mem::swap(&mut entry.title, &mut title);
                // The preferred room may have no title for the hat.
                if entry.title.is_none() {
                    entry.title = title.take();
                }
            }
            if let Some(title) = title
                && entry.title.as_ref() != Some(&title)
                && !entry.other_titles.contains(&title)
            {
                entry.other_titles.push(title);
            }
        }
    }
    correct_user_counts(wardrobe, &mut all);
    all
}

/// Finds the hats that have this title in a room (`None`: in any room). Returns their IDs in order, each with a
/// description of its use.
pub fn hats_with_title(wardrobe: &Wardrobe, room: Option<&Jid>, title: &str) -> Vec<(HatId, String)> {
    let rooms = wardrobe
        .rooms()
        .filter(|(jid, _)| room.is_none_or(|room| room == *jid));
    let found = FoldedTitle::new(title).hats(rooms.map(|(_, room)| &**room));
    let mut hats: Vec<(HatId, String)> = existing_hats(wardrobe, room)
        .into_values()
        .filter(|hat| found.contains_key(&hat.id))
        .map(|hat| (hat.id.clone(), Existing::Hat(hat).describe_use()))
        .collect();
    hats.sort();
    hats
}

/// Corrects the numbers of users of hats that users have in several rooms: each user counts once.
fn correct_user_counts(
    wardrobe: &Wardrobe,
    all: &mut HashMap<HatId, ExistingHat, foldhash::fast::RandomState>,
) {
    let mut users_by_hat: HashMap<
        &HatId,
        HashSet<&Jid, foldhash::fast::RandomState>,
        foldhash::fast::RandomState,
    > = HashMap::default();
    for (_, room) in wardrobe.rooms() {
        for hat in room.hats().iter() {
            if all.get(&hat.id).is_some_and(|entry| entry.users > hat.user_count) {
                let users = hat.users(room).map(|(user, _)| user);
                users_by_hat.entry(&hat.id).or_default().extend(users);
            }
        }
    }
    for (hat, users) in users_by_hat {
        if let Some(entry) = all.get_mut(hat) {
            entry.users = users.len();
        }
    }
}
