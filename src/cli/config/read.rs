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

/// A configuration. A setting is `None` if it is in none of the files read so far.
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
    /// The theme; `None`: the default theme.
    pub theme: Option<ThemeChoice>,
    /// The themes that can be chosen.
    pub themes: Vec<ThemeChoice>,
    /// The keys of the commands.
    pub keymap: Keymap,
    /// The live servers.
    pub servers: Vec<ConfiguredServer>,
}

/// A theme that can be chosen, together with the background that applies with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeChoice {
    /// The name.
    pub name: String,
    /// A description of a few words, such as "for a dark background".
    pub description: &'static str,
    /// The built-in theme on which it is based.
    pub builtin: BuiltinTheme,
    /// Styles that override those of the built-in theme.
    pub styles: Vec<(StyleRole, Style)>,
    /// The background of the terminal with this theme; `None` if neither the theme nor the configuration sets it.
    pub background: Option<Background>,
}

/// An error in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line number, starting at 1.
    pub line: usize,
    /// A description of the error, with a suggestion if there is one.
    pub text: String,
}

/// The name of the default theme.
pub(in crate::cli) const DEFAULT_THEME: &str = "default";

/// The built-in themes: the name, the theme, the background that it implies (`None` if it suits any), and a description.
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

/// The command that lists all settings, themes and theme entries.
const LIST_COMMAND: &str = "hatrack config --print-default";

/// The names of the settings and sections at the top level.
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
/// The styles that a theme overrides.
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

/// Parses a configuration file. Its settings replace those of `inherited`, the configuration of the files before. `[keys]`
/// is replaced as a whole; servers and themes are added to those of `inherited`. If some settings have errors, the result
/// contains the others; after a syntax error, the result is `inherited`.
pub(super) fn read_over(text: &str, inherited: Config) -> (Config, Vec<ConfigError>) {
    let located = |(offset, message): ValueError| ConfigError {
        line: line_number(text.as_bytes(), offset),
        text: message,
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            return (
                inherited,
                vec![located((offset, error.message().replace('\n', ", ")))],
            );
        }
    };
    let mut errors = Vec::new();
    let mut config = settings(table.get_ref(), inherited, &mut errors);
    for server in config.servers.iter_mut().filter(|server| server.file.is_none()) {
        server.line = line_number(text.as_bytes(), server.line);
    }
    errors.sort();
    (config, errors.into_iter().map(located).collect())
}

/// Returns the value of a result, or `None` for an error, which is added to `errors`.
pub(super) fn record<T>(result: Result<T, ValueError>, errors: &mut Vec<ValueError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// Returns the line number (starting at 1) of the byte at `offset`.
pub(super) fn line_number(bytes: &[u8], offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', bytes.get(..offset).unwrap_or_default()).count()
}

/// Parses the settings of a file, which replace those of `inherited`.
fn settings(table: &DeTable<'_>, inherited: Config, errors: &mut Vec<ValueError>) -> Config {
    let inherited_background = inherited.background;
    let inherited_themes = inherited.themes.clone();
    let mut config = Config {
        background: None,
        ..inherited
    };
    let mut themes: Vec<(String, StyleOverrides)> = Vec::new();
    let (mut theme, mut has_color) = (None, false);
    // In the order of the file: if a setting occurs in two spellings, the second one is the error.
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
                let inherited = std::mem::take(&mut config.servers);
                let own =
                    record(section(value, "servers"), errors).map(|table| servers(table, &inherited, errors));
                config.servers = [inherited, own.unwrap_or_default()].concat();
            }
            other => errors.push((
                name.span().start,
                unknown_name("setting", other, SETTINGS.into_iter(), LIST_COMMAND),
            )),
        }
    }
    config.themes = theme_choices(themes, config.background, inherited_background, inherited_themes);
    config.background = config.background.or(inherited_background);
    if let Some((offset, name)) = theme {
        let found = config.themes.iter().find(|choice| choice.name == name).cloned();
        if let Some(choice) = found {
            config.background = choice.background;
            config.theme = Some(choice);
        } else {
            let names = config.themes.iter().map(|choice| choice.name.as_str());
            errors.push((offset, unknown_name("theme", name, names, LIST_COMMAND)));
        }
    }
    config
}

