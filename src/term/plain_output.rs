//! Output for screen readers: writes only the lines that changed, each in one piece, and then places the cursor. Pure:
//! returns the bytes.

use std::fmt::Write as _;

use ratatui::layout::Position;

use crate::ui::plain::PlainPage;

/// The plain-text output of a terminal.
#[derive(Debug, Default)]
pub struct PlainOutput {
    /// The page that the terminal shows; `None`: unknown.
    page: Option<PlainPage>,
}

impl PlainOutput {
    /// Makes the next page a full one, because the content of the terminal is unknown.
    pub fn invalidate(&mut self) {
        self.page = None;
    }

    /// The page that the terminal shows; `None` if it is unknown.
    pub fn page(&self) -> Option<&PlainPage> {
        self.page.as_ref()
    }

    /// Returns the bytes that change the shown page into this one.
    pub fn draw(&mut self, page: PlainPage) -> String {
        let mut out = String::new();
        let before = self.page.take().unwrap_or_else(|| {
            out.push_str("\x1b[m\x1b[2J\x1b[?25h");
            PlainPage {
                cursor: Position::new(u16::MAX, u16::MAX),
                ..PlainPage::default()
            }
        });
        for (y, line) in page.lines.iter().enumerate() {
            let old = before.lines.get(y).map_or("", String::as_str);
            if old != line {
                write_line(&mut out, y, old, line);
            }
        }
        if !out.is_empty() || before.cursor != page.cursor {
            let Position { x, y } = page.cursor;
            let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
        }
        self.page = Some(page);
        out
    }
}

/// Replaces a line. If both are ASCII and one is a prefix of the other, as while typing, writes or erases only the end, so
/// that a screen reader speaks only the new text.
fn write_line(out: &mut String, y: usize, old: &str, line: &str) {
    let is_ascii = old.is_ascii() && line.is_ascii();
    let (column, new) = match line.strip_prefix(old) {
        Some(end) if is_ascii => (old.len(), end),
        _ if is_ascii && old.starts_with(line) => (line.len(), ""),
        _ => (0, line),
    };
    let _ = write!(out, "\x1b[{};{}H", y + 1, column + 1);
    // Last line of defense: control characters never reach the terminal.
    out.extend(new.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    // The width of some characters differs between terminals, so the rest of the old line is erased.
    let replaces_all = column == 0 && !old.is_empty();
    if replaces_all || line.len() < old.len() {
        out.push_str("\x1b[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(lines: &[&str], x: u16, y: u16) -> PlainPage {
        PlainPage {
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            cursor: Position { x, y },
            ..PlainPage::default()
        }
    }

    #[test]
    fn writes_changed_lines_and_cursor() {
        let mut output = PlainOutput::default();
        let first = output.draw(page(&["Users", "terry", "1 of 1"], 0, 1));
        let expected = "\x1b[m\x1b[2J\x1b[?25h\x1b[1;1HUsers\x1b[2;1Hterry\x1b[3;1H1 of 1\x1b[2;1H";
        assert_eq!(first, expected);
        assert_eq!(output.draw(page(&["Users", "terry", "1 of 1"], 0, 1)), "");
        assert_eq!(
            output.draw(page(&["Users", "terry", "1 of 1"], 0, 0)),
            "\x1b[1;1H"
        );
        assert_eq!(
            output.draw(page(&["Users", "terry", "none"], 0, 0)),
            "\x1b[3;1Hnone\x1b[K\x1b[1;1H"
        );
        output.invalidate();
        assert!(output.draw(page(&["Users"], 0, 0)).starts_with("\x1b[m\x1b[2J"));
    }

    #[test]
    fn writes_only_typed_characters() {
        let mut output = PlainOutput::default();
        let _ = output.draw(page(&["Title: T"], 8, 0));
        assert_eq!(output.draw(page(&["Title: Te"], 9, 0)), "\x1b[1;9He\x1b[1;10H");
        assert_eq!(output.draw(page(&["Title: T"], 8, 0)), "\x1b[1;9H\x1b[K\x1b[1;9H");
        assert_eq!(
            output.draw(page(&["Title: \u{7}é"], 9, 0)),
            "\x1b[1;1HTitle: \u{fffd}é\x1b[K\x1b[1;10H"
        );
    }
}
