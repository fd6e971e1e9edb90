//! The part of a form below the fields: the suggestions and, for a hat, a preview.

use std::cmp::Ordering;

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

use super::fields::{LABEL_WIDTH, value_area};
use super::list::ListWidget;

/// Maximum number of lines of the part below the fields.
pub(super) const MAX_HEIGHT: u16 = 1 + SUGGESTION_LINES[0] + PREVIEW_LINES;
/// Minimum number of lines for everything except the heading of the suggestions.
pub(super) const MIN_HEIGHT: u16 = SUGGESTION_LINES[1] + PREVIEW_LINES;

/// The minimum number of suggestions that are shown; a heading alone would be useless.
pub(super) const LEAST_SUGGESTIONS: usize = 2;
/// Maximum number of lines for what will be stored.
const MAX_STORED_LINES: u16 = 6;

/// Draws the part below the fields.
pub(super) struct SuggestionsWidget<'v, 'a> {
    pub(super) suggestions: &'v SuggestionsView<'a>,
    pub(super) preview: Option<&'v Preview<'a>>,
    pub(super) theme: &'v Theme,
}

impl StatefulWidget for SuggestionsWidget<'_, '_> {
    type State = MouseTargets;

    fn render(self, area: Rect, buffer: &mut Buffer, targets: &mut MouseTargets) {
        let both_fit = area.height > MIN_HEIGHT;
        let preview = match (both_fit, self.suggestions.has_focus) {
            _ if self.preview.is_none() => 0,
            // While the list has the focus, its page size assumes this height (`FieldsView::page_size`).
            (true, _) if self.suggestions.list.selected.is_some() => PREVIEW_LINES,
            (true, _) => {
                let spare = area.height - MIN_HEIGHT - 1;
                PREVIEW_LINES + self.missing_lines(area.width).min(spare)
            }
            (false, true) => 0,
            (false, false) => area.height,
        };
        let list = Rect {
            height: area.height - preview,
            ..area
        };
        self.draw_suggestions(buffer, list, targets);
        if let Some(preview) = self.preview {
            self.draw_preview(buffer, skip_lines(area, list.height), preview);
        }
    }
}

impl SuggestionsWidget<'_, '_> {
    fn draw_text(&self, buffer: &mut Buffer, line: Rect, text: &str, style: Style) {
        let shown = Sanitized::cut(text, line.width.into(), Truncation::End, self.theme.charset());
        put(buffer, line, &shown, style);
    }

    /// The number of lines that a preview of the usual height lacks for what will be stored.
    fn missing_lines(&self, width: u16) -> u16 {
        let stored = self.preview.and_then(|preview| preview.stored.as_ref());
        let columns = usize::from(width.saturating_sub(LABEL_WIDTH + 1));
        let lines = stored.map(|stored| {
            let text = format!("{}: {}", stored.id, stored.value);
            Sanitized::wrapped(
                &text,
                columns,
                usize::from(MAX_STORED_LINES),
                self.theme.charset(),
            )
            .len()
        });
        let lines = u16::try_from(lines.unwrap_or_default()).unwrap_or_default();
        lines.saturating_sub(PREVIEW_LINES - 2)
    }

