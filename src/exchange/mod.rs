//! Import and export: a wardrobe, a room or a user as JSON or CSV, and back.
//!
//! [`export`] gives bytes and says what the form cannot hold. [`read`] takes bytes and gives what is [`Given`] in them, or
//! names every row that is wrong. [`Given::plan`] lays it over a wardrobe: the [`Plan`] is one group of edits, with counts
//! and with what is left aside and why. Nothing here touches a file.
//!
//! What is given is added on top: nothing is removed, unless a JSON object is to *replace* what is there.

mod cells;
mod csv;
mod given;
mod merge;
mod plan;
mod table;

pub use given::{Content, Given, Refused, Target};
pub use plan::{Counts, How, Plan, Skip, Why};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Jid, Room, User, Wardrobe, write};

/// A file's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON object as `hatrack show --json` prints it.
    Json,
    /// A table, a row for each hat of a user.
    Csv,
}

impl Form {
    /// The form that a file's name says, by its ending.
    pub fn of_name(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        match ending.as_str() {
            "json" => Some(Self::Json),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The form of a file: by its name, else by what is in it.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self::of_name(name).unwrap_or_else(|| Self::of_content(bytes))
    }

    /// The form that the content itself shows: an object begins with a brace.
    fn of_content(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Json,
            _ => Self::Csv,
        }
    }
}

/// What of a wardrobe is exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Part {
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
pub struct Exported {
    /// What goes into the file.
    pub bytes: Vec<u8>,
    /// What the form could not hold, each with its number: `2 members that hatrack does not know`.
    pub lost: Vec<String>,
}

/// A part of a wardrobe in this form; `None` when that part is not there.
pub fn export(wardrobe: &Wardrobe, part: &Part, form: Form) -> Option<Exported> {
    if let Part::Rooms(_) | Part::Users(..) = part {
        return export(&alone(wardrobe, part)?, &Part::All, form);
    }
    if form == Form::Csv {
        return csv::export(wardrobe, part);
    }
    let bytes = match part {
        Part::All | Part::Rooms(_) | Part::Users(..) => write::wardrobe(wardrobe),
        Part::Room(room) => write::pretty(wardrobe.room(room)?),
        Part::User(room, user) => write::pretty(wardrobe.user(room, user)?),
    };
    Some(Exported {
        bytes,
        lost: Vec::new(),
    })
}

/// A wardrobe of some rooms or users alone; `None` when one of them is not there.
fn alone(wardrobe: &Wardrobe, part: &Part) -> Option<Wardrobe> {
    let rooms: Option<Vec<_>> = match part {
        Part::Rooms(rooms) => {
            let there = |jid: &Jid| Some((jid.clone(), wardrobe.room(jid)?.clone()));
            rooms.iter().map(there).collect()
        }
        Part::Users(room, users) => {
            let there = |jid: &Jid| Some((jid.clone(), wardrobe.user(room, jid)?.clone()));
            let users: BTreeMap<Jid, User> = users.iter().map(there).collect::<Option<_>>()?;
            let made = Room::default().with_users(users.into_iter().collect())?;
            Some(vec![(room.clone(), Arc::new(made))])
        }
        Part::All | Part::Room(_) | Part::User(..) => None,
    };
    rooms.map(Wardrobe::of_rooms)
}

/// Reads what is given in a file of this form.
pub fn read(bytes: &[u8], form: Form) -> Result<Given, Refused> {
    match form {
        Form::Json => given::json(bytes),
        Form::Csv => table::read(bytes),
    }
}
