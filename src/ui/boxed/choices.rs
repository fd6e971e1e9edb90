//! Options, side by side or one per line, and colors side by side.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::MouseTarget;
use crate::app::view::{FieldView, Swatch, Truncation, ValueView};
use crate::ui::draw::{MouseTargets, put};
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Divides the options of a choice into lines, as many on each as fit. Returns the indices of the options on each line.
pub(super) fn option_lines(options: &[&str], columns: usize) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut remaining = 0;
    for (index, option) in options.iter().enumerate() {
        let width = option.len() + 2;
        match lines.last_mut() {
            Some(line) if width <= remaining => line.end = index + 1,
            _ => {
                lines.push(index..index + 1);
                remaining = columns;
            }
        }
        remaining = remaining.saturating_sub(width);
    }
    lines
}

/// Draws colors side by side, the chosen one in brackets. If the line is too short for all, starts with the chosen one.
pub(super) fn draw_swatches(
    theme: &Theme,
    buffer: &mut Buffer,
    line: Rect,
    colors: &[Swatch],
    targets: &mut MouseTargets,
) {
    let total_width: usize = colors.iter().map(|color| color.name.len() + 1).sum();
    let chosen = colors.iter().position(|color| color.is_chosen);
    let skipped = if total_width < usize::from(line.width) {
        0
    } else {
        chosen.unwrap_or_default()
    };
    let mut rest = line;
    let mut separator = " ";
    for (index, color) in colors.iter().enumerate().skip(skipped) {
        let start = rest;
        let style = theme.hue(&color.hue);
        let open = if color.is_chosen { "[" } else { separator };
        for text in [open, color.name] {
            rest = put(buffer, rest, &Sanitized::literal(text), style);
        }
        separator = if color.is_chosen { "]" } else { " " };
        let width = start.width - rest.width;
        targets.add(Rect { width, ..start }, MouseTarget::Choice(index));
    }
    put(buffer, rest, &Sanitized::literal(separator), Style::new());
}

/// Draws some of the options side by side, the chosen one in brackets.
pub(super) fn draw_choice(
    theme: &Theme,
    buffer: &mut Buffer,
    line: Rect,
    (options, chosen): (&[&str], usize),
    indices: &Range<usize>,
    targets: &mut MouseTargets,
) {
    let mut rest = line;
    let shown = options.iter().enumerate().skip(indices.start);
    for (index, option) in shown.take(indices.len()) {
        let start = rest;
        let (shown, style) = if index == chosen {
            (format!("[{option}]"), theme.strong())
        } else {
            (format!(" {option} "), Style::new())
        };
        rest = put(buffer, rest, &Sanitized::new(&shown, theme.charset()), style);
        let width = start.width - rest.width;
        targets.add(Rect { width, ..start }, MouseTarget::Choice(index));
    }
}

/// Draws one of the options that have lines of their own.
pub(super) fn draw_choice_line(
    theme: &Theme,
    buffer: &mut Buffer,
    line: Rect,
    field: &FieldView<'_>,
    index: usize,
    targets: &mut MouseTargets,
) {
    let ValueView::ChoiceLines(all, chosen) = field.value else {
        return;
    };
    let Some(words) = all.get(index) else { return };
    targets.add(line, MouseTarget::Choice(index));
    let style = if index == chosen {
        theme.strong()
    } else {
        Style::new()
    };
    let mark = theme.option(index == chosen);
    let rest = put(buffer, line, &Sanitized::literal(mark), style);
    let rest = put(buffer, rest, &Sanitized::literal(" "), style);
    let shown = Sanitized::cut(words, rest.width.into(), Truncation::End, theme.charset());
    put(buffer, rest, &shown, style);
}
