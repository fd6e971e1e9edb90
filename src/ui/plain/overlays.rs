//! Questions, the finder with the help, the history and the catalogue.

use crate::app::catalogue::{Catalogue, Entry};
use crate::app::draft::Draft;
use crate::app::finder::{Finder, What};
use crate::app::form::Text;
use crate::app::history::History;
use crate::app::prompt::Prompt;
use crate::app::sets::{Entry as Named, NamedSets};
use crate::app::{Confirm, Conflict, Spot, State, words};

use super::super::line::window;
use super::super::{draft as left, finder as found, history as past, label, sets as named, text};
use super::panes::title;
use super::{Row, Theme, Typing, View, listed};

/// No more lines of one paragraph.
const MOST: usize = 8;

/// Paragraphs, the first of which is the question.
fn question(heading: &str, parts: &[String], theme: Theme, width: usize) -> View<'static> {
    let folded = |part: &String| text::folded(part, width, MOST, theme.charset());
    let rows: Vec<Row> = parts.iter().flat_map(folded).map(Row::text).collect();
    View::of(heading.to_owned(), rows, 0, parts.join(" "))
}

pub(super) fn confirm(shown: &Confirm, theme: Theme, width: usize) -> View<'static> {
    let parts = [shown.question.clone(), shown.consequence.clone()];
    question("Question", &parts, theme, width)
}

pub(super) fn conflict(shown: &Conflict, theme: Theme, width: usize) -> View<'static> {
    let parts = [
        format!("Changed by somebody else meanwhile: {}.", shown.what),
        format!("Now: {}.", shown.theirs),
        format!("Yours: {}.", shown.mine),
        "Nothing is written until you choose.".to_owned(),
    ];
    question("Conflict", &parts, theme, width)
}

pub(super) fn draft(shown: &Draft, theme: Theme, width: usize) -> View<'static> {
    let mut parts = vec![left::SAYS.to_owned()];
    parts.extend(left::lines(shown));
    question("Unsaved", &parts, theme, width)
}

/// Where a command or a place is looked for: letters go into the status. Once another row than the first is selected, the
/// cursor stands there.
pub(super) fn finder(shown: &Finder) -> View<'_> {
    let lines = found::lines(shown);
    let at = lines
        .iter()
        .position(|line| matches!(line, found::Line::Row(row) if *row == shown.selected));
    let selected = shown.chosen().map(|what| words_of(what, true));
    let position = format!("{} of {}", shown.selected + 1, label::grouped(shown.matched));
    let status = selected.map_or_else(
        || "nothing matches".to_owned(),
        |selected| format!("{position}: {selected}"),
    );
    let len = lines.len();
    let row = move |at: usize| match lines.get(at) {
        Some(found::Line::Heading(heading)) => Row::text(format!("{heading}:")),
        Some(found::Line::Row(row)) => {
            let what = shown.found.get(*row).map(|found| words_of(&found.what, false));
            Row::new(what.unwrap_or_default(), Spot::Row(*row))
        }
        None => Row::default(),
    };
    View {
        heading: shown.title().to_owned(),
        len,
        row: Box::new(row),
        at: at.unwrap_or_default(),
        column: 0,
        status,
        typing: Some(typed(&shown.text, shown.selected == 0)),
    }
}

fn words_of(what: &What, whole: bool) -> String {
    match what {
        What::Command(offer) => {
            let keys = Theme {
                ascii: true,
                ..Theme::default()
            }
            .key_name(&offer.keys);
            let why = match &offer.enabled {
                Ok(()) => String::new(),
                Err(reason) if whole => format!("not now: {reason}"),
                Err(_) => "not now".into(),
            };
            let key = if keys.is_empty() {
                keys
            } else {
                format!("key {keys}")
            };
            listed([offer.command.help.to_owned(), key, why])
        }
        What::Note(note) => format!("{} {}", note.word, note.help),
        What::Place {
            room,
            here,
            user,
            hat,
        } => {
            let place = label::room(room, here).to_owned();
            let there = user.as_ref().and_then(|user| here.user(user));
            let worn = hat
                .as_ref()
                .zip(there)
                .and_then(|(id, user)| Some((id, user.hats.get(id)?)));
            match (user, worn) {
                (None, _) => listed([format!("room {place}"), room.to_string()]),
                (Some(user), None) => format!("user {user} in {place}"),
                (Some(user), Some((id, attachment))) => {
                    format!(
                        "hat {} of {user} in {place}",
                        title(here.title(id, attachment), id)
                    )
                }
            }
        }
    }
}

/// The named sets of hats: letters go into the status, as in the finder.
pub(super) fn sets<'a>(state: &'a State, shown: &'a NamedSets) -> View<'a> {
    let entries = match shown.entries(state) {
        Ok(entries) if entries.is_empty() => Err(named::nothing(state, shown)),
        other => other,
    };
    let entries = match entries {
        Ok(entries) => entries,
        Err(says) => {
            let rows = vec![Row::text(says.clone())];
            let mut view = View::of("Sets of hats".into(), rows, 0, says);
            view.typing = Some(typed(&shown.text, true));
            return view;
        }
    };
    let of = |(name, hats): &Named| {
        format!(
            "{name}, {}: {}",
            words::count(hats.len(), "hat"),
            words::hats(hats)
        )
    };
    let at = shown.selected(entries.len()).unwrap_or_default();
    let selected = entries.get(at).map(of).unwrap_or_default();
    let status = format!("{} of {}: {selected}", at + 1, entries.len());
    let rows = entries.iter().enumerate();
    let rows = rows.map(|(at, entry)| Row::new(of(entry), Spot::Row(at)));
    let mut view = View::of("Sets of hats".into(), rows.collect(), at, status);
    view.typing = Some(typed(&shown.text, at == 0));
    view
}

