//! Decodes terminal input into keys, pastes and clicks. Pure: bytes in, input out; the caller measures the time.
//!
//! It is hand-written because of unsolicited replies and slow connections. Other decoders were tested with terminal
//! replies, and their sources were read:
//!
//! - terminput 0.5 has the parser of crossterm 0.29: DCS, APC, PM and SOS strings become keys.
//! - termina 0.4 skips DCS strings, but waits for their end without limit and loses Ctrl-C in them; APC, PM and SOS strings
//!   become keys; only the end of a read distinguishes Esc from the start of a sequence.
//! - vte 0.15 and vtparse 0.7 parse program output: they lack SS3, X10 mouse reports and a lone ESC.

use super::control_string::{self, ControlString, StringProgress};
use super::input::Input;
use super::sequence::{application_key, decode_sequence};
use crate::app::{Key, KeyCode};

/// Limit of a key sequence, in bytes; longer ones are discarded.
const MAX_SEQUENCE: usize = 64;
/// A paste is truncated to this many bytes. Even after its line ends are normalized, a truncated paste exceeds the
/// limit of every field, so it is always rejected rather than mistaken for the whole text.
const MAX_PASTE: usize = 4 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Timeout in milliseconds after ESC, which may be the Esc key, and after an introducer, which may be Alt and a letter.
const ESCAPE_TIMEOUT: u16 = 50;
/// Timeout in milliseconds for the rest of a sequence.
const SEQUENCE_TIMEOUT: u16 = 500;
/// Timeout in milliseconds for more of a paste.
const PASTE_TIMEOUT: u16 = 10_000;
/// Time in milliseconds in which the rest of a sequence that has timed out may still arrive.
const LATE_TIMEOUT: u16 = 5_000;

/// Decodes bytes into input, independent of read boundaries.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The bytes of an incomplete key.
    pending: Vec<u8>,
    /// The paste being received.
    paste: Option<BracketedPaste>,
    /// The control string being received.
    string: Option<ControlString>,
    /// Whether a sequence has timed out; a burst that follows is then its rest.
    expects_late_rest: bool,
}

#[derive(Debug, Default)]
struct BracketedPaste {
    text: Vec<u8>,
    /// Number of bytes of [`PASTE_END`] with which the text ends.
    matched: usize,
}

/// The result of parsing the pending bytes.
enum DecodeStep {
    /// A complete sequence, with its length in bytes and the input that it means, if any.
    Done(usize, Option<Input>),
    /// The start of a paste.
    Paste,
    /// The start of a control string, with the length and the letter of its introducer.
    String(usize, u8),
    /// More bytes are needed.
    Incomplete,
}

