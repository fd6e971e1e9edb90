//! A configuration as it is written in TOML. Whatever is not known in it is a mistake, with its line: a setting that does
//! nothing would leave somebody wondering.

use std::str::FromStr;

use ratatui::style::Style;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::inks;
use crate::app::command::{COMMANDS, Command};
use crate::app::words::nearest;
use crate::app::{Key, Keymap, keymap};
use crate::term::{Background, Colours};
use crate::ui::theme::{Builtin, Ground, Role};

/// What a configuration says; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// How many colours.
    pub colours: Option<Colours>,
    /// What is behind the text.
    pub background: Option<Background>,
    /// Whether only ASCII is shown.
    pub ascii: Option<bool>,
    /// Whether the mouse is listened to.
    pub mouse: Option<bool>,
    /// Whether it is drawn for a screen reader.
    pub plain: Option<bool>,
    /// The theme.
    pub theme: Builtin,
    /// What is different from the theme.
    pub own: Vec<(Role, Style)>,
    /// The keys of the commands.
    pub keymap: Keymap,
}

/// Something that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what was perhaps meant.
    pub text: String,
}

/// The names of the built-in themes, and the background that they are for.
pub(super) const THEMES: [(&str, Builtin, Option<Ground>); 5] = [
    ("default", Builtin::Default, None),
    ("default-dark", Builtin::Default, Some(Ground::Dark)),
    ("default-light", Builtin::Default, Some(Ground::Light)),
    ("high-contrast", Builtin::HighContrast, None),
    ("mono", Builtin::Mono, None),
];

const SETTINGS: [&str; 8] = [
    "colour",
    "background",
    "ascii",
    "mouse",
    "plain",
    "theme",
    "keys",
    "themes",
];

type Value<'a> = Spanned<DeValue<'a>>;
/// Where in the text, and what.
type Wrong = (usize, String);
type Own = Vec<(Role, Style)>;

/// Reads a configuration.
pub fn read(text: &str) -> Result<Config, Mistake> {
    let mistake = |(at, says): Wrong| Mistake {
        line: line(text.as_bytes(), at),
        text: says,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        mistake((at, error.message().replace('\n', ", ")))
    })?;
    settings(table.get_ref()).map_err(mistake)
}

/// The number of the line that a byte is on.
pub(super) fn line(bytes: &[u8], at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count()
}

fn settings(table: &DeTable<'_>) -> Result<Config, Wrong> {
    let mut config = Config::default();
    let mut themes: Vec<(String, Own)> = Vec::new();
    let mut theme = None;
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "colour" | "color" if config.colours.is_some() => {
                return Err((name.span().start, "colour and color are the same setting".into()));
            }
            "colour" | "color" => config.colours = Some(colours(value)?),
            "background" => config.background = Some(named(value, "background")?),
            "ascii" => config.ascii = yes_no_or_auto(value)?,
            "mouse" => config.mouse = Some(yes_or_no(value, "mouse")?),
            "plain" => config.plain = Some(yes_or_no(value, "plain")?),
            "theme" => theme = Some((value.span().start, string(value, "theme")?)),
            "keys" => config.keymap = keys(table_of(value, "keys")?)?,
            "themes" => themes = own_themes(table_of(value, "themes")?)?,
            other => return Err((name.span().start, unknown("setting", other, SETTINGS.into_iter()))),
        }
    }
    if let Some((at, name)) = theme {
        choose(&mut config, name, &themes).map_err(|says| (at, says))?;
    }
    Ok(config)
}

fn choose(config: &mut Config, name: &str, themes: &[(String, Own)]) -> Result<(), String> {
    if let Some((_, builtin, ground)) = THEMES.iter().find(|(there, ..)| *there == name) {
        config.theme = *builtin;
        if let (Some(ground), None | Some(Background::Auto)) = (ground, config.background) {
            config.background = Some(Background::Is(*ground));
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
    let guess = nearest(name, names).map_or_else(
        || "hatrack config --print-default shows all there is".to_owned(),
        |nearest| format!("did you mean {nearest:?}?"),
    );
    format!("no {kind} is called {name:?}; {guess}")
}

fn string<'a>(value: &'a Value<'_>, name: &str) -> Result<&'a str, Wrong> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err((value.span().start, format!("{name} is a text, in quotes"))),
    }
}

