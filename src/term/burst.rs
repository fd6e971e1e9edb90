//! Detects pastes that the terminal does not mark: GNU screen, `tmux paste-buffer` and the Linux console mouse send them
//! as typed text. They are recognized because they arrive faster than anyone types. Pure, like the decoder: the caller
//! measures the time.

use std::time::Duration;

use super::decode::Decoder;
use super::input::Input;

/// Text belongs together if each part arrives within this time after the one before.
const BURST_TIMEOUT: Duration = Duration::from_millis(10);
/// The time to wait for more of a detected paste.
const PASTE_TIMEOUT: Duration = Duration::from_millis(100);
/// Limit of buffered text, in bytes.
const MAX_BUFFERED: usize = 4 << 20;

/// The way in which a terminal delivers pasted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputDelivery {
    /// As a whole, or in large parts.
    Whole,
    /// Perhaps byte by byte, as a serial line does.
    ByteByByte,
}

/// Decodes reads into input, delaying text briefly to see whether it is a paste.
#[derive(Debug)]
pub(super) struct BurstDetector {
    delivery: InputDelivery,
    decoder: Decoder,
    /// Text that was read but not decoded yet.
    buffered: Vec<u8>,
}

impl InputDelivery {
    /// Detects how a terminal delivers pasted text. `is_pseudo` tells whether it is a pseudo-terminal, `speed` is its
    /// speed in baud, and `term` is the environment variable `TERM`.
    pub(super) fn detect(is_pseudo: bool, speed: u32, term: Option<&str>) -> Self {
        // 38400 is the default speed of pseudo-terminals. sshd sets another if the user's terminal is on a serial line.
        let has_default_speed = is_pseudo && speed == 38_400;
        // screen and tmux pass on input without revealing on which kind of line it arrives.
        let may_be_passed_on = term.is_none_or(|term| term.starts_with("screen") || term.starts_with("tmux"));
        if has_default_speed && !may_be_passed_on {
            Self::Whole
        } else {
            Self::ByteByByte
        }
    }

    /// The time to wait for a second character.
    fn key_timeout(self) -> Duration {
        match self {
            Self::Whole => Duration::from_micros(500),
            // At 9600 baud, the next byte arrives after 1.04 ms.
            Self::ByteByByte => Duration::from_millis(3),
        }
    }
}

impl BurstDetector {
    /// Creates a detector for the input of a terminal.
    pub(super) fn new(delivery: InputDelivery) -> Self {
        Self {
            delivery,
            decoder: Decoder::default(),
            buffered: Vec::new(),
        }
    }

    /// Processes one read and returns complete input.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if self.decoder.is_idle() && is_text(bytes) && self.buffered.len() + bytes.len() <= MAX_BUFFERED {
            self.buffered.extend_from_slice(bytes);
            return Vec::new();
        }
        let mut inputs = Vec::new();
        let mut bytes = bytes;
        let buffered_text = std::mem::take(&mut self.buffered);
        let joined;
        if is_paste(&buffered_text) && bytes.first() == Some(&0x1b) {
            // A key or a terminal reply follows the paste.
            inputs.push(unmarked_paste(&buffered_text));
        } else if !buffered_text.is_empty() {
            joined = [&buffered_text, bytes].concat();
            bytes = &joined;
        }
        inputs.extend(self.decoder.feed(bytes));
        inputs
    }

    /// The time to wait for the next read before calling [`Self::expire`]; `None`: no limit.
    pub(super) fn timeout(&self) -> Option<Duration> {
        if self.buffered.is_empty() {
            let milliseconds = self.decoder.timeout()?;
            Some(Duration::from_millis(milliseconds.into()))
        } else if is_paste(&self.buffered) {
            Some(PASTE_TIMEOUT)
        } else if is_one_character(&self.buffered) {
            Some(self.delivery.key_timeout())
        } else {
            Some(BURST_TIMEOUT)
        }
    }

    /// Returns the delayed input. Call this when nothing has arrived within [`Self::timeout`].
    pub(super) fn expire(&mut self) -> Vec<Input> {
        if self.buffered.is_empty() {
            return self.decoder.expire().into_iter().collect();
        }
        let buffered_text = std::mem::take(&mut self.buffered);
        if is_paste(&buffered_text) {
            vec![unmarked_paste(&buffered_text)]
        } else {
            self.decoder.feed(&buffered_text)
        }
    }
}