impl Decoder {
    /// Decodes one read and returns complete input.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut rest = bytes;
        if std::mem::take(&mut self.expects_late_rest) {
            match bytes {
                [0x1b, b'\\', after @ ..] => rest = after,
                _ if is_burst(bytes) => self.string = Some(ControlString::discarding()),
                _ => {}
            }
        }
        // Terminals drop a Ctrl-C inside a paste or send it with other bytes. Alone in a read it comes from a user stuck in
        // an unterminated paste, so it only ends the paste.
        if let Some(paste) = self.paste.take_if(|_| bytes == [0x03]) {
            return vec![Input::Paste(paste.into_text())];
        }
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if let Some(paste) = &mut self.paste {
                if paste.push(byte) {
                    inputs.extend(self.paste.take().map(|paste| Input::Paste(paste.into_text())));
                }
            } else if let Some(string) = &mut self.string {
                match string.push(byte) {
                    StringProgress::Continue => {}
                    StringProgress::Interrupt => inputs.push(Input::Key(Key::ctrl('c'))),
                    StringProgress::End(background) => {
                        self.string = None;
                        inputs.extend(background.map(Input::Background));
                    }
                    StringProgress::NewSequence => {
                        self.string = None;
                        self.pending = vec![0x1b, byte];
                        self.decode(&mut inputs);
                    }
                }
            } else {
                self.pending.push(byte);
                self.decode(&mut inputs);
            }
        }
        inputs
    }

    /// Whether no sequence is incomplete.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.paste.is_none() && self.string.is_none()
    }

    /// The time to wait for more bytes before calling [`Self::expire`], in milliseconds; `None`: no limit.
    pub fn timeout(&self) -> Option<u16> {
        if self.paste.is_some() {
            return Some(PASTE_TIMEOUT);
        }
        if let Some(string) = &self.string {
            return Some(string.timeout());
        }
        match (self.pending.as_slice(), introducer(&self.pending)) {
            ([], _) => self.expects_late_rest.then_some(LATE_TIMEOUT),
            ([0x1b], _) => Some(ESCAPE_TIMEOUT),
            ([0x1b, b'[' | b'O' | b']'], _) => Some(SEQUENCE_TIMEOUT),
            (incomplete, Some((length, _))) if incomplete.len() == length => Some(ESCAPE_TIMEOUT),
            ([0x1b, ..], _) | (_, Some(_)) => Some(SEQUENCE_TIMEOUT),
            _ => None,
        }
    }

    /// Ends an incomplete sequence after [`Self::timeout`]: a lone ESC becomes the Esc key, ESC and one of `P`, `X`, `^` and
    /// `_` become Alt and that character, an unfinished paste is returned as it is, and anything else is dropped.
    pub fn expire(&mut self) -> Option<Input> {
        self.expects_late_rest = !self.is_idle();
        if let Some(paste) = self.paste.take() {
            return Some(Input::Paste(paste.into_text()));
        }
        if let Some(string) = self.string.take() {
            self.expects_late_rest = !string.is_discarding();
            return None;
        }
        match *std::mem::take(&mut self.pending).as_slice() {
            [0x1b] => {
                self.expects_late_rest = false;
                Some(key(KeyCode::Esc))
            }
            [0x1b, letter] if control_string::is_introducer(letter) && letter != b']' => {
                Some(with_alt(key(KeyCode::Char(char::from(letter)))))
            }
            _ => None,
        }
    }

    /// Decodes the pending bytes as far as they are complete.
    fn decode(&mut self, inputs: &mut Vec<Input>) {
        while !self.pending.is_empty() {
            match parse(&self.pending) {
                DecodeStep::Done(length, input) => {
                    self.pending.drain(..length.min(self.pending.len()));
                    inputs.extend(input);
                }
                DecodeStep::Paste => {
                    self.pending.clear();
                    self.paste = Some(BracketedPaste::default());
                }
                DecodeStep::String(length, kind) => {
                    // The byte after the introducer is decoded again as part of the string.
                    let after = self.pending.split_off(length.min(self.pending.len()));
                    self.pending.clear();
                    self.string = Some(ControlString::new(kind));
                    inputs.extend(self.feed(&after));
                }
                DecodeStep::Incomplete => {
                    if self.pending.len() > MAX_SEQUENCE {
                        self.pending.clear();
                        self.string = Some(ControlString::discarding());
                    }
                    return;
                }
            }
        }
    }
}

/// Whether these bytes are not a single character and do not start with a control character.
fn is_burst(bytes: &[u8]) -> bool {
    let starts_with_text = bytes.first().is_some_and(|first| *first >= 0x20);
    starts_with_text && std::str::from_utf8(bytes).map_or(true, |text| text.chars().nth(1).is_some())
}

impl BracketedPaste {
    /// Adds a byte; returns true when the end marker is complete.
    fn push(&mut self, byte: u8) -> bool {
        // The end marker contains ESC only as its first byte, so after a mismatch a new match can start only here.
        self.matched = if PASTE_END.get(self.matched) == Some(&byte) {
            self.matched + 1
        } else {
            usize::from(byte == 0x1b)
        };
        if self.text.len() < MAX_PASTE + PASTE_END.len() {
            self.text.push(byte);
        }
        let has_ended = self.matched == PASTE_END.len();
        // A truncated paste may contain only a part of its end marker, which `into_text` removes.
        if has_ended && self.text.ends_with(PASTE_END) {
            self.text.truncate(self.text.len() - PASTE_END.len());
        }
        has_ended
    }

    fn into_text(mut self) -> String {
        // An unterminated paste may end with the start of the end marker.
        let partial_end = PASTE_END.get(..self.matched.min(PASTE_END.len() - 1));
        let text = partial_end.and_then(|partial_end| self.text.strip_suffix(partial_end));
        self.text.truncate(text.unwrap_or(&self.text).len());
        self.text.truncate(MAX_PASTE);
        String::from_utf8_lossy(&self.text)
            .replace("\r\n", "\n")
            .replace('\r', "\n")
    }
}

fn key(code: KeyCode) -> Input {
    Input::Key(Key::plain(code))
}

/// The length of the introducer at the start of these bytes, and the letter that follows ESC in it. Instead of ESC and a
/// letter, an introducer can be the corresponding C1 control, in UTF-8 or as a single byte, which starts no UTF-8 character.
fn introducer(bytes: &[u8]) -> Option<(usize, u8)> {
    let (length, letter) = match *bytes {
        [0x1b, letter, ..] => (2, letter),
        [0xc2, control @ 0x80..=0x9f, ..] => (2, control - 0x40),
        [control @ 0x80..=0x9f, ..] => (1, control - 0x40),
        _ => return None,
    };
    (matches!(letter, b'[' | b'O') || control_string::is_introducer(letter)).then_some((length, letter))
}

