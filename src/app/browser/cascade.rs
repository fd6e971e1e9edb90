//! Three columns; each lists the items of the rows selected to its left.

use crate::app::filter::Filter;
use crate::app::place::{PANES, Pane};
use crate::app::presence::Presence;
use crate::model::{HatId, Jid, Wardrobe};

use super::column::Column;
use super::list::FilteredRows;

/// Identifies a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) enum RowId {
    /// A room or a user, by address.
    Jid(Jid),
    /// A hat.
    Hat(HatId),
}

impl RowId {
    pub(in crate::app) fn jid(&self) -> Option<&Jid> {
        match self {
            Self::Jid(jid) => Some(jid),
            Self::Hat(_) => None,
        }
    }

    pub(in crate::app) fn hat(&self) -> Option<&HatId> {
        match self {
            Self::Hat(hat) => Some(hat),
            Self::Jid(_) => None,
        }
    }

    /// The address or the ID.
    pub(in crate::app) fn as_str(&self) -> &str {
        match self {
            Self::Jid(jid) => jid.as_str(),
            Self::Hat(hat) => hat.as_str(),
        }
    }
}

impl From<Jid> for RowId {
    fn from(jid: Jid) -> Self {
        Self::Jid(jid)
    }
}

impl From<HatId> for RowId {
    fn from(hat: HatId) -> Self {
        Self::Hat(hat)
    }
}

/// Index of a pane's column.
pub(super) fn column_index(pane: Pane) -> usize {
    match pane {
        Pane::First => 0,
        Pane::Second => 1,
        Pane::Third => 2,
    }
}

/// The pane to the right; `None` for the last pane.
fn right_of(pane: Pane) -> Option<Pane> {
    match pane {
        Pane::First => Some(Pane::Second),
        Pane::Second => Some(Pane::Third),
        Pane::Third => None,
    }
}

/// Provides the rows of the columns.
pub(super) trait CascadeSource {
    /// The rows of a pane, sorted.
    fn rows(&mut self, pane: Pane, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId>;

    /// The rank of a row that matches a filter, higher for a better match; `None` if the row does not match.
    fn rank(
        &self,
        pane: Pane,
        columns: &Columns,
        wardrobe: &Wardrobe,
        filter: &Filter,
        row: &RowId,
    ) -> Option<u32>;

    /// Prepares the columns to the right after another row of a pane was selected. True if they must be listed again.
    fn on_selection_changed(&mut self, pane: Pane, columns: &mut Columns) -> bool {
        columns.reset_right_of(pane);
        true
    }
}

/// The three columns.
#[derive(Debug, Clone)]
pub(in crate::app) struct Columns {
    columns: [Column; 3],
    presence: Presence,
}

impl Columns {
    pub(super) fn new(columns: [Column; 3]) -> Self {
        Self {
            columns,
            presence: Presence::default(),
        }
    }

    /// The occupants of the rooms, as far as they are known.
    pub(in crate::app) fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Sets the occupants of the rooms; takes effect when the rows are listed next.
    pub(super) fn set_presence(&mut self, presence: Presence) {
        self.presence = presence;
    }

    pub(in crate::app) fn get(&self, pane: Pane) -> &Column {
        let [first, second, third] = &self.columns;
        match pane {
            Pane::First => first,
            Pane::Second => second,
            Pane::Third => third,
        }
    }

    pub(super) fn get_mut(&mut self, pane: Pane) -> &mut Column {
        let [first, second, third] = &mut self.columns;
        match pane {
            Pane::First => first,
            Pane::Second => second,
            Pane::Third => third,
        }
    }

    /// The selected room or user of a pane.
    pub(in crate::app) fn jid(&self, pane: Pane) -> Option<&Jid> {
        self.get(pane).selected_id().and_then(RowId::jid)
    }

    /// The selected hat of a pane.
    pub(in crate::app) fn hat(&self, pane: Pane) -> Option<&HatId> {
        self.get(pane).selected_id().and_then(RowId::hat)
    }

    /// Clears selections, marks and filters to the right of a pane.
    pub(super) fn reset_right_of(&mut self, pane: Pane) {
        for column in self.columns.iter_mut().skip(column_index(pane) + 1) {
            column.reset();
        }
    }

