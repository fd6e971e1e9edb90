//! The hats of a room: those in its catalog, and those that users have without a catalog entry.

use crate::model::{CatalogHat, HatId, Jid, RoomHat, Wardrobe};

use super::folding;

/// The catalog overlay of a room.
#[derive(Debug, Clone)]
pub struct CatalogOverlay {
    /// The room.
    pub room: Jid,
    pub(super) selected_hat: Option<HatId>,
    /// The row that was selected last.
    pub(super) row: usize,
}

/// A hat of a room.
#[derive(Debug, Clone, Copy)]
pub struct CatalogEntry<'a> {
    /// ID, displayed title and number of users.
    pub hat: &'a RoomHat,
    /// The catalog entry; `None` if the hat is not in the catalog.
    pub definition: Option<&'a CatalogHat>,
}

impl CatalogOverlay {
    pub(super) fn new(room: Jid, selected_hat: Option<HatId>) -> Self {
        Self {
            room,
            selected_hat,
            row: 0,
        }
    }

    /// The hats of the room: first those in the catalog, then the others. Both are sorted by title, with untitled hats
    /// last.
    pub fn entries<'a>(&self, wardrobe: &'a Wardrobe) -> Vec<CatalogEntry<'a>> {
        let Some(room) = wardrobe.room(&self.room) else {
            return Vec::new();
        };
        let mut entries: Vec<CatalogEntry<'a>> = room
            .hats()
            .iter()
            .map(|hat| CatalogEntry {
                hat,
                definition: room.catalog.get(&hat.id),
            })
            .collect();
        entries.sort_by_cached_key(|entry| {
            let title = folding::sort_key(entry.hat.title.as_deref().unwrap_or_default());
            (entry.definition.is_none(), title.is_empty(), title)
        });
        entries
    }

    /// The selected row: that of the selected hat; if it is no longer listed, the row that was selected last. `None` if
    /// there are no rows.
    pub fn selected(&self, entries: &[CatalogEntry<'_>]) -> Option<usize> {
        let selected = entries
            .iter()
            .position(|entry| Some(&entry.hat.id) == self.selected_hat.as_ref());
        selected.or_else(|| entries.len().checked_sub(1).map(|last| self.row.min(last)))
    }
}
