//! Exports a wardrobe as CSV.
//!
//! Each row is one hat of one user. A user without hats has a row with an empty hat; a catalog hat is a row with an
//! empty user; a row with neither is the room itself, with its name as title.

use crate::model::{
    Attachment, CatalogHat, Extra, HatId, Hue, Jid, Room, User, Wardrobe, is_only_whitespace,
};

use super::cells::{escape_outer_space, write_row};
use super::columns::{COLUMNS, hue_text, parse_hue, quoted};
use super::export::{ExportScope, ExportedFile};

/// Counts the values that a table cannot represent, and those that can be imported again only under a condition.
#[derive(Debug, Default)]
struct NotInTable {
    /// Hat sets.
    sets: usize,
    /// Hats that expire.
    expirations: usize,
    /// Objects with unrecognized fields.
    unknown: UnknownFields,
    /// Empty titles and names, which a table cannot distinguish from missing ones.
    empty_texts: usize,
    /// Hues that are numbers stored as text.
    text_hues: usize,
    /// Hues that are not numbers from 0 to 360. They are imported only if unchanged.
    invalid_hues: usize,
    /// IDs that are not URIs. They are imported only if the hat exists.
    non_uri_ids: usize,
    /// Titles that have only spaces. They are imported only if unchanged.
    blank_titles: usize,
    /// Hats with an empty ID, which in a table means no hat.
    empty_ids: usize,
}

/// The objects with unrecognized fields.
#[derive(Debug, Default)]
struct UnknownFields {
    count: usize,
    /// The first objects.
    first: Vec<String>,
    /// The name of one of the fields.
    example: String,
}

/// Number of objects that are named.
const MAX_NAMED: usize = 3;

impl UnknownFields {
    /// Counts an object if it has unrecognized fields; `name` names it.
    fn add<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>, name: impl FnOnce() -> String) {
        let Some(field) = fields.into_iter().next() else {
            return;
        };
        if self.count == 0 {
            field.clone_into(&mut self.example);
        }
        if self.count < MAX_NAMED {
            self.first.push(name());
        }
        self.count += 1;
    }

    /// Names the objects, and says what unrecognized fields are; `None` without any.
    fn description(&self) -> Option<String> {
        let objects = match self.count {
            0 => return None,
            1 => "1 object".to_owned(),
            more => format!("{more} objects"),
        };
        let more = match self.count - self.first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "{objects} with unrecognized fields (fields that hatrack does not use, such as {}): {}{more}",
            quoted(&self.example),
            self.first.join(", ")
        ))
    }
}

/// The names of the fields.
fn names(extra: &Extra) -> impl Iterator<Item = &str> {
    extra.iter().map(|(name, _)| name)
}

/// A hat with its title, else its ID.
fn hat_name(id: &HatId, title: Option<&str>) -> String {
    format!(
        "hat {}",
        quoted(title.filter(|title| !title.is_empty()).unwrap_or(id.as_str()))
    )
}

pub(super) fn export(wardrobe: &Wardrobe, part: &ExportScope) -> Option<ExportedFile> {
    let (mut out, mut omitted) = (String::new(), NotInTable::default());
    write_row(&mut out, COLUMNS);
    match part {
        ExportScope::All | ExportScope::Rooms(_) | ExportScope::Users(..) => {
            let sets = wardrobe.hat_sets().unwrap_or_default();
            omitted.sets = sets.len();
            let fields = names(&wardrobe.extra).filter(|name| sets.is_empty() || *name != "sets");
            omitted.unknown.add(fields, || "the data file".into());
            for (jid, room) in wardrobe.rooms() {
                write_room(&mut out, &mut omitted, jid, room);
            }
        }
        ExportScope::Room(jid) => write_room(&mut out, &mut omitted, jid, wardrobe.room(jid)?),
        ExportScope::User(room, jid) => {
            write_user(&mut out, &mut omitted, room, jid, wardrobe.user(room, jid)?);
        }
    }
    Some(ExportedFile {
        bytes: out.into_bytes(),
        omitted: omitted.descriptions(),
    })
}

