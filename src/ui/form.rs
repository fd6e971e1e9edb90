//! A form: its fields with what is wrong at each, the hats already known, how it will look, and what will be stored.

use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::app::form::{Field, Form, Name, Subject, Text, Value};
use crate::app::{Keymap, Spot, State};
use crate::model::{Affiliation, HatId, Hue};

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::line::window;
use super::text;
use super::theme::Theme;

mod preview;
mod suggestions;

/// Columns of the marker and the label before a field.
const LABEL: u16 = 14;
/// Lines for the hats already known: on a large screen, and at least where there is room for any.
const KNOWN: [u16; 2] = [10, 3];
/// Lines that show how it looks and what is stored.
const PREVIEW: u16 = 4;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    form: &Form,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let hat = form.suggestions.is_some();
    let fields = u16::try_from(form.fields.len()).unwrap_or(u16::MAX);
    let (width, height) = if hat {
        let width = if area.width < 110 { 76 } else { 96 };
        // The frame, blank lines, the fields with one line below two of them, a heading, the hats, the preview.
        (width, 2 + 2 + fields + 2 + 1 + KNOWN[0] + PREVIEW)
    } else {
        (72, 2 + 2 + fields * 2)
    };
    let place = popup(area, area.width.min(width), area.height.min(height));
    canvas.clear(place);
    let title = Title {
        text: &form.subject.heading(),
        right: "",
        focused,
    };
    let inner = canvas.frame(place, &title);
    let mut lines = field_lines(state, form, inner, canvas.theme);
    // On a small screen the list takes the place of the other fields while it has the keys.
    if form.listed().is_some() && usize::from(inner.height) < lines.len() + 1 + usize::from(KNOWN[1]) {
        lines.retain(|line| matches!(line, Line::Field(at, _) if *at == form.focus));
    }
    let needed = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    // A blank line at the top where there is one to spare.
    let spare = inner.height > needed + if hat { KNOWN[1] + 2 + PREVIEW } else { 0 };
    let inner = below(inner, u16::from(spare));
    let cursor = draw_fields(canvas, (form, state.keymap()), inner, &lines);
    if hat {
        let rest = below(inner, needed + u16::from(spare));
        draw_rest(canvas, state, form, rest);
    }
    cursor.filter(|_| focused && form.listed().is_none())
}

/// A line of the fields' part: a field, or what stands below it.
enum Line<'a> {
    Field(usize, &'a Field),
    Wrong(String),
    Hint(String),
    /// A title in the colour that is typed.
    Colour(String, HatId, Option<Hue>),
}

/// The lines of all fields. Where there is no room for all, only the field with the focus keeps its hint.
fn field_lines<'a>(state: &State, form: &'a Form, inner: Rect, theme: Theme) -> Vec<Line<'a>> {
    let columns = usize::from(inner.width.saturating_sub(LABEL + 1));
    let wrong = |problem: &str| {
        let sentence = format!("{} {problem}", theme.warning_mark());
        let folded = text::folded(&sentence, columns, 2, theme.charset());
        folded.into_iter().map(Line::Wrong)
    };
    let mut lines = Vec::new();
    if let Some(now) = form.changed_meanwhile(state.wardrobe()) {
        lines.extend(wrong(&format!("changed by somebody else: {now}")));
    }
    let all = lines.len() + form.fields.iter().filter(|field| !is_tick(field)).count() + form.fields.len();
    let room = all <= usize::from(inner.height);
    for (at, field) in form.fields.iter().enumerate() {
        lines.push(Line::Field(at, field));
        let focused = at == form.focus;
        match form.problem(at, state.wardrobe(), state.keymap()) {
            Some(problem) => lines.extend(wrong(&problem)),
            None if is_tick(field) => {}
            None if field.name == Name::Hue && !form.text(Name::Hue).trim().is_empty() => {
                lines.extend(
                    form.coloured()
                        .map(|(id, hue)| Line::Colour(form.text(Name::Title), id, hue)),
                );
            }
            None if room || focused => lines.push(Line::Hint(hint(form, field, state.keymap(), theme))),
            None => {}
        }
    }
    lines
}

/// What to put there; under letters of a title, the hat that they mean.
pub(super) fn hint(form: &Form, field: &Field, keymap: &Keymap, theme: Theme) -> String {
    let meant = (field.name == Name::Hat).then(|| form.hat().ok()).flatten();
    match meant.and_then(|hat| hat.by_title.map(|title| (hat.id, title))) {
        Some((id, title)) if title.is_empty() => format!("{} {id}", theme.arrow()),
        Some((id, title)) => format!("{} {title} {} {id}", theme.arrow(), theme.dot()),
        // Nearly always somebody forgot the first part; but a domain can be affiliated as well.
        None if field.name == Name::User && form.means_domain() => {
            "the whole domain; one user is user@domain".into()
        }
        None if field.name == Name::Title && matches!(form.subject, Subject::EditMany { .. }) => {
            "for all; left alone, each keeps its own".into()
        }
        None => field.name.hint(keymap),
    }
}

fn is_tick(field: &Field) -> bool {
    matches!(field.value, Value::Tick(_) | Value::Maybe(_))
}

