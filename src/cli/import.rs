//! `hatrack import`: imports a file into the data file, as one change.

use std::path::Path;

use shell_words::quote;

use super::args::ImportArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, store_failure};
use super::output::Output;
use super::standard_input;
use crate::app::describe::{self, ImportRows, RowOutcome};
use crate::exchange::{
    self, ColumnNames, ImportCounts, ImportExtent, ImportFormat, ImportOptions, ImportPlan, ImportTarget,
    ParsedImport,
};
use crate::model::{Affiliation, EditError, Jid, Wardrobe};
use crate::store;

/// The maximum number of skipped items that are listed after an import; more would hide what was imported.
const MAX_SKIPPED_SHOWN: usize = 50;

pub(super) fn run(args: &ImportArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.into.as_deref().map(Jid::parse_room_input).transpose();
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let options = ImportOptions {
        target: ImportTarget {
            room: room.map_err(Failure::invalid_argument)?,
            user: user.map_err(Failure::invalid_argument)?,
        },
        replace: args.replace,
        restricted: context.scope.rooms.is_some(),
        new_users: args.affiliation.as_deref().and_then(Affiliation::from_name),
        active: args.active,
    };
    let (name, bytes) = read(&args.from, context, out)?;
    let format = match (args.csv, args.json) {
        (true, _) => ImportFormat::Table,
        (_, true) => ImportFormat::Json,
        _ => ImportFormat::detect(&name, &bytes),
    };
    let invalid_file = |error: exchange::ImportErrors| Failure::bad_request(format!("{name}: {error}"));
    let names = column_names(&args.map)?;
    let parsed = if names.is_empty() {
        exchange::read(&bytes, format)
    } else {
        exchange::read_table(&bytes, &names)
    };
    let parsed = parsed.map_err(invalid_file)?;
    check_target(&parsed, args, &name)?;
    for room in parsed.rooms(&options.target) {
        context.check_room_allowed(room)?;
    }
    let data = OpenStore::open(context)?;
    let plan = |wardrobe: &Wardrobe| {
        check_user_exists(&parsed, &options, wardrobe)?;
        parsed.plan(wardrobe, &options).map_err(invalid_file)
    };
    let first_plan = plan(data.wardrobe())?;
    if args.dry_run {
        data.check_permitted(&first_plan.group)?;
        out.line(&if first_plan.group.is_empty() {
            no_changes_text(&first_plan.counts)
        } else {
            format!(
                "The import would {}:",
                describe::import_after_would(&first_plan.counts)
            )
        })?;
        let rows = ImportRows::new(first_plan.clone(), data.wardrobe(), context.zone());
        let all = || (0..rows.len()).filter_map(|at| rows.get(at));
        let is_no_change = |outcome| matches!(outcome, RowOutcome::Skipped | RowOutcome::Unchanged);
        for row in all().filter(|row| !is_no_change(row.outcome)) {
            out.line(&format!("Would {}{}", row.after_would, row.line_note()))?;
        }
        for row in all().filter(|row| row.outcome == RowOutcome::Unchanged) {
            out.line(&format!(
                "Unchanged: {}{}",
                row.without_outcome(),
                row.line_note()
            ))?;
        }
    } else {
        data.with_reason(args.reason_option.reason.as_ref())
            .change_with_summary(out, |wardrobe| {
                let ImportPlan { group, counts, .. } = plan(wardrobe)?;
                Ok((group, format!("Imported: {}", describe::import_summary(&counts))))
            })?;
    }
    if let Some(note) = first_plan.counts.kept_note() {
        out.line(&note)?;
    }
    let verb = if args.dry_run { "would be" } else { "are" };
    if let Some(inactive) = describe::inactive_hats(first_plan.counts.inactive_by_default, verb) {
        out.line(&format!("{inactive}; use --active for active hats"))?;
    }
    let max_shown = if args.dry_run {
        usize::MAX
    } else {
        MAX_SKIPPED_SHOWN
    };
    for skip in first_plan.skipped.iter().take(max_shown) {
        let lines = describe::line_note(&first_plan.lines_of_skipped(skip));
        out.line(&format!("Skipped: {}{lines}", describe::skipped_item(skip)))?;
    }
    match first_plan.skipped.len().saturating_sub(max_shown) {
        0 => Ok(()),
        more => out.line(&format!("Skipped: {more} more")),
    }
}

