//! The clipboard of the user's terminal, also over SSH (OSC 52, xterm control sequences).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The sequence that copies a text. The text is encoded as Base64, so it cannot end the sequence.
///
/// tmux accepts the plain sequence with `set-clipboard on`; its passthrough for wrapped sequences is off by default.
pub(super) fn sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_escape_sequence() {
        assert_eq!(
            sequence("terry@example.org"),
            "\x1b]52;c;dGVycnlAZXhhbXBsZS5vcmc=\x07"
        );
        let sequence = sequence("\x07\x1b[2J\u{9c}\n");
        let inside = sequence
            .strip_prefix("\x1b]52;c;")
            .and_then(|rest| rest.strip_suffix('\x07'));
        assert!(inside.is_some_and(|inside| inside.bytes().all(|byte| byte.is_ascii_graphic())));
    }
}
