//! The history on the screen: entries newest first, read page by page as the selection goes down.

use crate::store::{HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, person};

/// How many entries are read at once.
const PAGE_SIZE: usize = 200;

/// What of the selected entry the history can be narrowed to.
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
    /// What is shown of it.
    pub filter: HistoryFilter,
    /// Newest first, as far as it was read.
    pub entries: Vec<HistoryEntry>,
    /// The selected row.
    pub selected: usize,
    /// Entries are on their way.
    pub loading: bool,
    /// Why it could not be read.
    pub error: Option<String>,
    /// Lines that could not be read, in the part that was looked at.
    pub unreadable: usize,
    /// Where the next page begins.
    pub(super) next: Option<u64>,
    /// The revision to be selected when it is read again.
    select_revision: Option<u64>,
}

impl HistoryOverlay {
    /// Reads it again from the newest entry, which is new: the selection stays on the entry that it is on.
    pub(super) fn reload(&mut self) -> HistoryQuery {
        let selected = self.entry().map(|entry| entry.revision);
        let query = self.restart(self.filter.clone());
        self.select_revision = selected;
        query
    }

    /// Begins anew with this filter; the query that reads its first page.
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

    /// Takes a page that was asked for, unless it belongs to something else by now.
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

    /// Moves the selection; the query for the next page when the end comes near.
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

    /// Whether there is more than was read.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The filter narrowed to what the selected entry is about, or widened where it is narrowed to that already.
    /// `None` when the entry is about nothing of the kind.
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
