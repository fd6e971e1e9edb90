//! Forms: one line for each field.

use crate::app::view::{FieldView, FieldsView, ListRow, SuggestionsView, ValueView};

use super::{PageContent, join_nonempty, position};
use crate::ui::text::{self, Charset, Sanitized};

/// Maximum number of lines for each problem of a field with several problems.
const MAX_PROBLEM_LINES: usize = 3;

/// Returns the content for a form: one line for each field. The problem of the focused field is shown in the status, so
/// that the lines below do not move while typing; several problems of one field have lines of their own. Suggestions
/// are listed once their list has the focus.
pub(super) fn content(
    heading: String,
    fields: FieldsView<'_>,
    charset: Charset,
    width: usize,
) -> PageContent<'_> {
    let number = fields.fields.len();
    let selected_suggestion = fields
        .suggestions
        .as_ref()
        .and_then(|suggestions| suggestions.list.selected);
    let (mut lines, mut focused_line, mut cursor_column) = (Vec::new(), 0, 0);
    for (index, field) in fields.fields.iter().enumerate() {
        let focused = index == fields.focus;
        if focused {
            focused_line = lines.len();
        }
        let label = format!("{} (field {} of {number}): ", field.label, index + 1);
        let space = width.saturating_sub(text::width(&label));
        let (mut value, cursor) = value(field, space, charset);
        if focused
            && selected_suggestion.is_none()
            && matches!(
                field.value,
                ValueView::Text(_) | ValueView::Lines(_) | ValueView::Secret { .. }
            )
        {
            cursor_column = text::width(&label) + cursor;
        }
        let (only, several) = match field.problems.as_ref() {
            [problem] => (Some(problem), [].as_slice()),
            several => (None, several),
        };
        if let Some(problem) = only.filter(|_| !focused) {
            value = format!("{value}. Error: {problem}");
        }
        lines.push((format!("{label}{value}"), field.mouse_target));
        let wrapped = several
            .iter()
            .flat_map(|problem| text::wrap_limited(problem, width, MAX_PROBLEM_LINES, charset));
        lines.extend(wrapped.map(|line| (line, None)));
    }
    let count = lines.len();
    let label = fields.fields.get(fields.focus).map_or("", |field| field.label);
    let keys_suffix = match fields.keys_sentence.as_str() {
        "" => String::new(),
        sentence => format!(". {sentence}"),
    };
    let mut status = format!(
        "{label}, field {} of {number}. {}{keys_suffix}",
        fields.focus + 1,
        fields.status
    );
    let suggestions = fields.suggestions.filter(|_| selected_suggestion.is_some());
    if let (Some(SuggestionsView { title, list, .. }), Some(index)) = (&suggestions, selected_suggestion) {
        let sentence = (list.row)(index).sentence();
        let id = list.full_text.as_deref().unwrap_or_default();
        let selected = join_nonempty([sentence, id.to_owned()]);
        status = format!("{title}, {}: {selected}", position(list));
    }
    let suggestions = suggestions.map(|suggestions| suggestions.list);
    PageContent {
        heading,
        len: count + suggestions.as_ref().map_or(0, |list| list.len),
        cursor_line: selected_suggestion.map_or(focused_line, |row| count + row),
        line: Box::new(move |index| {
            let row = || Some((suggestions.as_ref()?.row)(index - lines.len()));
            lines
                .get(index)
                .cloned()
                .or_else(|| {
                    let row = row()?;
                    let target = match &row {
                        ListRow::Item(item) => Some(item.mouse_target),
                        ListRow::Heading(_) => None,
                    };
                    Some((row.sentence(), target))
                })
                .unwrap_or_default()
        }),
        cursor_column,
        status,
        input: None,
    }
}

/// Returns the value of a field as text, and the column of the cursor in it.
fn value(field: &FieldView<'_>, space: usize, charset: Charset) -> (String, usize) {
    let with_others = |chosen: &str, others: Vec<&str>| match others.as_slice() {
        [] => chosen.to_owned(),
        others => format!("{chosen}; other choices: {}", others.join(", ")),
    };
    let choice = |all: &[&str], chosen: usize| -> String {
        let others = all.iter().enumerate().filter(|(index, _)| *index != chosen);
        with_others(
            all.get(chosen).copied().unwrap_or_default(),
            others.map(|(_, word)| *word).collect(),
        )
    };
    match &field.value {
        ValueView::Text(text) | ValueView::Lines(text) => {
            let (shown, cursor) = Sanitized::window(&text.text(), text.cursor(), space, charset);
            (shown.into(), cursor)
        }
        ValueView::Secret { typed, cursor } => {
            let hidden = cursor.saturating_sub(space.saturating_sub(1));
            let signs = "*".repeat(typed.saturating_sub(hidden).min(space));
            (signs, cursor - hidden)
        }
        ValueView::Checkbox(Some(checked), ..) => (if *checked { "yes" } else { "no" }.to_owned(), 0),
        ValueView::Checkbox(None, meaning, _) => (meaning.replace(": ", ", "), 0),
        ValueView::Choice(words, chosen) => (choice(words, *chosen), 0),
        ValueView::ChoiceLines(lines, chosen) => {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            (choice(&lines, *chosen), 0)
        }
    }
}
