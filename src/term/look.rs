//! Colors and characters of the screen: set by options, or detected from environment variables and the terminal.

use std::str::FromStr;

use ratatui::style::Style;

use crate::ui::color::{self, Rgb};
use crate::ui::theme::{Backdrop, BuiltinTheme, ColorDepth, Palette, StyleRole, Theme};

/// Options for the look. Anything not set is detected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookOptions {
    /// Number of colors.
    pub colors: ColorMode,
    /// Dark or light background.
    pub background: Background,
    /// Whether to use ASCII only; `None`: detect.
    pub ascii: Option<bool>,
    /// The theme.
    pub theme: BuiltinTheme,
    /// Styles that replace those of the theme.
    pub overrides: Vec<(StyleRole, Style)>,
}

/// The requested number of colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorMode {
    /// As many as detected, or none if `NO_COLOR` is set.
    #[default]
    Auto,
    /// As many as detected, at least sixteen.
    Always,
    /// This number.
    Exactly(ColorDepth),
}

impl ColorMode {
    /// The documented names; other spellings are accepted too.
    pub const NAMES: &[&str] = &["auto", "always", "never", "truecolor", "256", "16"];
}

impl FromStr for ColorMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let normalized: String = text
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ' '))
            .collect();
        let normalized = normalized.trim_end_matches("colors").trim_end_matches("colours");
        Ok(match normalized {
            "auto" => Self::Auto,
            "always" | "yes" | "on" | "true" | "force" => Self::Always,
            "never" | "none" | "no" | "off" | "false" | "mono" => Self::Exactly(ColorDepth::None),
            "truecolor" | "truecolour" | "24bit" | "rgb" | "16m" => Self::Exactly(ColorDepth::TrueColor),
            "256" | "8bit" => Self::Exactly(ColorDepth::Ansi256),
            "16" | "ansi" | "4bit" => Self::Exactly(ColorDepth::Ansi16),
            _ => return Err(format!("it is one of {}", Self::NAMES.join(", "))),
        })
    }
}

/// The requested background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Background {
    /// As detected.
    #[default]
    Auto,
    /// This background.
    Fixed(Backdrop),
}

impl Background {
    /// The accepted names.
    pub const NAMES: &[&str] = &["auto", "dark", "light"];
}

impl FromStr for Background {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "dark" => Self::Fixed(Backdrop::Dark),
            "light" => Self::Fixed(Backdrop::Light),
            _ => return Err(format!("it is one of {}", Self::NAMES.join(", "))),
        })
    }
}

/// The resolved look. If the background is still unknown, the terminal can be queried for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    theme: BuiltinTheme,
    overrides: Vec<(StyleRole, Style)>,
    depth: ColorDepth,
    backdrop: Backdrop,
    ascii: bool,
    is_queryable: bool,
}

impl LookOptions {
    /// Resolves the options, detecting the rest. `variable` looks up an environment variable.
    pub fn resolve(&self, variable: impl Fn(&str) -> Option<String>) -> Look {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let backdrop = match self.background {
            Background::Fixed(backdrop) => backdrop,
            Background::Auto => detect_backdrop(&variable),
        };
        let depth = match self.colors {
            ColorMode::Auto if variable("NO_COLOR").is_some() => ColorDepth::None,
            ColorMode::Auto => detect_color_depth(&variable),
            ColorMode::Always => detect_color_depth(&variable).max(ColorDepth::Ansi16),
            ColorMode::Exactly(depth) => depth,
        };
        Look {
            theme: self.theme,
            overrides: self.overrides.clone(),
            depth,
            backdrop,
            ascii: self.ascii.unwrap_or_else(|| is_ascii_only(&variable)),
            is_queryable: variable("TERM")
                .is_some_and(|term| QUERYABLE_TERMS.iter().any(|name| term.starts_with(name))),
        }
    }
}

impl Look {
    /// The theme for drawing.
    pub fn theme(&self) -> Theme {
        let mut palette = Palette::new(self.theme, self.depth, self.backdrop);
        for (role, style) in &self.overrides {
            palette.set(*role, *style);
        }
        Theme {
            ascii: self.ascii,
            palette,
        }
    }

    /// Whether the terminal should be queried for its background color: the color is unknown and makes a difference, and
    /// the terminal supports the query (OSC 11) or ignores it.
    pub fn should_query(&self) -> bool {
        let makes_difference = self.theme != BuiltinTheme::Mono && self.depth >= ColorDepth::Ansi256;
        self.backdrop == Backdrop::Unknown && makes_difference && self.is_queryable
    }

    /// Whether neither a dark nor a light background is set or detected.
    pub fn is_background_unknown(&self) -> bool {
        self.backdrop == Backdrop::Unknown
    }

    /// Sets the background color reported by the terminal. If the color is neither dark nor light, the background
    /// counts as unknown.
    pub fn set_background(&mut self, background: Rgb) {
        self.backdrop = match color::luminance(background) {
            dark if dark <= 0.05 => Backdrop::Dark,
            light if light >= 0.7 => Backdrop::Light,
            _ => Backdrop::Unknown,
        };
    }
}

