//! `hatrack export`: all rooms, one room or one user as JSON or CSV.

use std::io::IsTerminal;

use super::args::ExportArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, failure};
use super::output::Output;
use crate::exchange::{self, ExportScope, FileFormat};
use crate::model::{EditError, Jid};
use crate::store::{self, WriteOutcome};
use crate::ui::text;

pub(super) fn run(args: &ExportArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
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
        (Some(room), Some(user)) => ExportScope::User(room, user),
        (Some(room), None) => ExportScope::Room(room),
        (None, _) => ExportScope::All,
    };
    let named = args
        .output
        .as_deref()
        .and_then(|path| FileFormat::of_name(&path.to_string_lossy()));
    let form = if args.csv {
        FileFormat::Csv
    } else {
        named.unwrap_or(FileFormat::Json)
    };
    let kept = OpenStore::open_to_read(place)?;
    let wardrobe = kept.wardrobe();
    match &part {
        ExportScope::Room(room) | ExportScope::User(room, _) if wardrobe.room(room).is_none() => {
            return Err(EditError::NoSuchRoom { room: room.clone() }.into());
        }
        // Whoever is in the room, banned or not.
        ExportScope::User(room, user) if wardrobe.user(room, user).is_none() => {
            let (room, user) = (room.clone(), user.clone());
            return Err(EditError::NotAffiliated { room, user }.into());
        }
        _ => {}
    }
    let exported = exchange::export(wardrobe, &part, form).unwrap_or_default();
    let stream = output.map(store::open_stream).transpose();
    let stream = stream.map_err(|error| failure(&error))?.flatten();
    if let Some(mut file) = stream {
        let terminal = file.is_terminal();
        print(&exported.bytes, form, &mut Output::new(&mut file, terminal))?;
    } else if let Some(path) = output {
        let bytes = match form {
            FileFormat::Json => text::escape_json_bytes(exported.bytes),
            FileFormat::Csv => exported.bytes,
        };
        let written = store::write_file(path, &bytes, args.force, Some(&place.file));
        if let WriteOutcome::Exists = written.map_err(|error| failure(&error))? {
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

fn print(bytes: &[u8], form: FileFormat, out: &mut Output) -> Result<(), Failure> {
    match form {
        FileFormat::Json => out.json(bytes),
        FileFormat::Csv => {
            if out.csv(bytes)? {
                out.aside(
                    "some characters cannot be shown as they are; --output FILE writes the table itself",
                )?;
            }
            Ok(())
        }
    }
}
