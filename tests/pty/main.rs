//! The screen through the real binary on a real (pseudo-)terminal.

mod config;
mod ending;
mod ends;
mod faults;
mod limited;
mod line;
mod modes;
mod passwords;
mod plain;
mod process;
mod replies;
mod resize;
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "shared by several test files"
)]
#[path = "../support/scenario.rs"]
mod scenario;
mod scenarios;
mod shells;
#[path = "../support/skip.rs"]
mod skip;
mod ssh;
mod stage;
mod standard_input;
mod stops;
mod story;
mod tmux;
mod waiting;
