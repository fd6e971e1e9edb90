//! The clipboard of the terminal that somebody sits at, however far away that is (OSC 52).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The sequence that puts a text there. Whatever the text is, only letters, digits, `+`, `/` and `=` stand in it.
///
/// tmux takes it as it is and hands it on with `set-clipboard on`; what it has for wrapped sequences is off by default.
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
