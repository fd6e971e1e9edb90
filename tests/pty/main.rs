//! Tests of the real program on a pseudo-terminal.

mod config;
mod expiry;
mod faults;
mod modes;
mod output_size;
mod passwords;
mod plain;
mod process;
mod replies;
mod resize;
mod restricted;
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
mod session_end;
mod shells;
#[path = "../support/skip.rs"]
mod skip;
mod ssh;
mod stage;
mod standard_input;
mod suspend;
mod tmux;
mod waiting;
mod workflows;
