//! The worker that talks to servers, with a data file, and a simulated server to which something happens at every step.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot set up its stage has failed"
)]

mod checks;
mod discreet;
mod faults;
mod guard;
mod interrupted;
mod panics;
mod passwords;
mod sessions;
mod simulated;
mod stage;
#[path = "../sync/world.rs"]
mod world;
