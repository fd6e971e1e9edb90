//! Import and export: a wardrobe, a room or a user as JSON or CSV, and back.
//!
//! [`export`] gives bytes and says what the form cannot hold. [`read`] takes bytes and gives what is [`Given`] in them, or
//! names every row that is wrong. [`Given::plan`] lays it over a wardrobe: the [`Plan`] is one group of edits, with counts
//! and with what is left aside and why. Nothing here touches a file.
//!
//! What is given is added on top: nothing is removed, unless a JSON object is to *replace* what is there.

mod cells;
mod columns;
mod csv;
mod given;
mod merge;
mod part;
mod plan;
mod skip;
mod table;

pub use given::{Content, Given, How, Refused, Target};
pub use part::{Exported, Form, Part};
pub use plan::{Counts, Plan};
pub use skip::{Skip, Why};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Jid, Room, User, Wardrobe, write};

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
