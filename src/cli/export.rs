//! `hatrack export`: all rooms, one room or one user as JSON or CSV.

use super::args::Export;
use super::failure::Failure;
use super::kept::{Kept, failure};
use super::output::Out;
use super::place::Place;
use crate::exchange::{self, Form, Part};
use crate::model::{Error, Jid};
use crate::store::{self, Written};

pub(super) fn run(args: &Export, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::argument)?;
    if args.output.is_some() {
        place.unrestricted("--output")?;
    }
    let part = match (room, user) {
        (Some(room), Some(user)) => Part::User(room, user),
        (Some(room), None) => Part::Room(room),
        (None, _) => Part::All,
    };
    let named = args
        .output
        .as_deref()
        .and_then(|path| Form::of_name(&path.to_string_lossy()));
    let form = if args.csv {
        Form::Csv
    } else {
        named.unwrap_or(Form::Json)
    };
    let kept = Kept::open(place)?;
    let wardrobe = kept.wardrobe();
    match &part {
        Part::Room(room) | Part::User(room, _) if wardrobe.room(room).is_none() => {
            return Err(Error::NoSuchRoom { room: room.clone() }.into());
        }
        // Whoever is in the room, banned or not.
        Part::User(room, user) if wardrobe.user(room, user).is_none() => {
            let (room, user) = (room.clone(), user.clone());
            return Err(Error::NotAffiliated { room, user }.into());
        }
        _ => {}
    }
    let exported = exchange::export(wardrobe, &part, form).unwrap_or_default();
    if let Some(path) = &args.output {
        let written = store::write_file(path, &exported.bytes, args.force, Some(&place.file));
        if let Written::Exists = written.map_err(|error| failure(&error))? {
            return Err(Failure::error(format!(
                "{} is there already; --force replaces it",
                path.display()
            )));
        }
    } else {
        match form {
            Form::Json => out.json(&exported.bytes)?,
            Form::Csv => out.csv(&exported.bytes)?,
        }
    }
    if exported.lost.is_empty() {
        return Ok(());
    }
    out.aside(&format!("the table does not hold {}", exported.lost.join(", ")))
}
