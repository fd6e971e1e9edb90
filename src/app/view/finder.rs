//! The finder: commands, the help, or rooms, users and hats.

use std::borrow::Cow;

use crate::app::finder::{Finder, FinderMatch};
use crate::app::offer::{FinderItem, HelpNote, OfferedCommand};
use crate::app::{MouseTarget, State, describe};
use crate::model::{HatId, Jid};

use super::{
    Body, CellContent, CellWidth, Details, Heading, InputView, ItemRow, ListRow, ListView, RowCell, RowCount,
    TitleName, Tone, Truncation, View, label,
};

/// Below this width of the screen, the selected row is shown in full below the list.
const NARROW_BELOW: u16 = 80;
/// Width of the keys column.
const KEYS_WIDTH: u16 = 18;

pub(in crate::app) fn view<'a>(state: &State, overlay: &'a Finder) -> View<'a> {
    // The help has a larger size, because it is also read, not only searched.
    let (size, hint) = if overlay.is_help() {
        (
            (110, 64),
            "Type a word to filter, or a single key to find its command",
        )
    } else {
        ((100, 30), "")
    };
    let lines = lines(overlay);
    let selected = lines
        .iter()
        .position(|line| matches!(line, FinderLine::Item(index) if *index == overlay.selected));
    // On a narrow screen, rows are cut, and the line of details would be cut, too. So the selected row is shown in full
    // instead of the details.
    let is_narrow = state.size.0 < NARROW_BELOW;
    let full_text = overlay.selected_item().filter(|_| is_narrow).map(full_text);
    let details = match overlay.selected_item().filter(|_| !is_narrow) {
        Some(FinderItem::Command(offer)) => Some(match &offer.enabled {
            Ok(()) => offer.command.help.into(),
            Err(reason) => format!("Not available: {}", describe::after_colon(reason)).into(),
        }),
        _ => None,
    };
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
            ..ListView::new(lines.len(), selected, move |index| match lines.get(index) {
                Some(FinderLine::Heading(heading)) => ListRow::Heading(heading),
                Some(FinderLine::Item(index)) => item(overlay.matches.get(*index), *index),
                None => item(None, index),
            })
        }),
        details: details.map(|main| Details {
            main,
            truncation: Truncation::End,
            remarks: Vec::new(),
        }),
    }
}

/// Returns the selected row in full.
fn full_text(item: &FinderItem) -> String {
    match item {
        FinderItem::Command(offer) => match &offer.enabled {
            Ok(()) => offer.command.help.to_owned(),
            Err(reason) => format!(
                "{}. Not available: {}",
                offer.command.help,
                describe::after_colon(reason)
            ),
        },
        FinderItem::Note(note) => format!("{} {}", note.example, note.help),
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
            .spoken("not available"),
        );
    }
    cells
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
