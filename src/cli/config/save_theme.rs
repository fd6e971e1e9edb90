//! Saves the chosen theme in a configuration file. Nothing else in the file changes, not even its formatting.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, RawString, Table, Value};

use super::files::{self, MAX_BYTES};
use super::read::{self, Config, ConfigError};
use crate::store;

/// Saves the theme of this name in a configuration file, which is created if it is missing.
///
/// Errors, as a sentence that names the file: the file has errors or cannot be written; the theme is not built in, and
/// neither the file nor the administrator's configuration defines it. Then the file is unchanged.
pub(in crate::cli) fn save_theme(path: &Path, name: &str) -> Result<(), String> {
    let edited = store::edit_file(path, MAX_BYTES, |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!(
                "line {}: invalid UTF-8",
                read::line_number(bytes, error.valid_up_to())
            )
        })?;
        with_theme(text, name, &files::administrator_config()).map(String::into_bytes)
    });
    edited.map_err(|error| error.to_string())
}

/// Returns the text of a configuration file with another theme, which must be built in or be defined by the text or by the
/// configuration `inherited`.
fn with_theme(text: &str, name: &str, inherited: &Config) -> Result<String, String> {
    check(text, inherited)?;
    let document = Document::parse(text).map_err(|error| error.message().to_owned())?;
    let name = Value::from(name).to_string();
    let span = document.get("theme").and_then(Item::span);
    let (range, replacement) = match span {
        Some(span) => (span, name),
        None => new_setting(&document, text, &name),
    };
    let (before, after) = (text.get(..range.start), text.get(range.end..));
    let edited = [
        before.unwrap_or_default(),
        &replacement,
        after.unwrap_or_default(),
    ]
    .concat();
    check(&edited, inherited)?;
    Ok(edited)
}

/// Fails with the first error of a configuration.
fn check(text: &str, inherited: &Config) -> Result<(), String> {
    let (_, errors) = read::read_over(text, inherited.clone());
    match errors.into_iter().next() {
        Some(ConfigError { line, text }) => Err(format!("line {line}: {text}; correct it first")),
        None => Ok(()),
    }
}

/// Returns the position where the new setting is inserted, as an empty range of bytes, and the text of the setting. The
/// position is before the first section: below a comment line with the default theme; otherwise below the last setting;
/// otherwise below the comments that do not belong to the section.
fn new_setting(document: &Document<&str>, text: &str, name: &str) -> (Range<usize>, String) {
    let section = first_section(document.as_table());
    let end = section
        .and_then(Table::span)
        .map_or(text.len(), |span| span.start);
    let comments = match section {
        Some(section) => section.decor().prefix(),
        None => Some(document.trailing()),
    };
    let start = comments
        .and_then(RawString::span)
        .map_or(end, |span| span.start.min(end));
    // Positions below a line.
    let (mut line_end, mut below_default, mut below_blank) = (start, None, None);
    for line in text.get(start..end).unwrap_or_default().split_inclusive('\n') {
        line_end += line.len();
        if line.starts_with("#theme =") {
            below_default = Some(line_end);
        } else if line.trim().is_empty() {
            below_blank = Some(line_end);
        }
    }
    let has_settings = start > 0;
    let position = match below_default {
        Some(position) => position,
        None if has_settings => start,
        None if section.is_some() => below_blank.unwrap_or(start),
        None => end,
    };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let is_line_start = text
        .get(..position)
        .is_none_or(|before| before.is_empty() || before.ends_with('\n'));
    let before = if is_line_start { "" } else { newline };
    let is_own_paragraph = below_default.is_none() && !has_settings && section.is_some();
    let after = if is_own_paragraph { newline } else { "" };
    (
        position..position,
        format!("{before}theme = {name}{newline}{after}"),
    )
}

