//! The reason of a change, as given by its actor.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{MAX_INPUT_BYTES, is_only_whitespace};

/// The reason of a change: a line of text of at most [`MAX_INPUT_BYTES`], never empty or only whitespace, without
/// characters that XMPP cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ChangeReason(Arc<str>);

impl ChangeReason {
    /// Creates a reason from a text: removes surrounding whitespace and characters that XML forbids, replaces each
    /// control character and line break by a space, and cuts the text after the maximum length. `None` if nothing is
    /// left.
    pub fn new(text: &str) -> Option<Self> {
        let is_sendable = |c: char| !matches!(c, '\u{fffe}' | '\u{ffff}');
        let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let mut line = String::new();
        for c in text.trim().chars().filter(|c| is_sendable(*c)) {
            let c = if is_break(c) { ' ' } else { c };
            if line.len() + c.len_utf8() > MAX_INPUT_BYTES {
                break;
            }
            line.push(c);
        }
        let line = line.trim();
        (!line.is_empty() && !is_only_whitespace(line)).then(|| Self(line.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a reason as it was stored, perhaps by a program that checked less.
    ///
    /// Errors: the value is neither a text nor null.
    pub fn deserialize_stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| Self::new(&text)))
    }

    /// The text, shared.
    pub fn to_shared(&self) -> Arc<str> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_one_bounded_line_that_can_be_sent() {
        let new = |text: &str| ChangeReason::new(text).map(|reason| reason.as_str().to_owned());
        assert_eq!(new(" spam \n").as_deref(), Some("spam"));
        assert_eq!(
            new("a\nb\u{1b}[31mc\u{2028}d\u{ffff}").as_deref(),
            Some("a b [31mc d")
        );
        for blank in ["", "  \t", "\u{1}"] {
            assert_eq!(new(blank), None, "{blank:?}");
        }
        let long = new(&"\u{e9}".repeat(5000)).unwrap();
        assert_eq!(long.len(), MAX_INPUT_BYTES);
    }
}
