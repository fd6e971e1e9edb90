//! The history overlay: entries newest first, loaded page by page as the selection moves down.

use crate::store::{HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, person};

/// Entries per page.
const PAGE_SIZE: usize = 200;

/// The part of an entry that the history can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryPart {
    Actor,
    Room,
    User,
    Hat,
}

/// The history overlay.
#[derive(Debug, Clone, Default)]
pub struct HistoryOverlay {
    /// The active filter.
    pub filter: HistoryFilter,
    /// The loaded entries, newest first.
    pub entries: Vec<HistoryEntry>,
    /// The selected row.
    pub selected: usize,
    /// Whether a page is being loaded.
    pub loading: bool,
    /// Why it could not be loaded.
    pub error: Option<String>,
    /// Number of unreadable lines in the loaded part.
    pub unreadable: usize,
    /// Start of the next page; `None` at the end.
    pub(super) next: Option<u64>,
    /// The revision to select after reloading.
    select_revision: Option<u64>,
}

impl HistoryOverlay {
    /// Reloads from the newest entry and keeps the selected entry.
    pub(super) fn reload(&mut self) -> HistoryQuery {
        let selected = self.entry().map(|entry| entry.revision);
        let query = self.restart(self.filter.clone());
        self.select_revision = selected;
        query
    }

    /// Starts again with a filter; returns the query for the first page.
    pub(super) fn restart(&mut self, filter: HistoryFilter) -> HistoryQuery {
        *self = Self {
            filter,
            loading: true,
            ..Self::default()
        };
        self.query()
    }

    fn query(&self) -> HistoryQuery {
        HistoryQuery {
            filter: self.filter.clone(),
            from: self.next,
            limit: PAGE_SIZE,
        }
    }

    /// Receives a page, unless the query is outdated.
    pub(super) fn receive(&mut self, query: &HistoryQuery, page: Result<HistoryPage, String>) {
        if *query != self.query() || !self.loading {
            return;
        }
        self.loading = false;
        match page {
            Ok(page) => {
                self.entries.extend(page.entries);
                self.unreadable += page.unreadable;
                self.next = page.next;
                let wanted = self.select_revision.take();
                if let Some(at) = self
                    .entries
                    .iter()
                    .position(|entry| Some(entry.revision) == wanted)
                {
                    self.selected = at;
                }
            }
            Err(reason) => self.error = Some(reason),
        }
    }

    /// Moves the selection; returns the query for the next page when the end is near.
    pub(super) fn move_to(&mut self, row: usize) -> Option<HistoryQuery> {
        self.selected = row.min(self.entries.len().saturating_sub(1));
        let near = self.selected + PAGE_SIZE / 2 >= self.entries.len();
        (near && !self.loading && self.next.is_some()).then(|| {
            self.loading = true;
            self.query()
        })
    }

    /// The selected entry.
    pub fn entry(&self) -> Option<&HistoryEntry> {
        self.entries.get(self.selected)
    }

    /// Whether there are more pages.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The filter with this part of the selected entry added, or removed if it was set. `None` if the entry has no such
    /// part.
    pub(super) fn toggled_filter(&self, by: EntryPart) -> Option<HistoryFilter> {
        let mut filter = self.filter.clone();
        let edits = || self.entry().into_iter().flat_map(|entry| &entry.group.0);
        match by {
            EntryPart::Actor if filter.actor.is_some() => filter.actor = None,
            EntryPart::Room if filter.room.is_some() => filter.room = None,
            EntryPart::User if filter.user.is_some() => filter.user = None,
            EntryPart::Hat if filter.hat.is_some() => filter.hat = None,
            EntryPart::Actor => filter.actor = Some(person(&self.entry()?.actor).to_owned()),
            EntryPart::Room => filter.room = Some(edits().find_map(|edit| edit.room())?.clone()),
            EntryPart::User => filter.user = Some(edits().find_map(|edit| edit.user())?.clone()),
            EntryPart::Hat => filter.hat = Some(edits().find_map(|edit| edit.hat())?.clone()),
        }
        Some(filter)
    }
}
