//! The fields of a form with their problems, the existing hats, the preview, and what will be stored.
//!
//! The text area does not draw itself, because it would neither sanitize the text nor scroll by terminal columns.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::StatefulWidget;

use crate::app::MouseTarget;
use crate::app::view::{FieldView, FieldsView, SUGGESTION_LINES, Swatch, Truncation, ValueView};
use crate::model::{HatId, Hue};
use crate::ui::draw::{MouseSpots, put};
use crate::ui::layout::skip_lines;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::choices::{choice, option_lines, swatches};
use super::hat::{self, HatPreview};
use super::text_input::{input, input_line, secret};

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

/// A line: a field, or text below it.
enum FieldLine<'v> {
    /// The option shown on the line of a field with phrases.
    Field(usize, usize),
    /// Another option, on its own line.
    ChoiceLine(usize, usize),
    /// A further line of a text.
    TextLine(usize, usize),
    /// A further line of options side by side.
    Options(usize, Range<usize>),
    Problem(Sanitized<'static>),
    Hint(Sanitized<'static>),
    /// A sample title in the typed hue.
    Sample(&'v str, &'v HatId, Option<&'v Hue>),
    /// The colors to choose from.
    Swatches(&'v [Swatch]),
}

/// The most lines of a text that are shown at once.
const MAX_TEXT_LINES: usize = 8;

/// Maximum height of a form without its frame.
pub(super) fn height(fields: &FieldsView<'_>, columns: u16, theme: &Theme) -> u16 {
    let all = lines(fields, columns, u16::MAX, theme).len();
    // Reserves space so that the form does not jump when an error replaces a hint: two lines per field, or, if a list
    // fills the rest, for the fields with text below them.
    let texts = fields.fields.iter().filter(|field| has_line_below(field)).count();
    let is_form = fields
        .fields
        .iter()
        .all(|field| !matches!(field.value, ValueView::ChoiceLines(..)));
    let all = match (&fields.suggestions, is_form) {
        (Some(_), _) => fields.fields.len() + texts,
        (None, true) => all.max(fields.fields.len() * 2),
        (None, false) => all,
    };
    let rest = if fields.suggestions.is_some() {
        hat::MAX_HEIGHT
    } else {
        0
    };
    // One blank line above and one below.
    u16::try_from(all).unwrap_or(u16::MAX).saturating_add(2 + rest)
}

fn has_line_below(field: &FieldView<'_>) -> bool {
    !matches!(field.value, ValueView::Checkbox(..) | ValueView::ChoiceLines(..))
}

/// The lines of all fields for this width. If they do not fit the height, only the focused field keeps its hint, and
/// only chosen options are shown.
fn lines<'v>(fields: &'v FieldsView<'_>, columns: u16, height: u16, theme: &Theme) -> Vec<FieldLine<'v>> {
    let columns = usize::from(columns.saturating_sub(LABEL_WIDTH + 1));
    let height = usize::from(height);
    let problem = |text: &str, most: usize| {
        let sentence = format!("{} {text}", theme.warning_mark());
        let folded = Sanitized::wrapped(&sentence, columns, most, theme.charset());
        folded.into_iter().map(FieldLine::Problem)
    };
    let warning: Vec<FieldLine<'_>> = fields.warning.iter().flat_map(|text| problem(text, 2)).collect();
    let phrases = |field: &FieldView<'_>| match field.value {
        ValueView::ChoiceLines(all, _) => all.len().saturating_sub(1),
        _ => 0,
    };
    let options_of = |field: &FieldView<'_>| match &field.value {
        ValueView::Choice(words, _) => option_lines(words, columns),
        _ => Vec::new(),
    };
    let text_lines = |at: usize, field: &FieldView<'_>| shown_lines(field, at == fields.focus, height);
    let below = |at: usize, field: &FieldView<'_>| {
        usize::from(has_line_below(field))
            + phrases(field)
            + options_of(field).len().saturating_sub(1)
            + text_lines(at, field).len().saturating_sub(1)
    };
    let all = warning.len()
        + fields
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| 1 + below(at, field))
            .sum::<usize>();
    let brief = all > height;
    // While the list has the focus, a page of it counts on one line.
    let is_listed = fields
        .suggestions
        .as_ref()
        .is_some_and(|known| known.list.selected.is_some());
    let most_hint_lines = if is_listed { 1 } else { MAX_HINT_LINES };
    let mut lines = warning;
    for (at, field) in fields.fields.iter().enumerate() {
        let chosen = match &field.value {
            ValueView::ChoiceLines(_, chosen) if brief => *chosen,
            ValueView::Lines(_) => text_lines(at, field).start,
            _ => 0,
        };
        lines.push(FieldLine::Field(at, chosen));
        lines.extend(
            text_lines(at, field)
                .skip(1)
                .map(|line| FieldLine::TextLine(at, line)),
        );
        let options = options_of(field).into_iter().skip(1);
        lines.extend(options.map(|options| FieldLine::Options(at, options)));
        if !brief {
            lines.extend((1..=phrases(field)).map(|phrase| FieldLine::ChoiceLine(at, phrase)));
        }
        match field.problems.as_ref() {
            [] => {}
            [one] => lines.extend(problem(one, 3)),
            many => {
                let others = fields.fields.len() + if brief { 0 } else { all - fields.fields.len() };
                let room = height.saturating_sub(others).clamp(1, MAX_PROBLEM_LINES);
                lines.extend(
                    problem_lines(many, columns, room, theme)
                        .into_iter()
                        .map(FieldLine::Problem),
                );
            }
        }
        if let Some((title, id, hue)) = &field.sample {
            lines.push(FieldLine::Sample(title, id, hue.as_ref()));
        }
        if let Some(hint) = field.hint.as_deref().filter(|_| !brief || at == fields.focus)
            && field.problems.is_empty()
        {
            let folded = Sanitized::wrapped(hint, columns, most_hint_lines, theme.charset());
            lines.extend(folded.into_iter().map(FieldLine::Hint));
        }
        if !field.swatches.is_empty() && !brief {
            lines.push(FieldLine::Swatches(&field.swatches));
        }
    }
    lines
}

