//! Rooms and the users in them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Attachment, CatalogHat, Extra, HatId, Hats, Jid};

/// A user's standing relation with a room (XEP-0045, section 5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Affiliation {
    /// Owns the room.
    Owner,
    /// Administers the room.
    Admin,
    /// A member.
    Member,
    /// No relation; in the file only with hats that a server still keeps, or by hand.
    #[default]
    None,
    /// Banned.
    Outcast,
}

impl Affiliation {
    /// All of them, highest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Member, Self::None, Self::Outcast];

    /// The name in XMPP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::None => "none",
            Self::Outcast => "outcast",
        }
    }

    /// The affiliation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|affiliation| affiliation.as_str() == name)
    }

    /// Whether hats can be given: owner, admin or member.
    pub fn is_affiliated(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }
}

impl fmt::Display for Affiliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a room has of a user: the object that other software reads, with the affiliation beside `hats`. The address is
/// the name under which the room has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The standing relation with the room.
    pub affiliation: Affiliation,
    /// The user's hats in this room.
    pub hats: Hats,
    /// Members that this program does not know.
    pub extra: Extra,
}

impl User {
    /// A user with this affiliation and no hats.
    pub fn new(affiliation: Affiliation) -> Self {
        Self {
            affiliation,
            ..Self::default()
        }
    }
}

/// A multi-user chat (XEP-0045): its users in the order of their addresses, and its catalog of hats.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// The hats defined for the room (XEP-0317), by id.
    pub catalog: BTreeMap<HatId, CatalogHat>,
    /// Members that this program does not know.
    pub extra: Extra,
    users: Vec<(Jid, User)>,
    attachments: usize,
    known: OnceLock<Arc<[RoomHat]>>,
}

/// Equal when the same would be written.
impl PartialEq for Room {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.catalog == other.catalog
            && self.extra == other.extra
            && self.users == other.users
    }
}
impl Eq for Room {}

/// A hat that is defined or worn in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomHat {
    /// Its id.
    pub id: HatId,
    /// The catalog's title, else the one that most of its attachments have.
    pub title: Option<Arc<str>>,
    /// How many users have it.
    pub users: usize,
    /// Where they stand in [`Room::users`], in ascending order.
    places: Box<[u32]>,
}

impl RoomHat {
    /// Those of the room's users who have it, in the order of their addresses.
    pub fn wearers<'a>(&'a self, room: &'a Room) -> impl Iterator<Item = &'a (Jid, User)> {
        let at = |place: &u32| room.users.get(*place as usize);
        self.places.iter().filter_map(at)
    }
}

impl Room {
    /// A room without users.
    pub fn new(name: Option<&str>) -> Self {
        Self {
            name: name.map(Into::into),
            ..Self::default()
        }
    }

    /// From users in strictly ascending order of their addresses; `None` when they are not.
    pub(crate) fn with_users(mut self, mut users: Vec<(Jid, User)>) -> Option<Self> {
        if !users.is_sorted_by(|(a, _), (b, _)| a < b) {
            return None;
        }
        users.shrink_to_fit();
        self.attachments = users.iter().map(|(_, user)| user.hats.len()).sum();
        self.users = users;
        Some(self)
    }

    /// The users in the order of their addresses.
    pub fn users(&self) -> &[(Jid, User)] {
        &self.users
    }

    /// One user.
    pub fn user(&self, jid: &Jid) -> Option<&User> {
        self.users.get(self.position(jid).ok()?).map(|(_, user)| user)
    }

    /// Where a user stands in [`Room::users`], or where they would.
    pub fn position(&self, jid: &Jid) -> Result<usize, usize> {
        self.users.binary_search_by(|(there, _)| there.cmp(jid))
    }

    /// How many hats the users have, all together.
    pub fn attachments(&self) -> usize {
        self.attachments
    }

    /// The title that people read for a hat of a user here: the user's own, else the catalog's.
    pub fn title<'a>(&'a self, hat: &HatId, attachment: &'a Attachment) -> Option<&'a str> {
        let shown = |title: &'a Option<Arc<str>>| title.as_deref().filter(|title| !title.is_empty());
        shown(&attachment.title).or_else(|| self.catalog.get(hat).and_then(|hat| shown(&hat.title)))
    }

