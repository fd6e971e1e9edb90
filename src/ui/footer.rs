//! The line at the bottom: the keys that work now, from the one table of commands.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::command::{self, Command};
use crate::app::{Code, Key, State};

use super::canvas::Canvas;
use super::text;

/// Columns between two commands, where there is room, and where there is not.
const GAPS: [usize; 2] = [3, 2];

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let line = Rect {
        x: line.x + 1,
        width: line.width.saturating_sub(2),
        ..line
    };
    keys(canvas, state, line);
}

/// The commands that there is room for.
pub(super) fn keys(canvas: &mut Canvas<'_>, state: &State, line: Rect) {
    let theme = canvas.theme;
    // A key that means something more particular here is not shown twice.
    let meant = |command: &&Command| {
        let key = state.keymap().first(command);
        key.and_then(|key| command::lookup(state, key))
            .is_some_and(|found| found.id == command.id)
    };
    let all: Vec<&Command> = command::footer(state).filter(meant).collect();
    let key = |command: &Command| theme.key_name(&name(state, command));
    let wide = |command: &Command, gap| text::width(&key(command)) + 1 + text::width(command.title) + gap;
    let needed = |gap: usize| -> usize { all.iter().map(|command| wide(command, gap)).sum() };
    let columns = usize::from(line.width);
    let gap = match GAPS {
        [large, _] if needed(large) <= columns + large => large,
        [_, small] => small,
    };
    let shown = kept(state, &all, columns + gap, |command| wide(command, gap));
    let mut rest = line;
    for command in shown {
        rest = canvas.left(rest, &key(command), theme.key());
        let title = format!(" {}{}", command.title, " ".repeat(gap));
        rest = canvas.left(rest, &title, Style::new());
    }
}

/// Those that there is room for, in their order. The keys that everybody tries, and the ways to all
/// others, go first.
fn kept<'a>(
    state: &State,
    all: &[&'a Command],
    columns: usize,
    wide: impl Fn(&Command) -> usize,
) -> Vec<&'a Command> {
    let first = |command: &Command| {
        let well_known = [Key::plain(Code::Enter), Key::plain(Code::Esc)];
        let key = state.keymap().first(command);
        // The mouse is there only while it is on, and that has to be seen.
        ["help", "palette", "mouse"].contains(&command.id) || key.is_some_and(|key| well_known.contains(&key))
    };
    let mut left = columns;
    let mut fits = |command: &Command| match left.checked_sub(wide(command)) {
        Some(less) => {
            left = less;
            true
        }
        None => false,
    };
    let mut keep: Vec<bool> = all
        .iter()
        .map(|command| first(command) && fits(command))
        .collect();
    for (keep, command) in keep.iter_mut().zip(all) {
        *keep = *keep || (!first(command) && fits(command));
    }
    let both = all.iter().zip(keep);
    both.filter_map(|(command, keep)| keep.then_some(*command))
        .collect()
}

/// The first key of a command.
fn name(state: &State, command: &Command) -> String {
    let key = state.keymap().first(command);
    key.map_or_else(String::new, Key::name)
}