/// Draws as many of the lines as there is room for, the focused field among them; gives the place of the cursor.
fn draw_fields(
    canvas: &mut Canvas<'_>,
    (form, keymap): (&Form, &Keymap),
    area: Rect,
    lines: &[Line<'_>],
) -> Option<Position> {
    let height = usize::from(area.height);
    let on = |line: &Line<'_>| matches!(line, Line::Field(at, _) if *at == form.focus);
    let focus = lines.iter().position(on).unwrap_or_default();
    // What stands below the focused field is seen with it.
    let first = (focus + 2).saturating_sub(height).min(focus);
    let mut cursor = None;
    for (row, line) in area.rows().zip(lines.iter().skip(first)) {
        let under = Rect {
            x: row.x.saturating_add(LABEL),
            width: row.width.saturating_sub(LABEL + 1),
            ..row
        };
        match line {
            Line::Field(at, field) => {
                canvas.spot(row, Spot::Field(*at));
                let place = draw_field(canvas, row, (field, keymap), *at == form.focus);
                cursor = cursor.or(place);
            }
            Line::Wrong(problem) => {
                canvas.left(under, problem, canvas.theme.error());
            }
            Line::Colour(title, id, hue) => {
                let style = canvas.theme.hat(id, hue.as_ref());
                let mark = canvas.theme.hat_mark(true);
                let rest = canvas.left(under, &format!("{mark} "), style);
                canvas.text(rest, title, style);
            }
            Line::Hint(hint) => {
                canvas.text(under, hint, canvas.theme.faint());
            }
        }
    }
    cursor
}

fn draw_field(
    canvas: &mut Canvas<'_>,
    row: Rect,
    (field, keymap): (&Field, &Keymap),
    focused: bool,
) -> Option<Position> {
    let style = if focused {
        canvas.theme.title(true)
    } else {
        Style::new()
    };
    let marker = if focused { ">" } else { " " };
    let label = format!("{marker} {:<12}", field.name.label());
    let rest = canvas.left(row, &label, style);
    let rest = Rect {
        width: rest.width.saturating_sub(1),
        ..rest
    };
    match &field.value {
        Value::Text(text) => {
            let at = draw_text(canvas, rest, text);
            focused.then_some(at)
        }
        Value::Tick(on) => {
            let tick = canvas.theme.tick(*on);
            let rest = canvas.left(rest, tick, style);
            canvas.text(
                rest,
                &format!(" {}", field.name.hint(keymap)),
                canvas.theme.faint(),
            );
            None
        }
        Value::Maybe(answer) => {
            let (tick, says) = match answer {
                Some(on) => (canvas.theme.tick(*on), field.name.hint(keymap)),
                None => ("[-]", "not the same for all: left as it is".into()),
            };
            let rest = canvas.left(rest, tick, style);
            canvas.text(rest, &format!(" {says}"), canvas.theme.faint());
            None
        }
        Value::Choice { options, at } => {
            draw_choice(canvas, rest, options, *at);
            None
        }
    }
}

/// A line to type in, underlined in its whole length; gives the place of the cursor.
pub(super) fn draw_text(canvas: &mut Canvas<'_>, line: Rect, text: &Text) -> Position {
    let columns = usize::from(line.width);
    let (mut shown, cursor) = window(&text.text(), text.cursor(), columns, canvas.charset());
    text::fill(&mut shown, columns);
    canvas.left(line, &shown, Style::new().add_modifier(Modifier::UNDERLINED));
    let cursor = u16::try_from(cursor).unwrap_or_default();
    Position {
        x: line.x + cursor.min(line.width.saturating_sub(1)),
        y: line.y,
    }
}

fn draw_choice(canvas: &mut Canvas<'_>, line: Rect, options: &[Affiliation], at: usize) {
    // What is chosen comes first in sight where the line is too short for all.
    let all: usize = options.iter().map(|option| option.as_str().len() + 2).sum();
    let skipped = if all > usize::from(line.width) { at } else { 0 };
    let mut rest = line;
    for (here, option) in options.iter().enumerate().skip(skipped) {
        let before = rest;
        rest = if here == at {
            canvas.left(rest, &format!("[{option}]"), canvas.theme.strong())
        } else {
            canvas.left(rest, &format!(" {option} "), Style::new())
        };
        let width = before.width - rest.width;
        canvas.spot(Rect { width, ..before }, Spot::Choice(here));
    }
}

/// Below the fields of a hat: the hats already known, and what comes of it.
fn draw_rest(canvas: &mut Canvas<'_>, state: &State, form: &Form, rest: Rect) {
    let typing = form.field().is_some_and(|field| field.name == Name::Hat);
    let both = rest.height > PREVIEW + KNOWN[1];
    let preview = match (both, typing) {
        (true, _) => PREVIEW,
        (false, true) => 0,
        (false, false) => rest.height,
    };
    let known = Rect {
        height: rest.height - preview,
        ..rest
    };
    suggestions::draw(canvas, form, known, typing);
    preview::draw(canvas, state, form, below(rest, known.height));
}

/// A heading with a line to the right of it.
fn heading(canvas: &mut Canvas<'_>, line: Rect, shown: &str) {
    let rule = canvas.theme.frame(false).horizontal_top;
    let style = canvas.theme.border(false);
    let rest = canvas.left(line, &rule.repeat(2), style);
    let rest = canvas.left(rest, &format!(" {shown} "), Style::new());
    canvas.left(rest, &rule.repeat(usize::from(rest.width)), style);
}
