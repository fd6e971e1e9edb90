//! Import and export: a wardrobe, a room or a user as JSON or CSV, and back. Imports also read files from servers:
//! affiliation lists of ejabberd, rooms in Prosody's storage, and lists of hats in XML.
//!
//! [`export`] returns bytes, and describes the values that the format cannot represent. [`read`] parses bytes into a [`ParsedImport`],
//! or reports every invalid line. [`ParsedImport::plan`] merges it into a wardrobe: the [`ImportPlan`] is one group of
//! edits, with counts and the items that are skipped or stay unchanged. Nothing here accesses files.
//!
//! Imports add to existing data and remove nothing, unless a JSON object *replaces* existing data.

mod cells;
mod columns;
mod csv;
mod export;
mod hats_xml;
mod json;
mod lines;
mod merge;
mod parsed;
mod plan;
mod server_json;
mod server_table;
mod skip;
mod table;
mod titles;
mod unchanged;

pub use columns::{ColumnNames, InvalidColumnNames};
pub use export::{ExportScope, ExportedFile, FileFormat, ImportFormat};
pub use lines::TableLines;
pub use parsed::{ImportErrors, ImportExtent, ImportOptions, ImportTarget, ParsedImport};
pub use plan::{ImportCounts, ImportPlan};
pub use skip::{SkipReason, SkippedItem};
pub use unchanged::{UnchangedItem, UnchangedPart};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Jid, Room, User, Wardrobe, write};

/// Exports a part of a wardrobe in this format; `None` if the part does not exist.
pub fn export(wardrobe: &Wardrobe, part: &ExportScope, format: FileFormat) -> Option<ExportedFile> {
    if let ExportScope::Rooms(_) | ExportScope::Users(..) = part {
        return export(&extract(wardrobe, part)?, &ExportScope::All, format);
    }
    if format == FileFormat::Csv {
        return csv::export(wardrobe, part);
    }
    let bytes = match part {
        ExportScope::All | ExportScope::Rooms(_) | ExportScope::Users(..) => write::wardrobe(wardrobe),
        ExportScope::Room(room) => write::pretty(wardrobe.room(room)?),
        ExportScope::User(room, user) => write::pretty(wardrobe.user(room, user)?),
    };
    Some(ExportedFile {
        bytes,
        omitted: Vec::new(),
    })
}

/// Creates a wardrobe with only some rooms or users; `None` if one of them does not exist.
fn extract(wardrobe: &Wardrobe, part: &ExportScope) -> Option<Wardrobe> {
    let rooms: Option<Vec<_>> = match part {
        ExportScope::Rooms(rooms) => {
            let room = |jid: &Jid| Some((jid.clone(), wardrobe.room(jid)?.clone()));
            rooms.iter().map(room).collect()
        }
        ExportScope::Users(room, users) => {
            let user = |jid: &Jid| Some((jid.clone(), wardrobe.user(room, jid)?.clone()));
            let users: BTreeMap<Jid, User> = users.iter().map(user).collect::<Option<_>>()?;
            let extracted = Room::default().with_users(users.into_iter().collect())?;
            Some(vec![(room.clone(), Arc::new(extracted))])
        }
        ExportScope::All | ExportScope::Room(_) | ExportScope::User(..) => None,
    };
    rooms.map(Wardrobe::from_rooms)
}

/// Parses the bytes of a file in this format.
pub fn read(bytes: &[u8], format: impl Into<ImportFormat>) -> Result<ParsedImport, ImportErrors> {
    match format.into() {
        ImportFormat::Json => json::read(bytes),
        ImportFormat::Table => table::read(bytes, &ColumnNames::default()),
        ImportFormat::Xml => hats_xml::read(bytes),
    }
}

/// Parses a table whose columns have these names.
pub fn read_table(bytes: &[u8], names: &ColumnNames) -> Result<ParsedImport, ImportErrors> {
    table::read(bytes, names)
}
