//! What can go wrong with a server as a whole. What concerns one room or one change is reported as its outcome.

/// Why a call of a backend ended early. All texts are for people, without control characters, and hold no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The server cannot be reached, or is gone; nothing that was not told was asked for. Trying again later makes sense.
    #[error("{0}")]
    Away(String),
    /// The login, the permissions or the configuration do not allow it. Trying the same again is of no use.
    #[error("{0}")]
    Refused(String),
    /// The connection broke, or no answer came in time, after something was asked for: only reading tells what was done.
    #[error("{0}")]
    Lost(String),
    /// The server answered something that this program does not understand, or too much. As unknown as [`Error::Lost`].
    #[error("the answer of the server cannot be understood: {0}")]
    Malformed(String),
    /// Whoever was told stopped the call.
    #[error("stopped")]
    Stopped,
}

/// The most of a foreign text that an error repeats, in characters.
const LONGEST: usize = 300;

/// A foreign text for an error: one line without control characters, not longer than [`LONGEST`].
pub(super) fn foreign(text: &str) -> String {
    let mut line = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == LONGEST {
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
    fn a_foreign_text_is_one_short_harmless_line() {
        assert_eq!(foreign(" a\nb\u{1b}[31m\u{9b}c "), "a b [31m c");
        assert_eq!(foreign(&"é".repeat(1000)).chars().count(), LONGEST + 1);
    }
}
