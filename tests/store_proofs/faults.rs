//! Every file operation of a commit fails once, in every way; and the process ends at every one of them. Old or new,
//! never torn; nothing that was not acknowledged stays in the history; the next try succeeds.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatrack::store::{Change, Disk, DiskFault, DiskOperation, Store};

use super::common::*;

/// What fails.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// Which operation, counted from 0.
    at: usize,
    /// With which number of the system.
    error: i32,
    /// After so many bytes, where it writes.
    after: usize,
    /// Whether everything after it fails too, as when the process has ended.
    for_ever: bool,
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
const EACCES: i32 = 13;

/// A disk that follows a plan, and counts.
fn failing(plan: Option<Plan>) -> (Disk, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let hook = move |_: DiskOperation| {
        let now = counted.fetch_add(1, Ordering::Relaxed);
        match plan {
            Some(plan) if now == plan.at || (plan.for_ever && now > plan.at) => Err(DiskFault {
                error: io::Error::from_raw_os_error(plan.error),
                after: plan.after,
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

/// How the files are before the commit that fails.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    AFile,
    /// The file was changed by hand, so that a line more is written.
    Changed,
    /// A writer was killed before.
    LeftOver,
}

/// Makes that state, in a folder; `disk`: where the store that then commits works.
fn prepared(before: Before, folder: &Path, disk: Disk) -> (std::path::PathBuf, Option<Store>) {
    let path = folder.join("data/hats.json");
    if !matches!(before, Before::Nothing) {
        begin(&mut open(&path, "alice"));
    }
    if matches!(before, Before::LeftOver) {
        let dead = AtomicUsize::new(0);
        let hook = move |step: DiskOperation| match dead
            .fetch_add(usize::from(step == DiskOperation::Rename), Ordering::Relaxed)
        {
            0 if step != DiskOperation::Rename => Ok(()),
            _ => Err(DiskFault {
                error: io::Error::from_raw_os_error(EIO),
                after: 0,
            }),
        };
        let disk = Disk {
            hook: Some(Arc::new(hook)),
            ..Disk::default()
        };
        let mut store = Store::open_with(&path, named("killed"), disk, &|_, _| ()).unwrap();
        let change = giving(&store, "lost");
        store.commit(&[change]).unwrap_err();
    }
    let store = Store::open_with(&path, named("bob"), disk, &|_, _| ());
    if matches!(before, Before::Changed) {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("Courses", "By hand")).unwrap();
    }
    (path, store.ok())
}

/// The change: a hat where there is a user, else a room.
fn change(store: &Store) -> Change {
    if store.wardrobe().user(&courses(), &terry()).is_some() {
        giving(store, "new")
    } else {
        group(store, |w| w.add_room(&courses(), Some("Courses")))
    }
}

/// Follows one plan; false when it was longer than the commit.
fn follow(before: Before, plan: Plan) -> bool {
    let folder = quick_folder();
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
    if plan.for_ever {
        drop(store);
    } else if let (Some(mut store), Some(change)) = (store, asked) {
        if new == old && !acknowledged && !lines().is_empty() {
            assert!(
                old_lines.starts_with(&lines()) || lines() == old_lines,
                "{before:?} {plan:?}: a line stayed"
            );
        }
        // Tried again, it is done, once.
        let again = store
            .commit(&[change])
            .unwrap_or_else(|error| panic!("{before:?} {plan:?}: {error}"));
        assert!(
            matches!(again[..], [Ok(revision)] if revision.is_some() != acknowledged),
            "{before:?} {plan:?}: {again:?}"
        );
    }
    // Whoever starts next finds nothing left over, and goes on.
    let mut next = open(&path, "carol");
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    assert!(!temporary.exists(), "{before:?} {plan:?}: left over");
    if !change_is_in(next.wardrobe()) {
        let change = change(&next);
        commit(&mut next, change).unwrap();
    }
    let rename = group(&next, |w| w.rename_room(&courses(), Some("Last")));
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

fn all_plans(before: Before, for_ever: bool) {
    // How much was written before it failed matters with writing only, which fails when there is no room.
    for (error, after) in [(ENOSPC, 0), (ENOSPC, 1), (ENOSPC, 40), (EIO, 0), (EACCES, 0)] {
        let mut at = 0;
        while follow(
            before,
            Plan {
                at,
                error,
                after,
                for_ever,
            },
        ) {
            at += 1;
            assert!(at < 200, "no end of it");
        }
        assert!(at > 8, "{before:?}: a commit has more operations than {at}");
    }
}

#[test]
fn every_operation_fails_once() {
    for before in [Before::Nothing, Before::AFile, Before::Changed, Before::LeftOver] {
        all_plans(before, false);
    }
}

#[test]
fn the_process_ends_at_every_operation() {
    for before in [Before::Nothing, Before::AFile, Before::Changed, Before::LeftOver] {
        all_plans(before, true);
    }
}
