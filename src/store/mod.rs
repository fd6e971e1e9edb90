//! Where the wardrobe is kept: the data file, its history and its lock.

mod outcome;

pub use outcome::{Change, Entry, Event, Filter, Page, Query, Request, Scope, Snapshot, Trouble};
