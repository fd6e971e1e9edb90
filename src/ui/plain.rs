//! The screen as lines of text, for screen readers: no boxes and no symbols, one pane at a time over the whole width.
//! The cursor is in the selected line, which the status at the bottom describes.
//!
//! Nothing here depends on the previous page: each page is created from scratch, and the writer outputs only the lines
//! that changed.

use ratatui::layout::Position;

use crate::app::command::{COMMANDS, Command, CommandId};
use crate::app::place::Place;
use crate::app::text::TextInput;
use crate::app::view::{self, Body, ListRow, ListView, RowCount, View, screen};
use crate::app::{
    MouseTarget, Notice, Phase, SaveState, State, clearing_key, describe, enabled, places, working_key,
};

use super::layout;
use super::text::{self, Charset, Sanitized};
use super::theme::Theme;

mod form;
mod wrapped;

/// Maximum number of lines of a paragraph in a question.
const MAX_PARAGRAPH_LINES: usize = 8;

/// A page: the lines of the whole screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainPage {
    /// One line for each row of the screen, narrower than the screen; sanitized.
    pub lines: Vec<String>,
    /// The cursor position.
    pub cursor: Position,
    /// The mouse target of each line.
    pub targets: Vec<Option<MouseTarget>>,
}

/// The content of a page: everything but its first line and the problem with the file.
struct PageContent<'a> {
    heading: String,
    len: usize,
    /// Creates the line with this index.
    line: Box<dyn Fn(usize) -> (String, Option<MouseTarget>) + 'a>,
    /// Index of the line with the cursor.
    cursor_line: usize,
    cursor_column: usize,
    status: String,
    input: Option<InputLine>,
}

/// A text input in the status.
struct InputLine {
    label: &'static str,
    text: String,
    /// Position of the cursor, in characters.
    cursor: usize,
    /// Whether the cursor of the terminal is in this input.
    has_cursor: bool,
}

impl InputLine {
    fn new(label: &'static str, text: &TextInput, has_cursor: bool) -> Self {
        Self {
            label,
            text: text.text(),
            cursor: text.cursor(),
            has_cursor,
        }
    }
}

/// Returns the page for a state and a screen size.
pub fn page(state: &State, theme: Theme, (columns, rows): (u16, u16)) -> PlainPage {
    // The last column stays free, because terminals differ in where the cursor is after it.
    let width = usize::from(columns).saturating_sub(1);
    let height = usize::from(rows);
    let charset = theme.charset();
    let content = content(state, charset, width);
    let line = |shown: &str| text::cut(shown, width, charset).into_owned();
    let status_lines = if height < 4 { height.min(1) } else { 2 };
    let mut lines: Vec<String> = Vec::new();
    if height >= 8 {
        lines.push(line(&first_line(state)));
        if let (Some(problem), true) = (screen::file_problem(state), height >= 12) {
            lines.extend(text::wrap_limited(
                &format!("Problem: {problem}"),
                width,
                3,
                charset,
            ));
        }
        // The keys of an overlay are part of its heading.
        let max_lines = if state.top().is_some() { height / 3 } else { 1 };
        lines.extend(text::wrap_limited(&content.heading, width, max_lines, charset));
    }
    let lines_above = lines.len();
    let list_height = height.saturating_sub(lines_above + status_lines);
    let first = layout::scroll_offset(content.cursor_line, list_height.max(1), content.len);
    let mut targets = vec![None; lines_above];
    for index in first..first + list_height {
        let (shown, target) = if index < content.len {
            (content.line)(index)
        } else {
            (String::new(), None)
        };
        lines.push(line(&shown));
        targets.push(target);
    }
    let row = u16::try_from(lines_above + content.cursor_line.saturating_sub(first)).unwrap_or_default();
    let mut cursor = Position {
        x: u16::try_from(content.cursor_column)
            .unwrap_or_default()
            .min(columns.saturating_sub(1)),
        y: row.min(rows.saturating_sub(1)),
    };
    let status = match state.notice() {
        Some(Notice {
            text, is_error: true, ..
        }) => format!("Error: {text}"),
        Some(Notice { text, .. }) => text.clone(),
        None => content.status,
    };
    match content.input.filter(|_| status_lines > 0) {
        None => lines.extend(text::wrap_limited(&status, width, status_lines, charset)),
        Some(input) => {
            let label = format!("{}: ", input.label);
            let space = width.saturating_sub(text::width(&label));
            let (shown, column) = Sanitized::window(&input.text, input.cursor, space, charset);
            if input.has_cursor {
                let x = text::width(&label) + column;
                cursor = Position {
                    x: u16::try_from(x.min(width)).unwrap_or_default(),
                    y: u16::try_from(lines.len()).unwrap_or_default(),
                };
            }
            lines.push(line(&format!("{label}{}", shown.as_str())));
            if status_lines > 1 {
                lines.push(line(&status));
            }
        }
    }
    // On a very narrow screen, wrapping alone does not make lines fit.
    for shown in lines.iter_mut().filter(|shown| text::width(shown) > width) {
        *shown = line(shown);
    }
    lines.resize(height, String::new());
    targets.resize(height, None);
    PlainPage {
        lines,
        cursor,
        targets,
    }
}

