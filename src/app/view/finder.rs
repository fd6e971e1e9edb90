//! The finder: commands, the help, or rooms, users and hats.

use std::borrow::Cow;

use crate::app::finder::{Finder, FinderMatch};
use crate::app::offer::{FinderItem, HelpNote, OfferedCommand};
use crate::app::{MouseTarget, describe};
use crate::model::{HatId, Jid};

use super::{
    Body, CellContent, CellWidth, Heading, InputView, ItemRow, ListRow, ListView, RowCell, RowCount,
    TitleName, Tone, View, label,
};

/// Width of the keys column.
const KEYS_WIDTH: u16 = 18;

pub(in crate::app) fn view(overlay: &Finder) -> View<'_> {
    // The help has a larger size, because it is also read, not only searched.
    let (size, hint) = if overlay.is_help() {
        (
            (110, 64),
            "Type a word to filter, or press a single key to find its command",
        )
    } else {
        ((100, 30), "")
    };
    let lines = lines(overlay);
    let selected = lines
        .iter()
        .position(|line| matches!(line, FinderLine::Item(index) if *index == overlay.selected));
    // Rows may be cut.
    let full_text = overlay.selected_item().map(full_text);
    // The title "Go to a room, user or hat" is a phrase: a bare number after it would read as a part of it.
    let matches = overlay.is_go_to().then(|| match overlay.match_count {
        1 => "1 match".to_owned(),
        more => format!("{} matches", describe::with_thousands_commas(more)),
    });
    let empty_lines = if overlay.is_searching() {
        Vec::new()
    } else {
        vec!["No matches".into()]
    };
    View {
        heading: Heading {
            title: overlay.title().into(),
            count: matches.is_none().then(|| RowCount {
                shown: overlay.match_count,
                ..RowCount::default()
            }),
            spoken: match &matches {
                Some(number) => format!("{}, {number}", overlay.title()),
                None => overlay.title().into(),
            },
            subjects: matches.into_iter().map(TitleName::from).collect(),
            busy: overlay.is_searching(),
        },
        size,
        input: Some(InputView {
            text: &overlay.text,
            hint,
        }),
        remarks: Vec::new(),
        body: Body::List(ListView {
            position: (overlay.selected, overlay.match_count),
            empty_lines,
            full_text,
            wraps: !overlay.is_go_to(),
            ..ListView::new(lines.len(), selected, move |index| match lines.get(index) {
                Some(FinderLine::Heading(heading)) => ListRow::Heading(heading),
                Some(FinderLine::Item(index)) => item(overlay.matches.get(*index), *index),
                None => item(None, index),
            })
        }),
        details: None,
    }
}

