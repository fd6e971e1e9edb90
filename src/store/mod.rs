//! Where the wardrobe is kept: the data file, its history and its lock.
//!
//! [`Store`] reads and writes them in the caller's thread, for commands; [`Keeper`] is a thread that does it for a
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
mod digest;
mod disk;
mod draft;
mod error;
mod file;
mod history;
mod keeper;
mod known;
mod layout;
mod lock;
mod memory;
mod noted;
mod outcome;
mod outside;
mod own;
mod pages;
mod paths;
mod record;
mod rewrite;
mod threads;
mod view;
mod whole;

pub use check::{Repaired, Report, check, repair_history, repair_history_on};
pub use disk::{Disk, Fault, Hook, Step};
pub use draft::{Drafts, Written as WrittenDraft};
pub use error::Error;
pub use keeper::{Keeper, Pause};
pub use memory::Memory;
pub use outcome::{
    Change, Entry, Event, Filter, FoundUndo, Options, Page, Query, Request, Scope, Snapshot, Trouble, person,
};
pub use outside::{
    Written, append_file, expanded, is_standard_output, is_stream, open_only_file, open_stream, read_all,
    read_file, read_only_file, write_file,
};
pub use own::OwnDraft;
pub use paths::Paths;
pub use whole::{Refreshed, Store, history_of, is_anything_at};
