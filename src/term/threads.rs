//! Starts the threads of a session.

use std::thread::Builder;

/// Stack size in bytes, enough for the deepest recursion: parsing an import.
const STACK: usize = 2 << 20;

/// A thread builder with a fixed stack size, independent of `RUST_MIN_STACK`. Spawning returns an error rather than
/// panicking if the system allows no more threads.
pub(super) fn builder(name: &str) -> Builder {
    Builder::new().name(name.into()).stack_size(STACK)
}