/// Returns the selected row in full.
fn full_text(item: &FinderItem) -> String {
    match item {
        FinderItem::Command(offer) => {
            let unavailable = offer.enabled.as_ref().err();
            let unavailable =
                unavailable.map(|reason| format!("Not available: {}", describe::after_colon(reason)));
            let keys =
                (!offer.keys.is_empty()).then(|| format!("Key: {}", crate::app::spell_arrows(&offer.keys)));
            let parts = [Some(offer.command.help.to_owned()), keys, unavailable];
            parts.into_iter().flatten().collect::<Vec<_>>().join(". ")
        }
        FinderItem::Note(note) => format!("{} {}", note.example, note.help),
        FinderItem::Hat { id, title, .. } => format!("{title} · {id}"),
        FinderItem::Destination {
            room,
            user,
            hat,
            nickname,
            ..
        } => {
            let parts = [
                Some(room.as_str()),
                nickname.as_deref(),
                user.as_ref().map(Jid::as_str),
                hat.as_ref().map(HatId::as_str),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    }
}

/// A line of the list: a heading, or the index of a match.
enum FinderLine {
    Heading(&'static str),
    Item(usize),
}

fn lines(finder: &Finder) -> Vec<FinderLine> {
    let with_heading = |index: usize| {
        let heading = finder.heading(index).map(FinderLine::Heading);
        heading.into_iter().chain([FinderLine::Item(index)])
    };
    (0..finder.matches.len()).flat_map(with_heading).collect()
}

fn item(matched: Option<&FinderMatch>, index: usize) -> ListRow<'_> {
    let cells = match matched.map(|matched| &matched.item) {
        Some(FinderItem::Command(offer)) => command(offer),
        Some(FinderItem::Note(note)) => help_note(note),
        Some(item @ FinderItem::Hat { .. }) => hat(item),
        Some(item @ FinderItem::Destination { .. }) => destination(item),
        None => Vec::new(),
    };
    ListRow::Item(ItemRow {
        cells,
        marked: false,
        mouse_target: MouseTarget::Row(index),
    })
}

fn help_note(note: &HelpNote) -> Vec<RowCell<'_>> {
    vec![
        RowCell::text(note.example)
            .width(CellWidth::Fixed(KEYS_WIDTH))
            .spoken(format!("{} {}", note.example, note.help)),
        RowCell::text(note.help).width(CellWidth::Share(1)).silent(),
    ]
}

fn command(offer: &OfferedCommand) -> Vec<RowCell<'_>> {
    let tone = match &offer.enabled {
        Ok(()) => Tone::Plain,
        Err(_) => Tone::Faint,
    };
    let keys = match offer.keys.as_str() {
        "" => String::new(),
        keys => format!("key {}", crate::app::spell_arrows(keys)),
    };
    let mut cells = vec![
        RowCell::new(CellContent::Keys(offer.keys.as_str().into()))
            .width(CellWidth::Fixed(KEYS_WIDTH))
            .tone(tone)
            .spoken(offer.command.help),
        RowCell::text(offer.command.help)
            .width(CellWidth::Share(1))
            .tone(tone)
            .spoken(keys),
    ];
    if let Err(reason) = &offer.enabled {
        cells.push(RowCell::glyph(super::Glyph::Dash).tone(Tone::Warning));
        cells.push(
            // The rest of the reason, such as what to do, is shown when the row is selected.
            RowCell::text(
                reason
                    .split_once("; ")
                    .map_or(reason.as_str(), |(cause, _)| cause),
            )
            .tone(Tone::Warning)
            .spoken(format!("not available: {}", describe::after_colon(reason))),
        );
    }
    cells
}

fn hat(item: &FinderItem) -> Vec<RowCell<'_>> {
    let FinderItem::Hat {
        id,
        title,
        other_title,
        users,
        rooms,
    } = item
    else {
        return Vec::new();
    };
    let name: Cow<'_, str> = match other_title {
        Some(other) => format!("{other} · {title}").into(),
        None => title.as_ref().into(),
    };
    let use_text = format!(
        "{} in {}",
        describe::count(*users, "user"),
        describe::count(*rooms, "room")
    );
    let words = format!("hat {name}, {use_text}");
    vec![
        RowCell::text("hat").width(CellWidth::Fixed(4)).spoken(words),
        RowCell::text(name)
            .fallback(id.as_str())
            .width(CellWidth::Share(1))
            .silent(),
        RowCell::text(use_text).width(CellWidth::Share(1)).silent(),
    ]
}

fn destination(item: &FinderItem) -> Vec<RowCell<'_>> {
    let FinderItem::Destination {
        room,
        snapshot,
        user,
        hat,
        nickname,
    } = item
    else {
        return Vec::new();
    };
    let room_name = label::room(room, snapshot);
    let attachment = user.as_ref().zip(hat.as_ref()).and_then(|(user, hat)| {
        snapshot
            .user(user)?
            .hats
            .get(hat)
            .map(|attachment| (hat, attachment))
    });
    let (kind, name, more, words): (_, Cow<'_, str>, Cow<'_, str>, _) = match (user, attachment) {
        (None, _) => (
            "room",
            room_name.into(),
            room.as_str().into(),
            format!("room {room_name}, {room}"),
        ),
        (Some(user), None) => match nickname {
            None => (
                "user",
                user.as_str().into(),
                room_name.into(),
                format!("user {user} in {room_name}"),
            ),
            Some(nickname) => (
                "user",
                format!("{nickname} · {user}").into(),
                room_name.into(),
                format!("user {nickname}, {user} in {room_name}"),
            ),
        },
        (Some(user), Some((hat, attachment))) => {
            let title = label::hat(hat, snapshot.title(hat, attachment));
            let words = format!("hat {title} of {user} in {room_name}");
            ("hat", title, format!("{user} · {room_name}").into(), words)
        }
    };
    vec![
        RowCell::text(kind).width(CellWidth::Fixed(4)).spoken(words),
        RowCell::text(name).width(CellWidth::Share(1)).silent(),
        RowCell::text(more).width(CellWidth::Share(1)).silent(),
    ]
}
