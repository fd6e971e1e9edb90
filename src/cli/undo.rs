//! `hatrack undo` and `hatrack redo`: a new change that reverts an earlier one.

use jiff::Timestamp;

use super::args::{RedoArgs, UndoArgs};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::{OpenStore, store_failure};
use super::output::{Output, saved_text};
use super::rollback;
use crate::app::describe;
use crate::model::{EditGroup, Wardrobe};
use crate::store::{Change, HistoryEntry, UndoCandidate};

pub(super) fn undo(args: &UndoArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if let (Some(by), Some(since)) = (&args.by, &args.since) {
        return rollback::run((by, since), args, context, out);
    }
    let mut data = OpenStore::open(context)?;
    let entry = if let Some(revision) = args.revision {
        entry(&data, revision)?
    } else {
        let no_candidate = || Failure::not_found("nothing to undo");
        latest(&data)?.undo.ok_or_else(no_candidate)?
    };
    // Some entries have no edits: changes outside hatrack whose details are unknown, and records of sent changes.
    if entry.group.is_empty() {
        let revision = entry.revision;
        return Err(Failure::error(format!(
            "revision {revision}: {}",
            describe::cannot_undo(&entry)
        )));
    }
    let change = Change {
        group: inverse(&entry),
        undoes: full_revision(&entry),
        reason: args.reason_option.reason.clone(),
        ..Change::default()
    };
    let zone = context.zone();
    commit(&mut data, change, out, |group, wardrobe| {
        match full_revision(&entry) {
            Some(revision) => describe::undid(revision, &describe::group(&group.inverse(), wardrobe, &zone)),
            None => describe::group(group, wardrobe, &zone),
        }
    })
}

pub(super) fn redo(args: &RedoArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut data = OpenStore::open(context)?;
    let entry = if let Some(revision) = args.revision {
        entry(&data, revision)?
    } else {
        let no_candidate = || Failure::not_found("nothing to redo");
        latest(&data)?.redo.ok_or_else(no_candidate)?
    };
    let Some(undone_revision) = entry.undoes else {
        return Err(Failure::usage(format!(
            "revision {} is not the undo of a single change; use hatrack undo {0}",
            entry.revision
        )));
    };
    let change = Change {
        group: inverse(&entry),
        redoes: full_revision(&entry),
        reason: args.reason_option.reason.clone(),
        ..Change::default()
    };
    let zone = context.zone();
    commit(&mut data, change, out, |group, wardrobe| {
        let summary = describe::group(group, wardrobe, &zone);
        match full_revision(&entry) {
            Some(_) => describe::redid(undone_revision, &summary),
            None => summary,
        }
    })
}

/// Returns the edits that revert an entry. Restored hats whose expiry time is past lose this time.
fn inverse(entry: &HistoryEntry) -> EditGroup {
    let inverse = entry.group.inverse();
    inverse.without_past_ends(Timestamp::now()).into_owned()
}

/// Returns the revision to record as undone or redone; `None` if the session sees only a part of the entry. The rest of the
/// entry stays in effect, so the new change is then recorded as an ordinary change.
fn full_revision(entry: &HistoryEntry) -> Option<u64> {
    (!entry.partial).then_some(entry.revision)
}

fn latest(data: &OpenStore) -> Result<UndoCandidate, Failure> {
    data.store.find_undo().map_err(|error| store_failure(&error))
}

fn entry(data: &OpenStore, revision: u64) -> Result<HistoryEntry, Failure> {
    let found = data
        .store
        .history_entry(revision)
        .map_err(|error| store_failure(&error))?;
    found.ok_or_else(|| Failure::not_found(format!("no revision {revision} in the history")))
}

/// Commits a change, and prints the summary that `describe` returns for the committed edits.
fn commit(
    data: &mut OpenStore,
    change: Change,
    out: &mut Output,
    describe: impl Fn(&EditGroup, &Wardrobe) -> String,
) -> Result<(), Failure> {
    let requested = change.group.clone();
    match data.commit(change, out)? {
        Some(revision) => {
            // Edits that were already reverted are not committed again, so they are not described.
            let committed = data.store.history_entry(revision).ok().flatten();
            let group = committed.map_or(requested, |entry| entry.group);
            out.line(&saved_text(&describe(&group, data.wardrobe()), revision))
        }
        None => out.line("Nothing changed"),
    }
}
