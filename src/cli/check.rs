//! `hatrack check`: checks the data file and its history.

use super::args::CheckArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::store_failure;
use super::output::Output;
use super::standard_input;
use crate::app::describe::count;
use crate::model::read;
use crate::store;

pub(super) fn run(args: &CheckArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if args.path.is_some() {
        context.require_unrestricted("check FILE")?;
    }
    // Errors and counts may concern rooms that a session restricted to rooms must not see.
    if context.scope.rooms.is_some() {
        context.require_unrestricted("check")?;
    }
    if args.repair {
        context.require_unrestricted("check --repair")?;
    }
    if args.path.as_deref().is_some_and(store::is_dash) {
        if args.repair {
            return Err(Failure::usage("standard input has no history to repair"));
        }
        return check_standard_input(out);
    }
    let named = args.path.as_deref().map(store::expand_home);
    let path = named.as_ref().unwrap_or(&context.file);
    if args.repair {
        let repaired = store::repair_history(path).map_err(|error| store_failure(&error))?;
        if repaired.moved_to.is_some() {
            out.mark_saved();
        }
        match repaired.moved_to {
            Some(copy) => out.line(&format!(
                "Repaired history: {} kept, {} moved to {}",
                count(repaired.kept, "line"),
                repaired.moved,
                copy.display()
            ))?,
            None => out.line("history: nothing to repair")?,
        }
    }
    let report = store::check(path);
    if let Some(error) = &report.unreadable {
        return Err(store_failure(error));
    }
    let file = report.path.display();
    if report.exists {
        out.line(&format!(
            "{file}: revision {}, {}, {}, {}",
            report.revision,
            count(report.rooms, "room"),
            count(report.users, "user"),
            count(report.attachments, "hat")
        ))?;
    } else if args.path.is_some() || (context.file_is_explicit && report.history_lines == 0) {
        return Err(Failure::error(format!("{file}: no such file")));
    } else if report.history_lines == 0 {
        out.line(&format!(
            "{file}: does not exist yet; it is created with the first change"
        ))?;
    }
    out.line(&format!("history: {}", count(report.history_lines, "line")))?;
    for remark in &report.remarks {
        out.line(&format!("note: {remark}"))?;
    }
    if report.errors.is_empty() {
        return Ok(());
    }
    Err(Failure::with_code(report.exit_code(), report.errors.join("; ")))
}

/// Checks a data file on standard input, which has no history.
fn check_standard_input(out: &mut Output) -> Result<(), Failure> {
    let bytes = standard_input::read(out)?;
    let wardrobe = read::wardrobe(&bytes);
    let wardrobe =
        wardrobe.map_err(|error| Failure::with_code(4, format!("{}: {error}", standard_input::NAME)))?;
    let (mut users, mut hats) = (0, 0);
    for (_, room) in wardrobe.rooms() {
        users += room.users().len();
        hats += room.attachment_count();
    }
    out.line(&format!(
        "{}: revision {}, {}, {}, {}",
        standard_input::NAME,
        wardrobe.revision,
        count(wardrobe.rooms().len(), "room"),
        count(users, "user"),
        count(hats, "hat")
    ))
}
