//! Tests with real servers on loopback: Prosody 0.12 and 13, ejabberd 23.01 and 26.07. They need root and Debian 12. If
//! something is missing, a test is skipped with a line that says why; in CI it fails instead.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test whose setup fails has failed"
)]

mod changes;
mod client;
mod configuration;
#[path = "../support/copy_program.rs"]
mod copy_program;
mod documented;
mod ejabberd;
mod harness;
mod hats;
mod live;
mod pool;
mod process;
mod prosody;
mod screen;
mod server;
mod shell;

#[path = "../support/skip.rs"]
mod skip;
#[path = "../pty/stage.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod system;
mod watcher;
#[cfg(feature = "live")]
mod xmpp;
