//! One pane: its rows, what is selected among them, and what is marked.

use std::collections::BTreeSet;

use super::cascade::RowId;
use super::list::FilteredRows;
use super::sort::Sort;
use crate::app::filter::Filter;

#[derive(Debug, Clone)]
pub(in crate::app) struct Column {
    pub list: FilteredRows,
    pub sort: Sort,
    /// What is selected and where that was.
    selected: Option<RowId>,
    row: usize,
    /// What was selected before the filter.
    before: Option<RowId>,
    marks: BTreeSet<RowId>,
    /// While a range is marked: where it began, and what was marked before.
    range: Option<(RowId, BTreeSet<RowId>)>,
}

impl Column {
    pub(super) fn new(sort: Sort) -> Self {
        Self {
            list: FilteredRows::default(),
            sort,
            selected: None,
            row: 0,
            before: None,
            marks: BTreeSet::new(),
            range: None,
        }
    }

    /// What is selected.
    pub(in crate::app) fn selected_id(&self) -> Option<&RowId> {
        self.selected.as_ref()
    }

    /// What is marked, whether the filter shows it or not.
    pub(in crate::app) fn marks(&self) -> &BTreeSet<RowId> {
        &self.marks
    }
}

impl Column {
    /// Finds the selected one among what there is now; while somebody types a filter, the best match is selected. True
    /// when another one is selected.
    pub(super) fn reselect(&mut self) -> bool {
        let before = self.selected.clone();
        let rows = &self.list.visible;
        if let Some(best) = self.list.best() {
            self.row = best;
            self.selected = rows.get(best).cloned();
            return before != self.selected;
        }
        let still = |at: usize| self.selected.is_some() && rows.get(at) == self.selected.as_ref();
        if !still(self.row) {
            let moved = self
                .selected
                .as_ref()
                .and_then(|_| (0..rows.len()).find(|at| still(*at)));
            self.row = moved.unwrap_or(self.row).min(rows.len().saturating_sub(1));
            self.selected = rows.get(self.row).cloned();
        }
        before != self.selected
    }

    /// Selects a row. True when it was not selected.
    pub(super) fn move_to(&mut self, row: usize) -> bool {
        self.list.follow_best(false);
        let changed = self.row != row || self.selected.is_none();
        if changed {
            self.row = row;
            self.selected = self.list.visible.get(row).cloned();
            self.extend_range();
        }
        changed
    }

    /// Other rows are to come: nothing is selected, marked or filtered.
    pub(super) fn reset(&mut self) {
        (self.selected, self.row) = (None, 0);
        self.list.filter = None;
        self.marks.clear();
        self.range = None;
    }

    /// Selects it as soon as it is listed.
    pub(super) fn select_when_listed(&mut self, on: Option<RowId>) {
        self.selected = on;
    }

    /// Marks these and no others.
    pub(super) fn set_marks(&mut self, marks: BTreeSet<RowId>) {
        self.marks = marks;
        self.range = None;
    }

    /// Takes the filter away; what is selected stays, else what was selected before the filter comes back. True when
    /// another one is selected.
    pub(super) fn clear_filter(&mut self) -> bool {
        let nothing = self.selected.is_none();
        self.list.filter = None;
        self.list.clear_filter();
        if nothing {
            self.selected = self.before.take();
        }
        self.reselect() || nothing
    }

    /// Marks what is gone no longer.
    pub(super) fn prune_marks(&mut self, is_there: impl Fn(&RowId) -> bool) {
        self.marks.retain(&is_there);
        if self.range.as_ref().is_some_and(|(from, _)| !is_there(from)) {
            self.range = None;
        }
    }

    /// Marks all from where the range began to what is selected.
    fn extend_range(&mut self) {
        let Some((from, before)) = &self.range else { return };
        let rows = &self.list.visible;
        let Some(from) = rows.iter().position(|row| row == from) else {
            return;
        };
        let (first, last) = (from.min(self.row), from.max(self.row));
        self.marks.clone_from(before);
        self.marks
            .extend(rows.iter().skip(first).take(last - first + 1).cloned());
    }
}

impl Column {
    /// The selected row.
    pub(in crate::app) fn selected_row(&self) -> usize {
        self.row
    }

    /// What is selected.
    pub(in crate::app) fn selected_str(&self) -> Option<&str> {
        self.selected.as_ref().map(RowId::as_str)
    }

    /// Whether its filter hides this.
    pub(in crate::app) fn hides(&self, row: &str) -> bool {
        self.list.hides(|there| there.as_str() == row)
    }

    /// How many rows it shows.
    pub(in crate::app) fn length(&self) -> usize {
        self.list.visible.len()
    }

    /// How many there are, filter or not.
    pub(in crate::app) fn total(&self) -> usize {
        self.list.total()
    }

    /// What it is narrowed to.
    pub(in crate::app) fn filter(&self) -> Option<&Filter> {
        self.list.filter.as_ref()
    }

    /// The same, to be changed.
    pub(in crate::app) fn filter_mut(&mut self) -> &mut Option<Filter> {
        &mut self.list.filter
    }

    /// Begins to narrow it, or goes on with its filter as it is.
    pub(in crate::app) fn edit_filter(&mut self) {
        match &mut self.list.filter {
            Some(filter) => filter.editing = true,
            none => {
                *none = Some(Filter::new());
                self.before.clone_from(&self.selected);
            }
        }
    }

    /// Its filter means something else now.
    pub(in crate::app) fn restart_filter(&mut self) {
        self.list.restart_filter();
    }

    /// The order of its rows.
    pub(in crate::app) fn sort(&self) -> Sort {
        self.sort
    }

    /// Another order, from the next listing on.
    pub(in crate::app) fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
    }

    /// How many are marked.
    pub(in crate::app) fn marked_count(&self) -> usize {
        self.marks.len()
    }

    /// Whether a row is marked.
    pub(in crate::app) fn is_marked(&self, row: usize) -> bool {
        !self.marks.is_empty()
            && self
                .list
                .visible
                .get(row)
                .is_some_and(|row| self.marks.contains(row))
    }

    /// Marks the selected one, or does not mark it any more.
    pub(in crate::app) fn mark(&mut self) {
        self.range = None;
        if let Some(on) = &self.selected
            && !self.marks.remove(on)
        {
            self.marks.insert(on.clone());
        }
    }

    /// Marks all that are shown; when they are already, none of them.
    pub(in crate::app) fn mark_all(&mut self) {
        self.range = None;
        let shown = &self.list.visible;
        if shown.iter().all(|row| self.marks.contains(row)) {
            for row in shown {
                self.marks.remove(row);
            }
        } else {
            self.marks.extend(shown.iter().cloned());
        }
    }

    /// Begins a range at the selected one, or ends it there. True: it began.
    pub(in crate::app) fn mark_range(&mut self) -> bool {
        if self.range.take().is_some() {
            return false;
        }
        self.range = self.selected.clone().map(|on| (on, self.marks.clone()));
        self.extend_range();
        self.range.is_some()
    }

    /// Whether a range is being marked.
    pub(in crate::app) fn is_marking_range(&self) -> bool {
        self.range.is_some()
    }

    /// Ends a range where it is.
    pub(in crate::app) fn end_range(&mut self) {
        self.range = None;
    }

    /// Ends the range without it, else marks nothing. False: nothing was marked.
    pub(in crate::app) fn clear_marks(&mut self) -> bool {
        if let Some((_, before)) = self.range.take() {
            self.marks = before;
            return true;
        }
        let some = !self.marks.is_empty();
        self.marks.clear();
        some
    }
}
