//! The part of a wardrobe to export, and the formats of exported and imported files.

use crate::model::Jid;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// A JSON object as `hatrack show --json` prints it.
    Json,
    /// CSV, with a row for each hat of a user.
    Csv,
}

impl FileFormat {
    /// The format for the extension of a file name; `None` for other extensions. `tsv` counts as CSV.
    pub fn from_name(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        match ending.as_str() {
            "json" => Some(Self::Json),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// The format of a file to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFormat {
    /// JSON: an object in hatrack's format, or a list of affiliations or a room as a server prints it.
    Json,
    /// A table: CSV, or the table of ejabberd's `get_room_affiliations`.
    Table,
    /// XML: lists of hats (XEP-0317).
    Xml,
}

impl ImportFormat {
    /// Detects the format of a file by its name, or else by its content.
    pub fn detect(name: &str, bytes: &[u8]) -> Self {
        match FileFormat::from_name(name) {
            Some(format) => format.into(),
            None => Self::from_content(bytes),
        }
    }

    /// Detects the format from the content: JSON starts with a bracket, XML with `<`, and anything else is a table.
    fn from_content(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Json,
            Some(b'<') => Self::Xml,
            _ => Self::Table,
        }
    }
}

impl From<FileFormat> for ImportFormat {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Json => Self::Json,
            FileFormat::Csv => Self::Table,
        }
    }
}

/// The part of a wardrobe to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExportScope {
    /// Everything.
    #[default]
    All,
    /// One room.
    Room(Jid),
    /// Some rooms, as a wardrobe.
    Rooms(Vec<Jid>),
    /// One user in one room.
    User(Jid, Jid),
    /// Some users of one room, as a wardrobe.
    Users(Jid, Vec<Jid>),
}

/// The result of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportedFile {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// Descriptions of the values that the format cannot represent or that can be imported again only under a
    /// condition, each with its number, such as `2 hat sets`.
    pub omitted: Vec<String>,
}