/// Returns the mouse targets at a position, the outermost first.
pub fn targets_at(state: &State, page: &PlainPage, mouse: Position) -> Vec<MouseTarget> {
    let target = page.targets.get(usize::from(mouse.y)).copied().flatten();
    let outer = state
        .overlays()
        .is_empty()
        .then(|| MouseTarget::Pane(state.focus()));
    target.map_or_else(Vec::new, |target| outer.into_iter().chain([target]).collect())
}

/// Returns the first line: the file and its save state. "Saved" is left out, because it is normal and would be repeated
/// all the time.
fn first_line(state: &State) -> String {
    let start = state.start();
    let saved = match state.save_state() {
        SaveState::Saved | SaveState::Saving(_) | SaveState::Sending(None) | SaveState::FileProblem(_) => {
            String::new()
        }
        SaveState::NotSent(counts) => format!(", {}", screen::unsent_changes(counts)),
        SaveState::Sending(Some(silent)) => format!(", {}", screen::silent_sending(silent)),
        SaveState::NotFollowed => ", rooms not followed".into(),
        SaveState::NoFile => ", new file".into(),
        SaveState::NotSaved(number, _) => format!(", {}", screen::unsaved_changes(number)),
        SaveState::ReadOnly(_) => ", read-only".into(),
        SaveState::Demo => ", demo (not saved)".into(),
    };
    let mouse = if state.has_mouse() { ", mouse on" } else { "" };
    let help = CommandId::Help
        .command()
        .and_then(|help| working_key(state, help));
    let help = help.map_or_else(String::new, |key| format!(". Help: {}", key.spelled_name()));
    format!("hatrack: {}{saved}{mouse}{help}", start.file)
}

fn content(state: &State, charset: Charset, width: usize) -> PageContent<'_> {
    match state.top() {
        None if matches!(state.phase(), Phase::Opening { .. }) => loading(state),
        None => pane(state, view::pane(state, state.focus()), charset, width),
        Some(top) => overlay(state, top.view(state), charset, width),
    }
}

/// Creates content from lines that exist already.
fn static_lines(
    heading: String,
    lines: Vec<(String, Option<MouseTarget>)>,
    status: String,
) -> PageContent<'static> {
    PageContent {
        heading,
        len: lines.len(),
        line: Box::new(move |index| lines.get(index).cloned().unwrap_or_default()),
        cursor_line: 0,
        cursor_column: 0,
        status,
        input: None,
    }
}

fn loading(state: &State) -> PageContent<'static> {
    let file = &state.start().file;
    let failure_hint = screen::loading(state).and_then(|opening| opening.failure_hint);
    let text = match failure_hint {
        // Progress is left out, because it would be read out with every change.
        None => format!("Loading {file}. Press {} to quit.", state.key(CommandId::Quit)),
        Some(hint) => format!("{file} was not changed. {hint}"),
    };
    static_lines(text.clone(), Vec::new(), text)
}

