//! What a file gives, before it is laid over anything; and why one gives nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::columns::{ColumnIndex, TableColumn};
use crate::model::read::{self, ReadError};
use crate::model::{HatId, Jid, Room, User, Wardrobe};

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedImport {
    /// The objects.
    pub content: ImportExtent,
    /// The columns that it has, where it is a table: what it does not say stays as it is.
    pub(super) columns: Option<ColumnIndex>,
    /// Users without a given affiliation, and the line where each first appears.
    pub(super) missing_affiliations: BTreeMap<(Jid, Jid), usize>,
    pub(super) unverified: Vec<Unverified>,
}

/// How much of a wardrobe it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportExtent {
    /// Rooms by their addresses.
    Document(Wardrobe),
    /// One room; its address is not in the file.
    Room(Box<Room>),
    /// One user; the address is not in the file. Whether an affiliation is given.
    User(Box<User>, bool),
}

/// Something that is right only where it is so already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unverified {
    pub(super) line: usize,
    pub(super) room: Jid,
    pub(super) hat: HatId,
    /// A hue that is no angle. `None`: the id is no URI, most likely a title in the wrong column.
    pub(super) hue: Option<String>,
}

/// Where an object without an address belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportTarget {
    /// The room.
    pub room: Option<Jid>,
    /// The user.
    pub user: Option<Jid>,
}

/// How what is given is laid over what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Where an object without an address belongs.
    pub target: ImportTarget,
    /// The room or user becomes exactly what is given (of a wardrobe: all rooms do), so that something may go.
    pub replace: bool,
    /// Only some rooms are seen: the document's own members are not touched.
    pub restricted: bool,
}

/// Why nothing is taken from a file: each thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportErrors {
    /// What is wrong, such as `line 7: Enter the room's address`, in the order of the file.
    pub errors: Vec<String>,
    rows: bool,
}

/// So many of the things that are wrong are said in a sentence.
const MAX_LISTED: usize = 3;

impl ImportErrors {
    pub(super) fn rows(mut bad: Vec<(usize, String)>) -> Self {
        bad.sort();
        let wrong = bad.into_iter().map(|(line, what)| format!("line {line}: {what}"));
        Self {
            errors: wrong.collect(),
            rows: true,
        }
    }

    /// The file as a whole is wrong, or cannot be read.
    pub fn whole(what: impl Into<String>) -> Self {
        Self {
            errors: vec![what.into()],
            rows: false,
        }
    }

    /// Line by line, the first of them a heading where rows are wrong.
    pub fn lines(&self) -> Vec<String> {
        let heading = self.rows.then(|| self.heading());
        heading.into_iter().chain(self.errors.iter().cloned()).collect()
    }

    fn heading(&self) -> String {
        match self.errors.len() {
            1 if self.rows => "1 line has errors. Nothing was imported".into(),
            lines if self.rows => format!("{lines} lines have errors. Nothing was imported"),
            _ => "Nothing was imported".into(),
        }
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let few: Vec<&str> = self.errors.iter().take(MAX_LISTED).map(String::as_str).collect();
        if self.rows && self.errors.len() > 1 {
            write!(f, "{}. First errors: ", self.heading())?;
        }
        f.write_str(&few.join("; "))?;
        match self.errors.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for ImportErrors {}

impl From<ReadError> for ImportErrors {
    fn from(error: ReadError) -> Self {
        Self::whole(error.to_string())
    }
}

impl ParsedImport {
    pub(super) fn of(content: ImportExtent) -> Self {
        Self {
            content,
            columns: None,
            missing_affiliations: BTreeMap::new(),
            unverified: Vec::new(),
        }
    }

    /// Whether it came from a table.
    pub fn is_table(&self) -> bool {
        self.columns.is_some()
    }

    /// Whether it says anything of what stands in that column of a table.
    pub(super) fn has_column(&self, column: TableColumn) -> bool {
        self.columns.is_none_or(|columns| columns.has(column))
    }

    /// The rooms that are given something, by address: all of a document, else the target.
    pub fn rooms<'a>(&'a self, target: &'a ImportTarget) -> Vec<&'a Jid> {
        match &self.content {
            ImportExtent::Document(wardrobe) => wardrobe.rooms().map(|(jid, _)| jid).collect(),
            ImportExtent::Room(_) | ImportExtent::User(..) => target.room.iter().collect(),
        }
    }
}

/// The bytes as text; a byte order mark before it, which spreadsheets write, is left aside.
pub(super) fn decode_text(bytes: &[u8]) -> Result<&str, ImportErrors> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || looks_like_utf16(bytes) {
        return Err(ImportErrors::whole(
            "the file is UTF-16; save it as UTF-8 (\"CSV UTF-8\" in a spreadsheet)",
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        ImportErrors::rows(vec![(
            line,
            "not valid UTF-8; save the file as UTF-8 (\"CSV UTF-8\" in a spreadsheet)".into(),
        )])
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Whether it looks like UTF-16 without a byte order mark: nearly every other byte is zero, and no byte between.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(UTF16_SAMPLE)).unwrap_or_default();
    let zeros = |from: usize| {
        start
            .iter()
            .skip(from)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    even.min(odd) == 0 && even.max(odd) > 1 && even.max(odd) * 2 > start.len() / 2
}

/// So much of a file shows whether it is UTF-16.
const UTF16_SAMPLE: usize = 256;

/// Reads a JSON object: a wardrobe has `rooms`, a room has `users`, anything else is a user.
pub(super) fn parse_json(bytes: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let text = decode_text(bytes)?.as_bytes();
    let names = read::object_members(text)?;
    let has = |name: &str| names.get(name).is_some();
    Ok(ParsedImport::of(if has("rooms") {
        ImportExtent::Document(read::wardrobe(text)?)
    } else if has("users") {
        ImportExtent::Room(Box::new(read::room(text)?))
    } else if has("hats") || has("affiliation") {
        let (user, said) = read::user(text)?;
        ImportExtent::User(Box::new(user), said)
    } else {
        // Hats by id, as `set` takes them.
        let user = User {
            hats: read::hats(text)?,
            ..User::default()
        };
        ImportExtent::User(Box::new(user), false)
    }))
}

impl ImportExtent {
    /// As rooms with addresses, and the user that alone is meant; or what is missing for that.
    pub(super) fn to_wardrobe(&self, target: &ImportTarget) -> Result<Wardrobe, ImportErrors> {
        let one = |room: &Jid, there: Room| Wardrobe::from_rooms(vec![(room.clone(), Arc::new(there))]);
        match (self, &target.room, &target.user) {
            (Self::Document(wardrobe), None, _) => Ok(wardrobe.clone()),
            (Self::Document(_), Some(_), _) => Err(ImportErrors::whole(
                "the file contains room addresses; specify no room",
            )),
            (Self::Room(room), Some(jid), None) => Ok(one(jid, (**room).clone())),
            (Self::Room(_), Some(_), Some(_)) => Err(ImportErrors::whole(
                "the file contains a room, not a user; specify only the room",
            )),
            (Self::Room(_), None, _) => Err(ImportErrors::whole(
                "the file contains a room without its address; specify the room",
            )),
            (Self::User(user, _), Some(room), Some(jid)) => {
                let users = vec![(jid.clone(), (**user).clone())];
                Ok(one(room, Room::default().with_users(users).unwrap_or_default()))
            }
            (Self::User(..), ..) => Err(ImportErrors::whole(
                "the file contains a user or hats without an address; specify the room and the user",
            )),
        }
    }
}
