//! Text from files, servers and users: sanitized, then measured and cut by its width in the terminal.
//!
//! Sanitized text cannot move the cursor, change colors or the reading direction, be invisible, or stack more than a
//! few marks on one character. Characters that could do so are made visible: ASCII controls as pictures (`␛`), others
//! as `«U+202E»`.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

mod sanitize;
mod sanitized;
mod window;

pub use sanitize::{escape_json, escape_json_bytes, sanitize, sanitize_for};
pub use sanitized::Sanitized;

use crate::app::view::label::MAX_SCANNED;
use crate::app::wrap::wrap_by;

/// The characters that the terminal can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    #[default]
    Unicode,
    /// Printable ASCII; other characters are replaced.
    Ascii,
}

impl Charset {
    /// Returns the sign that replaces omitted text.
    pub fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "…",
            Self::Ascii => "..",
        }
    }
}

/// Returns the width of a sanitized text in columns.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width() + text.chars().filter(|c| is_halfwidth_mark(*c)).count()
    }
}

/// Returns whether a character is a sound mark of halfwidth kana. Unicode gives these marks no width, but terminals and
/// ratatui give them one column.
fn is_halfwidth_mark(c: char) -> bool {
    matches!(c, '\u{ff9e}' | '\u{ff9f}')
}

/// Sanitizes a text and cuts it at the end to this width. Reads only the part of the text that may be shown.
pub fn cut(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let sanitized = sanitize::prefix(text, columns, charset);
    if width(&sanitized) <= columns {
        return sanitized;
    }
    let ellipsis = charset.ellipsis();
    match columns.checked_sub(width(ellipsis)) {
        Some(available) => Cow::Owned(head(&sanitized, available).to_owned() + ellipsis),
        None => Cow::Borrowed(head(ellipsis, columns)),
    }
}

/// Sanitizes a text, and cuts it or pads it with spaces to exactly this width.
pub fn fit(text: &str, columns: usize, charset: Charset) -> String {
    let mut fitted = cut(text, columns, charset).into_owned();
    pad(&mut fitted, columns);
    fitted
}

/// Pads with spaces to this width.
pub fn pad(text: &mut String, columns: usize) {
    let missing = columns.saturating_sub(width(text));
    text.extend(std::iter::repeat_n(' ', missing));
}

/// Sanitizes a text and, if it is too long, cuts it in the middle: for URIs, whose ends matter most. A text of more
/// than [`MAX_SCANNED`] bytes is cut at the end, and so is any text if too few columns are available.
pub fn cut_middle(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    if text.len() > MAX_SCANNED {
        return cut(text, columns, charset);
    }
    let sanitized = sanitize_for(text, charset);
    if width(&sanitized) <= columns {
        return sanitized;
    }
    without_middle(&sanitized, columns, charset).map_or_else(|| cut(text, columns, charset), Cow::Owned)
}

/// Returns the two ends of a sanitized text with an ellipsis between them; `None` if fewer than four columns remain for
/// the ends.
fn without_middle(sanitized: &str, columns: usize, charset: Charset) -> Option<String> {
    let ellipsis = charset.ellipsis();
    let available = columns
        .checked_sub(width(ellipsis))
        .filter(|available| *available >= 4)?;
    let end = tail(sanitized, available / 2);
    let start = head(sanitized, available - width(end));
    Some(format!("{start}{ellipsis}{end}"))
}

/// Sanitizes an address. If it is too long, the domain is cut first, at its end, then the local part, in its middle:
/// `terry@exam…`, `a-ver…ndeed`. A text without `@` or of more than [`MAX_SCANNED`] bytes is cut at the end, and so is
/// any text if too few columns are available.
pub fn cut_address(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let Some((local, _)) = text.split_once('@').filter(|_| text.len() <= MAX_SCANNED) else {
        return cut(text, columns, charset);
    };
    let sanitized_local = sanitize_for(local, charset);
    if width(&sanitize_for(text, charset)) <= columns
        || width(&sanitized_local) + width(charset.ellipsis()) <= columns
    {
        return cut(text, columns, charset);
    }
    // Even a local part that fits whole gets an ellipsis, which shows that the domain is missing.
    without_middle(&sanitized_local, columns, charset).map_or_else(|| cut(text, columns, charset), Cow::Owned)
}

/// Returns the longest start of a sanitized text that fits into this width, in whole graphemes.
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns {
            return text.get(..index).unwrap_or_default();
        }
    }
    text
}

/// Returns the longest end of a sanitized text that fits into this width, in whole graphemes.
pub fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > columns {
            return text.get(index + grapheme.len()..).unwrap_or_default();
        }
    }
    text
}

/// Wraps a sanitized text at spaces; words that are longer than a line are broken.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    wrap_by(text, columns, width)
}

/// Sanitizes a text and wraps it to at most `max_lines` lines; a longer text ends in an ellipsis. A width of less than
/// two columns counts as two.
pub fn wrap_limited(text: &str, columns: usize, max_lines: usize, charset: Charset) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = wrap(&cut(text, columns.saturating_mul(max_lines), charset), columns);
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        if let Some(last) = lines.last_mut() {
            let ellipsis = charset.ellipsis();
            let kept = head(last, columns - width(ellipsis)).trim_end();
            *last = format!("{kept}{ellipsis}");
        }
    }
    lines
}