/// Returns the message if nothing would change, such as `No changes: 4 hats unchanged`.
fn no_changes_text(counts: &ImportCounts) -> String {
    match counts.unchanged {
        0 => "Nothing changed".into(),
        _ => format!("No changes: {}", describe::import_summary(counts)),
    }
}

/// Parses the values of `--map`, which may be repeated, to names of columns.
fn column_names(given: &[String]) -> Result<ColumnNames, Failure> {
    let mut names = ColumnNames::default();
    for pairs in given {
        let added = names.add(pairs);
        added.map_err(|error| Failure::usage(format!("--map: {error}")))?;
    }
    Ok(names)
}

/// Reads the input. Returns its name for messages, and its content.
fn read(from: &Path, context: &SessionContext, out: &mut Output) -> Result<(String, Vec<u8>), Failure> {
    if store::is_dash(from) {
        return Ok((standard_input::NAME.into(), standard_input::read(out)?));
    }
    context.require_unrestricted("import FILE")?;
    let bytes = store::read_file(from).map_err(|error| store_failure(&error))?;
    Ok((from.display().to_string(), bytes))
}

/// Checks that `--into` and `--user` are given if the file lacks these addresses, and are not given if it has them.
fn check_target(parsed: &ParsedImport, args: &ImportArgs, name: &str) -> Result<(), Failure> {
    let (room, user) = (args.into.is_some(), args.user.is_some());
    let problem = match &parsed.content {
        ImportExtent::Document(_) if room => "contains room addresses, so --into cannot be used".into(),
        ImportExtent::Room(_) if user => {
            let kind = if parsed.is_table() {
                "a list"
            } else {
                "a room object"
            };
            format!("is {kind}, so --user cannot be used")
        }
        ImportExtent::Room(_) if !room => {
            let command = suggested_command(args, &["--into ROOM"]);
            let kind = if parsed.is_table() {
                "a list without room addresses"
            } else {
                "a room object without an address"
            };
            format!("is {kind}; specify the room: {command}")
        }
        ImportExtent::User(..) if !user => {
            let into = args.into.as_deref().unwrap_or("ROOM");
            let command = suggested_command(args, &[&format!("--into {}", quote(into)), "--user USER"]);
            format!("is a user object without an address; specify the user: {command}")
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(format!("{name} {problem}")))
}

/// Returns a command to run instead: the import options of the given command, its `--file`, and additional options.
fn suggested_command(args: &ImportArgs, additional: &[&str]) -> String {
    let mut words = vec![
        "hatrack import".to_owned(),
        quote(&args.from.to_string_lossy()).into_owned(),
    ];
    words.extend(args.map.iter().map(|pairs| format!("--map {}", quote(pairs))));
    words.extend(additional.iter().map(|option| (*option).to_owned()));
    if let Some(file) = &args.common.file {
        words.push(format!("--file {}", quote(&file.to_string_lossy())));
    }
    if let Some(affiliation) = &args.affiliation {
        words.push(format!("--affiliation {affiliation}"));
    }
    if let Some(reason) = &args.reason_option.reason {
        words.push(format!("--reason {}", quote(reason.as_str())));
    }
    let options = [
        ("--csv", args.csv),
        ("--json", args.json),
        ("--dry-run", args.dry_run),
        ("--replace", args.replace),
        ("--active", args.active),
    ];
    let given = options.into_iter().filter(|(_, is_given)| *is_given);
    words.extend(given.map(|(option, _)| option.to_owned()));
    words.join(" ")
}

/// Checks that the target user of a user object exists, unless the object or `--affiliation` gives an affiliation for a new
/// user.
fn check_user_exists(
    parsed: &ParsedImport,
    ImportOptions {
        target, new_users, ..
    }: &ImportOptions,
    wardrobe: &Wardrobe,
) -> Result<(), EditError> {
    let (ImportExtent::User(_, has_affiliation), Some(room), Some(user)) =
        (&parsed.content, &target.room, &target.user)
    else {
        return Ok(());
    };
    let room_data = wardrobe.room(room);
    let room_data = room_data.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    if room_data.user(user).is_none() && !has_affiliation && new_users.is_none() {
        let (room, user) = (room.clone(), user.clone());
        return Err(EditError::NotAffiliated { room, user });
    }
    Ok(())
}
