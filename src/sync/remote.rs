//! A room on a server, as read by a backend.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CatalogValue, HatValue, Item, ItemValue, UserValue};
use crate::model::{Affiliation, HatId, Jid};

/// The approximate memory of a user, a hat or a catalog entry without its texts, in bytes.
const BYTES_PER_ENTRY: usize = 128;

/// The outcome of reading a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomRead {
    /// The room and its content.
    Read(Arc<RemoteRoom>),
    /// The server has no such room, or only its tombstone.
    Gone,
    /// The account may not read the room. The text says who may, for display.
    Forbidden(String),
    /// The room could not be read this time. The text says why, for display.
    Unread(String),
}

/// A room on a server. All values are in normal form; values that the class cannot store are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteRoom {
    /// The room's name; never empty.
    pub name: Option<Arc<str>>,
    /// Users with an affiliation or hats.
    pub users: BTreeMap<Jid, RemoteUser>,
    /// The catalog; empty if the class has none.
    pub catalog: BTreeMap<HatId, CatalogValue>,
    /// A text that distinguishes the room from a later one with the same address: its creation time, or anything else that
    /// differs. It is only compared with earlier texts. `None` if the server has no such data.
    pub created: Option<Box<str>>,
    /// The parts that were read completely.
    pub coverage: Coverage,
    /// Items that could not be parsed.
    pub unreadable: Unreadable,
}

/// A user of a room on a server, with an affiliation or hats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteUser {
    /// The affiliation; `none` for an unaffiliated user with hats.
    pub affiliation: Affiliation,
    /// The hats by ID.
    pub hats: BTreeMap<HatId, HatValue>,
    /// The nickname that the room reserves for the user, or under which they are present. Never stored.
    pub nickname: Option<Arc<str>>,
    /// The reason of the affiliation, if the server stores one. Never stored.
    pub reason: Option<Arc<str>>,
}

/// The parts of a room that were read completely. Items missing from an incomplete part are not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// All affiliations were read.
    pub affiliations: bool,
    /// All users' hats were read.
    pub hats: bool,
    /// The whole catalog was read. Irrelevant if the class has none.
    pub catalog: bool,
}

/// Everything was read.
impl Default for Coverage {
    fn default() -> Self {
        Self {
            affiliations: true,
            hats: true,
            catalog: true,
        }
    }
}

/// Items on a server that could not be parsed. They are skipped and counted. Items that are known to be among them are not
/// compared, so that they never look like deletions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// Total number of skipped users, hats and entries.
    pub count: usize,
    /// Users that are not compared at all: their affiliation is unknown, or the server spells their address differently, so
    /// that a change could reach another user.
    pub users: BTreeSet<Jid>,
    /// Users whose hats are not compared, because the stored hats are invalid.
    pub hats_of: BTreeSet<Jid>,
    /// Users' hats that are not compared.
    pub hats: BTreeSet<(Jid, HatId)>,
    /// Catalog entries that are not compared.
    pub catalog: BTreeSet<HatId>,
    /// Hats of skipped entries whose users are uncertain, for example because their addresses cannot be parsed.
    pub hats_of_unknown: BTreeSet<HatId>,
    /// Whether there are also skipped entries whose hats are unknown, because the IDs are missing or cannot be parsed.
    pub has_unknown_hats: bool,
}

impl Unreadable {
    /// Counts a skipped hat of an uncertain user; `None`: its ID is unknown, too.
    pub fn skip_hat(&mut self, hat: Option<HatId>) {
        self.count += 1;
        self.has_unknown_hats |= hat.is_none();
        self.hats_of_unknown.extend(hat);
    }

    /// Whether a skipped entry may be about this hat.
    pub fn may_have(&self, hat: &HatId) -> bool {
        self.has_unknown_hats
            || !self.hats_of.is_empty()
            || self.hats_of_unknown.contains(hat)
            || self.hats.iter().any(|(_, skipped)| skipped == hat)
    }
}

impl RemoteRoom {
    /// The value of an item on the server; `None` if the server does not have the item, or its value is not known.
    pub fn value(&self, item: &Item) -> Option<ItemValue> {
        match item {
            Item::Catalog { hat } => self.catalog.get(hat).cloned().map(ItemValue::Catalog),
            Item::Affiliation { user } => ItemValue::affiliation(self.users.get(user)?.affiliation),
            Item::Hat { user, hat } => self.users.get(user)?.hats.get(hat).cloned().map(ItemValue::Hat),
        }
    }

    /// Whether the value of an item is known: the item was read, or would have been read if it existed.
    pub fn knows(&self, item: &Item) -> bool {
        let skipped = &self.unreadable;
        match item {
            Item::Catalog { hat } => {
                !skipped.catalog.contains(hat) && (self.coverage.catalog || self.catalog.contains_key(hat))
            }
            Item::Affiliation { user } => {
                let is_listed = || {
                    let user = self.users.get(user);
                    user.is_some_and(|user| user.affiliation != Affiliation::None)
                };
                !skipped.users.contains(user) && (self.coverage.affiliations || is_listed())
            }
            Item::Hat { user, hat } => {
                let has_hat = || {
                    self.users
                        .get(user)
                        .is_some_and(|user| user.hats.contains_key(hat))
                };
                // The usual case: nothing was skipped.
                let is_skipped = !skipped.users.is_empty() && skipped.users.contains(user)
                    || !skipped.hats_of.is_empty() && skipped.hats_of.contains(user)
                    || !skipped.hats.is_empty() && skipped.hats.contains(&(user.clone(), hat.clone()));
                !is_skipped && (self.coverage.hats || has_hat())
            }
        }
    }

    /// The approximate memory that the room occupies, in bytes.
    pub fn size(&self) -> usize {
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(0, str::len);
        let hat = |(id, hat): (&HatId, &HatValue)| BYTES_PER_ENTRY + id.as_str().len() + text(&hat.title);
        let users = self.users.iter().map(|(jid, user)| {
            let hats: usize = user.hats.iter().map(hat).sum();
            BYTES_PER_ENTRY + jid.as_str().len() + text(&user.nickname) + text(&user.reason) + hats
        });
        let entry =
            |(id, entry): (&HatId, &CatalogValue)| BYTES_PER_ENTRY + id.as_str().len() + text(&entry.title);
        users.chain(self.catalog.iter().map(entry)).sum()
    }

    /// The values of a whole user; empty if the room does not have the user.
    pub fn user(&self, user: &Jid) -> UserValue {
        self.users
            .get(user)
            .map_or_else(UserValue::default, |user| UserValue {
                affiliation: user.affiliation,
                hats: user.hats.clone(),
            })
    }
}