/// Returns the themes that a file can choose: the built-in themes, those of the file (`own`), and those of the files before
/// (`inherited`) that neither of them replaces. `background` is the setting of the file, `inherited_background` that of
/// the files before.
fn theme_choices(
    own: Vec<(String, StyleOverrides)>,
    background: Option<Background>,
    inherited_background: Option<Background>,
    mut inherited: Vec<ThemeChoice>,
) -> Vec<ThemeChoice> {
    let is_replaced = |name: &str| {
        let mut builtin = THEMES.iter().map(|(name, ..)| *name);
        builtin.any(|other| other == name) || own.iter().any(|(other, _)| other == name)
    };
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
            _ => background.or(inherited_background),
        },
    });
    let own = own.into_iter().map(|(name, styles)| ThemeChoice {
        name,
        description: "your own",
        builtin: BuiltinTheme::Default,
        styles,
        background: background.or(inherited_background),
    });
    builtin.into_iter().chain(own).chain(inherited).collect()
}

/// Returns the message for an unknown name: with the most similar of `names` if there is one, otherwise with the command
/// that lists all names.
pub(super) fn unknown_name<'a>(
    kind: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
    list_command: &str,
) -> String {
    let suggestion = closest_match(name, names).map_or_else(
        || format!("see {list_command}"),
        |nearest| format!("did you mean {nearest:?}?"),
    );
    format!("unknown {kind} {name:?}; {suggestion}")
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

/// Parses the setting `color`. The numbers 16 and 256 may also be given without quotes.
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

/// Parses the section `[keys]`.
fn keys(table: &DeTable<'_>, errors: &mut Vec<ValueError>) -> Keymap {
    let mut bindings: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    // Keys that are given under the IDs of earlier commands, each with the command into which the earlier one was merged.
    let mut merged: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    // For each command: its ID, its byte offset in the file, and whether one of its keys is invalid.
    let mut checked_commands = Vec::new();
    for (name, value) in table {
        let id = name.get_ref().as_ref();
        let has_merged = |command: &&Command| command.merged.contains(&id);
        let (merged_into, has_id) = (COMMANDS.iter().find(has_merged), |command: &&Command| {
            command.id.name() == id || command.formerly.contains(&id)
        });
        let Some(command) = merged_into.or_else(|| COMMANDS.iter().find(has_id)) else {
            let ids = COMMANDS.iter().map(|command| command.id.name());
            errors.push((name.span().start, unknown_name("command", id, ids, LIST_COMMAND)));
            continue;
        };
        let (error_count, values) = (
            errors.len(),
            match value.get_ref() {
                DeValue::Array(all) => all.iter().collect(),
                _ => vec![value],
            },
        );
        let keys: Vec<Key> = values
            .into_iter()
            .filter_map(|value| record(key(value, id), errors))
            .collect();
        if merged_into.is_some() {
            merged.push((command, keys));
            continue;
        }
        if bindings.iter().any(|(other, _)| other.id == command.id) {
            errors.push((
                name.span().start,
                format!("{id}: same command as {}, which is also set", command.id),
            ));
            continue;
        }
        checked_commands.push((command.id, name.span().start, errors.len() > error_count));
        bindings.push((command, keys));
    }
    let mut keymap = Keymap::new(bindings).unwrap_or_else(|problems| {
        for keymap::KeymapError { id, text } in problems {
            let command = checked_commands.iter().find(|(other, ..)| *other == id);
            let (offset, has_invalid_key) =
                command.map_or((0, false), |(_, offset, is_invalid)| (*offset, *is_invalid));
            // No further errors for a command with an invalid key: they may be consequences of the first one.
            if !has_invalid_key {
                errors.push((offset, format!("{id}: {text}")));
            }
        }
        Keymap::default()
    });
    for (command, keys) in merged {
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

/// Parses the section `[themes]`. Returns the names and styles of the themes.
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

/// Parses the styles of a theme.
fn roles(table: &DeTable<'_>, errors: &mut Vec<ValueError>) -> StyleOverrides {
    let mut own = Vec::new();
    for (name, value) in table {
        let role_name = name.get_ref().as_ref();
        let Some((role, ..)) = StyleRole::ALL.iter().find(|(_, other, _)| *other == role_name) else {
            let names = StyleRole::ALL.iter().map(|(_, name, _)| *name);
            errors.push((
                name.span().start,
                unknown_name("theme entry", role_name, names, LIST_COMMAND),
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
