//! The three panes of each view.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::app::{Grouping, MouseTarget, Pane, Sort, State, Tally, describe, until};
use crate::model::{Attachment, Jid, Room};

use super::{
    Body, CellContent, CellWidth, Glyph, Heading, ItemRow, ListRow, ListView, RowCell, RowCount, TitleName,
    Tone, Truncation, View, empty, label,
};

mod details;
mod room_cells;
mod users;

use room_cells::{room_name, server};

pub(super) fn view(state: &State, pane: Pane) -> View<'_> {
    let len = state.length(pane);
    let filter = state.filter(pane);
    let count = RowCount {
        shown: len,
        has_more: false,
        total: filter.map(|_| state.total(pane)),
        filter: filter
            .filter(|filter| !filter.editing)
            .map(|filter| filter.text.text().trim().to_owned().into()),
        marked: state.marked(pane),
        hidden_marks: state.hidden_marks(pane),
        sort_order: Some(state.sort(pane).label()),
        non_default_order: state.non_default_sort(pane).map(Sort::short_label),
        noun: Some(state.grouping().kind(pane).noun()),
    };
    let (title, subjects, spoken) = heading(state, pane);
    View {
        heading: Heading {
            title: title.into(),
            count: Some(count),
            subjects,
            spoken,
            busy: pane == Pane::First && state.is_indexing_users(),
        },
        size: (u16::MAX, u16::MAX),
        input: None,
        remarks: Vec::new(),
        body: Body::List(ListView {
            narrow_below: narrow_width(state.grouping(), pane),
            markable: true,
            filter,
            empty_lines: empty::empty_lines(state, pane),
            ..ListView::new(len, state.selected(pane), move |index| {
                ListRow::Item(ItemRow {
                    cells: cells(state, pane, index).unwrap_or_default(),
                    marked: state.is_marked(pane, index),
                    mouse_target: MouseTarget::Row(index),
                })
            })
        }),
        details: details::pane_details(state, pane),
    }
}

/// Returns the width below which rows show short forms.
fn narrow_width(grouping: Grouping, pane: Pane) -> u16 {
    match (grouping, pane) {
        // These rows can have one more column: for synchronization, or for who is online. In a wider pane, the names
        // get more space first, and only then the numbers.
        (Grouping::ByRoom | Grouping::ByUser, Pane::First) => 36,
        (_, Pane::First) => 30,
        (_, Pane::Second) => 44,
        (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => 34,
        (Grouping::ByHat, Pane::Third) => 40,
    }
}

/// Returns the name of a room in a title: as in the list of rooms, so that both can be compared.
fn room_title<'a>(state: &'a State, jid: &'a Jid, room: &'a Room) -> TitleName<'a> {
    if label::visible_name(room).is_none() && state.totals().several_domains {
        return TitleName::new(jid.as_str(), Truncation::Address);
    }
    let title = match room_name(state, jid, room).content {
        CellContent::Text(text, truncation) => TitleName::new(text, truncation),
        _ => TitleName::new(label::room(jid, room), Truncation::End),
    };
    TitleName {
        fallback: Some(jid.as_str()),
        ..title
    }
}

/// Returns the title, the subjects, and both as a phrase.
fn heading(state: &State, pane: Pane) -> (&'static str, Vec<TitleName<'_>>, String) {
    match state.grouping() {
        Grouping::ByRoom => {}
        Grouping::ByHat => return heading_by_hat(state, pane),
        Grouping::ByUser => return heading_by_user(state, pane),
    }
    let room = state.room();
    let user = state.user().map(|(jid, _)| jid);
    let mut subjects = Vec::new();
    let (title, spoken) = match (pane, room) {
        (Pane::First, _) => ("Rooms", String::new()),
        (Pane::Second, None) => ("Users", String::new()),
        (Pane::Third, None) => ("Hats", String::new()),
        (Pane::Second, Some((jid, room))) => {
            subjects.push(room_title(state, jid, room));
            ("Users", format!(" in {}", label::room(jid, room)))
        }
        (Pane::Third, Some((jid, room))) => {
            subjects.push(room_title(state, jid, room));
            let marked = state.marked(Pane::Second);
            let spoken = match user {
                _ if marked > 0 => {
                    let marked = marked_rows(state, marked, "marked user");
                    let spoken = format!(" of {marked}");
                    subjects.push(marked.into());
                    spoken
                }
                Some(user) => {
                    subjects.push(TitleName::new(user.as_str(), Truncation::Address));
                    format!(" of {user} in {}", label::room(jid, room))
                }
                None => String::new(),
            };
            ("Hats", spoken)
        }
    };
    (title, subjects, format!("{title}{spoken}"))
}