    /// Lists a pane and everything to its right again.
    pub(super) fn refresh(&mut self, pane: Pane, source: &mut impl CascadeSource, wardrobe: &Wardrobe) {
        let rows = source.rows(pane, self, wardrobe);
        let column = self.get_mut(pane);
        if column.marked_count() > 0 {
            let listed: std::collections::BTreeSet<&RowId> = rows.iter().collect();
            column.prune_marks(|row| listed.contains(row));
        }
        column.list.set_rows(rows);
        self.filter_rows(pane, source, wardrobe, usize::MAX);
        self.reselect(pane, source, wardrobe);
    }

    /// Finds the selected item among the current rows and updates the columns to the right.
    fn reselect(&mut self, pane: Pane, source: &mut impl CascadeSource, wardrobe: &Wardrobe) {
        let Some(right) = right_of(pane) else {
            self.get_mut(pane).reselect();
            return;
        };
        if self.get_mut(pane).reselect() {
            self.update_right_of(pane, source, wardrobe);
        } else {
            self.refresh(right, source, wardrobe);
        }
    }

    /// Updates the columns to the right after another row was selected.
    fn update_right_of(&mut self, pane: Pane, source: &mut impl CascadeSource, wardrobe: &Wardrobe) {
        if let Some(right) = right_of(pane)
            && source.on_selection_changed(pane, self)
        {
            self.refresh(right, source, wardrobe);
        }
    }

    /// Filters up to `limit` more rows of a pane. True if filtering is complete and the visible rows were replaced; false
    /// without a filter.
    fn filter_rows(
        &mut self,
        pane: Pane,
        source: &impl CascadeSource,
        wardrobe: &Wardrobe,
        limit: usize,
    ) -> bool {
        if self.get(pane).list.filter.is_none() {
            return false;
        }
        // Matching reads the other columns, so the list is moved out while it is changed.
        let mut list = std::mem::take(&mut self.get_mut(pane).list);
        let done = list.scan(limit, |filter, row| {
            source.rank(pane, self, wardrobe, filter, row)
        });
        self.get_mut(pane).list = list;
        done
    }

    /// Filters the next chunk of rows of the first pane that is incompletely filtered. True if more chunks follow.
    pub(super) fn filter_next_chunk(&mut self, source: &mut impl CascadeSource, wardrobe: &Wardrobe) -> bool {
        let filtering_pane = |columns: &Self| {
            PANES
                .into_iter()
                .find(|pane| columns.get(*pane).list.is_filtering())
        };
        if let Some(pane) = filtering_pane(self)
            && self.filter_rows(pane, source, wardrobe, FilteredRows::CHUNK)
        {
            self.reselect(pane, source, wardrobe);
        }
        filtering_pane(self).is_some()
    }

    /// Selects a row and updates the columns to the right.
    pub(super) fn move_to(
        &mut self,
        pane: Pane,
        row: usize,
        source: &mut impl CascadeSource,
        wardrobe: &Wardrobe,
    ) {
        if self.get_mut(pane).move_to(row) {
            self.update_right_of(pane, source, wardrobe);
        }
    }

    /// Clears the filter of a pane. Keeps the selection; if nothing is selected, restores the selection from before
    /// filtering.
    pub(super) fn clear_filter(&mut self, pane: Pane, source: &mut impl CascadeSource, wardrobe: &Wardrobe) {
        if self.get_mut(pane).clear_filter() {
            self.update_right_of(pane, source, wardrobe);
        }
    }

    /// Selects a row by ID. If the row is not visible, clears the filter of the pane first. False if the row does not
    /// exist.
    pub(super) fn select(
        &mut self,
        pane: Pane,
        row: &RowId,
        source: &mut impl CascadeSource,
        wardrobe: &Wardrobe,
    ) -> bool {
        let list = &self.get(pane).list;
        if !list.visible.contains(row) {
            if !list.may_hide(|other| other == row) {
                return false;
            }
            self.clear_filter(pane, source, wardrobe);
        }
        let position = self
            .get(pane)
            .list
            .visible
            .iter()
            .position(|visible| visible == row);
        if let Some(position) = position {
            self.move_to(pane, position, source, wardrobe);
        }
        position.is_some()
    }
}
