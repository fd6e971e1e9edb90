//! The fields of a form with their problems, the existing hats, the preview, and what will be stored.
//!
//! The text area does not draw itself, because it would neither sanitize the text nor scroll by terminal columns.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::StatefulWidget;

use crate::app::Spot;
use crate::app::text::TextInput;
use crate::app::view::{FieldView, FieldsView, SUGGESTION_LINES, Truncation, ValueView};
use crate::model::{HatId, Hue};
use crate::ui::draw::{MouseSpots, put};
use crate::ui::layout::skip_lines;
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::hat::{self, HatPreview};

/// Width of the marker and the label before a field.
pub(super) const LABEL_WIDTH: u16 = 14;
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
    Problem(Sanitized<'static>),
    Hint(&'v str),
    /// A sample title in the typed hue.
    Sample(&'v str, &'v HatId, Option<&'v Hue>),
}

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
    let below = |field: &FieldView<'_>| usize::from(has_line_below(field)) + phrases(field);
    let all = warning.len() + fields.fields.iter().map(|field| 1 + below(field)).sum::<usize>();
    let brief = all > height;
    let mut lines = warning;
    for (at, field) in fields.fields.iter().enumerate() {
        let chosen = match &field.value {
            ValueView::ChoiceLines(_, chosen) if brief => *chosen,
            _ => 0,
        };
        lines.push(FieldLine::Field(at, chosen));
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
            lines.push(FieldLine::Hint(hint));
        }
    }
    lines
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
        let first = (focus + 2).saturating_sub(height).min(focus);
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
                FieldLine::Hint(hint) => {
                    self.text(buffer, under, hint, self.theme.faint());
                }
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
            ValueView::Text(text) => {
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
            ValueView::Choice(words, at) => self.choice(buffer, rest, words, *at, spots),
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
        spots.add(line, Spot::Choice(phrase));
        let (mark, style) = if phrase == chosen {
            ("> ", self.theme.strong())
        } else {
            ("  ", Style::new())
        };
        let rest = put(buffer, line, &Sanitized::literal(mark), style);
        self.text(buffer, rest, words, style);
    }

    fn choice(&self, buffer: &mut Buffer, line: Rect, words: &[&str], at: usize, spots: &mut MouseSpots) {
        // If the line is too short for all options, the chosen one stays visible.
        let all: usize = words.iter().map(|word| word.len() + 2).sum();
        let skipped = if all > usize::from(line.width) { at } else { 0 };
        let mut rest = line;
        for (here, word) in words.iter().enumerate().skip(skipped) {
            let before = rest;
            let (shown, style) = if here == at {
                (format!("[{word}]"), self.theme.strong())
            } else {
                (format!(" {word} "), Style::new())
            };
            rest = put(buffer, rest, &Sanitized::new(&shown, self.theme.charset()), style);
            let width = before.width - rest.width;
            spots.add(Rect { width, ..before }, Spot::Choice(here));
        }
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

/// A line in which something secret is typed: a sign for each character.
fn secret(buffer: &mut Buffer, line: Rect, (typed, cursor): (usize, usize)) -> Position {
    let columns = usize::from(line.width);
    let hidden = cursor.saturating_sub(columns.saturating_sub(1));
    let signs = "*".repeat(typed.saturating_sub(hidden).min(columns));
    let shown = Sanitized::new(&signs, crate::ui::text::Charset::Ascii);
    let style = Style::new().add_modifier(Modifier::UNDERLINED);
    put(buffer, line, &shown.padded(columns, false), style);
    let cursor = u16::try_from(cursor - hidden).unwrap_or_default();
    Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    }
}

/// Draws a text input over the whole line. Returns the cursor position.
pub(super) fn input(
    buffer: &mut Buffer,
    line: Rect,
    text: &TextInput,
    theme: &Theme,
    modifier: Modifier,
) -> Position {
    let columns = usize::from(line.width);
    let (shown, cursor) = Sanitized::window(&text.text(), text.cursor(), columns, theme.charset());
    put(
        buffer,
        line,
        &shown.padded(columns, false),
        Style::new().add_modifier(modifier),
    );
    let cursor = u16::try_from(cursor).unwrap_or_default();
    Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    }
}
