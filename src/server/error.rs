//! Errors that concern a server as a whole. Failures of a single room or change are reported as outcomes.

/// Why a call to a backend failed. All texts are for display, without control characters and passwords.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The server cannot be used now: it cannot be reached, or it could not list its rooms. Changes without a reported
    /// outcome were not sent. Retrying later can help.
    #[error("{0}")]
    Away(String),
    /// The login, the permissions or the configuration do not allow the call. Retrying does not help.
    #[error("{0}")]
    Refused(String),
    /// The connection works, but the server's class is unknown: the server does not report a known version, and there is
    /// no room that supports hats for this account.
    #[error("{0}")]
    NoHats(String),
    /// The connection was lost, or timed out, after a request: only a read shows whether anything was changed.
    #[error("{0}")]
    Lost(String),
    /// The server sent an invalid or too large answer. As after [`Error::Lost`], only a read shows whether
    /// anything was changed.
    #[error("invalid answer from the server: {0}")]
    Malformed(String),
    /// The session ended the call, for example because it is ending.
    #[error("stopped")]
    Stopped,
}

/// Maximum length of quoted server text in an error, in characters, without the ellipsis.
const MAX_CHARS: usize = 300;

/// Prepares a server's text for an error: one line without control characters. A text of more than [`MAX_CHARS`]
/// characters is cut and ends with an ellipsis.
pub(super) fn sanitize_line(text: &str) -> String {
    let mut line = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == MAX_CHARS {
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_sanitized_and_shortened() {
        assert_eq!(sanitize_line(" a\nb\u{1b}[31m\u{9b}c "), "a b [31m c");
        assert_eq!(sanitize_line(&"é".repeat(1000)).chars().count(), MAX_CHARS + 1);
    }
}
