//! `hatrack export`: all rooms, one room or one user as JSON or CSV.

use std::io::IsTerminal;

use super::args::Export;
use super::failure::Failure;
use super::kept::{Kept, failure};
use super::output::Out;
use super::place::Place;
use crate::exchange::{self, Form, Part};
use crate::model::{Error, Jid};
use crate::store::{self, Written};
use crate::ui::text;

pub(super) fn run(args: &Export, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::argument)?;
    let output = args.output.as_deref().filter(|path| !store::is_stream(path));
    if output.is_some() {
        place.unrestricted("--output")?;
    }
    let output = output.filter(|path| !store::is_standard_output(path));
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
    let kept = Kept::open_to_read(place)?;
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
    let stream = output.map(store::open_stream).transpose();
    let stream = stream.map_err(|error| failure(&error))?.flatten();
    if let Some(mut file) = stream {
        let terminal = file.is_terminal();
        print(&exported.bytes, form, &mut Out::new(&mut file, terminal))?;
    } else if let Some(path) = output {
        let bytes = match form {
            Form::Json => text::harmless_json_bytes(exported.bytes),
            Form::Csv => exported.bytes,
        };
        let written = store::write_file(path, &bytes, args.force, Some(&place.file));
        if let Written::Exists = written.map_err(|error| failure(&error))? {
            return Err(Failure::error(format!(
                "{} is there already; --force replaces it",
                path.display()
            )));
        }
    } else {
        print(&exported.bytes, form, out)?;
    }
    if exported.lost.is_empty() {
        return Ok(());
    }
    out.aside(&format!("the table does not hold {}", exported.lost.join(", ")))
}

fn print(bytes: &[u8], form: Form, out: &mut Out) -> Result<(), Failure> {
    match form {
        Form::Json => out.json(bytes),
        Form::Csv => {
            if out.csv(bytes)? {
                out.aside(
                    "some characters cannot be shown as they are; --output FILE writes the table itself",
                )?;
            }
            Ok(())
        }
    }
}