/// Prefixes of `TERM` for terminals that support the background query, or at least ignore it.
const QUERYABLE_TERMS: [&str; 13] = [
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

type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether only ASCII can be shown: on a Linux console, whose font has few other characters, or with a locale that does not
/// use UTF-8.
fn is_ascii_only(variable: EnvLookup<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
    !is_utf8 || variable("TERM").is_some_and(|term| term == "linux")
}

/// Prefixes of `TERM` for terminals with 24-bit color. They are needed because SSH does not pass on `COLORTERM`.
const TRUECOLOR_TERMS: [&str; 8] = [
    "xterm-kitty",
    "xterm-ghostty",
    "alacritty",
    "foot",
    "wezterm",
    "contour",
    "iterm",
    "rio",
];

/// Detects the number of colors of the terminal.
fn detect_color_depth(variable: EnvLookup<'_>) -> ColorDepth {
    let term = variable("TERM").unwrap_or_default();
    let starts_with = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
    let truecolor =
        variable("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"));
    if starts_with(&["vt1", "vt2"]) || term.ends_with("-mono") || term == "dumb" {
        return ColorDepth::None;
    }
    if term == "linux" {
        return ColorDepth::Ansi16;
    }
    // Inside GNU screen, COLORTERM is that of the outer terminal, but screen garbles colors that it does not support.
    if term.starts_with("screen") && variable("TMUX").is_none() {
        return if term.contains("256color") {
            ColorDepth::Ansi256
        } else {
            ColorDepth::Ansi16
        };
    }
    if truecolor || term.ends_with("-direct") || starts_with(&TRUECOLOR_TERMS) {
        return ColorDepth::TrueColor;
    }
    if term.contains("256color") {
        return ColorDepth::Ansi256;
    }
    ColorDepth::Ansi16
}

