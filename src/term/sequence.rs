//! Control sequences, `ESC [` and what follows it up to its last byte: keys, the mouse, and what a terminal tells of
//! itself.

use super::input::{Input, Mouse, MouseAction};
use crate::app::{Key, KeyCode};

/// The modifiers of a key that is told by its number, as bits: one less than what the terminal sends.
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
    /// Super, Hyper or Meta, which no key here has.
    fn other(self) -> bool {
        self.0 & 0b11_1000 != 0
    }
    fn caps_lock(self) -> bool {
        self.0 & 64 != 0
    }
}

/// The numbers of a parameter, such as `47:63` in `47:63;2u`. An empty or malformed one is `None`.
type SubParameters = [Option<u32>; 3];

fn sub_parameters(parameter: &[u8]) -> SubParameters {
    let mut parts = parameter.split(|byte| *byte == b':').map(parse_number);
    std::array::from_fn(|_| parts.next().flatten())
}

/// What a control sequence with these parameters and this last byte means, if anything.
pub(super) fn sequence(parameters: &[u8], last: u8) -> Option<Input> {
    match (parameters, last) {
        ([b'<', mouse @ ..], _) => return click(mouse, last),
        ([b'?', ..], b'c') => return Some(Input::QueryAnswered),
        _ => {}
    }
    let mut all = parameters.split(|byte| *byte == b';').map(sub_parameters);
    let mut next = || all.next().unwrap_or_default();
    let (first, second, third) = (next(), next(), next());
    let [modifiers, kind, _] = second;
    // The part after the colon says pressed, repeated (2) or released (3).
    if kind == Some(3) {
        return None;
    }
    let modifiers = Modifiers(modifiers.unwrap_or(1).saturating_sub(1));
    let code = match (last, first) {
        (b'u', first) => return unicode_key(first, modifiers, third[0]),
        // The same as xterm says it.
        (b'~', [Some(27), ..]) if third[0].is_some() => return unicode_key(third, modifiers, None),
        (b'~', [first, ..]) => tilde_key(first?)?,
        (b'Z', _) => KeyCode::BackTab,
        // A report of where the cursor is, not F3.
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

/// A key told by its character, as kitty's protocol and xterm's `modifyOtherKeys` do. The parts are the character
/// without Shift, the one with Shift, and the one that the key at this place has on the standard layout (PC-101, US);
/// `text` is what is typed. Terminals may leave out all but the first.
fn unicode_key(
    [plain, shifted, place]: SubParameters,
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
        // Where kitty has the keys that are no characters: those of the keypad, and many that nothing here has.
        '\u{e000}'..='\u{f8ff}' => keypad(plain)?,
        character if character.is_control() || modifiers.other() => return None,
        character => return Some(character_key(character, [shifted, place, text], modifiers)),
    };
    Some(Input::Key(key_with(code, modifiers)))
}

fn character_key(plain: char, told: [Option<u32>; 3], modifiers: Modifiers) -> Input {
    let [shifted, place, text] =
        told.map(|number| char::from_u32(number?).filter(|character| !character.is_control()));
    let upper = modifiers.shift() != (modifiers.caps_lock() && plain.is_alphabetic());
    // Where the terminal tells no more, the US layout is assumed: no command on a sign changes anything by itself, and
    // in a text what is wrong is seen.
    let typed = match (text, shifted) {
        (Some(text), _) => text,
        (None, Some(shifted)) if modifiers.shift() => shifted,
        _ if upper => with_shift(plain),
        _ => plain,
    };
    let place = place.map(|place| if upper { with_shift(place) } else { place });
    match place.filter(|place| *place != typed && !plain.is_ascii()) {
        // With Ctrl or Alt a key is no letter of a text, so it is what it is at its place.
        Some(place) if modifiers.ctrl() || modifiers.alt() => {
            Input::Key(key_with(KeyCode::Char(place), modifiers))
        }
        Some(place) => Input::KeyAt(Key::plain(KeyCode::Char(typed)), place),
        None => Input::Key(key_with(KeyCode::Char(typed), modifiers)),
    }
}

/// What a key of the US layout types together with Shift.
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

/// A key of the keypad, by kitty's number for it.
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

/// What stands after `ESC O`, or last after `ESC [`.
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
        // The keypad: `j` to `y` stand for `*` to `9`.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        b'X' => KeyCode::Char('='),
        _ => return None,
    })
}

fn click(parameters: &[u8], last: u8) -> Option<Input> {
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