/// The marked rows of the second pane: `3 marked users`, `3 marked users, 1 hidden`.
fn marked_rows(state: &State, number: usize, noun: &str) -> String {
    let marked = describe::count(number, noun);
    match state.hidden_marks(Pane::Second) {
        0 => marked,
        hidden => format!("{marked}, {} hidden", describe::with_thousands_commas(hidden)),
    }
}

fn heading_by_hat(state: &State, pane: Pane) -> (&'static str, Vec<TitleName<'_>>, String) {
    let hat = state
        .existing_hat()
        .map(|existing| label::hat(&existing.id, existing.title.as_deref()));
    let user = state
        .selected(Pane::Second)
        .and_then(|row| state.user_with_hat_at(row));
    let hat_name = || hat.clone().map(|text| TitleName::new(text, Truncation::End));
    match (pane, user) {
        (Pane::First, _) => ("Hats", Vec::new(), "Hats".into()),
        (Pane::Second, _) => {
            let spoken = format!("Users with {}", hat.as_deref().unwrap_or_default());
            ("Users", hat_name().into_iter().collect(), spoken)
        }
        (Pane::Third, None) => ("Rooms", Vec::new(), "Rooms".into()),
        (Pane::Third, Some(user)) => {
            let spoken = format!("Rooms where {user} has {}", hat.as_deref().unwrap_or_default());
            let mut subjects: Vec<TitleName<'_>> = hat_name().into_iter().collect();
            subjects.push(TitleName::new(user.as_str(), Truncation::Address));
            ("Rooms", subjects, spoken)
        }
    }
}

fn heading_by_user(state: &State, pane: Pane) -> (&'static str, Vec<TitleName<'_>>, String) {
    let user = state
        .selected(Pane::First)
        .and_then(|row| state.listed_user_at(row));
    let mut subjects: Vec<TitleName<'_>> = Vec::new();
    let Some((user, _)) = user.filter(|_| pane != Pane::First) else {
        let title = match pane {
            Pane::First => "Users",
            Pane::Second => "Rooms",
            Pane::Third => "Hats",
        };
        return (title, subjects, title.into());
    };
    subjects.push(TitleName::new(user.as_str(), Truncation::Address));
    if pane == Pane::Second {
        return ("Rooms", subjects, format!("Rooms of {user}"));
    }
    let marked = state.marked(Pane::Second);
    let (shown_rooms, subject) = match state.room() {
        _ if marked > 0 => {
            let marked = marked_rows(state, marked, "marked room");
            (marked.clone(), marked.into())
        }
        Some((jid, room)) => (label::room(jid, room).to_owned(), room_title(state, jid, room)),
        None => return ("Hats", subjects, format!("Hats of {user}")),
    };
    let spoken = format!("Hats of {user} in {shown_rooms}");
    subjects.push(subject);
    ("Hats", subjects, spoken)
}

fn cells(state: &State, pane: Pane, index: usize) -> Option<Vec<RowCell<'_>>> {
    match (state.grouping(), pane) {
        (Grouping::ByRoom, Pane::First) => room(state, index),
        (Grouping::ByRoom, Pane::Second) => users::user(state, index),
        (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => hat(state, index),
        (Grouping::ByHat, Pane::First) => listed_hat(state, index),
        (Grouping::ByHat, Pane::Second) => {
            let jid = state.user_with_hat_at(index)?;
            Some(vec![RowCell::address(jid.as_str()).filterable().gap(0)])
        }
        (Grouping::ByHat, Pane::Third) => room_with_hat(state, index),
        (Grouping::ByUser, Pane::First) => users::listed_user(state, index),
        (Grouping::ByUser, Pane::Second) => users::room_of_user(state, index),
    }
}

fn room(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (jid, room) = state.room_at(index)?;
    // The domain is shown only if not all rooms share it.
    let several_domains = state.totals().several_domains;
    let name = match label::visible_name(room) {
        Some(name) => room_name(state, jid, room).spoken(name).fallback(jid.as_str()),
        None if several_domains => RowCell::address(jid.as_str()),
        None => RowCell::text(label::room(jid, room)).spoken(jid.as_str()),
    };
    // In a narrow row, a column is only as wide as necessary to keep the headings apart; a heading may begin left of it.
    let number = |number, noun, heading, narrow| {
        let width = CellWidth::Adaptive { narrow, wide: 5 };
        RowCell {
            is_optional: true,
            ..RowCell::number(number, noun).width(width).heading(heading)
        }
    };
    let mut cells = vec![name.filterable().gap(0)];
    cells.extend(server(state, jid).into_iter().flatten());
    cells.extend([
        number(room.users().len(), "user", "users", 3),
        number(room.attachment_count(), "hat", "hats", 4),
    ]);
    Some(cells)
}