    /// Hats with the titles that people read here, for another place than this room.
    pub fn whole_hats(&self, hats: &Hats) -> Hats {
        let with_title = hats.iter().map(|(id, attachment)| {
            let attachment = match self.title(id, attachment) {
                Some(title) if !attachment.has_own_title() => attachment.clone().with_title(Some(title)),
                _ => attachment.clone(),
            };
            (id.clone(), attachment)
        });
        with_title.collect()
    }

    /// Puts a user in the place of the one with that address, or takes that one away; gives what was there.
    pub(super) fn put_user(&mut self, jid: &Jid, user: Option<User>) -> Option<User> {
        self.known.take();
        let (here, new) = (
            self.position(jid),
            user.as_ref().map_or(0, |user| user.hats.len()),
        );
        let before = match (here, user) {
            (Ok(at), Some(user)) => self
                .users
                .get_mut(at)
                .map(|(_, old)| std::mem::replace(old, user)),
            (Ok(at), None) => Some(self.users.remove(at).1),
            (Err(at), Some(user)) => {
                self.users.insert(at, (jid.clone(), user));
                None
            }
            (Err(_), None) => None,
        };
        self.attachments = self.attachments + new - before.as_ref().map_or(0, |user| user.hats.len());
        before
    }

    /// Changes the affiliation of a user who is there.
    pub(super) fn put_affiliation(&mut self, jid: &Jid, affiliation: Affiliation) {
        if let Ok(at) = self.position(jid)
            && let Some((_, user)) = self.users.get_mut(at)
        {
            user.affiliation = affiliation;
        }
    }

    /// Puts a hat on a user who is there, or takes it away.
    pub(super) fn put_hat(&mut self, jid: &Jid, hat: &HatId, attachment: Option<Attachment>) {
        self.known.take();
        if let Ok(at) = self.position(jid)
            && let Some((_, user)) = self.users.get_mut(at)
        {
            let before = user.hats.len();
            user.hats.put(hat, attachment);
            self.attachments = self.attachments + user.hats.len() - before;
        }
    }

    /// Puts a hat into the catalog, or takes it away.
    pub(super) fn put_catalog(&mut self, hat: &HatId, entry: Option<CatalogHat>) {
        self.known.take();
        match entry {
            Some(entry) => drop(self.catalog.insert(hat.clone(), entry)),
            None => drop(self.catalog.remove(hat)),
        }
    }

    /// One of the hats that are defined or worn here.
    pub fn known_hat(&self, hat: &HatId) -> Option<&RoomHat> {
        let known = self.known_hats();
        known.get(known.binary_search_by(|known| known.id.cmp(hat)).ok()?)
    }

    /// The hats that are defined or worn here, in the order of their ids. Worked out once for each state of the room.
    pub fn known_hats(&self) -> &Arc<[RoomHat]> {
        self.known.get_or_init(|| {
            type Seen<'a> = (Vec<u32>, HashMap<&'a str, usize>);
            let mut titles: HashMap<&HatId, Seen<'_>, foldhash::fast::RandomState> = HashMap::default();
            for id in self.catalog.keys() {
                titles.entry(id).or_default();
            }
            let users = (0_u32..).zip(&self.users);
            let all = users.flat_map(|(place, (_, user))| user.hats.iter().map(move |hat| (place, hat)));
            for (place, (id, attachment)) in all {
                let (places, seen) = titles.entry(id).or_default();
                places.push(place);
                if let Some(title) = attachment.title.as_deref().filter(|title| !title.is_empty()) {
                    *seen.entry(title).or_default() += 1;
                }
            }
            let mut known: Vec<RoomHat> = titles
                .into_iter()
                .map(|(id, (places, seen))| {
                    let own = self.catalog.get(id).and_then(|hat| hat.title.clone());
                    let own = own.filter(|title| !title.is_empty());
                    // The most frequent; of two as frequent, the first in order, so that the answer is always the same.
                    let most = seen
                        .into_iter()
                        .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
                    RoomHat {
                        id: id.clone(),
                        title: own.or(most.map(|(title, _)| title.into())),
                        users: places.len(),
                        places: places.into(),
                    }
                })
                .collect();
            known.sort_by(|a, b| a.id.cmp(&b.id));
            known.into()
        })
    }
}