/// The focused pane. The status names the pane and the position before the selected row; while a filter is being typed, the
/// number of matches.
fn pane<'a>(state: &'a State, view: View<'a>, charset: Charset, width: usize) -> PageContent<'a> {
    let name = view.heading.spoken.clone();
    let count = view.heading.count.as_ref();
    let heading = join_nonempty([name.clone(), count.map_or_else(String::new, spoken_count)]);
    let matches = count.map_or_else(String::new, |count| match count.shown {
        1 => "1 match".to_owned(),
        more => format!("{} matches", describe::with_thousands_commas(more)),
    });
    let selected = selected_sentence(&view);
    let status = full_sentence(&view);
    let Body::List(list) = view.body else {
        return static_lines(heading, Vec::new(), String::new());
    };
    let position = position(&list);
    let empty = list.len == 0;
    let mut content = list_content(heading, list, charset, width);
    content.status = if empty {
        format!("{name}: {}", content.status)
    } else {
        format!("{name}, {position}: {status}")
    };
    if let Some(filter) = state.typed_filter() {
        content.status = match selected {
            Some(selected) => format!("{matches}: {selected}"),
            None => matches,
        };
        content.input = Some(InputLine::new("Filter", &filter.text, true));
    }
    content
}

fn overlay<'a>(state: &'a State, view: View<'a>, charset: Charset, width: usize) -> PageContent<'a> {
    let count = view.heading.count.as_ref();
    let count = count
        .filter(|count| count.noun.is_some())
        .map_or_else(String::new, spoken_count);
    let mut parts = vec![join_nonempty([view.heading.spoken.clone(), count])];
    let spoken = |remark: &view::Remark| remark.spoken.as_ref().unwrap_or(&remark.text).clone();
    parts.extend(view.remarks.iter().map(spoken));
    // A form mentions its keys in the status.
    if !matches!(&view.body, Body::Fields(fields) if !fields.keys_sentence.is_empty()) {
        parts.push(describe_keys(state));
    }
    let heading = sentences(&parts);
    let selected = full_sentence(&view);
    let input = view.input.as_ref().map(|input| input.text);
    let error = view.remarks.iter().find(|remark| remark.is_error);
    let error = error.map(|remark| remark.text.clone());
    match view.body {
        Body::Question(paragraphs) => {
            let texts = || paragraphs.iter().map(|paragraph| paragraph.text.as_str());
            let wrap = |text: &str| text::wrap_limited(text, width, MAX_PARAGRAPH_LINES, charset);
            let texts: Vec<&str> = texts().filter(|text| !text.is_empty()).collect();
            let lines = texts.iter().flat_map(|text| wrap(text)).map(|line| (line, None));
            static_lines(heading, lines.collect(), sentences(&texts))
        }
        Body::Fields(fields) => form::content(heading, *fields, charset, width),
        Body::List(list) => {
            let (position, is_empty, is_first) = (position(&list), list.len == 0, list.position.0 == 0);
            let mut content = list_content(heading, list, charset, width);
            if !is_empty {
                content.status = format!("{position}: {selected}");
            } else if let Some(error) = error {
                content.status = error;
            }
            // Once a row other than the first is selected, the cursor is in that row.
            content.input = input.map(|text| InputLine::new("Find", text, is_empty || is_first));
            content
        }
    }
}

/// Returns the position of the selected row, such as `3 of 12`.
fn position(list: &ListView<'_>) -> String {
    let (index, len) = list.position;
    format!(
        "{} of {}",
        describe::with_thousands_commas(index + 1),
        describe::with_thousands_commas(len)
    )
}

