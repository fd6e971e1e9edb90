//! Control sequences (CSI): keys, mouse events and device attributes.

use super::input::{Input, Mouse, MouseAction};
use crate::app::{Key, KeyCode};

/// Modifier bits of a key: the transmitted parameter minus one (xterm, kitty keyboard protocol).
#[derive(Debug, Clone, Copy)]
struct Modifiers(u32);

impl Modifiers {
    fn shift(self) -> bool {
        self.0 & 1 != 0
    }
    fn alt(self) -> bool {
        self.0 & 2 != 0
    }
    fn ctrl(self) -> bool {
        self.0 & 4 != 0
    }
    /// Super, Hyper or Meta, which hatrack does not use.
    fn other(self) -> bool {
        self.0 & 0b11_1000 != 0
    }
    fn caps_lock(self) -> bool {
        self.0 & 64 != 0
    }
}

/// The sub-parameters of a parameter, such as `47:63` in `47:63;2u`; `None` where empty or malformed.
type SubParameters = [Option<u32>; 3];

fn sub_parameters(parameter: &[u8]) -> SubParameters {
    let mut parts = parameter.split(|byte| *byte == b':').map(parse_number);
    std::array::from_fn(|_| parts.next().flatten())
}

/// Decodes a control sequence with these parameters and this final byte; `None` if hatrack does not use the sequence.
pub(super) fn decode_sequence(parameters: &[u8], last: u8) -> Option<Input> {
    match (parameters, last) {
        ([b'<', mouse @ ..], _) => return mouse_event(mouse, last),
        ([b'?', ..], b'c') => return Some(Input::QueryAnswered),
        _ => {}
    }
    let mut remaining_parameters = parameters.split(|byte| *byte == b';').map(sub_parameters);
    let mut next_parameter = || remaining_parameters.next().unwrap_or_default();
    let (first, second, third) = (next_parameter(), next_parameter(), next_parameter());
    let [modifiers, kind, _] = second;
    // The event type after the colon: press (1), repeat (2) or release (3).
    if kind == Some(3) {
        return None;
    }
    let modifiers = Modifiers(modifiers.unwrap_or(1).saturating_sub(1));
    let code = match (last, first) {
        (b'u', first) => return unicode_key(first, modifiers, third[0]),
        // xterm's modifyOtherKeys.
        (b'~', [Some(27), ..]) if third[0].is_some() => return unicode_key(third, modifiers, None),
        (b'~', [first, ..]) => tilde_key(first?)?,
        (b'Z', _) => KeyCode::BackTab,
        // A cursor position report, not F3.
        (b'R', [first, ..]) if first != Some(1) || parameters.len() == 1 => return None,
        (b'I' | b'M', _) => return None,
        (other, _) => application_key(other)?,
    };
    Some(Input::Key(key_with(code, modifiers)))
}

fn key_with(code: KeyCode, modifiers: Modifiers) -> Key {
    let code = match code {
        KeyCode::Char(character) if modifiers.ctrl() => KeyCode::Char(character.to_ascii_lowercase()),
        code => code,
    };
    Key {
        code,
        ctrl: modifiers.ctrl(),
        alt: modifiers.alt(),
    }
}

