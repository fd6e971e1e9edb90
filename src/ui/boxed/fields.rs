//! Forms: the fields with their problems and, below them, the suggestions and the preview.
//!
//! The text areas inside [`TextInput`](crate::app::text::TextInput) do not draw themselves, because they would neither
//! sanitize their text nor scroll by columns.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::StatefulWidget;

use crate::app::view::{FieldView, FieldsView, SUGGESTION_LINES, Swatch, Truncation, ValueView};
use crate::model::{HatId, Hue};
use crate::ui::draw::{MouseTargets, put};
use crate::ui::layout::skip_lines;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::choices::{draw_choice, draw_choice_line, draw_swatches, option_lines};
use super::suggestions::{self, SuggestionsWidget};
use super::text_input::{draw_input, draw_input_line, draw_secret};

/// Width of the marker and the label before a field.
pub(super) const LABEL_WIDTH: u16 = 14;
/// Maximum number of lines for the hint of a field.
const MAX_HINT_LINES: usize = 3;
/// Maximum number of lines for problems.
const MAX_PROBLEM_LINES: usize = 14;

/// Draws fields, and collects their mouse targets.
pub(super) struct FieldsWidget<'v, 'a> {
    pub(super) fields: &'v FieldsView<'a>,
    pub(super) theme: &'v Theme,
    /// The cursor position, set by drawing.
    pub(super) cursor: &'v mut Option<Position>,
}

