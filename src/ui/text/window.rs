//! The visible part of a text input, with the cursor in it.

use super::{Charset, cut, sanitize_for, tail, width};

/// If the text after the cursor has more bytes per column, it is not scanned as a whole.
const MAX_BYTES_PER_COLUMN: usize = 64;

/// Returns the part of a text that is shown in this width, and the column of the cursor in it. `cursor` is given in
/// characters.
pub(super) fn window(text: &str, cursor: usize, columns: usize, charset: Charset) -> (String, usize) {
    let index = text
        .char_indices()
        .nth(cursor)
        .map_or(text.len(), |(index, _)| index);
    let (before, after) = text.split_at_checked(index).unwrap_or((text, ""));
    let scanned = crate::app::view::label::bounded_suffix(before);
    let is_cut = scanned.len() < before.len();
    let before = sanitize_for(scanned, charset);
    let before_columns = width(&before);
    let shown_after = cut(after, columns, charset);
    // The width alone does not show whether the text after the cursor was cut: a wide character may not have fitted before
    // the ellipsis.
    let is_complete = after.len() <= columns.saturating_mul(MAX_BYTES_PER_COLUMN)
        && shown_after == sanitize_for(after, charset);
    let after_columns = width(&shown_after);
    // At the end of the text the cursor needs a cell of its own.
    if is_complete && !is_cut && before_columns + after_columns < columns {
        return (format!("{before}{shown_after}"), before_columns);
    }
    let available = columns.saturating_sub(1 + after_columns.min(columns / 3));
    let mut shown = if before_columns <= available && !is_cut {
        before.into_owned()
    } else {
        let ellipsis = charset.ellipsis();
        let kept = available.saturating_sub(width(ellipsis));
        format!("{ellipsis}{}", tail(&before, kept))
    };
    let cursor = width(&shown);
    shown.push_str(&cut(after, columns.saturating_sub(cursor), charset));
    (shown, cursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const U: Charset = Charset::Unicode;

    #[test]
    fn cursor_is_visible() {
        assert_eq!(window("abc", 3, 8, U), ("abc".into(), 3));
        assert_eq!(window("abc", 1, 8, U), ("abc".into(), 1));
        assert_eq!(window("abcdefgh", 8, 8, U), ("…cdefgh".into(), 7));
        assert_eq!(window("abcdefghij", 0, 8, U), ("abcdefg…".into(), 0));
        assert_eq!(window("帽子帽子", 4, 7, U), ("…帽子".into(), 5));
        assert_eq!(window("a\u{202e}b", 2, 20, U), ("a«U+202E»b".into(), 9));
        assert_eq!(window("a\nb", 2, 20, U), ("a␊b".into(), 2));
        let long = "x".repeat(100_000);
        assert_eq!(window(&long, 100_000, 8, U), ("…xxxxxx".into(), 7));
    }

    proptest! {
        #[test]
        fn window_fits_its_columns(text in ".{0,30}", cursor in 0..40_usize, columns in 0..40_usize) {
            for charset in [U, Charset::Ascii] {
                let (shown, column) = window(&text, cursor, columns, charset);
                prop_assert!(column <= width(&shown));
                prop_assert!(columns < 4 || width(&shown) <= columns, "{shown} {columns}");
                prop_assert!(columns < 4 || column < columns);
            }
        }
    }
}
