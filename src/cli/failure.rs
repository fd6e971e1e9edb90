//! The error of a command: one line for people and an exit code for scripts.

use crate::model::{EditError, MAX_INPUT_BYTES, is_only_whitespace};

/// An error message with its exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}{}", after_message(.condition.as_ref(), " [", "]"), after_message(.advice.as_ref(), "; ", ""))]
pub struct Failure {
    /// The exit code: 0 nobody reads the output, 1 error, 2 usage, invalid input or no terminal, 3 item not found, 4
    /// data file unreadable, 5 conflict, locked or undecided, 6 differences, 7 saved but not sent, 128 and more: ended
    /// by a signal. A condition determines the code.
    pub code: u8,
    /// The stanza error condition of XMPP (RFC 6120, section 8.3.3), for programs; printed in brackets. `None` for
    /// errors without a suitable condition.
    pub condition: Option<&'static str>,
    /// What failed, and on what; if it is empty, nothing is printed. May contain untrusted text, which is sanitized
    /// where it is printed.
    pub message: String,
    /// What to do, such as a command; printed last.
    pub advice: Option<String>,
}

fn after_message(part: Option<&impl std::fmt::Display>, before: &str, after: &str) -> String {
    part.map_or_else(String::new, |part| format!("{before}{part}{after}"))
}

impl Failure {
    /// A general error (exit code 1).
    pub fn error(message: impl Into<String>) -> Self {
        Self::with_code(1, message)
    }

    /// Ctrl-C (exit code 130), which needs no message.
    pub fn interrupted() -> Self {
        Self::with_code(130, "")
    }

    /// A usage error (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_code(2, message)
    }

    /// An item that does not exist (exit code 3).
    pub fn not_found(message: impl std::fmt::Display) -> Self {
        Self::of_condition("item-not-found", message)
    }

    /// An invalid argument (exit code 2).
    pub fn invalid_argument(error: impl Into<EditError>) -> Self {
        error.into().into()
    }

    /// Invalid input (exit code 2): an argument, a file to import, or standard input.
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
    /// break or another control character, or has only spaces. An empty text is accepted. `what` names the argument in
    /// the message.
    pub fn check_single_line(what: &str, text: Option<&str>) -> Result<(), Self> {
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if let Some(length) = text.map(str::len).filter(|length| *length > MAX_INPUT_BYTES) {
            let length = crate::app::describe::count(length, "byte");
            return Err(Self::bad_request(format!(
                "{what} too long: {length} (limit 1,024 bytes)"
            )));
        }
        match text {
            Some(text) if text.contains(breaks) => Err(Self::bad_request(format!(
                "{what} contains a line break or control character: {text:?}"
            ))),
            Some(text) if is_only_whitespace(text) => {
                Err(Self::bad_request(format!("{what} has only spaces: {text:?}")))
            }
            _ => Ok(()),
        }
    }

    /// An operation of the model that failed, without advice.
    pub(super) fn without_advice(error: EditError) -> Self {
        Self::of_condition(error.condition(), error)
    }

    /// Something that this session is not allowed to do (exit code 1).
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
