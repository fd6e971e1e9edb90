//! How threads of the screen are started.

use std::thread::Builder;

/// For the deepest that is done in one: reading what is imported.
const STACK: usize = 2 << 20;

/// A thread with a stack of its own size, whatever the variable `RUST_MIN_STACK` says. That it cannot be started is an
/// error of the system, and must be no panic.
pub(super) fn builder(name: &str) -> Builder {
    Builder::new().name(name.into()).stack_size(STACK)
}
