//! The line at the top: the file, what it holds, whether it is saved, who works here; and what keeps it from being saved.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::app::view::{Truncation, screen};
use crate::app::{Phase, SaveState, State};
use crate::ui::draw::{put, put_right};
use crate::ui::layout::indented;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Columns between two things.
const GAP: &str = "  ";
/// Columns that the file gets at least.
const FILE: usize = 14;
/// What keeps the file from being saved takes no more lines than these from the panes.
const TROUBLE: usize = 3;

/// The line at the top.
pub(super) struct Header<'v> {
    pub(super) state: &'v State,
    pub(super) theme: &'v Theme,
}

impl Widget for Header<'_> {
    fn render(self, line: Rect, buffer: &mut Buffer) {
        let (state, theme, charset) = (self.state, self.theme, self.theme.charset());
        let gap = Sanitized::literal(GAP);
        let right = self.right(buffer, indented(line));
        let rest = put(buffer, right, &Sanitized::literal("hatrack"), theme.strong());
        let dot = Sanitized::literal(" ")
            .and(&Sanitized::literal(theme.dot()))
            .and(&Sanitized::literal(" "));
        let rest = put(buffer, rest, &dot, theme.faint());
        let counts = screen::counts(state).join(GAP);
        let counts = Sanitized::new(&counts, charset);
        let file = &state.start().file;
        let columns = usize::from(rest.width);
        // What the file holds tells more than all of its path.
        let beside = counts.width() + 2 * GAP.len();
        let wanted = Sanitized::cut(file, FILE, Truncation::End, charset).width();
        let (rest, space) = if columns >= beside + wanted {
            let rest = put_right(buffer, rest, &gap, Style::new());
            let rest = put_right(buffer, rest, &counts, Style::new());
            (rest, columns - beside)
        } else {
            (rest, columns.saturating_sub(GAP.len()))
        };
        let name = Sanitized::cut(file, space, Truncation::Middle, charset);
        put(buffer, rest, &name, Style::new());
    }
}

impl Header<'_> {
    /// Whether it is saved, and by whom; gives the line without it.
    fn right(&self, buffer: &mut Buffer, line: Rect) -> Rect {
        let (state, theme, charset) = (self.state, self.theme, self.theme.charset());
        let warning = theme.warning_mark();
        let (saved, style) = match state.saved() {
            SaveState::Trouble(_) => (format!("{warning} see below"), theme.error()),
            _ if state.phase() != Phase::Open => ("opening".to_owned(), theme.faint()),
            SaveState::Saved => ("saved".to_owned(), theme.good()),
            SaveState::NoFile => ("new file".to_owned(), theme.faint()),
            SaveState::Saving(_) => ("saving".to_owned(), theme.warning()),
            SaveState::NotSaved(number, _) => {
                (format!("{warning} {}", screen::not_saved(number)), theme.error())
            }
            SaveState::ReadOnly(_) => ("read-only".to_owned(), theme.warning()),
            SaveState::Demo => ("demo, nothing is saved".to_owned(), theme.warning()),
        };
        let space = usize::from(line.width) / 4;
        let actor = Sanitized::cut(&state.start().actor, space, Truncation::End, charset);
        let rest = if actor.is_empty() {
            line
        } else {
            let dot = format!(" {} ", theme.dot());
            let who = Sanitized::new(&dot, charset).and(&actor);
            put_right(buffer, line, &who, Style::new())
        };
        put_right(buffer, rest, &Sanitized::new(&saved, charset), style)
    }
}

/// What keeps the file from being read or written, in lines of so many columns; none while nothing does.
pub(super) fn trouble(state: &State, theme: &Theme, columns: u16) -> Vec<Sanitized<'static>> {
    let sentence = screen::trouble(state).map(|trouble| format!("{} {trouble}", theme.warning_mark()));
    let folded = sentence.map(|sentence| {
        let columns = usize::from(columns).saturating_sub(2);
        Sanitized::folded(&sentence, columns, TROUBLE, theme.charset())
    });
    folded.unwrap_or_default()
}