fn unmarked_paste(paste: &[u8]) -> Input {
    let text = String::from_utf8_lossy(paste);
    Input::UnmarkedPaste(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Whether every byte can be part of text, and no control sequence starts here.
fn is_text(bytes: &[u8]) -> bool {
    let begins_sequence = matches!(bytes, [0x80..=0x9f, ..] | [0xc2, 0x80..=0x9f, ..]);
    let is_text_byte = |byte: &u8| matches!(byte, b' '..=b'~' | 0x80.. | b'\t' | b'\r' | b'\n');
    !begins_sequence && bytes.iter().all(is_text_byte)
}

/// Whether this is one character, or a byte of one.
fn is_one_character(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or(bytes.len() == 1, |text| text.chars().nth(1).is_none())
}

/// Whether this is a paste: at least two lines of text, one of which has an `@`.
fn is_paste(bytes: &[u8]) -> bool {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let text = bytes.trim_ascii();
    text.contains(&b'@')
        && text.iter().any(is_line_end)
        && std::str::from_utf8(text)
            .is_ok_and(|text| !text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Key, KeyCode};

    const ALL: [InputDelivery; 2] = [InputDelivery::Whole, InputDelivery::ByteByByte];

    fn paste(text: &str) -> Input {
        Input::UnmarkedPaste(text.into())
    }

    fn detector() -> BurstDetector {
        BurstDetector::new(InputDelivery::ByteByByte)
    }

    /// The input from reads that follow each other immediately; nothing arrives after them.
    fn at_once(reads: &[&[u8]]) -> Vec<Input> {
        let mut bursts = detector();
        let mut inputs: Vec<Input> = reads.iter().flat_map(|read| bursts.feed(read)).collect();
        while bursts.timeout().is_some() {
            inputs.extend(bursts.expire());
        }
        inputs
    }

    #[test]
    fn detects_paste_of_address_lines() {
        for (bytes, text) in [
            (
                &b"a@example.org\rb@example.org\r"[..],
                "a@example.org\nb@example.org\n",
            ),
            (b"dear all\r\na@example.org", "dear all\na@example.org"),
            ("\u{fc}ber\td\n\na@b\n".as_bytes(), "\u{fc}ber\td\n\na@b\n"),
        ] {
            assert_eq!(at_once(&[bytes]), [paste(text)]);
            let one_by_one: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(at_once(&one_by_one), [paste(text)]);
        }
    }

    #[test]
    fn other_input_is_keys_in_order() {
        for bytes in [
            &b"a"[..],
            b"\r",
            b"addd",
            b"aterry@example.org\r",
            b"\ra@b\r",
            b"ab\rcd\r",
            b"a@b\rc\x1b[A",
            b"\x03",
            b"a@b\rc\x03",
            "a@b\r\u{85}c".as_bytes(),
            b"a@b\r\xff\r",
            "\u{fc}".as_bytes(),
        ] {
            assert_eq!(at_once(&[bytes]), Decoder::default().feed(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn text_is_delayed_and_sequences_are_not() {
        for delivery in ALL {
            check_delay(delivery);
        }
    }

    fn check_delay(delivery: InputDelivery) {
        let mut bursts = BurstDetector::new(delivery);
        let key = |code| Input::Key(Key::plain(code));
        assert_eq!(bursts.feed(b"a"), []);
        assert_eq!(bursts.timeout(), Some(delivery.key_timeout()));
        assert_eq!(bursts.expire(), [key(KeyCode::Char('a'))]);
        assert_eq!(bursts.feed(b"a"), []);
        assert_eq!(bursts.feed(b"b"), []);
        assert_eq!(bursts.timeout(), Some(BURST_TIMEOUT));
        assert_eq!(
            bursts.expire(),
            [key(KeyCode::Char('a')), key(KeyCode::Char('b'))]
        );
        assert_eq!(bursts.timeout(), None);
        assert_eq!(bursts.feed(b"\x1b[A"), [key(KeyCode::Up)]);
        assert_eq!(bursts.feed(b"b"), []);
        assert_eq!(
            bursts.feed(b"\x1b[A"),
            [key(KeyCode::Char('b')), key(KeyCode::Up)]
        );
    }

    #[test]
    fn letter_of_any_layout_is_one_key() {
        for (text, is_one) in [("\u{444}", true), ("\u{20ac}", true), ("\u{444}\u{444}", false)] {
            let mut bursts = detector();
            assert_eq!(bursts.feed(text.as_bytes()), []);
            let wait = if is_one {
                bursts.delivery.key_timeout()
            } else {
                BURST_TIMEOUT
            };
            assert_eq!(bursts.timeout(), Some(wait), "{text}");
        }
    }

    /// A byte has ten bits on a serial line. If the processor is busy, it takes up to twice as long.
    #[test]
    fn one_byte_waits_for_the_next_of_a_slow_line() {
        let byte = Duration::from_secs(10) / 9600;
        assert!(InputDelivery::ByteByByte.key_timeout() >= 2 * byte);
    }

    #[test]
    fn key_waits_only_where_a_paste_may_arrive_byte_by_byte() {
        let speed = 38_400;
        for (is_pseudo, speed, term, delivery) in [
            (true, speed, Some("xterm-256color"), InputDelivery::Whole),
            (true, speed, Some("foot"), InputDelivery::Whole),
            (true, 9600, Some("xterm-256color"), InputDelivery::ByteByByte),
            (true, 115_200, Some("vt220"), InputDelivery::ByteByByte),
            (true, 0, Some("xterm"), InputDelivery::ByteByByte),
            (true, speed, Some("tmux-256color"), InputDelivery::ByteByByte),
            (
                true,
                speed,
                Some("screen.xterm-256color"),
                InputDelivery::ByteByByte,
            ),
            (true, speed, None, InputDelivery::ByteByByte),
            (false, speed, Some("vt220"), InputDelivery::ByteByByte),
        ] {
            assert_eq!(
                InputDelivery::detect(is_pseudo, speed, term),
                delivery,
                "{is_pseudo} {speed} {term:?}"
            );
        }
    }

    #[test]
    fn late_rest_belongs_to_paste() {
        let mut bursts = detector();
        assert_eq!(bursts.feed(b"a@b\rc"), []);
        assert_eq!(bursts.timeout(), Some(PASTE_TIMEOUT));
        assert_eq!(bursts.feed(b"dd\r"), []);
        let after = bursts.feed(b"\x1b[A");
        assert_eq!(after, [paste("a@b\ncdd\n"), Input::Key(Key::plain(KeyCode::Up))]);
    }

    #[test]
    fn strings_and_bracketed_pastes_are_not_bursts() {
        let marked = at_once(&[b"\x1b[200~", b"a@b\rc", b"\x1b[201~"]);
        assert_eq!(marked, [Input::Paste("a@b\nc".into())]);
        assert_eq!(at_once(&[b"\x1bP>|", b"a@b\rc", b"\x1b\\"]), []);
    }
}
