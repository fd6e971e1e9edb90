//! One pane: its rows, selection and marks.

use std::collections::BTreeSet;

use super::cascade::RowId;
use super::list::FilteredRows;
use super::sort::Sort;
use crate::app::filter::Filter;

#[derive(Debug, Clone)]
pub(in crate::app) struct Column {
    pub list: FilteredRows,
    pub sort: Sort,
    selected: Option<RowId>,
    selected_row: usize,
    selected_before_filter: Option<RowId>,
    marks: BTreeSet<RowId>,
    /// While a range is being marked: its first item, and the marks from before the range.
    range: Option<(RowId, BTreeSet<RowId>)>,
}

impl Column {
    pub(super) fn new(sort: Sort) -> Self {
        Self {
            list: FilteredRows::default(),
            sort,
            selected: None,
            selected_row: 0,
            selected_before_filter: None,
            marks: BTreeSet::new(),
            range: None,
        }
    }

    /// The ID of the selected item.
    pub(in crate::app) fn selected_id(&self) -> Option<&RowId> {
        self.selected.as_ref()
    }

    /// The marked items, including those that the filter hides.
    pub(in crate::app) fn marks(&self) -> &BTreeSet<RowId> {
        &self.marks
    }
}

impl Column {
    /// Finds the selected item among the visible rows. If the item is not visible, selects the row at its last
    /// position, or the last row. While the selection follows the best match of the filter, selects that match instead.
    /// True if the selection changed.
    pub(super) fn reselect(&mut self) -> bool {
        let before = self.selected.clone();
        let rows = &self.list.visible;
        if let Some(best) = self.list.best() {
            self.selected_row = best;
            self.selected = rows.get(best).cloned();
            return before != self.selected;
        }
        let is_selected = |row: usize| self.selected.is_some() && rows.get(row) == self.selected.as_ref();
        if !is_selected(self.selected_row) {
            let moved = self
                .selected
                .as_ref()
                .and_then(|_| (0..rows.len()).find(|row| is_selected(*row)));
            self.selected_row = moved
                .unwrap_or(self.selected_row)
                .min(rows.len().saturating_sub(1));
            self.selected = rows.get(self.selected_row).cloned();
        }
        before != self.selected
    }

    /// Selects a row. True if the selection changed.
    pub(super) fn move_to(&mut self, row: usize) -> bool {
        self.list.follow_best(false);
        let changed = self.selected_row != row || self.selected.is_none();
        if changed {
            self.selected_row = row;
            self.selected = self.list.visible.get(row).cloned();
            self.extend_range();
        }
        changed
    }

    /// Keeps the selection even if a better match of the filter is found.
    pub(super) fn keep_selection(&mut self) {
        self.list.follow_best(false);
    }

    /// Clears selection, marks and filter, because the items of another row are listed next.
    pub(super) fn reset(&mut self) {
        (self.selected, self.selected_row) = (None, 0);
        self.list.filter = None;
        self.marks.clear();
        self.range = None;
    }

    /// Selects an item once it is listed.
    pub(super) fn select_when_listed(&mut self, item: Option<RowId>) {
        self.selected = item;
    }

    /// Replaces the marks.
    pub(super) fn set_marks(&mut self, marks: BTreeSet<RowId>) {
        self.marks = marks;
        self.range = None;
    }

    /// Clears the filter. Keeps the selection; if nothing is selected, restores the selection from before filtering.
    /// True if the selection changed, or if nothing was selected.
    pub(super) fn clear_filter(&mut self) -> bool {
        let nothing_selected = self.selected.is_none();
        self.list.filter = None;
        self.list.clear_filter();
        if nothing_selected {
            self.selected = self.selected_before_filter.take();
        }
        self.reselect() || nothing_selected
    }

    /// Removes marks of items that no longer exist, and finishes a range whose first item no longer exists.
    pub(super) fn prune_marks(&mut self, exists: impl Fn(&RowId) -> bool) {
        self.marks.retain(&exists);
        if let Some((_, before)) = &mut self.range {
            before.retain(&exists);
        }
        self.range.take_if(|(from, _)| !exists(from));
    }

