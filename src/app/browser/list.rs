//! The rows of one pane: all of them, and those that match its filter.

use crate::app::filter::Filter;

use super::cascade::RowId;

#[derive(Debug, Clone, Default)]
pub(in crate::app) struct FilteredRows {
    /// Rows that the pane shows.
    pub visible: Vec<RowId>,
    pub filter: Option<Filter>,
    /// All rows, while a filter is set.
    all: Vec<RowId>,
    /// The matching rows so far, while filtering is incomplete.
    matches: Vec<RowId>,
    /// Number of rows scanned.
    scanned: usize,
    /// Rank and row of the best match.
    best: Option<(u32, usize)>,
    /// Whether the selection follows the best match: after the filter changed, until the selection is moved.
    follows_best: bool,
}

impl FilteredRows {
    /// Rows scanned before the next key is handled.
    pub(super) const CHUNK: usize = 10_000;

    /// Replaces the rows. With a filter, [`FilteredRows::scan`] must be called until all rows are scanned.
    pub(super) fn set_rows(&mut self, rows: Vec<RowId>) {
        if let Some(filter) = &self.filter {
            // Only typing in the filter may move the selection; a scan that is not finished still selects its best match.
            self.follows_best &= filter.editing || self.is_filtering();
            self.all = rows;
            self.restart_scan();
        } else {
            self.visible = rows;
            self.all = Vec::new();
            self.scanned = 0;
        }
    }

    /// Starts filtering again after the filter changed.
    pub(super) fn restart_filter(&mut self) {
        if self.all.is_empty() {
            self.all = self.visible.clone();
        }
        self.follows_best = true;
        self.restart_scan();
    }

    fn restart_scan(&mut self) {
        self.matches.clear();
        self.best = None;
        self.scanned = 0;
    }

    /// Shows all rows after the filter was removed.
    pub(super) fn clear_filter(&mut self) {
        if !self.all.is_empty() {
            self.visible = std::mem::take(&mut self.all);
        }
        self.matches = Vec::new();
        self.best = None;
        self.scanned = 0;
        self.follows_best = false;
    }

    pub(super) fn total(&self) -> usize {
        if self.filter.is_some() {
            self.all.len()
        } else {
            self.visible.len()
        }
    }

    /// Whether a filter is set and the row is among those before filtering, so that the filter may hide it.
    pub(super) fn may_hide(&self, is_row: impl Fn(&RowId) -> bool) -> bool {
        self.filter.is_some() && self.all.iter().any(is_row)
    }

    /// Whether filtering is incomplete.
    pub(in crate::app) fn is_filtering(&self) -> bool {
        self.filter.is_some() && self.scanned < self.all.len()
    }

    /// Scans up to `limit` more rows. True if filtering is complete and the visible rows were replaced.
    pub(super) fn scan(&mut self, limit: usize, rank: impl Fn(&Filter, &RowId) -> Option<u32>) -> bool {
        let Some(filter) = &self.filter else { return false };
        for row in self.all.iter().skip(self.scanned).take(limit) {
            let Some(rank) = rank(filter, row) else { continue };
            // An empty filter ranks everything 0 and has no best match.
            if rank > self.best.map_or(0, |(best, _)| best) {
                self.best = Some((rank, self.matches.len()));
            }
            self.matches.push(row.clone());
        }
        self.scanned = self.scanned.saturating_add(limit).min(self.all.len());
        if self.is_filtering() {
            return false;
        }
        self.visible = std::mem::take(&mut self.matches);
        true
    }

    /// The row of the best match, while the selection follows it.
    pub(super) fn best(&self) -> Option<usize> {
        self.best.filter(|_| self.follows_best).map(|(_, row)| row)
    }

    pub(super) fn follow_best(&mut self, follow: bool) {
        self.follows_best = follow;
    }
}
