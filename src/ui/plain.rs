//! The screen as lines of words, for screen readers: no boxes and no marks, one pane at a time over the whole width. What
//! is selected is told by the cursor, which stands at the beginning of its line, and by the status at the bottom.
//!
//! Nothing here depends on where the cursor was: a page is made anew, and whoever writes it writes the lines that changed.

use ratatui::layout::Position;

use crate::app::command::{self, COMMANDS};
use crate::app::{Notice, Overlay, Pane, Phase, Saved, Spot, State};

use super::line::window;
use super::theme::Theme;
use super::{banner, layout, text};

mod form;
mod overlays;
mod panes;

/// A screen of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// As many as the screen has, each narrower than it; harmless.
    pub lines: Vec<String>,
    /// Where the cursor stands.
    pub cursor: Position,
    /// What the lines belong to, for the mouse.
    pub spots: Vec<Option<Spot>>,
}

/// A line of what is shown.
#[derive(Debug, Clone, Default)]
struct Row {
    text: String,
    spot: Option<Spot>,
}

impl Row {
    fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            spot: None,
        }
    }

    fn new(text: String, spot: Spot) -> Self {
        Self {
            text,
            spot: Some(spot),
        }
    }
}

/// What a pane or an overlay shows. Rows are only made when they are seen.
struct View<'a> {
    /// What this is, and how much of it there is.
    heading: String,
    len: usize,
    row: Box<dyn Fn(usize) -> Row + 'a>,
    /// The line that the cursor stands in, and the column.
    at: usize,
    column: usize,
    /// Where one is and what is selected.
    status: String,
    typing: Option<Typing>,
}

/// A line that is typed in the status.
struct Typing {
    label: String,
    text: String,
    /// After so many characters.
    cursor: usize,
    /// Whether the terminal's cursor is there.
    here: bool,
}

impl View<'_> {
    /// Of rows that are there already.
    fn of(heading: String, rows: Vec<Row>, at: usize, status: String) -> Self {
        Self {
            heading,
            len: rows.len(),
            row: Box::new(move |at| rows.get(at).cloned().unwrap_or_default()),
            at,
            column: 0,
            status,
            typing: None,
        }
    }
}

/// The page of a state on a screen of this size.
pub fn page(state: &State, theme: Theme, (columns, rows): (u16, u16)) -> Page {
    // The last column stays free: terminals differ in where the cursor is after it.
    let width = usize::from(columns).saturating_sub(1);
    let height = usize::from(rows);
    let view = view(state, theme, width);
    let charset = theme.charset();
    let line = |shown: &str| text::cut(shown, width, charset).into_owned();
    let status_lines = if height < 4 { height.min(1) } else { 2 };
    let mut lines: Vec<String> = Vec::new();
    if height >= 8 {
        lines.push(line(&session(state)));
        if let (Some(trouble), true) = (banner::sentence(state), height >= 12) {
            lines.extend(text::folded(&format!("Trouble: {trouble}"), width, 3, charset));
        }
        lines.push(line(&view.heading));
    }
    let top = lines.len();
    let list = height.saturating_sub(top + status_lines);
    let first = layout::scroll(view.at, list.max(1), view.len);
    let mut spots = vec![None; top];
    for at in first..first + list {
        let row = if at < view.len {
            (view.row)(at)
        } else {
            Row::default()
        };
        lines.push(line(&row.text));
        spots.push(row.spot);
    }
    let row = u16::try_from(top + view.at.saturating_sub(first)).unwrap_or_default();
    let mut cursor = Position {
        x: u16::try_from(view.column)
            .unwrap_or_default()
            .min(columns.saturating_sub(1)),
        y: row.min(rows.saturating_sub(1)),
    };
    let says = match state.notice() {
        Some(Notice { text, refused: true }) => format!("Refused: {text}"),
        Some(Notice { text, .. }) => text.clone(),
        None => view.status,
    };
    match view.typing.filter(|_| status_lines > 0) {
        None => lines.extend(text::folded(&says, width, status_lines, charset)),
        Some(typing) => {
            let label = format!("{}: ", typing.label);
            let space = width.saturating_sub(text::width(&label));
            let (shown, column) = window(&typing.text, typing.cursor, space, charset);
            if typing.here {
                let x = text::width(&label) + column;
                cursor = Position {
                    x: u16::try_from(x.min(width)).unwrap_or_default(),
                    y: u16::try_from(lines.len()).unwrap_or_default(),
                };
            }
            lines.push(line(&format!("{label}{shown}")));
            if status_lines > 1 {
                lines.push(line(&says));
            }
        }
    }
    // On a screen of hardly any columns nothing can be folded.
    for shown in lines.iter_mut().filter(|shown| text::width(shown) > width) {
        *shown = line(shown);
    }
    lines.resize(height, String::new());
    spots.resize(height, None);
    Page { lines, cursor, spots }
}