fn parse(bytes: &[u8]) -> DecodeStep {
    if let Some((length, letter)) = introducer(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return match (letter, rest) {
            (_, []) => DecodeStep::Incomplete,
            (b'[', rest) => parse_control_sequence(length, rest),
            (b'O', [last, ..]) => DecodeStep::Done(length + 1, application_key(*last).map(key)),
            (kind, _) => DecodeStep::String(length, kind),
        };
    }
    match bytes {
        [] | [0x1b] => DecodeStep::Incomplete,
        // Esc twice: the first was a key, the second may start a sequence.
        [0x1b, 0x1b, ..] => DecodeStep::Done(1, Some(key(KeyCode::Esc))),
        [0x1b, rest @ ..] => match parse_plain_key(rest) {
            DecodeStep::Done(length, input) => DecodeStep::Done(length + 1, input.map(with_alt)),
            other => other,
        },
        _ => parse_plain_key(bytes),
    }
}

fn with_alt(input: Input) -> Input {
    match input {
        Input::Key(key) => Input::Key(Key { alt: true, ..key }),
        other => other,
    }
}

/// Decodes a key without ESC: a control character or a character in UTF-8.
fn parse_plain_key(bytes: &[u8]) -> DecodeStep {
    let Some(&first) = bytes.first() else {
        return DecodeStep::Incomplete;
    };
    let input = match first {
        0 => Some(Input::Key(Key::ctrl(' '))),
        b'\t' => Some(key(KeyCode::Tab)),
        b'\r' | b'\n' => Some(key(KeyCode::Enter)),
        // The Backspace key sends one of these two, depending on the terminal; so Ctrl-H means Backspace too.
        0x08 | 0x7f => Some(key(KeyCode::Backspace)),
        0x01..=0x1a => Some(Input::Key(Key::ctrl(char::from(first + b'a' - 1)))),
        0x1c..=0x1f => Some(Input::Key(Key::ctrl(char::from(first + b'@')))),
        0x20..=0x7e => Some(key(KeyCode::Char(char::from(first)))),
        _ => return parse_utf8_character(bytes),
    };
    DecodeStep::Done(1, input)
}

/// Decodes a multi-byte character. Invalid UTF-8 and C1 controls are dropped.
fn parse_utf8_character(bytes: &[u8]) -> DecodeStep {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            // Unreachable, because bytes are decoded one at a time; dropping them is harmless.
            return DecodeStep::Done(error.valid_up_to(), None);
        }
        Err(error) => {
            return error
                .error_len()
                .map_or(DecodeStep::Incomplete, |length| DecodeStep::Done(length, None));
        }
    };
    match text.chars().next() {
        Some(character) if character.is_control() => DecodeStep::Done(character.len_utf8(), None),
        Some(character) => DecodeStep::Done(character.len_utf8(), Some(key(KeyCode::Char(character)))),
        None => DecodeStep::Incomplete,
    }
}

/// Parses a control sequence (CSI) after its introducer, which is `introducer_length` bytes long.
fn parse_control_sequence(introducer_length: usize, rest: &[u8]) -> DecodeStep {
    match rest {
        // F1 to F5 on the Linux console.
        [b'['] => return DecodeStep::Incomplete,
        [b'[', last, ..] => {
            return DecodeStep::Done(
                introducer_length + 2,
                last.checked_sub(b'A' - 1)
                    .filter(|number| (1..=5).contains(number))
                    .map(KeyCode::F)
                    .map(key),
            );
        }
        // An X10 mouse report, which is ignored: three bytes follow, which are not keys.
        [b'M', ..] => {
            return if rest.len() < 4 {
                DecodeStep::Incomplete
            } else {
                DecodeStep::Done(introducer_length + 4, None)
            };
        }
        _ => {}
    }
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            0x20..=0x3f => {}
            0x40..=0x7e => {
                let parameters = rest.get(..index).unwrap_or_default();
                let length = introducer_length + index + 1;
                return match (parameters, byte) {
                    (b"200", b'~') => DecodeStep::Paste,
                    (parameters, byte) => DecodeStep::Done(length, decode_sequence(parameters, *byte)),
                };
            }
            // A byte that cannot be part of this sequence: drop only the sequence.
            _ => return DecodeStep::Done(introducer_length + index, None),
        }
    }
    DecodeStep::Incomplete
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "strings_tests.rs"]
mod strings_tests;
