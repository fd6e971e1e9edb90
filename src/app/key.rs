//! Keys, independent of the terminal library.

use unicode_width::UnicodeWidthChar;

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character as typed, for example `A` for the A key with Shift.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key by its number.
    F(u8),
}

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Whether Ctrl is pressed; a character is then in lower case.
    pub ctrl: bool,
    /// Whether Alt is pressed.
    pub alt: bool,
}

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
        }
    }

    /// A character with Ctrl.
    pub const fn ctrl(character: char) -> Self {
        Self {
            code: KeyCode::Char(character),
            ctrl: true,
            alt: false,
        }
    }
}

impl Key {
    /// The displayed name, such as `Ctrl-G` or `↑`.
    pub fn name(self) -> String {
        let code = match self.code {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(character) if self.ctrl => character.to_uppercase().to_string(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::Enter => "Enter".into(),
            KeyCode::Esc => "Esc".into(),
            KeyCode::Tab => "Tab".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::Backspace => "Backspace".into(),
            KeyCode::Delete => "Del".into(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::Home => "Home".into(),
            KeyCode::End => "End".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::F(number) => format!("F{number}"),
        };
        format!(
            "{}{}{code}",
            if self.ctrl { "Ctrl-" } else { "" },
            if self.alt { "Alt-" } else { "" }
        )
    }
}

impl Key {
    /// The name for sentences and plain text: `Down` for `↓`.
    pub fn spelled_name(self) -> String {
        spell_arrows(&self.name())
    }
}

/// Replaces arrows by words.
pub fn spell_arrows(names: &str) -> String {
    ARROWS.iter().fold(names.to_owned(), |names, (arrow, word)| {
        names.replace(arrow, word)
    })
}

const ARROWS: [(&str, &str); 4] = [("↑", "Up"), ("↓", "Down"), ("←", "Left"), ("→", "Right")];

/// Key names longer than one character, apart from F1 to F12. If a key has two names, [`Key::spelled_name`] writes the
/// first one.
const KEY_NAMES: [(&str, KeyCode); 20] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Delete", KeyCode::Delete),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
];

impl std::str::FromStr for Key {
    type Err = String;

    /// Parses a name as written by [`Key::name`] and [`Key::spelled_name`]. Upper and lower case differ only for a
    /// single character without Ctrl.
    ///
    /// Errors: why there is no such key, or why terminals do not send it, for display.
    fn from_str(name: &str) -> Result<Self, String> {
        let (mut ctrl, mut alt, mut rest) = (false, false, name);
        loop {
            let after = |prefix: &str| {
                let (head, tail) = rest.split_at_checked(prefix.len())?;
                (head.eq_ignore_ascii_case(prefix) && !tail.is_empty()).then_some(tail)
            };
            match (after("Ctrl-"), after("Alt-")) {
                (Some(tail), _) if !ctrl => (ctrl, rest) = (true, tail),
                (_, Some(tail)) if !alt => (alt, rest) = (true, tail),
                _ => break,
            }
        }
        let code = parse_code(rest).ok_or_else(|| unknown_key(name, rest))?;
        let code = match code {
            KeyCode::Char(character) if ctrl => KeyCode::Char(character.to_ascii_lowercase()),
            code => code,
        };
        let key = Self { code, ctrl, alt };
        unsendable_reason(key).map_or(Ok(key), |reason| Err(format!("{name}: {reason}")))
    }
}

fn parse_code(name: &str) -> Option<KeyCode> {
    let mut characters = name.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        let arrow = ARROWS.iter().find(|(arrow, _)| *arrow == name);
        return match arrow {
            Some((_, word)) => parse_code(word),
            // Characters without width, such as direction marks, cannot be displayed as keys.
            None => character
                .width()
                .is_some_and(|width| width > 0)
                .then_some(KeyCode::Char(character)),
        };
    }
    let function = name
        .strip_prefix(['F', 'f'])
        .and_then(|number| number.parse().ok());
    if let Some(number @ 1..=12) = function {
        return Some(KeyCode::F(number));
    }
    let found = KEY_NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, code)| *code)
}

fn unknown_key(name: &str, rest: &str) -> String {
    let nearest = super::describe::closest_match(rest, KEY_NAMES.iter().map(|(name, _)| *name));
    let guess = nearest.map_or_else(
        || "keys look like u, U, Ctrl-U, F5 or Enter".to_owned(),
        |nearest| {
            let prefix = name.strip_suffix(rest).unwrap_or_default();
            format!("did you mean {prefix}{nearest}?")
        },
    );
    format!("unknown key {name:?}; {guess}")
}

/// The reason why a terminal cannot send this key, as a clause; `None` if it can.
fn unsendable_reason(key: Key) -> Option<&'static str> {
    match (key.code, key.ctrl, key.alt) {
        (KeyCode::Char('i'), true, _) => Some("terminals send it as Tab"),
        (KeyCode::Char('j' | 'm'), true, _) => Some("terminals send it as Enter"),
        (KeyCode::Char('h'), true, _) => Some("terminals send it as Backspace"),
        (KeyCode::Char('['), true, _) => Some("terminals send it as Esc"),
        (KeyCode::Char('[' | ']' | 'O'), false, true) => {
            Some("terminals use it to start other key sequences")
        }
        (KeyCode::Char('a'..='z' | ' ' | '\\' | ']' | '^' | '_'), true, _) => None,
        (KeyCode::Char(_), true, _) => Some("terminals send Ctrl only with A to Z and a few symbols"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_key_name() {
        let commands = super::super::command::COMMANDS;
        let mut all: Vec<Key> = commands
            .iter()
            .flat_map(|command| command.keys)
            .copied()
            .collect();
        all.extend(KEY_NAMES.iter().map(|(_, code)| Key::plain(*code)));
        all.extend((1..=12).map(|number| Key::plain(KeyCode::F(number))));
        all.extend(['x', 'X', '-', ':', 'é', '書'].map(|c| Key::plain(KeyCode::Char(c))));
        all.push(Key {
            alt: true,
            ..Key::ctrl('x')
        });
        for key in all {
            assert_eq!(key.name().parse(), Ok(key));
            assert_eq!(key.spelled_name().parse(), Ok(key));
        }
        assert_eq!("ctrl-G".parse(), Ok(Key::ctrl('g')));
        assert_eq!("pagedown".parse(), Ok(Key::plain(KeyCode::PageDown)));
    }

    #[test]
    fn rejects_unknown_key_names() {
        for (name, expected) in [
            ("Entre", "unknown key \"Entre\"; did you mean Enter?"),
            ("Ctrl-Pgup_", "did you mean Ctrl-PgUp?"),
            ("", "unknown key \"\""),
            ("F13", "unknown key"),
            ("Ctrl-", "unknown key"),
            ("\u{202e}", "unknown key"),
            ("Ctrl-I", "Ctrl-I: terminals send it as Tab"),
            ("Ctrl-1", "terminals send Ctrl only with"),
            ("Alt-[", "other key sequences"),
        ] {
            let error = name.parse::<Key>().unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
