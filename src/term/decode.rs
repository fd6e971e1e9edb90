//! The bytes of a terminal, as keys, pastes and clicks. Pure: bytes in, input out; the clock is outside.
//!
//! An own decoder, because of what arrives unasked and over slow lines. Others were given the replies of terminals, and
//! their source was read:
//!
//! - terminput 0.5 has the parser of crossterm 0.29: DCS, APC, PM and SOS strings become keys.
//! - termina 0.4 keeps DCS strings out, but waits for their end without limit, and Ctrl-C is lost in them; APC, PM and
//!   SOS strings become keys; only the end of a read tells Esc from the beginning of a sequence.
//! - vte 0.15 and vtparse 0.7 read what programs write: they lack SS3, the mouse of X10 and a lone ESC.

use super::control_string::{self, ControlString, StringProgress};
use super::input::Input;
use super::sequence::{application_key, sequence};
use crate::app::{Key, KeyCode};

/// No key is longer; what is, is no key.
const MAX_SEQUENCE: usize = 64;
/// More of one paste than this, in bytes, is left out. However its line ends are written, what is left is more than
/// anything takes, so that nobody takes a part for the whole.
const MAX_PASTE: usize = 4 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// How long, in milliseconds, to wait: after an ESC, which somebody pressing Esc wants an answer to, and after what may
/// be Alt and a letter.
const ESCAPE_TIMEOUT: u16 = 50;
/// For the rest of a sequence.
const SEQUENCE_TIMEOUT: u16 = 500;
/// For more of a paste.
const PASTE_TIMEOUT: u16 = 10_000;
/// For the rest of what was given up, which may be late.
const LATE_TIMEOUT: u16 = 5_000;

/// Joins bytes to input, however they are cut.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of a key that is not complete.
    pending: Vec<u8>,
    /// The paste that is going on.
    paste: Option<BracketedPaste>,
    /// The string that is going on.
    string: Option<ControlString>,
    /// Something was given up before its end came: a burst right behind is its rest.
    late: bool,
}

#[derive(Debug, Default)]
struct BracketedPaste {
    text: Vec<u8>,
    /// How much of [`PASTE_END`] was seen last.
    matched: usize,
}

/// How the bytes in hand read.
enum DecodeStep {
    /// Complete, after so many bytes; may mean nothing.
    Done(usize, Option<Input>),
    /// A paste begins.
    Paste,
    /// A string with this introducer begins after so many bytes.
    String(usize, u8),
    /// More must come first.
    Incomplete,
}

