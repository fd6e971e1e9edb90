//! The error of a command: one line for people and an exit code for scripts.

use crate::model::{self, MAX_TEXT_BYTES};

/// An error message with its exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code: 1 error, 2 usage or no terminal, 3 item not found, 4 data file unreadable, 5 conflict or locked.
    pub code: u8,
    /// What failed, on what, and what to do. May contain untrusted text, which is sanitized where it is printed.
    pub message: String,
}

impl Failure {
    /// A general error (exit code 1).
    pub fn error(message: impl Into<String>) -> Self {
        Self::with_code(1, message)
    }

    /// A usage error (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_code(2, message)
    }

    /// An item that does not exist (exit code 3).
    pub fn not_found(message: impl std::fmt::Display) -> Self {
        Self::with_code(3, format!("item-not-found: {message}"))
    }

    /// An invalid argument (exit code 2), after its XMPP error condition.
    pub fn invalid_argument(error: impl Into<model::EditError>) -> Self {
        let error = error.into();
        Self::with_code(2, format!("{}: {error}", error.condition()))
    }

    /// Rejects a title or a name on the command line that is longer than [`MAX_TEXT_BYTES`] bytes or not a single line.
    /// `what` names the argument in the message. Texts from files and servers are not limited.
    pub fn check_single_line(what: &str, text: Option<&str>) -> Result<(), Self> {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some(length) = text.map(str::len).filter(|length| *length > MAX_TEXT_BYTES) {
            let length = crate::app::describe::count(length, "byte");
            let message = format!("bad-request: {what} too long: {length} (limit 1,024 bytes)");
            return Err(Self::with_code(2, message));
        }
        match text.filter(|text| text.contains(breaks)) {
            Some(text) => Err(Self::with_code(
                2,
                format!("bad-request: {what} contains a line break or control character: {text:?}"),
            )),
            None => Ok(()),
        }
    }

    /// Something that this session is not allowed to do (exit code 1).
    pub fn not_allowed(message: impl std::fmt::Display) -> Self {
        Self::with_code(1, format!("not-allowed: {message}"))
    }

    pub(super) fn with_code(code: u8, message: impl Into<String>) -> Self {
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
        Self::with_code(code, format!("{}: {error}", error.condition()))
    }
}
