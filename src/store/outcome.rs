//! What is asked of the keeper of a data file, and what it answers: plain data, so that those above can be tested
//! without any file.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{self, Group, HatId, Jid, Wardrobe};

/// What a session may see and change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only these rooms are seen and changed; `None`: all.
    pub rooms: Option<BTreeSet<Jid>>,
    /// Nothing is changed.
    pub read_only: bool,
}

/// On whose behalf, and within what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Who makes the changes, as the history will have it.
    pub actor: String,
    /// What may be seen and changed.
    pub scope: Scope,
}

/// One action to be committed: it becomes one revision, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The edits.
    pub group: Group,
    /// The revision that this takes back, where it is an undo.
    pub undoes: Option<u64>,
    /// The revision of the undo that this takes back, where it is a redo.
    pub redoes: Option<u64>,
}

impl From<Group> for Change {
    fn from(group: Group) -> Self {
        Self {
            group,
            ..Self::default()
        }
    }
}

/// What is asked of the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreRequest {
    /// Commit this; the number comes back in [`StoreEvent::Committed`].
    Commit {
        /// The asker's name for it.
        id: u64,
        /// What.
        change: Change,
    },
    /// Forget a commit that waits because nothing could be written.
    Withdraw {
        /// The number it was asked under.
        id: u64,
    },
    /// Try again now what could not be written or read.
    Retry,
    /// The data file is gone: write what was last known again.
    Restore,
    /// Read a page of the history.
    History(HistoryQuery),
    /// Look for the newest commit of this session's actor that can be undone, and the one that can be redone.
    FindUndo,
}

/// What the keeper tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreEvent {
    /// Reading the file goes on.
    Opening {
        /// Bytes done.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// The file is open; comes once, and before anything else but [`StoreEvent::Opening`] and [`StoreEvent::Trouble`].
    Opened(Snapshot),
    /// What became of commits. The wardrobe is the one after all of them.
    Committed {
        /// For each, by the number it was asked under: its revision (`None` when nothing differed any more), or why it
        /// was not done. What has a revision is durable.
        settled: Vec<(u64, Result<Option<u64>, model::EditError>)>,
        /// What the file holds now.
        snapshot: Snapshot,
    },
    /// Somebody else changed the file.
    Changed(Snapshot),
    /// Something keeps the file from being read or written; `None` when it is over. Commits wait meanwhile.
    Trouble(Option<StoreProblem>),
    /// A page of the history.
    History {
        /// What was asked.
        query: HistoryQuery,
        /// The answer, or why there is none.
        page: Result<HistoryPage, String>,
    },
    /// The newest own commits to undo and to redo, or why that cannot be said.
    FoundUndo(Result<UndoCandidate, String>),
}

/// What can be taken back by this session's actor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoCandidate {
    /// The newest own commit that is in effect.
    pub undo: Option<HistoryEntry>,
    /// The newest own undo that is in effect, where no own change came after it.
    pub redo: Option<HistoryEntry>,
}

/// What the file was seen to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The rooms in scope.
    pub wardrobe: Wardrobe,
    /// Whether there is a file.
    pub exists: bool,
    /// Why nothing can be written here, where that is known already (a read-only file or folder): a viewer.
    pub read_only: Option<String>,
}

/// Why the file cannot be read or written just now. The text says what, where and what to do, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreProblem {
    /// It cannot be understood; it is left as it is.
    Unreadable(String),
    /// It was there and is not any more.
    Gone(String),
    /// Writing fails: full, quota, read-only, not permitted, no lock.
    CannotWrite(String),
}

impl StoreProblem {
    /// The sentence.
    pub fn message(&self) -> &str {
        match self {
            Self::Unreadable(message) | Self::Gone(message) | Self::CannotWrite(message) => message,
        }
    }
}

/// One commit, as the history has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Which one.
    pub revision: u64,
    /// Its unique id.
    pub id: Box<str>,
    /// When.
    pub time: Timestamp,
    /// Who.
    pub actor: Box<str>,
    /// What.
    #[serde(rename = "edits")]
    pub group: Group,
    /// The revision that it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
    /// The undo that it took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redoes: Option<u64>,
    /// The file was changed by something else than hatrack; noted with the next commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// There are more edits, which are out of this session's scope: taking these back is a change of its own, as the
    /// commit stays in effect for its author.
    #[serde(skip)]
    pub partial: bool,
}

/// The person that an actor is: without the address that an SSH line came from (`alice@203.0.113.7`). People come back
/// from another address, and what they did is still their own.
pub fn person(actor: &str) -> &str {
    match actor.rsplit_once('@') {
        Some((person, address)) if address.parse::<std::net::IpAddr>().is_ok() => person,
        _ => actor,
    }
}

/// Which entries of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// That touch this room.
    pub room: Option<Jid>,
    /// That touch this user.
    pub user: Option<Jid>,
    /// That touch this hat.
    pub hat: Option<HatId>,
    /// By somebody whose name has this in it.
    pub actor: Option<String>,
}

/// A page of the history, from the newest backwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Only these.
    pub filter: HistoryFilter,
    /// From where the page before ended ([`HistoryPage::next`]); `None`: from the newest.
    pub from: Option<u64>,
    /// At most so many entries.
    pub limit: usize,
}

/// Entries, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page begins, where there is more.
    pub next: Option<u64>,
    /// Lines on the way that could not be read.
    pub unreadable: usize,
}