/// What is under the mouse, the outermost first.
pub fn under(state: &State, page: &Page, mouse: Position) -> Vec<Spot> {
    let spot = page.spots.get(usize::from(mouse.y)).copied().flatten();
    let outer = state.overlays().is_empty().then(|| Spot::Pane(state.focus()));
    spot.map_or_else(Vec::new, |spot| outer.into_iter().chain([spot]).collect())
}

/// The first line: whose file this is. Saving is the usual, and not said: it would be said again and again.
fn session(state: &State) -> String {
    let start = state.start();
    let saved = match state.saved() {
        Saved::Saved | Saved::Saving(_) | Saved::Trouble(_) => String::new(),
        Saved::NoFile => ", no file yet".into(),
        Saved::NotSaved(1, _) => ", 1 change not saved".into(),
        Saved::NotSaved(number, _) => format!(", {number} changes not saved"),
        Saved::ReadOnly(_) => ", read-only".into(),
        Saved::Demo => ", demo, nothing is saved".into(),
    };
    let mouse = if state.has_mouse() { ", mouse on" } else { "" };
    format!(
        "hatrack: {}{saved}{mouse}. Help: {}",
        start.file,
        state.key("help")
    )
}

fn view(state: &State, theme: Theme, width: usize) -> View<'_> {
    let Some(top) = state.top() else {
        return match state.phase() {
            Phase::Opening { .. } => opening(state),
            Phase::Open => panes::view(state),
        };
    };
    let mut view = match top {
        Overlay::Form(shown) => return form::view(state, theme, shown, width),
        Overlay::Confirm(shown) => overlays::confirm(shown, theme, width),
        Overlay::Conflict(shown) => overlays::conflict(shown, theme, width),
        Overlay::Draft(shown) => overlays::draft(shown, theme, width),
        Overlay::Finder(shown) => overlays::finder(shown),
        Overlay::History(shown) => overlays::history(state, shown),
        Overlay::Catalogue(shown) => overlays::catalogue(state, shown),
        Overlay::Sets(shown) => overlays::sets(state, shown),
        Overlay::Prompt(shown) => overlays::prompt(shown, theme, width),
    };
    view.heading = format!("{}. {}", view.heading, keys(state));
    view
}

fn opening(state: &State) -> View<'static> {
    let file = &state.start().file;
    let says = match state.trouble() {
        // How far it is is not said: that would change and change.
        None => format!("Opening {file}. {} leaves.", state.key("quit")),
        Some(_) => format!(
            "{file} is left as it is. It is read again as soon as it changes; {} does it now, {} leaves.",
            state.key("retry"),
            state.key("quit")
        ),
    };
    View::of(says.clone(), Vec::new(), 0, says)
}

/// The keys of what lies on top, whether they can do it now or not: what can is said when it is tried.
fn keys(state: &State) -> String {
    let of = |place: &'static command::Place| {
        let shown = |command: &&command::Command| command.footer && command.place == *place;
        COMMANDS.iter().filter(shown)
    };
    let named = command::places(state).iter().flat_map(of).filter_map(|command| {
        let key = state.keymap().first(command)?;
        Some(format!("{} {}", key.word(), command.title))
    });
    format!("Keys: {}", named.collect::<Vec<_>>().join(", "))
}

/// Things of a sentence.
fn listed(parts: impl IntoIterator<Item = String>) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

/// The words for a pane.
fn name_of(state: &State, pane: Pane) -> &'static str {
    match (pane, state.is_turned()) {
        (Pane::Rooms, false) => "Rooms",
        (Pane::Users, false) => "Users",
        (Pane::Hats, false) => "Hats",
        (Pane::Rooms, true) => "All hats",
        (Pane::Users, true) => "Who has",
        (Pane::Hats, true) => "Rooms in which",
    }
}
