//! The footer: the commands that are available now, with their keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::app::command::{Command, CommandId};
use crate::app::{Key, KeyCode, State, clearing_key, footer, working_key};
use crate::ui::draw::put;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Number of columns between two commands: normally, and if space is short.
const GAPS: [usize; 2] = [3, 2];

/// Draws as many of the available commands as fit.
pub(super) struct KeyHints<'v> {
    pub(super) state: &'v State,
    pub(super) theme: &'v Theme,
}

impl Widget for KeyHints<'_> {
    fn render(self, line: Rect, buffer: &mut Buffer) {
        let (state, theme) = (self.state, self.theme);
        let charset = theme.charset();
        // Commands whose keys all run other commands now are left out.
        let has_key = |command: &&Command| working_key(state, command).is_some();
        let all: Vec<&Command> = footer(state).filter(has_key).collect();
        let key = |command: &Command| {
            let key = working_key(state, command);
            let name = theme.key_name(&key.map_or_else(String::new, Key::name));
            Sanitized::new(&name, charset).into_owned()
        };
        let width = |command: &Command, gap| {
            key(command).width() + 1 + Sanitized::new(state.label(command), charset).width() + gap
        };
        let needed = |gap: usize| -> usize { all.iter().map(|command| width(command, gap)).sum() };
        let line = match state.shown_marks() {
            Some(marks) => {
                let label = format!("{}: ", marks.label());
                put(buffer, line, &Sanitized::new(&label, charset), theme.strong())
            }
            None => line,
        };
        let columns = usize::from(line.width);
        let gap = match GAPS {
            [large, _] if needed(large) <= columns + large => large,
            [_, small] => small,
        };
        let mut rest = line;
        for command in fitting(state, &all, columns + gap, |command| width(command, gap)) {
            rest = put(buffer, rest, &key(command), theme.key());
            let title = format!(" {}{}", state.label(command), " ".repeat(gap));
            rest = put(buffer, rest, &Sanitized::new(&title, charset), Style::new());
        }
        if let Some((key, title)) = clearing_key(state) {
            let name = theme.key_name(&key.name());
            let (name, title) = (Sanitized::new(&name, charset), Sanitized::literal(title));
            if name.width() + 1 + title.width() <= usize::from(rest.width) {
                let rest = put(buffer, rest, &name, theme.key());
                let rest = put(buffer, rest, &Sanitized::literal(" "), Style::new());
                put(buffer, rest, &title, Style::new());
            }
        }
    }
}

/// Returns the commands that fit, in order. Important commands are left out last: those with keys that everybody tries,
/// those that lead to all other commands, and those that show a mode.
fn fitting<'a>(
    state: &State,
    all: &[&'a Command],
    columns: usize,
    width: impl Fn(&Command) -> usize,
) -> Vec<&'a Command> {
    let is_important = |command: &Command| {
        let well_known = [Key::plain(KeyCode::Enter), Key::plain(KeyCode::Esc)];
        let key = state.keymap().primary(command);
        match command.id {
            CommandId::Help => state.overlays().is_empty(),
            // The mouse and a range of marks are shown only while they are on, because that must be visible.
            CommandId::Mouse | CommandId::MarkRange => true,
            // While rows are marked, the commands for them are more important.
            CommandId::Palette => state.shown_marks().is_none(),
            _ => key.is_some_and(|key| well_known.contains(&key)),
        }
    };
    let mut available = columns;
    let mut fits = |command: &Command| match available.checked_sub(width(command)) {
        Some(remaining) => {
            available = remaining;
            true
        }
        None => false,
    };
    let mut keep: Vec<bool> = all
        .iter()
        .map(|command| is_important(command) && fits(command))
        .collect();
    for (keep, command) in keep.iter_mut().zip(all) {
        *keep = *keep || (!is_important(command) && fits(command));
    }
    let pairs = all.iter().zip(keep);
    pairs
        .filter_map(|(command, keep)| keep.then_some(*command))
        .collect()
}
