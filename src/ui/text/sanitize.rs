//! Keeps ordinary characters, and makes all others visible.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Charset, char_width};

/// Returns the text with every character that could deceive or disturb made visible.
///
/// ```
/// use hatrack::ui::text::sanitize;
///
/// assert_eq!(sanitize("\u{1b}[31mred"), "␛[31mred");
/// assert_eq!(sanitize("moderator\u{202e}"), "moderator«U+202E»");
/// ```
pub fn sanitize(text: &str) -> Cow<'_, str> {
    sanitize_for(text, Charset::Unicode)
}

/// Like [`sanitize`], limited to the characters that the terminal can show. In ASCII, `^[` replaces ESC, `<U+202E>` an
/// invisible character, and similar ASCII characters replace common punctuation and spaces; any other character becomes
/// one `?` for each of its columns, at least one.
pub fn sanitize_for(text: &str, charset: Charset) -> Cow<'_, str> {
    if is_printable_ascii(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    sanitize_up_to(text, usize::MAX, charset)
}

/// Escapes as `\u…` every control character in JSON except line feeds, and every character that could be invisible,
/// change the reading direction, or look different in other programs. The JSON value stays the same if only strings
/// contain such characters, so the only white space between tokens may be spaces and line feeds.
///
/// ```
/// use hatrack::ui::text::escape_json;
///
/// assert_eq!(escape_json("{\"a\": \"\u{9b}31m\"}\n"), "{\"a\": \"\\u009b31m\"}\n");
/// ```
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| c != '\n' && (c.is_control() || is_unsafe(c));
    // The fast path for the common case.
    let is_plain = |byte: &u8| matches!(byte, b'\n' | 0x20..0x7f);
    if json.as_bytes().iter().all(is_plain) || !json.contains(is_escaped) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    let mut units = [0; 2];
    for c in json.chars() {
        if is_escaped(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}"); // to memory: cannot fail
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Like [`escape_json`], for bytes; bytes that are not UTF-8 are returned unchanged.
pub fn escape_json_bytes(json: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&json).map(escape_json) {
        Ok(Cow::Owned(text)) => text.into_bytes(),
        _ => json,
    }
}

/// Sanitizes the start of the text. Unless the result is the whole text, it is wider than `columns`.
pub(super) fn prefix(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let start = text.as_bytes().get(..=columns).unwrap_or(text.as_bytes());
    if is_printable_ascii(start) && start.len() == text.len() {
        return Cow::Borrowed(text);
    }
    // Characters whose widths add up to this much are enough; see `MAX_GRAPHEME_RATIO`.
    sanitize_up_to(
        text,
        columns.saturating_add(2).saturating_mul(MAX_GRAPHEME_RATIO),
        charset,
    )
}

fn is_printable_ascii(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Maximum number of marks on one character; languages need three or four.
const MAX_MARKS: usize = 6;
/// Maximum number of joiners in one emoji; a family of four has three.
const MAX_JOINERS: usize = 4;
/// Upper bound of the ratio between the summed width of a grapheme's characters and its own width.
const MAX_GRAPHEME_RATIO: usize = 12;

fn sanitize_up_to(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let mut sanitizer = Sanitizer::default();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match charset {
            Charset::Unicode => sanitizer.push(c, rest.clone().next()),
            Charset::Ascii => sanitizer.push_ascii(c),
        }
        if sanitizer.columns > columns {
            break;
        }
    }
    if sanitizer.out == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(sanitizer.out)
}

/// The output so far and the state that affects the next character.
#[derive(Default)]
struct Sanitizer {
    out: String,
    /// Summed width of the characters in `out`.
    columns: usize,
    /// The last character of `out`.
    previous: Option<char>,
    /// Number of marks since the last character with a width.
    marks: usize,
    /// Number of joiners since the last character that was not joined.
    joiners: usize,
}

impl Sanitizer {
    fn push(&mut self, c: char, next: Option<char>) {
        if let Some(picture) = control_picture(c) {
            return self.push_visible(picture);
        }
        let is_joiner = matches!(c, '\u{200c}' | '\u{200d}') && self.is_joiner_allowed(c, next);
        let is_selector =
            is_variation_selector(c) && self.previous.is_some_and(|before| accepts_variation(before, c));
        if (is_unsafe(c) && !is_joiner && !is_selector) || (char_width(c) == 0 && self.marks >= MAX_MARKS) {
            return self.escape(c, '«', '»');
        }
        if char_width(c) == 0 {
            if self.previous.is_none() {
                self.push_visible('◌'); // otherwise, the mark would combine with text that is shown before
            }
            self.marks += 1;
        } else {
            self.marks = 0;
            self.joiners = if self.previous == Some('\u{200d}') {
                self.joiners
            } else {
                0
            };
        }
        self.joiners += usize::from(is_joiner);
        self.out.push(c);
        self.columns += char_width(c);
        self.previous = Some(c);
    }

    /// Returns whether a joiner or non-joiner is kept. Between emoji, a joiner combines them; between letters of
    /// joining scripts, both are part of the spelling.
    fn is_joiner_allowed(&self, c: char, next: Option<char>) -> bool {
        let (Some(before), Some(next)) = (self.previous, next) else {
            return false;
        };
        if self.joiners >= MAX_JOINERS {
            return false;
        }
        let is_emoji = is_pictograph(before) || before == '\u{fe0f}' || is_skin_tone(before);
        (c == '\u{200d}' && is_emoji && is_pictograph(next))
            || (is_joining_letter(before) && is_joining_letter(next))
    }

