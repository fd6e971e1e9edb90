//! Why a command was not done: one line for people, one number for scripts.

use crate::model::{self, LONGEST_TEXT};

/// A sentence and the exit code that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code: 1 error, 2 usage or no terminal, 3 item not found, 4 data file unreadable, 5 conflict or locked.
    pub code: u8,
    /// What, on what, and what to do. It may hold text from outside: to be made harmless where it is printed.
    pub message: String,
}

impl Failure {
    /// Something went wrong outside.
    pub fn error(message: impl Into<String>) -> Self {
        Self::with(1, message)
    }

    /// The command line does not say something that can be done.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with(2, message)
    }

    /// What was asked for is not there.
    pub fn not_found(message: impl std::fmt::Display) -> Self {
        Self::with(3, format!("item-not-found: {message}"))
    }

    /// A text on the command line is not what it has to be.
    pub fn argument(error: impl Into<model::EditError>) -> Self {
        let error = error.into();
        Self::with(2, format!("{}: {error}", error.condition()))
    }

    /// A title or a name on the command line that is too long, or would not be one line. What a file or a server brought is shown as it
    /// is, made harmless; nobody types such a thing on purpose.
    pub fn unless_line(what: &str, text: Option<&str>) -> Result<(), Self> {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some(length) = text.map(str::len).filter(|length| *length > LONGEST_TEXT) {
            let length = crate::app::describe::count(length, "byte");
            let message = format!("bad-request: {what} has at most 1,024 bytes, not {length}");
            return Err(Self::with(2, message));
        }
        match text.filter(|text| text.contains(breaks)) {
            Some(text) => Err(Self::with(
                2,
                format!("bad-request: {what} is one line without control characters, not {text:?}"),
            )),
            None => Ok(()),
        }
    }

    /// This session may not do that.
    pub fn not_allowed(message: impl std::fmt::Display) -> Self {
        Self::with(1, format!("not-allowed: {message}"))
    }

    pub(super) fn with(code: u8, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}

impl From<model::EditError> for Failure {
    fn from(error: model::EditError) -> Self {
        let code = match error.condition() {
            "item-not-found" => 3,
            "conflict" => 5,
            _ => 1,
        };
        Self::with(code, format!("{}: {error}", error.condition()))
    }
}
