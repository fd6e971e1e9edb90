//! Every file operation of a commit fails once in several ways, and the process ends at each of them. The file is old
//! or new, never torn; nothing unconfirmed stays in the history; the next attempt succeeds.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatrack::store::{Change, Disk, DiskFault, DiskOperation, Store};

use super::common::*;

/// Which operation fails, and how.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// The operation, counted from 0.
    at: usize,
    /// The error number.
    error: i32,
    /// The number of bytes written before the failure.
    after: usize,
    /// Whether all later operations fail too, as if the process had ended.
    permanent: bool,
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
const EACCES: i32 = 13;

/// A disk that fails according to a plan, and a counter of its operations.
fn failing(plan: Option<Plan>) -> (Disk, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let hook = move |_: DiskOperation| {
        let now = counted.fetch_add(1, Ordering::Relaxed);
        match plan {
            Some(plan) if now == plan.at || (plan.permanent && now > plan.at) => Err(DiskFault {
                error: io::Error::from_raw_os_error(plan.error),
                written: plan.after,
            }),
            _ => Ok(()),
        }
    };
    let disk = Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    };
    (disk, count)
}

/// The state of the files before the failing commit.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    AFile,
    /// The file was changed by hand, so that one more line is written.
    Changed,
    /// A writer was killed before that.
    LeftOver,
}

/// Prepares that state in a folder; `disk` is for the store that will commit.
fn prepared(before: Before, folder: &Path, disk: Disk) -> (std::path::PathBuf, Option<Store>) {
    let path = folder.join("data/hats.json");
    if !matches!(before, Before::Nothing) {
        create_sample(&mut open(&path, "alice"));
    }
    if matches!(before, Before::LeftOver) {
        let dead = AtomicUsize::new(0);
        let hook = move |step: DiskOperation| match dead
            .fetch_add(usize::from(step == DiskOperation::Rename), Ordering::Relaxed)
        {
            0 if step != DiskOperation::Rename => Ok(()),
            _ => Err(DiskFault {
                error: io::Error::from_raw_os_error(EIO),
                written: 0,
            }),
        };
        let disk = Disk {
            hook: Some(Arc::new(hook)),
            ..Disk::default()
        };
        let mut store = Store::open_with(&path, options_for("killed"), disk, &|_, _| ()).unwrap();
        let change = hat_change(&store, "lost");
        store.commit(&[change]).unwrap_err();
    }
    let store = Store::open_with(&path, options_for("bob"), disk, &|_, _| ());
    if matches!(before, Before::Changed) {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("Courses", "By hand")).unwrap();
    }
    (path, store.ok())
}

/// The change: a hat if there is a user, otherwise a room.
fn change(store: &Store) -> Change {
    if store.wardrobe().user(&courses(), &terry()).is_some() {
        hat_change(store, "new")
    } else {
        build_change(store, |w| w.add_room(&courses(), Some("Courses")))
    }
}

/// Runs one plan; `false` if the commit has fewer operations.
fn follow(before: Before, plan: Plan) -> bool {
    let folder = memory_folder();
    let (disk, count) = failing(Some(plan));
    let (path, store) = prepared(before, folder.path(), disk);
    let old = fs::read(&path).ok();
    let lines = || fs::read_to_string(path.with_file_name("hats.history.jsonl")).unwrap_or_default();
    let old_lines = lines();
    let (mut results, mut asked) = (None, None);
    let mut store = store;
    if let Some(store) = &mut store {
        let change = change(store);
        results = Some(store.commit(std::slice::from_ref(&change)));
        asked = Some(change);
    }
    let reached = count.load(Ordering::Relaxed) > plan.at;
    let new = fs::read(&path).ok();
    let acknowledged = matches!(&results, Some(Ok(results)) if matches!(results[..], [Ok(Some(_))]));
    if let Some(new) = &new {
        let read =
            hatrack::model::read::wardrobe(new).unwrap_or_else(|error| panic!("{plan:?}: torn: {error}"));
        assert!(
            !acknowledged || change_is_in(&read),
            "{before:?} {plan:?}: acknowledged, but not there"
        );
        assert!(
            change_is_in(&read) || Some(new) == old.as_ref(),
            "{before:?} {plan:?}: neither old nor new"
        );
    } else {
        assert!(
            old.is_none() && !acknowledged,
            "{before:?} {plan:?}: the file is gone"
        );
    }
    if !reached {
        assert!(acknowledged);
        return false;
    }
    if plan.permanent {
        drop(store);
    } else if let (Some(mut store), Some(change)) = (store, asked) {
        if new == old && !acknowledged && !lines().is_empty() {
            assert!(
                old_lines.starts_with(&lines()) || lines() == old_lines,
                "{before:?} {plan:?}: a line stayed"
            );
        }
        // The next attempt succeeds, once.
        let again = store
            .commit(&[change])
            .unwrap_or_else(|error| panic!("{before:?} {plan:?}: {error}"));
        assert!(
            matches!(again[..], [Ok(revision)] if revision.is_some() != acknowledged),
            "{before:?} {plan:?}: {again:?}"
        );
    }
    // The next start finds nothing left over and can commit.
    let mut next = open(&path, "carol");
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    assert!(!temporary.exists(), "{before:?} {plan:?}: left over");
    if !change_is_in(next.wardrobe()) {
        let change = change(&next);
        commit(&mut next, change).unwrap();
    }
    let rename = build_change(&next, |w| w.rename_room(&courses(), Some("Last")));
    commit(&mut next, rename).unwrap();
    assert_clean(&path);
    true
}

fn change_is_in(wardrobe: &hatrack::model::Wardrobe) -> bool {
    match wardrobe.user(&courses(), &terry()) {
        Some(user) => user.hats.get(&hat("new")).is_some(),
        None => wardrobe.room(&courses()).is_some(),
    }
}

fn run_all_plans(before: Before, permanent: bool) {
    // The number of bytes written matters only for writes, which fail when the disk is full.
    for (error, after) in [(ENOSPC, 0), (ENOSPC, 1), (ENOSPC, 40), (EIO, 0), (EACCES, 0)] {
        let mut at = 0;
        while follow(
            before,
            Plan {
                at,
                error,
                after,
                permanent,
            },
        ) {
            at += 1;
            assert!(at < 200, "no end of it");
        }
        assert!(at > 8, "{before:?}: a commit has more operations than {at}");
    }
}

#[test]
fn survives_failure_of_each_operation() {
    for before in [Before::Nothing, Before::AFile, Before::Changed, Before::LeftOver] {
        run_all_plans(before, false);
    }
}

#[test]
fn survives_end_of_process_at_each_operation() {
    for before in [Before::Nothing, Before::AFile, Before::Changed, Before::LeftOver] {
        run_all_plans(before, true);
    }
}
