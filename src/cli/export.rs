//! `hatrack export`: exports all rooms, one room or one user as JSON or CSV.

use std::io::IsTerminal;

use super::args::ExportArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, store_failure};
use super::output::Output;
use crate::app::describe;
use crate::exchange::{self, ExportScope, FileFormat};
use crate::model::{EditError, Jid};
use crate::store::{self, WriteOutcome};
use crate::ui::text;

pub(super) fn run(args: &ExportArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::invalid_argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::invalid_argument)?;
    let output = args.output.as_deref().filter(|path| !store::is_dash(path));
    if output.is_some() {
        context.require_unrestricted("--output")?;
    }
    let output = output.filter(|path| !store::is_stdout_path(path));
    let scope = match (room, user) {
        (Some(room), Some(user)) => ExportScope::User(room, user),
        (Some(room), None) => ExportScope::Room(room),
        (None, _) => ExportScope::All,
    };
    let named_format = args
        .output
        .as_deref()
        .and_then(|path| FileFormat::from_name(&path.to_string_lossy()));
    let format = if args.csv {
        FileFormat::Csv
    } else {
        named_format.unwrap_or(FileFormat::Json)
    };
    let data = OpenStore::open_existing(context)?;
    let wardrobe = data.wardrobe();
    match &scope {
        ExportScope::Room(room) | ExportScope::User(room, _) if wardrobe.room(room).is_none() => {
            return Err(EditError::NoSuchRoom { room: room.clone() }.into());
        }
        // All users of the room can be exported, also those to whom hats cannot be added.
        ExportScope::User(room, user) if wardrobe.user(room, user).is_none() => {
            let (room, user) = (room.clone(), user.clone());
            return Err(Failure::without_advice(EditError::NotAffiliated { room, user }));
        }
        _ => {}
    }
    let exported = exchange::export(wardrobe, &scope, format).unwrap_or_default();
    let stream = output.map(store::open_if_stream).transpose();
    let stream = stream.map_err(|error| store_failure(&error))?.flatten();
    if let (Some(mut file), Some(path)) = (stream, output) {
        let terminal = file.is_terminal();
        let mut stream = Output::new(&mut file, terminal).with_name(path.display().to_string());
        print(&exported.bytes, format, &mut stream)?;
    } else if let Some(path) = output {
        let bytes = match format {
            FileFormat::Json => text::escape_json_bytes(exported.bytes),
            FileFormat::Csv => exported.bytes,
        };
        let written = store::write_file(path, &bytes, args.force, Some(&context.file));
        if let WriteOutcome::AlreadyExists = written.map_err(|error| store_failure(&error))? {
            return Err(Failure::error(format!(
                "{} already exists; use --force to overwrite it",
                path.display()
            )));
        }
        let description = describe::export_scope(&scope);
        out.line(&format!("Exported {description} to {}", path.display()))?;
    } else {
        print(&exported.bytes, format, out)?;
    }
    if exported.omitted.is_empty() {
        return Ok(());
    }
    out.warn(&format!(
        "not exported as CSV: {}; use JSON to keep them",
        exported.omitted.join(", ")
    ))
}

fn print(bytes: &[u8], format: FileFormat, out: &mut Output) -> Result<(), Failure> {
    match format {
        FileFormat::Json => out.json(bytes),
        FileFormat::Csv => {
            if out.csv(bytes)? {
                out.warn("some characters were replaced for display; use --output FILE for the exact table")?;
            }
            Ok(())
        }
    }
}
