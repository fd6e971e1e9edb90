//! The frames for the terminal: a drawn screen or plain text. Pure: returns frames as bytes.

use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use super::paint::Painter;
use super::plain_output::PlainOutput;
use crate::app::{MouseTarget, State};
use crate::ui::{self, Theme, plain};

pub(super) struct Surface {
    terminal: Terminal<Painter>,
    /// The output as plain text, instead of a drawn screen.
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
            && let Some(output) = &mut self.plain
        {
            output.invalidate();
        }
        self.size = (columns, rows);
        self.terminal.backend_mut().resize(columns, rows);
    }

    /// Makes the next frame a full one, because the content of the terminal is unknown.
    pub(super) fn invalidate(&mut self) {
        if let Some(output) = &mut self.plain {
            output.invalidate();
            return;
        }
        self.terminal.backend_mut().invalidate();
        let Ok(()) = self.terminal.clear();
    }

    /// Draws the next frame and returns its bytes.
    pub(super) fn frame(
        &mut self,
        state: &State,
        theme: &Theme,
        screen: &mut impl FnMut(&State, &Theme, &mut Frame<'_>),
    ) -> String {
        if let Some(output) = &mut self.plain {
            return output.draw(plain::page(state, *theme, self.size));
        }
        let Ok(_) = self.terminal.draw(|frame| screen(state, theme, frame));
        self.terminal.backend_mut().take()
    }

    /// Takes back the bytes of a frame, to reuse their memory.
    pub(super) fn reuse(&mut self, bytes: String) {
        self.terminal.backend_mut().reuse(bytes);
    }

    /// The mouse targets at the position of the pointer, the outermost first.
    pub(super) fn targets_at(&self, state: &State, theme: Theme, pointer: Position) -> Vec<MouseTarget> {
        match &self.plain {
            Some(output) => output
                .page()
                .map_or_else(Vec::new, |page| plain::targets_at(state, page, pointer)),
            None => ui::targets_at(state, theme, Rect::new(0, 0, self.size.0, self.size.1), pointer),
        }
    }
}
