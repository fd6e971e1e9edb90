//! The rows of one pane: all of them, and those that its filter lets through.

use crate::app::filter::Filter;

use super::cascade::RowId;

#[derive(Debug, Clone, Default)]
pub(in crate::app) struct FilteredRows {
    /// What the pane shows.
    pub visible: Vec<RowId>,
    pub filter: Option<Filter>,
    /// All rows, while there is a filter.
    all: Vec<RowId>,
    /// Those found so far, while there is more to look at.
    found: Vec<RowId>,
    /// How many were looked at; as many as there are: done.
    scanned: usize,
    /// How well the best match scores, and which row it is.
    best: Option<(u32, usize)>,
    /// Whether the best match is to be selected: somebody types, and has not moved since.
    follows_best: bool,
}

impl FilteredRows {
    /// How many rows are looked at before the next key has its turn.
    pub(super) const CHUNK: usize = 10_000;

    /// There are these rows now. Where there is a filter, [`FilteredRows::look`] has to follow, at all of them.
    pub(super) fn set_rows(&mut self, rows: Vec<RowId>) {
        if self.filter.is_some() {
            self.all = rows;
            self.restart_scan();
        } else {
            self.visible = rows;
            self.all = Vec::new();
            self.scanned = 0;
        }
    }

    /// The filter means something else now.
    pub(super) fn restart_filter(&mut self) {
        if self.all.is_empty() {
            self.all = self.visible.clone();
        }
        self.follows_best = true;
        self.restart_scan();
    }

    fn restart_scan(&mut self) {
        self.found.clear();
        self.best = None;
        self.scanned = 0;
    }

    /// There is no filter any more.
    pub(super) fn clear_filter(&mut self) {
        if !self.all.is_empty() {
            self.visible = std::mem::take(&mut self.all);
        }
        self.found = Vec::new();
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

    /// Whether a row is there that the filter does not let through.
    pub(super) fn hides(&self, is: impl Fn(&RowId) -> bool) -> bool {
        self.filter.is_some() && self.all.iter().any(is)
    }

    /// Whether there is more to look at.
    pub(in crate::app) fn is_filtering(&self) -> bool {
        self.filter.is_some() && self.scanned < self.all.len()
    }

    /// Looks at some more rows; true when that was the last of it and the rows shown are others now.
    pub(super) fn scan(
        &mut self,
        most: usize,
        mut score: impl FnMut(&Filter, &RowId) -> Option<u32>,
    ) -> bool {
        let Some(filter) = &self.filter else { return false };
        for row in self.all.iter().skip(self.scanned).take(most) {
            let Some(score) = score(filter, row) else { continue };
            // Where nothing is looked for, nothing is best.
            if score > self.best.map_or(0, |(best, _)| best) {
                self.best = Some((score, self.found.len()));
            }
            self.found.push(row.clone());
        }
        self.scanned = self.scanned.saturating_add(most).min(self.all.len());
        if self.is_filtering() {
            return false;
        }
        self.visible = std::mem::take(&mut self.found);
        true
    }

    /// The row to be selected, while that is the best match.
    pub(super) fn best(&self) -> Option<usize> {
        self.best.filter(|_| self.follows_best).map(|(_, row)| row)
    }

    pub(super) fn follow_best(&mut self, follow: bool) {
        self.follows_best = follow;
    }
}
