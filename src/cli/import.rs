//! `hatrack import`: lays what is in a file over what is there, all of it or nothing.

use std::path::Path;

use super::args::ImportArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, failure};
use super::output::Output;
use crate::app::describe;
use crate::exchange::{
    self, FileFormat, ImportExtent, ImportOptions, ImportPlan, ImportTarget, ParsedImport,
};
use crate::model::{EditError, Jid, Wardrobe};
use crate::store;

/// So many of the things that are left aside are named; of ten thousand nobody would see what was imported.
const MOST_ASIDE: usize = 50;

pub(super) fn run(args: &ImportArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.into.as_deref().map(Jid::parse_room_input).transpose();
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let how = ImportOptions {
        target: ImportTarget {
            room: room.map_err(Failure::argument)?,
            user: user.map_err(Failure::argument)?,
        },
        replace: args.replace,
        limited: place.scope.rooms.is_some(),
    };
    let (name, bytes) = read(&args.from, place)?;
    let form = match (args.csv, args.json) {
        (true, _) => FileFormat::Csv,
        (_, true) => FileFormat::Json,
        _ => FileFormat::of(&name, &bytes),
    };
    let refused = |error: exchange::ImportErrors| Failure::error(format!("bad-request: {name}: {error}"));
    let given = exchange::read(&bytes, form).map_err(refused)?;
    has_address(&given, args, &name)?;
    for room in given.rooms(&how.target) {
        place.may_add(room)?;
    }
    let kept = OpenStore::open(place)?;
    let plan = |wardrobe: &Wardrobe| {
        is_there(&given, &how.target, wardrobe)?;
        given.plan(wardrobe, &how).map_err(refused)
    };
    let first = plan(kept.wardrobe())?;
    if args.dry_run {
        out.line(&format!(
            "would import: {}",
            describe::import_summary(&first.counts)
        ))?;
    } else {
        kept.change_in_words(out, |wardrobe| {
            let ImportPlan { group, counts, .. } = plan(wardrobe)?;
            Ok((group, format!("imported: {}", describe::import_summary(&counts))))
        })?;
    }
    if let Some(kept) = first.counts.said_of_kept() {
        out.line(&kept)?;
    }
    for skip in first.skipped.iter().take(MOST_ASIDE) {
        out.line(&format!("left aside: {}", describe::skipped_item(skip)))?;
    }
    match first.skipped.len().saturating_sub(MOST_ASIDE) {
        0 => Ok(()),
        more => out.line(&format!("left aside: {more} more like these")),
    }
}

/// The name of what is read, and what is in it.
fn read(from: &Path, place: &SessionContext) -> Result<(String, Vec<u8>), Failure> {
    if store::is_stream(from) {
        let bytes = store::read_all(std::io::stdin().lock());
        let bytes = bytes.map_err(|error| Failure::error(format!("cannot read standard input: {error}")))?;
        return Ok(("standard input".into(), bytes));
    }
    place.unrestricted("a FILE to import")?;
    let bytes = store::read_file(from).map_err(|error| failure(&error))?;
    Ok((from.display().to_string(), bytes))
}

/// An object without an address of its own needs the options that say where it belongs.
fn has_address(given: &ParsedImport, args: &ImportArgs, name: &str) -> Result<(), Failure> {
    let (room, user) = (args.into.is_some(), args.user.is_some());
    let what = match &given.content {
        ImportExtent::Document(_) if room => "has its rooms' addresses in it; --into is not for that".into(),
        ImportExtent::Room(_) if user => "is a room, not a user; --user is not for that".into(),
        ImportExtent::Room(_) if !room => {
            let command = command(args, &["--into ROOM"]);
            format!("is a room without its address; say which it is for: {command}")
        }
        ImportExtent::User(..) if !user => {
            let into = args.into.as_deref().unwrap_or("ROOM");
            let command = command(args, &[&format!("--into {}", quoted(into)), "--user USER"]);
            format!("is a user without an address; say whom it is for: {command}")
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("{name} {what}")))
}

/// The command as it is to be typed again, with these options too.
fn command(args: &ImportArgs, more: &[&str]) -> String {
    let mut words = vec!["hatrack import".to_owned(), quoted(&args.from.to_string_lossy())];
    words.extend(more.iter().map(|option| (*option).to_owned()));
    if let Some(file) = &args.common.file {
        words.push(format!("--file {}", quoted(&file.to_string_lossy())));
    }
    let options = [
        ("--json", args.json),
        ("--dry-run", args.dry_run),
        ("--replace", args.replace),
    ];
    let given = options.into_iter().filter(|(_, given)| *given);
    words.extend(given.map(|(option, _)| option.to_owned()));
    words.join(" ")
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./@:+,=%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A user object goes to somebody who is there, unless it says how they are affiliated.
fn is_there(given: &ParsedImport, target: &ImportTarget, wardrobe: &Wardrobe) -> Result<(), EditError> {
    let (ImportExtent::User(_, said), Some(room), Some(user)) = (&given.content, &target.room, &target.user)
    else {
        return Ok(());
    };
    let there = wardrobe.room(room);
    let there = there.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    if there.user(user).is_none() && !said {
        let (room, user) = (room.clone(), user.clone());
        return Err(EditError::NotAffiliated { room, user });
    }
    Ok(())
}
