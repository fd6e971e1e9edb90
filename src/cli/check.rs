//! `hatrack check`: whether the data file and its history can be read.

use super::args::CheckArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::failure;
use super::output::Output;
use crate::app::describe::count;
use crate::model::read;
use crate::store;

pub(super) fn run(args: &CheckArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if args.other.is_some() {
        place.unrestricted("a FILE to check")?;
    }
    // What is wrong, and how much there is, may be about other rooms than those that a limited session sees.
    if place.scope.rooms.is_some() {
        place.unrestricted("check")?;
    }
    if args.repair {
        place.unrestricted("check --repair")?;
    }
    if args.other.as_deref().is_some_and(store::is_stream) {
        if args.repair {
            return Err(Failure::usage("standard input has no history to repair"));
        }
        return standard_input(out);
    }
    let other = args.other.as_deref().map(store::expanded);
    let path = other.as_ref().unwrap_or(&place.file);
    if args.repair {
        let repaired = store::repair_history(path).map_err(|error| failure(&error))?;
        if repaired.copy.is_some() {
            out.saved();
        }
        match repaired.copy {
            Some(copy) => out.line(&format!(
                "history repaired: {} kept, {} not readable; {} has what was taken out",
                count(repaired.kept, "line"),
                repaired.moved,
                copy.display()
            ))?,
            None => out.line("history: nothing to repair")?,
        }
    }
    let report = store::check(path);
    if let Some(error) = &report.unreadable {
        return Err(failure(error));
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
    } else if args.other.is_some() || (place.named && report.history_lines == 0) {
        return Err(Failure::error(format!("{file}: there is no such file")));
    } else if report.history_lines == 0 {
        out.line(&format!("{file}: not there yet; the first change makes it"))?;
    }
    out.line(&format!("history: {}", count(report.history_lines, "line")))?;
    for remark in &report.remarks {
        out.line(&format!("remark: {remark}"))?;
    }
    if report.errors.is_empty() {
        return Ok(());
    }
    Err(Failure::with(report.exit_code(), report.errors.join("; ")))
}

/// What is on standard input has no history beside it.
fn standard_input(out: &mut Output) -> Result<(), Failure> {
    const NAME: &str = "standard input";
    let bytes = store::read_all(std::io::stdin().lock());
    let bytes = bytes.map_err(|error| Failure::error(format!("cannot read {NAME}: {error}")))?;
    let wardrobe = read::wardrobe(&bytes);
    let wardrobe = wardrobe.map_err(|error| Failure::with(4, format!("{NAME}: {error}")))?;
    let (mut users, mut hats) = (0, 0);
    for (_, room) in wardrobe.rooms() {
        users += room.users().len();
        hats += room.attachments();
    }
    out.line(&format!(
        "{NAME}: revision {}, {}, {}, {}",
        wardrobe.revision,
        count(wardrobe.rooms().len(), "room"),
        count(users, "user"),
        count(hats, "hat")
    ))
}
