//! The history is rewritten, or the lock file removed, while a process is writing.

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

use super::child::{command, saved_names, start};
use super::common::*;

/// A disk with this hook.
fn disk_with_hook(hook: impl Fn(DiskOperation) -> Result<(), DiskFault> + Send + Sync + 'static) -> Disk {
    Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    }
}

/// The lock file is removed between the history line and the rename of a commit, and another writer comes.
#[test]
fn removed_lock_file_does_not_admit_a_second_writer() {
    let (_folder, path, _) = sample();
    let other: PathBuf = path.clone();
    let disk = disk_with_hook(move |step| {
        if step == DiskOperation::Rename {
            fs::remove_file(other.with_file_name("hats.lock")).unwrap();
            let short_timeout = Disk {
                lock_timeout: Duration::from_millis(20),
                ..Disk::default()
            };
            let mut bob = Store::open_with(&other, options_for("bob"), short_timeout, &|_, _| ()).unwrap();
            let change = hat_change(&bob, "b");
            let error = bob.commit(&[change]).unwrap_err();
            assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        }
        Ok(())
    });
    let mut alice = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    assert_eq!(add_hat(&mut alice, "a"), Ok(Some(3)));
    assert_eq!(add_hat(&mut open(&path, "bob"), "b"), Ok(Some(4)));
    assert_eq!(hats_in_file(&path), ["a", "b"]);
    assert!(history(&alice).iter().all(|entry| !entry.outside));
    assert_clean(&path);
}

/// The same before the temporary file is created: the other commit completes first, and this one follows it.
#[test]
fn removed_lock_file_loses_no_earlier_commit() {
    let (_folder, path, _) = sample();
    let (other, first) = (path.clone(), AtomicUsize::new(0));
    let disk = disk_with_hook(move |step| {
        if step == DiskOperation::Create && first.fetch_add(1, Ordering::Relaxed) == 0 {
            fs::remove_file(other.with_file_name("hats.lock")).unwrap();
            assert_eq!(add_hat(&mut open(&other, "bob"), "b"), Ok(Some(3)));
        }
        Ok(())
    });
    let mut alice = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    assert_eq!(add_hat(&mut alice, "a"), Ok(Some(4)));
    assert_eq!(hats_in_file(&path), ["a", "b"]);
    assert!(history(&alice).iter().all(|entry| !entry.outside));
    assert_clean(&path);
}

