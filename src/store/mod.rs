//! Where the wardrobe is kept: the data file, its history and its lock.
//!
//! [`Store`] reads and writes them in the caller's thread, for commands; [`StoreWorker`] is a thread that does it for a
//! session. What is saved is in the file, durably; the history beside it says who did what.
//!
//! A commit takes the lock, reads the file again if it is not the one last known, writes the new one beside it,
//! appends a line to the history, gives the new file the permissions of the old one and renames; each step durable
//! before the next. Killed before the rename, nothing
//! happened: the next start or the next writer removes what is left.

mod access;
mod check;
mod commit;
mod compose;
mod data_file;
mod digest;
mod disk;
mod draft;
mod error;
mod file;
mod history;
mod known_file;
mod live_draft;
mod lock;
mod memory;
mod outcome;
mod pages;
mod paths;
mod record;
mod recorded;
mod rewrite;
mod room_spans;
mod threads;
mod user_files;
mod view;
mod worker;

pub use check::{CheckReport, RepairReport, check, repair_history, repair_history_on};
pub use data_file::{Refreshed, Store, history_of, is_anything_at};
pub use disk::{Disk, DiskFault, DiskHook, DiskOperation};
pub use draft::{Drafts, WrittenDraft};
pub use error::StoreError;
pub use live_draft::LiveDraft;
pub use memory::MemoryStore;
pub use outcome::{
    Change, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, Scope, Snapshot, StoreEvent,
    StoreOptions, StoreProblem, StoreRequest, UndoCandidate, person,
};
pub use paths::Paths;
pub use user_files::{
    WriteOutcome, append_file, expanded, is_standard_output, is_stream, open_only_file, open_stream,
    read_all, read_file, read_only_file, write_file,
};
pub use worker::{StoreWorker, WorkerPause};
