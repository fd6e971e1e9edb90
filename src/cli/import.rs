//! `hatrack import`: lays what is in a file over what is there, all of it or nothing.

use std::path::Path;

use super::args::Import;
use super::failure::Failure;
use super::kept::{Kept, failure};
use super::output::Out;
use super::place::Place;
use crate::app::words;
use crate::exchange::{self, Content, Form, Given, How, Plan, Target};
use crate::model::{Error, Jid, Wardrobe};
use crate::store;

/// So many of the things that are left aside are named; of ten thousand nobody would see what was imported.
const MOST_ASIDE: usize = 50;

pub(super) fn run(args: &Import, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = args.into.as_deref().map(Jid::parse_room_input).transpose();
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let how = How {
        target: Target {
            room: room.map_err(Failure::argument)?,
            user: user.map_err(Failure::argument)?,
        },
        replace: args.replace,
        limited: place.scope.rooms.is_some(),
    };
    let (name, bytes) = read(&args.from, place)?;
    let form = match (args.csv, args.json) {
        (true, _) => Form::Csv,
        (_, true) => Form::Json,
        _ => Form::of(&name, &bytes),
    };
    let refused = |error: exchange::Refused| Failure::error(format!("bad-request: {name}: {error}"));
    let given = exchange::read(&bytes, form).map_err(refused)?;
    has_address(&given, args, &name)?;
    for room in given.rooms(&how.target) {
        place.may_add(room)?;
    }
    let kept = Kept::open(place)?;
    let plan = |wardrobe: &Wardrobe| {
        is_there(&given, &how.target, wardrobe)?;
        given.plan(wardrobe, &how).map_err(refused)
    };
    let first = plan(kept.wardrobe())?;
    if args.dry_run {
        out.line(&format!("would import: {}", words::imported(&first.counts)))?;
    } else {
        kept.change_in_words(out, |wardrobe| {
            let Plan { group, counts, .. } = plan(wardrobe)?;
            Ok((group, format!("imported: {}", words::imported(&counts))))
        })?;
    }
    if let Some(kept) = first.counts.said_of_kept() {
        out.line(&kept)?;
    }
    for skip in first.skipped.iter().take(MOST_ASIDE) {
        out.line(&format!("left aside: {}", words::skipped(skip)))?;
    }
    match first.skipped.len().saturating_sub(MOST_ASIDE) {
        0 => Ok(()),
        more => out.line(&format!("left aside: {more} more like these")),
    }
}

/// The name of what is read, and what is in it.
fn read(from: &Path, place: &Place) -> Result<(String, Vec<u8>), Failure> {
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
fn has_address(given: &Given, args: &Import, name: &str) -> Result<(), Failure> {
    let (room, user) = (args.into.is_some(), args.user.is_some());
    let what = match &given.content {
        Content::Document(_) if room => "has its rooms' addresses in it; --into is not for that".into(),
        Content::Room(_) if user => "is a room, not a user; --user is not for that".into(),
        Content::Room(_) if !room => {
            let command = command(args, &["--into ROOM"]);
            format!("is a room without its address; say which it is for: {command}")
        }
        Content::User(..) if !user => {
            let into = args.into.as_deref().unwrap_or("ROOM");
            let command = command(args, &[&format!("--into {}", quoted(into)), "--user USER"]);
            format!("is a user without an address; say whom it is for: {command}")
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("{name} {what}")))
}

/// The command as it is to be typed again, with these options too.
fn command(args: &Import, more: &[&str]) -> String {
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
fn is_there(given: &Given, target: &Target, wardrobe: &Wardrobe) -> Result<(), Error> {
    let (Content::User(_, said), Some(room), Some(user)) = (&given.content, &target.room, &target.user)
    else {
        return Ok(());
    };
    let there = wardrobe.room(room);
    let there = there.ok_or_else(|| Error::NoSuchRoom { room: room.clone() })?;
    if there.user(user).is_none() && !said {
        let (room, user) = (room.clone(), user.clone());
        return Err(Error::NotAffiliated { room, user });
    }
    Ok(())
}
