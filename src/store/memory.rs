//! A store in memory that answers like the store worker, for the demo mode and for tests. Nothing is written. As there
//! are no earlier sessions, [`StoreRequest::FindUndo`] finds nothing.

use jiff::Timestamp;

use crate::model::Wardrobe;

use super::{
    Change, HistoryEntry, HistoryPage, HistoryQuery, Snapshot, StoreEvent, StoreRequest, UndoCandidate,
};

/// The wardrobe and its history.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    wardrobe: Wardrobe,
    actor: String,
    history: Vec<HistoryEntry>,
}

impl MemoryStore {
    /// Creates a store with this wardrobe; `actor` is recorded as the actor of changes.
    pub fn new(wardrobe: Wardrobe, actor: &str) -> Self {
        Self {
            wardrobe,
            actor: actor.to_owned(),
            history: Vec::new(),
        }
    }

    /// The current content.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            wardrobe: self.wardrobe.clone(),
            exists: true,
            read_only: None,
            has_nothing_to_undo: true,
        }
    }

    /// Answers a request; `now` is recorded as the time of a commit.
    pub fn handle(&mut self, request: StoreRequest, now: Timestamp) -> Vec<StoreEvent> {
        match request {
            StoreRequest::Commit { id, change } => {
                let result = self.commit(change, now);
                vec![StoreEvent::Committed {
                    results: vec![(id, result)],
                    snapshot: self.snapshot(),
                }]
            }
            StoreRequest::CancelCommit { .. } | StoreRequest::Retry | StoreRequest::Recreate => Vec::new(),
            StoreRequest::History(query) => {
                let page = Ok(self.page(&query));
                vec![StoreEvent::History { query, page }]
            }
            StoreRequest::HistorySince(revision) => {
                let since = |entry: &&HistoryEntry| entry.revision >= revision;
                let entries = self.history.iter().rev().take_while(since).cloned().collect();
                let entries = Ok(entries);
                vec![StoreEvent::HistorySince { revision, entries }]
            }
            StoreRequest::FindUndo => vec![StoreEvent::FoundUndo(Ok(UndoCandidate::default()))],
        }
    }

    fn commit(&mut self, change: Change, time: Timestamp) -> Result<Option<u64>, crate::model::EditError> {
        self.wardrobe.apply(&change.group)?;
        if change.group.is_empty() && change.sent.is_none() {
            return Ok(None);
        }
        self.wardrobe.revision += 1;
        let (
            revision,
            Change {
                group,
                undoes,
                redoes,
                rolled_back,
                actor,
                sent,
                confirmed: _,
                accepted_removals,
                reason,
            },
        ) = (self.wardrobe.revision, change);
        let id = revision.to_string().into();
        let actor = actor.unwrap_or_else(|| self.actor.as_str().into());
        self.history.push(HistoryEntry {
            revision,
            id,
            time,
            actor,
            group,
            undoes,
            redoes,
            rolled_back,
            outside: false,
            accepted_removals,
            sent,
            send_to: Box::default(),
            reason,
            partial: false,
        });
        Ok(Some(revision))
    }

    fn page(&self, query: &HistoryQuery) -> HistoryPage {
        let from = query
            .from
            .and_then(|from| usize::try_from(from).ok())
            .unwrap_or(self.history.len());
        let mut page = HistoryPage::default();
        for (index, entry) in self.history.iter().enumerate().take(from).rev() {
            if page.entries.len() == query.limit {
                page.next = u64::try_from(index + 1).ok();
                break;
            }
            if query.filter.matches(entry) {
                page.entries.push(entry.clone());
            }
        }
        page
    }
}
