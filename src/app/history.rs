//! The history overlay: entries newest first, loaded page by page as the selection moves down.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::{Edit, HatId, Jid, Wardrobe};
use crate::store::{HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, person};

use super::filter::Filter;
use super::rollback::{Rollback, RollbackTarget};

/// Entries per page.
const PAGE_SIZE: usize = 200;

/// A part of an entry by which the history can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryPart {
    Actor,
    Room,
    User,
    Hat,
}

/// A value in an entry by which the history can be filtered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryValue {
    /// The actor, without the IP address of an SSH connection.
    Actor(String),
    /// A room that was changed.
    Room(Jid),
    /// A user who was changed.
    User(Jid),
    /// A hat that was changed.
    Hat(HatId),
}

/// A list of the rooms, users or hats of an entry; the history is filtered by the one that is chosen.
#[derive(Debug, Clone)]
pub struct EntryValuesOverlay {
    /// The heading, such as `Same user`.
    pub title: &'static str,
    /// The values to choose from.
    pub values: Arc<[EntryValue]>,
    /// The selected row.
    pub selected: usize,
}

/// The history overlay.
#[derive(Debug, Clone, Default)]
pub struct HistoryOverlay {
    /// The filter by parts of entries.
    pub filter: HistoryFilter,
    /// The time zone of displayed times; `None`: UTC.
    pub(super) zone: Option<TimeZone>,
    /// The data when the history was opened. The search uses it to find hats without a title of their own by their
    /// title in a room's catalog.
    pub(super) wardrobe: Wardrobe,
    /// The search; every listed entry matches all its terms.
    pub search: Option<Filter>,
    /// The loaded entries, newest first.
    pub entries: Vec<Arc<HistoryEntry>>,
    /// The indices of the listed entries, which match the search.
    pub(super) listed: Vec<usize>,
    /// The selected row.
    pub selected: usize,
    /// Whether a page is being loaded.
    pub loading: bool,
    /// The reason why a page could not be loaded.
    pub error: Option<String>,
    /// Number of unreadable lines of the history in the loaded pages.
    pub unreadable: usize,
    /// Start of the next page; `None` before the first page and after the last one.
    next_page_start: Option<u64>,
    /// The revision to select after reloading.
    select_revision: Option<u64>,
    /// The revisions of the marked entries.
    pub(super) marks: BTreeSet<u64>,
    /// The rollback whose entries are being read.
    pub(super) pending_rollback: Option<RollbackRequest>,
}

/// A rollback whose entries are being read.
#[derive(Debug, Clone)]
pub(super) struct RollbackRequest {
    /// The entries that are rolled back, as far as they are known.
    pub(super) target: RollbackTarget,
    /// The actor and the time, such as `by mallory since 2026-01-31 12:00`; `None`: the marked entries.
    pub(super) actor_since: Option<String>,
    /// What is being read.
    pub(super) reads: RollbackRead,
}

/// What is being read for a rollback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RollbackRead {
    /// A page of the entries of an actor.
    Actor(String, HistoryQuery),
    /// All entries from this revision on.
    Since(u64),
}

impl HistoryOverlay {
    pub(super) fn new(zone: Option<TimeZone>, wardrobe: Wardrobe) -> Self {
        Self {
            zone,
            wardrobe,
            ..Self::default()
        }
    }

    /// Reloads from the newest entry and keeps the selection; returns the query for the first page.
    pub(super) fn reload(&mut self) -> HistoryQuery {
        let selected = self.entry().map(|entry| entry.revision);
        self.reload_and_select(selected)
    }

    /// Reloads from the newest entry and selects this revision once it is loaded; returns the query for the first page.
    pub(super) fn reload_and_select(&mut self, revision: Option<u64>) -> HistoryQuery {
        let query = self.restart(self.filter.clone());
        self.select_revision = revision;
        query
    }

    /// Reloads from the newest entry with a filter and the same search; returns the query for the first page.
    pub(super) fn restart(&mut self, filter: HistoryFilter) -> HistoryQuery {
        *self = Self {
            filter,
            zone: self.zone.take(),
            wardrobe: std::mem::take(&mut self.wardrobe),
            search: self.search.take(),
            marks: std::mem::take(&mut self.marks),
            loading: true,
            ..Self::default()
        };
        self.query()
    }

    fn query(&self) -> HistoryQuery {
        HistoryQuery {
            filter: self.filter.clone(),
            from: self.next_page_start,
            limit: PAGE_SIZE,
        }
    }