/// Returns the width of a character in columns; 0 for controls.
fn char_width(c: char) -> usize {
    c.width().unwrap_or(0) + usize::from(is_halfwidth_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: Charset = Charset::Unicode;
    const A: Charset = Charset::Ascii;

    #[test]
    fn cuts_at_grapheme_boundaries_by_columns() {
        assert_eq!(cut("Teacher", 7, U), "Teacher");
        assert_eq!(cut("Teacher", 6, U), "Teach…");
        assert_eq!(cut("Teacher", 6, A), "Teac..");
        assert_eq!(cut("Teacher", 1, U), "…");
        assert_eq!(cut("Teacher", 1, A), ".");
        assert_eq!(cut("Teacher", 0, U), "");
        assert_eq!(cut("帽子帽子", 8, U), "帽子帽子");
        assert_eq!(cut("帽子帽子", 7, U), "帽子帽…");
        assert_eq!(cut("帽子帽子", 6, U), "帽子…"); // a wide character is not halved
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2, U), "e\u{301}…");
        assert_eq!(cut("👩‍👩‍👧‍👦 family", 4, U), "👩‍👩‍👧‍👦 …");
        assert_eq!(cut("🇳🇿🇩🇪🇫🇷", 5, U), "🇳🇿🇩🇪…");
        assert_eq!(cut("שלום עולם", 5, U), "שלום…");
    }

    #[test]
    fn fits_to_exact_width() {
        for (text, columns) in [
            ("ab", 5),
            ("帽子", 3),
            ("帽子", 5),
            ("👍🏽👍🏽", 3),
            ("", 2),
            ("x\u{202e}y", 6),
            ("ｶﾞｷﾞ", 3),
        ] {
            for charset in [U, A] {
                assert_eq!(width(&fit(text, columns, charset)), columns, "{text} {columns}");
            }
        }
    }

    #[test]
    fn does_not_scan_huge_text() {
        // This would take minutes if each call scanned the whole text.
        let marks = "e".to_owned() + &"\u{301}".repeat(20_000_000);
        let emoji = "👩\u{200d}".repeat(5_000_000);
        for _ in 0..2_000 {
            assert_eq!(width(&cut(&marks, 30, U)), 30);
            assert_eq!(width(&cut(&emoji, 30, U)), 30);
            assert!(width(&cut_middle(&marks, 30, U)) <= 30);
        }
    }

    #[test]
    fn middle_cut_keeps_both_ends() {
        let uri = "urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607";
        assert_eq!(cut_middle(uri, 21, U), "urn:uuid:1…93078a6607");
        assert_eq!(cut_middle(uri, 45, U), uri);
        assert_eq!(cut_middle("帽子帽子帽子", 7, U), "帽子…子");
        assert_eq!(cut_middle(uri, 3, U), "ur…");
    }

    #[test]
    fn addresses_keep_the_local_part() {
        assert_eq!(
            cut_address("courses@conference.example.org", 19, U),
            "courses@conference…"
        );
        assert_eq!(
            cut_address("courses@conference.example.org", 19, A),
            "courses@conferenc.."
        );
        assert_eq!(cut_address("user000123@example.org", 11, U), "user000123…");
        assert_eq!(cut_address("user000123@example.org", 10, U), "user0…0123");
        assert_eq!(cut_address("user000123@example.org", 9, U), "user…0123");
        assert_eq!(cut_address("user000123@example.org", 12, A), "user000123..");
        assert_eq!(cut_address("user000123@example.org", 11, A), "user0..0123");
        assert_eq!(cut_address("user000123@example.org", 10, A), "user..0123");
        assert_eq!(cut_address("user000123@example.org", 5, A), "use..");
        assert_eq!(cut_address("example.org", 8, U), "example…");
        assert_eq!(cut_address("abc@de", 6, U), "abc@de");
        assert_eq!(cut_address("abcdefgh@de", 5, U), "ab…gh");
        for columns in 0..50 {
            for charset in [U, A] {
                let shown = cut_address("a-very-long-local-part-indeed@example.org", columns, charset);
                assert!(width(&shown) <= columns, "{columns} {shown}");
                assert!(columns == 0 || shown.contains(['…', '.']), "{columns} {shown}");
            }
        }
    }

    #[test]
    fn wraps_at_words() {
        assert_eq!(wrap("one two three.", 7), ["one two", "three."]);
        assert_eq!(wrap("wide (abcdefgh) x", 6), ["wide", "(abcde", "fgh) x"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("帽子帽子", 4), ["帽子", "帽子"]);
        assert_eq!(
            wrap_limited("one two three four", 8, 2, U),
            ["one two", "three f…"]
        );
        assert_eq!(wrap_limited("one\ntwo", 8, 2, U), ["one␊two"]);
        assert_eq!(wrap_limited("", 8, 2, U), [""]);
    }
}
