//! Names that several rooms have in common; lists show how such rooms differ.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Jid, Wardrobe};

/// The names that several rooms have.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedNames(HashMap<Arc<str>, Sharing, foldhash::fast::RandomState>);

/// The difference between rooms with the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Each has a different domain.
    DifferentDomains,
    /// At least two have the same domain.
    SameDomain,
}

impl SharedNames {
    /// Finds the names that several rooms of the wardrobe have.
    pub(super) fn of(wardrobe: &Wardrobe) -> Self {
        let mut rooms: HashMap<&Arc<str>, Vec<&Jid>, foldhash::fast::RandomState> = HashMap::default();
        for (jid, room) in wardrobe.rooms() {
            if let Some(name) = &room.name {
                rooms.entry(name).or_default().push(jid);
            }
        }
        rooms.retain(|_, rooms| rooms.len() > 1);
        let shared = rooms.into_iter().map(|(name, rooms)| {
            let mut domains: Vec<&str> = rooms.iter().map(|room| room.domain()).collect();
            domains.sort_unstable();
            let repeated = domains.windows(2).any(|pair| pair.first() == pair.last());
            let sharing = if repeated {
                Sharing::SameDomain
            } else {
                Sharing::DifferentDomains
            };
            (name.clone(), sharing)
        });
        Self(shared.collect())
    }

    /// The difference between the rooms with this name; `None` if at most one room has the name.
    pub(crate) fn get(&self, name: &str) -> Option<Sharing> {
        self.0.get(name).copied()
    }
}
