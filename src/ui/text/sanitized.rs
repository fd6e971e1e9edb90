//! The text that drawing accepts: only the functions here make it.

use std::borrow::Cow;

use super::window::window;
use super::{Charset, cut, cut_address, cut_middle, pad, sanitize_for, width, wrap_limited};
use crate::app::view::Truncation;
use crate::app::view::label::short_number;

/// Cells are filled with these; more than a screen has columns are rarely asked for.
const BLANKS: &str = match str::from_utf8(&[b' '; 256]) {
    Ok(blanks) => blanks,
    Err(_) => "",
};

/// A text in which nothing moves the cursor, changes colors, turns the reading direction round or hides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sanitized<'a>(Cow<'a, str>);

impl Sanitized<'static> {
    /// A text of the program itself.
    pub const fn literal(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// So many spaces.
    pub fn blank(columns: usize) -> Self {
        Self(match BLANKS.get(..columns) {
            Some(blanks) => Cow::Borrowed(blanks),
            None => Cow::Owned(" ".repeat(columns)),
        })
    }

    /// A number in so many columns: in full, or in thousands or millions.
    pub fn number(number: usize, columns: usize, charset: Charset) -> Self {
        let shown = short_number(number, columns);
        if shown.len() <= columns {
            return Self(Cow::Owned(shown));
        }
        Sanitized::cut(&shown, columns, Truncation::End, charset).into_owned()
    }

    /// A text folded at spaces to at most so many lines; where it is longer, an ellipsis stands at its end.
    pub fn wrapped(text: &str, columns: usize, most: usize, charset: Charset) -> Vec<Self> {
        let lines = wrap_limited(text, columns, most, charset).into_iter();
        lines.map(|line| Self(Cow::Owned(line))).collect()
    }

    /// What is shown of a text that is being typed, and the column of its cursor, which stands after so many
    /// characters.
    pub fn window(text: &str, cursor: usize, columns: usize, charset: Charset) -> (Self, usize) {
        let (shown, column) = window(text, cursor, columns, charset);
        (Self(Cow::Owned(shown)), column)
    }
}

impl<'a> Sanitized<'a> {
    /// The whole text.
    pub fn new(text: &'a str, charset: Charset) -> Self {
        Self(sanitize_for(text, charset))
    }

    /// The text in at most so many columns, cut where it tells least.
    pub fn cut(text: &'a str, columns: usize, how: Truncation, charset: Charset) -> Self {
        Self(match how {
            Truncation::End => cut(text, columns, charset),
            Truncation::Middle => cut_middle(text, columns, charset),
            Truncation::Address => cut_address(text, columns, charset),
        })
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        width(&self.0)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts another one behind it.
    #[must_use]
    pub fn append(self, other: &Sanitized<'_>) -> Self {
        if other.is_empty() {
            return self;
        }
        let mut text = self.0.into_owned();
        text.push_str(&other.0);
        Self(Cow::Owned(text))
    }

    /// Filled up with spaces to so many columns, behind it or, aligned to the right, before it.
    #[must_use]
    pub fn padded(self, columns: usize, right: bool) -> Self {
        let missing = columns.saturating_sub(self.width());
        if missing == 0 {
            return self;
        }
        if right {
            return Sanitized::blank(missing).append(&self);
        }
        let mut text = self.0.into_owned();
        pad(&mut text, columns);
        Self(Cow::Owned(text))
    }

    /// The same in a string of its own.
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
            let made = Sanitized::number(number, columns, Charset::Unicode);
            assert_eq!(made.as_str(), shown);
        }
    }
}
