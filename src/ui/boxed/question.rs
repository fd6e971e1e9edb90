//! A question: paragraphs, and below them the keys that answer it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::app::State;
use crate::app::view::QuestionParagraph;
use crate::ui::draw::put;
use crate::ui::layout::skip_lines;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::footer::KeyHints;

/// Maximum number of lines of a paragraph.
const MAX_PARAGRAPH_LINES: usize = 6;

/// Returns the paragraphs, wrapped to this width.
pub(super) fn wrapped(
    paragraphs: &[QuestionParagraph],
    columns: u16,
    theme: &Theme,
) -> Vec<(Sanitized<'static>, Style)> {
    let wrap = |paragraph: &QuestionParagraph| {
        let style = if paragraph.strong {
            theme.strong()
        } else {
            Style::new()
        };
        let lines = Sanitized::wrapped(
            &paragraph.text,
            columns.into(),
            MAX_PARAGRAPH_LINES,
            theme.charset(),
        );
        lines.into_iter().map(move |line| (line, style))
    };
    paragraphs.iter().flat_map(wrap).collect()
}

/// Draws a question. ratatui's `Paragraph` is not used, because it wraps by other widths and does not sanitize.
pub(super) struct Question<'v> {
    pub(super) lines: Vec<(Sanitized<'static>, Style)>,
    pub(super) theme: &'v Theme,
    /// The state that determines the keys below the question; `None` hides the keys.
    pub(super) state: Option<&'v State>,
}

impl Widget for Question<'_> {
    fn render(mut self, area: Rect, buffer: &mut Buffer) {
        // The keys need the last line. If the other lines are too few, blank lines are left out first.
        let available = usize::from(area.height).saturating_sub(1);
        if self.lines.len() > available {
            self.lines.retain(|(line, _)| !line.is_empty());
        }
        let is_cut = self.lines.len() > available;
        self.lines.truncate(available);
        if let Some((last, _)) = self.lines.last_mut().filter(|_| is_cut) {
            // The extra characters make the cut add an ellipsis.
            let (columns, charset) = (usize::from(area.width), self.theme.charset());
            let longer = format!("{} {}", last.as_str().trim_end(), "x".repeat(columns));
            let truncation = crate::app::view::Truncation::End;
            *last =
                Sanitized::cut(&longer, last.width().max(4).min(columns), truncation, charset).into_owned();
        }
        let text = skip_lines(area, u16::from(available > self.lines.len()));
        for (row, (line, style)) in text.rows().zip(&self.lines) {
            put(buffer, row, line, *style);
        }
        if let (Some(state), Some(last)) = (self.state, area.rows().next_back()) {
            KeyHints {
                state,
                theme: self.theme,
            }
            .render(last, buffer);
        }
    }
}