/// Returns the content for a list: one sentence for each row or, if the list is empty, a text that says so.
fn list_content(heading: String, list: ListView<'_>, charset: Charset, width: usize) -> PageContent<'_> {
    if list.len == 0 {
        let texts = list.empty_lines.iter().filter(|line| !line.is_empty());
        let status = texts.clone().cloned().collect::<Vec<_>>().join(" ");
        let wrapped = texts.flat_map(|text| text::wrap_limited(text, width, MAX_PARAGRAPH_LINES, charset));
        let lines = wrapped.map(|line| (line, None)).collect();
        return static_lines(heading, lines, status);
    }
    if list.wraps {
        return wrapped::rows(heading, &list, charset, width);
    }
    PageContent {
        heading,
        len: list.len,
        cursor_line: list.selected.unwrap_or_default(),
        line: Box::new(move |index| {
            let row = (list.row)(index);
            let target = match &row {
                ListRow::Item(item) => Some(item.mouse_target),
                ListRow::Heading(_) => None,
            };
            (row.sentence(), target)
        }),
        cursor_column: 0,
        status: String::new(),
        input: None,
    }
}

fn selected_sentence(view: &View<'_>) -> Option<String> {
    match &view.body {
        Body::List(list) if list.len > 0 => list.selected.map(|index| (list.row)(index).sentence()),
        _ => None,
    }
}

/// Returns the selected row in full: its full text, or the row with its details. A row that is wrapped is complete.
fn full_sentence(view: &View<'_>) -> String {
    if let Body::List(ListView {
        full_text: Some(text),
        wraps: false,
        ..
    }) = &view.body
    {
        return text.clone();
    }
    let selected = selected_sentence(view).unwrap_or_default();
    match &view.details {
        Some(details) => details.sentence(&selected),
        None => selected,
    }
}

/// Describes the number of rows, and how they are filtered, sorted and marked, without the selection.
fn spoken_count(count: &RowCount<'_>) -> String {
    let more = if count.has_more { " and more" } else { "" };
    let named = |number| match count.noun {
        Some(noun) => describe::count(number, noun),
        None => describe::with_thousands_commas(number),
    };
    let rows = match (count.total.map(named), &count.filter) {
        (None, _) => format!("{}{more}", named(count.shown)),
        (Some(total), None) => format!(
            "{} of {total} shown",
            describe::with_thousands_commas(count.shown)
        ),
        (Some(total), Some(filter)) => {
            let verb = if count.shown == 1 { "matches" } else { "match" };
            format!(
                "{} of {total} {verb} \"{filter}\"",
                describe::with_thousands_commas(count.shown)
            )
        }
    };
    let marked = match count.marked {
        0 => String::new(),
        marked => describe::marked(marked, count.hidden_marks),
    };
    let sorted = count
        .sort_order
        .map_or_else(String::new, |order| format!("sorted {order}"));
    join_nonempty([rows, marked, sorted])
}

/// Names the keys of the top overlay that can be used now, with their commands.
fn describe_keys(state: &State) -> String {
    let commands_of = |place: &'static Place| {
        let confirms_with_enter = enabled(state, CommandId::YesWithEnter).is_ok();
        let is_shown = move |command: &&Command| {
            command.footer
                && command.place == *place
                && match command.id {
                    CommandId::Yes => !confirms_with_enter,
                    CommandId::YesWithEnter => confirms_with_enter,
                    id => enabled(state, id).is_ok(),
                }
        };
        COMMANDS.iter().filter(is_shown)
    };
    let named = places(state).iter().flat_map(commands_of).filter_map(|command| {
        let key = working_key(state, command)?;
        Some(format!("{} {}", key.spelled_name(), state.label(command)))
    });
    let clears = clearing_key(state).map(|(key, title)| format!("{} {title}", key.spelled_name()));
    format!("Keys: {}", named.chain(clears).collect::<Vec<_>>().join(", "))
}

/// Joins sentences, adding full stops where needed.
fn sentences(parts: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for part in parts {
        let part = part.as_ref().trim();
        match (text.is_empty(), text.ends_with(['.', '?', '!', ':'])) {
            (true, _) => {}
            (false, true) => text.push(' '),
            (false, false) => text.push_str(". "),
        }
        text.push_str(part);
    }
    text
}

/// Joins the parts that are not empty.
fn join_nonempty(parts: impl IntoIterator<Item = String>) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}
