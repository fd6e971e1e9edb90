//! Existing hats and rooms, as a form offers them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{FoldedTitle, HatId, Hue, Jid, Room, Wardrobe};

use super::describe;
use super::view::label;

/// Maximum number of rooms with a hat that are named.
const MAX_NAMED_ROOMS: usize = 3;

/// A hat that is in a catalog or attached to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingHat {
    /// The ID.
    pub id: HatId,
    /// The title in the form's room, else in the first room where the hat has one.
    pub title: Option<Arc<str>>,
    /// Its other titles in rooms, which are searched as well.
    pub other_titles: Vec<Arc<str>>,
    /// Number of users with the hat; a user who has it in two rooms counts once.
    pub users: usize,
    /// Names of the first rooms with the hat.
    pub room_names: Vec<Arc<str>>,
    /// Number of rooms with the hat, also those that only have it in their catalog.
    pub rooms: usize,
    /// Whether the hat exists in the form's room.
    pub in_room: bool,
    /// The hue in the first catalog that defines one.
    pub hue: Option<Hue>,
}

/// An existing item that is suggested.
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

    /// Whether both have a title, and the same one.
    pub(super) fn has_title_of(&self, other: &Self) -> bool {
        let (Some(title), Some(other)) = (self.title(), other.title()) else {
            return false;
        };
        FoldedTitle::new(title).matches(other)
    }

    /// Where it is used, to tell it from others with the same title: `in Courses, Staff (12 users)`, or for a room
    /// `courses@conference.example.org (12 users)`.
    pub(super) fn describe_use(&self) -> String {
        let users = describe::count(self.users(), "user");
        match self {
            Self::Hat(hat) => format!("in {} ({users})", hat.room_phrase()),
            Self::Room(jid, _) => format!("{jid} ({users})"),
        }
    }
}

impl ExistingHat {
    /// The names of its rooms: `Courses`, `Courses, Staff, Lab and 4 more`.
    pub fn room_phrase(&self) -> String {
        let names: Vec<&str> = self.room_names.iter().map(|name| &**name).collect();
        match self.rooms.saturating_sub(names.len()) {
            0 => describe::first_few(&names),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// All hats of all rooms by ID, with their titles in the room `here` if they have one there.
pub(super) fn existing_hats(
    wardrobe: &Wardrobe,
    here: Option<&Jid>,
) -> HashMap<HatId, ExistingHat, foldhash::fast::RandomState> {
    let mut all: HashMap<HatId, ExistingHat, foldhash::fast::RandomState> = HashMap::default();
    for (jid, room) in wardrobe.rooms() {
        let is_here = here == Some(jid);
        for hat in room.hats().iter() {
            let entry = all.entry(hat.id.clone()).or_insert_with(|| ExistingHat {
                id: hat.id.clone(),
                title: None,
                other_titles: Vec::new(),
                users: 0,
                room_names: Vec::new(),
                rooms: 0,
                in_room: false,
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
            entry.in_room |= is_here;
            let mut title = hat.title.clone();
            if is_here || entry.title.is_none() {
                // The room's own title has priority.
                std::mem::swap(&mut entry.title, &mut title);
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
    count_users(wardrobe, &mut all);
    all
}

/// The hats that have this title in this room, or in any room if `None`, sorted by ID; each with a text on where it is used.
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

/// Corrects the number of users of hats in several rooms: each user counts once.
fn count_users(wardrobe: &Wardrobe, all: &mut HashMap<HatId, ExistingHat, foldhash::fast::RandomState>) {
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
