//! Parses a configuration file (TOML). Anything unknown is an error with its line: a misspelled setting must not be
//! ignored silently.

use std::str::FromStr;

use ratatui::style::Style;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::servers::{ConfiguredServer, servers};
use super::styles;
use crate::app::command::{COMMANDS, Command};
use crate::app::describe::closest_match;
use crate::app::{Key, Keymap, keymap};
use crate::term::{Background, ColorMode};
use crate::ui::theme::{Backdrop, BuiltinTheme, StyleRole};

/// A configuration; `None` for settings that are in none of the files read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The number of colors.
    pub colors: Option<ColorMode>,
    /// The background of the terminal.
    pub background: Option<Background>,
    /// Whether to use ASCII only; `None` also for `"auto"`.
    pub ascii: Option<bool>,
    /// Whether the mouse is on at the start.
    pub mouse: Option<bool>,
    /// Whether to draw plain text for screen readers.
    pub plain: Option<bool>,
    /// The theme; `None`: the default one.
    pub theme: Option<ThemeChoice>,
    /// The themes that can be chosen.
    pub themes: Vec<ThemeChoice>,
    /// The keys of the commands.
    pub keymap: Keymap,
    /// The live servers.
    pub servers: Vec<ConfiguredServer>,
}

/// A theme that can be chosen, combined with the other settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeChoice {
    /// The name.
    pub name: String,
    /// What distinguishes the theme, in a few words.
    pub description: &'static str,
    /// The built-in theme on which it is based.
    pub builtin: BuiltinTheme,
    /// Styles that override those of the built-in theme.
    pub styles: Vec<(StyleRole, Style)>,
    /// The background of the terminal.
    pub background: Option<Background>,
}

/// An error in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line number, starting at 1.
    pub line: usize,
    /// What is wrong, with a suggestion if there is one.
    pub text: String,
}

/// The name of the default theme.
pub(in crate::cli) const DEFAULT_THEME: &str = "default";

/// The built-in themes by name, each with the background it implies and what distinguishes it.
pub(super) const THEMES: [(&str, BuiltinTheme, Option<Backdrop>, &str); 5] = [
    (
        DEFAULT_THEME,
        BuiltinTheme::Default,
        None,
        "follows the background",
    ),
    (
        "default-dark",
        BuiltinTheme::Default,
        Some(Backdrop::Dark),
        "for a dark background",
    ),
    (
        "default-light",
        BuiltinTheme::Default,
        Some(Backdrop::Light),
        "for a light background",
    ),
    (
        "high-contrast",
        BuiltinTheme::HighContrast,
        None,
        "strong colors, nothing dimmed",
    ),
    ("mono", BuiltinTheme::Mono, None, "without colors"),
];

/// The command that lists all settings.
const DEFAULTS: &str = "hatrack config --print-default";

const SETTINGS: [&str; 9] = [
    "color",
    "background",
    "ascii",
    "mouse",
    "plain",
    "theme",
    "keys",
    "themes",
    "servers",
];

pub(super) type TomlValue<'a> = Spanned<DeValue<'a>>;
/// An error in a value: the byte offset in the file, and the message.
pub(super) type ValueError = (usize, String);
type StyleOverrides = Vec<(StyleRole, Style)>;

/// Parses a configuration, or returns all its errors in the order of the file.
pub fn read(text: &str) -> Result<Config, Vec<ConfigError>> {
    let (config, errors) = read_over(text, Config::default());
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(errors)
    }
}

/// Parses a configuration whose settings replace those of another one, `below`. `[keys]` is replaced as a whole;
/// servers and themes are added to those of `below`. If there are errors, the result contains the other settings;
/// after a syntax error, it is `below`.
pub(super) fn read_over(text: &str, below: Config) -> (Config, Vec<ConfigError>) {
    let located = |(offset, message): ValueError| ConfigError {
        line: line(text.as_bytes(), offset),
        text: message,
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            return (
                below,
                vec![located((offset, error.message().replace('\n', ", ")))],
            );
        }
    };
    let mut errors = Vec::new();
    let mut config = settings(table.get_ref(), below, &mut errors);
    for server in config.servers.iter_mut().filter(|server| server.file.is_none()) {
        server.line = line(text.as_bytes(), server.line);
    }
    errors.sort();
    (config, errors.into_iter().map(located).collect())
}

