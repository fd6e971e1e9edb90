//! Standard input instead of a file.

use std::io::{self, IsTerminal};

use super::failure::Failure;
use super::output::Output;
use crate::store;

/// The name of standard input in messages.
pub(super) const NAME: &str = "standard input";

/// Reads standard input to its end. On a terminal, first prints how to end the input.
pub(super) fn read(out: &mut Output) -> Result<Vec<u8>, Failure> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        out.warn("reading standard input; press Ctrl-D on an empty line to end it")?;
    }
    store::read_all(stdin).map_err(|error| Failure::error(format!("cannot read {NAME}: {error}")))
}
