//! Reports tests that cannot run on this machine.

use std::io::Write as _;
use std::thread;

/// Reports on standard error that a test is skipped, and why; the test runner does not capture this. In CI, where
/// everything that the tests need is installed, the test fails instead, unless it is `forbidden` by the machine itself.
pub(crate) fn skipped(forbidden: bool, why: &str) {
    let is_ci = std::env::var_os("CI").is_some();
    assert!(forbidden || !is_ci, "must run in the gate: {why}");
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
