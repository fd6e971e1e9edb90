//! A test that cannot run here says so.

use std::io::Write as _;
use std::thread;

/// Says past the test runner, which would keep it to itself, that a test does not run here, and why. The gate installs
/// what the tests need: there that is a failure, unless the machine itself forbids it.
pub(crate) fn skipped(forbidden: bool, why: &str) {
    let gate = std::env::var_os("CI").is_some();
    assert!(forbidden || !gate, "must run in the gate: {why}");
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
