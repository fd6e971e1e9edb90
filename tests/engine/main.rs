//! The worker that talks to servers, with a data file, and a simulated server to which something happens at every step.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set up its stage has failed"
)]

mod at_once;
mod at_once_model;
mod checks;
mod colleagues;
mod discreet;
mod endless;
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
mod resolve;
mod rights;
mod sessions;
mod simulated;
mod stage;
mod taken_back;
#[path = "../sync/world.rs"]
mod world;