fn write_room(out: &mut String, omitted: &mut NotInTable, jid: &Jid, room: &Room) {
    omitted.unknown.add(names(&room.extra), || jid.to_string());
    let name = omitted.text(room.name.as_deref());
    if !name.is_empty() || (room.users().is_empty() && room.catalog.keys().all(|id| id.as_str().is_empty())) {
        write_row(out, [jid.as_str(), "", "", "", name, "", "", ""]);
    }
    for (id, hat) in &room.catalog {
        let CatalogHat { title, hue, extra } = hat;
        omitted.unknown.add(names(extra), || {
            format!("catalog {} in {jid}", hat_name(id, title.as_deref()))
        });
        if omitted.count_id(id) {
            continue;
        }
        let title = omitted.title(title.as_deref());
        let hue = omitted.hue(hue.as_ref());
        let (id, hue) = (escape_outer_space(id.as_str()), escape_outer_space(&hue));
        write_row(out, [jid.as_str(), "", "", &*id, title, "", "", &*hue]);
    }
    for (user_jid, user) in room.users() {
        write_user(out, omitted, jid, user_jid, user);
    }
}

fn write_user(out: &mut String, omitted: &mut NotInTable, room: &Jid, jid: &Jid, user: &User) {
    omitted
        .unknown
        .add(names(&user.extra), || format!("{jid} in {room}"));
    let (room, jid, affiliation) = (room.as_str(), jid.as_str(), user.affiliation.as_str());
    if user.hats.iter().all(|(id, _)| id.as_str().is_empty()) {
        write_row(out, [room, jid, affiliation, "", "", "", "", ""]);
    }
    for (id, attachment) in user.hats.iter() {
        let Attachment {
            active,
            required,
            title,
            extra,
        } = attachment;
        omitted.expirations += usize::from(attachment.until().is_some());
        let fields = names(extra).filter(|name| *name != "until" || attachment.until().is_none());
        omitted.unknown.add(fields, || {
            format!("{} of {jid} in {room}", hat_name(id, title.as_deref()))
        });
        if omitted.count_id(id) {
            continue;
        }
        let title = omitted.title(title.as_deref());
        let (active, required) = (optional_bool(*active), optional_bool(*required));
        let id = escape_outer_space(id.as_str());
        write_row(out, [room, jid, affiliation, &*id, title, active, required, ""]);
    }
}

/// The text of a boolean; empty if the boolean is missing.
fn optional_bool(value: Option<bool>) -> &'static str {
    match value {
        None => "",
        Some(true) => "true",
        Some(false) => "false",
    }
}

impl NotInTable {
    /// Counts an ID that is empty or not a URI. Returns whether it is empty, so that the hat cannot be written.
    fn count_id(&mut self, id: &HatId) -> bool {
        let is_empty = id.as_str().is_empty();
        self.empty_ids += usize::from(is_empty);
        self.non_uri_ids += usize::from(!is_empty && !id.is_uri());
        is_empty
    }

    /// Returns the text of a cell, and counts an empty text.
    fn text<'a>(&mut self, text: Option<&'a str>) -> &'a str {
        self.empty_texts += usize::from(text == Some(""));
        text.unwrap_or_default()
    }

    /// Returns the cell of a title, and counts a blank or empty title.
    fn title<'a>(&mut self, title: Option<&'a str>) -> &'a str {
        self.blank_titles += usize::from(title.is_some_and(is_only_whitespace));
        self.text(title)
    }

    /// Returns the cell of a hue, and counts a hue that a table cannot represent or that is invalid.
    fn hue(&mut self, hue: Option<&Hue>) -> String {
        let Some(hue) = hue else {
            return String::new();
        };
        let text = hue_text(hue);
        self.text_hues += usize::from(parse_hue(&text).as_ref() != Some(hue));
        self.invalid_hues += usize::from(hue.degrees().is_none());
        text
    }

    fn descriptions(&self) -> Vec<String> {
        let counted = |number: usize, one: &str, many: &str| {
            let noun = if number == 1 { one } else { many };
            (number > 0).then(|| format!("{number} {noun}"))
        };
        [
            counted(self.sets, "hat set", "hat sets"),
            counted(self.expirations, "expiration of a hat", "expirations of hats"),
            counted(self.empty_texts, "empty title or name", "empty titles or names"),
            counted(
                self.blank_titles,
                "title that has only spaces (imported only if unchanged)",
                "titles that have only spaces (imported only if unchanged)",
            ),
            counted(self.text_hues, "hue stored as text", "hues stored as text"),
            counted(
                self.invalid_hues,
                "hue that is not a number (imported only if unchanged)",
                "hues that are not numbers (imported only if unchanged)",
            ),
            counted(self.empty_ids, "hat with an empty ID", "hats with an empty ID"),
            counted(
                self.non_uri_ids,
                "hat whose ID is not a URI (imported only if it exists)",
                "hats whose ID is not a URI (imported only if they exist)",
            ),
            // At the end, because it is a list itself.
            self.unknown.description(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
