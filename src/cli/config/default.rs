//! The configuration as it comes, with all there is to set: made from the same tables that it is read with.

use std::fmt::Write as _;

use super::read::THEMES;
use super::styles;
use crate::app::command::{COMMANDS, Command};
use crate::app::place::Place;
use crate::term::{Background, ColorMode};
use crate::ui::theme::{StyleRole, Theme};

/// Columns of a setting, before its comment.
const WIDE: usize = 34;

/// The whole of it: prose after `# `, settings after `#`, so that each is as it comes until its `#` is taken away.
pub fn text() -> String {
    let mut text = String::from(HEAD);
    let mut put = |line: &str, comment: &str| {
        let line = format!("#{line}");
        // To memory: cannot fail.
        let _ = match comment {
            "" => writeln!(text, "{line}"),
            comment => writeln!(text, "{line:WIDE$} # {comment}"),
        };
    };
    put("color = \"auto\"", &ColorMode::NAMES.join(", "));
    put("background = \"auto\"", &Background::NAMES.join(", "));
    put("ascii = \"auto\"", "auto, true, false: only ASCII is shown");
    put(
        "mouse = false",
        "the mouse selects; selecting text then needs Shift",
    );
    put("plain = false", "no boxes and few redraws, for screen readers");
    let names = THEMES.map(|(name, ..)| name);
    put(
        "theme = \"default\"",
        &format!("{}, or one of yours", names.join(", ")),
    );
    text.push_str(KEYS);
    for place in Place::ALL {
        let _ = writeln!(text, "\n# {}", place.title());
        for command in COMMANDS.iter().filter(|command| command.place == *place) {
            let setting = format!("#{} = {}", command.id, keys(command));
            let _ = writeln!(text, "{setting:WIDE$} # {}", command.help);
        }
    }
    text.push_str(THEME);
    for (role, name, what) in StyleRole::ALL {
        let style = styles::written(Theme::default().palette.style(role));
        let setting = format!("#{name} = \"{style}\"");
        let _ = writeln!(text, "{setting:WIDE$} # {what}");
    }
    text
}

const HEAD: &str = "\
# The configuration of hatrack's screen: ~/.config/hatrack/config.toml.
#
# This is all there is, as it comes. Take away the # before what you want to change, and leave out the rest.
# What the command line says goes before this, this goes before what the terminal says. `hatrack config --check` says
# whether it can be read. With --room or --read-only it is not read.

";

const KEYS: &str = "
# Keys by the names of commands: one, several, or none ([]). A key is a character as it is typed (a, A, ?), or Ctrl- and
# a letter, F1 to F12, Enter, Esc, Tab, Shift-Tab, Space, Backspace, Del, Up, Down, Left, Right, Home, End, PgUp, PgDn;
# with Alt- before it where the terminal sends that. The keys that edit a line of text cannot be changed.
[keys]
";

const THEME: &str = "
# A theme of yours: what is not set in it is as in the default theme. A style is a color, `on` and the color behind the
# text, and bold, dim, italic, underlined, reversed, crossed-out. A color is a name (black, red, green, yellow, blue,
# magenta, cyan, white, the same after bright-, or default), a number from 0 to 255, or #rrggbb.
[themes.mine]
";

fn keys(command: &Command) -> String {
    let names: Vec<String> = command.keys.iter().map(|key| quoted(&key.word())).collect();
    match names.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// As TOML has it: as it is between single quotes, unless there is one in it.
fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) {
        format!("'{text}'")
    } else {
        format!("\"{text}\"")
    }
}
