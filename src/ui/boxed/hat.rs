//! The part of a form below the fields: the existing hats or rooms that match and, for a hat, how it will look and what will be
//! stored.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::StatefulWidget;

use crate::app::describe;
use crate::app::view::{
    HatAppearance, PREVIEW_LINES, Preview, SUGGESTION_LINES, SuggestionsView, Truncation,
};
use crate::ui::draw::{MouseTargets, put};
use crate::ui::layout::skip_lines;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::fields::{rule, value_area};
use super::list::ListWidget;

/// Maximum number of lines of this part.
pub(super) const MAX_HEIGHT: u16 = 1 + SUGGESTION_LINES[0] + PREVIEW_LINES;
/// Minimum number of lines for everything except the heading of the existing hats.
pub(super) const MIN_HEIGHT: u16 = SUGGESTION_LINES[1] + PREVIEW_LINES;

/// Draws the part below the fields.
pub(super) struct HatPreview<'v, 'a> {
    pub(super) suggestions: &'v SuggestionsView<'a>,
    pub(super) preview: Option<&'v Preview<'a>>,
    pub(super) theme: &'v Theme,
}

impl StatefulWidget for HatPreview<'_, '_> {
    type State = MouseTargets;

    fn render(self, area: Rect, buffer: &mut Buffer, targets: &mut MouseTargets) {
        let both = area.height > MIN_HEIGHT;
        let preview = match (both, self.suggestions.has_focus) {
            _ if self.preview.is_none() => 0,
            (true, _) => PREVIEW_LINES,
            (false, true) => 0,
            (false, false) => area.height,
        };
        let list = Rect {
            height: area.height - preview,
            ..area
        };
        self.suggestions(buffer, list, targets);
        if let Some(preview) = self.preview {
            self.preview(buffer, skip_lines(area, list.height), preview);
        }
    }
}

impl HatPreview<'_, '_> {
    fn text(&self, buffer: &mut Buffer, line: Rect, text: &str, style: Style) {
        let shown = Sanitized::cut(text, line.width.into(), Truncation::End, self.theme.charset());
        put(buffer, line, &shown, style);
    }

    fn suggestions(&self, buffer: &mut Buffer, area: Rect, targets: &mut MouseTargets) {
        let Some(first) = area.rows().next() else { return };
        let list = &self.suggestions.list;
        let SuggestionsView {
            title, count, total, ..
        } = self.suggestions;
        let number = match describe::grouped(*count) {
            number if count == total => number,
            number => format!("{number} of {}", describe::grouped(*total)),
        };
        self.heading(buffer, first, &format!("{title} {number}"));
        let rows = skip_lines(area, 1);
        if let Some(text) = list.empty.first().filter(|_| list.len == 0) {
            return self.text(buffer, rows, &format!("   {text}"), self.theme.faint());
        }
        let style = if self.suggestions.has_focus {
            Style::new()
        } else {
            self.theme.faint()
        };
        let shown = ListWidget {
            list,
            theme: self.theme,
            focused: true,
            style,
        };
        shown.render(rows, buffer, targets);
    }

    /// Draws how the hat will look in chat, and what will be stored.
    fn preview(&self, buffer: &mut Buffer, area: Rect, preview: &Preview<'_>) {
        // A heading without content would be useless.
        let mut rows = area.rows();
        let (Some(first), Some(second)) = (rows.next(), rows.next()) else {
            return;
        };
        self.heading(buffer, first, "Preview");
        let second = self.label(buffer, second, "In chat");
        self.in_chat(buffer, second, preview);
        let Some(third) = rows.next() else { return };
        self.label(buffer, third, "In file");
        let value = value_area(skip_lines(area, 2));
        let Some(stored) = &preview.stored else {
            let dash = Sanitized::literal(self.theme.dash());
            put(buffer, value, &dash, self.theme.faint());
            return;
        };
        let (columns, max_lines) = (value.width.into(), value.height.into());
        let lines = Sanitized::wrapped(stored, columns, max_lines, self.theme.charset());
        for (row, line) in value.rows().zip(&lines) {
            put(buffer, row, line, Style::new());
        }
    }

    /// Draws the hat next to the user's name, as chat programs show it.
    fn in_chat(&self, buffer: &mut Buffer, row: Rect, preview: &Preview<'_>) {
        let charset = self.theme.charset();
        let half = usize::from(row.width) / 2;
        let name = Sanitized::cut(preview.user, half, Truncation::End, charset);
        let rest = put(buffer, row, &name, self.theme.strong());
        let rest = put(buffer, rest, &Sanitized::literal(" "), Style::new());
        match &preview.appearance {
            HatAppearance::Unknown => {}
            HatAppearance::Inactive => {
                self.text(buffer, rest, "(inactive: not shown)", self.theme.faint());
            }
            HatAppearance::New(title) => self.shown_hat(buffer, rest, title, self.theme.strong()),
            HatAppearance::Hat(title, id, hue) => {
                let style = self.theme.hat(id, hue.as_ref()).add_modifier(Modifier::BOLD);
                self.shown_hat(buffer, rest, title, style);
            }
        }
    }

    fn shown_hat(&self, buffer: &mut Buffer, line: Rect, title: &str, style: Style) {
        let space = usize::from(line.width).saturating_sub(2);
        let title = Sanitized::cut(title, space, Truncation::End, self.theme.charset());
        let shown = Sanitized::literal("[")
            .append(&title)
            .append(&Sanitized::literal("]"));
        put(buffer, line, &shown, style);
    }

    fn label(&self, buffer: &mut Buffer, row: Rect, name: &str) -> Rect {
        let label = format!("  {name:<12}");
        let label = Sanitized::new(&label, self.theme.charset());
        let rest = put(buffer, row, &label, Style::new());
        Rect {
            width: rest.width.saturating_sub(1),
            ..rest
        }
    }

    /// Draws a rule with a heading.
    fn heading(&self, buffer: &mut Buffer, line: Rect, shown: &str) {
        rule(buffer, line, self.theme);
        let heading_area = Rect {
            x: line.x.saturating_add(2).min(line.right()),
            width: line.width.saturating_sub(2),
            ..line
        };
        let shown = format!(" {shown} ");
        put(
            buffer,
            heading_area,
            &Sanitized::new(&shown, self.theme.charset()),
            Style::reset(),
        );
    }
}
