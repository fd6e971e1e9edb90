//! The history is written anew, or the lock file is removed, while somebody is at work.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hatrack::store::{Disk, DiskFault, DiskOperation, Store, StoreError, check, repair_history};
use jiff::Timestamp;

use super::child::{command, said, start};
use super::common::*;

/// A disk that asks this before each operation.
fn asking(hook: impl Fn(DiskOperation) -> Result<(), DiskFault> + Send + Sync + 'static) -> Disk {
    Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    }
}

/// Somebody takes the lock file away between a commit's line in the history and its renaming, and somebody else comes.
#[test]
fn a_lock_file_that_is_removed_lets_nobody_in_between() {
    let (_folder, path, _) = begun();
    let other: PathBuf = path.clone();
    let disk = asking(move |step| {
        if step == DiskOperation::Rename {
            fs::remove_file(other.with_file_name("hats.lock")).unwrap();
            let impatient = Disk {
                patience: Duration::from_millis(20),
                ..Disk::default()
            };
            let mut bob = Store::open_with(&other, named("bob"), impatient, &|_, _| ()).unwrap();
            let change = giving(&bob, "b");
            let error = bob.commit(&[change]).unwrap_err();
            assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        }
        Ok(())
    });
    let mut alice = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
    assert_eq!(give(&mut alice, "a"), Ok(Some(3)));
    assert_eq!(give(&mut open(&path, "bob"), "b"), Ok(Some(4)));
    assert_eq!(hats_in(&path), ["a", "b"]);
    assert!(history(&alice).iter().all(|entry| !entry.outside));
    assert_clean(&path);
}

/// The same before the new file is begun: the other's commit is done by then, and this one comes after it.
#[test]
fn a_lock_file_that_is_removed_loses_no_commit_that_was_quicker() {
    let (_folder, path, _) = begun();
    let (other, first) = (path.clone(), AtomicUsize::new(0));
    let disk = asking(move |step| {
        if step == DiskOperation::Create && first.fetch_add(1, Ordering::Relaxed) == 0 {
            fs::remove_file(other.with_file_name("hats.lock")).unwrap();
            assert_eq!(give(&mut open(&other, "bob"), "b"), Ok(Some(3)));
        }
        Ok(())
    });
    let mut alice = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
    assert_eq!(give(&mut alice, "a"), Ok(Some(4)));
    assert_eq!(hats_in(&path), ["a", "b"]);
    assert!(history(&alice).iter().all(|entry| !entry.outside));
    assert_clean(&path);
}

/// Between the making and the locking of a new file, a session that starts takes it for one that was left, and another
/// begins its own in the same place: that one is not moved over the data file.
#[test]
fn anothers_unfinished_file_does_not_become_the_data_file() {
    let (_folder, path, _) = begun();
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let (at, made) = (temporary.clone(), AtomicUsize::new(0));
    let anothers = Arc::new(Mutex::new(None));
    let begun_there = anothers.clone();
    let hook = asking(move |step| {
        let is_first = step == DiskOperation::Create && made.fetch_add(1, Ordering::Relaxed) == 0;
        if is_first || made.load(Ordering::Relaxed) != 1 || step != DiskOperation::Lock {
            return Ok(());
        }
        made.store(2, Ordering::Relaxed);
        fs::remove_file(&at).unwrap();
        let file = fs::File::create(&at).unwrap();
        file.lock().unwrap();
        *begun_there.lock().unwrap() = Some(file);
        Ok(())
    });
    let disk = Disk {
        patience: Duration::from_millis(20),
        ..hook
    };
    let mut alice = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
    let (change, before) = (giving(&alice, "a"), fs::read(&path).unwrap());
    let error = alice.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(temporary.exists(), "it is not Alice's to remove");
    drop(anothers.lock().unwrap().take());
    assert_eq!(commit(&mut alice, change), Ok(Some(3)));
    assert_clean(&path);
}

/// The same moment, and the session that took it for one that was left is still at it: it has it, and nobody removes it
/// under its hands.
#[test]
fn who_has_claimed_a_file_that_was_just_made_keeps_it() {
    let (_folder, path, _) = begun();
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let (at, made) = (temporary.clone(), AtomicUsize::new(0));
    let anothers = Arc::new(Mutex::new(None));
    let claimed = anothers.clone();
    let hook = asking(move |step| {
        let is_first = step == DiskOperation::Create && made.fetch_add(1, Ordering::Relaxed) == 0;
        if !is_first && made.load(Ordering::Relaxed) == 1 && step == DiskOperation::Lock {
            made.store(2, Ordering::Relaxed);
            let file = fs::File::open(&at).unwrap();
            file.lock().unwrap();
            *claimed.lock().unwrap() = Some(file);
        }
        Ok(())
    });
    let disk = Disk {
        patience: Duration::from_millis(20),
        ..hook
    };
    let mut alice = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
    let change = giving(&alice, "a");
    let error = alice.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(temporary.exists(), "it is not Alice's to remove");
    drop(anothers.lock().unwrap().take());
    assert_eq!(commit(&mut alice, change), Ok(Some(3)));
    assert_clean(&path);
}

