//! The error of a command: one line for people and an exit code for scripts.

use crate::model::{EditError, MAX_INPUT_BYTES, is_only_whitespace};

/// An error message with its exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}{}", after_message(.condition.as_ref(), " [", "]"), after_message(.advice.as_ref(), "; ", ""))]
pub struct Failure {
    /// The exit code: 0 nobody reads the output, 1 error, 2 usage, invalid input or no terminal, 3 item not found, 4
    /// data file unreadable, 5 conflict, locked or undecided, 6 differences, 7 saved but not sent, 128 and more: ended
    /// by a signal. If there is a condition, it determines the code.
    pub code: u8,
    /// The stanza error condition of XMPP (RFC 6120, section 8.3.3), for programs; printed in brackets. `None` for
    /// errors without a suitable condition.
    pub condition: Option<&'static str>,
    /// The message: what failed, and on which item. If the message is empty, nothing is printed. It may contain untrusted
    /// text, so that it must be sanitized when it is printed.
    pub message: String,
    /// The advice: what to do, such as a command to run; printed last.
    pub advice: Option<String>,
}

/// Formats a part of the text that follows the message, with the texts before and after the part; empty for `None`.
fn after_message(part: Option<&impl std::fmt::Display>, before: &str, after: &str) -> String {
    part.map_or_else(String::new, |part| format!("{before}{part}{after}"))
}

impl Failure {
    /// A general error (exit code 1).
    pub fn error(message: impl Into<String>) -> Self {
        Self::with_code(1, message)
    }

    /// The end of a command by Ctrl-C (exit code 130), which needs no message.
    pub fn interrupted() -> Self {
        Self::with_code(130, "")
    }

    /// A usage error (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_code(2, message)
    }

    /// The error for an item that does not exist (exit code 3).
    pub fn not_found(message: impl std::fmt::Display) -> Self {
        Self::of_condition("item-not-found", message)
    }

    /// The error for an invalid argument (exit code 2).
    pub fn invalid_argument(error: impl Into<EditError>) -> Self {
        error.into().into()
    }

    /// The error for invalid input (exit code 2): an argument, a file to import, or standard input.
    pub fn bad_request(message: impl std::fmt::Display) -> Self {
        Self::of_condition("bad-request", message)
    }

    /// An error with a stanza error condition, which determines the exit code.
    fn of_condition(condition: &'static str, message: impl std::fmt::Display) -> Self {
        let code = match condition {
            "bad-request" | "jid-malformed" => 2,
            "item-not-found" => 3,
            "internal-server-error" => 4,
            "conflict" => 5,
            _ => 1,
        };
        Self {
            condition: Some(condition),
            ..Self::with_code(code, message.to_string())
        }
    }

    /// Rejects a title or a name on the command line that is longer than [`MAX_INPUT_BYTES`] bytes, contains a line
    /// break or another control character, or is only whitespace. An empty text is accepted. `argument` is the name of the
    /// argument in the message.
    pub fn check_single_line(argument: &str, text: Option<&str>) -> Result<(), Self> {
        let is_break_or_control = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some(length) = text.map(str::len).filter(|length| *length > MAX_INPUT_BYTES) {
            let length = crate::app::describe::count(length, "byte");
            return Err(Self::bad_request(format!(
                "{argument} too long: {length} (limit 1,024 bytes)"
            )));
        }
        match text {
            Some(text) if text.contains(is_break_or_control) => Err(Self::bad_request(format!(
                "{argument} contains a line break or control character: {text:?}"
            ))),
            Some(text) if is_only_whitespace(text) => {
                Err(Self::bad_request(format!("{argument} has only spaces: {text:?}")))
            }
            _ => Ok(()),
        }
    }

    /// Converts an error of the model, without adding advice. The [`From`] implementation adds advice.
    pub(super) fn without_advice(error: EditError) -> Self {
        Self::of_condition(error.condition(), error)
    }

    /// The error for an action that this session is not allowed to do (exit code 1).
    pub fn not_allowed(message: impl std::fmt::Display) -> Self {
        Self::of_condition("not-allowed", message)
    }

    pub(super) fn with_code(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            condition: None,
            message: message.into(),
            advice: None,
        }
    }

    /// The same error with this advice.
    pub(super) fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        let failure = Self::without_advice(error.clone());
        let EditError::NotAffiliated { room, user } = &error else {
            return failure;
        };
        let (room, user) = (
            shell_words::quote(room.as_str()),
            shell_words::quote(user.as_str()),
        );
        failure.with_advice(format!(
            "make the user a member first: hatrack affiliate {room} {user} member"
        ))
    }
}