/// Returns the section whose header comes first in the file, at any depth.
fn first_section(table: &Table) -> Option<&Table> {
    let mut sections: Vec<&Table> = Vec::new();
    for (_, item) in table {
        let Some(inner) = item.as_table() else { continue };
        // A section that is only part of other names, such as `themes` in `[themes.mine]`, has no header.
        sections.extend(Some(inner).filter(|inner| !inner.is_implicit() && !inner.is_dotted()));
        sections.extend(first_section(inner));
    }
    sections
        .into_iter()
        .filter(|section| section.span().is_some())
        .min_by_key(|section| section.span().map(|span| span.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::default_text;

    fn with_mono(text: &str) -> String {
        with_theme(text, "mono", &Config::default()).unwrap()
    }

    #[test]
    fn replaces_only_the_name() {
        for (before, after) in [
            ("theme = 'default' # mine\n", "theme = \"mono\" # mine\n"),
            (
                "# a\r\n  theme=\"default-dark\"\t# b\r\n\r\n[keys] # c\r\nundo = 'F9'",
                "# a\r\n  theme=\"mono\"\t# b\r\n\r\n[keys] # c\r\nundo = 'F9'",
            ),
        ] {
            assert_eq!(with_mono(before), after);
        }
        let twice = with_theme(&with_mono(&default_text()), "high-contrast", &Config::default()).unwrap();
        assert_eq!(
            twice,
            with_mono(&default_text()).replace("theme = \"mono\"", "theme = \"high-contrast\"")
        );
    }

    #[test]
    fn inserts_before_the_first_section() {
        for (before, after) in [
            ("", "theme = \"mono\"\n"),
            ("# a", "# a\ntheme = \"mono\"\n"),
            ("mouse = true", "mouse = true\ntheme = \"mono\"\n"),
            (
                "mouse = true # a\n\n# b\n",
                "mouse = true # a\ntheme = \"mono\"\n\n# b\n",
            ),
            (
                "mouse = true # a\r\n\r\n# b\r\n[keys]\r\n",
                "mouse = true # a\r\ntheme = \"mono\"\r\n\r\n# b\r\n[keys]\r\n",
            ),
            (
                "[keys]\nundo = 'F9'\n",
                "theme = \"mono\"\n\n[keys]\nundo = 'F9'\n",
            ),
            (
                "# mine\n\n# keys\n[keys]\n[themes.a]\n",
                "# mine\n\ntheme = \"mono\"\n\n# keys\n[keys]\n[themes.a]\n",
            ),
            (
                "#theme = \"x\" # y\n#mouse\n[themes.a]\n[keys]\n",
                "#theme = \"x\" # y\ntheme = \"mono\"\n#mouse\n[themes.a]\n[keys]\n",
            ),
            (
                "themes.a.key = 'red'\n[keys]\n",
                "themes.a.key = 'red'\ntheme = \"mono\"\n[keys]\n",
            ),
        ] {
            assert_eq!(with_mono(before), after, "{before:?}");
        }
        let default = default_text();
        let after = with_mono(&default);
        let added = after.lines().filter(|line| line.starts_with("theme = "));
        assert_eq!(added.collect::<Vec<_>>(), ["theme = \"mono\""]);
        assert_eq!(after.replace("theme = \"mono\"\n", ""), default);
        assert!(
            after.contains("or your own\ntheme = \"mono\"\n"),
            "below the default"
        );
    }

    #[test]
    fn theme_of_the_administrator_is_saved_by_name() {
        let (inherited, _) = read::read_over("[themes.house]\nkey = \"red\"\n", Config::default());
        let saved = with_theme("mouse = true\n", "house", &inherited).unwrap();
        assert_eq!(saved, "mouse = true\ntheme = \"house\"\n");
        assert_eq!(
            with_theme(&saved, "mono", &inherited).unwrap(),
            "mouse = true\ntheme = \"mono\"\n"
        );
        assert!(with_theme("", "house", &Config::default()).is_err());
    }

    #[test]
    fn broken_file_is_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        for (text, expected) in [
            (&b"mouse = true\nkeys = [\n"[..], "line 2"),
            (
                b"# a\nmouse = true\ntheem = \"mono\"\n",
                "line 3: unknown setting \"theem\"",
            ),
            (b"theme = \"mine\"\n", "line 1: unknown theme"),
            (b"a\n\xff", "line 2: invalid UTF-8"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = save_theme(&path, "mono").unwrap_err();
            assert!(
                error.contains(expected) && error.contains("config.toml"),
                "{error}"
            );
            assert_eq!(std::fs::read(&path).unwrap(), text);
        }
        std::fs::write(&path, "mouse = true\n").unwrap();
        let error = save_theme(&path, "mine").unwrap_err();
        assert!(error.contains("unknown theme \"mine\""), "{error}");
        save_theme(&path, "mono").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"mouse = true\ntheme = \"mono\"\n");
    }
}