/// Detects the background: dark on a Linux console, otherwise from `COLORFGBG`, which ends with the number of the background
/// color.
fn detect_backdrop(variable: EnvLookup<'_>) -> Backdrop {
    if variable("TERM").is_some_and(|term| term == "linux") {
        return Backdrop::Dark;
    }
    let value = variable("COLORFGBG").unwrap_or_default();
    match value.rsplit(';').next().map(str::parse::<u8>) {
        Some(Ok(0..=6 | 8)) if value.contains(';') => Backdrop::Dark,
        Some(Ok(7 | 9..=15)) if value.contains(';') => Backdrop::Light,
        _ => Backdrop::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(variables: &[(&str, &str)], name: &str) -> Option<String> {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    fn theme_for(variables: &[(&str, &str)]) -> Theme {
        LookOptions::default()
            .resolve(|name| lookup(variables, name))
            .theme()
    }

    fn detected(variables: &[(&str, &str)]) -> (ColorDepth, Backdrop) {
        let variable = |name: &str| lookup(variables, name).filter(|value| !value.is_empty());
        (detect_color_depth(&variable), detect_backdrop(&variable))
    }

    #[test]
    fn detects_ascii_terminals() {
        let xterm = ("TERM", "xterm-256color");
        assert!(!theme_for(&[xterm, ("LANG", "de_DE.UTF-8")]).ascii);
        assert!(!theme_for(&[xterm, ("LANG", "C.utf8")]).ascii);
        assert!(theme_for(&[xterm, ("LANG", "C")]).ascii);
        assert!(theme_for(&[xterm]).ascii);
        assert!(
            theme_for(&[xterm, ("LANG", "C.UTF-8"), ("LC_ALL", "POSIX")]).ascii,
            "the first variable that is set counts"
        );
        assert!(!theme_for(&[xterm, ("LC_ALL", ""), ("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]).ascii);
        assert!(theme_for(&[("TERM", "linux"), ("LANG", "C.UTF-8")]).ascii);
        let wanted = |ascii| LookOptions {
            ascii: Some(ascii),
            ..LookOptions::default()
        };
        assert!(wanted(true).resolve(|_| Some("C.UTF-8".into())).theme().ascii);
        assert!(!wanted(false).resolve(|_| None).theme().ascii);
    }

    #[test]
    fn detects_color_depth() {
        for (variables, wanted) in [
            (&[("TERM", "xterm")][..], ColorDepth::Ansi16),
            (&[], ColorDepth::Ansi16),
            (&[("TERM", "xterm-256color")], ColorDepth::Ansi256),
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
                ColorDepth::TrueColor,
            ),
            (
                &[("TERM", "xterm"), ("COLORTERM", "24bit")],
                ColorDepth::TrueColor,
            ),
            (&[("TERM", "xterm"), ("COLORTERM", "yes")], ColorDepth::Ansi16),
            (&[("TERM", "xterm-direct")], ColorDepth::TrueColor),
            (&[("TERM", "xterm-kitty")], ColorDepth::TrueColor),
            (
                &[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")],
                ColorDepth::TrueColor,
            ),
            (
                &[("TERM", "screen-256color"), ("COLORTERM", "truecolor")],
                ColorDepth::Ansi256,
            ),
            (
                &[("TERM", "screen"), ("COLORTERM", "truecolor")],
                ColorDepth::Ansi16,
            ),
            (
                &[
                    ("TERM", "screen-256color"),
                    ("COLORTERM", "truecolor"),
                    ("TMUX", "x"),
                ],
                ColorDepth::TrueColor,
            ),
            (
                &[("TERM", "linux"), ("COLORTERM", "truecolor")],
                ColorDepth::Ansi16,
            ),
            (&[("TERM", "vt100")], ColorDepth::None),
            (&[("TERM", "xterm-mono")], ColorDepth::None),
        ] {
            assert_eq!(detected(variables).0, wanted, "{variables:?}");
        }
    }

    #[test]
    fn detects_backdrop() {
        for (value, wanted) in [
            ("15;0", Backdrop::Dark),
            ("0;15", Backdrop::Light),
            ("0;default;7", Backdrop::Light),
            ("7;8", Backdrop::Dark),
            ("default;default", Backdrop::Unknown),
            ("0", Backdrop::Unknown),
            ("", Backdrop::Unknown),
            ("1;99", Backdrop::Unknown),
        ] {
            assert_eq!(detected(&[("COLORFGBG", value)]).1, wanted, "{value}");
        }
        assert_eq!(detected(&[("TERM", "linux")]).1, Backdrop::Dark);
    }

    #[test]
    fn options_override_detection() {
        let theme = |colors, variables: &'static [(&str, &str)]| {
            let wanted = LookOptions {
                colors,
                background: Background::Fixed(Backdrop::Light),
                ..LookOptions::default()
            };
            wanted.resolve(|name| lookup(variables, name)).theme().palette
        };
        let palette = |depth| Palette::new(BuiltinTheme::Default, depth, Backdrop::Light);
        let no_color: &[_] = &[("NO_COLOR", "0"), ("TERM", "xterm-256color")];
        assert_eq!(theme(ColorMode::Auto, no_color), palette(ColorDepth::None));
        assert_eq!(
            theme(ColorMode::Auto, &[("NO_COLOR", "")]),
            palette(ColorDepth::Ansi16)
        );
        assert_eq!(theme(ColorMode::Always, no_color), palette(ColorDepth::Ansi256));
        assert_eq!(
            theme(ColorMode::Always, &[("TERM", "vt100")]),
            palette(ColorDepth::Ansi16)
        );
        assert_eq!(
            theme(ColorMode::Exactly(ColorDepth::TrueColor), no_color),
            palette(ColorDepth::TrueColor)
        );
    }

    #[test]
    fn queries_capable_terminals_only_when_needed() {
        let look =
            |wanted: &LookOptions, variables: &[(&str, &str)]| wanted.resolve(|name| lookup(variables, name));
        let is_queried = |variables: &[(&str, &str)]| look(&LookOptions::default(), variables).should_query();
        let xterm = ("TERM", "xterm-256color");
        assert!(is_queried(&[xterm]));
        assert!(!is_queried(&[xterm, ("COLORFGBG", "15;0")]));
        assert!(!is_queried(&[xterm, ("NO_COLOR", "1")]));
        assert!(!is_queried(&[("TERM", "xterm")]) && !is_queried(&[("TERM", "linux")]) && !is_queried(&[]));
        assert!(!is_queried(&[("TERM", "eterm-256color")]));
        let dark = LookOptions {
            background: Background::Fixed(Backdrop::Dark),
            ..LookOptions::default()
        };
        assert!(!look(&dark, &[xterm]).should_query());
        for (background, backdrop) in [
            ((0, 0, 0), Backdrop::Dark),
            ((46, 52, 64), Backdrop::Dark),
            ((128, 128, 128), Backdrop::Unknown),
            ((253, 246, 227), Backdrop::Light),
        ] {
            let mut look = look(&LookOptions::default(), &[xterm]);
            look.set_background(background);
            let wanted = Theme::new(ColorDepth::Ansi256, backdrop);
            assert_eq!(look.theme().palette, wanted.palette, "{background:?}");
        }
    }

    #[test]
    fn parses_color_mode_spellings() {
        for (text, wanted) in [
            ("auto", ColorMode::Auto),
            ("Always", ColorMode::Always),
            ("never", ColorMode::Exactly(ColorDepth::None)),
            ("none", ColorMode::Exactly(ColorDepth::None)),
            ("TrueColor", ColorMode::Exactly(ColorDepth::TrueColor)),
            ("true-colour", ColorMode::Exactly(ColorDepth::TrueColor)),
            ("24-bit", ColorMode::Exactly(ColorDepth::TrueColor)),
            ("256colors", ColorMode::Exactly(ColorDepth::Ansi256)),
            ("16 colours", ColorMode::Exactly(ColorDepth::Ansi16)),
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        assert!("many".parse::<ColorMode>().is_err());
    }
}