/// A line of a form: the first line of a field, a line below it, or a line of the warning above all fields. The first
/// number, if there is one, is the index of the field.
enum FieldLine<'v> {
    /// The first line of a field, and the index of the option or line of text that is shown on it; 0 for other fields.
    Field(usize, usize),
    /// Another option, with its index, on a line of its own.
    ChoiceLine(usize, usize),
    /// Another line of a text, with its index.
    TextLine(usize, usize),
    /// Another line of options side by side, with their indices.
    Options(usize, Range<usize>),
    Problem(Sanitized<'static>),
    Hint(Sanitized<'static>),
    /// A sample title in the typed hue.
    Sample(&'v str, &'v HatId, Option<&'v Hue>),
    /// The colors to choose from.
    Swatches(&'v [Swatch]),
}

/// Maximum number of lines of a text that are shown at once.
const MAX_TEXT_LINES: usize = 8;

/// Returns the maximum height of a form without its frame.
pub(super) fn height(fields: &FieldsView<'_>, columns: u16, theme: &Theme) -> u16 {
    let all = lines(fields, columns, u16::MAX, theme).len();
    // Reserves lines, so that the form does not jump when an error replaces a hint: two for each field or, with a list
    // below the fields, two for each field with a reserved line below it and one for each other field. Nothing is
    // reserved if options have lines of their own.
    let lines_below = fields
        .fields
        .iter()
        .filter(|field| reserves_line_below(field))
        .count();
    let lacks_option_lines = fields
        .fields
        .iter()
        .all(|field| !matches!(field.value, ValueView::ChoiceLines(..)));
    let all = match (&fields.suggestions, lacks_option_lines) {
        (Some(_), _) => fields.fields.len() + lines_below,
        (None, true) => all.max(fields.fields.len() * 2),
        (None, false) => all,
    };
    let rest = if fields.suggestions.is_some() {
        suggestions::MAX_HEIGHT
    } else {
        0
    };
    // One blank line above and one below.
    u16::try_from(all).unwrap_or(u16::MAX).saturating_add(2 + rest)
}

/// Returns whether a line is reserved below a field for a hint or problem.
fn reserves_line_below(field: &FieldView<'_>) -> bool {
    !matches!(field.value, ValueView::Checkbox(..) | ValueView::ChoiceLines(..))
}

/// Returns the lines of all fields for this width. If they do not fit the height, hints of other fields than the
/// focused one are left out. All colors are left out, too, and so are the options that are not chosen, if each option
/// has its own line.
fn lines<'v>(fields: &'v FieldsView<'_>, columns: u16, height: u16, theme: &Theme) -> Vec<FieldLine<'v>> {
    // The number of lines that the hints need is known only once they are wrapped.
    let full = arranged(fields, (columns, height), theme, false);
    if full.len() > usize::from(height) {
        arranged(fields, (columns, height), theme, true)
    } else {
        full
    }
}

/// Returns the lines of all fields. `brief`: it is known that they do not all fit.
fn arranged<'v>(
    fields: &'v FieldsView<'_>,
    (columns, height): (u16, u16),
    theme: &Theme,
    brief: bool,
) -> Vec<FieldLine<'v>> {
    let columns = usize::from(columns.saturating_sub(LABEL_WIDTH + 1));
    let height = usize::from(height);
    let problem = |text: &str, max_lines: usize| {
        let sentence = format!("{} {text}", theme.warning_mark());
        let wrapped = Sanitized::wrapped(&sentence, columns, max_lines, theme.charset());
        wrapped.into_iter().map(FieldLine::Problem)
    };
    let warning: Vec<FieldLine<'_>> = fields.warning.iter().flat_map(|text| problem(text, 2)).collect();
    let other_options = |field: &FieldView<'_>| match field.value {
        ValueView::ChoiceLines(all, _) => all.len().saturating_sub(1),
        _ => 0,
    };
    let options_of = |field: &FieldView<'_>| match &field.value {
        ValueView::Choice(words, _) => option_lines(words, columns),
        _ => Vec::new(),
    };
    let text_lines = |index: usize, field: &FieldView<'_>| shown_lines(field, index == fields.focus, height);
    let below = |index: usize, field: &FieldView<'_>| {
        usize::from(reserves_line_below(field))
            + other_options(field)
            + options_of(field).len().saturating_sub(1)
            + text_lines(index, field).len().saturating_sub(1)
    };
    let all = warning.len()
        + fields
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| 1 + below(index, field))
            .sum::<usize>();
    let is_brief = brief || all > height;
    // While the list has the focus, its page size assumes hints of one line (`FieldsView::page_size`).
    let is_list_focused = fields
        .suggestions
        .as_ref()
        .is_some_and(|suggestions| suggestions.list.selected.is_some());
    let max_hint_lines = if is_list_focused { 1 } else { MAX_HINT_LINES };
    let mut lines = warning;
    for (index, field) in fields.fields.iter().enumerate() {
        let chosen = match &field.value {
            ValueView::ChoiceLines(_, chosen) if is_brief => *chosen,
            ValueView::Lines(_) => text_lines(index, field).start,
            _ => 0,
        };
        lines.push(FieldLine::Field(index, chosen));
        lines.extend(
            text_lines(index, field)
                .skip(1)
                .map(|line| FieldLine::TextLine(index, line)),
        );
        let options = options_of(field).into_iter().skip(1);
        lines.extend(options.map(|options| FieldLine::Options(index, options)));
        if !is_brief {
            lines.extend((1..=other_options(field)).map(|option| FieldLine::ChoiceLine(index, option)));
        }
        match field.problems.as_ref() {
            [] => {}
            [one] => lines.extend(problem(one, 3)),
            many => {
                let others = fields.fields.len() + if is_brief { 0 } else { all - fields.fields.len() };
                let available = height.saturating_sub(others).clamp(1, MAX_PROBLEM_LINES);
                lines.extend(
                    problem_lines(many, columns, available, theme)
                        .into_iter()
                        .map(FieldLine::Problem),
                );
            }
        }
        if let Some((title, id, hue)) = &field.sample {
            lines.push(FieldLine::Sample(title, id, hue.as_ref()));
        }
        if let Some(hint) = field
            .hint
            .as_deref()
            .filter(|_| !is_brief || index == fields.focus)
            && field.problems.is_empty()
        {
            let wrapped = Sanitized::wrapped(hint, columns, max_hint_lines, theme.charset());
            lines.extend(wrapped.into_iter().map(FieldLine::Hint));
        }
        if !field.swatches.is_empty() && !is_brief {
            lines.push(FieldLine::Swatches(&field.swatches));
        }
    }
    lines
}

/// Returns the lines of a field's text that are shown, including the one with the cursor. A text without the focus has
/// one line, like any other field.
fn shown_lines(field: &FieldView<'_>, focused: bool, height: usize) -> Range<usize> {
    match &field.value {
        ValueView::Lines(text) if focused => {
            let max_lines = MAX_TEXT_LINES.min(height.saturating_sub(3)).max(1);
            let (cursor, all) = (text.cursor_in_lines().0, text.lines().len());
            let first = (cursor + 1).saturating_sub(max_lines);
            first..all.min(first + max_lines)
        }
        _ => 0..1,
    }
}

