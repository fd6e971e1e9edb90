//! The content of an imported file before it is merged, and its errors.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::columns::{ColumnIndex, TableColumn};
use super::lines::TableLines;
use crate::model::read::ReadError;
use crate::model::{Affiliation, HatId, Jid, Room, User, Wardrobe};

/// The content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedImport {
    /// The rooms, the room or the user in the file.
    pub content: ImportExtent,
    /// The columns of a table or of a server's list; values without a column stay unchanged. `None` for JSON in
    /// hatrack's format.
    pub(super) columns: Option<ColumnIndex>,
    /// Users without a given affiliation, with their rooms, and the line where each first appears. The room is `None`
    /// if the file names none.
    pub(super) missing_affiliations: BTreeMap<(Option<Jid>, Jid), usize>,
    /// Values that can be accepted or resolved only with the wardrobe.
    pub(super) unverified: Vec<Unverified>,
    /// The lines of a table.
    pub(super) lines: TableLines,
}

/// The part of a wardrobe in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportExtent {
    /// Rooms by their addresses.
    Document(Wardrobe),
    /// One room, without its address.
    Room(Box<Room>),
    /// One user, without the address, and whether the file has the user's affiliation.
    User(Box<User>, bool),
}

/// A value that is accepted only if it already exists, or a title instead of a hat's ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unverified {
    pub(super) line: usize,
    /// The room; `None` if the file names none.
    pub(super) room: Option<Jid>,
    pub(super) hat: HatId,
    pub(super) value: UnverifiedValue,
}

/// An unverified value, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UnverifiedValue {
    /// The ID is not a URI, and probably a title.
    HatId,
    /// A hue that is not a number from 0 to 360.
    Hue(String),
    /// A title that has only spaces: of this user's hat, or of the catalog hat if there is no user.
    BlankTitle(Option<Jid>, Arc<str>),
}

/// The addresses for a room or a user without an address in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportTarget {
    /// The room.
    pub room: Option<Jid>,
    /// The user.
    pub user: Option<Jid>,
}

/// Options for merging an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// The addresses for a room or a user without an address in the file.
    pub target: ImportTarget,
    /// Whether to replace the room, the user or all rooms, so that missing items are removed.
    pub replace: bool,
    /// Whether the session is restricted to some rooms, so that the data file's own fields are not changed.
    pub restricted: bool,
    /// The affiliation of new users for whom the file has none.
    pub new_users: Option<Affiliation>,
    /// Whether hats are active if the file does not say whether they are.
    pub active: bool,
}

/// The errors of a failed import, with their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportErrors {
    /// The errors, such as `line 7: Enter the room's address`, in the order of the file.
    pub errors: Vec<String>,
    /// The part of the file that each error names, such as a line; `None` for an error of the whole file.
    part: Option<FilePart>,
}

/// A part of an imported file to which an error belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FilePart {
    Line,
    Entry,
}

impl FilePart {
    fn describe_count(self, number: usize) -> String {
        match (self, number) {
            (Self::Line, 1) => "1 line has errors".into(),
            (Self::Entry, 1) => "1 entry has errors".into(),
            (Self::Line, _) => format!("{number} lines have errors"),
            (Self::Entry, _) => format!("{number} entries have errors"),
        }
    }
}

/// Maximum number of errors in one sentence.
const MAX_LISTED: usize = 3;

impl ImportErrors {
    /// Errors with their lines.
    pub(super) fn rows(mut errors: Vec<(usize, String)>) -> Self {
        errors.sort();
        let messages = errors
            .into_iter()
            .map(|(line, message)| format!("line {line}: {message}"));
        Self {
            errors: messages.collect(),
            part: Some(FilePart::Line),
        }
    }

    /// Errors of single entries, which name their places.
    pub(super) fn listed(errors: Vec<String>) -> Self {
        Self {
            errors,
            part: Some(FilePart::Entry),
        }
    }

    /// An error of the whole file, or of reading it.
    pub fn of_file(message: impl Into<String>) -> Self {
        Self {
            errors: vec![message.into()],
            part: None,
        }
    }

    /// One line per error, after a heading if the errors name their places.
    pub fn lines(&self) -> Vec<String> {
        self.heading()
            .into_iter()
            .chain(self.errors.iter().cloned())
            .collect()
    }

