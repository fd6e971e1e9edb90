//! The bytes of a terminal, as keys, pastes and clicks. Pure: bytes in, input out; the clock is outside.
//!
//! An own decoder, because what arrives over a slow line is cut anywhere: an arrow key that is split after its ESC must
//! not become Esc, which would close a form, and text.

use super::answer::{self, Answer};
use super::input::{Input, Mouse, MouseAction};
use crate::app::{Code, Key};

/// No key is longer; what is, is no key.
const LONGEST_KEY: usize = 64;
/// More of one paste than this, in bytes, is left out. However its line ends are written, what is left is more than
/// anything takes, so that nobody takes a part for the whole.
const LONGEST_PASTE: usize = 4 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Joins bytes to input, however they are cut.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of a key that is not complete.
    begun: Vec<u8>,
    /// The paste that is going on.
    paste: Option<Paste>,
}

#[derive(Debug, Default)]
struct Paste {
    text: Vec<u8>,
    /// How much of [`PASTE_END`] was seen last.
    matched: usize,
}

/// How the bytes in hand read.
enum Step {
    /// Complete, after so many bytes; may mean nothing.
    Done(usize, Option<Input>),
    /// A paste begins after so many bytes.
    Paste(usize),
    /// More must come first.
    Incomplete,
}

impl Decoder {
    /// Takes in what was read and gives what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut found = Vec::new();
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if let Some(paste) = &mut self.paste {
                if paste.take(byte) {
                    found.extend(self.paste.take().map(|paste| Input::Paste(paste.into_text())));
                }
                continue;
            }
            self.begun.push(byte);
            self.decode(&mut found);
        }
        found
    }

    /// How long, in milliseconds, to wait for the rest of what was begun; `None`: as long as it takes.
    ///
    /// A lone ESC waits 50 ms, since somebody pressing Esc wants an answer; a longer beginning 500 ms.
    pub fn patience(&self) -> Option<u16> {
        match self.begun.as_slice() {
            [0x1b] => Some(50),
            [0x1b, ..] => Some(500),
            _ => None,
        }
    }

    /// The rest did not come in time: a lone ESC is the key Esc, anything longer is dropped.
    pub fn expire(&mut self) -> Option<Input> {
        let begun = std::mem::take(&mut self.begun);
        (begun == [0x1b]).then_some(Input::Key(Key::plain(Code::Esc)))
    }

    fn decode(&mut self, found: &mut Vec<Input>) {
        while !self.begun.is_empty() {
            match step(&self.begun) {
                Step::Done(length, input) => {
                    self.begun.drain(..length.min(self.begun.len()));
                    found.extend(input);
                }
                Step::Paste(length) => {
                    self.begun.drain(..length.min(self.begun.len()));
                    self.paste = Some(Paste::default());
                    return;
                }
                Step::Incomplete => {
                    if self.begun.len() > LONGEST_KEY {
                        self.begun.clear();
                    }
                    return;
                }
            }
        }
    }
}

impl Paste {
    /// Takes one byte; true when the end is complete.
    fn take(&mut self, byte: u8) -> bool {
        // The end has ESC only as its first byte, so after a mismatch a new match can begin only at this byte.
        self.matched = if PASTE_END.get(self.matched) == Some(&byte) {
            self.matched + 1
        } else {
            usize::from(byte == 0x1b)
        };
        if self.text.len() < LONGEST_PASTE + PASTE_END.len() {
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
        self.text.truncate(LONGEST_PASTE);
        String::from_utf8_lossy(&self.text)
            .replace("\r\n", "\n")
            .replace('\r', "\n")
    }
}

fn key(code: Code) -> Input {
    Input::Key(Key::plain(code))
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] | [0x1b] => Step::Incomplete,
        // Esc twice: the first was a key, the second may begin something.
        [0x1b, 0x1b, ..] => Step::Done(1, Some(key(Code::Esc))),
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b']', rest @ ..] => match answer::read(rest) {
            Answer::Incomplete => Step::Incomplete,
            Answer::None => Step::Done(2, Some(with_alt(key(Code::Char(']'))))),
            Answer::Done(length, behind) => Step::Done(length + 2, behind.map(Input::Background)),
        },
        [0x1b, b'O', rest @ ..] => match rest {
            [] => Step::Incomplete,
            [last, ..] => Step::Done(3, application_key(*last).map(key)),
        },
        [0x1b, rest @ ..] => match plain(rest) {
            Step::Done(length, input) => Step::Done(length + 1, input.map(with_alt)),
            other => other,
        },
        _ => plain(bytes),
    }
}

fn with_alt(input: Input) -> Input {
    match input {
        Input::Key(key) => Input::Key(Key { alt: true, ..key }),
        other => other,
    }
}

/// A key without ESC: a control character or a character in UTF-8.
fn plain(bytes: &[u8]) -> Step {
    let Some(&first) = bytes.first() else {
        return Step::Incomplete;
    };
    let input = match first {
        0 => Some(Input::Key(Key::ctrl(' '))),
        b'\t' => Some(key(Code::Tab)),
        b'\r' | b'\n' => Some(key(Code::Enter)),
        // Which of the two Backspace sends is the terminal's choice; Ctrl-H means the same to those who type it.
        0x08 | 0x7f => Some(key(Code::Backspace)),
        0x01..=0x1a => Some(Input::Key(Key::ctrl(char::from(first + b'a' - 1)))),
        0x1c..=0x1f => Some(Input::Key(Key::ctrl(char::from(first + b'@')))),
        0x20..=0x7e => Some(key(Code::Char(char::from(first)))),
        _ => return character(bytes),
    };
    Step::Done(1, input)
}

