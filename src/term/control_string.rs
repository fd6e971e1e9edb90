//! Control strings sent by a terminal (ECMA-48, 5.6): replies and reports between an introducer (`ESC P`, `X`, `^`, `_` or
//! `]`, or the corresponding C1 control) and ST. Their bytes are never keys, no matter who requested the reply.

use super::terminal_query;
use crate::ui::color::Rgb;

/// Limit of a string, in bytes; a longer one is dropped as a whole.
pub(super) const MAX_LENGTH: usize = 4 << 10;
/// Time without input, in milliseconds, after which an unterminated string is given up.
pub(super) const END_TIMEOUT: u16 = 2_000;
/// Time without input, in milliseconds, after which the remaining bytes of a string are no longer discarded.
pub(super) const DISCARD_TIMEOUT: u16 = 100;

/// A string being received.
#[derive(Debug)]
pub(super) struct ControlString {
    /// The letter of the introducer, such as `P` for a device control string (DCS) and `]` for an operating system
    /// command (OSC).
    kind: u8,
    content: Vec<u8>,
    /// Number of bytes that are missing from the current UTF-8 character.
    continuation_bytes: u8,
    /// Whether the last byte was ESC, so that `\` ends the string.
    after_escape: bool,
    /// Whether the string was given up; bytes that follow without a pause then belong to the string and are dropped.
    discarding: bool,
}

/// The effect of a byte on a string.
pub(super) enum StringProgress {
    /// The string continues.
    Continue,
    /// The string is complete or aborted; a complete one may report the background color.
    End(Option<Rgb>),
    /// Ctrl-C, which no string contains: the user pressed it. The rest of the string is discarded.
    Interrupt,
    /// The introducer of another sequence after ESC: the string is dropped, and the new sequence is decoded.
    NewSequence,
}

/// Whether `ESC` and this letter introduce a string.
pub(super) fn is_introducer(letter: u8) -> bool {
    matches!(letter, b'P' | b'X' | b'^' | b'_' | b']')
}

impl ControlString {
    /// Creates a string with this introducer letter.
    pub(super) fn new(kind: u8) -> Self {
        Self {
            kind,
            content: Vec::new(),
            continuation_bytes: 0,
            after_escape: false,
            discarding: false,
        }
    }

    /// Creates a string that discards the rest of a sequence that was given up.
    pub(super) fn discarding() -> Self {
        Self {
            discarding: true,
            ..Self::new(b'P')
        }
    }

    /// The time to wait for the next byte, in milliseconds.
    pub(super) fn timeout(&self) -> u16 {
        if self.discarding {
            DISCARD_TIMEOUT
        } else {
            END_TIMEOUT
        }
    }

    /// Whether the rest is being discarded, so that nothing more is expected after [`Self::timeout`].
    pub(super) fn is_discarding(&self) -> bool {
        self.discarding
    }

    /// Processes the next byte.
    pub(super) fn push(&mut self, byte: u8) -> StringProgress {
        let after_escape = std::mem::replace(&mut self.after_escape, byte == 0x1b);
        match byte {
            0x03 => {
                self.discard();
                return StringProgress::Interrupt;
            }
            // CAN aborts a string, and so does SUB in every terminal.
            0x18 | 0x1a => return StringProgress::End(None),
            0x1b => return StringProgress::Continue,
            b'\\' if after_escape => return StringProgress::End(self.background()),
            b'[' | b'O' if after_escape => return StringProgress::NewSequence,
            _ if after_escape && is_introducer(byte) => return StringProgress::NewSequence,
            _ if after_escape => self.discard(),
            // xterm also ends OSC strings with BEL.
            0x07 if self.kind == b']' => return StringProgress::End(self.background()),
            // ST as a C1 control: a single byte outside of a UTF-8 character, or encoded in UTF-8.
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
        // Discarded bytes are not stored, except the last: the next one may be its continuation.
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
