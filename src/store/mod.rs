//! Where the wardrobe is kept: the data file, its history and its lock.
//!
//! [`Store`] reads and writes them in the caller's thread, for commands; [`Keeper`] is a thread that does it for a
//! session. What is saved is in the file, durably; the history beside it says who did what.

mod check;
mod draft;
mod error;
mod keeper;
mod memory;
mod outcome;
mod paths;
mod whole;

pub use check::{Repaired, Report, check, repair_history};
pub use draft::Drafts;
pub use error::Error;
pub use keeper::Keeper;
pub use memory::Memory;
pub use outcome::{Change, Entry, Event, Filter, Page, Query, Request, Scope, Snapshot, Trouble};
pub use paths::Paths;
pub use whole::{FoundUndo, Options, Refreshed, Store};
