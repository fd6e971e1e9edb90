//! The Hats view: all hats, the users with the selected hat, and the rooms in which they have it.

use std::collections::{BTreeMap, HashMap};

use crate::app::existing::{ExistingHat, existing_hats};
use crate::app::filter::Filter;
use crate::app::folding;
use crate::app::place::Pane;
use crate::model::{HatId, Jid, Wardrobe};

use super::cascade::{CascadeSource, Columns, RowId};
use super::sort::{self, Sort, sorted_rooms};

/// Provides the rows of the Hats view from an index of all hats.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct ByHat {
    hats_by_id: HashMap<HatId, ExistingHat, foldhash::fast::RandomState>,
    /// For each hat, the rooms in which users have it: with this index, selecting a hat does not need to scan all rooms.
    rooms_by_hat: HashMap<HatId, Vec<Jid>, foldhash::fast::RandomState>,
}

impl ByHat {
    /// A hat by ID.
    pub(in crate::app) fn get(&self, hat: &HatId) -> Option<&ExistingHat> {
        self.hats_by_id.get(hat)
    }

    /// Rebuilds the index.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        self.hats_by_id = existing_hats(wardrobe, None);
        self.rooms_by_hat.clear();
        for (jid, room) in wardrobe.rooms() {
            for hat in room.hats().iter().filter(|hat| hat.user_count > 0) {
                self.rooms_by_hat
                    .entry(hat.id.clone())
                    .or_default()
                    .push(jid.clone());
            }
        }
    }

    /// Lists all hats, sorted by title with untitled ones last, or by number of users (highest first).
    fn hats(&self, sort: Sort) -> Vec<RowId> {
        let row = |hat: &ExistingHat| {
            let title = folding::sort_key(hat.title.as_deref().unwrap_or_default());
            let first = if sort == Sort::Users {
                usize::MAX - hat.users
            } else {
                0
            };
            ((first, title.is_empty(), title), hat.id.clone())
        };
        let mut rows: Vec<_> = self.hats_by_id.values().map(row).collect();
        rows.sort();
        rows.into_iter().map(|(_, id)| id.into()).collect()
    }

    fn rooms_with_selected_hat<'a>(&'a self, columns: &Columns) -> impl Iterator<Item = &'a Jid> {
        let hat = columns.hat(Pane::First);
        hat.and_then(|hat| self.rooms_by_hat.get(hat))
            .into_iter()
            .flatten()
    }

    /// Lists the users with the selected hat.
    fn users(&self, sort: Sort, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let mut room_counts: BTreeMap<&Jid, usize> = BTreeMap::new();
        for room in self
            .rooms_with_selected_hat(columns)
            .filter_map(|jid| wardrobe.room(jid))
        {
            let room_hat = columns.hat(Pane::First).and_then(|hat| room.hat(hat));
            for (jid, _) in room_hat.into_iter().flat_map(|room_hat| room_hat.users(room)) {
                *room_counts.entry(jid).or_default() += 1;
            }
        }
        let mut rows: Vec<(&Jid, usize)> = room_counts.into_iter().collect();
        sort::by_address(&mut rows, |(jid, _)| jid);
        if sort == Sort::Rooms {
            rows.sort_by_key(|(_, rooms)| std::cmp::Reverse(*rooms));
        }
        rows.into_iter().map(|(jid, _)| jid.clone().into()).collect()
    }

    /// Lists the rooms in which the selected user has the selected hat.
    fn rooms(&self, sort: Sort, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let (Some(hat), Some(jid)) = (columns.hat(Pane::First), columns.jid(Pane::Second)) else {
            return Vec::new();
        };
        let rooms = self.rooms_with_selected_hat(columns).filter_map(|address| {
            let room = wardrobe.room(address)?;
            let user = room.user(jid)?;
            user.hats.get(hat)?;
            Some((address, room, user))
        });
        sorted_rooms(sort, rooms)
    }
}

impl CascadeSource for ByHat {
    fn rows(&mut self, pane: Pane, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let sort = columns.get(pane).sort;
        match pane {
            Pane::First => self.hats(sort),
            Pane::Second => self.users(sort, columns, wardrobe),
            Pane::Third => self.rooms(sort, columns, wardrobe),
        }
    }

    fn rank(
        &self,
        pane: Pane,
        columns: &Columns,
        wardrobe: &Wardrobe,
        filter: &Filter,
        row: &RowId,
    ) -> Option<u32> {
        match (pane, row) {
            (_, RowId::Hat(id)) => {
                let title = self.hats_by_id.get(id).and_then(|hat| hat.title.as_deref());
                filter.rank_existing_hat(id, title)
            }
            (Pane::Third, RowId::Jid(jid)) => {
                filter.rank_room((jid, wardrobe.room(jid)?), columns.presence().room(jid))
            }
            (_, RowId::Jid(jid)) if columns.presence().is_empty() => {
                filter.rank_address(jid, std::iter::empty())
            }
            (_, RowId::Jid(jid)) => {
                let rooms = self.rooms_with_selected_hat(columns);
                filter.rank_address(jid, rooms.filter_map(|room| columns.presence().room(room)))
            }
        }
    }
}
