//! A form: one line for each field.

use crate::app::view::{FieldView, FieldsView, ListRow, SuggestionsView, ValueView};

use super::{PageContent, join_nonempty, position};
use crate::ui::text::{self, Charset, Sanitized};

/// Maximum number of lines for a problem of a field without the focus.
const PROBLEM: usize = 3;

/// A form: one line for each field. A problem of the focused field is shown in the status, so that the lines below do
/// not move while typing; existing hats are listed once their list has the focus.
pub(super) fn content(
    heading: String,
    fields: FieldsView<'_>,
    charset: Charset,
    width: usize,
) -> PageContent<'_> {
    let number = fields.fields.len();
    let listed = fields.suggestions.as_ref().and_then(|known| known.list.selected);
    let (mut lines, mut column) = (Vec::new(), 0);
    for (at, field) in fields.fields.iter().enumerate() {
        let focused = at == fields.focus;
        let label = format!("{} (field {} of {number}): ", field.label, at + 1);
        let space = width.saturating_sub(text::width(&label));
        let (mut value, cursor) = value(field, space, charset);
        if focused
            && listed.is_none()
            && matches!(
                field.value,
                ValueView::Text(_) | ValueView::Lines(_) | ValueView::Secret { .. }
            )
        {
            column = text::width(&label) + cursor;
        }
        let (first, others) = match field.problems.as_ref() {
            [one] => (Some(one), [].as_slice()),
            many => (None, many),
        };
        if let Some(problem) = first.filter(|_| !focused) {
            value = format!("{value}. Error: {problem}");
        }
        lines.push((format!("{label}{value}"), field.spot));
        let folded = others
            .iter()
            .flat_map(|one| text::wrap_limited(one, width, PROBLEM, charset));
        lines.extend(folded.map(|line| (line, None)));
    }
    let count = lines.len();
    let label = fields.fields.get(fields.focus).map_or("", |field| field.label);
    let keys = match fields.keys.as_str() {
        "" => String::new(),
        keys => format!(". {keys}"),
    };
    let mut status = format!(
        "{label}, field {} of {number}. {}{keys}",
        fields.focus + 1,
        fields.status
    );
    let known = fields.suggestions.filter(|_| listed.is_some());
    if let (Some(SuggestionsView { title, list, .. }), Some(at)) = (&known, listed) {
        let sentence = (list.row)(at).sentence();
        let id = list.full_text.as_deref().unwrap_or_default();
        let said = join_nonempty([sentence, id.to_owned()]);
        status = format!("{title}, {}: {said}", position(list));
    }
    let known = known.map(|known| known.list);
    PageContent {
        heading,
        len: count + known.as_ref().map_or(0, |list| list.len),
        at: listed.map_or(fields.focus, |row| count + row),
        line: Box::new(move |at| {
            let row = || Some((known.as_ref()?.row)(at - lines.len()));
            lines
                .get(at)
                .cloned()
                .or_else(|| {
                    let row = row()?;
                    let spot = match &row {
                        ListRow::Item(item) => Some(item.spot),
                        ListRow::Heading(_) => None,
                    };
                    Some((row.sentence(), spot))
                })
                .unwrap_or_default()
        }),
        column,
        status,
        typing: None,
    }
}

/// The value of a field as text, and the position of the cursor in it.
fn value(field: &FieldView<'_>, space: usize, charset: Charset) -> (String, usize) {
    let choice = |chosen: &str, others: Vec<&str>| match others.as_slice() {
        [] => chosen.to_owned(),
        others => format!("{chosen}; other choices: {}", others.join(", ")),
    };
    let others = |all: &[&str], at: usize| -> String {
        let others = all.iter().enumerate().filter(|(here, _)| *here != at);
        choice(
            all.get(at).copied().unwrap_or_default(),
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
        ValueView::Checkbox(Some(on), _) => (if *on { "yes" } else { "no" }.to_owned(), 0),
        ValueView::Checkbox(None, says) => (says.replace(": ", ", "), 0),
        ValueView::Choice(words, at) => (others(words, *at), 0),
        ValueView::ChoiceLines(lines, at) => {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            (others(&lines, *at), 0)
        }
    }
}
