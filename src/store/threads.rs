//! Threads of the store.

use std::thread::Builder;

/// The stack size in bytes, enough for the deepest recursion: parsing a data file.
const STACK_BYTES: usize = 2 << 20;

/// A builder for a thread with a fixed stack size, independent of `RUST_MIN_STACK`. Unlike `std::thread::spawn` it
/// returns an error instead of panicking if the thread cannot be started.
pub(super) fn builder(name: &str) -> Builder {
    Builder::new().name(name.into()).stack_size(STACK_BYTES)
}
