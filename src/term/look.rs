//! What the terminal can show: what somebody says about it, else what its variables say.

use std::str::FromStr;

use ratatui::style::Style;

use crate::ui::colour::{self, Rgb};
use crate::ui::theme::{Builtin, Depth, Ground, Palette, Role, Theme};

/// How it should look. What is not said is guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// With how many colours.
    pub colours: Colours,
    /// Dark or light.
    pub background: Background,
    /// Whether only ASCII is shown.
    pub ascii: Option<bool>,
    /// The theme.
    pub theme: Builtin,
    /// What is different from the theme.
    pub own: Vec<(Role, Style)>,
}

/// How many colours are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Colours {
    /// As many as there are, none with `NO_COLOR`.
    #[default]
    Auto,
    /// As many as there are, at least sixteen.
    Always,
    /// So many.
    Exactly(Depth),
}

impl Colours {
    /// The names that are shown; other spellings are read too.
    pub const NAMES: &[&str] = &["auto", "always", "never", "truecolor", "256", "16"];
}

impl FromStr for Colours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String = text
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ' '))
            .collect();
        let plain = plain.trim_end_matches("colors").trim_end_matches("colours");
        Ok(match plain {
            "auto" => Self::Auto,
            "always" | "yes" | "on" | "true" | "force" => Self::Always,
            "never" | "none" | "no" | "off" | "false" | "mono" => Self::Exactly(Depth::None),
            "truecolor" | "truecolour" | "24bit" | "rgb" | "16m" => Self::Exactly(Depth::True),
            "256" | "8bit" => Self::Exactly(Depth::Many),
            "16" | "ansi" | "4bit" => Self::Exactly(Depth::Sixteen),
            _ => return Err(format!("it is one of {}", Self::NAMES.join(", "))),
        })
    }
}

/// What is behind the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// What the terminal says.
    #[default]
    Auto,
    /// This.
    Is(Ground),
}

impl Background {
    /// The names.
    pub const NAMES: &[&str] = &["auto", "dark", "light"];
}

impl FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "dark" => Self::Is(Ground::Dark),
            "light" => Self::Is(Ground::Light),
            _ => return Err(format!("it is one of {}", Self::NAMES.join(", "))),
        })
    }
}

/// How to draw, as far as that is known before the terminal was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    theme: Builtin,
    own: Vec<(Role, Style)>,
    depth: Depth,
    ground: Ground,
    ascii: bool,
    asks: bool,
}

impl Wanted {
    /// What is wanted, and the rest as the variables say; `variable` looks up one of the environment.
    pub fn look(&self, variable: impl Fn(&str) -> Option<String>) -> Look {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let ground = match self.background {
            Background::Is(ground) => ground,
            Background::Auto => ground(&set),
        };
        let depth = match self.colours {
            Colours::Auto if set("NO_COLOR").is_some() => Depth::None,
            Colours::Auto => depth(&set),
            Colours::Always => depth(&set).max(Depth::Sixteen),
            Colours::Exactly(depth) => depth,
        };
        Look {
            theme: self.theme,
            own: self.own.clone(),
            depth,
            ground,
            ascii: self.ascii.unwrap_or_else(|| ascii(&set)),
            asks: set("TERM").is_some_and(|term| ANSWERING.iter().any(|name| term.starts_with(name))),
        }
    }
}

impl Look {
    /// How to draw.
    pub fn theme(&self) -> Theme {
        let mut palette = Palette::new(self.theme, self.depth, self.ground);
        for (role, style) in &self.own {
            palette.set(*role, *style);
        }
        Theme {
            ascii: self.ascii,
            palette,
        }
    }

    /// Whether the terminal should be asked for the colour behind the text: it is not known, would make a difference,
    /// and the terminal is of a kind that knows the question.
    pub fn asks(&self) -> bool {
        let differs = self.theme != Builtin::Mono && self.depth >= Depth::Many;
        self.ground == Ground::Unknown && differs && self.asks
    }

    /// The terminal says what is behind the text. What is neither dark nor light stays unknown.
    pub fn told(&mut self, behind: Rgb) {
        self.ground = match colour::luminance(behind) {
            dark if dark <= 0.05 => Ground::Dark,
            light if light >= 0.7 => Ground::Light,
            _ => Ground::Unknown,
        };
    }
}

