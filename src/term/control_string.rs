//! Strings that a terminal sends: replies and reports between an introducer (`ESC P`, `X`, `^`, `_` or `]`, or the C1
//! control of that name) and ST. No byte of one is a key, whether hatrack asked for it or somebody else did.

use super::terminal_query;
use crate::ui::color::Rgb;

/// The longest string that is read, in bytes; of a longer one the rest is dropped too.
pub(super) const MAX_LENGTH: usize = 4 << 10;
/// Silence, in milliseconds, after which the end of a string is not waited for any longer.
pub(super) const END_TIMEOUT: u16 = 2_000;
/// Silence, in milliseconds, after which the rest of a string that was given up is over.
pub(super) const DISCARD_TIMEOUT: u16 = 100;

/// A string that has begun.
#[derive(Debug)]
pub(super) struct ControlString {
    /// The letter of its introducer: `P` for a device control string, `]` for a command of the operating system.
    kind: u8,
    content: Vec<u8>,
    /// How many bytes the character that was begun still has.
    continuation_bytes: u8,
    /// The last byte was ESC, so that `\` ends the string.
    escaped: bool,
    /// It was given up: what comes right behind belongs to it, and is dropped.
    discarding: bool,
}

/// What a byte does to a string.
pub(super) enum StringProgress {
    /// It is part of the string.
    Continue,
    /// It ends the string, which tells this color behind the text, if it tells that.
    End(Option<Rgb>),
    /// It is Ctrl-C, which no string contains: somebody pressed the key.
    Interrupt,
    /// After an ESC it is the introducer of something else: the string is lost, the other is not.
    NewSequence,
}

/// Whether `ESC` and this letter begin a string.
pub(super) fn is_introducer(letter: u8) -> bool {
    matches!(letter, b'P' | b'X' | b'^' | b'_' | b']')
}

impl ControlString {
    /// An empty string after an introducer of this letter.
    pub(super) fn new(kind: u8) -> Self {
        Self {
            kind,
            content: Vec::new(),
            continuation_bytes: 0,
            escaped: false,
            discarding: false,
        }
    }

    /// The rest of something that was given up.
    pub(super) fn discarding() -> Self {
        Self {
            discarding: true,
            ..Self::new(b'P')
        }
    }

    /// How long to wait for the next byte, in milliseconds.
    pub(super) fn timeout(&self) -> u16 {
        if self.discarding {
            DISCARD_TIMEOUT
        } else {
            END_TIMEOUT
        }
    }

    /// Whether nothing of it is expected any more once [`Self::patience`] is over.
    pub(super) fn is_discarding(&self) -> bool {
        self.discarding
    }

    /// Takes the next byte.
    pub(super) fn push(&mut self, byte: u8) -> StringProgress {
        let escaped = std::mem::replace(&mut self.escaped, byte == 0x1b);
        match byte {
            0x03 => {
                self.discard();
                return StringProgress::Interrupt;
            }
            // CAN, and SUB, which does the same in every terminal.
            0x18 | 0x1a => return StringProgress::End(None),
            0x1b => return StringProgress::Continue,
            b'\\' if escaped => return StringProgress::End(self.background()),
            b'[' | b'O' if escaped => return StringProgress::NewSequence,
            _ if escaped && is_introducer(byte) => return StringProgress::NewSequence,
            _ if escaped => self.discard(),
            // xterm ends what begins with `ESC ]` in this way too.
            0x07 if self.kind == b']' => return StringProgress::End(self.background()),
            // ST in one byte, where it is no part of a character, or as a character of its own.
            0x9c if self.continuation_bytes == 0 || self.content.last() == Some(&0xc2) => {
                return StringProgress::End(self.background());
            }
            _ => {}
        }
        self.continuation_bytes = match byte {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            0x80..=0xbf => self.continuation_bytes.saturating_sub(1),
            _ => 0,
        };
        if self.content.len() >= MAX_LENGTH {
            self.discard();
        }
        // What was given up is not kept, but for the byte before, which the next one may belong to.
        if self.discarding {
            self.content.clear();
        }
        self.content.push(byte);
        StringProgress::Continue
    }

    fn discard(&mut self) {
        self.discarding = true;
    }

    fn background(&self) -> Option<Rgb> {
        let content = self.content.strip_suffix(b"\xc2").unwrap_or(&self.content);
        terminal_query::parse_background(content).filter(|_| self.kind == b']' && !self.discarding)
    }
}