/// A character of several bytes. What is no UTF-8 means nothing and costs one byte.
fn character(bytes: &[u8]) -> Step {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => return Step::Incomplete,
        Err(error) if error.valid_up_to() == 0 => return Step::Done(1, None),
        // The first is whole; the bytes come one by one, so this is not reached, and harmless if it were.
        Err(_) => return Step::Done(1, None),
    };
    match text.chars().next() {
        Some(character) if character.is_control() => Step::Done(character.len_utf8(), None),
        Some(character) => Step::Done(character.len_utf8(), Some(key(Code::Char(character)))),
        None => Step::Incomplete,
    }
}

/// What stands after `ESC [`.
fn control_sequence(rest: &[u8]) -> Step {
    match rest {
        // The function keys F1 to F5 of a Linux console.
        [b'['] => return Step::Incomplete,
        [b'[', last, ..] => {
            return Step::Done(
                4,
                last.checked_sub(b'A' - 1)
                    .filter(|number| (1..=5).contains(number))
                    .map(Code::F)
                    .map(key),
            );
        }
        // A click of a terminal that knows only the oldest way to say it: three bytes follow, which are no keys.
        [b'M', ..] => {
            return if rest.len() < 4 {
                Step::Incomplete
            } else {
                Step::Done(6, None)
            };
        }
        _ => {}
    }
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            0x20..=0x3f => {}
            0x40..=0x7e => {
                let parameters = rest.get(..index).unwrap_or_default();
                let length = index + 3;
                return match (parameters, byte) {
                    (b"200", b'~') => Step::Paste(length),
                    (parameters, byte) => Step::Done(length, sequence(parameters, *byte)),
                };
            }
            // Something else began in the midst of it: this one is lost, that one is not.
            _ => return Step::Done(index + 2, None),
        }
    }
    Step::Incomplete
}

fn sequence(parameters: &[u8], last: u8) -> Option<Input> {
    match (parameters, last) {
        ([b'<', mouse @ ..], _) => return click(mouse, last),
        ([b'?', ..], b'c') => return Some(Input::Answered),
        _ => {}
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(|part| {
        // `5:3`: the part after the colon says pressed, repeated (2) or released (3).
        let mut parts = part.split(|byte| *byte == b':').map(number);
        (parts.next().flatten(), parts.next().flatten())
    });
    let first = numbers.next().and_then(|(number, _)| number);
    let (modifiers, kind) = numbers.next().unwrap_or((None, None));
    if kind == Some(3) {
        return None;
    }
    let modifiers = modifiers.unwrap_or(1).saturating_sub(1);
    let (shift, alt, ctrl) = (modifiers & 1 != 0, modifiers & 2 != 0, modifiers & 4 != 0);
    let code = match last {
        b'~' => numbered(first?)?,
        b'u' => typed(first?, shift)?,
        b'Z' => Code::BackTab,
        // A report of where the cursor is, not F3.
        b'R' if first != Some(1) || parameters.len() == 1 => return None,
        b'I' | b'M' => return None,
        other => application_key(other)?,
    };
    let code = match code {
        Code::Char(character) if ctrl => Code::Char(character.to_ascii_lowercase()),
        code => code,
    };
    Some(Input::Key(Key { code, ctrl, alt }))
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn numbered(number: u32) -> Option<Code> {
    Some(match number {
        1 | 7 => Code::Home,
        3 => Code::Delete,
        4 | 8 => Code::End,
        5 => Code::PageUp,
        6 => Code::PageDown,
        11..=15 => Code::F(u8::try_from(number - 10).ok()?),
        17..=21 => Code::F(u8::try_from(number - 11).ok()?),
        23 | 24 => Code::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

/// A key told by its character, as some terminals do for what has no other way.
fn typed(number: u32, shift: bool) -> Option<Code> {
    Some(match char::from_u32(number)? {
        '\r' | '\n' => Code::Enter,
        '\t' if shift => Code::BackTab,
        '\t' => Code::Tab,
        '\u{1b}' => Code::Esc,
        '\u{8}' | '\u{7f}' => Code::Backspace,
        character if character.is_control() => return None,
        character if shift => Code::Char(character.to_uppercase().next().unwrap_or(character)),
        character => Code::Char(character),
    })
}

/// What stands after `ESC O`, or last after `ESC [`.
fn application_key(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'I' => Code::Tab,
        b'M' => Code::Enter,
        b'P'..=b'S' => Code::F(last - b'P' + 1),
        // The keypad: `j` to `y` stand for `*` to `9`.
        b'j'..=b'y' => Code::Char(char::from(last - 0x40)),
        b'X' => Code::Char('='),
        _ => return None,
    })
}

fn click(parameters: &[u8], last: u8) -> Option<Input> {
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let action = match (button, last) {
        (0, b'M') => MouseAction::Press,
        (64, b'M') => MouseAction::WheelUp,
        (65, b'M') => MouseAction::WheelDown,
        _ => return None,
    };
    let from_zero = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    Some(Input::Mouse(Mouse {
        action,
        column: from_zero(column)?,
        row: from_zero(row)?,
    }))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
