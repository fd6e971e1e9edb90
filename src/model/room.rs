//! Rooms and the users in them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Attachment, CatalogHat, Extra, HatId, Hats, Jid};

/// A user's long-lived relation to a room (XEP-0045, section 5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Affiliation {
    /// Owner of the room.
    Owner,
    /// Administrator of the room.
    Admin,
    /// Member of the room.
    Member,
    /// Not affiliated. A data file has such users only if a server, an import or another program put them there, usually
    /// with hats.
    #[default]
    None,
    /// Banned from the room.
    Outcast,
}

impl Affiliation {
    /// All affiliations, highest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Member, Self::None, Self::Outcast];

    /// The name used in XMPP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::None => "none",
            Self::Outcast => "outcast",
        }
    }

    /// The affiliation with this XMPP name, which is case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|affiliation| affiliation.as_str() == name)
    }

    /// Whether the user can get hats: owner, admin or member.
    pub fn is_affiliated(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Member)
    }
}

impl fmt::Display for Affiliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A user of a room: affiliation and hats. In the data file, this is the user object that other software reads; the
/// user's address is the key of the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The user's affiliation with the room.
    pub affiliation: Affiliation,
    /// The user's hats in this room.
    pub hats: Hats,
    /// Unrecognized JSON fields, written back unchanged.
    pub extra: Extra,
}

impl User {
    /// A user with this affiliation and without hats.
    pub fn new(affiliation: Affiliation) -> Self {
        Self {
            affiliation,
            ..Self::default()
        }
    }
}

/// A multi-user chat room (XEP-0045): its users, sorted by address, and its hat catalog.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// The display name; `None` if the room has none.
    pub name: Option<Arc<str>>,
    /// The hat catalog: the hats that the room defines (XEP-0317), by ID.
    pub catalog: BTreeMap<HatId, CatalogHat>,
    /// Unrecognized JSON fields, written back unchanged.
    pub extra: Extra,
    users: Vec<(Jid, User)>,
    attachment_count: usize,
    /// The cached result of [`Room::hats`].
    hats: OnceLock<Arc<[RoomHat]>>,
    /// The cached result of [`Room::earliest_end`].
    earliest_end: OnceLock<Option<Timestamp>>,
}

/// Rooms are equal if they serialize to the same JSON; cached values are not compared.
impl PartialEq for Room {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.catalog == other.catalog
            && self.extra == other.extra
            && self.users == other.users
    }
}
impl Eq for Room {}

/// A hat that a room's catalog defines or that a user of the room has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomHat {
    /// The ID of the hat.
    pub id: HatId,
    /// The title in the catalog, or else the most frequent title of the hat's attachments; `None` if there is neither.
    pub title: Option<Arc<str>>,
    /// The number of users with the hat.
    pub user_count: usize,
    /// The indexes of these users in [`Room::users`], ascending.
    positions: Box<[u32]>,
}

impl RoomHat {
    /// The users with the hat, sorted by address. `room` must be the room from which this value was computed.
    pub fn users<'a>(&'a self, room: &'a Room) -> impl Iterator<Item = &'a (Jid, User)> {
        let user_at = |position: &u32| room.users.get(*position as usize);
        self.positions.iter().filter_map(user_at)
    }
}

impl Room {
    /// A room with this display name and without users.
    pub fn new(name: Option<&str>) -> Self {
        Self {
            name: name.map(Into::into),
            ..Self::default()
        }
    }

    /// Returns the room with these users; `None` unless they are in strictly ascending order of their addresses.
    pub(crate) fn with_users(mut self, mut users: Vec<(Jid, User)>) -> Option<Self> {
        if !users.is_sorted_by(|(a, _), (b, _)| a < b) {
            return None;
        }
        users.shrink_to_fit();
        self.attachment_count = users.iter().map(|(_, user)| user.hats.len()).sum();
        self.users = users;
        self.hats.take();
        self.earliest_end.take();
        Some(self)
    }

    /// The users, sorted by address.
    pub fn users(&self) -> &[(Jid, User)] {
        &self.users
    }

    /// The user with this address; `None` if the room has no such user.
    pub fn user(&self, jid: &Jid) -> Option<&User> {
        self.users.get(self.position(jid).ok()?).map(|(_, user)| user)
    }

    /// The index of a user in [`Room::users`], or `Err` with the index where the user would be inserted.
    pub fn position(&self, jid: &Jid) -> Result<usize, usize> {
        self.users.binary_search_by(|(other, _)| other.cmp(jid))
    }

    /// The number of attachments of all users.
    pub fn attachment_count(&self) -> usize {
        self.attachment_count
    }

    /// The earliest time at which a hat of a user ends, which may be in the past; `None` if no hat has an end. Computed at
    /// the first call and cached until the room changes.
    pub fn earliest_end(&self) -> Option<Timestamp> {
        *self.earliest_end.get_or_init(|| {
            let hats = self.users.iter().flat_map(|(_, user)| user.hats.iter());
            hats.filter_map(|(_, attachment)| attachment.until()).min()
        })
    }

    /// The title shown for a user's hat in this room: that of the attachment, or else that of the catalog; `None` if both
    /// are missing or empty.
    pub fn title<'a>(&'a self, hat: &HatId, attachment: &'a Attachment) -> Option<&'a str> {
        let non_empty = |title: &'a Option<Arc<str>>| title.as_deref().filter(|title| !title.is_empty());
        non_empty(&attachment.title).or_else(|| self.catalog.get(hat).and_then(|hat| non_empty(&hat.title)))
    }

