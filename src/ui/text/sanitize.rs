//! What may pass as it is, and how the rest is shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Charset, columns};

/// The text with everything in it that could deceive or disturb made visible.
///
/// ```
/// use hatrack::ui::text::harmless;
///
/// assert_eq!(harmless("\u{1b}[31mred"), "␛[31mred");
/// assert_eq!(harmless("moderator\u{202e}"), "moderator«U+202E»");
/// ```
pub fn harmless(text: &str) -> Cow<'_, str> {
    harmless_in(text, Charset::Unicode)
}

/// The same, with only the characters that the terminal can show: in ASCII `^[` stands for ESC, `<U+202E>` for what is
/// invisible and `?` for each column of what cannot be shown (one for a mark).
pub fn harmless_in(text: &str, charset: Charset) -> Cow<'_, str> {
    if plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    through_the_door(text, usize::MAX, charset)
}

/// JSON in which every control character, and every one that cannot be seen or turns the direction, is written as
/// `\u…`. It means the same to every reader and can be shown anywhere: only strings can hold such characters.
///
/// ```
/// use hatrack::ui::text::harmless_json;
///
/// assert_eq!(harmless_json("{\"a\": \"\u{9b}31m\"}\n"), "{\"a\": \"\\u009b31m\"}\n");
/// ```
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let hidden = |c: char| c != '\n' && (c.is_control() || hides(c));
    // Nearly all there is: no character of it has to be looked at.
    let is_plain = |byte: &u8| matches!(byte, b'\n' | 0x20..0x7f);
    if json.as_bytes().iter().all(is_plain) || !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    let mut units = [0; 2];
    for c in json.chars() {
        if hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}"); // to memory: cannot fail
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The same for the bytes of JSON.
pub fn harmless_json_bytes(json: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&json).map(harmless_json) {
        Ok(Cow::Owned(text)) => text.into_bytes(),
        _ => json,
    }
}

/// As much of the beginning of the text as can matter for so many columns and a bit more, made harmless.
pub(super) fn prefix(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let start = text.as_bytes().get(..=columns).unwrap_or(text.as_bytes());
    if plain(start) && start.len() == text.len() {
        return Cow::Borrowed(text);
    }
    // A grapheme takes at least a twelfth of the columns of its characters, see `MARKS` and `JOINS`.
    through_the_door(text, columns.saturating_add(2).saturating_mul(LARGEST), charset)
}

fn plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// So many marks may sit on one character; languages need three or four.
const MARKS: usize = 6;
/// So many emoji may be joined to one; a family of four has three joints.
const JOINS: usize = 4;
/// No grapheme has characters of more columns than so many times its own.
const LARGEST: usize = 12;

fn through_the_door(text: &str, columns: usize, charset: Charset) -> Cow<'_, str> {
    let mut door = Sanitizer::default();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match charset {
            Charset::Unicode => door.pass(c, rest.clone().next()),
            Charset::Ascii => door.pass_ascii(c),
        }
        if door.columns > columns {
            break;
        }
    }
    if door.out == text {
        return Cow::Borrowed(text);
    }
    Cow::Owned(door.out)
}

/// What has passed so far, as far as it matters for what follows.
#[derive(Default)]
struct Sanitizer {
    out: String,
    /// Columns of the characters in `out`, each for itself.
    columns: usize,
    /// The character before, when it passed as it is.
    before: Option<char>,
    /// Marks since the last character with a width.
    marks: usize,
    /// Joints since the last character that was not joined.
    joins: usize,
}

impl Sanitizer {
    fn pass(&mut self, c: char, next: Option<char>) {
        if let Some(picture) = picture(c) {
            return self.show(picture);
        }
        let joint = matches!(c, '\u{200c}' | '\u{200d}') && self.joins_here(c, next);
        let variant = is_variation(c) && self.before.is_some_and(|before| varies(before, c));
        if (hides(c) && !joint && !variant) || (columns(c) == 0 && self.marks >= MARKS) {
            return self.escape(c, '«', '»');
        }
        if columns(c) == 0 {
            if self.before.is_none() {
                self.show('◌'); // nothing to sit on but what is not its own
            }
            self.marks += 1;
        } else {
            self.marks = 0;
            self.joins = if self.before == Some('\u{200d}') {
                self.joins
            } else {
                0
            };
        }
        self.joins += usize::from(joint);
        self.out.push(c);
        self.columns += columns(c);
        self.before = Some(c);
    }

