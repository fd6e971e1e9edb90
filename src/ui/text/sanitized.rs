//! The only text type that drawing accepts; it is created only here.

use std::borrow::Cow;

use super::window::window;
use super::{Charset, cut, cut_address, cut_middle, pad, sanitize_for, width, wrap_limited};
use crate::app::view::Truncation;
use crate::app::view::label::short_number;

/// Spaces for padding; more are rarely needed.
const BLANKS: &str = match str::from_utf8(&[b' '; 256]) {
    Ok(blanks) => blanks,
    Err(_) => "",
};

/// A text without characters that move the cursor, change colors or the reading direction, or are invisible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sanitized<'a>(Cow<'a, str>);

impl Sanitized<'static> {
    /// Wraps a literal of the program, which needs no sanitizing.
    pub const fn literal(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Creates a text of this many spaces.
    pub fn blank(columns: usize) -> Self {
        Self(match BLANKS.get(..columns) {
            Some(blanks) => Cow::Borrowed(blanks),
            None => Cow::Owned(" ".repeat(columns)),
        })
    }

    /// Formats a number so that it fits into this width: in full, in thousands or millions, or cut.
    pub fn number(number: usize, columns: usize, charset: Charset) -> Self {
        let shown = short_number(number, columns);
        if shown.len() <= columns {
            return Self(Cow::Owned(shown));
        }
        Sanitized::cut(&shown, columns, Truncation::End, charset).into_owned()
    }

    /// Sanitizes a text and wraps it to at most `max_lines` lines; a longer text ends in an ellipsis.
    pub fn wrapped(text: &str, columns: usize, max_lines: usize, charset: Charset) -> Vec<Self> {
        let lines = wrap_limited(text, columns, max_lines, charset).into_iter();
        lines.map(|line| Self(Cow::Owned(line))).collect()
    }

    /// Returns the visible part of a text input, and the column of the cursor in it. `cursor` is given in characters.
    pub fn window(text: &str, cursor: usize, columns: usize, charset: Charset) -> (Self, usize) {
        let (shown, column) = window(text, cursor, columns, charset);
        (Self(Cow::Owned(shown)), column)
    }
}

impl<'a> Sanitized<'a> {
    /// Sanitizes a whole text.
    pub fn new(text: &'a str, charset: Charset) -> Self {
        Self(sanitize_for(text, charset))
    }

    /// Sanitizes a text and cuts it to this width.
    pub fn cut(text: &'a str, columns: usize, truncation: Truncation, charset: Charset) -> Self {
        Self(match truncation {
            Truncation::End => cut(text, columns, charset),
            Truncation::Middle => cut_middle(text, columns, charset),
            Truncation::Address => cut_address(text, columns, charset),
        })
    }

    /// Returns the text as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the width in columns.
    pub fn width(&self) -> usize {
        width(&self.0)
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends another text.
    #[must_use]
    pub fn append(self, other: &Sanitized<'_>) -> Self {
        if other.is_empty() {
            return self;
        }
        let mut text = self.0.into_owned();
        text.push_str(&other.0);
        Self(Cow::Owned(text))
    }

    /// Pads with spaces to this width: at the end or, if right-aligned, at the start.
    #[must_use]
    pub fn padded(self, columns: usize, right_aligned: bool) -> Self {
        let missing = columns.saturating_sub(self.width());
        if missing == 0 {
            return self;
        }
        if right_aligned {
            return Sanitized::blank(missing).append(&self);
        }
        let mut text = self.0.into_owned();
        pad(&mut text, columns);
        Self(Cow::Owned(text))
    }

    /// Converts to an owned text.
    pub fn into_owned(self) -> Sanitized<'static> {
        Sanitized(Cow::Owned(self.0.into_owned()))
    }
}

impl From<Sanitized<'_>> for String {
    fn from(text: Sanitized<'_>) -> Self {
        text.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_numbers_fit_their_columns() {
        for columns in [0, 1, BLANKS.len(), BLANKS.len() + 1] {
            assert_eq!(Sanitized::blank(columns).as_str(), " ".repeat(columns));
        }
        for (number, columns, shown) in [(200, 5, "200"), (1999, 3, "1k"), (1999, 1, "…"), (7, 0, "")] {
            let text = Sanitized::number(number, columns, Charset::Unicode);
            assert_eq!(text.as_str(), shown);
        }
    }
}