/// Returns the value. After an error, adds it to `errors` and returns `None`.
pub(super) fn record<T>(read: Result<T, ValueError>, errors: &mut Vec<ValueError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

/// The line number (starting at 1) of the byte at `offset`.
pub(super) fn line(bytes: &[u8], offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', bytes.get(..offset).unwrap_or_default()).count()
}

fn settings(table: &DeTable<'_>, below: Config, errors: &mut Vec<ValueError>) -> Config {
    let background_below = below.background;
    let themes_below = below.themes.clone();
    let mut config = Config {
        background: None,
        ..below
    };
    let mut themes: Vec<(String, StyleOverrides)> = Vec::new();
    let (mut theme, mut has_color) = (None, false);
    // In the order of the file: if a setting is there in both spellings, the second is the error.
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in all {
        match name.get_ref().as_ref() {
            "color" | "colour" if std::mem::replace(&mut has_color, true) => {
                errors.push((name.span().start, "color and colour are the same setting".into()));
            }
            "color" | "colour" => config.colors = record(colors(value), errors),
            "background" => config.background = record(parse_named(value, "background"), errors),
            "ascii" => config.ascii = record(boolean_or_auto(value), errors).flatten(),
            "mouse" => config.mouse = record(boolean(value, "mouse"), errors),
            "plain" => config.plain = record(boolean(value, "plain"), errors),
            "theme" => theme = record(string(value, "theme"), errors).map(|name| (value.span().start, name)),
            "keys" => {
                let keys = record(section(value, "keys"), errors).map(|table| keys(table, errors));
                config.keymap = keys.unwrap_or_default();
            }
            "themes" => {
                let own = record(section(value, "themes"), errors).map(|table| custom_themes(table, errors));
                themes = own.unwrap_or_default();
            }
            "servers" => {
                let below = std::mem::take(&mut config.servers);
                let own =
                    record(section(value, "servers"), errors).map(|table| servers(table, &below, errors));
                config.servers = [below, own.unwrap_or_default()].concat();
            }
            other => errors.push((
                name.span().start,
                unknown_name("setting", other, SETTINGS.into_iter(), DEFAULTS),
            )),
        }
    }
    config.themes = theme_choices(themes, config.background, background_below, themes_below);
    config.background = config.background.or(background_below);
    if let Some((offset, name)) = theme {
        let found = config.themes.iter().find(|choice| choice.name == name).cloned();
        if let Some(choice) = found {
            config.background = choice.background;
            config.theme = Some(choice);
        } else {
            let names = config.themes.iter().map(|choice| choice.name.as_str());
            errors.push((offset, unknown_name("theme", name, names, DEFAULTS)));
        }
    }
    config
}

/// Returns the themes that a file can choose: the built-in ones, those of the file (`own`), and others from the files
/// before (`themes_below`). `background` is the setting of the file, `below` that of the files before.
fn theme_choices(
    own: Vec<(String, StyleOverrides)>,
    background: Option<Background>,
    below: Option<Background>,
    themes_below: Vec<ThemeChoice>,
) -> Vec<ThemeChoice> {
    let is_replaced = |name: &str| {
        let mut builtin = THEMES.iter().map(|(name, ..)| *name);
        builtin.any(|other| other == name) || own.iter().any(|(other, _)| other == name)
    };
    let mut inherited = themes_below;
    inherited.retain(|theme| !is_replaced(&theme.name));
    for theme in &mut inherited {
        theme.description = "from the administrator";
        theme.background = background.or(theme.background);
    }
    let builtin = THEMES.map(|(name, builtin, implied, description)| ThemeChoice {
        name: name.to_owned(),
        description,
        builtin,
        styles: Vec::new(),
        background: match (implied, background) {
            (Some(implied), None | Some(Background::Auto)) => Some(Background::Fixed(implied)),
            _ => background.or(below),
        },
    });
    let own = own.into_iter().map(|(name, styles)| ThemeChoice {
        name,
        description: "your own",
        builtin: BuiltinTheme::Default,
        styles,
        background: background.or(below),
    });
    builtin.into_iter().chain(own).chain(inherited).collect()
}

/// The message for an unknown name, with a similar name if there is one. `all` is the command that lists all names.
pub(super) fn unknown_name<'a>(
    kind: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
    all: &str,
) -> String {
    let guess = closest_match(name, names).map_or_else(
        || format!("see {all}"),
        |nearest| format!("did you mean {nearest:?}?"),
    );
    format!("unknown {kind} {name:?}; {guess}")
}

pub(super) fn string<'a>(value: &'a TomlValue<'_>, name: &str) -> Result<&'a str, ValueError> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err((value.span().start, format!("{name} must be a string in quotes"))),
    }
}

fn boolean(value: &TomlValue<'_>, name: &str) -> Result<bool, ValueError> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(*yes),
        _ => Err((value.span().start, format!("{name} must be true or false"))),
    }
}

fn boolean_or_auto(value: &TomlValue<'_>) -> Result<Option<bool>, ValueError> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(Some(*yes)),
        DeValue::String(text) if text == "auto" => Ok(None),
        _ => Err((value.span().start, "ascii must be true, false or \"auto\"".into())),
    }
}

