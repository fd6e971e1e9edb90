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

/// The part of an entry that the history can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryPart {
    Actor,
    Room,
    User,
    Hat,
}

/// What the history can be filtered by: a part of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryValue {
    /// Who made the change.
    Actor(String),
    /// A room that was changed.
    Room(Jid),
    /// A user who was changed.
    User(Jid),
    /// A hat that was changed.
    Hat(HatId),
}

/// The choice among the rooms, users or hats of an entry: the history is filtered by the chosen one.
#[derive(Debug, Clone)]
pub struct EntryValuesOverlay {
    /// What is chosen, such as `Same user`.
    pub title: &'static str,
    /// What can be chosen.
    pub values: Arc<[EntryValue]>,
    /// The selected row.
    pub selected: usize,
}

/// The history overlay.
#[derive(Debug, Clone, Default)]
pub struct HistoryOverlay {
    /// The active filter.
    pub filter: HistoryFilter,
    /// The time zone of displayed times; `None`: UTC.
    pub(super) zone: Option<TimeZone>,
    /// The data when the history was opened: hats without a title of their own are found by that in its catalogs.
    pub(super) wardrobe: Wardrobe,
    /// The words that listed entries contain.
    pub search: Option<Filter>,
    /// The loaded entries, newest first.
    pub entries: Vec<Arc<HistoryEntry>>,
    /// The indices of the listed entries: those that contain the words.
    pub(super) listed: Vec<usize>,
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
    /// The revisions of the marked entries.
    pub(super) marks: BTreeSet<u64>,
    /// What is rolled back once all entries since this revision are read.
    pub(super) rollback: Option<(RollbackTarget, u64)>,
}

impl HistoryOverlay {
    pub(super) fn new(zone: Option<TimeZone>, wardrobe: Wardrobe) -> Self {
        Self {
            zone,
            wardrobe,
            ..Self::default()
        }
    }

    /// Reloads from the newest entry and keeps the selected entry.
    pub(super) fn reload(&mut self) -> HistoryQuery {
        let selected = self.entry().map(|entry| entry.revision);
        self.reload_at(selected)
    }

    /// Reloads from the newest entry and selects this revision.
    pub(super) fn reload_at(&mut self, revision: Option<u64>) -> HistoryQuery {
        let query = self.restart(self.filter.clone());
        self.select_revision = revision;
        query
    }

    /// Starts again with a filter and the same search words; returns the query for the first page.
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
            from: self.next,
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
                self.next = page.next;
                if let Some(at) = self.row_of(self.select_revision) {
                    self.selected = at;
                    self.select_revision = None;
                }
                self.next_page()
            }
            Err(reason) => {
                self.error = Some(reason);
                None
            }
        }
    }

    /// Lists the loaded entries from this index on that contain the words.
    fn list_from(&mut self, first: usize) {
        let search = self.search.as_ref().filter(|search| !search.is_empty());
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        let added = self.entries.iter().enumerate().skip(first);
        let added = added.filter(|(_, entry)| {
            search.is_none_or(|search| search.matches_entry(entry, &self.wardrobe, &zone))
        });
        self.listed.extend(added.map(|(at, _)| at));
    }

    /// Lists the entries that contain the words as they are now. Returns the query for the next page if more rows are
    /// needed.
    pub(super) fn refilter(&mut self) -> Option<HistoryQuery> {
        let selected = self.entry().map(|entry| entry.revision);
        self.listed.clear();
        self.list_from(0);
        self.selected = self.row_of(selected).unwrap_or_default();
        self.next_page()
    }

    fn row_of(&self, revision: Option<u64>) -> Option<usize> {
        let rows = 0..self.listed.len();
        rows.into_iter()
            .find(|row| revision.is_some() && self.entry_at(*row).map(|entry| entry.revision) == revision)
    }

    /// Moves the selection; returns the query for the next page when the end is near.
    pub(super) fn move_to(&mut self, row: usize) -> Option<HistoryQuery> {
        self.selected = row.min(self.listed.len().saturating_sub(1));
        self.select_revision = None;
        self.next_page()
    }

    /// The query for the next page, if the end of the listed entries is near or the revision to select is not loaded.
    fn next_page(&mut self) -> Option<HistoryQuery> {
        let near = self.select_revision.is_some() || self.selected + PAGE_SIZE / 2 >= self.listed.len();
        (near && !self.loading && self.next.is_some()).then(|| {
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

    /// Whether there are more pages.
    pub fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// Marks the selected entry, or unmarks it.
    pub(super) fn toggle_mark(&mut self) {
        if let Some(revision) = self.entry().map(|entry| entry.revision)
            && !self.marks.remove(&revision)
        {
            self.marks.insert(revision);
        }
    }

    /// Whether words are being typed.
    pub fn is_searching(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.editing)
    }

    /// Whether only some of the entries are listed.
    pub fn is_filtered(&self) -> bool {
        self.filter != HistoryFilter::default() || self.search.is_some()
    }

    /// Whether entries of the selected entry's actor may be hidden.
    pub(super) fn is_filtered_within_actor(&self) -> bool {
        let others = HistoryFilter {
            actor: None,
            ..self.filter.clone()
        };
        others != HistoryFilter::default() || self.search.is_some()
    }

    /// The filter without this part; `None` if it has none.
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

    /// The rooms, users or hats of the selected entry, or its actor, each once.
    pub(super) fn parts(&self, part: EntryPart) -> Vec<EntryValue> {
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

    /// The filter with this condition as well.
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
    /// The edits as listed: an added or removed room is followed by its users.
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

/// What rolling back several entries does, to be confirmed.
#[derive(Debug, Clone)]
pub struct RollbackOverlay {
    /// Which entries, as a phrase.
    pub what: String,
    /// What is undone and skipped.
    pub plan: Rollback,
    /// Whether a filter of the history hides entries that are undone as well.
    pub undoes_hidden: bool,
    /// The selected row.
    pub selected: usize,
}

impl RollbackOverlay {
    /// Number of rows: what is undone, then what is skipped.
    pub fn len(&self) -> usize {
        self.plan.group.0.len() + self.plan.left_out.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// The edit that a row is about, as it was made, and why it is skipped if it is.
    pub fn row(&self, row: usize) -> Option<(Edit, Option<&str>)> {
        let undone = &self.plan.group.0;
        match row.checked_sub(undone.len()) {
            None => undone.get(row).map(|edit| (edit.inverse(), None)),
            Some(row) => {
                let left_out = self.plan.left_out.get(row)?;
                Some((left_out.edit.clone(), Some(left_out.reason.as_str())))
            }
        }
    }
}

/// The edit, and those of the users of a room that it adds or removes.
fn with_users(edit: &Edit) -> Vec<Edit> {
    let mut edits = vec![edit.clone()];
    if let Edit::Room { room, before, after } = edit
        && before.is_none() != after.is_none()
    {
        for (user, data) in before.iter().chain(after).flat_map(|room| room.users().iter()) {
            let value = |there: bool| there.then(|| data.clone());
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