/// Terminals that know the question, or at least leave alone what they do not know.
const ANSWERING: [&str; 13] = [
    "xterm",
    "tmux",
    "screen",
    "alacritty",
    "foot",
    "wezterm",
    "rxvt",
    "konsole",
    "gnome",
    "vte",
    "st-",
    "iterm",
    "contour",
];

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Only ASCII on a Linux console, whose font has little else, and where the locale is not UTF-8.
fn ascii(set: Variables<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(set)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    !utf8 || set("TERM").is_some_and(|term| term == "linux")
}

/// Terminals that have all colours and do not say so in a variable that every server passes on.
const TRUE: [&str; 8] = [
    "xterm-kitty",
    "xterm-ghostty",
    "alacritty",
    "foot",
    "wezterm",
    "contour",
    "iterm",
    "rio",
];

/// How many colours the terminal has.
fn depth(set: Variables<'_>) -> Depth {
    let term = set("TERM").unwrap_or_default();
    let begins = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
    let all = set("COLORTERM").is_some_and(|says| matches!(says.as_str(), "truecolor" | "24bit"));
    if begins(&["vt1", "vt2"]) || term.ends_with("-mono") || term == "dumb" {
        return Depth::None;
    }
    if term == "linux" {
        return Depth::Sixteen;
    }
    // What COLORTERM says was said by the terminal around it, and screen makes a mess of what it does not know.
    if term.starts_with("screen") && set("TMUX").is_none() {
        return if term.contains("256color") {
            Depth::Many
        } else {
            Depth::Sixteen
        };
    }
    if all || term.ends_with("-direct") || begins(&TRUE) {
        return Depth::True;
    }
    if term.contains("256color") {
        return Depth::Many;
    }
    Depth::Sixteen
}