impl Decoder {
    /// Takes in one read and gives what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut found = Vec::new();
        let mut rest = bytes;
        if std::mem::take(&mut self.late) {
            match bytes {
                [0x1b, b'\\', after @ ..] => rest = after,
                _ if is_burst(bytes) => self.string = Some(ControlString::discarding()),
                _ => {}
            }
        }
        // A terminal leaves out the Ctrl-C of a paste, or sends it among the rest: alone it is somebody whom nothing
        // else answers any more. It has done what it can when the paste is over.
        if let Some(paste) = self.paste.take_if(|_| bytes == [0x03]) {
            return vec![Input::Paste(paste.into_text())];
        }
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if let Some(paste) = &mut self.paste {
                if paste.push(byte) {
                    found.extend(self.paste.take().map(|paste| Input::Paste(paste.into_text())));
                }
            } else if let Some(string) = &mut self.string {
                match string.push(byte) {
                    StringProgress::Continue => {}
                    StringProgress::Interrupt => found.push(Input::Key(Key::ctrl('c'))),
                    StringProgress::End(behind) => {
                        self.string = None;
                        found.extend(behind.map(Input::Background));
                    }
                    StringProgress::NewSequence => {
                        self.string = None;
                        self.pending = vec![0x1b, byte];
                        self.decode(&mut found);
                    }
                }
            } else {
                self.pending.push(byte);
                self.decode(&mut found);
            }
        }
        found
    }

    /// Whether what comes next is not the rest of anything.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.paste.is_none() && self.string.is_none()
    }

    /// How long, in milliseconds, to wait for the rest of what was begun; `None`: as long as it takes.
    pub fn timeout(&self) -> Option<u16> {
        if self.paste.is_some() {
            return Some(PASTE_TIMEOUT);
        }
        if let Some(string) = &self.string {
            return Some(string.timeout());
        }
        match (self.pending.as_slice(), introducer(&self.pending)) {
            ([], _) => self.late.then_some(LATE_TIMEOUT),
            ([0x1b], _) => Some(ESCAPE_TIMEOUT),
            ([0x1b, b'[' | b'O' | b']'], _) => Some(SEQUENCE_TIMEOUT),
            (begun, Some((length, _))) if begun.len() == length => Some(ESCAPE_TIMEOUT),
            ([0x1b, ..], _) | (_, Some(_)) => Some(SEQUENCE_TIMEOUT),
            _ => None,
        }
    }

    /// The rest did not come in time: a lone ESC is the key Esc, ESC and a letter are Alt and that letter, a paste is
    /// what came of it, anything else is dropped.
    pub fn expire(&mut self) -> Option<Input> {
        self.late = !self.is_idle();
        if let Some(paste) = self.paste.take() {
            return Some(Input::Paste(paste.into_text()));
        }
        if let Some(string) = self.string.take() {
            self.late = !string.is_discarding();
            return None;
        }
        match *std::mem::take(&mut self.pending).as_slice() {
            [0x1b] => {
                self.late = false;
                Some(key(KeyCode::Esc))
            }
            [0x1b, letter] if control_string::is_introducer(letter) && letter != b']' => {
                Some(with_alt(key(KeyCode::Char(char::from(letter)))))
            }
            _ => None,
        }
    }

    fn decode(&mut self, found: &mut Vec<Input>) {
        while !self.pending.is_empty() {
            match parse(&self.pending) {
                DecodeStep::Done(length, input) => {
                    self.pending.drain(..length.min(self.pending.len()));
                    found.extend(input);
                }
                DecodeStep::Paste => {
                    self.pending.clear();
                    self.paste = Some(BracketedPaste::default());
                }
                DecodeStep::String(length, kind) => {
                    // What follows the introducer, one byte, is read again as the string's own.
                    let after = self.pending.split_off(length.min(self.pending.len()));
                    self.pending.clear();
                    self.string = Some(ControlString::new(kind));
                    found.extend(self.feed(&after));
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

/// Whether these bytes are more than one key, and none that begins with ESC.
fn is_burst(bytes: &[u8]) -> bool {
    let is_text = bytes.first().is_some_and(|first| *first >= 0x20);
    is_text && std::str::from_utf8(bytes).map_or(true, |text| text.chars().nth(1).is_some())
}

impl BracketedPaste {
    /// Takes one byte; true when the end is complete.
    fn push(&mut self, byte: u8) -> bool {
        // The end has ESC only as its first byte, so after a mismatch a new match can begin only at this byte.
        self.matched = if PASTE_END.get(self.matched) == Some(&byte) {
            self.matched + 1
        } else {
            usize::from(byte == 0x1b)
        };
        if self.text.len() < MAX_PASTE + PASTE_END.len() {
            self.text.push(byte);
        }
        let ended = self.matched == PASTE_END.len();
        // What was too long has lost its end; the rest of the cut is done in `into_text`.
        if ended && self.text.ends_with(PASTE_END) {
            self.text.truncate(self.text.len() - PASTE_END.len());
        }
        ended
    }

    fn into_text(mut self) -> String {
        // Without its end it may have the beginning of that.
        let begun = PASTE_END.get(..self.matched.min(PASTE_END.len() - 1));
        let text = begun.and_then(|begun| self.text.strip_suffix(begun));
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

/// The length of an introducer and the letter that it has after ESC: `ESC [`, or the C1 control of the same name, as UTF-8
/// or in one byte, which in UTF-8 no character begins with.
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
            (b'[', rest) => control_sequence(length, rest),
            (b'O', [last, ..]) => DecodeStep::Done(length + 1, application_key(*last).map(key)),
            (kind, _) => DecodeStep::String(length, kind),
        };
    }
    match bytes {
        [] | [0x1b] => DecodeStep::Incomplete,
        // Esc twice: the first was a key, the second may begin something.
        [0x1b, 0x1b, ..] => DecodeStep::Done(1, Some(key(KeyCode::Esc))),
        [0x1b, rest @ ..] => match plain_key(rest) {
            DecodeStep::Done(length, input) => DecodeStep::Done(length + 1, input.map(with_alt)),
            other => other,
        },
        _ => plain_key(bytes),
    }
}

fn with_alt(input: Input) -> Input {
    match input {
        Input::Key(key) => Input::Key(Key { alt: true, ..key }),
        other => other,
    }
}

/// A key without ESC: a control character or a character in UTF-8.
fn plain_key(bytes: &[u8]) -> DecodeStep {
    let Some(&first) = bytes.first() else {
        return DecodeStep::Incomplete;
    };
    let input = match first {
        0 => Some(Input::Key(Key::ctrl(' '))),
        b'\t' => Some(key(KeyCode::Tab)),
        b'\r' | b'\n' => Some(key(KeyCode::Enter)),
        // Which of the two Backspace sends is the terminal's choice; Ctrl-H means the same to those who type it.
        0x08 | 0x7f => Some(key(KeyCode::Backspace)),
        0x01..=0x1a => Some(Input::Key(Key::ctrl(char::from(first + b'a' - 1)))),
        0x1c..=0x1f => Some(Input::Key(Key::ctrl(char::from(first + b'@')))),
        0x20..=0x7e => Some(key(KeyCode::Char(char::from(first)))),
        _ => return utf8_character(bytes),
    };
    DecodeStep::Done(1, input)
}

/// A character of several bytes. What is no UTF-8 means nothing.
fn utf8_character(bytes: &[u8]) -> DecodeStep {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            // The bytes come one by one, so that this is not reached, and harmless if it were.
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

/// What stands after `ESC [`, or what is the same, of this length.
fn control_sequence(before: usize, rest: &[u8]) -> DecodeStep {
    match rest {
        // The function keys F1 to F5 of a Linux console.
        [b'['] => return DecodeStep::Incomplete,
        [b'[', last, ..] => {
            return DecodeStep::Done(
                before + 2,
                last.checked_sub(b'A' - 1)
                    .filter(|number| (1..=5).contains(number))
                    .map(KeyCode::F)
                    .map(key),
            );
        }
        // A click of a terminal that knows only the oldest way to say it: three bytes follow, which are no keys.
        [b'M', ..] => {
            return if rest.len() < 4 {
                DecodeStep::Incomplete
            } else {
                DecodeStep::Done(before + 4, None)
            };
        }
        _ => {}
    }
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            0x20..=0x3f => {}
            0x40..=0x7e => {
                let parameters = rest.get(..index).unwrap_or_default();
                let length = before + index + 1;
                return match (parameters, byte) {
                    (b"200", b'~') => DecodeStep::Paste,
                    (parameters, byte) => DecodeStep::Done(length, sequence(parameters, *byte)),
                };
            }
            // Something else began in the midst of it: this one is lost, that one is not.
            _ => return DecodeStep::Done(before + index, None),
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
