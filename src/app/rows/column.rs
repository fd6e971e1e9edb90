//! One pane: its rows, what is selected among them, and what is marked.

use std::collections::BTreeSet;

use super::listed::Listed;
use super::sort::Sort;
use crate::app::filter::Filter;
use crate::model::{HatId, Jid};

#[derive(Debug, Clone)]
pub(in crate::app) struct Column<T> {
    pub list: Listed<T>,
    pub sort: Sort,
    /// What is selected and where that was.
    on: Option<T>,
    at: usize,
    /// What was selected before the filter.
    before: Option<T>,
    marks: BTreeSet<T>,
    /// While a range is marked: where it began, and what was marked before.
    range: Option<(T, BTreeSet<T>)>,
}

impl<T> Column<T> {
    pub(super) fn new(sort: Sort) -> Self {
        Self {
            list: Listed::default(),
            sort,
            on: None,
            at: 0,
            before: None,
            marks: BTreeSet::new(),
            range: None,
        }
    }

    /// What is selected.
    pub(in crate::app) fn on(&self) -> Option<&T> {
        self.on.as_ref()
    }

    /// What is marked, whether the filter shows it or not.
    pub(in crate::app) fn marks(&self) -> &BTreeSet<T> {
        &self.marks
    }
}

impl<T: Clone + Ord> Column<T> {
    /// Finds the selected one among what there is now; while somebody types a filter, the best match is selected. True
    /// when another one is selected.
    pub(super) fn settle(&mut self) -> bool {
        let before = self.on.clone();
        let rows = &self.list.shown;
        if let Some(best) = self.list.best() {
            self.at = best;
            self.on = rows.get(best).cloned();
            return before != self.on;
        }
        let still = |at: usize| self.on.is_some() && rows.get(at) == self.on.as_ref();
        if !still(self.at) {
            let moved = self
                .on
                .as_ref()
                .and_then(|_| (0..rows.len()).find(|at| still(*at)));
            self.at = moved.unwrap_or(self.at).min(rows.len().saturating_sub(1));
            self.on = rows.get(self.at).cloned();
        }
        before != self.on
    }

    /// Selects a row. True when it was not selected.
    pub(super) fn move_to(&mut self, row: usize) -> bool {
        self.list.follow_best(false);
        let changed = self.at != row || self.on.is_none();
        if changed {
            self.at = row;
            self.on = self.list.shown.get(row).cloned();
            self.stretch();
        }
        changed
    }

    /// Other rows are to come: nothing is selected, marked or filtered.
    pub(super) fn start_anew(&mut self) {
        (self.on, self.at) = (None, 0);
        self.list.filter = None;
        self.marks.clear();
        self.range = None;
    }

    /// Selects it as soon as it is listed.
    pub(super) fn wish(&mut self, on: Option<T>) {
        self.on = on;
    }

    /// Marks these and no others.
    pub(super) fn set_marks(&mut self, marks: BTreeSet<T>) {
        self.marks = marks;
        self.range = None;
    }

    /// Takes the filter away; what is selected stays, else what was selected before the filter comes back. True when
    /// another one is selected.
    pub(super) fn widen(&mut self) -> bool {
        let nothing = self.on.is_none();
        self.list.filter = None;
        self.list.widen();
        if nothing {
            self.on = self.before.take();
        }
        self.settle() || nothing
    }

    /// Marks what is gone no longer.
    pub(super) fn prune_marks(&mut self, is_there: impl Fn(&T) -> bool) {
        self.marks.retain(&is_there);
        if self.range.as_ref().is_some_and(|(from, _)| !is_there(from)) {
            self.range = None;
        }
    }

    /// Marks all from where the range began to what is selected.
    fn stretch(&mut self) {
        let Some((from, before)) = &self.range else { return };
        let rows = &self.list.shown;
        let Some(from) = rows.iter().position(|row| row == from) else {
            return;
        };
        let (first, last) = (from.min(self.at), from.max(self.at));
        self.marks.clone_from(before);
        self.marks
            .extend(rows.iter().skip(first).take(last - first + 1).cloned());
    }
}

