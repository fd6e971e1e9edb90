//! The header: the file, the number of its items, the save state and the actor. Also the problem with the file.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::app::view::{Truncation, screen};
use crate::app::{Phase, SaveState, State};
use crate::ui::draw::{put, put_right};
use crate::ui::layout::with_margin;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Columns between two items.
const GAP: &str = "  ";
/// Minimum width of the file name.
const MIN_FILE_WIDTH: usize = 14;
/// Maximum number of lines for the problem.
const MAX_PROBLEM_LINES: usize = 3;

/// The header line.
pub(super) struct Header<'v> {
    pub(super) state: &'v State,
    pub(super) theme: &'v Theme,
}

impl Widget for Header<'_> {
    fn render(self, line: Rect, buffer: &mut Buffer) {
        let (state, theme, charset) = (self.state, self.theme, self.theme.charset());
        let gap = Sanitized::literal(GAP);
        let right = self.draw_save_state(buffer, with_margin(line));
        let rest = put(buffer, right, &Sanitized::literal("hatrack"), theme.strong());
        let dot = Sanitized::literal(" ")
            .append(&Sanitized::literal(theme.dot()))
            .append(&Sanitized::literal(" "));
        let rest = put(buffer, rest, &dot, theme.faint());
        let counts = screen::counts(state).join(GAP);
        let counts = Sanitized::new(&counts, charset);
        let file = &state.start().file;
        let columns = usize::from(rest.width);
        // The counts are more useful than the full path.
        let counts_width = counts.width() + 2 * GAP.len();
        let min_width = Sanitized::cut(file, MIN_FILE_WIDTH, Truncation::End, charset).width();
        let (rest, space) = if columns >= counts_width + min_width {
            let rest = put_right(buffer, rest, &gap, Style::new());
            let rest = put_right(buffer, rest, &counts, Style::new());
            (rest, columns - counts_width)
        } else {
            (rest, columns.saturating_sub(GAP.len()))
        };
        let name = Sanitized::cut(file, space, Truncation::Middle, charset);
        put(buffer, rest, &name, Style::new());
    }
}

impl Header<'_> {
    /// Draws the save state and the actor; returns the rest of the line.
    fn draw_save_state(&self, buffer: &mut Buffer, line: Rect) -> Rect {
        let (state, theme, charset) = (self.state, self.theme, self.theme.charset());
        let warning = theme.warning_mark();
        let (saved, style) = match state.save_state() {
            SaveState::FileProblem(_) => (format!("{warning} see below"), theme.error()),
            _ if state.phase() != Phase::Open => ("loading".to_owned(), theme.faint()),
            SaveState::Saved => ("saved".to_owned(), theme.success()),
            SaveState::Sending(None) => ("sending".to_owned(), theme.warning()),
            SaveState::Sending(Some(silent)) => (
                format!("{warning} {}", screen::silent_sending(silent)),
                theme.warning(),
            ),
            SaveState::NotSent(counts) => (
                format!("{warning} {}", screen::unsent_changes(counts)),
                theme.warning(),
            ),
            SaveState::NotFollowed => (format!("{warning} rooms not followed"), theme.warning()),
            SaveState::NoFile => ("new file".to_owned(), theme.faint()),
            SaveState::Saving(_) => ("saving".to_owned(), theme.warning()),
            SaveState::NotSaved(number, _) => (
                format!("{warning} {}", screen::unsaved_changes(number)),
                theme.error(),
            ),
            SaveState::ReadOnly(_) => ("read-only".to_owned(), theme.warning()),
            SaveState::Demo => ("demo (not saved)".to_owned(), theme.warning()),
        };
        let space = usize::from(line.width) / 4;
        let actor = Sanitized::cut(&state.start().actor, space, Truncation::End, charset);
        let rest = if actor.is_empty() {
            line
        } else {
            let dot = format!(" {} ", theme.dot());
            let actor = Sanitized::new(&dot, charset).append(&actor);
            put_right(buffer, line, &actor, Style::new())
        };
        put_right(buffer, rest, &Sanitized::new(&saved, charset), style)
    }
}

/// Returns the problem that prevents reading or saving the file, wrapped for a screen of this width; empty if there is
/// none.
pub(super) fn problem_lines(state: &State, theme: &Theme, columns: u16) -> Vec<Sanitized<'static>> {
    let sentence = screen::file_problem(state).map(|problem| format!("{} {problem}", theme.warning_mark()));
    let wrapped = sentence.map(|sentence| {
        let columns = usize::from(columns).saturating_sub(2);
        Sanitized::wrapped(&sentence, columns, MAX_PROBLEM_LINES, theme.charset())
    });
    wrapped.unwrap_or_default()
}
