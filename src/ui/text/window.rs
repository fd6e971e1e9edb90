//! The visible part of a text input, with the cursor in it.

use super::{Charset, cut, sanitize_for, tail, width};

/// Beyond this number of bytes per column, a text is not scanned as a whole.
const MAX_GRAPHEME_BYTES: usize = 64;

/// The part of a text shown in this width, and the column of the cursor, given in characters.
pub(super) fn window(text: &str, cursor: usize, columns: usize, charset: Charset) -> (String, usize) {
    let at = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let near = crate::app::view::label::bounded_suffix(before);
    let far = near.len() < before.len();
    let before = sanitize_for(near, charset);
    let before_columns = width(&before);
    let shown_after = cut(after, columns, charset);
    // Text that was not cut fits. The width alone does not show this: a wide character may not have fitted before the
    // ellipsis.
    let whole = after.len() <= columns.saturating_mul(MAX_GRAPHEME_BYTES)
        && shown_after == sanitize_for(after, charset);
    let after_columns = width(&shown_after);
    // At the end of the text the cursor needs a cell of its own.
    if whole && !far && before_columns + after_columns < columns {
        return (format!("{before}{shown_after}"), before_columns);
    }
    let room = columns.saturating_sub(1 + after_columns.min(columns / 3));
    let mut shown = if before_columns <= room && !far {
        before.into_owned()
    } else {
        let dots = charset.ellipsis();
        let kept = room.saturating_sub(width(dots));
        format!("{dots}{}", tail(&before, kept))
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
                let (shown, at) = window(&text, cursor, columns, charset);
                prop_assert!(at <= width(&shown));
                prop_assert!(columns < 4 || width(&shown) <= columns, "{shown} {columns}");
                prop_assert!(columns < 4 || at < columns);
            }
        }
    }
}