/// What can be asked of a pane whatever it lists.
pub(in crate::app) trait Pane {
    /// The selected row.
    fn at(&self) -> usize;
    /// What is selected.
    fn selected(&self) -> Option<&str>;
    /// Whether its filter hides this.
    fn hides(&self, row: &str) -> bool;
    /// How many rows it shows.
    fn length(&self) -> usize;
    /// How many there are, filter or not.
    fn total(&self) -> usize;
    /// What it is narrowed to.
    fn filter(&self) -> Option<&Filter>;
    /// The same, to be changed.
    fn filter_mut(&mut self) -> &mut Option<Filter>;
    /// Begins to narrow it, or goes on with its filter as it is.
    fn edit_filter(&mut self);
    /// Its filter means something else now.
    fn restart(&mut self);
    /// The order of its rows.
    fn sort(&self) -> Sort;
    /// Another order, from the next listing on.
    fn set_sort(&mut self, sort: Sort);
    /// How many are marked.
    fn marked(&self) -> usize;
    /// Whether a row is marked.
    fn is_marked(&self, row: usize) -> bool;
    /// Marks the selected one, or does not mark it any more.
    fn mark(&mut self);
    /// Marks all that are shown; when they are already, none of them.
    fn mark_all(&mut self);
    /// Begins a range at the selected one, or ends it there. True: it began.
    fn mark_range(&mut self) -> bool;
    /// Whether a range is being marked.
    fn in_range(&self) -> bool;
    /// Ends a range where it is.
    fn end_range(&mut self);
    /// Ends the range without it, else marks nothing. False: nothing was marked.
    fn unmark(&mut self) -> bool;
}

/// How a row is told from the others in words.
pub(in crate::app) trait Told {
    /// The text that no other row has.
    fn told(&self) -> &str;
}

impl Told for Jid {
    fn told(&self) -> &str {
        self.as_str()
    }
}

impl Told for HatId {
    fn told(&self) -> &str {
        self.as_str()
    }
}

impl<T: Clone + Ord + Told> Pane for Column<T> {
    fn at(&self) -> usize {
        self.at
    }

    fn selected(&self) -> Option<&str> {
        self.on.as_ref().map(Told::told)
    }

    fn hides(&self, row: &str) -> bool {
        self.list.hides(|there| there.told() == row)
    }

    fn length(&self) -> usize {
        self.list.shown.len()
    }

    fn total(&self) -> usize {
        self.list.total()
    }

    fn filter(&self) -> Option<&Filter> {
        self.list.filter.as_ref()
    }

    fn filter_mut(&mut self) -> &mut Option<Filter> {
        &mut self.list.filter
    }

    fn edit_filter(&mut self) {
        match &mut self.list.filter {
            Some(filter) => filter.editing = true,
            none => {
                *none = Some(Filter::new());
                self.before.clone_from(&self.on);
            }
        }
    }

    fn restart(&mut self) {
        self.list.restart();
    }

    fn sort(&self) -> Sort {
        self.sort
    }

    fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
    }

    fn marked(&self) -> usize {
        self.marks.len()
    }

    fn is_marked(&self, row: usize) -> bool {
        !self.marks.is_empty()
            && self
                .list
                .shown
                .get(row)
                .is_some_and(|row| self.marks.contains(row))
    }

    fn mark(&mut self) {
        self.range = None;
        if let Some(on) = &self.on
            && !self.marks.remove(on)
        {
            self.marks.insert(on.clone());
        }
    }

    fn mark_all(&mut self) {
        self.range = None;
        let shown = &self.list.shown;
        if shown.iter().all(|row| self.marks.contains(row)) {
            for row in shown {
                self.marks.remove(row);
            }
        } else {
            self.marks.extend(shown.iter().cloned());
        }
    }

    fn mark_range(&mut self) -> bool {
        if self.range.take().is_some() {
            return false;
        }
        self.range = self.on.clone().map(|on| (on, self.marks.clone()));
        self.stretch();
        self.range.is_some()
    }

    fn in_range(&self) -> bool {
        self.range.is_some()
    }

    fn end_range(&mut self) {
        self.range = None;
    }

    fn unmark(&mut self) -> bool {
        if let Some((_, before)) = self.range.take() {
            self.marks = before;
            return true;
        }
        let some = !self.marks.is_empty();
        self.marks.clear();
        some
    }
}