    /// Sets the marks to those from before the range and all rows from its first item to the selected row. Does nothing
    /// if no range is being marked, or if its first item is not visible.
    fn extend_range(&mut self) {
        let Some((from, before)) = &self.range else { return };
        let rows = &self.list.visible;
        let Some(from) = rows.iter().position(|row| row == from) else {
            return;
        };
        let (first, last) = (from.min(self.selected_row), from.max(self.selected_row));
        self.marks.clone_from(before);
        self.marks
            .extend(rows.iter().skip(first).take(last - first + 1).cloned());
    }
}

impl Column {
    /// Index of the selected row; 0 if the pane is empty.
    pub(in crate::app) fn selected_row(&self) -> usize {
        self.selected_row
    }

    /// The address or hat ID of the selected item.
    pub(in crate::app) fn selected_str(&self) -> Option<&str> {
        self.selected.as_ref().map(RowId::as_str)
    }

    /// Whether a filter is set and the item with this address or hat ID is among the rows before filtering, so that the
    /// filter may hide it.
    pub(in crate::app) fn may_hide(&self, id: &str) -> bool {
        self.list.may_hide(|row| row.as_str() == id)
    }

    /// Number of visible rows.
    pub(in crate::app) fn length(&self) -> usize {
        self.list.visible.len()
    }

    /// Number of rows without the filter.
    pub(in crate::app) fn total(&self) -> usize {
        self.list.total()
    }

    /// The filter.
    pub(in crate::app) fn filter(&self) -> Option<&Filter> {
        self.list.filter.as_ref()
    }

    /// The filter, mutable.
    pub(in crate::app) fn filter_mut(&mut self) -> &mut Option<Filter> {
        &mut self.list.filter
    }

    /// Starts or resumes editing the filter.
    pub(in crate::app) fn edit_filter(&mut self) {
        match &mut self.list.filter {
            Some(filter) => filter.editing = true,
            slot => {
                *slot = Some(Filter::new());
                self.selected_before_filter.clone_from(&self.selected);
            }
        }
    }

    /// Starts to filter again after the filter changed.
    pub(in crate::app) fn restart_filter(&mut self) {
        self.list.restart_filter();
    }

    /// The sort order.
    pub(in crate::app) fn sort(&self) -> Sort {
        self.sort
    }

    /// Changes the sort order; takes effect when the rows are listed next.
    pub(in crate::app) fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
    }

    /// Number of marked items.
    pub(in crate::app) fn marked_count(&self) -> usize {
        self.marks.len()
    }

    /// The marked items that the filter hides.
    pub(in crate::app) fn hidden_marks(&self) -> Vec<&RowId> {
        if self.marks.is_empty() || self.list.filter.is_none() {
            return Vec::new();
        }
        let mut hidden: BTreeSet<&RowId> = self.marks.iter().collect();
        for row in &self.list.visible {
            if hidden.is_empty() {
                break;
            }
            hidden.remove(row);
        }
        hidden.into_iter().collect()
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

    /// Toggles the mark of the selected item.
    pub(in crate::app) fn toggle_mark(&mut self) {
        self.range = None;
        if let Some(item) = &self.selected
            && !self.marks.remove(item)
        {
            self.marks.insert(item.clone());
        }
    }

    /// Marks all visible rows, or unmarks them if all are marked.
    pub(in crate::app) fn toggle_all_marks(&mut self) {
        self.range = None;
        let visible = &self.list.visible;
        if visible.iter().all(|row| self.marks.contains(row)) {
            for row in visible {
                self.marks.remove(row);
            }
        } else {
            self.marks.extend(visible.iter().cloned());
        }
    }

    /// Starts a range at the selected row, or finishes the range that is being marked. True if a range was started.
    pub(in crate::app) fn toggle_range(&mut self) -> bool {
        if self.range.take().is_some() {
            return false;
        }
        self.range = self.selected.clone().map(|item| (item, self.marks.clone()));
        self.extend_range();
        self.range.is_some()
    }

    /// Whether a range is being marked.
    pub(in crate::app) fn is_marking_range(&self) -> bool {
        self.range.is_some()
    }

    /// Finishes the range.
    pub(in crate::app) fn end_range(&mut self) {
        self.range = None;
    }

    /// Cancels the range and restores the marks from before it; if no range is being marked, clears all marks. False if
    /// there was neither a range nor a mark.
    pub(in crate::app) fn clear_marks(&mut self) -> bool {
        if let Some((_, before)) = self.range.take() {
            self.marks = before;
            return true;
        }
        let had_marks = !self.marks.is_empty();
        self.marks.clear();
        had_marks
    }
}