    /// The given hats, each with the title that this room shows for the hat (see [`Room::title`]), for use outside the
    /// room.
    pub fn hats_with_titles(&self, hats: &Hats) -> Hats {
        let with_titles = hats.iter().map(|(id, attachment)| {
            let attachment = match self.title(id, attachment) {
                Some(title) if !attachment.has_own_title() => attachment.clone().with_title(Some(title)),
                _ => attachment.clone(),
            };
            (id.clone(), attachment)
        });
        with_titles.collect()
    }

    /// Inserts, replaces or (with `None`) removes a user; returns the previous one.
    pub(super) fn set_user(&mut self, jid: &Jid, user: Option<User>) -> Option<User> {
        self.hats.take();
        self.earliest_end.take();
        let (position, new_count) = (
            self.position(jid),
            user.as_ref().map_or(0, |user| user.hats.len()),
        );
        let before = match (position, user) {
            (Ok(index), Some(user)) => self
                .users
                .get_mut(index)
                .map(|(_, old)| std::mem::replace(old, user)),
            (Ok(index), None) => Some(self.users.remove(index).1),
            (Err(index), Some(user)) => {
                self.users.insert(index, (jid.clone(), user));
                None
            }
            (Err(_), None) => None,
        };
        self.attachment_count =
            self.attachment_count + new_count - before.as_ref().map_or(0, |user| user.hats.len());
        before
    }

    /// Changes the affiliation of a user; does nothing if the room has no such user.
    pub(super) fn set_affiliation(&mut self, jid: &Jid, affiliation: Affiliation) {
        if let Ok(index) = self.position(jid)
            && let Some((_, user)) = self.users.get_mut(index)
        {
            user.affiliation = affiliation;
        }
    }

    /// Adds, replaces or (with `None`) removes a user's hat; does nothing if the room has no such user.
    pub(super) fn set_hat(&mut self, jid: &Jid, hat: &HatId, attachment: Option<Attachment>) {
        self.hats.take();
        self.earliest_end.take();
        if let Ok(index) = self.position(jid)
            && let Some((_, user)) = self.users.get_mut(index)
        {
            let before = user.hats.len();
            user.hats.set(hat, attachment);
            self.attachment_count = self.attachment_count + user.hats.len() - before;
        }
    }

    /// Adds, replaces or (with `None`) removes a hat of the catalog.
    pub(super) fn set_catalog_hat(&mut self, hat: &HatId, entry: Option<CatalogHat>) {
        self.hats.take();
        match entry {
            Some(entry) => drop(self.catalog.insert(hat.clone(), entry)),
            None => drop(self.catalog.remove(hat)),
        }
    }

    /// The hat with this ID, if the catalog defines it or a user has it.
    pub fn hat(&self, hat: &HatId) -> Option<&RoomHat> {
        let hats = self.hats();
        hats.get(hats.binary_search_by(|other| other.id.cmp(hat)).ok()?)
    }

    /// The title of a hat in the catalog or, if the hat is not in the catalog, the most frequent one that users have.
    pub fn catalog_title(&self, hat: &HatId) -> Option<&str> {
        match self.catalog.get(hat) {
            Some(entry) => entry.title.as_deref(),
            None => self.hat(hat)?.title.as_deref(),
        }
    }

    /// The users who have their own title for a hat, and that title.
    pub fn own_titles<'a>(&'a self, hat: &'a HatId) -> impl Iterator<Item = (&'a Jid, &'a str)> {
        self.users.iter().filter_map(move |(jid, user)| {
            let attachment = user
                .hats
                .get(hat)
                .filter(|attachment| attachment.has_own_title())?;
            Some((jid, attachment.title.as_deref()?))
        })
    }

    /// The hats that the catalog defines or that users have, sorted by ID. Computed at the first call and cached until
    /// the room changes.
    pub fn hats(&self) -> &Arc<[RoomHat]> {
        self.hats.get_or_init(|| {
            type HatUses<'a> = (Vec<u32>, HashMap<&'a str, usize>);
            let mut by_hat: HashMap<&HatId, HatUses<'_>, foldhash::fast::RandomState> = HashMap::default();
            for id in self.catalog.keys() {
                by_hat.entry(id).or_default();
            }
            let users = (0_u32..).zip(&self.users);
            let all =
                users.flat_map(|(position, (_, user))| user.hats.iter().map(move |hat| (position, hat)));
            for (position, (id, attachment)) in all {
                let (positions, title_counts) = by_hat.entry(id).or_default();
                positions.push(position);
                if let Some(title) = attachment.title.as_deref().filter(|title| !title.is_empty()) {
                    *title_counts.entry(title).or_default() += 1;
                }
            }
            let mut hats: Vec<RoomHat> = by_hat
                .into_iter()
                .map(|(id, (positions, title_counts))| {
                    let catalog_title = self.catalog.get(id).and_then(|hat| hat.title.clone());
                    let catalog_title = catalog_title.filter(|title| !title.is_empty());
                    // Of equally frequent titles, the first in byte order, so that the result is deterministic.
                    let most_frequent = title_counts
                        .into_iter()
                        .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
                    RoomHat {
                        id: id.clone(),
                        title: catalog_title.or(most_frequent.map(|(title, _)| title.into())),
                        user_count: positions.len(),
                        positions: positions.into(),
                    }
                })
                .collect();
            hats.sort_by(|a, b| a.id.cmp(&b.id));
            hats.into()
        })
    }
}