/// The lines of a text that are shown, among them the one with the cursor. Of a text without the focus, it is one line
/// with all of the text.
fn shown_lines(field: &FieldView<'_>, focused: bool, height: usize) -> Range<usize> {
    match &field.value {
        ValueView::Lines(text) if focused => {
            let most = MAX_TEXT_LINES.min(height.saturating_sub(3)).max(1);
            let (cursor, all) = (text.cursor_in_lines().0, text.lines().len());
            let first = (cursor + 1).saturating_sub(most);
            first..all.min(first + most)
        }
        _ => 0..1,
    }
}

/// The problems, wrapped, as many as fit, and the number of the rest.
fn problem_lines(problems: &[String], columns: usize, room: usize, theme: &Theme) -> Vec<Sanitized<'static>> {
    let mut lines = Vec::new();
    for (at, problem) in problems.iter().enumerate() {
        let last = at + 1 == problems.len();
        let left = room.saturating_sub(lines.len() + usize::from(!last));
        // The heading and the first problem are always shown, cut if necessary.
        let most = if at < 2 { left.clamp(1, 3) } else { 3 };
        let folded = Sanitized::wrapped(problem, columns, most, theme.charset());
        if folded.len() > left && at > 1 {
            let more = format!("and {} more", problems.len() - at);
            lines.push(Sanitized::new(&more, theme.charset()).into_owned());
            break;
        }
        lines.extend(folded);
    }
    lines
}

impl StatefulWidget for FieldsWidget<'_, '_> {
    type State = MouseSpots;

    fn render(self, area: Rect, buffer: &mut Buffer, spots: &mut MouseSpots) {
        let fields = self.fields;
        let suggestions = fields.suggestions.as_ref();
        let listed = suggestions.and_then(|known| known.list.selected);
        let mut lines = lines(fields, area.width, area.height, self.theme);
        // On a small screen, the focused list replaces the other fields.
        if listed.is_some() && usize::from(area.height) < lines.len() + 1 + usize::from(SUGGESTION_LINES[1]) {
            lines.retain(|line| matches!(line, FieldLine::Field(at, _) if *at == fields.focus));
        }
        let needed = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let rest = suggestions.map_or(0, |_| hat::MIN_HEIGHT + 2);
        // A blank line at the top, if there is space.
        let spare = u16::from(area.height > needed.saturating_add(rest));
        let inner = skip_lines(area, spare);
        let painter = FieldsRenderer {
            fields,
            theme: self.theme,
        };
        let cursor = painter.lines(buffer, inner, &lines, spots);
        *self.cursor = cursor.filter(|_| listed.is_none());
        if let Some(known) = suggestions {
            let rest = skip_lines(inner, needed.saturating_add(spare));
            let hat = HatPreview {
                suggestions: known,
                preview: fields.preview.as_ref(),
                theme: self.theme,
            };
            hat.render(rest, buffer, spots);
        }
    }
}

struct FieldsRenderer<'v, 'a> {
    fields: &'v FieldsView<'a>,
    theme: &'v Theme,
}

impl FieldsRenderer<'_, '_> {
    fn text(&self, buffer: &mut Buffer, line: Rect, text: &str, style: Style) -> Rect {
        let shown = Sanitized::cut(text, line.width.into(), Truncation::End, self.theme.charset());
        put(buffer, line, &shown, style)
    }

