//! Questions on the terminal.

use std::io::{IsTerminal as _, Write as _};

use super::failure::Failure;
use super::output::Output;
use crate::ui::text;

/// Asks a question on the terminal. Returns whether the answer is yes.
///
/// Errors: standard input or standard error is not a terminal. The message suggests `command`, which does not ask.
pub(super) fn ask(question: &str, command: &str, out: &mut Output) -> Result<bool, Failure> {
    out.flush()?;
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "nothing was changed: no terminal to ask for confirmation; use {command}"
        )));
    }
    let _ = write!(std::io::stderr(), "{} [y/N] ", text::sanitize(question));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}
