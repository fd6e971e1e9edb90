//! Storage: the data file, its history and its lock.
//!
//! [`Store`] reads and writes them in the caller's thread, for commands; [`StoreWorker`] is a thread that does so for a
//! session. A saved change is durable in the data file; the history next to it records who changed what.
//!
//! A commit takes the lock, reloads the data file if it has changed, writes the new one to a temporary file, appends its
//! lines to the history, copies the permissions of the old file and renames the new one over it; each step is durable
//! before the next. If the process is killed before the rename, nothing has changed: the next start or the next writer
//! removes what was left behind.

mod access;
mod changes_by_others;
mod check;
mod commit;
mod compose;
mod data_file;
mod digest;
mod disk;
mod draft;
mod edit_file;
mod error;
mod file;
mod history;
mod history_writer;
mod hook;
mod known_file;
mod live_draft;
mod lock;
mod memory;
mod options;
mod outcome;
mod pages;
mod paths;
mod rewrite;
mod room_spans;
mod side_file;
mod side_lock;
mod threads;
mod user_files;
mod view;
mod worker;

pub use check::{CheckReport, RepairReport, check, repair_history, repair_history_on};
pub use data_file::{Refreshed, Store, data_or_history_exists};
pub use disk::{Disk, DiskFault, DiskHook, DiskOperation};
pub use draft::{Drafts, WrittenDraft};
pub use edit_file::edit_file;
pub use error::StoreError;
pub use file::read_revision;
pub use hook::{CommitHook, CommitHooks, PreparedChange};
pub use live_draft::LiveDraft;
pub use memory::MemoryStore;
pub use options::StoreOptions;
pub use outcome::{
    Change, ChangeReason, EXPIRED_ACTOR, HatFilter, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery,
    Scope, SentChanges, Snapshot, StoreEvent, StoreProblem, StoreRequest, UndoCandidate, person,
};
pub use pages::{read_history, read_recent};
pub use paths::Paths;
pub use side_file::SideFolder;
pub use side_lock::{SideLock, SideNote};
pub use user_files::{
    WriteOutcome, expand_home, is_dash, is_stdout_path, open_append, open_if_stream, open_regular_file,
    read_all, read_file, read_regular_file, write_file,
};
pub use worker::{StoreWorker, WorkerPause};
