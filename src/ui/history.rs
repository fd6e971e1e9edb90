//! Who did what, when: the entries, newest first, and the whole of the selected one.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::history::History;
use crate::app::{State, words};
use crate::model::Group;
use crate::store::{Entry, Filter};

use super::canvas::{Canvas, Title, below};
use super::layout::popup;
use super::{label, list, text};

/// Lines for the whole of the selected entry.
const WHOLE: u16 = 4;
/// A group of more edits than these is not looked through while drawing.
const MANY: usize = 256;
/// So many entries above and below the selected one are looked at for the width of a column.
const AROUND: usize = 100;
/// Columns that a name gets at most.
const WIDEST: usize = 18;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    history: &History,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let place = popup(area, area.width.min(140), area.height);
    canvas.clear(place);
    let more = if history.has_more() { "+" } else { "" };
    let heading = format!("History {}{more}", label::grouped(history.entries.len()));
    let title = Title {
        text: &heading,
        right: "",
        focused,
    };
    let inner = canvas.frame(place, &title);
    let inner = remarks(canvas, history, inner);
    if history.entries.is_empty() {
        let line = below(inner, 1);
        canvas.text(indented(line), nothing(history), Style::new());
        return None;
    }
    // On a small screen a row holds few words: there it is needed most.
    let whole = if inner.height >= WHOLE + 3 { WHOLE } else { 0 };
    let rows = Rect {
        height: inner.height - whole,
        ..inner
    };
    let zone = zone(state);
    let (len, charset) = (history.entries.len(), canvas.charset());
    // As wide as the longest name around here needs, so that what was done has the rest.
    let around = history
        .entries
        .iter()
        .skip(history.selected.saturating_sub(AROUND))
        .take(2 * AROUND);
    let widest = around
        .map(|one| text::width(&text::cut(&one.actor, WIDEST, charset)))
        .max()
        .unwrap_or_default();
    list::draw(
        canvas,
        (place, rows),
        (len, Some(history.selected), focused),
        |canvas, row| {
            if let Some(one) = history.entries.get(row.at) {
                entry(canvas, row, one, widest, &zone);
            }
        },
    );
    if let Some(one) = history.entry() {
        details(canvas, below(inner, rows.height), one, &zone);
    }
    None
}

/// What is said in the place of entries.
pub(super) fn nothing(history: &History) -> &'static str {
    match (&history.failed, history.loading) {
        (Some(_), _) => "",
        (None, true) => "reading …",
        (None, false) => "Nothing yet: every change from now on is listed here.",
    }
}

/// One line each: to what it is narrowed, and what could not be read; gives what is left below.
fn remarks(canvas: &mut Canvas<'_>, history: &History, inner: Rect) -> Rect {
    let mut rest = inner;
    let mut say = |canvas: &mut Canvas<'_>, shown: &str, style| {
        canvas.text(indented(rest), shown, style);
        rest = below(rest, 1);
    };
    if let Some(only) = only(&history.filter) {
        say(canvas, &only, canvas.theme.warning());
    }
    if let Some(reason) = &history.failed {
        let shown = format!("{} {reason}", canvas.theme.warning_mark());
        say(canvas, &shown, canvas.theme.error());
    }
    if history.unreadable > 0 {
        let lines = words::count(history.unreadable, "line");
        let shown = format!(
            "{} {lines} of it could not be read; see hatrack check",
            canvas.theme.warning_mark()
        );
        say(canvas, &shown, canvas.theme.error());
    }
    rest
}

pub(super) fn only(filter: &Filter) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(filter.actor.as_ref().map(|actor| format!("by {actor}")));
    parts.extend(filter.room.as_ref().map(|room| format!("in {room}")));
    parts.extend(filter.user.as_ref().map(|user| format!("of {user}")));
    parts.extend(
        filter
            .hat
            .as_ref()
            .map(|hat| format!("hat <{}>", text::beginning(hat.as_str()))),
    );
    (!parts.is_empty()).then(|| format!("only: {}", parts.join(", ")))
}

fn entry(canvas: &mut Canvas<'_>, row: list::Row, entry: &Entry, widest: usize, zone: &TimeZone) {
    let style = row.style(canvas.theme, Style::new());
    let charset = canvas.charset();
    let columns = usize::from(row.line.width);
    // On a narrow screen the day tells enough.
    let (format, most) = if columns < 70 {
        ("%m-%d %H:%M", 10)
    } else {
        ("%Y-%m-%d %H:%M", WIDEST)
    };
    let mut shown = format!(
        "{} {}  {}  ",
        row.marker(),
        when(entry.time, zone, format),
        text::fit(&entry.actor, widest.min(most), charset)
    );
    let space = columns.saturating_sub(text::width(&shown) + 1);
    shown.push_str(&text::fit(&did(entry), space, charset));
    shown.push(' ');
    canvas.left(row.line, &shown, style);
}

/// What was done, in words.
pub(super) fn did(entry: &Entry) -> String {
    words::entry(entry, &brief(&entry.group))
}

fn brief(group: &Group) -> String {
    match group.0.as_slice() {
        [first, rest @ ..] if rest.len() >= MANY => {
            let all = label::grouped(rest.len() + 1);
            format!("made {all} changes, the first: {}", words::edit(first))
        }
        _ => words::group(group),
    }
}

fn details(canvas: &mut Canvas<'_>, area: Rect, entry: &Entry, zone: &TimeZone) {
    let Some(first) = area.rows().next() else {
        return;
    };
    let line = canvas.theme.frame(false).horizontal_top;
    canvas.left(
        first,
        &line.repeat(usize::from(first.width)),
        canvas.theme.border(false),
    );
    let time = when(entry.time, zone, "%Y-%m-%d %H:%M:%S");
    let what = format!(
        "Revision {}, {time}: {} {}",
        entry.revision,
        entry.actor,
        did(entry)
    );
    let rest = indented(below(area, 1));
    let lines = text::folded(
        &what,
        usize::from(rest.width),
        usize::from(rest.height),
        canvas.charset(),
    );
    for (row, line) in rest.rows().zip(&lines) {
        canvas.left(row, line, Style::new());
    }
}

pub(super) fn zone(state: &State) -> TimeZone {
    state.start().zone.clone().unwrap_or(TimeZone::UTC)
}

pub(super) fn when(time: Timestamp, zone: &TimeZone, format: &str) -> String {
    zone.to_datetime(time).strftime(format).to_string()
}

fn indented(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1).min(area.right()),
        width: area.width.saturating_sub(2),
        ..area
    }
}
