//! `hatrack undo` and `hatrack redo`: a new change that takes an earlier one back.

use super::args::RevisionArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, failure};
use super::output::Output;
use crate::app::describe;
use crate::store::{Change, HistoryEntry, UndoCandidate};

pub(super) fn undo(args: &RevisionArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut kept = OpenStore::open(place)?;
    let entry = if let Some(revision) = args.revision {
        entry(&kept, revision)?
    } else {
        let none = || Failure::not_found("you have no change to take back");
        newest(&kept)?.undo.ok_or_else(none)?
    };
    // Another program's change that nobody saw; such an entry is the only one without edits.
    if entry.group.is_empty() {
        let revision = entry.revision;
        return Err(Failure::error(format!(
            "revision {revision}: {}",
            describe::UNKNOWN_DETAILS
        )));
    }
    let change = Change {
        group: entry.group.inverse(),
        undoes: whole(&entry),
        redoes: None,
    };
    commit(&mut kept, change, out)
}

pub(super) fn redo(args: &RevisionArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut kept = OpenStore::open(place)?;
    let entry = if let Some(revision) = args.revision {
        entry(&kept, revision)?
    } else {
        let none = || Failure::not_found("you have no undo to put back");
        newest(&kept)?.redo.ok_or_else(none)?
    };
    if entry.undoes.is_none() {
        return Err(Failure::usage(format!(
            "revision {} is no undo; hatrack undo {0} takes it back",
            entry.revision
        )));
    }
    let change = Change {
        group: entry.group.inverse(),
        undoes: None,
        redoes: whole(&entry),
    };
    commit(&mut kept, change, out)
}

/// The revision that is taken back. Where a part of it is out of scope the rest stays in effect, so that this is a change
/// like any other.
fn whole(entry: &HistoryEntry) -> Option<u64> {
    (!entry.partial).then_some(entry.revision)
}

fn newest(kept: &OpenStore) -> Result<UndoCandidate, Failure> {
    kept.store.find_undo().map_err(|error| failure(&error))
}

fn entry(kept: &OpenStore, revision: u64) -> Result<HistoryEntry, Failure> {
    let found = kept.store.entry(revision).map_err(|error| failure(&error))?;
    found.ok_or_else(|| Failure::not_found(format!("no such revision in the history: {revision}")))
}

fn commit(kept: &mut OpenStore, change: Change, out: &mut Output) -> Result<(), Failure> {
    let what = describe::with_undo_or_redo(change.undoes, change.redoes, &describe::group(&change.group));
    match kept.commit(change, out)? {
        Some(revision) => out.line(&format!("{what} (revision {revision})")),
        None => out.line("nothing to change: it is so already"),
    }
}