fn parse_named<T: FromStr<Err = String>>(value: &TomlValue<'_>, name: &str) -> Result<T, ValueError> {
    let text = string(value, name)?;
    let read = text.parse();
    read.map_err(|reason| (value.span().start, format!("invalid {name} {text:?}: {reason}")))
}

/// The `color` setting; the numbers may also be given without quotes.
fn colors(value: &TomlValue<'_>) -> Result<ColorMode, ValueError> {
    if let DeValue::Integer(number) = value.get_ref()
        && let "16" | "256" = number.as_str()
    {
        let read = number.as_str().parse();
        return read.map_err(|text| (value.span().start, text));
    }
    parse_named(value, "color")
}

pub(super) fn section<'a, 'b>(value: &'a TomlValue<'b>, name: &str) -> Result<&'a DeTable<'b>, ValueError> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err((value.span().start, format!("{name} must be a section: [{name}]"))),
    }
}

fn keys(table: &DeTable<'_>, errors: &mut Vec<ValueError>) -> Keymap {
    let mut bindings: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    // Keys given under the IDs of commands that earlier versions had separately.
    let mut added: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    let mut places = Vec::new();
    for (name, value) in table {
        let id = name.get_ref().as_ref();
        let is_merged = |command: &&Command| command.merged.contains(&id);
        let (old, is_current) = (COMMANDS.iter().find(is_merged), |command: &&Command| {
            command.id.name() == id || command.formerly.contains(&id)
        });
        let Some(command) = old.or_else(|| COMMANDS.iter().find(is_current)) else {
            let ids = COMMANDS.iter().map(|command| command.id.name());
            errors.push((name.span().start, unknown_name("command", id, ids, DEFAULTS)));
            continue;
        };
        let (before, all) = (
            errors.len(),
            match value.get_ref() {
                DeValue::Array(all) => all.iter().collect(),
                _ => vec![value],
            },
        );
        let all: Vec<Key> = all
            .into_iter()
            .filter_map(|value| record(key(value, id), errors))
            .collect();
        if old.is_some() {
            added.push((command, all));
            continue;
        }
        if bindings.iter().any(|(other, _)| other.id == command.id) {
            errors.push((
                name.span().start,
                format!("{id}: same command as {}, which is also set", command.id),
            ));
            continue;
        }
        places.push((command.id, name.span().start, errors.len() > before));
        bindings.push((command, all));
    }
    let mut keymap = Keymap::new(bindings).unwrap_or_else(|problems| {
        for keymap::KeymapError { id, text } in problems {
            let place = places.iter().find(|(other, ..)| *other == id);
            let (offset, has_other_error) =
                place.map_or((0, false), |(_, offset, errors)| (*offset, *errors));
            // No further errors for a command with an invalid key: they may be consequences of the first.
            if !has_other_error {
                errors.push((offset, format!("{id}: {text}")));
            }
        }
        Keymap::default()
    });
    for (command, keys) in added {
        keymap.add_fallback(command, keys);
    }
    keymap
}

fn key(value: &TomlValue<'_>, id: &str) -> Result<Key, ValueError> {
    let offset = value.span().start;
    let DeValue::String(name) = value.get_ref() else {
        return Err((
            offset,
            format!("{id}: expected a string in quotes, or a list such as [\"u\", \"F9\"]"),
        ));
    };
    name.parse().map_err(|text| (offset, format!("{id}: {text}")))
}

fn custom_themes(table: &DeTable<'_>, errors: &mut Vec<ValueError>) -> Vec<(String, StyleOverrides)> {
    let mut themes = Vec::new();
    for (name, value) in table {
        let theme_name = name.get_ref().as_ref();
        if THEMES.iter().any(|(other, ..)| *other == theme_name) {
            errors.push((
                name.span().start,
                format!("{theme_name:?} is a built-in theme; choose another name"),
            ));
            continue;
        }
        let own = record(section(value, &format!("themes.{theme_name}")), errors);
        themes.push((
            theme_name.to_owned(),
            own.map(|own| roles(own, errors)).unwrap_or_default(),
        ));
    }
    themes
}

fn roles(table: &DeTable<'_>, errors: &mut Vec<ValueError>) -> StyleOverrides {
    let mut own = Vec::new();
    for (name, value) in table {
        let role_name = name.get_ref().as_ref();
        let Some((role, ..)) = StyleRole::ALL.iter().find(|(_, other, _)| *other == role_name) else {
            let names = StyleRole::ALL.iter().map(|(_, name, _)| *name);
            errors.push((
                name.span().start,
                unknown_name("theme entry", role_name, names, DEFAULTS),
            ));
            continue;
        };
        let style = string(value, role_name).and_then(|text| {
            styles::read(text).map_err(|text| (value.span().start, format!("{role_name}: {text}")))
        });
        own.extend(record(style, errors).map(|style| (*role, style)));
    }
    own
}
