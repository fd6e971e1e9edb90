//! The requests and events of the store worker, as plain data, so that the layers above can be tested without files.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{self, EditGroup, Jid, Rights, Wardrobe};

mod history_filter;
mod reason;

pub use history_filter::{HatFilter, HistoryFilter};
pub use reason::ChangeReason;

/// The part of the data that a session can see and change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The rooms that the session can see and change; `None`: all.
    pub rooms: Option<BTreeSet<Jid>>,
    /// Whether the session cannot change anything.
    pub read_only: bool,
    /// The rights of the session in the rooms of the scope.
    pub rights: Rights,
}

impl Scope {
    /// Whether the session can see or change less than everything.
    pub fn is_restricted(&self) -> bool {
        self.rooms.is_some() || self.read_only || self.rights.is_restricted()
    }
}

/// An action to commit as one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The edits.
    pub group: EditGroup,
    /// If this is an undo, the revision that it undoes.
    pub undoes: Option<u64>,
    /// If this is a redo, the revision of the undo that it reverts.
    pub redoes: Option<u64>,
    /// If this undoes several changes together, their number.
    pub rolled_back: Option<u64>,
    /// The actor, if it is not the session's actor; `server:NAME` for changes that were received from a server.
    pub actor: Option<Box<str>>,
    /// Changes that were sent to a server. They are recorded even if the file is not changed.
    pub sent: Option<SentChanges>,
    /// Whether someone confirmed the change, so that it is sent to servers however much it removes.
    pub confirmed: bool,
    /// Whether someone accepted removals that were made on a server and held back by the guard.
    pub accepted_removals: bool,
    /// The reason, as given by the actor.
    pub reason: Option<ChangeReason>,
}

/// The actor of commits that remove expired hats ([`Attachment::until`](crate::model::Attachment::until)).
pub const EXPIRED_ACTOR: &str = "hatrack (expired)";

/// Changes that were sent to a server. They do not change the data file, which already contains them, and are not
/// undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentChanges {
    /// The server's name in the configuration.
    pub server: Box<str>,
    /// The edits, with the values on the server before and after the sending.
    pub changes: EditGroup,
}

impl Change {
    /// Creates the change that removes expired hats. It counts as confirmed, because someone set the times at which the
    /// hats expire; so it is sent to servers however many hats it removes.
    pub fn expired(group: EditGroup) -> Self {
        Self {
            actor: Some(EXPIRED_ACTOR.into()),
            confirmed: true,
            ..group.into()
        }
    }
}

impl From<EditGroup> for Change {
    fn from(group: EditGroup) -> Self {
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
        /// A number chosen by the caller.
        id: u64,
        /// The change.
        change: Change,
    },
    /// Cancel a commit that is pending because the file could not be written.
    CancelCommit {
        /// The `id` of the commit.
        id: u64,
    },
    /// Retry reading or writing the file immediately, if this has failed.
    Retry,
    /// Recreate the deleted data file with its last known content.
    Recreate,
    /// Read a page of the history.
    History(HistoryQuery),
    /// Read all entries of the history from this revision on.
    HistorySince(u64),
    /// Find the newest commits of this session's actor that can be undone and redone.
    FindUndo,
}

/// An event of the store worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// Progress of reading the file.
    Opening {
        /// The number of bytes read so far.
        done: u64,
        /// The total number of bytes.
        total: u64,
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
    /// Another process changed the file, the file was recreated, or it became read-only or writable.
    Changed(Snapshot),
    /// Changes that other sessions, servers or programs made, oldest first. Follows the event that has the resulting
    /// content, [`StoreEvent::Changed`] or [`StoreEvent::Committed`]. Not sent if the history does not have these
    /// changes, or if they are too many or too large.
    ChangedByOthers(Vec<HistoryEntry>),
    /// The file cannot be read or written; `None` when the problem is over. Commits stay pending meanwhile.
    Problem(Option<StoreProblem>),
    /// A page of the history.
    History {
        /// The query of the request.
        query: HistoryQuery,
        /// The page, or why it cannot be read.
        page: Result<HistoryPage, String>,
    },
    /// All entries of the history from a revision on.
    HistorySince {
        /// The revision of the request.
        revision: u64,
        /// The entries, newest first, or why they cannot be read.
        entries: Result<Vec<HistoryEntry>, String>,
    },
    /// The commits to undo and redo next, or why the history cannot be read.
    FoundUndo(Result<UndoCandidate, String>),
}

/// The commits that this session's actor can undo and redo next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoCandidate {
    /// The actor's newest commit that is in effect and is not itself an undo.
    pub undo: Option<HistoryEntry>,
    /// The actor's newest undo that is in effect, if the actor's later commits are only undos and redos.
    pub redo: Option<HistoryEntry>,
}

/// The content of the data file, as last read or written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The rooms in scope.
    pub wardrobe: Wardrobe,
    /// Whether the file exists.
    pub exists: bool,
    /// The reason why changes cannot be written, if this is known in advance (such as a read-only file or folder).
    pub read_only: Option<String>,
    /// Whether the actor certainly has no commit to undo; `false` if this is not known.
    pub has_nothing_to_undo: bool,
}

/// A problem because of which the file currently cannot be read or written. The text says what failed, on which file,
/// and what to do.
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
    /// The text.
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
    /// A unique ID.
    pub id: Box<str>,
    /// The time of the commit.
    pub time: Timestamp,
    /// The actor.
    pub actor: Box<str>,
    /// The edits.
    #[serde(rename = "edits")]
    pub group: EditGroup,
    /// If this is an undo, the revision that it undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
    /// If this is a redo, the revision of the undo that it reverted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redoes: Option<u64>,
    /// If this undid several changes together, their number.
    #[serde(default, rename = "rolled-back", skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<u64>,
    /// Whether the change was made outside hatrack. Such a change is recorded with the next commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// Whether someone accepted removals that were made on a server and held back by the guard.
    #[serde(
        default,
        rename = "accepted-removals",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub accepted_removals: bool,
    /// Changes that were sent to a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentChanges>,
    /// The names of the servers to which the changes were to be sent at once, as noted before the commit. This does not
    /// say whether the changes arrived.
    #[serde(default, rename = "send-to", skip_serializing_if = "<[_]>::is_empty")]
    pub send_to: Box<[Box<str>]>,
    /// The reason, as given by the actor.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "ChangeReason::deserialize_stored"
    )]
    pub reason: Option<ChangeReason>,
    /// Whether the commit has more edits, which are out of this session's scope. An undo of the visible edits is
    /// recorded as an ordinary change, as the others stay in effect.
    #[serde(skip)]
    pub partial: bool,
}

/// The actor without the IP address of an SSH connection (`alice@203.0.113.7`), so that people can undo what they did
/// from another address.
pub fn person(actor: &str) -> &str {
    match actor.rsplit_once('@') {
        Some((person, address)) if address.parse::<std::net::IpAddr>().is_ok() => person,
        _ => actor,
    }
}

/// A query for one page of the history, newest entries first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The filter that the entries must match.
    pub filter: HistoryFilter,
    /// The position to start at: [`HistoryPage::next`] of the previous page; `None`: at the newest entry.
    pub from: Option<u64>,
    /// The maximum number of entries.
    pub limit: usize,
}

/// A page of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries, newest first.
    pub entries: Vec<HistoryEntry>,
    /// The position of the next page; `None` on the last page.
    pub next: Option<u64>,
    /// The number of damaged lines that were skipped.
    pub unreadable: usize,
}