/// Returns the cell with the expiration time of a hat.
fn expiry(end: Timestamp, state: &State) -> RowCell<'_> {
    let now = state.now();
    RowCell::abbreviated(until::short(end, &now), until::shortest(end, &now)).tone(Tone::Faint)
}

/// Returns `active` or `inactive`.
pub(super) fn active_text(attachment: &Attachment) -> &'static str {
    if attachment.is_active() {
        "active"
    } else {
        "inactive"
    }
}

/// Describes how many of the marked users or rooms have a hat, and for how many it is active and required.
pub(super) fn tally_parts(state: &State, tally: &Tally) -> [String; 3] {
    let number = describe::with_thousands_commas;
    let noun = match state.grouping() {
        Grouping::ByUser => "room",
        Grouping::ByRoom | Grouping::ByHat => "user",
    };
    let marked = describe::count(state.marked(Pane::Second), noun);
    [
        format!("{} of {marked}", number(tally.count)),
        format!("{} active", number(tally.active)),
        format!("{} required", number(tally.required)),
    ]
}

fn hat(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (id, attachment) = state.hat_at(index)?;
    let (_, room) = state.room()?;
    let hue = room.catalog.get(id).and_then(|hat| hat.hue.as_ref());
    let tone = Tone::Hat(id, hue);
    let tally = state.tally(id);
    let (glyph, words) = match tally {
        Some(tally) => {
            let is_mixed = tally.active > 0 && tally.active < tally.count;
            let glyph = if is_mixed { Some(Glyph::Mixed) } else { None };
            let words = tally_parts(state, tally);
            (glyph, Cow::Owned(words.join(", ")))
        }
        None => (None, Cow::Borrowed(active_text(attachment))),
    };
    let glyph = glyph.unwrap_or(if attachment.is_active() {
        Glyph::Full
    } else {
        Glyph::Empty
    });
    let title = label::hat(id, room.title(id, attachment));
    let mut cells = vec![
        RowCell::glyph(glyph).gap(0).tone(tone),
        RowCell::text(title.clone())
            .fallback(id.as_str())
            .filterable()
            .tone(tone)
            .spoken_two(title, words),
    ];
    let all_required = tally.is_none_or(|tally| tally.required == tally.count);
    if attachment.is_required() && all_required {
        let required = RowCell::abbreviated("required", "req.");
        cells.push(match tally {
            Some(_) => required.silent(),
            None => required,
        });
    }
    if let (Some(end), None) = (attachment.until(), tally) {
        cells.push(expiry(end, state));
    }
    if let Some(tally) = tally {
        let marked = state.marked(Pane::Second);
        cells.push(RowCell::text(format!("{}/{marked}", tally.count)).silent());
    }
    if !label::is_uri(id) {
        cells.push(RowCell::glyph(Glyph::Warning).spoken("ID is not a URI"));
    }
    if let Some(unsent) = state.unsent_hat(id) {
        cells.push(
            RowCell::glyph(Glyph::Differs)
                .tone(Tone::Warning)
                .spoken(unsent.describe()),
        );
    }
    Some(cells)
}

fn listed_hat(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let existing = state.existing_hat_at(index)?;
    Some(vec![
        RowCell::text(label::hat(&existing.id, existing.title.as_deref()))
            .fallback(existing.id.as_str())
            .filterable()
            .gap(0)
            .tone(Tone::Hat(&existing.id, existing.hue.as_ref())),
        RowCell::number(existing.users, "user")
            .width(CellWidth::Fixed(5))
            .heading("users"),
    ])
}

fn room_with_hat(state: &State, index: usize) -> Option<Vec<RowCell<'_>>> {
    let (jid, room, user, attachment) = state.room_with_hat_at(index)?;
    let name = label::room(jid, room);
    let glyph = if attachment.is_active() {
        Glyph::Full
    } else {
        Glyph::Empty
    };
    let mut cells = vec![
        RowCell::glyph(glyph).gap(0),
        room_name(state, jid, room)
            .fallback(jid.as_str())
            .filterable()
            .spoken_two(name, active_text(attachment)),
    ];
    if attachment.is_required() {
        cells.push(RowCell::abbreviated("required", "req."));
    }
    if let Some(end) = attachment.until() {
        cells.push(expiry(end, state));
    }
    cells.push(RowCell::text(user.affiliation.as_str()).width(CellWidth::Fixed(7)));
    Some(cells)
}