    fn push_ascii(&mut self, c: char) {
        match c {
            ' '..='~' => self.push_visible(c),
            '\0'..='\x1f' | '\x7f' => {
                self.out.push('^');
                self.push_visible(char::from(c as u8 ^ 0x40));
            }
            // Joiners and variation selectors are replaced, whether or not they are valid.
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => self.push_visible('?'),
            _ if is_unsafe(c) || control_picture(c).is_some() => self.escape(c, '<', '>'),
            '…' => {
                self.out.push('.');
                self.push_visible('.');
            }
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                self.push_visible(' ');
            }
            '‘' | '’' => self.push_visible('\''),
            '“' | '”' => self.push_visible('"'),
            '‐'..='―' | '·' => self.push_visible('-'),
            '›' => self.push_visible('>'),
            '→' => {
                self.push_visible('-');
                self.push_visible('>');
            }
            _ => (0..char_width(c).max(1)).for_each(|_| self.push_visible('?')),
        }
    }

    fn push_visible(&mut self, c: char) {
        self.out.push(c);
        self.columns += char_width(c);
        self.previous = None;
        self.marks = 0;
        self.joiners = 0;
        if !c.is_control() {
            self.previous = Some(c);
        }
    }

    fn escape(&mut self, c: char, open: char, close: char) {
        // Writing into a string cannot fail.
        let _ = write!(self.out, "{open}U+{:04X}", u32::from(c));
        self.columns += 6;
        self.push_visible(close);
    }
}

/// Returns the picture of an ASCII control character; `None` for any other character.
fn control_picture(c: char) -> Option<char> {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('␡'),
        _ => None,
    }
}

/// Returns whether a character is a C1 control, invisible, for private use, or a noncharacter, or changes the reading
/// direction or the layout of other characters.
fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' // C1 controls
        | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}' | '\u{891}' | '\u{8e2}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' // a blank that is no space
        | '\u{e000}'..='\u{f8ff}' // private use
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{10ffff}') // tags, variation selectors, private use
        || u32::from(c) & 0xfffe == 0xfffe // noncharacters
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Returns whether a variation selector has a meaning after this character.
fn accepts_variation(before: char, selector: char) -> bool {
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => {
            is_pictograph(before) || before.is_ascii_digit() || matches!(before, '#' | '*')
        }
        _ => matches!(before, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'),
    }
}

/// Approximates Unicode's `Extended_Pictographic`.
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | 'Ⓜ'
        | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '〰' | '〽' | '㊗' | '㊙'
        | '\u{1f000}'..='\u{1f1e5}' | '\u{1f200}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Returns whether a character is in the Unicode blocks of joining scripts: Arabic, Syriac, Mandaic, N'Ko, and the
/// scripts of India and Sri Lanka.
fn is_joining_letter(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{fb50}'..='\u{fdcf}' | '\u{fe70}'..='\u{fefc}')
        && !is_unsafe(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_unsafe_characters() {
        for (text, shown) in [
            ("\u{1b}[2J\u{7}", "␛[2J␇"),
            ("a\0b\x7f", "a␀b␡"),
            ("a\r\n\tb", "a␍␊␉b"),
            ("a\u{9b}31m", "a«U+009B»31m"),
            ("a\u{202e}b\u{2066}c", "a«U+202E»b«U+2066»c"),
            ("ad\u{200b}min", "ad«U+200B»min"),
            ("ad\u{200d}min", "ad«U+200D»min"),
            ("soft\u{ad}", "soft«U+00AD»"),
            ("x\u{feff}", "x«U+FEFF»"),
            ("x\u{e0041}", "x«U+E0041»"),
            ("\u{e000}\u{f8ff}\u{10ffff}", "«U+E000»«U+F8FF»«U+10FFFF»"),
            ("x\u{fe0f}", "x«U+FE0F»"),
            ("\u{3164}", "«U+3164»"),
            ("\u{2028}", "«U+2028»"),
            ("\u{301}x", "◌\u{301}x"),
        ] {
            assert_eq!(sanitize(text), shown);
        }
    }

    #[test]
    fn keeps_regular_spelling() {
        for text in [
            "Teacher",
            "Zoë",
            "e\u{301}",
            "帽子",
            "👩‍👩‍👧‍👦",
            "👩🏽‍🚀",
            "❤️",
            "🏳️‍🌈",
            "1️⃣",
            "🇳🇿",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "שלום",
            "葛\u{e0100}",
            "한국어",
        ] {
            assert!(
                matches!(sanitize(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn limits_stacked_marks_and_joiners() {
        let zalgo = "e".to_owned() + &"\u{301}".repeat(MAX_MARKS + 1);
        assert!(sanitize(&zalgo).ends_with("«U+0301»"));
        assert!(sanitize(&"👩\u{200d}".repeat(20)).contains("«U+200D»"));
    }

    #[test]
    fn ascii_output_is_ascii() {
        for (text, shown) in [
            ("\u{1b}[2J\x7f", "^[[2J^?"),
            ("Zoë", "Zo?"),
            ("帽子", "????"),
            ("e\u{301}", "e?"),
            ("a\u{202e}b\u{9b}", "a<U+202E>b<U+009B>"),
            ("it’s “so” – …", "it's \"so\" - .."),
        ] {
            assert_eq!(sanitize_for(text, Charset::Ascii), shown);
        }
    }
}
