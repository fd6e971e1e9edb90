//! Wraps text into lines.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Wraps a text at spaces into lines of at most `columns` columns (at least 2); breaks longer words. Only a grapheme
/// that is itself wider makes a longer line. `width` returns the width of a text in columns.
pub fn wrap_by(text: &str, columns: usize, width: impl Fn(&str) -> usize) -> Vec<String> {
    let columns = columns.max(2);
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_inclusive(' ') {
        if width(&line) + width(word.trim_end()) > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        let mut rest = word;
        while width(rest.trim_end()) > columns {
            let mut used = 0;
            let fits = |part: &(usize, &str)| {
                used += width(part.1);
                used <= columns
            };
            let end = rest.grapheme_indices(true).take_while(fits).last();
            let first_length = rest.graphemes(true).next().map_or(rest.len(), str::len);
            let end = end.map_or(first_length, |(start, part)| start + part.len());
            let (part, after) = rest.split_at(end);
            lines.push(part.to_owned());
            rest = after;
        }
        line.push_str(rest);
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Wraps paragraphs; an empty one becomes a blank line.
pub(super) fn wrap_paragraphs(paragraphs: &[String], columns: usize) -> Vec<String> {
    // A control character is shown as a symbol of one column.
    let width = |text: &str| text.width() + text.chars().filter(|c| c.is_control()).count();
    let wrapped = |text: &String| wrap_by(text, columns, width);
    paragraphs.iter().flat_map(wrapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grapheme_wider_than_a_line_has_a_line_of_its_own() {
        // Any number of these letters is one grapheme.
        let wide = "\u{1100}".repeat(5);
        let text = format!("a {wide}b");
        assert_eq!(wrap_by(&text, 4, str::width), ["a", wide.as_str(), "b"]);
    }
}
