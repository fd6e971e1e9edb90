//! What the terminal shows: a drawn screen or plain text. Pure: returns frames as bytes.

use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::paint::Painter;
use super::plain_output::PlainOutput;
use crate::app::{MouseTarget, State};
use crate::ui::{self, Theme, plain};

pub(super) struct Surface {
    terminal: Terminal<Painter>,
    /// Plain text instead of a drawn screen.
    plain: Option<PlainOutput>,
    size: (u16, u16),
}

impl Surface {
    /// A surface for a cleared terminal.
    pub(super) fn new((columns, rows): (u16, u16), plain: bool) -> Self {
        let Ok(terminal) = Terminal::new(Painter::new(columns, rows));
        Self {
            terminal,
            plain: plain.then(PlainOutput::default),
            size: (columns, rows),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        if self.size != (columns, rows)
            && let Some(lines) = &mut self.plain
        {
            lines.invalidate();
        }
        self.size = (columns, rows);
        self.terminal.backend_mut().resize(columns, rows);
    }

    /// The content of the terminal is unknown: the next frame is a full one.
    pub(super) fn invalidate(&mut self) {
        if let Some(lines) = &mut self.plain {
            lines.invalidate();
            return;
        }
        self.terminal.backend_mut().invalidate();
        let Ok(()) = self.terminal.clear();
    }

    /// The bytes of the next frame.
    pub(super) fn frame(
        &mut self,
        state: &State,
        theme: &Theme,
        screen: &mut impl FnMut(&State, &Theme, &mut Frame<'_>),
    ) -> String {
        if let Some(lines) = &mut self.plain {
            return lines.draw(plain::page(state, *theme, self.size));
        }
        let Ok(_) = self.terminal.draw(|frame| screen(state, theme, frame));
        self.terminal.backend_mut().take()
    }

    /// Returns the buffer for reuse.
    pub(super) fn reuse(&mut self, bytes: String) {
        self.terminal.backend_mut().reuse(bytes);
    }

    /// What is under the pointer, the outermost first.
    pub(super) fn spots_at(&self, state: &State, theme: Theme, mouse: Position) -> Vec<MouseTarget> {
        match &self.plain {
            Some(lines) => lines
                .page()
                .map_or_else(Vec::new, |page| plain::under(state, page, mouse)),
            None => ui::under(state, theme, Rect::new(0, 0, self.size.0, self.size.1), mouse),
        }
    }
}