    fn heading(&self) -> Option<String> {
        let count = self.part?.describe_count(self.errors.len());
        Some(format!("{count}. Nothing was imported."))
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed: Vec<&str> = self.errors.iter().take(MAX_LISTED).map(String::as_str).collect();
        if let Some(heading) = self.heading().filter(|_| self.errors.len() > 1) {
            write!(f, "{heading} First errors: ")?;
        }
        f.write_str(&listed.join("; "))?;
        match self.errors.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for ImportErrors {}

impl From<ReadError> for ImportErrors {
    fn from(error: ReadError) -> Self {
        Self::of_file(error.to_string())
    }
}

impl ParsedImport {
    /// Creates the content of a table or of a server's list: values without a column stay unchanged.
    pub(super) fn with_columns(content: ImportExtent, columns: ColumnIndex) -> Self {
        Self {
            columns: Some(columns),
            ..Self::of(content)
        }
    }

    pub(super) fn of(content: ImportExtent) -> Self {
        Self {
            content,
            columns: None,
            missing_affiliations: BTreeMap::new(),
            unverified: Vec::new(),
            lines: TableLines::default(),
        }
    }

    /// Whether the file is a table or a server's list, which can only add.
    pub fn is_table(&self) -> bool {
        self.columns.is_some()
    }

    /// Whether the file has values for this column; JSON in hatrack's format has all.
    pub(super) fn has_column(&self, column: TableColumn) -> bool {
        self.columns.is_none_or(|columns| columns.has(column))
    }

    /// Whether the file contains room addresses.
    pub(super) fn names_rooms(&self) -> bool {
        matches!(self.content, ImportExtent::Document(_))
    }

    /// The addresses of the rooms in the import: all of a document, else the target.
    pub fn rooms<'a>(&'a self, target: &'a ImportTarget) -> Vec<&'a Jid> {
        match &self.content {
            ImportExtent::Document(wardrobe) => wardrobe.rooms().map(|(jid, _)| jid).collect(),
            ImportExtent::Room(_) | ImportExtent::User(..) => target.room.iter().collect(),
        }
    }
}

/// Decodes UTF-8 without the byte order mark that spreadsheets write.
///
/// Errors: the bytes look like UTF-16, or are not valid UTF-8.
pub(super) fn decode_text(bytes: &[u8]) -> Result<&str, ImportErrors> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || looks_like_utf16(bytes) {
        return Err(ImportErrors::of_file(
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

/// Whether bytes look like UTF-16 without a byte order mark: more than half of the bytes at even or at odd positions
/// are zero, and none of the other bytes is zero.
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

/// Number of bytes at the start that are checked for UTF-16.
const UTF16_SAMPLE: usize = 256;

impl ImportExtent {
    /// Converts the content to a wardrobe with the target's addresses. Fails if the target does not fit the content.
    pub(super) fn to_wardrobe(&self, target: &ImportTarget) -> Result<Wardrobe, ImportErrors> {
        let wardrobe_with = |jid: &Jid, room: Room| Wardrobe::from_rooms(vec![(jid.clone(), Arc::new(room))]);
        match (self, &target.room, &target.user) {
            (Self::Document(wardrobe), None, _) => Ok(wardrobe.clone()),
            (Self::Document(_), Some(_), _) => Err(ImportErrors::of_file(
                "the file contains room addresses; specify no room",
            )),
            (Self::Room(room), Some(jid), None) => Ok(wardrobe_with(jid, (**room).clone())),
            (Self::Room(_), Some(_), Some(_)) => Err(ImportErrors::of_file(
                "the file contains a room, not a user; specify only the room",
            )),
            (Self::Room(_), None, _) => Err(ImportErrors::of_file(
                "the file contains a room without its address; specify the room",
            )),
            (Self::User(user, _), Some(room), Some(jid)) => {
                let users = vec![(jid.clone(), (**user).clone())];
                Ok(wardrobe_with(
                    room,
                    Room::default().with_users(users).unwrap_or_default(),
                ))
            }
            (Self::User(..), ..) => Err(ImportErrors::of_file(
                "the file contains a user or hats without an address; specify the room and the user",
            )),
        }
    }
}
