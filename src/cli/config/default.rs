//! The default configuration with all settings, generated from the tables that the parser uses.

use std::fmt::Write as _;

use super::read::THEMES;
use super::styles;
use crate::app::command::{COMMANDS, Command};
use crate::app::place::Place;
use crate::term::{Background, ColorMode};
use crate::ui::theme::{StyleRole, Theme};

/// The column at which the comment of a setting starts.
const COMMENT_COLUMN: usize = 34;

/// Returns the whole file. Explanations start with `# `. Settings start with `#`, which has to be removed to change them.
pub fn text() -> String {
    let mut text = String::from(HEAD);
    let mut put = |line: &str, comment: &str| {
        let line = format!("#{line}");
        // Writing to a string cannot fail.
        let _ = match comment {
            "" => writeln!(text, "{line}"),
            comment => writeln!(text, "{line:COMMENT_COLUMN$} # {comment}"),
        };
    };
    put("color = \"auto\"", &ColorMode::NAMES.join(", "));
    put("background = \"auto\"", &Background::NAMES.join(", "));
    put("ascii = \"auto\"", "auto, true, false: use ASCII only");
    put("mouse = false", "use the mouse; hold Shift to select text");
    put("plain = false", "plain text with few redraws, for screen readers");
    let names = THEMES.map(|(name, ..)| name);
    put(
        "theme = \"default\"",
        &format!("{}, or your own", names.join(", ")),
    );
    text.push_str(KEYS);
    for place in Place::ALL {
        let _ = writeln!(text, "\n# {}", place.title());
        for command in COMMANDS.iter().filter(|command| command.place == *place) {
            let setting = format!("#{} = {}", command.id, keys(command));
            let _ = writeln!(text, "{setting:COMMENT_COLUMN$} # {}", command.help);
        }
    }
    text.push_str(THEME);
    for (role, name, description) in StyleRole::ALL {
        let style = styles::format(Theme::default().palette.style(role));
        let setting = format!("#{name} = \"{style}\"");
        let _ = writeln!(text, "{setting:COMMENT_COLUMN$} # {description}");
    }
    text
}

const HEAD: &str = "\
# Configuration of hatrack: ~/.config/hatrack/config.toml.
#
# These are all settings of the screen with their defaults. To change a setting, remove the # before it. The command
# line overrides this file, this file overrides /etc/hatrack/config.toml, and both override what the terminal reports.
# `hatrack config --check` checks them. Restricted sessions (--room, --read-only …) do not read this file.
#
# Live servers are in sections [servers.NAME]: `hatrack servers example prosody` and `hatrack servers example xmpp` print
# sections to start from. A file with such sections is rejected if others can write to it.

";

const KEYS: &str = "
# The keys of each command: one, several, or none ([]). A key is a character as you type it (a, A, ?), Ctrl- and a
# letter, F1 to F12, Enter, Esc, Tab, Shift-Tab, Space, Backspace, Del, Up, Down, Left, Right, Home, End, PgUp or PgDn,
# with Alt- before it if the terminal sends that. The keys that edit a line of text cannot be changed.
[keys]
";

const THEME: &str = "
# Your own theme; styles that are not set come from the default theme. A style is a text color, `on` and a background
# color, and any of bold, dim, italic, underlined, reversed, crossed-out; or plain. A color is a name (black, red, green,
# yellow, blue, magenta, cyan, white, each also with bright-, or default), a number from 0 to 255, or #rrggbb.
[themes.custom]
";

fn keys(command: &Command) -> String {
    let names: Vec<String> = command
        .keys
        .iter()
        .map(|key| quoted(&key.spelled_name()))
        .collect();
    match names.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Quotes a TOML string: in single quotes if it contains a double quote or a backslash.
fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}