/// Returns the wrapped problems, as many as fit into `height` lines, and then the number of the other problems.
fn problem_lines(
    problems: &[String],
    columns: usize,
    height: usize,
    theme: &Theme,
) -> Vec<Sanitized<'static>> {
    let mut lines = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let last = index + 1 == problems.len();
        let remaining = height.saturating_sub(lines.len() + usize::from(!last));
        // The first two, a heading and a problem, are always shown, cut if necessary.
        let max_lines = if index < 2 { remaining.clamp(1, 3) } else { 3 };
        let wrapped = Sanitized::wrapped(problem, columns, max_lines, theme.charset());
        if wrapped.len() > remaining && index > 1 {
            let more = format!("and {} more", problems.len() - index);
            lines.push(Sanitized::new(&more, theme.charset()).into_owned());
            break;
        }
        lines.extend(wrapped);
    }
    lines
}

impl StatefulWidget for FieldsWidget<'_, '_> {
    type State = MouseTargets;

    fn render(self, area: Rect, buffer: &mut Buffer, targets: &mut MouseTargets) {
        let fields = self.fields;
        let suggestions = fields.suggestions.as_ref();
        let selected = suggestions.and_then(|suggestions| suggestions.list.selected);
        let mut lines = lines(fields, area.width, area.height, self.theme);
        // On a small screen, the focused list replaces the other fields.
        if selected.is_some() && usize::from(area.height) < lines.len() + 1 + usize::from(SUGGESTION_LINES[1])
        {
            lines.retain(|line| matches!(line, FieldLine::Field(index, _) if *index == fields.focus));
        }
        // Hints make way for the list of the focused field if it then shows something useful.
        if let Some(list) = suggestions.filter(|list| list.has_focus && selected.is_none()) {
            let least = list.list.len.clamp(1, suggestions::LEAST_SUGGESTIONS);
            let is_kept = |line: &FieldLine<'_>| !matches!(line, FieldLine::Hint(_));
            let brief = lines.iter().filter(|line| is_kept(line)).count();
            let height = usize::from(area.height);
            if lines.len() + least >= height && brief + least <= height {
                lines.retain(is_kept);
            }
        }
        let needed = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let rest = suggestions.map_or(0, |_| suggestions::MIN_HEIGHT + 2);
        // A blank line at the top, if there is space.
        let spare = u16::from(area.height > needed.saturating_add(rest));
        let inner = skip_lines(area, spare);
        let painter = FieldsRenderer {
            fields,
            theme: self.theme,
        };
        let cursor = painter.draw_lines(buffer, inner, &lines, targets);
        *self.cursor = cursor.filter(|_| selected.is_none());
        if let Some(suggestions) = suggestions {
            let rest = skip_lines(inner, needed.saturating_add(spare));
            let lower_part = SuggestionsWidget {
                suggestions,
                preview: fields.preview.as_ref(),
                theme: self.theme,
            };
            lower_part.render(rest, buffer, targets);
        }
    }
}

struct FieldsRenderer<'v, 'a> {
    fields: &'v FieldsView<'a>,
    theme: &'v Theme,
}

impl FieldsRenderer<'_, '_> {
    fn draw_text(&self, buffer: &mut Buffer, line: Rect, text: &str, style: Style) -> Rect {
        let shown = Sanitized::cut(text, line.width.into(), Truncation::End, self.theme.charset());
        put(buffer, line, &shown, style)
    }

