//! Detects pastes that the terminal does not mark: GNU screen, `tmux paste-buffer` and the Linux console mouse send them
//! as typed text. They are recognized by arriving faster than anyone types. Pure, like the decoder: the caller has the clock.

use super::decode::Decoder;
use super::input::Input;

/// Text that arrives within this time, in milliseconds, belongs together.
const BURST_TIMEOUT: u16 = 10;
/// How long to wait, in milliseconds, for more than one byte. A paste arrives in reads of many bytes, except over a serial
/// line, which delivers each byte alone: at 9600 baud, the next one arrives after 1.04 ms.
const KEY_TIMEOUT: u16 = 3;
/// How long to wait, in milliseconds, for more of a detected paste.
const PASTE_TIMEOUT: u16 = 100;
/// Limit of buffered text, in bytes.
const MAX_BUFFERED: usize = 4 << 20;

/// Decodes reads into input, delaying text briefly to see whether it is a paste.
#[derive(Debug, Default)]
pub(super) struct BurstDetector {
    decoder: Decoder,
    /// Text that was just read and not decoded yet.
    buffered: Vec<u8>,
}

impl BurstDetector {
    /// Processes one read and returns complete input.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if self.decoder.is_idle() && is_text(bytes) && self.buffered.len() + bytes.len() <= MAX_BUFFERED {
            self.buffered.extend_from_slice(bytes);
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut bytes = bytes;
        let held = std::mem::take(&mut self.buffered);
        let joined;
        if is_paste(&held) && bytes.first() == Some(&0x1b) {
            // A key or a terminal reply that followed the paste.
            found.push(unmarked_paste(&held));
        } else if !held.is_empty() {
            joined = [&held, bytes].concat();
            bytes = &joined;
        }
        found.extend(self.decoder.feed(bytes));
        found
    }

    /// How long to wait for the next read before calling [`Self::expire`], in milliseconds; `None`: without limit.
    pub(super) fn timeout(&self) -> Option<u16> {
        if self.buffered.is_empty() {
            self.decoder.timeout()
        } else if is_paste(&self.buffered) {
            Some(PASTE_TIMEOUT)
        } else if self.buffered.len() == 1 {
            Some(KEY_TIMEOUT)
        } else {
            Some(BURST_TIMEOUT)
        }
    }

    /// Nothing arrived in time: returns the input that was waiting.
    pub(super) fn expire(&mut self) -> Vec<Input> {
        if self.buffered.is_empty() {
            return self.decoder.expire().into_iter().collect();
        }
        let held = std::mem::take(&mut self.buffered);
        if is_paste(&held) {
            vec![unmarked_paste(&held)]
        } else {
            self.decoder.feed(&held)
        }
    }
}

fn unmarked_paste(paste: &[u8]) -> Input {
    let text = String::from_utf8_lossy(paste);
    Input::UnmarkedPaste(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Whether every byte can be part of text.
fn is_text(bytes: &[u8]) -> bool {
    let begins_sequence = matches!(bytes, [0x80..=0x9f, ..] | [0xc2, 0x80..=0x9f, ..]);
    let text = |byte: &u8| matches!(byte, b' '..=b'~' | 0x80.. | b'\t' | b'\r' | b'\n');
    !begins_sequence && bytes.iter().all(text)
}

/// Whether this is a paste: at least two lines of text with an address in one of them.
fn is_paste(bytes: &[u8]) -> bool {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let text = bytes.trim_ascii();
    text.contains(&b'@')
        && text.iter().any(is_end)
        && std::str::from_utf8(text)
            .is_ok_and(|text| !text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Key, KeyCode};

    fn paste(text: &str) -> Input {
        Input::UnmarkedPaste(text.into())
    }

    /// The input from these reads, each within [`BURST_TIMEOUT`], followed by silence.
    fn at_once(reads: &[&[u8]]) -> Vec<Input> {
        let mut bursts = BurstDetector::default();
        let mut found: Vec<Input> = reads.iter().flat_map(|read| bursts.feed(read)).collect();
        while bursts.timeout().is_some() {
            found.extend(bursts.expire());
        }
        found
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
        let mut bursts = BurstDetector::default();
        let key = |code| Input::Key(Key::plain(code));
        assert_eq!(bursts.feed(b"a"), []);
        assert_eq!(bursts.timeout(), Some(KEY_TIMEOUT));
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

    /// A byte takes ten bits on a serial line.
    #[test]
    fn one_byte_waits_for_the_next_of_a_slow_line() {
        let whole_ms = |baud: u16| 10_000_u16.div_ceil(baud);
        let mut bursts = BurstDetector::default();
        assert_eq!(bursts.feed(b"a"), []);
        assert!(bursts.timeout() > Some(whole_ms(9600)), "{:?}", bursts.timeout());
    }

    #[test]
    fn late_rest_belongs_to_paste() {
        let mut bursts = BurstDetector::default();
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
