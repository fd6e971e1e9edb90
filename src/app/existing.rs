//! Existing hats and rooms, as a form offers them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{FoldedTitle, HatId, Hue, Jid, Room, Wardrobe};

use super::describe;
use super::view::label;

/// How many of the rooms with a hat are named.
const MAX_ROOMS: usize = 3;

/// A hat that is in a catalog or attached to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingHat {
    /// The ID.
    pub id: HatId,
    /// The title.
    pub title: Option<Arc<str>>,
    /// Its titles in other rooms, which are searched as well.
    pub other_titles: Vec<Arc<str>>,
    /// Number of users with the hat; a user who has it in two rooms counts once.
    pub users: usize,
    /// Names of the first rooms with the hat.
    pub room_names: Vec<Arc<str>>,
    /// Number of rooms with the hat, also those that only have it in their catalog.
    pub rooms: usize,
    /// Whether it exists in the form's room.
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

    /// The title of the hat, or the name of the room, else the local part of its address.
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

    /// All its titles.
    pub(super) fn titles(&self) -> impl Iterator<Item = &str> {
        let also: &[Arc<str>] = match self {
            Self::Hat(hat) => &hat.other_titles,
            Self::Room(..) => &[],
        };
        self.title().into_iter().chain(also.iter().map(|title| &**title))
    }

    /// Whether both have a title, and the same one.
    pub(super) fn has_title_of(&self, other: &Self) -> bool {
        let (Some(title), Some(other)) = (self.title(), other.title()) else {
            return false;
        };
        FoldedTitle::new(title).matches(other)
    }

    /// Where it is used: `in Courses and Staff, 12 users`.
    pub(super) fn place(&self) -> String {
        let users = describe::count(self.users(), "user");
        match self {
            Self::Hat(hat) => format!("in {}, {users}", hat.room_phrase()),
            Self::Room(jid, _) => format!("{jid}, {users}"),
        }
    }
}

impl ExistingHat {
    /// The names of its rooms: `Courses`, `Courses and 4 more`.
    pub fn room_phrase(&self) -> String {
        let names: Vec<&str> = self.room_names.iter().map(|name| &**name).collect();
        match self.rooms.saturating_sub(names.len()) {
            0 => describe::first_few(&names),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }
}

/// All hats of all rooms, with the titles of the room `here` where it has them.
pub(super) fn existing_hats(
    wardrobe: &Wardrobe,
    here: Option<&Jid>,
) -> HashMap<HatId, ExistingHat, foldhash::fast::RandomState> {
    let mut all: HashMap<HatId, ExistingHat, foldhash::fast::RandomState> = HashMap::default();
    for (jid, room) in wardrobe.rooms() {
        let is_here = here == Some(jid);
        for hat in room.hats().iter() {
            let known = all.entry(hat.id.clone()).or_insert_with(|| ExistingHat {
                id: hat.id.clone(),
                title: None,
                other_titles: Vec::new(),
                users: 0,
                room_names: Vec::new(),
                rooms: 0,
                in_room: false,
                hue: None,
            });
            if known.hue.is_none() {
                known.hue = room.catalog.get(&hat.id).and_then(|hat| hat.hue.clone());
            }
            known.rooms += 1;
            if known.room_names.len() < MAX_ROOMS {
                known.room_names.push(label::room(jid, room).into());
            }
            known.users += hat.user_count;
            known.in_room |= is_here;
            let mut title = hat.title.clone();
            if is_here || known.title.is_none() {
                // The room's own title has priority.
                std::mem::swap(&mut known.title, &mut title);
                if known.title.is_none() {
                    known.title = title.take();
                }
            }
            if let Some(title) = title
                && known.title.as_ref() != Some(&title)
                && !known.other_titles.contains(&title)
            {
                known.other_titles.push(title);
            }
        }
    }
    count_people(wardrobe, &mut all);
    all
}

/// The hats that have this title, in any room or in this one, each with where it is used.
pub fn hats_with_title(wardrobe: &Wardrobe, room: Option<&Jid>, title: &str) -> Vec<(HatId, String)> {
    let rooms = wardrobe
        .rooms()
        .filter(|(jid, _)| room.is_none_or(|room| room == *jid));
    let found = FoldedTitle::new(title).hats(rooms.map(|(_, room)| &**room));
    let mut hats: Vec<(HatId, String)> = existing_hats(wardrobe, room)
        .into_values()
        .filter(|hat| found.contains_key(&hat.id))
        .map(|hat| (hat.id.clone(), Existing::Hat(hat).place()))
        .collect();
    hats.sort();
    hats
}

/// Counts the users of hats in several rooms once each.
fn count_people(wardrobe: &Wardrobe, all: &mut HashMap<HatId, ExistingHat, foldhash::fast::RandomState>) {
    let mut people: HashMap<&HatId, HashSet<&Jid, foldhash::fast::RandomState>, foldhash::fast::RandomState> =
        HashMap::default();
    for (_, room) in wardrobe.rooms() {
        for hat in room.hats().iter() {
            if all.get(&hat.id).is_some_and(|known| known.users > hat.user_count) {
                let users = hat.users(room).map(|(user, _)| user);
                people.entry(&hat.id).or_default().extend(users);
            }
        }
    }
    for (hat, users) in people {
        if let Some(known) = all.get_mut(hat) {
            known.users = users.len();
        }
    }
}
