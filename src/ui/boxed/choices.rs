//! Options and colors side by side.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::MouseTarget;
use crate::app::view::Swatch;
use crate::ui::draw::{MouseTargets, put};
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

/// Divides the options of a choice into lines, as many on each as fit. Returns the indices of the options on each line.
pub(super) fn option_lines(words: &[&str], columns: usize) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut left = 0;
    for (index, word) in words.iter().enumerate() {
        let width = word.len() + 2;
        match lines.last_mut() {
            Some(line) if width <= left => line.end = index + 1,
            _ => {
                lines.push(index..index + 1);
                left = columns;
            }
        }
        left = left.saturating_sub(width);
    }
    lines
}

/// Draws colors side by side, the chosen one in brackets. If the line is too short for all, starts with the chosen one.
pub(super) fn swatches(
    theme: &Theme,
    buffer: &mut Buffer,
    line: Rect,
    colors: &[Swatch],
    targets: &mut MouseTargets,
) {
    let all: usize = colors.iter().map(|color| color.name.len() + 1).sum();
    let chosen = colors.iter().position(|color| color.is_chosen);
    let skipped = if all < usize::from(line.width) {
        0
    } else {
        chosen.unwrap_or_default()
    };
    let mut rest = line;
    let mut before = " ";
    for (index, color) in colors.iter().enumerate().skip(skipped) {
        let start = rest;
        let style = theme.hue(&color.hue);
        let open = if color.is_chosen { "[" } else { before };
        for text in [open, color.name] {
            rest = put(buffer, rest, &Sanitized::literal(text), style);
        }
        before = if color.is_chosen { "]" } else { " " };
        let width = start.width - rest.width;
        targets.add(Rect { width, ..start }, MouseTarget::Choice(index));
    }
    put(buffer, rest, &Sanitized::literal(before), Style::new());
}

/// Draws some of the options side by side, the chosen one in brackets.
pub(super) fn choice(
    theme: &Theme,
    buffer: &mut Buffer,
    line: Rect,
    (words, chosen): (&[&str], usize),
    options: &Range<usize>,
    targets: &mut MouseTargets,
) {
    let mut rest = line;
    let shown = words.iter().enumerate().skip(options.start);
    for (index, word) in shown.take(options.len()) {
        let before = rest;
        let (shown, style) = if index == chosen {
            (format!("[{word}]"), theme.strong())
        } else {
            (format!(" {word} "), Style::new())
        };
        rest = put(buffer, rest, &Sanitized::new(&shown, theme.charset()), style);
        let width = before.width - rest.width;
        targets.add(Rect { width, ..before }, MouseTarget::Choice(index));
    }
}
