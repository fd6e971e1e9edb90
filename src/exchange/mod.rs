//! Import and export: a wardrobe, a room or a user as JSON or CSV, and back.
//!
//! [`export`] gives bytes and says what the form cannot hold. [`read`] takes bytes and gives what is [`ParsedImport`] in them, or
//! names every row that is wrong. [`ParsedImport::plan`] lays it over a wardrobe: the [`ImportPlan`] is one group of edits, with counts
//! and with what is left aside and why. Nothing here touches a file.
//!
//! What is given is added on top: nothing is removed, unless a JSON object is to *replace* what is there.

mod cells;
mod columns;
mod csv;
mod export;
mod merge;
mod parsed;
mod plan;
mod skip;
mod table;

pub use export::{ExportScope, ExportedFile, FileFormat};
pub use parsed::{ImportErrors, ImportExtent, ImportOptions, ImportTarget, ParsedImport};
pub use plan::{ImportCounts, ImportPlan};
pub use skip::{SkipReason, SkippedItem};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Jid, Room, User, Wardrobe, write};

/// A part of a wardrobe in this form; `None` when that part is not there.
pub fn export(wardrobe: &Wardrobe, part: &ExportScope, form: FileFormat) -> Option<ExportedFile> {
    if let ExportScope::Rooms(_) | ExportScope::Users(..) = part {
        return export(&extract(wardrobe, part)?, &ExportScope::All, form);
    }
    if form == FileFormat::Csv {
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

/// A wardrobe of some rooms or users alone; `None` when one of them is not there.
fn extract(wardrobe: &Wardrobe, part: &ExportScope) -> Option<Wardrobe> {
    let rooms: Option<Vec<_>> = match part {
        ExportScope::Rooms(rooms) => {
            let there = |jid: &Jid| Some((jid.clone(), wardrobe.room(jid)?.clone()));
            rooms.iter().map(there).collect()
        }
        ExportScope::Users(room, users) => {
            let there = |jid: &Jid| Some((jid.clone(), wardrobe.user(room, jid)?.clone()));
            let users: BTreeMap<Jid, User> = users.iter().map(there).collect::<Option<_>>()?;
            let made = Room::default().with_users(users.into_iter().collect())?;
            Some(vec![(room.clone(), Arc::new(made))])
        }
        ExportScope::All | ExportScope::Room(_) | ExportScope::User(..) => None,
    };
    rooms.map(Wardrobe::from_rooms)
}

/// Reads what is given in a file of this form.
pub fn read(bytes: &[u8], form: FileFormat) -> Result<ParsedImport, ImportErrors> {
    match form {
        FileFormat::Json => parsed::parse_json(bytes),
        FileFormat::Csv => table::read(bytes),
    }
}