/// Between creating and locking a temporary file, a starting session removes it as a leftover, and another writer
/// creates its own: that one must not be renamed over the data file.
#[test]
fn does_not_rename_the_temporary_file_of_another_writer() {
    let (_folder, path, _) = sample();
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let (at, made) = (temporary.clone(), AtomicUsize::new(0));
    let anothers = Arc::new(Mutex::new(None));
    let begun_there = anothers.clone();
    let hook = disk_with_hook(move |step| {
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
        lock_timeout: Duration::from_millis(20),
        ..hook
    };
    let mut alice = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    let (change, before) = (hat_change(&alice, "a"), fs::read(&path).unwrap());
    let error = alice.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(temporary.exists(), "it is not Alice's to remove");
    drop(anothers.lock().unwrap().take());
    assert_eq!(commit(&mut alice, change), Ok(Some(3)));
    assert_clean(&path);
}

/// The same moment, but the session that took it for a leftover still has it locked: it must not be removed.
#[test]
fn claimed_temporary_file_is_not_removed() {
    let (_folder, path, _) = sample();
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let (at, made) = (temporary.clone(), AtomicUsize::new(0));
    let anothers = Arc::new(Mutex::new(None));
    let claimed = anothers.clone();
    let hook = disk_with_hook(move |step| {
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
        lock_timeout: Duration::from_millis(20),
        ..hook
    };
    let mut alice = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    let change = hat_change(&alice, "a");
    let error = alice.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(temporary.exists(), "it is not Alice's to remove");
    drop(anothers.lock().unwrap().take());
    assert_eq!(commit(&mut alice, change), Ok(Some(3)));
    assert_clean(&path);
}

/// Six processes commit while the lock file is removed every millisecond: every confirmed change is in the file and in
/// the history, and the file is complete at every moment.
#[test]
fn removing_the_lock_file_repeatedly_loses_no_commit() {
    let folder = memory_folder();
    let path = folder.path().join("hats.json");
    create_sample(&mut open(&path, "alice"));
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
        let said: Vec<_> = writers.iter_mut().map(saved_names).collect();
        over.store(true, Ordering::Relaxed);
        let there: BTreeSet<String> = hats_in_file(&path).into_iter().collect();
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
    add_hat(&mut last, "last").unwrap();
    let entries = history(&last);
    let outside: Vec<_> = entries.iter().filter(|entry| entry.outside).collect();
    assert!(outside.is_empty(), "the history has gaps: {outside:?}");
    assert_eq!(entries.len(), 6 * each + 3);
    assert_clean(&path);
}

/// The last line records a newer file than the current one. If that is the file of the previous line, the rename was
/// lost in a power failure and the commit was never confirmed; if it is another, someone put it there, whatever the
/// clock says.
#[test]
fn line_is_rolled_back_only_when_its_file_never_existed() {
    for lost in [true, false] {
        let (_folder, path, mut store) = sample();
        let kept = path.with_file_name("kept");
        if lost {
            fs::hard_link(&path, &kept).unwrap();
        } else {
            fs::copy(&path, &kept).unwrap();
        }
        assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
        fs::rename(&kept, &path).unwrap();
        // As if all this had happened before the line was written.
        let beside = path.with_file_name("hats.history.jsonl");
        let text = fs::read_to_string(&beside).unwrap();
        let (before, rest) = text.rsplit_once("\"ctime\":").unwrap();
        let (ctime, after) = rest.split_once('}').unwrap();
        let later = ctime.parse::<i64>().unwrap() + 3_600_000_000_000;
        fs::write(&beside, format!("{before}\"ctime\":{later}}}{after}")).unwrap();
        let mut next = open(&path, "bob");
        assert_eq!(add_hat(&mut next, "b"), Ok(Some(if lost { 3 } else { 5 })));
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

/// Each operation of `forget` fails once, or the process ends there: the history is either the old or the new one, and
/// nothing is left over.
#[test]
fn forget_is_atomic() {
    for permanent in [false, true] {
        for at in 0.. {
            let folder = memory_folder();
            let path = folder.path().join("hats.json");
            create_sample(&mut open(&path, "alice"));
            // Count only from the start of `forget`.
            let count = Arc::new(AtomicUsize::new(usize::MAX));
            let counted = count.clone();
            let disk = disk_with_hook(move |_| {
                let now = counted.load(Ordering::Relaxed);
                counted.store(now.saturating_add(1), Ordering::Relaxed);
                if now == at || (permanent && now != usize::MAX && now > at) {
                    let (error, after) = (io::ErrorKind::StorageFull.into(), 10);
                    return Err(DiskFault {
                        error,
                        written: after,
                    });
                }
                Ok(())
            });
            let mut store = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
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
            assert_eq!(add_hat(&mut next, "a"), Ok(Some(3)));
            assert_clean(&path);
            if count.load(Ordering::Relaxed) <= at {
                assert_eq!(forgotten.unwrap(), 2);
                assert!(at > 8, "it has more operations than {at}");
                break;
            }
        }
    }
}

/// While two processes commit, another forgets and repairs without pause: every commit is saved, and the history has no gaps.
#[test]
fn forget_and_repair_beside_writers_lose_nothing() {
    let (_folder, path, mut store) = sample();
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
    assert!(writers.iter_mut().all(|writer| saved_names(writer).len() == 250));
    assert_eq!(hats_in_file(&path).len(), 500);
    assert_eq!(check(&path).errors, Vec::<String>::new());
    add_hat(&mut store, "last").unwrap();
    let left = history(&store).len();
    assert_eq!(forgotten + left, 503);
    assert_clean(&path);
}