/// What is behind the text, as far as a variable says: `COLORFGBG` ends in the number of that colour.
fn ground(set: Variables<'_>) -> Ground {
    if set("TERM").is_some_and(|term| term == "linux") {
        return Ground::Dark;
    }
    let says = set("COLORFGBG").unwrap_or_default();
    match says.rsplit(';').next().map(str::parse::<u8>) {
        Some(Ok(0..=6 | 8)) if says.contains(';') => Ground::Dark,
        Some(Ok(7 | 9..=15)) if says.contains(';') => Ground::Light,
        _ => Ground::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(variables: &[(&str, &str)], name: &str) -> Option<String> {
        let found = variables.iter().find(|(there, _)| *there == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    fn with(variables: &[(&str, &str)]) -> Theme {
        Wanted::default().look(|name| lookup(variables, name)).theme()
    }

    fn guessed(variables: &[(&str, &str)]) -> (Depth, Ground) {
        let set = |name: &str| lookup(variables, name).filter(|value| !value.is_empty());
        (depth(&set), ground(&set))
    }

    #[test]
    fn ascii_on_a_console_and_without_utf8() {
        let xterm = ("TERM", "xterm-256color");
        assert!(!with(&[xterm, ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!with(&[xterm, ("LANG", "C.utf8")]).ascii);
        assert!(with(&[xterm, ("LANG", "C")]).ascii);
        assert!(with(&[xterm]).ascii);
        assert!(
            with(&[xterm, ("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")]).ascii,
            "the first that is set counts"
        );
        assert!(!with(&[xterm, ("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]).ascii);
        assert!(with(&[("TERM", "linux"), ("LANG", "C.UTF-8")]).ascii);
        let wanted = |ascii| Wanted {
            ascii: Some(ascii),
            ..Wanted::default()
        };
        assert!(wanted(true).look(|_| Some("C.UTF-8".into())).theme().ascii);
        assert!(!wanted(false).look(|_| None).theme().ascii);
    }

    #[test]
    fn as_many_colours_as_the_variables_say() {
        for (variables, wanted) in [
            (&[("TERM", "xterm")][..], Depth::Sixteen),
            (&[], Depth::Sixteen),
            (&[("TERM", "xterm-256color")], Depth::Many),
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
                Depth::True,
            ),
            (&[("TERM", "xterm"), ("COLORTERM", "24bit")], Depth::True),
            (&[("TERM", "xterm"), ("COLORTERM", "yes")], Depth::Sixteen),
            (&[("TERM", "xterm-direct")], Depth::True),
            (&[("TERM", "xterm-kitty")], Depth::True),
            (
                &[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")],
                Depth::True,
            ),
            (
                &[("TERM", "screen-256color"), ("COLORTERM", "truecolor")],
                Depth::Many,
            ),
            (&[("TERM", "screen"), ("COLORTERM", "truecolor")], Depth::Sixteen),
            (
                &[
                    ("TERM", "screen-256color"),
                    ("COLORTERM", "truecolor"),
                    ("TMUX", "x"),
                ],
                Depth::True,
            ),
            (&[("TERM", "linux"), ("COLORTERM", "truecolor")], Depth::Sixteen),
            (&[("TERM", "vt100")], Depth::None),
            (&[("TERM", "xterm-mono")], Depth::None),
        ] {
            assert_eq!(guessed(variables).0, wanted, "{variables:?}");
        }
    }

    #[test]
    fn dark_or_light_as_far_as_it_is_said() {
        for (says, wanted) in [
            ("15;0", Ground::Dark),
            ("0;15", Ground::Light),
            ("0;default;7", Ground::Light),
            ("7;8", Ground::Dark),
            ("default;default", Ground::Unknown),
            ("0", Ground::Unknown),
            ("", Ground::Unknown),
            ("1;99", Ground::Unknown),
        ] {
            assert_eq!(guessed(&[("COLORFGBG", says)]).1, wanted, "{says}");
        }
        assert_eq!(guessed(&[("TERM", "linux")]).1, Ground::Dark);
    }

    #[test]
    fn what_is_said_goes_before_what_is_guessed() {
        let theme = |colours, variables: &'static [(&str, &str)]| {
            let wanted = Wanted {
                colours,
                background: Background::Is(Ground::Light),
                ..Wanted::default()
            };
            wanted.look(|name| lookup(variables, name)).theme().palette
        };
        let palette = |depth| Palette::new(Builtin::Default, depth, Ground::Light);
        let no: &[_] = &[("NO_COLOR", "0"), ("TERM", "xterm-256color")];
        assert_eq!(theme(Colours::Auto, no), palette(Depth::None));
        assert_eq!(theme(Colours::Auto, &[("NO_COLOR", "")]), palette(Depth::Sixteen));
        assert_eq!(theme(Colours::Always, no), palette(Depth::Many));
        assert_eq!(
            theme(Colours::Always, &[("TERM", "vt100")]),
            palette(Depth::Sixteen)
        );
        assert_eq!(theme(Colours::Exactly(Depth::True), no), palette(Depth::True));
    }

    #[test]
    fn the_terminal_is_asked_where_it_knows_and_it_matters() {
        let look = |wanted: &Wanted, variables: &[(&str, &str)]| wanted.look(|name| lookup(variables, name));
        let asks = |variables: &[(&str, &str)]| look(&Wanted::default(), variables).asks();
        let xterm = ("TERM", "xterm-256color");
        assert!(asks(&[xterm]));
        assert!(!asks(&[xterm, ("COLORFGBG", "15;0")]));
        assert!(!asks(&[xterm, ("NO_COLOR", "1")]));
        assert!(!asks(&[("TERM", "xterm")]) && !asks(&[("TERM", "linux")]) && !asks(&[]));
        assert!(!asks(&[("TERM", "eterm-256color")]));
        let dark = Wanted {
            background: Background::Is(Ground::Dark),
            ..Wanted::default()
        };
        assert!(!look(&dark, &[xterm]).asks());
        for (behind, ground) in [
            ((0, 0, 0), Ground::Dark),
            ((46, 52, 64), Ground::Dark),
            ((128, 128, 128), Ground::Unknown),
            ((253, 246, 227), Ground::Light),
        ] {
            let mut look = look(&Wanted::default(), &[xterm]);
            look.told(behind);
            let wanted = Theme::new(Depth::Many, ground);
            assert_eq!(look.theme().palette, wanted.palette, "{behind:?}");
        }
    }

    #[test]
    fn the_spellings_that_people_type() {
        for (text, wanted) in [
            ("auto", Colours::Auto),
            ("Always", Colours::Always),
            ("never", Colours::Exactly(Depth::None)),
            ("none", Colours::Exactly(Depth::None)),
            ("TrueColor", Colours::Exactly(Depth::True)),
            ("true-colour", Colours::Exactly(Depth::True)),
            ("24-bit", Colours::Exactly(Depth::True)),
            ("256colors", Colours::Exactly(Depth::Many)),
            ("16 colours", Colours::Exactly(Depth::Sixteen)),
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        assert!("many".parse::<Colours>().is_err());
    }
}