    /// Between emoji a joiner makes one of two; between letters of scripts that join, both kinds are spelling.
    fn joins_here(&self, c: char, next: Option<char>) -> bool {
        let (Some(before), Some(next)) = (self.before, next) else {
            return false;
        };
        if self.joins >= JOINS {
            return false;
        }
        let emoji = is_pictograph(before) || before == '\u{fe0f}' || is_skin_tone(before);
        (c == '\u{200d}' && emoji && is_pictograph(next)) || (joins_letters(before) && joins_letters(next))
    }

    fn pass_ascii(&mut self, c: char) {
        match c {
            ' '..='~' => self.show(c),
            '\0'..='\x1f' | '\x7f' => {
                self.out.push('^');
                self.show(char::from(c as u8 ^ 0x40));
            }
            // What joins emoji and letters is told from other things that cannot be shown by its place alone.
            '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => self.show('?'),
            _ if hides(c) || picture(c).is_some() => self.escape(c, '<', '>'),
            '…' => {
                self.out.push('.');
                self.show('.');
            }
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => self.show(' '),
            '‘' | '’' => self.show('\''),
            '“' | '”' => self.show('"'),
            '‐'..='―' | '·' => self.show('-'),
            '›' => self.show('>'),
            '→' => {
                self.show('-');
                self.show('>');
            }
            _ => (0..columns(c).max(1)).for_each(|_| self.show('?')),
        }
    }

    fn show(&mut self, c: char) {
        self.out.push(c);
        self.columns += columns(c);
        self.before = None;
        self.marks = 0;
        self.joins = 0;
        if !c.is_control() {
            self.before = Some(c);
        }
    }

    fn escape(&mut self, c: char, open: char, close: char) {
        // Writing into a string cannot fail.
        let _ = write!(self.out, "{open}U+{:04X}", u32::from(c));
        self.columns += 6;
        self.show(close);
    }
}

/// The picture of a control character.
fn picture(c: char) -> Option<char> {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)),
        '\x7f' => Some('␡'),
        _ => None,
    }
}

/// Whether a character cannot be seen, turns the direction, has no meaning, or a meaning that only some programs know.
fn hides(c: char) -> bool {
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
        || u32::from(c) & 0xfffe == 0xfffe // no characters
}

fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a variation selector means something after this character.
fn varies(before: char, selector: char) -> bool {
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => {
            is_pictograph(before) || before.is_ascii_digit() || matches!(before, '#' | '*')
        }
        _ => matches!(before, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'),
    }
}

/// Near enough to Unicode's `Extended_Pictographic`.
fn is_pictograph(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | 'Ⓜ'
        | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '〰' | '〽' | '㊗' | '㊙'
        | '\u{1f000}'..='\u{1f1e5}' | '\u{1f200}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}')
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Arabic, Syriac, Mandaic, N'Ko and the scripts of India and around.
fn joins_letters(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{fb50}'..='\u{fdcf}' | '\u{fe70}'..='\u{fefc}')
        && !hides(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_disturbs_is_shown() {
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
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn spelling_passes() {
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
                matches!(harmless(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
        }
    }

    #[test]
    fn piles_come_to_an_end() {
        let zalgo = "e".to_owned() + &"\u{301}".repeat(MARKS + 1);
        assert!(harmless(&zalgo).ends_with("«U+0301»"));
        assert!(harmless(&"👩\u{200d}".repeat(20)).contains("«U+200D»"));
    }

    #[test]
    fn in_ascii_all_is_ascii() {
        for (text, shown) in [
            ("\u{1b}[2J\x7f", "^[[2J^?"),
            ("Zoë", "Zo?"),
            ("帽子", "????"),
            ("e\u{301}", "e?"),
            ("a\u{202e}b\u{9b}", "a<U+202E>b<U+009B>"),
            ("it’s “so” – …", "it's \"so\" - .."),
        ] {
            assert_eq!(harmless_in(text, Charset::Ascii), shown);
        }
    }
}
