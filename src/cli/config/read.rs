//! A configuration as it is written in TOML. Whatever is not known in it is a mistake, with its line: a setting that does
//! nothing would leave somebody wondering.

use std::str::FromStr;

use ratatui::style::Style;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::styles;
use crate::app::command::{COMMANDS, Command};
use crate::app::describe::closest_match;
use crate::app::{Key, Keymap, keymap};
use crate::term::{Background, ColorMode};
use crate::ui::theme::{Backdrop, BuiltinTheme, StyleRole};

/// What a configuration says; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// How many colors.
    pub colors: Option<ColorMode>,
    /// What is behind the text.
    pub background: Option<Background>,
    /// Whether only ASCII is shown.
    pub ascii: Option<bool>,
    /// Whether the mouse is listened to.
    pub mouse: Option<bool>,
    /// Whether it is drawn for a screen reader.
    pub plain: Option<bool>,
    /// The theme.
    pub theme: BuiltinTheme,
    /// What is different from the theme.
    pub own: Vec<(StyleRole, Style)>,
    /// The keys of the commands.
    pub keymap: Keymap,
}

/// Something that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what was perhaps meant.
    pub text: String,
}

/// The names of the built-in themes, and the background that they are for.
pub(super) const THEMES: [(&str, BuiltinTheme, Option<Backdrop>); 5] = [
    ("default", BuiltinTheme::Default, None),
    ("default-dark", BuiltinTheme::Default, Some(Backdrop::Dark)),
    ("default-light", BuiltinTheme::Default, Some(Backdrop::Light)),
    ("high-contrast", BuiltinTheme::HighContrast, None),
    ("mono", BuiltinTheme::Mono, None),
];

const SETTINGS: [&str; 8] = [
    "color",
    "background",
    "ascii",
    "mouse",
    "plain",
    "theme",
    "keys",
    "themes",
];

type TomlValue<'a> = Spanned<DeValue<'a>>;
/// Where in the text, and what.
type ValueError = (usize, String);
type OwnStyles = Vec<(StyleRole, Style)>;

/// Reads a configuration; or names all that is wrong in it, in the order of the file.
pub fn read(text: &str) -> Result<Config, Vec<ConfigError>> {
    let mistake = |(at, says): ValueError| ConfigError {
        line: line(text.as_bytes(), at),
        text: says,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        vec![mistake((at, error.message().replace('\n', ", ")))]
    })?;
    let mut wrong = Vec::new();
    let config = settings(table.get_ref(), &mut wrong);
    if wrong.is_empty() {
        return Ok(config);
    }
    wrong.sort();
    Err(wrong.into_iter().map(mistake).collect())
}

/// What was read; or nothing, and what is wrong is noted.
fn noted<T>(read: Result<T, ValueError>, wrong: &mut Vec<ValueError>) -> Option<T> {
    read.map_err(|mistake| wrong.push(mistake)).ok()
}

/// The number of the line that a byte is on.
pub(super) fn line(bytes: &[u8], at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count()
}

fn settings(table: &DeTable<'_>, wrong: &mut Vec<ValueError>) -> Config {
    let mut config = Config::default();
    let mut themes: Vec<(String, OwnStyles)> = Vec::new();
    let (mut theme, mut colored) = (None, false);
    // In the order of the file: of two spellings of one setting, the second is too many.
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in all {
        match name.get_ref().as_ref() {
            "color" | "colour" if std::mem::replace(&mut colored, true) => {
                wrong.push((name.span().start, "color and colour are the same setting".into()));
            }
            "color" | "colour" => config.colors = noted(colors(value), wrong),
            "background" => config.background = noted(named(value, "background"), wrong),
            "ascii" => config.ascii = noted(yes_no_or_auto(value), wrong).flatten(),
            "mouse" => config.mouse = noted(yes_or_no(value, "mouse"), wrong),
            "plain" => config.plain = noted(yes_or_no(value, "plain"), wrong),
            "theme" => theme = noted(string(value, "theme"), wrong).map(|name| (value.span().start, name)),
            "keys" => {
                let keys = noted(table_of(value, "keys"), wrong).map(|table| keys(table, wrong));
                config.keymap = keys.unwrap_or_default();
            }
            "themes" => {
                let own = noted(table_of(value, "themes"), wrong).map(|table| own_themes(table, wrong));
                themes = own.unwrap_or_default();
            }
            other => wrong.push((name.span().start, unknown("setting", other, SETTINGS.into_iter()))),
        }
    }
    if let Some((at, name)) = theme {
        noted(
            choose(&mut config, name, &themes).map_err(|says| (at, says)),
            wrong,
        );
    }
    config
}

fn choose(config: &mut Config, name: &str, themes: &[(String, OwnStyles)]) -> Result<(), String> {
    if let Some((_, builtin, ground)) = THEMES.iter().find(|(there, ..)| *there == name) {
        config.theme = *builtin;
        if let (Some(ground), None | Some(Background::Auto)) = (ground, config.background) {
            config.background = Some(Background::Fixed(*ground));
        }
    } else if let Some((_, own)) = themes.iter().find(|(there, _)| there == name) {
        config.own.clone_from(own);
    } else {
        let names = THEMES.iter().map(|(name, ..)| *name);
        let own = themes.iter().map(|(name, _)| name.as_str());
        return Err(unknown("theme", name, names.chain(own)));
    }
    Ok(())
}

