//! A text input of one line, or of several where a list is edited.

use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use crate::app::{Key, KeyCode};

/// Maximum length of pasted text, in bytes; longer text was not meant for a text input.
pub(super) const MAX_PASTE: usize = 8 << 10;

/// Whether a text input handles a key: the key types or edits text, or moves the cursor.
pub(super) fn is_text_key(key: Key) -> bool {
    TextInput::new("").input(key)
}

/// A text input for one line, or for a list with several lines. Line breaks in the initial text are kept; new ones can
/// be typed only in a list.
#[derive(Debug, Clone)]
pub struct TextInput {
    area: TextArea<'static>,
    original: String,
    /// Whether the text is a list, which is shown with one line below the other; otherwise, line breaks are shown
    /// within one line.
    is_list: bool,
}

impl TextInput {
    /// Creates an input with this text and the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(text.split('\n').map(Into::into).collect());
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self {
            area,
            original: text.to_owned(),
            is_list: false,
        }
    }

    /// Creates an empty input for a list, in which keys such as Home and Ctrl-U act on the line of the cursor.
    pub(super) fn list() -> Self {
        Self {
            is_list: true,
            ..Self::new("")
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The lines of the text; at least one.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The line of the cursor, and its position there in characters.
    pub fn cursor_in_lines(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Moves the cursor to the next or previous line; returns false if there is no such line.
    pub(super) fn move_line(&mut self, down: bool) -> bool {
        let before = self.area.cursor().0;
        self.area
            .move_cursor(if down { CursorMove::Down } else { CursorMove::Up });
        self.area.cursor().0 != before
    }

    /// Breaks the line at the cursor.
    pub(super) fn break_line(&mut self) {
        self.area.insert_newline();
    }

    /// Position of the cursor in the whole text, in characters; a line break is one.
    pub fn cursor(&self) -> usize {
        let cursor = self.area.cursor();
        self.area
            .lines()
            .iter()
            .take(cursor.0)
            .map(|line| line.chars().count() + 1)
            .sum::<usize>()
            + cursor.1
    }

    /// Whether the text differs from the initial text.
    pub fn is_changed(&self) -> bool {
        self.text() != self.original
    }

    /// The initial text.
    pub(super) fn original(&self) -> &str {
        &self.original
    }

    /// Replaces the text; the initial text, with which [`TextInput::is_changed`] compares, stays the same.
    pub fn set(&mut self, text: &str) {
        let original = std::mem::take(&mut self.original);
        *self = Self {
            original,
            is_list: self.is_list,
            ..Self::new(text)
        };
    }

    /// Inserts pasted text as one line: white space around its lines is removed, and the lines are joined with spaces.
    pub fn paste(&mut self, text: &str) {
        let lines: Vec<&str> = text
            .split(['\n', '\r', '\t'])
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        self.area.insert_str(lines.join(" "));
    }

    /// Handles a key as readline does. Returns false for a key that neither types or edits text nor moves the cursor.
    pub fn input(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl, key.alt) {
            (KeyCode::Char(character), false, false) => self.area.insert_char(character),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, false) => {
                for _ in 0..self.grapheme_before() {
                    self.area.delete_char();
                }
            }
            (KeyCode::Delete, false, false) | (KeyCode::Char('d'), true, false) => {
                for _ in 0..self.grapheme_after() {
                    self.area.delete_next_char();
                }
            }
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, false) => {
                (0..self.grapheme_before()).for_each(|_| self.area.move_cursor(CursorMove::Back));
            }
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, false) => {
                (0..self.grapheme_after()).for_each(|_| self.area.move_cursor(CursorMove::Forward));
            }
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, false) => {
                if !self.acts_on_line(key) {
                    self.area.move_cursor(CursorMove::Top);
                }
                self.area.move_cursor(CursorMove::Head);
            }
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, false) => {
                if !self.acts_on_line(key) {
                    self.area.move_cursor(CursorMove::Bottom);
                }
                self.area.move_cursor(CursorMove::End);
            }
            (KeyCode::Left, true, _) | (KeyCode::Char('b'), false, true) => {
                self.area.move_cursor(CursorMove::WordBack);
            }
            (KeyCode::Right, true, _) | (KeyCode::Char('f'), false, true) => {
                self.area.move_cursor(CursorMove::WordForward);
            }
            (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, _, true) => {
                self.area.delete_word();
            }
            (KeyCode::Char('d'), false, true) => drop(self.area.delete_next_word()),
            (KeyCode::Char('u'), true, false) => while self.area.delete_line_by_head() && !self.is_list {},
            (KeyCode::Char('k'), true, false) => while self.area.delete_line_by_end() && !self.is_list {},
            _ => return false,
        }
        true
    }

    /// Whether a key that moves to the start or end stays in the line of the cursor: in a list, unless it is Ctrl-Home
    /// or Ctrl-End.
    fn acts_on_line(&self, key: Key) -> bool {
        let leaves_line = key.ctrl && matches!(key.code, KeyCode::Home | KeyCode::End);
        self.is_list && !leaves_line
    }

    /// Number of characters in the grapheme before the cursor; 1 for a line break.
    fn grapheme_before(&self) -> usize {
        let before: String = self.line().chars().take(self.area.cursor().1).collect();
        before
            .graphemes(true)
            .next_back()
            .map_or(1, |grapheme| grapheme.chars().count())
    }

    /// Number of characters in the grapheme after the cursor; 1 for a line break.
    fn grapheme_after(&self) -> usize {
        let after: String = self.line().chars().skip(self.area.cursor().1).collect();
        after
            .graphemes(true)
            .next()
            .map_or(1, |grapheme| grapheme.chars().count())
    }

    /// The line of the cursor.
    fn line(&self) -> &str {
        self.area
            .lines()
            .get(self.area.cursor().0)
            .map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_keys(text: &mut TextInput, keys: &str) {
        keys.chars()
            .for_each(|key| assert!(text.input(Key::plain(KeyCode::Char(key)))));
    }

    #[test]
    fn moves_and_deletes_by_grapheme() {
        let mut text = TextInput::new("a👩\u{200d}🏫e\u{301}");
        assert_eq!(text.cursor(), 6);
        text.input(Key::plain(KeyCode::Backspace));
        assert_eq!(text.text(), "a👩\u{200d}🏫");
        text.input(Key::plain(KeyCode::Left));
        assert_eq!(text.cursor(), 1);
        type_keys(&mut text, "b");
        text.input(Key::plain(KeyCode::Delete));
        assert_eq!(text.text(), "ab");
    }

    #[test]
    fn ctrl_u_and_ctrl_k_delete_to_start_and_end() {
        let mut text = TextInput::new("one two");
        text.input(Key::ctrl('w'));
        assert_eq!(text.text(), "one ");
        text.input(Key::ctrl('u'));
        assert_eq!(text.text(), "");
        type_keys(&mut text, "xyz");
        text.input(Key::plain(KeyCode::Home));
        text.input(Key::ctrl('k'));
        assert_eq!(text.text(), "");
        assert_eq!((text.text().as_str(), text.is_changed()), ("", true));
    }

    #[test]
    fn line_keys_act_on_the_line_of_a_list() {
        let mut text = TextInput::list();
        text.set("one\ntwo\nthree");
        let control = |code| Key {
            ctrl: true,
            ..Key::plain(code)
        };
        text.move_line(false);
        text.input(Key::plain(KeyCode::Home));
        assert_eq!(text.cursor_in_lines(), (1, 0));
        text.input(Key::ctrl('k'));
        assert_eq!(text.text(), "one\n\nthree");
        type_keys(&mut text, "2");
        text.input(Key::ctrl('u'));
        assert_eq!(text.text(), "one\n\nthree");
        text.input(control(KeyCode::Home));
        assert_eq!(text.cursor_in_lines(), (0, 0));
        text.input(Key::plain(KeyCode::End));
        assert_eq!(text.cursor_in_lines(), (0, 3));
        text.input(control(KeyCode::End));
        assert_eq!(text.cursor_in_lines(), (2, 5));
    }

    #[test]
    fn line_keys_act_on_all_lines_of_a_single_line_input() {
        let mut text = TextInput::new("a\nb\nc");
        text.input(Key::plain(KeyCode::Home));
        assert_eq!(text.cursor(), 0);
        text.input(Key::plain(KeyCode::End));
        assert_eq!(text.cursor(), 5);
        text.input(Key::ctrl('u'));
        assert_eq!(text.text(), "");
        let mut text = TextInput::new("a\nb\nc");
        text.input(Key::plain(KeyCode::Home));
        text.input(Key::ctrl('k'));
        assert_eq!(text.text(), "");
    }

    #[test]
    fn paste_becomes_one_line() {
        let mut text = TextInput::new("");
        text.paste("  urn:x:y\r\nz\t\n");
        assert_eq!(text.text(), "urn:x:y z");
    }

    #[test]
    fn keeps_initial_line_breaks() {
        let mut text = TextInput::new("a\nb");
        assert_eq!((text.text().as_str(), text.cursor()), ("a\nb", 3));
        type_keys(&mut text, "c");
        assert_eq!(text.text(), "a\nbc");
    }
}
