//! Tests of the server worker, with a data file and a simulated server that can fail at each call.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set up its stage has failed"
)]

mod at_once;
mod at_once_random;
mod checks;
mod concurrent_changes;
mod endless_answers;
mod faults;
mod following;
mod guard;
mod interrupted;
mod limits;
mod lists;
#[cfg(feature = "live")]
mod logins;
mod panics;
mod passwords;
mod recording;
mod redacted;
mod resolve;
mod rights;
mod sessions;
mod simulated;
mod stage;
mod undone_changes;
#[path = "../sync/world.rs"]
mod world;
