//! A form, a line for each field. What is wrong with the field that is being typed is said in the status, so that nothing
//! below it moves meanwhile; the known hats are listed when their list is entered.

use crate::app::form::{Field, Form, Name, Value};
use crate::app::suggest::Suggestions;
use crate::app::{Spot, State, words};

use super::super::line::window;
use super::super::{form, text};
use super::panes::title;
use super::{Row, Theme, View, listed};

pub(super) fn view<'a>(state: &'a State, theme: Theme, shown: &'a Form, width: usize) -> View<'a> {
    let number = shown.fields.len();
    let (mut rows, mut column) = (Vec::new(), 0);
    for (at, field) in shown.fields.iter().enumerate() {
        let focused = at == shown.focus;
        let label = format!("{} (field {} of {number}): ", field.name.label(), at + 1);
        let space = width.saturating_sub(text::width(&label));
        let (mut value, cursor) = value(field, space, theme);
        if focused && shown.listed().is_none() && matches!(field.value, Value::Text(_)) {
            column = text::width(&label) + cursor;
        }
        if !focused && let Some(problem) = shown.problem(at, state.wardrobe(), state.keymap()) {
            value = format!("{value}. Wrong: {problem}");
        }
        rows.push(Row::new(format!("{label}{value}"), Spot::Field(at)));
    }
    let listed_at = shown.listed();
    let known = shown.suggestions.as_ref().filter(|_| listed_at.is_some());
    let (fields, hats) = (rows.len(), known.map_or(0, Suggestions::len));
    let row = move |at: usize| {
        if let Some(row) = rows.get(at) {
            return row.clone();
        }
        let row = at - rows.len();
        let words = known.and_then(|known| known.get(row)).map(|hat| {
            listed([
                title(hat.title.as_deref(), &hat.id),
                words::count(hat.users, "user"),
            ])
        });
        Row::new(words.unwrap_or_default(), Spot::Known(row))
    };
    View {
        heading: shown.subject.heading(),
        len: fields + hats,
        row: Box::new(row),
        at: listed_at.map_or(shown.focus, |row| fields + row),
        column,
        status: status(state, shown, theme),
        typing: None,
    }
}

/// What a field holds, in words, and where the cursor is in it.
fn value(field: &Field, space: usize, theme: Theme) -> (String, usize) {
    let yes = |on: bool| if on { "yes" } else { "no" };
    match &field.value {
        Value::Text(text) => window(&text.text(), text.cursor(), space, theme.charset()),
        Value::Tick(on) | Value::Maybe(Some(on)) => (yes(*on).into(), 0),
        Value::Maybe(None) => ("not the same for all, left as it is".into(), 0),
        Value::Choice { options, at } => {
            let chosen = options.get(*at).map_or("", |option| option.as_str());
            let others = options.iter().enumerate().filter(|(here, _)| here != at);
            let others: Vec<&str> = others.map(|(_, option)| option.as_str()).collect();
            (format!("{chosen}; others: {}", others.join(", ")), 0)
        }
    }
}

fn status(state: &State, form: &Form, theme: Theme) -> String {
    if let (Some(row), Some(known)) = (form.listed(), &form.suggestions)
        && let Some(hat) = known.get(row)
    {
        return format!(
            "Known hats, {} of {}: {}",
            row + 1,
            known.len(),
            listed([
                title(hat.title.as_deref(), &hat.id),
                words::count(hat.users, "user"),
                hat.id.to_string(),
            ])
        );
    }
    let Some(field) = form.field() else {
        return form.subject.heading();
    };
    let problem = form.problem(form.focus, state.wardrobe(), state.keymap());
    let says = match (form.changed_meanwhile(state.wardrobe()), problem) {
        (Some(now), _) => format!("Changed by somebody else: {now}"),
        (None, Some(problem)) => format!("Wrong: {problem}"),
        (None, None) => match meant(form, field) {
            Some(hat) => format!("It means {hat}"),
            None => capital(&form::hint(form, field, state.keymap(), words_only(theme))),
        },
    };
    let known = match (&form.suggestions, field.name) {
        (Some(known), Name::Hat) if !known.is_empty() => {
            format!(
                ". {} known, {} lists them",
                words::count(known.len(), "hat"),
                state.key("list")
            )
        }
        _ => String::new(),
    };
    let keys = format!("{} saves, {} leaves", state.key("save"), state.key("leave-form"));
    format!(
        "{}, field {} of {}. {says}{known}. {keys}",
        field.name.label(),
        form.focus + 1,
        form.fields.len()
    )
}

/// A text as a sentence.
fn capital(text: &str) -> String {
    // An address begins as it does.
    if text
        .split(char::is_whitespace)
        .next()
        .is_some_and(|word| word.contains('@'))
    {
        return text.to_owned();
    }
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

/// The hat that letters of a title mean.
fn meant(form: &Form, field: &Field) -> Option<String> {
    let hat = form.hat().ok().filter(|_| field.name == Name::Hat)?;
    Some(listed([title(Some(&hat.by_title?), &hat.id), hat.id.to_string()]))
}

/// Arrows as words.
fn words_only(theme: Theme) -> Theme {
    Theme { ascii: true, ..theme }
}