fn parse_number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn tilde_key(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        23 | 24 => KeyCode::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

/// The input for a key reported by its code point, as in the kitty keyboard protocol and xterm's `modifyOtherKeys`. The
/// array has the character without Shift, the one with Shift, and the one at the same position on the standard layout
/// (PC-101, US); `text` is the typed text. Terminals may send only the first of these.
fn unicode_key(
    [plain, shifted, position]: SubParameters,
    modifiers: Modifiers,
    text: Option<u32>,
) -> Option<Input> {
    let plain = char::from_u32(plain?)?;
    let code = match plain {
        '\r' | '\n' => KeyCode::Enter,
        '\t' if modifiers.shift() => KeyCode::BackTab,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '\u{8}' | '\u{7f}' => KeyCode::Backspace,
        // kitty's private-use code points for functional keys, of which only the keypad is used.
        '\u{e000}'..='\u{f8ff}' => keypad(plain)?,
        character if character.is_control() || modifiers.other() => return None,
        character => return Some(character_key(character, [shifted, position, text], modifiers)),
    };
    Some(Input::Key(key_with(code, modifiers)))
}

fn character_key(plain: char, alternates: [Option<u32>; 3], modifiers: Modifiers) -> Input {
    let [shifted, position, text] =
        alternates.map(|number| char::from_u32(number?).filter(|character| !character.is_control()));
    let is_upper = modifiers.shift() != (modifiers.caps_lock() && plain.is_alphabetic());
    // Without alternates, assume the US layout: no command bound to a punctuation key changes data by itself, and wrong
    // text is visible.
    let typed = match (text, shifted) {
        (Some(text), _) => text,
        (None, Some(shifted)) if modifiers.shift() => shifted,
        _ if is_upper => with_shift(plain),
        _ => plain,
    };
    let position = position.map(|position| if is_upper { with_shift(position) } else { position });
    match position.filter(|position| *position != typed && !plain.is_ascii()) {
        // With Ctrl or Alt the key is not text, so its position counts.
        Some(position) if modifiers.ctrl() || modifiers.alt() => {
            Input::Key(key_with(KeyCode::Char(position), modifiers))
        }
        Some(position) => Input::KeyWithUsKey(Key::plain(KeyCode::Char(typed)), position),
        None => Input::Key(key_with(KeyCode::Char(typed), modifiers)),
    }
}

/// The character that a key of the US layout types with Shift; other letters become upper case.
fn with_shift(character: char) -> char {
    const PLAIN: &str = "`1234567890-=[]\\;',./";
    const SHIFTED: &str = "~!@#$%^&*()_+{}|:\"<>?";
    let sign = PLAIN
        .chars()
        .zip(SHIFTED.chars())
        .find(|(plain, _)| *plain == character);
    let mut upper = character.to_uppercase();
    match (sign, upper.next(), upper.next()) {
        (Some((_, shifted)), ..) => shifted,
        (None, Some(upper), None) => upper,
        _ => character,
    }
}

/// A keypad key by its kitty code point.
fn keypad(number: char) -> Option<KeyCode> {
    const SIGNS: &str = "0123456789./*-+";
    let index = u32::from(number).checked_sub(57_399)?;
    Some(match index {
        0..=14 => KeyCode::Char(SIGNS.chars().nth(usize::try_from(index).ok()?)?),
        15 => KeyCode::Enter,
        16 => KeyCode::Char('='),
        18 => KeyCode::Left,
        19 => KeyCode::Right,
        20 => KeyCode::Up,
        21 => KeyCode::Down,
        22 => KeyCode::PageUp,
        23 => KeyCode::PageDown,
        24 => KeyCode::Home,
        25 => KeyCode::End,
        27 => KeyCode::Delete,
        _ => return None,
    })
}

/// The key for the byte after `ESC O` (SS3), or for the final byte of a control sequence.
pub(super) fn application_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'I' => KeyCode::Tab,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        // Keypad: `j` to `y` stand for `*` to `9`.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        b'X' => KeyCode::Char('='),
        _ => return None,
    })
}

fn mouse_event(parameters: &[u8], last: u8) -> Option<Input> {
    let mut numbers = parameters.split(|byte| *byte == b';').map(parse_number);
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let action = match (button, last) {
        (0, b'M') => MouseAction::Press,
        (64, b'M') => MouseAction::WheelUp,
        (65, b'M') => MouseAction::WheelDown,
        _ => return None,
    };
    let from_zero = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    Some(Input::Mouse(Mouse {
        action,
        column: from_zero(column)?,
        row: from_zero(row)?,
    }))
}