    /// Draws as many lines as fit, including the focused field. Returns the cursor position.
    fn lines(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        lines: &[FieldLine<'_>],
        spots: &mut MouseSpots,
    ) -> Option<Position> {
        let height = usize::from(area.height);
        let on = |line: &FieldLine<'_>| matches!(line, FieldLine::Field(at, _) if *at == self.fields.focus);
        let focus = lines.iter().position(on).unwrap_or_default();
        // Text below the focused field is kept visible with it.
        let is_below =
            |line: &&FieldLine<'_>| !matches!(line, FieldLine::Field(..) | FieldLine::ChoiceLine(..));
        let below = lines.iter().skip(focus + 1).take_while(is_below).count();
        let first = (focus + 1 + below.max(1)).saturating_sub(height).min(focus);
        let mut cursor = None;
        for (row, line) in area.rows().zip(lines.iter().skip(first)) {
            let under = value_area(row);
            match line {
                FieldLine::Field(at, phrase) => {
                    let Some(field) = self.fields.fields.get(*at) else {
                        continue;
                    };
                    if let Some(spot) = field.spot {
                        spots.add(row, spot);
                    }
                    let shown = (field, *phrase);
                    let place = self.field(buffer, row, shown, *at == self.fields.focus, spots);
                    cursor = cursor.or(place);
                }
                FieldLine::TextLine(at, line) => {
                    if let Some(ValueView::Lines(text)) =
                        self.fields.fields.get(*at).map(|field| &field.value)
                    {
                        let place = input_line(buffer, under, (text, *line), self.theme);
                        cursor = cursor.or(place);
                    }
                }
                FieldLine::Options(at, options) => {
                    if let Some(ValueView::Choice(words, chosen)) =
                        self.fields.fields.get(*at).map(|field| &field.value)
                    {
                        choice(self.theme, buffer, under, (words, *chosen), options, spots);
                    }
                }
                FieldLine::ChoiceLine(at, phrase) => {
                    if let Some(field) = self.fields.fields.get(*at) {
                        self.choice_line(buffer, under, field, *phrase, spots);
                    }
                }
                FieldLine::Problem(problem) => drop(put(buffer, under, problem, self.theme.error())),
                FieldLine::Sample(title, id, hue) => {
                    let style = self.theme.hat(id, *hue);
                    let rest = put(
                        buffer,
                        under,
                        &Sanitized::literal(self.theme.hat_mark(true)),
                        style,
                    );
                    let rest = put(buffer, rest, &Sanitized::literal(" "), style);
                    self.text(buffer, rest, title, style);
                }
                FieldLine::Swatches(colors) => swatches(self.theme, buffer, under, colors, spots),
                FieldLine::Hint(hint) => drop(put(buffer, under, hint, self.theme.faint())),
            }
        }
        cursor
    }

    fn field(
        &self,
        buffer: &mut Buffer,
        row: Rect,
        (field, phrase): (&FieldView<'_>, usize),
        focused: bool,
        spots: &mut MouseSpots,
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
                return input_line(buffer, rest, (text, phrase), theme);
            }
            ValueView::Text(text) | ValueView::Lines(text) => {
                let at = input(buffer, rest, text, theme, Modifier::UNDERLINED);
                return focused.then_some(at);
            }
            ValueView::Secret { typed, cursor } => {
                let at = secret(buffer, rest, (*typed, *cursor));
                return focused.then_some(at);
            }
            ValueView::Checkbox(on, says) => {
                let tick = on.map_or("[-]", |on| theme.checkbox(on));
                let rest = put(buffer, rest, &Sanitized::literal(tick), style);
                let rest = put(buffer, rest, &Sanitized::literal(" "), style);
                self.text(buffer, rest, says, theme.faint());
            }
            ValueView::Choice(words, at) => {
                let first = option_lines(words, rest.width.into()).into_iter().next();
                choice(
                    theme,
                    buffer,
                    rest,
                    (words, *at),
                    &first.unwrap_or_default(),
                    spots,
                );
            }
            ValueView::ChoiceLines(..) => self.choice_line(buffer, rest, field, phrase, spots),
        }
        None
    }

    fn choice_line(
        &self,
        buffer: &mut Buffer,
        line: Rect,
        field: &FieldView<'_>,
        phrase: usize,
        spots: &mut MouseSpots,
    ) {
        let ValueView::ChoiceLines(all, chosen) = field.value else {
            return;
        };
        let Some(words) = all.get(phrase) else { return };
        spots.add(line, MouseTarget::Choice(phrase));
        let (mark, style) = if phrase == chosen {
            ("> ", self.theme.strong())
        } else {
            ("  ", Style::new())
        };
        let rest = put(buffer, line, &Sanitized::literal(mark), style);
        self.text(buffer, rest, words, style);
    }
}

/// A horizontal rule.
pub(super) fn rule(buffer: &mut Buffer, line: Rect, theme: &Theme) {
    let dash = Sanitized::literal(theme.frame(false).horizontal_top);
    for column in line.columns() {
        put(buffer, column, &dash, theme.border(false));
    }
}

/// The area to the right of the labels.
pub(super) fn value_area(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(LABEL_WIDTH).min(area.right()),
        width: area.width.saturating_sub(LABEL_WIDTH + 1),
        ..area
    }
}
