//! What a server has of a room, as a backend read it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CatalogValue, HatValue, Item, ItemValue, UserValue};
use crate::model::{Affiliation, HatId, Jid};

/// What came of reading a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomRead {
    /// It is there, and this is in it.
    Read(Arc<RemoteRoom>),
    /// The server has no such room, or only the tombstone of one.
    Gone,
    /// The account is not allowed to read it. The text says who may, for people.
    Forbidden(String),
    /// It could not be read this time. The text says why, for people.
    Unread(String),
}

/// A room as a server has it. All values are in normal form; of what the server's class cannot hold, none are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteRoom {
    /// What people call it; never empty.
    pub name: Option<Arc<str>>,
    /// Who is affiliated or has hats.
    pub users: BTreeMap<Jid, RemoteUser>,
    /// The catalog; empty where the class has none.
    pub catalog: BTreeMap<HatId, CatalogValue>,
    /// What tells the room from another one that is made later under the same address: the time of its making, or anything
    /// else that differs then. Only compared with an earlier one. `None` where the server has nothing of the kind.
    pub created: Option<Box<str>>,
    /// What was read in full.
    pub coverage: Coverage,
    /// What could not be understood.
    pub unreadable: Unreadable,
}

/// A user of a room on a server: affiliated, or with hats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteUser {
    /// The affiliation; `none` for a stranger with hats.
    pub affiliation: Affiliation,
    /// The hats by id.
    pub hats: BTreeMap<HatId, HatValue>,
    /// The nickname that the room reserves for the user, or under which they are present. Never stored.
    pub nickname: Option<Arc<str>>,
    /// The reason of the affiliation, where the server keeps one. Never stored.
    pub reason: Option<Arc<str>>,
}

/// Which parts of a room were read in full. What is missing from a part that was not says nothing: it is not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// All affiliations were read.
    pub affiliations: bool,
    /// All users' hats were read.
    pub hats: bool,
    /// The whole catalog was read. Of no meaning where the class has none.
    pub catalog: bool,
}

/// All was read.
impl Default for Coverage {
    fn default() -> Self {
        Self {
            affiliations: true,
            hats: true,
            catalog: true,
        }
    }
}

/// What a server has and this program does not understand. It is skipped and counted; where it is known what it is about,
/// that is not compared, so that it never looks like a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many users, hats and entries were skipped, all together.
    pub count: usize,
    /// Users of whom nothing is compared: of those whose address the server spells otherwise than this program does, a
    /// change would reach somebody else.
    pub users: BTreeSet<Jid>,
    /// Users of whom no hat is compared: what is stored there is no set of hats.
    pub hats_of: BTreeSet<Jid>,
    /// Hats of users that are not compared.
    pub hats: BTreeSet<(Jid, HatId)>,
    /// Entries of the catalog that are not compared.
    pub catalog: BTreeSet<HatId>,
}

impl RemoteRoom {
    /// What an item is there.
    pub fn value(&self, item: &Item) -> Option<ItemValue> {
        match item {
            Item::Catalog { hat } => self.catalog.get(hat).cloned().map(ItemValue::Catalog),
            Item::Affiliation { user } => ItemValue::affiliation(self.users.get(user)?.affiliation),
            Item::Hat { user, hat } => self.users.get(user)?.hats.get(hat).cloned().map(ItemValue::Hat),
        }
    }

    /// Whether it is known what an item is there: it was read, or would have been.
    pub fn knows(&self, item: &Item) -> bool {
        let skipped = &self.unreadable;
        match item {
            Item::Catalog { hat } => {
                !skipped.catalog.contains(hat) && (self.coverage.catalog || self.catalog.contains_key(hat))
            }
            Item::Affiliation { user } => {
                let there = || {
                    let user = self.users.get(user);
                    user.is_some_and(|user| user.affiliation != Affiliation::None)
                };
                !skipped.users.contains(user) && (self.coverage.affiliations || there())
            }
            Item::Hat { user, hat } => {
                let there = || {
                    self.users
                        .get(user)
                        .is_some_and(|user| user.hats.contains_key(hat))
                };
                // Without a look into the sets where, as nearly always, nothing is in them.
                let odd = !skipped.users.is_empty() && skipped.users.contains(user)
                    || !skipped.hats_of.is_empty() && skipped.hats_of.contains(user)
                    || !skipped.hats.is_empty() && skipped.hats.contains(&(user.clone(), hat.clone()));
                !odd && (self.coverage.hats || there())
            }
        }
    }

    /// A user as a whole; nothing where there is no such user.
    pub fn user(&self, user: &Jid) -> UserValue {
        self.users
            .get(user)
            .map_or_else(UserValue::default, |user| UserValue {
                affiliation: user.affiliation,
                hats: user.hats.clone(),
            })
    }
}