    fn draw_suggestions(&self, buffer: &mut Buffer, area: Rect, targets: &mut MouseTargets) {
        let Some(first) = area.rows().next() else { return };
        let list = &self.suggestions.list;
        let SuggestionsView {
            title, count, total, ..
        } = self.suggestions;
        let number = match describe::with_thousands_commas(*count) {
            number if count == total => number,
            number => format!("{number} of {}", describe::with_thousands_commas(*total)),
        };
        let least = u16::try_from(list.len.clamp(1, LEAST_SUGGESTIONS)).unwrap_or(1);
        let rows = match area.height.cmp(&least) {
            Ordering::Less => return,
            Ordering::Equal => area,
            Ordering::Greater => {
                self.draw_heading(buffer, first, &format!("{title} {number}"));
                skip_lines(area, 1)
            }
        };
        if let Some(text) = list.empty_lines.first().filter(|_| list.len == 0) {
            return self.draw_text(buffer, rows, &format!("   {text}"), self.theme.faint());
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

    /// Draws the appearance of the hat in chat and the JSON that will be stored.
    fn draw_preview(&self, buffer: &mut Buffer, area: Rect, preview: &Preview<'_>) {
        // A heading without content would be useless.
        let mut rows = area.rows();
        let (Some(first), Some(second)) = (rows.next(), rows.next()) else {
            return;
        };
        let heading = match preview.skipped.as_str() {
            "" => "Preview".to_owned(),
            skipped => format!("Preview ({skipped})"),
        };
        self.draw_heading(buffer, first, &heading);
        let second = self.draw_label(buffer, second, "In chat");
        self.draw_in_chat(buffer, second, preview);
        let Some(third) = rows.next() else { return };
        self.draw_label(buffer, third, "In file");
        let value = value_area(skip_lines(area, 2));
        let Some(stored) = &preview.stored else {
            let dash = Sanitized::literal(self.theme.dash());
            put(buffer, value, &dash, self.theme.faint());
            return;
        };
        let (columns, max_lines) = (value.width.into(), value.height.into());
        let wrapped = |text: &str, lines| Sanitized::wrapped(text, columns, lines, self.theme.charset());
        let full = format!("{}: {}", stored.id, stored.value);
        // The ID stands in the form above.
        let text = if wrapped(&full, max_lines + 1).len() > max_lines {
            &stored.value
        } else {
            &full
        };
        let lines = wrapped(text, max_lines);
        for (row, line) in value.rows().zip(&lines) {
            put(buffer, row, line, Style::new());
        }
    }

    /// Draws the hat next to the user's name, as chat programs show hats.
    fn draw_in_chat(&self, buffer: &mut Buffer, row: Rect, preview: &Preview<'_>) {
        let charset = self.theme.charset();
        let half = usize::from(row.width) / 2;
        let name = Sanitized::cut(preview.user, half, Truncation::End, charset);
        let rest = put(buffer, row, &name, self.theme.strong());
        let rest = put(buffer, rest, &Sanitized::literal(" "), Style::new());
        match &preview.appearance {
            HatAppearance::Unknown => {}
            HatAppearance::Inactive => {
                self.draw_text(buffer, rest, "(inactive: not shown)", self.theme.faint());
            }
            HatAppearance::New(title) => self.draw_hat(buffer, rest, title, self.theme.strong()),
            HatAppearance::Hat(title, id, hue) => {
                let style = self.theme.hat(id, hue.as_ref()).add_modifier(Modifier::BOLD);
                self.draw_hat(buffer, rest, title, style);
            }
        }
    }

    fn draw_hat(&self, buffer: &mut Buffer, line: Rect, title: &str, style: Style) {
        let space = usize::from(line.width).saturating_sub(2);
        let title = Sanitized::cut(title, space, Truncation::End, self.theme.charset());
        let shown = Sanitized::literal("[")
            .append(&title)
            .append(&Sanitized::literal("]"));
        put(buffer, line, &shown, style);
    }

    fn draw_label(&self, buffer: &mut Buffer, row: Rect, name: &str) -> Rect {
        let label = format!("  {name:<12}");
        let label = Sanitized::new(&label, self.theme.charset());
        let rest = put(buffer, row, &label, Style::new());
        Rect {
            width: rest.width.saturating_sub(1),
            ..rest
        }
    }

    /// Draws a rule with a heading.
    fn draw_heading(&self, buffer: &mut Buffer, line: Rect, shown: &str) {
        draw_rule(buffer, line, self.theme);
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

/// Draws a horizontal rule.
pub(super) fn draw_rule(buffer: &mut Buffer, line: Rect, theme: &Theme) {
    let dash = Sanitized::literal(theme.frame(false).horizontal_top);
    for column in line.columns() {
        put(buffer, column, &dash, theme.border(false));
    }
}
