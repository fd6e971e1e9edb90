//! Hooks are called around commits: before the file has a change, and once it is certain whether it has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hatrack::model::{Wardrobe, read};
use hatrack::store::{
    Change, CommitHook, CommitHooks, Disk, DiskFault, DiskOperation, HistoryQuery, PreparedChange, Store,
    StoreOptions,
};

use super::common::*;

/// What was called, with whether the file had the hat "new" then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Prepared { in_file: bool },
    Committed { in_file: bool },
    Withdrawn { in_file: bool },
}

struct Recorder {
    path: PathBuf,
    calls: Arc<Mutex<Vec<Call>>>,
}

fn has_new_hat(wardrobe: &Wardrobe) -> bool {
    let user = wardrobe.user(&courses(), &terry());
    user.is_some_and(|user| user.hats.get(&hat("new")).is_some())
}

fn is_in_file(path: &Path) -> bool {
    has_new_hat(&read::wardrobe(&fs::read(path).unwrap()).unwrap())
}

impl Recorder {
    fn note(&self, call: impl FnOnce(bool) -> Call) {
        self.calls.lock().unwrap().push(call(is_in_file(&self.path)));
    }
}

impl CommitHook for Recorder {
    fn prepare(&self, changes: &[PreparedChange<'_>]) -> Vec<Vec<Box<str>>> {
        let [change] = changes else { panic!("{changes:?}") };
        assert_eq!(change.group, &change.change.group);
        assert!(!has_new_hat(change.before) && has_new_hat(change.after));
        self.note(|in_file| Call::Prepared { in_file });
        vec![vec!["example".into()]]
    }

    fn committed(&self, content: &Wardrobe) {
        assert!(has_new_hat(content));
        self.note(|in_file| Call::Committed { in_file });
    }

    fn withdrawn(&self) {
        self.note(|in_file| Call::Withdrawn { in_file });
    }
}

fn recording(path: &Path) -> (StoreOptions, Arc<Mutex<Vec<Call>>>) {
    let calls = Arc::<Mutex<Vec<Call>>>::default();
    let recorder = Recorder {
        path: path.to_path_buf(),
        calls: calls.clone(),
    };
    let options = StoreOptions {
        hooks: CommitHooks::new(Arc::new(recorder)),
        ..options_for("alice")
    };
    (options, calls)
}

#[test]
fn change_is_prepared_before_the_file_has_it() {
    let (_folder, path, store) = sample();
    drop(store);
    let (options, calls) = recording(&path);
    let mut store = Store::open(&path, options).unwrap();
    assert_eq!(add_hat(&mut store, "new"), Ok(Some(3)));
    let taken = std::mem::take(&mut *calls.lock().unwrap());
    assert_eq!(
        taken,
        [
            Call::Prepared { in_file: false },
            Call::Committed { in_file: true }
        ]
    );
    let page = store
        .history(&HistoryQuery {
            limit: 10,
            ..HistoryQuery::default()
        })
        .unwrap();
    let servers: Vec<usize> = page.entries.iter().map(|entry| entry.send_to.len()).collect();
    assert_eq!(servers, [1, 0, 0], "{page:?}");
    assert_eq!(*page.entries[0].send_to[0], *"example");
    // What changes nothing is not prepared.
    let again = hat_change(&open(&path, "bob"), "new");
    assert!(again.group.is_empty());
    store.commit(&[Change::default()]).unwrap();
    assert!(
        !calls
            .lock()
            .unwrap()
            .iter()
            .any(|call| matches!(call, Call::Prepared { .. }))
    );
}

/// Whatever operation fails: a change that is reported as withdrawn is not in the file, and one that is in the file is
/// prepared.
#[test]
fn failed_commit_is_withdrawn_or_stays_prepared() {
    let mut withdrawn = 0;
    for at in 0.. {
        let (_folder, path, store) = sample();
        drop(store);
        let (options, calls) = recording(&path);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let hook = move |_: DiskOperation| match counted.fetch_add(1, Ordering::Relaxed) {
            now if now == at => Err(DiskFault {
                error: io::Error::from_raw_os_error(28),
                written: 0,
            }),
            _ => Ok(()),
        };
        let disk = Disk {
            hook: Some(Arc::new(hook)),
            ..Disk::default()
        };
        let Ok(mut store) = Store::open_with(&path, options, disk, &|_, _| ()) else {
            continue;
        };
        let change = hat_change(&store, "new");
        let result = store.commit(std::slice::from_ref(&change));
        let first = calls.lock().unwrap().clone();
        if result.is_err() {
            let is_withdrawn = matches!(first.last(), Some(Call::Withdrawn { .. }));
            withdrawn += usize::from(is_withdrawn);
            assert!(!is_withdrawn || !is_in_file(&path), "operation {at}: {first:?}");
            let is_prepared = matches!(first.last(), Some(Call::Prepared { .. }));
            assert!(is_prepared || !is_in_file(&path), "operation {at}: {first:?}");
            store.commit(std::slice::from_ref(&change)).unwrap();
        }
        let all = calls.lock().unwrap().clone();
        assert_eq!(
            all.last(),
            Some(&Call::Committed { in_file: true }),
            "operation {at}: {all:?}"
        );
        if count.load(Ordering::Relaxed) <= at {
            break;
        }
    }
    assert!(withdrawn > 3, "{withdrawn}");
}

/// Records the revisions of the content with which it is called, and the number of prepared changes.
#[derive(Default)]
struct RevisionRecorder(Mutex<Vec<String>>);

impl CommitHook for RevisionRecorder {
    fn prepare(&self, changes: &[PreparedChange<'_>]) -> Vec<Vec<Box<str>>> {
        self.0.lock().unwrap().push(format!("prepare {}", changes.len()));
        vec![Vec::new(); changes.len()]
    }

    fn committed(&self, content: &Wardrobe) {
        self.0
            .lock()
            .unwrap()
            .push(format!("committed {}", content.revision));
    }

    fn withdrawn(&self) {
        self.0.lock().unwrap().push("withdrawn".into());
    }
}

#[test]
fn written_change_is_committed_before_the_next_change_is_prepared() {
    let (_folder, path, store) = sample();
    drop(store);
    let recorder = Arc::new(RevisionRecorder::default());
    let options = StoreOptions {
        hooks: CommitHooks::new(recorder.clone()),
        ..options_for("alice")
    };
    let fails = Arc::new(AtomicUsize::new(1));
    let remaining = fails.clone();
    let hook = move |operation: DiskOperation| {
        let fails = operation == DiskOperation::SyncFolder
            && remaining
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1))
                .is_ok();
        if fails {
            let error = io::Error::from_raw_os_error(5);
            return Err(DiskFault { error, written: 0 });
        }
        Ok(())
    };
    let disk = Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    };
    let mut store = Store::open_with(&path, options, disk, &|_, _| ()).unwrap();
    let revision = store.wardrobe().revision;
    let first = hat_change(&store, "new");
    store.commit(std::slice::from_ref(&first)).unwrap_err();
    assert_eq!(fails.load(Ordering::Relaxed), 0, "the folder could not be synced");
    let second = hat_change(&store, "newer");
    let results = store.commit(&[first, second]).unwrap();
    assert_eq!(results, [Ok(Some(revision + 1)), Ok(Some(revision + 2))]);
    let calls = recorder.0.lock().unwrap().clone();
    let expected = [
        "prepare 1".into(),
        format!("committed {}", revision + 1),
        "prepare 1".into(),
        format!("committed {}", revision + 2),
    ];
    assert_eq!(calls, expected);
}
