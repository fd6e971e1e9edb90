//! The pane with the focus, a sentence for each row.

use crate::app::{Pane, Spot, State, words};
use crate::model::{Attachment, HatId, Jid, Room};

use super::super::{empty, label, turned};
use super::{Row, View, listed, name_of};

pub(super) fn view(state: &State) -> View<'_> {
    let pane = state.focus();
    let len = state.length(pane);
    let place = place(state, pane);
    let heading = heading(state, pane, &place);
    let mut view = if len == 0 {
        let lines: Vec<String> = if state.is_turned() {
            turned::no_rows(state, pane).into()
        } else {
            empty::lines(state, pane)
        };
        let lines = lines.into_iter().filter(|line| !line.is_empty());
        let status = format!("{place}: {}", lines.clone().collect::<Vec<_>>().join(" "));
        View::of(heading, lines.map(Row::text).collect(), 0, status)
    } else {
        let at = state.selected(pane).unwrap_or_default();
        let position = format!("{} of {}", label::grouped(at + 1), label::grouped(len));
        View {
            heading,
            len,
            row: Box::new(move |at| Row::new(row(state, pane, at, false), Spot::Row(at))),
            at,
            column: 0,
            status: format!("{place}, {position}: {}", row(state, pane, at, true)),
            typing: None,
        }
    };
    if let Some(filter) = state.typed_filter() {
        let found = format!("{} of {}", label::grouped(len), label::grouped(state.total(pane)));
        view.status = match state.selected(pane) {
            Some(at) => format!("{found}: {}", row(state, pane, at, false)),
            None => found,
        };
        view.typing = Some(super::Typing {
            label: "Filter".into(),
            text: filter.text.text(),
            cursor: filter.text.cursor(),
            here: true,
        });
    }
    view
}

/// `Users of Courses`.
fn place(state: &State, pane: Pane) -> String {
    let name = name_of(state, pane);
    let room = || state.room().map(|(jid, room)| label::room(jid, room));
    let of = if state.is_turned() {
        let hat = state.turned_hat();
        let hat = hat.map(|known| title(known.title.as_deref(), &known.id));
        match pane {
            Pane::Rooms => None,
            Pane::Users => hat,
            Pane::Hats => state
                .user()
                .zip(hat)
                .map(|((jid, _), hat)| format!("{jid} has {hat}")),
        }
        .map(|of| format!(" {of}"))
    } else {
        let marked = state.marked(Pane::Users);
        match pane {
            Pane::Rooms => None,
            Pane::Users => room().map(|room| format!(" of {room}")),
            Pane::Hats if marked > 0 => Some(format!(" of {}", words::count(marked, "marked user"))),
            Pane::Hats => state
                .user()
                .zip(room())
                .map(|((jid, _), room)| format!(" of {jid} in {room}")),
        }
    };
    format!("{name}{}", of.unwrap_or_default())
}

/// How many there are, and how they are narrowed, sorted and marked: not where the selection is.
fn heading(state: &State, pane: Pane, place: &str) -> String {
    let (len, total) = (
        label::grouped(state.length(pane)),
        label::grouped(state.total(pane)),
    );
    let count = match state.filter(pane) {
        None => total,
        Some(filter) if filter.editing => format!("filtered of {total}"),
        Some(filter) => format!("{len} of {total} match {}", filter.text.text().trim()),
    };
    let marked = match state.marked(pane) {
        0 => String::new(),
        marked => format!("{marked} marked"),
    };
    let sorted = format!("sorted {}", state.sort(pane).words());
    listed([place.to_owned(), count, marked, sorted])
}

/// A row in words; with more of it where it is the selected one.
fn row(state: &State, pane: Pane, at: usize, whole: bool) -> String {
    let marked = if state.is_marked(pane, at) { "marked" } else { "" };
    let words = match (pane, state.is_turned()) {
        (Pane::Rooms, false) => room(state, at, whole),
        (Pane::Users, false) => user(state, at, whole),
        (Pane::Hats, false) => hat(state, at, whole),
        (Pane::Rooms, true) => state.turned_hat_at(at).map(|known| {
            let id = if whole {
                known.id.to_string()
            } else {
                String::new()
            };
            listed([
                title(known.title.as_deref(), &known.id),
                words::count(known.users, "user"),
                id,
            ])
        }),
        (Pane::Users, true) => state.wearer_at(at).map(Jid::to_string),
        (Pane::Hats, true) => state.room_of_wearer_at(at).map(|(jid, room, user, attachment)| {
            listed([
                label::room(jid, room).to_owned(),
                is(attachment),
                user.affiliation.to_string(),
            ])
        }),
    };
    listed([words.unwrap_or_default(), marked.to_owned()])
}

fn room(state: &State, at: usize, whole: bool) -> Option<String> {
    let jid = state.rooms().get(at)?;
    let room = state.wardrobe().room(jid)?;
    let address = match (label::named(room), whole) {
        (Some(_), true) => jid.to_string(),
        _ => String::new(),
    };
    let name = label::named(room).unwrap_or(jid.as_str()).to_owned();
    Some(listed([
        name,
        address,
        words::count(room.users().len(), "user"),
        words::count(room.attachments(), "hat"),
    ]))
}

fn user(state: &State, at: usize, whole: bool) -> Option<String> {
    let (jid, user) = state.user_at(at)?;
    let hats = match user.hats.len() {
        0 => "no hats".to_owned(),
        number => words::count(number, "hat"),
    };
    let worn = user.hats.iter().filter(|(_, hat)| hat.is_active()).count();
    let worn = if whole && !user.hats.is_empty() {
        format!("{worn} worn")
    } else {
        String::new()
    };
    let affiliation = if user.affiliation.is_affiliated() {
        user.affiliation.to_string()
    } else {
        match user.affiliation {
            crate::model::Affiliation::Outcast => "outcast, banned".into(),
            _ => "not affiliated".into(),
        }
    };
    Some(listed([jid.to_string(), affiliation, hats, worn]))
}

fn hat(state: &State, at: usize, whole: bool) -> Option<String> {
    let (id, attachment) = state.hat_at(at)?;
    let here = state.room().map(|(_, room)| room);
    let name = title(here.and_then(|room: &Room| room.title(id, attachment)), id);
    let how = match state.tally(id) {
        None => is(attachment),
        Some(tally) => listed([
            format!("{} of {} have it", tally.have, state.marked(Pane::Users)),
            format!("worn by {}", tally.worn),
            format!("required of {}", tally.required),
        ]),
    };
    let flag = if label::is_uri(id) { "" } else { "its id is no URI" };
    let id = if whole { id.to_string() } else { String::new() };
    Some(listed([name, how, flag.to_owned(), id]))
}

fn is(attachment: &Attachment) -> String {
    let worn = if attachment.is_active() {
        "worn"
    } else {
        "not worn"
    };
    let required = if attachment.is_required() { "required" } else { "" };
    listed([worn.to_owned(), required.to_owned()])
}

pub(super) fn title(title: Option<&str>, id: &HatId) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => title.to_owned(),
        None => label::untitled(id),
    }
}
