//! What of a wardrobe is exported, and as what.

use crate::model::Jid;

/// A file's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// A JSON object as `hatrack show --json` prints it.
    Json,
    /// A table, a row for each hat of a user.
    Csv,
}

impl FileFormat {
    /// The form that a file's name says, by its ending.
    pub fn from_name(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        match ending.as_str() {
            "json" => Some(Self::Json),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The form of a file: by its name, else by what is in it.
    pub fn detect(name: &str, bytes: &[u8]) -> Self {
        Self::from_name(name).unwrap_or_else(|| Self::from_content(bytes))
    }

    /// The form that the content itself shows: an object begins with a brace.
    fn from_content(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Json,
            _ => Self::Csv,
        }
    }
}

/// What of a wardrobe is exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExportScope {
    /// All of it.
    #[default]
    All,
    /// One room.
    Room(Jid),
    /// Some rooms, as a wardrobe of them alone.
    Rooms(Vec<Jid>),
    /// One user in one room.
    User(Jid, Jid),
    /// Some users of one room, as a wardrobe of them alone.
    Users(Jid, Vec<Jid>),
}

/// An export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportedFile {
    /// What goes into the file.
    pub bytes: Vec<u8>,
    /// What the form could not hold, each with its number: `2 members that hatrack does not know`.
    pub omitted: Vec<String>,
}
