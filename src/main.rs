//! The `hatrack` binary.

fn main() {}