    /// Receives a page, unless the query is outdated. Returns the query for the next page if more rows are needed.
    pub(super) fn receive(
        &mut self,
        query: &HistoryQuery,
        page: Result<HistoryPage, String>,
    ) -> Option<HistoryQuery> {
        if *query != self.query() || !self.loading {
            return None;
        }
        self.loading = false;
        match page {
            Ok(page) => {
                let first = self.entries.len();
                self.entries.extend(page.entries.into_iter().map(Arc::new));
                self.list_from(first);
                self.unreadable += page.unreadable;
                self.next_page_start = page.next;
                if let Some(row) = self.row_of(self.select_revision) {
                    self.selected = row;
                    self.select_revision = None;
                }
                self.start_next_page_if_needed()
            }
            Err(reason) => {
                self.error = Some(reason);
                None
            }
        }
    }

    /// Lists, among the loaded entries from index `first` on, those that match the search.
    fn list_from(&mut self, first: usize) {
        let search = self.search.as_ref().filter(|search| !search.is_empty());
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let added = self.entries.iter().enumerate().skip(first);
        let added = added.filter(|(_, entry)| {
            search.is_none_or(|search| search.matches_entry(entry, &self.wardrobe, &zone))
        });
        self.listed.extend(added.map(|(index, _)| index));
    }

    /// Lists the loaded entries that match the current search, after the search changed. Returns the query for the next
    /// page if more rows are needed.
    pub(super) fn refilter(&mut self) -> Option<HistoryQuery> {
        let selected = self.entry().map(|entry| entry.revision);
        self.listed.clear();
        self.list_from(0);
        self.selected = self.row_of(selected).unwrap_or_default();
        self.start_next_page_if_needed()
    }

    fn row_of(&self, revision: Option<u64>) -> Option<usize> {
        let rows = 0..self.listed.len();
        rows.into_iter()
            .find(|row| revision.is_some() && self.entry_at(*row).map(|entry| entry.revision) == revision)
    }

    /// Selects a row, or the last one; returns the query for the next page if the end is near.
    pub(super) fn move_to(&mut self, row: usize) -> Option<HistoryQuery> {
        self.selected = row.min(self.listed.len().saturating_sub(1));
        self.select_revision = None;
        self.start_next_page_if_needed()
    }

    /// Starts to load the next page if the end of the listed entries is near or the revision to select is not listed
    /// yet; returns the query for the page. `None` if no page is needed, if one is being loaded, or if there are no
    /// more.
    fn start_next_page_if_needed(&mut self) -> Option<HistoryQuery> {
        let needs_more = self.select_revision.is_some() || self.selected + PAGE_SIZE / 2 >= self.listed.len();
        (needs_more && !self.loading && self.next_page_start.is_some()).then(|| {
            self.loading = true;
            self.query()
        })
    }

    /// Number of listed entries.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether no entry is listed.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The entry in a row.
    pub fn entry_at(&self, row: usize) -> Option<&Arc<HistoryEntry>> {
        self.entries.get(*self.listed.get(row)?)
    }

    /// The selected entry.
    pub fn entry(&self) -> Option<&Arc<HistoryEntry>> {
        self.entry_at(self.selected)
    }

    /// Whether more pages follow the loaded ones; false before the first page is loaded.
    pub fn has_more(&self) -> bool {
        self.next_page_start.is_some()
    }

    /// Marks the selected entry, or unmarks it.
    pub(super) fn toggle_mark(&mut self) {
        if let Some(revision) = self.entry().map(|entry| entry.revision)
            && !self.marks.remove(&revision)
        {
            self.marks.insert(revision);
        }
    }