fn unknown<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let guess = closest_match(name, names).map_or_else(
        || "hatrack config --print-default shows all there is".to_owned(),
        |nearest| format!("did you mean {nearest:?}?"),
    );
    format!("no {kind} is called {name:?}; {guess}")
}

fn string<'a>(value: &'a TomlValue<'_>, name: &str) -> Result<&'a str, ValueError> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err((value.span().start, format!("{name} is a text, in quotes"))),
    }
}

fn yes_or_no(value: &TomlValue<'_>, name: &str) -> Result<bool, ValueError> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(*yes),
        _ => Err((value.span().start, format!("{name} is true or false"))),
    }
}

fn yes_no_or_auto(value: &TomlValue<'_>) -> Result<Option<bool>, ValueError> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(Some(*yes)),
        DeValue::String(text) if text == "auto" => Ok(None),
        _ => Err((value.span().start, "ascii is true, false or \"auto\"".into())),
    }
}

fn named<T: FromStr<Err = String>>(value: &TomlValue<'_>, name: &str) -> Result<T, ValueError> {
    let text = string(value, name)?;
    let read = text.parse();
    read.map_err(|says| (value.span().start, format!("{name} is not {text:?}: {says}")))
}

/// A number of colors may stand without quotes, too.
fn colors(value: &TomlValue<'_>) -> Result<ColorMode, ValueError> {
    if let DeValue::Integer(number) = value.get_ref()
        && let "16" | "256" = number.as_str()
    {
        let read = number.as_str().parse();
        return read.map_err(|says| (value.span().start, says));
    }
    named(value, "color")
}

fn table_of<'a, 'b>(value: &'a TomlValue<'b>, name: &str) -> Result<&'a DeTable<'b>, ValueError> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err((value.span().start, format!("{name} is a section: [{name}]"))),
    }
}

fn keys(table: &DeTable<'_>, wrong: &mut Vec<ValueError>) -> Keymap {
    let mut given: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    // Under names of earlier versions.
    let mut added: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    let mut places = Vec::new();
    for (name, value) in table {
        let id = name.get_ref().as_ref();
        let is_merged = |command: &&Command| command.merged.contains(&id);
        let (old, is_now) = (COMMANDS.iter().find(is_merged), |command: &&Command| {
            command.id.name() == id || command.formerly.contains(&id)
        });
        let Some(command) = old.or_else(|| COMMANDS.iter().find(is_now)) else {
            let ids = COMMANDS.iter().map(|command| command.id.name());
            wrong.push((name.span().start, unknown("command", id, ids)));
            continue;
        };
        let (before, all) = (
            wrong.len(),
            match value.get_ref() {
                DeValue::Array(all) => all.iter().collect(),
                _ => vec![value],
            },
        );
        let all: Vec<Key> = all
            .into_iter()
            .filter_map(|value| noted(key(value, id), wrong))
            .collect();
        if old.is_some() {
            added.push((command, all));
            continue;
        }
        if given.iter().any(|(there, _)| there.id == command.id) {
            wrong.push((
                name.span().start,
                format!("{id}: another name of {}, which is set too", command.id),
            ));
            continue;
        }
        places.push((command.id, name.span().start, wrong.len() > before));
        given.push((command, all));
    }
    let mut keymap = Keymap::new(given).unwrap_or_else(|problems| {
        for keymap::KeymapError { id, text } in problems {
            let place = places.iter().find(|(there, ..)| *there == id);
            let (at, has_another) = place.map_or((0, false), |(_, at, wrong)| (*at, *wrong));
            // Of one that has a wrong key, nothing else is said: it may come of that.
            if !has_another {
                wrong.push((at, format!("{id}: {text}")));
            }
        }
        Keymap::default()
    });
    for (command, keys) in added {
        keymap.add(command, keys);
    }
    keymap
}

fn key(value: &TomlValue<'_>, id: &str) -> Result<Key, ValueError> {
    let at = value.span().start;
    let DeValue::String(name) = value.get_ref() else {
        return Err((
            at,
            format!("{id}: a key is a text in quotes; several are [\"u\", \"F9\"]"),
        ));
    };
    name.parse().map_err(|says| (at, format!("{id}: {says}")))
}

fn own_themes(table: &DeTable<'_>, wrong: &mut Vec<ValueError>) -> Vec<(String, OwnStyles)> {
    let mut themes = Vec::new();
    for (name, value) in table {
        let title = name.get_ref().as_ref();
        if THEMES.iter().any(|(there, ..)| *there == title) {
            wrong.push((
                name.span().start,
                format!("{title:?} is a built-in theme: give yours another name"),
            ));
            continue;
        }
        let own = noted(table_of(value, &format!("themes.{title}")), wrong);
        themes.push((
            title.to_owned(),
            own.map(|own| roles(own, wrong)).unwrap_or_default(),
        ));
    }
    themes
}

fn roles(table: &DeTable<'_>, wrong: &mut Vec<ValueError>) -> OwnStyles {
    let mut own = Vec::new();
    for (name, value) in table {
        let title = name.get_ref().as_ref();
        let Some((role, ..)) = StyleRole::ALL.iter().find(|(_, there, _)| *there == title) else {
            let names = StyleRole::ALL.iter().map(|(_, name, _)| *name);
            wrong.push((name.span().start, unknown("part of the screen", title, names)));
            continue;
        };
        let style = string(value, title).and_then(|text| {
            styles::read(text).map_err(|says| (value.span().start, format!("{title}: {says}")))
        });
        own.extend(noted(style, wrong).map(|style| (*role, style)));
    }
    own
}