/// Six processes commit while somebody removes the lock file every millisecond: every change that was acknowledged is in
/// the file and in the history, and at no moment is there a file that is not whole.
#[test]
fn a_lock_file_that_is_removed_all_the_time_loses_no_commit() {
    let folder = quick_folder();
    let path = folder.path().join("hats.json");
    begin(&mut open(&path, "alice"));
    let each = rounds(60, 1667);
    let mut writers: Vec<_> = (0..6)
        .map(|writer| {
            let mut command = command(&format!("commit {each}"), &path, writer);
            command.stderr(Stdio::inherit()).spawn().unwrap()
        })
        .collect();
    let (over, removed) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let gone = fs::remove_file(path.with_file_name("hats.lock")).is_ok();
                removed.fetch_add(usize::from(gone), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let bytes = fs::read(&path).unwrap();
                assert!(bytes.ends_with(b"}\n"), "not whole: {} bytes", bytes.len());
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let said: Vec<_> = writers.iter_mut().map(said).collect();
        over.store(true, Ordering::Relaxed);
        let there: BTreeSet<String> = hats_in(&path).into_iter().collect();
        let lost: Vec<_> = said
            .iter()
            .flatten()
            .filter(|name| !there.contains(*name))
            .collect();
        assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
        assert!(said.iter().all(|said| said.len() == each), "a writer gave up");
    });
    let removed = removed.into_inner();
    assert!(removed > each, "removed too rarely to prove anything: {removed}");
    println!("{} commits, the lock removed {removed} times", 6 * each);
    let mut last = open(&path, "last");
    give(&mut last, "last").unwrap();
    let entries = history(&last);
    let outside: Vec<_> = entries.iter().filter(|entry| entry.outside).collect();
    assert!(outside.is_empty(), "the history has gaps: {outside:?}");
    assert_eq!(entries.len(), 6 * each + 3);
    assert_clean(&path);
}

/// The last line is of a later file than there is. Where that is the one of the line before, the renaming was lost with
/// the power, and nobody was told that it was saved; where it is another, somebody put it there, whatever the clock says.
#[test]
fn a_line_is_taken_back_only_when_its_file_cannot_have_been() {
    for lost in [true, false] {
        let (_folder, path, mut store) = begun();
        let kept = path.with_file_name("kept");
        if lost {
            fs::hard_link(&path, &kept).unwrap();
        } else {
            fs::copy(&path, &kept).unwrap();
        }
        assert_eq!(give(&mut store, "a"), Ok(Some(3)));
        fs::rename(&kept, &path).unwrap();
        // As if all this had been before the line was written.
        let beside = path.with_file_name("hats.history.jsonl");
        let text = fs::read_to_string(&beside).unwrap();
        let (before, rest) = text.rsplit_once("\"ctime\":").unwrap();
        let (ctime, after) = rest.split_once('}').unwrap();
        let later = ctime.parse::<i64>().unwrap() + 3_600_000_000_000;
        fs::write(&beside, format!("{before}\"ctime\":{later}}}{after}")).unwrap();
        let mut next = open(&path, "bob");
        assert_eq!(give(&mut next, "b"), Ok(Some(if lost { 3 } else { 5 })));
        let about: Vec<(u64, bool)> = history(&next)
            .iter()
            .map(|entry| (entry.revision, entry.outside))
            .collect();
        let expected: &[_] = if lost {
            &[(3, false), (2, false), (1, false)]
        } else {
            &[(5, false), (4, true), (3, false), (2, false), (1, false)]
        };
        assert_eq!(about, expected);
        assert_clean(&path);
    }
}

/// Each operation of a forgetting fails once, or the process ends there: the history is the old or the new one, and
/// nothing is left over.
#[test]
fn forgetting_is_done_whole_or_not_at_all() {
    for for_ever in [false, true] {
        for at in 0.. {
            let folder = quick_folder();
            let path = folder.path().join("hats.json");
            begin(&mut open(&path, "alice"));
            // It counts from when it is to fail.
            let count = Arc::new(AtomicUsize::new(usize::MAX));
            let counted = count.clone();
            let disk = asking(move |_| {
                let now = counted.load(Ordering::Relaxed);
                counted.store(now.saturating_add(1), Ordering::Relaxed);
                if now == at || (for_ever && now != usize::MAX && now > at) {
                    let (error, after) = (io::ErrorKind::StorageFull.into(), 10);
                    return Err(DiskFault { error, after });
                }
                Ok(())
            });
            let mut store = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
            count.store(0, Ordering::Relaxed);
            let forgotten = store.forget(Timestamp::MAX);
            drop(store);
            let mut next = open(&path, "bob");
            let left = history(&next).len();
            assert!(left == 0 || (left == 2 && forgotten.is_err()), "{at}: {left}");
            assert_eq!(
                files(folder.path()),
                ["hats.history.jsonl", "hats.json", "hats.lock"]
            );
            assert_eq!(give(&mut next, "a"), Ok(Some(3)));
            assert_clean(&path);
            if count.load(Ordering::Relaxed) <= at {
                assert_eq!(forgotten.unwrap(), 2);
                assert!(at > 8, "it has more operations than {at}");
                break;
            }
        }
    }
}

/// While some commit, another forgets and repairs without pause: every commit is there, and the history has no gap.
#[test]
fn forgetting_and_repairing_beside_writers_loses_nothing() {
    let (_folder, path, mut store) = begun();
    let mut writers: Vec<_> = (0..2).map(|writer| start("commit 250", &path, writer)).collect();
    let mut forgotten = 0;
    while writers
        .iter_mut()
        .any(|writer| writer.try_wait().unwrap().is_none())
    {
        forgotten += store.forget(Timestamp::now()).unwrap();
        repair_history(&path).unwrap();
        std::thread::yield_now();
    }
    assert!(writers.iter_mut().all(|writer| said(writer).len() == 250));
    assert_eq!(hats_in(&path).len(), 500);
    assert_eq!(check(&path).errors, Vec::<String>::new());
    give(&mut store, "last").unwrap();
    let left = history(&store).len();
    assert_eq!(forgotten + left, 503);
    assert_clean(&path);
}
