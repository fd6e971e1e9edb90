//! The hats of a room: those defined in its catalog, and those that are only worn.

use crate::model::{CatalogHat, HatId, Jid, RoomHat, Wardrobe};

/// The overlay: whose catalog, and what is selected in it.
#[derive(Debug, Clone)]
pub struct CatalogOverlay {
    /// Which room.
    pub room: Jid,
    pub(super) selected_hat: Option<HatId>,
    pub(super) row: usize,
}

/// A hat of a room.
#[derive(Debug, Clone, Copy)]
pub struct CatalogEntry<'a> {
    /// Its id, what people read, and how many users have it.
    pub hat: &'a RoomHat,
    /// What the catalog has of it; `None` when it is only worn.
    pub definition: Option<&'a CatalogHat>,
}

impl CatalogOverlay {
    pub(super) fn new(room: Jid, on: Option<HatId>) -> Self {
        Self {
            room,
            selected_hat: on,
            row: 0,
        }
    }

    /// The hats, those of the catalog first, by title.
    pub fn entries<'a>(&self, wardrobe: &'a Wardrobe) -> Vec<CatalogEntry<'a>> {
        let Some(room) = wardrobe.room(&self.room) else {
            return Vec::new();
        };
        let mut entries: Vec<CatalogEntry<'a>> = room
            .hats()
            .iter()
            .map(|known| CatalogEntry {
                hat: known,
                definition: room.catalog.get(&known.id),
            })
            .collect();
        entries.sort_by_cached_key(|entry| {
            let title = entry.hat.title.as_deref().unwrap_or_default().to_lowercase();
            (entry.definition.is_none(), title.is_empty(), title)
        });
        entries
    }

    /// The selected row of these; a selection stays on its hat, else at its place.
    pub fn selected(&self, entries: &[CatalogEntry<'_>]) -> Option<usize> {
        let on = entries
            .iter()
            .position(|entry| Some(&entry.hat.id) == self.selected_hat.as_ref());
        on.or_else(|| entries.len().checked_sub(1).map(|last| self.row.min(last)))
    }
}