fn typed(text: &Text, here: bool) -> Typing {
    Typing {
        label: "Find".into(),
        text: text.text(),
        cursor: text.cursor(),
        here,
    }
}

/// A line to be typed, and what can be chosen beside it.
pub(super) fn prompt(shown: &Prompt, theme: Theme, width: usize) -> View<'static> {
    let [label, choice] = shown.labels();
    let label = format!("{label}: ");
    let space = width.saturating_sub(text::width(&label));
    let (line, cursor) = window(&shown.text.text(), shown.text.cursor(), space, theme.charset());
    let mut rows = vec![Row::text(format!("{label}{line}"))];
    if let Some(chosen) = shown.choices.get(shown.at) {
        let others = shown.choices.iter().enumerate().filter(|(at, _)| *at != shown.at);
        let others: Vec<&str> = others.map(|(_, words)| words.as_str()).collect();
        let others = match others.as_slice() {
            [] => String::new(),
            some => format!("; others: {}", some.join(", ")),
        };
        rows.push(Row::text(format!("{choice}: {chosen}{others}")));
    }
    let folded = |part: &String| text::folded(part, width, 3, theme.charset());
    rows.extend(shown.wrong.iter().flat_map(folded).map(Row::text));
    let status = match (shown.waits, shown.wrong.first()) {
        (true, _) => "Working".to_owned(),
        (false, Some(wrong)) => format!("Wrong: {wrong}"),
        (false, None) => shown.hint().clone(),
    };
    let mut view = View::of(shown.heading().to_owned(), rows, 0, status);
    view.column = text::width(&label) + cursor;
    view
}

pub(super) fn history<'a>(state: &'a State, shown: &'a History) -> View<'a> {
    let more = if shown.has_more() { " and more" } else { "" };
    let number = shown.entries.len();
    let mut parts = vec![format!("History, {}{more}", words::count(number, "change"))];
    parts.extend(past::only(&shown.filter));
    parts.extend(shown.failed.clone());
    if shown.unreadable > 0 {
        parts.push(format!(
            "{} could not be read",
            words::count(shown.unreadable, "line")
        ));
    }
    let heading = parts.join(". ");
    let zone = past::zone(state);
    let Some(entry) = shown.entry() else {
        let says = past::nothing(shown);
        return View::of(heading, vec![Row::text(says)], 0, says.to_owned());
    };
    let time = past::when(entry.time, &zone, "%Y-%m-%d %H:%M:%S");
    let status = format!(
        "{} of {number}: revision {}, {time}, {} {}",
        shown.selected + 1,
        entry.revision,
        entry.actor,
        past::did(entry)
    );
    let row = move |at: usize| {
        let words = shown.entries.get(at).map(|entry| {
            let time = past::when(entry.time, &zone, "%Y-%m-%d %H:%M");
            format!("{time}, {} {}", entry.actor, past::did(entry))
        });
        Row::new(words.unwrap_or_default(), Spot::Row(at))
    };
    View {
        heading,
        len: number,
        row: Box::new(row),
        at: shown.selected,
        column: 0,
        status,
        typing: None,
    }
}

pub(super) fn catalogue<'a>(state: &'a State, shown: &'a Catalogue) -> View<'a> {
    let entries = shown.entries(state);
    let heading = format!(
        "Catalogue of {}, {}",
        shown.room,
        words::count(entries.len(), "hat")
    );
    let at = shown.selected(&entries);
    let rows = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| Row::new(of_entry(entry), Spot::Row(at)));
    let rows: Vec<Row> = rows.collect();
    let status = match at.and_then(|at| Some((at, entries.get(at)?))) {
        Some((at, entry)) => format!(
            "{} of {}: {}, {}",
            at + 1,
            entries.len(),
            of_entry(entry),
            entry.known.id
        ),
        None => format!(
            "No hat is defined or worn in this room yet. {} defines the first one.",
            state.key("define-hat")
        ),
    };
    View::of(heading, rows, at.unwrap_or_default(), status)
}

fn of_entry(entry: &Entry<'_>) -> String {
    let hue = entry.defined.and_then(|hat| hat.hue.as_ref());
    let hue = match (entry.defined, hue) {
        (None, _) => "not defined, only worn".to_owned(),
        (Some(_), None) => "defined".to_owned(),
        (Some(_), Some(hue)) => format!("defined, hue {}", hue.as_json().as_str().trim_matches('"')),
    };
    listed([
        title(entry.known.title.as_deref(), &entry.known.id),
        words::count(entry.known.users, "user"),
        hue,
    ])
}