fn yes_or_no(value: &Value<'_>, name: &str) -> Result<bool, Wrong> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(*yes),
        _ => Err((value.span().start, format!("{name} is true or false"))),
    }
}

fn yes_no_or_auto(value: &Value<'_>) -> Result<Option<bool>, Wrong> {
    match value.get_ref() {
        DeValue::Boolean(yes) => Ok(Some(*yes)),
        DeValue::String(text) if text == "auto" => Ok(None),
        _ => Err((value.span().start, "ascii is true, false or \"auto\"".into())),
    }
}

fn named<T: FromStr<Err = String>>(value: &Value<'_>, name: &str) -> Result<T, Wrong> {
    let text = string(value, name)?;
    let read = text.parse();
    read.map_err(|says| (value.span().start, format!("{name} is not {text:?}: {says}")))
}

/// A number of colours may stand without quotes, too.
fn colours(value: &Value<'_>) -> Result<Colours, Wrong> {
    if let DeValue::Integer(number) = value.get_ref()
        && let "16" | "256" = number.as_str()
    {
        let read = number.as_str().parse();
        return read.map_err(|says| (value.span().start, says));
    }
    named(value, "colour")
}

fn table_of<'a, 'b>(value: &'a Value<'b>, name: &str) -> Result<&'a DeTable<'b>, Wrong> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => Err((value.span().start, format!("{name} is a section: [{name}]"))),
    }
}

fn keys(table: &DeTable<'_>) -> Result<Keymap, Wrong> {
    let mut given: Vec<(&'static Command, Vec<Key>)> = Vec::new();
    let mut places = Vec::new();
    for (name, value) in table {
        let id = name.get_ref().as_ref();
        let Some(command) = COMMANDS.iter().find(|command| command.id == id) else {
            let ids = COMMANDS.iter().map(|command| command.id);
            return Err((name.span().start, unknown("command", id, ids)));
        };
        let all = match value.get_ref() {
            DeValue::Array(all) => all.iter().map(|value| key(value, id)).collect::<Result<_, _>>()?,
            _ => vec![key(value, id)?],
        };
        given.push((command, all));
        places.push((id, name.span().start));
    }
    Keymap::new(given).map_err(|keymap::Problem { id, text }| {
        let place = places.iter().find(|(there, _)| *there == id);
        let at = place.map_or(0, |(_, at)| *at);
        (at, format!("{id}: {text}"))
    })
}

fn key(value: &Value<'_>, id: &str) -> Result<Key, Wrong> {
    let at = value.span().start;
    let DeValue::String(name) = value.get_ref() else {
        return Err((
            at,
            format!("{id}: a key is a text in quotes; several are [\"u\", \"F9\"]"),
        ));
    };
    name.parse().map_err(|says| (at, format!("{id}: {says}")))
}

fn own_themes(table: &DeTable<'_>) -> Result<Vec<(String, Own)>, Wrong> {
    let mut themes = Vec::new();
    for (name, value) in table {
        let title = name.get_ref().as_ref();
        if THEMES.iter().any(|(there, ..)| *there == title) {
            return Err((
                name.span().start,
                format!("{title:?} is a built-in theme: give yours another name"),
            ));
        }
        themes.push((
            title.to_owned(),
            roles(table_of(value, &format!("themes.{title}"))?)?,
        ));
    }
    Ok(themes)
}

fn roles(table: &DeTable<'_>) -> Result<Own, Wrong> {
    let mut own = Vec::new();
    for (name, value) in table {
        let title = name.get_ref().as_ref();
        let Some((role, ..)) = Role::ALL.iter().find(|(_, there, _)| *there == title) else {
            let names = Role::ALL.iter().map(|(_, name, _)| *name);
            return Err((name.span().start, unknown("part of the screen", title, names)));
        };
        let style = inks::read(string(value, title)?);
        own.push((
            *role,
            style.map_err(|says| (value.span().start, format!("{title}: {says}")))?,
        ));
    }
    Ok(own)
}