    /// Whether the search is being edited.
    pub fn is_editing_search(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.editing)
    }

    /// Whether a filter or a search is set.
    pub fn is_filtered(&self) -> bool {
        self.filter != HistoryFilter::default() || self.search.is_some()
    }

    /// Whether the filter or the search may hide entries of the selected entry's actor.
    pub(super) fn may_hide_entries_of_actor(&self) -> bool {
        let others = HistoryFilter {
            actor: None,
            ..self.filter.clone()
        };
        others != HistoryFilter::default() || self.search.is_some()
    }

    /// Whether a marked entry is not listed, because the filter or the search was changed since.
    pub(super) fn has_hidden_marks(&self) -> bool {
        let listed = self.listed.iter().filter_map(|index| self.entries.get(*index));
        let listed: BTreeSet<u64> = listed.map(|entry| entry.revision).collect();
        !self.marks.is_subset(&listed)
    }

    /// The filter without its condition on this part; `None` if it has no such condition.
    pub(super) fn filter_without(&self, part: EntryPart) -> Option<HistoryFilter> {
        let mut filter = self.filter.clone();
        let was_set = match part {
            EntryPart::Actor => filter.actor.take().is_some(),
            EntryPart::Room => filter.room.take().is_some(),
            EntryPart::User => filter.user.take().is_some(),
            EntryPart::Hat => filter.hat.take().is_some(),
        };
        was_set.then_some(filter)
    }

    /// The values of this part in the selected entry, each once; empty if no entry is selected.
    pub(super) fn values(&self, part: EntryPart) -> Vec<EntryValue> {
        let Some(entry) = self.entry() else {
            return Vec::new();
        };
        let sent = entry.sent.iter().flat_map(|sent| &sent.changes.0);
        let edits = entry.group.0.iter().chain(sent);
        let values: BTreeSet<EntryValue> = match part {
            EntryPart::Actor => [EntryValue::Actor(person(&entry.actor).to_owned())].into(),
            EntryPart::Room => edits
                .filter_map(Edit::room)
                .map(|room| EntryValue::Room(room.clone()))
                .collect(),
            EntryPart::User => edits
                .filter_map(Edit::user)
                .map(|user| EntryValue::User(user.clone()))
                .collect(),
            EntryPart::Hat => edits
                .filter_map(Edit::hat)
                .map(|hat| EntryValue::Hat(hat.clone()))
                .collect(),
        };
        values.into_iter().collect()
    }

    /// The filter with a condition for this value, which replaces a condition on the same part.
    pub(super) fn filter_with(&self, value: EntryValue) -> HistoryFilter {
        let mut filter = self.filter.clone();
        match value {
            EntryValue::Actor(actor) => filter.actor = Some(actor),
            EntryValue::Room(room) => filter.room = Some(room),
            EntryValue::User(user) => filter.user = Some(user),
            EntryValue::Hat(hat) => filter.hat = Some(hat.into()),
        }
        filter
    }
}

/// An entry of the history with all its edits.
#[derive(Debug, Clone)]
pub struct EntryOverlay {
    /// The entry.
    pub entry: Arc<HistoryEntry>,
    /// The edits as listed: an added or removed room is followed by its users. Includes the changes sent to a server.
    pub edits: Arc<[Edit]>,
    /// The selected row.
    pub selected: usize,
}

impl EntryOverlay {
    pub(super) fn new(entry: Arc<HistoryEntry>) -> Self {
        let sent = entry.sent.iter().flat_map(|sent| &sent.changes.0);
        let edits = entry.group.0.iter().chain(sent).flat_map(with_users).collect();
        Self {
            edits,
            entry,
            selected: 0,
        }
    }
}

/// The rollback of several entries, to be confirmed.
#[derive(Debug, Clone)]
pub struct RollbackOverlay {
    /// Describes the changes that are undone: `the 3 marked changes`, `3 changes by mallory since 2026-01-31 12:00`.
    pub changes_phrase: String,
    /// The edits that undo the entries, and those that are skipped.
    pub plan: Rollback,
    /// Whether the filter or the search of the history may hide entries that are undone.
    pub undoes_hidden: bool,
    /// The selected row.
    pub selected: usize,
}

impl RollbackOverlay {
    /// Number of rows: one for each edit that is undone, then one for each edit that is skipped.
    pub fn len(&self) -> usize {
        self.plan.group.0.len() + self.plan.skipped.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// The edit in a row as it was made, not its inverse, and the reason if the edit is skipped. `None` if there is no
    /// such row.
    pub fn row(&self, row: usize) -> Option<(Edit, Option<&str>)> {
        let undoing = &self.plan.group.0;
        match row.checked_sub(undoing.len()) {
            None => undoing.get(row).map(|edit| (edit.inverse(), None)),
            Some(row) => {
                let skipped = self.plan.skipped.get(row)?;
                Some((skipped.edit.clone(), Some(skipped.reason.as_str())))
            }
        }
    }
}

/// Returns the edit; if it adds or removes a room, followed by an edit for each user of the room.
fn with_users(edit: &Edit) -> Vec<Edit> {
    let mut edits = vec![edit.clone()];
    if let Edit::Room { room, before, after } = edit
        && before.is_none() != after.is_none()
    {
        for (user, data) in before.iter().chain(after).flat_map(|room| room.users().iter()) {
            let value = |exists: bool| exists.then(|| data.clone());
            edits.push(Edit::User {
                room: room.clone(),
                user: user.clone(),
                before: value(before.is_some()),
                after: value(after.is_some()),
            });
        }
    }
    edits
}
