//! Looking for a command, or for a room, a user or a hat, by a few letters; and the help.

use std::borrow::Cow;

use crate::app::Spot;
use crate::app::finder::{Finder, Found};
use crate::app::offer::{Note, Offer, What};

use super::{
    Body, Cell, Content, Count, Cut, Details, Heading, Input, Item, List, Row, Tone, View, Width, label,
};

/// Columns of the keys of a command.
const KEYS: u16 = 18;

pub(in crate::app) fn view(shown: &Finder) -> View<'_> {
    // The help is to be read, not only to be searched.
    let (size, hint) = if shown.is_help() {
        ((110, 64), "letters narrow it; a key finds what it does")
    } else {
        ((100, 30), "")
    };
    let lines = lines(shown);
    let selected = lines
        .iter()
        .position(|line| matches!(line, Line::Item(at) if *at == shown.selected));
    let details = match shown.chosen() {
        Some(What::Command(offer)) => Some(match &offer.enabled {
            Ok(()) => offer.command.help.into(),
            Err(reason) => format!("not now: {reason}").into(),
        }),
        _ => None,
    };
    let empty = if shown.is_looking() {
        Vec::new()
    } else {
        vec!["nothing matches".into()]
    };
    View {
        heading: Heading {
            title: shown.title().into(),
            count: Some(Count {
                shown: shown.matched,
                ..Count::default()
            }),
            about: Vec::new(),
            spoken: shown.title().into(),
            busy: shown.is_looking(),
        },
        size,
        input: Some(Input {
            text: &shown.text,
            hint,
        }),
        remarks: Vec::new(),
        body: Body::List(List {
            position: (shown.selected, shown.matched),
            empty,
            ..List::new(lines.len(), selected, move |at| match lines.get(at) {
                Some(Line::Heading(heading)) => Row::Heading(heading),
                Some(Line::Item(at)) => item(shown.found.get(*at), *at),
                None => item(None, at),
            })
        }),
        details: details.map(|main| Details {
            main,
            cut: Cut::End,
            remarks: Vec::new(),
        }),
    }
}

/// A line of the list.
enum Line {
    Heading(&'static str),
    Item(usize),
}

fn lines(finder: &Finder) -> Vec<Line> {
    let of = |at: usize| {
        let heading = finder.heading(at).map(Line::Heading);
        heading.into_iter().chain([Line::Item(at)])
    };
    (0..finder.found.len()).flat_map(of).collect()
}

fn item(found: Option<&Found>, at: usize) -> Row<'_> {
    let cells = match found.map(|found| &found.what) {
        Some(What::Command(offer)) => command(offer),
        Some(What::Note(note)) => known(note),
        Some(what @ What::Place { .. }) => place(what),
        None => Vec::new(),
    };
    Row::Item(Item {
        cells,
        marked: false,
        spot: Spot::Row(at),
    })
}

fn known(note: &Note) -> Vec<Cell<'_>> {
    vec![
        Cell::text(note.word)
            .width(Width::Exactly(KEYS))
            .spoken(format!("{} {}", note.word, note.help)),
        Cell::text(note.help).width(Width::Share(1)).silent(),
    ]
}

fn command(offer: &Offer) -> Vec<Cell<'_>> {
    let tone = match &offer.enabled {
        Ok(()) => Tone::Plain,
        Err(_) => Tone::Faint,
    };
    let keys = match offer.keys.as_str() {
        "" => String::new(),
        keys => format!("key {}", crate::app::spelled(keys)),
    };
    let mut cells = vec![
        Cell::new(Content::Keys(offer.keys.as_str().into()))
            .width(Width::Exactly(KEYS))
            .tone(tone)
            .spoken(offer.command.help),
        Cell::text(offer.command.help)
            .width(Width::Share(1))
            .tone(tone)
            .spoken(keys),
    ];
    if let Err(reason) = &offer.enabled {
        cells.push(Cell::glyph(super::Glyph::Dash).tone(Tone::Warning));
        cells.push(Cell::text(reason.as_str()).tone(Tone::Warning).spoken("not now"));
    }
    cells
}

fn place(what: &What) -> Vec<Cell<'_>> {
    let What::Place {
        room,
        here,
        user,
        hat,
    } = what
    else {
        return Vec::new();
    };
    let at = label::room(room, here);
    let attachment = user
        .as_ref()
        .zip(hat.as_ref())
        .and_then(|(user, hat)| here.user(user)?.hats.get(hat).map(|attachment| (hat, attachment)));
    let (kind, name, more, words): (_, Cow<'_, str>, Cow<'_, str>, _) = match (user, attachment) {
        (None, _) => (
            "room",
            at.into(),
            room.as_str().into(),
            format!("room {at}, {room}"),
        ),
        (Some(user), None) => (
            "user",
            user.as_str().into(),
            at.into(),
            format!("user {user} in {at}"),
        ),
        (Some(user), Some((hat, attachment))) => {
            let title = label::hat(hat, here.title(hat, attachment));
            let words = format!("hat {title} of {user} in {at}");
            ("hat", title, format!("{user} · {at}").into(), words)
        }
    };
    vec![
        Cell::text(kind).width(Width::Exactly(4)).spoken(words),
        Cell::text(name).width(Width::Share(1)).silent(),
        Cell::text(more).width(Width::Share(1)).silent(),
    ]
}