    /// Draws as many lines as fit, including the focused field. Returns the cursor position.
    fn draw_lines(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        lines: &[FieldLine<'_>],
        targets: &mut MouseTargets,
    ) -> Option<Position> {
        let height = usize::from(area.height);
        let is_focused =
            |line: &FieldLine<'_>| matches!(line, FieldLine::Field(index, _) if *index == self.fields.focus);
        let focus = lines.iter().position(is_focused).unwrap_or_default();
        // Lines below the focused field stay visible with it.
        let is_below =
            |line: &&FieldLine<'_>| !matches!(line, FieldLine::Field(..) | FieldLine::ChoiceLine(..));
        let below = lines.iter().skip(focus + 1).take_while(is_below).count();
        let first = (focus + 1 + below.max(1)).saturating_sub(height).min(focus);
        let mut cursor = None;
        for (row, line) in area.rows().zip(lines.iter().skip(first)) {
            let value = value_area(row);
            match line {
                FieldLine::Field(index, option) => {
                    let Some(field) = self.fields.fields.get(*index) else {
                        continue;
                    };
                    if let Some(target) = field.mouse_target {
                        targets.add(row, target);
                    }
                    let shown = (field, *option);
                    let position = self.draw_field(buffer, row, shown, *index == self.fields.focus, targets);
                    cursor = cursor.or(position);
                }
                FieldLine::TextLine(index, line) => {
                    if let Some(ValueView::Lines(text)) =
                        self.fields.fields.get(*index).map(|field| &field.value)
                    {
                        let position = draw_input_line(buffer, value, (text, *line), self.theme);
                        cursor = cursor.or(position);
                    }
                }
                FieldLine::Options(index, options) => {
                    if let Some(ValueView::Choice(words, chosen)) =
                        self.fields.fields.get(*index).map(|field| &field.value)
                    {
                        draw_choice(self.theme, buffer, value, (words, *chosen), options, targets);
                    }
                }
                FieldLine::ChoiceLine(index, option) => {
                    if let Some(field) = self.fields.fields.get(*index) {
                        draw_choice_line(self.theme, buffer, value, field, *option, targets);
                    }
                }
                FieldLine::Problem(problem) => drop(put(buffer, value, problem, self.theme.error())),
                FieldLine::Sample(title, id, hue) => {
                    let style = self.theme.hat(id, *hue);
                    let rest = put(
                        buffer,
                        value,
                        &Sanitized::literal(self.theme.hat_mark(true)),
                        style,
                    );
                    let rest = put(buffer, rest, &Sanitized::literal(" "), style);
                    self.draw_text(buffer, rest, title, style);
                }
                FieldLine::Swatches(colors) => draw_swatches(self.theme, buffer, value, colors, targets),
                FieldLine::Hint(hint) => drop(put(buffer, value, hint, self.theme.faint())),
            }
        }
        cursor
    }

    /// Draws the first line of a field. `index` is the index of the option or line of text that is shown on it. Returns
    /// the cursor position if the cursor is on this line.
    fn draw_field(
        &self,
        buffer: &mut Buffer,
        row: Rect,
        (field, index): (&FieldView<'_>, usize),
        focused: bool,
        targets: &mut MouseTargets,
    ) -> Option<Position> {
        let theme = self.theme;
        let style = if focused { theme.title(true) } else { Style::new() };
        let marker = if focused { ">" } else { " " };
        let label = format!("{marker} {:<12}", field.label);
        let rest = put(buffer, row, &Sanitized::new(&label, theme.charset()), style);
        let rest = Rect {
            width: rest.width.saturating_sub(1),
            ..rest
        };
        match &field.value {
            ValueView::Lines(text) if focused => {
                return draw_input_line(buffer, rest, (text, index), theme);
            }
            ValueView::Text(text) | ValueView::Lines(text) => {
                let cursor = draw_input(buffer, rest, text, theme, Modifier::UNDERLINED);
                return focused.then_some(cursor);
            }
            ValueView::Secret { typed, cursor } => {
                let cursor = draw_secret(buffer, rest, (*typed, *cursor));
                return focused.then_some(cursor);
            }
            ValueView::Checkbox(checked, meaning, short) => {
                let checkbox = checked.map_or("[-]", |checked| theme.checkbox(checked));
                let rest = put(buffer, rest, &Sanitized::literal(checkbox), style);
                let rest = put(buffer, rest, &Sanitized::literal(" "), style);
                // A meaning that does not fit is shown in short, or left out.
                let fits =
                    |text: &&str| Sanitized::new(text, theme.charset()).width() <= usize::from(rest.width);
                let shown = [meaning.as_str(), *short].into_iter().find(fits);
                self.draw_text(buffer, rest, shown.unwrap_or_default(), theme.faint());
            }
            ValueView::Choice(words, chosen) => {
                let first = option_lines(words, rest.width.into()).into_iter().next();
                draw_choice(
                    theme,
                    buffer,
                    rest,
                    (words, *chosen),
                    &first.unwrap_or_default(),
                    targets,
                );
            }
            ValueView::ChoiceLines(..) => draw_choice_line(theme, buffer, rest, field, index, targets),
        }
        None
    }
}

/// Returns the area to the right of the labels.
pub(super) fn value_area(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(LABEL_WIDTH).min(area.right()),
        width: area.width.saturating_sub(LABEL_WIDTH + 1),
        ..area
    }
}
