//! The requests and events of the store worker, as plain data, so that the layers above can be tested without files.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{self, Group, HatId, Jid, Wardrobe};

/// What a session can see and change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The rooms that the session can see and change; `None`: all.
    pub rooms: Option<BTreeSet<Jid>>,
    /// Whether the session cannot change anything.
    pub read_only: bool,
}

/// Options of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// The author of changes, as recorded in the history.
    pub actor: String,
    /// What can be seen and changed.
    pub scope: Scope,
}

/// An action to commit as one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The edits.
    pub group: Group,
    /// If this is an undo, the revision that it undoes.
    pub undoes: Option<u64>,
    /// If this is a redo, the revision of the undo that it reverts.
    pub redoes: Option<u64>,
    /// The author, if not the session's actor: what comes from a server is committed by `server:NAME`.
    pub actor: Option<Box<str>>,
    /// What a server was sent. It is recorded even if the file is not changed.
    pub sent: Option<SentChanges>,
}

/// Changes that were sent to a server. They are not changes of the file, which has them already, and are not undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentChanges {
    /// The server's name in the configuration.
    pub server: Box<str>,
    /// What it had before, and has since.
    pub changes: Group,
}

impl From<Group> for Change {
    fn from(group: Group) -> Self {
        Self {
            group,
            ..Self::default()
        }
    }
}

/// A request to the store worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreRequest {
    /// Commit a change; answered by [`StoreEvent::Committed`] with the same `id`.
    Commit {
        /// Chosen by the caller.
        id: u64,
        /// The change.
        change: Change,
    },
    /// Cancel a commit that is pending because the file could not be written.
    CancelCommit {
        /// The `id` of the commit.
        id: u64,
    },
    /// Retry now what could not be written or read.
    Retry,
    /// Recreate the deleted data file with its last known content.
    Recreate,
    /// Read a page of the history.
    History(HistoryQuery),
    /// Find the newest commits of this session's actor that can be undone and redone.
    FindUndo,
}

/// An event of the store worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// Progress of reading the file.
    Opening {
        /// Bytes read so far.
        done: u64,
        /// Total bytes.
        of: u64,
    },
    /// The file is open. Sent once, before all other events except [`StoreEvent::Opening`] and [`StoreEvent::Problem`].
    Opened(Snapshot),
    /// Results of commits.
    Committed {
        /// For each commit, by its `id`: its revision (`None` if it was already in effect), or why it was rejected.
        /// Commits with a revision are durable.
        results: Vec<(u64, Result<Option<u64>, model::EditError>)>,
        /// The content of the file after these commits.
        snapshot: Snapshot,
    },
    /// The file was changed by another process.
    Changed(Snapshot),
    /// The file cannot be read or written; `None` when the problem is over. Commits stay pending meanwhile.
    Problem(Option<StoreProblem>),
    /// A page of the history.
    History {
        /// The query of the request.
        query: HistoryQuery,
        /// The page, or why it cannot be read.
        page: Result<HistoryPage, String>,
    },
    /// The commits to undo and redo next, or why the history cannot be read.
    FoundUndo(Result<UndoCandidate, String>),
}

/// What this session's actor can undo and redo next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoCandidate {
    /// The actor's newest commit that is in effect.
    pub undo: Option<HistoryEntry>,
    /// The actor's newest undo that is in effect, if no other change by the actor came after it.
    pub redo: Option<HistoryEntry>,
}

/// The content of the data file, as last read or written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The rooms in scope.
    pub wardrobe: Wardrobe,
    /// Whether the file exists.
    pub exists: bool,
    /// Why changes cannot be written, if that is known in advance (such as a read-only file or folder).
    pub read_only: Option<String>,
}

/// Why the file currently cannot be read or written. The text says what failed, on which file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreProblem {
    /// The file cannot be read or parsed. It is not modified.
    Unreadable(String),
    /// The file was deleted.
    Gone(String),
    /// Writing fails: disk full, quota, read-only, no permission, or locked.
    CannotWrite(String),
}

impl StoreProblem {
    /// The description.
    pub fn message(&self) -> &str {
        match self {
            Self::Unreadable(message) | Self::Gone(message) | Self::CannotWrite(message) => message,
        }
    }
}

/// A commit, as recorded in the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The number of the commit.
    pub revision: u64,
    /// A unique id.
    pub id: Box<str>,
    /// The time of the commit.
    pub time: Timestamp,
    /// The author.
    pub actor: Box<str>,
    /// The change.
    #[serde(rename = "edits")]
    pub group: Group,
    /// If it is an undo, the revision that it undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
    /// If it is a redo, the revision of the undo that it reverted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redoes: Option<u64>,
    /// Whether the file was changed outside hatrack; recorded with the next commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// What a server was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentChanges>,
    /// Whether the commit has more edits that are out of this session's scope. Undoing the visible ones is a separate
    /// change, as the commit stays in effect for its author.
    #[serde(skip)]
    pub partial: bool,
}

/// The person behind an actor: without the IP address of an SSH connection (`alice@203.0.113.7`), so that people can
/// undo what they did from another address.
pub fn person(actor: &str) -> &str {
    match actor.rsplit_once('@') {
        Some((person, address)) if address.parse::<std::net::IpAddr>().is_ok() => person,
        _ => actor,
    }
}

/// A filter for entries of the history; all conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only entries that change this room.
    pub room: Option<Jid>,
    /// Only entries that change this user.
    pub user: Option<Jid>,
    /// Only entries that change this hat.
    pub hat: Option<HatId>,
    /// Only entries by actors whose name contains this text, ignoring case.
    pub actor: Option<String>,
}

/// A query for one page of the history, newest entries first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which entries.
    pub filter: HistoryFilter,
    /// Where to start: [`HistoryPage::next`] of the previous page; `None`: at the newest entry.
    pub from: Option<u64>,
    /// The maximum number of entries.
    pub limit: usize,
}

/// A page of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries, newest first.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<u64>,
    /// The number of damaged lines that were skipped.
    pub unreadable: usize,
}
