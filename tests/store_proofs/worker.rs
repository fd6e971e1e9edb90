//! The worker: what it tells, in which order, and that it ends.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hatrack::model::{Attachment, Wardrobe};
use hatrack::store::{
    Disk, DiskFault, DiskOperation, HistoryQuery, Snapshot, StoreEvent, StoreProblem, StoreRequest,
    StoreWorker, UndoCandidate,
};

use super::common::*;

pub(crate) struct Session {
    pub(crate) worker: StoreWorker,
    pub(crate) events: Receiver<StoreEvent>,
}

/// A timeout longer than anything takes.
const LONG: Duration = Duration::from_secs(60);

impl Session {
    pub(crate) fn start(path: &Path, disk: Disk) -> Self {
        let (send, events) = channel();
        let worker = StoreWorker::start_on(disk, path.to_path_buf(), options_for("alice"), move |event| {
            let _ = send.send(event);
        })
        .unwrap();
        Self { worker, events }
    }

    pub(crate) fn next(&self) -> StoreEvent {
        self.events.recv_timeout(LONG).unwrap()
    }

    pub(crate) fn opened(&self) -> Snapshot {
        match self.next() {
            StoreEvent::Opened(snapshot) => snapshot,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn problem(&self) -> Option<StoreProblem> {
        match self.next() {
            StoreEvent::Problem(problem) => problem,
            other => panic!("{other:?}"),
        }
    }

    /// Retries pending work a few times and asserts that nothing is reported.
    fn assert_silent_retries(&self) {
        for _ in 0..4 {
            self.worker.request(StoreRequest::Retry);
            // When this is answered, all earlier retries are done.
            self.worker.request(StoreRequest::FindUndo);
            let told = self.next();
            assert!(matches!(told, StoreEvent::FoundUndo(_)), "{told:?}");
        }
    }

    fn commit_hat(&self, wardrobe: &Wardrobe, id: u64, name: &str) {
        let mut draft = wardrobe.clone();
        let group = draft.add_user_hat(&terry(), &courses(), &hat(name), Attachment::default());
        let change = group.unwrap().into();
        self.worker.request(StoreRequest::Commit { id, change });
    }

    fn committed(&self) -> (Vec<(u64, Option<u64>)>, Snapshot) {
        match self.next() {
            StoreEvent::Committed {
                results: settled,
                snapshot,
            } => {
                let settled = settled.into_iter().map(|(id, result)| (id, result.unwrap()));
                (settled.collect(), snapshot)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A disk on which writing fails while the switch is on.
fn failing_disk(on: bool) -> (Disk, Arc<AtomicBool>) {
    disk_with_fault(DiskOperation::Write, std::io::ErrorKind::StorageFull, on)
}

/// A disk on which an operation fails while the switch is on.
fn disk_with_fault(operation: DiskOperation, error: std::io::ErrorKind, on: bool) -> (Disk, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(on));
    let is_failing = switch.clone();
    let hook = move |step| {
        if step == operation && is_failing.load(Ordering::Relaxed) {
            let error = error.into();
            return Err(DiskFault { error, written: 0 });
        }
        Ok(())
    };
    let disk = Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    };
    (disk, switch)
}

#[test]
fn answers_commits_by_id_and_reports_outside_changes() {
    let (_folder, path, mut store) = sample();
    let session = Session::start(&path, Disk::default());
    let first = session.opened();
    assert_eq!(
        (&first.wardrobe, first.exists, &first.read_only),
        (store.wardrobe(), true, &None)
    );
    session.commit_hat(&first.wardrobe, 7, "a");
    let (settled, snapshot) = session.committed();
    assert_eq!(settled, [(7, Some(3))]);
    assert_eq!(hats(&snapshot.wardrobe), hats_in_file(&path));
    add_hat(&mut store, "b").unwrap();
    let StoreEvent::Changed(snapshot) = session.next() else {
        panic!();
    };
    assert_eq!(hats(&snapshot.wardrobe), ["a", "b"]);
    let StoreEvent::ChangedByOthers(entries) = session.next() else {
        panic!();
    };
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.revision, &*entry.actor))
        .collect();
    assert_eq!(told, [(4, "alice")], "not what this session committed itself");
    session.worker.request(StoreRequest::FindUndo);
    let StoreEvent::FoundUndo(Ok(UndoCandidate { undo, redo: None })) = session.next() else {
        panic!();
    };
    assert_eq!(undo.unwrap().revision, 4, "both sessions are Alice's");
    let query = HistoryQuery {
        limit: 2,
        ..HistoryQuery::default()
    };
    session.worker.request(StoreRequest::History(query.clone()));
    let StoreEvent::History { query: asked, page } = session.next() else {
        panic!();
    };
    assert_eq!((asked, page.unwrap().entries.len()), (query, 2));
    // An unreadable history is an error, not one without anything to undo.
    let beside = path.with_file_name("hats.history.jsonl");
    fs::rename(&beside, path.with_file_name("elsewhere")).unwrap();
    fs::create_dir(&beside).unwrap();
    session.worker.request(StoreRequest::FindUndo);
    let StoreEvent::FoundUndo(Err(why)) = session.next() else {
        panic!();
    };
    assert!(why.contains("hats.history.jsonl is a folder"), "{why}");
    fs::remove_dir(&beside).unwrap();
    fs::rename(path.with_file_name("elsewhere"), &beside).unwrap();
    assert!(session.worker.stop());
    assert_clean(&path);
}

#[test]
fn pending_commits_are_joined_and_finished_on_stop() {
    let (_folder, path, store) = sample();
    let session = Session::start(&path, Disk::default());
    for id in 0..50 {
        session.commit_hat(store.wardrobe(), id, &format!("n{id}"));
    }
    assert!(session.worker.stop());
    assert_eq!(hats_in_file(&path).len(), 50);
    let mut answers = 0;
    let mut times = 0;
    for event in session.events {
        if let StoreEvent::Committed { results: settled, .. } = event {
            answers += settled.len();
            times += 1;
        }
    }
    assert_eq!(answers, 50);
    assert!(times < 50, "joined");
    assert_clean(&path);
}

#[test]
fn failed_writes_are_retried_automatically_and_on_request() {
    let (_folder, path, store) = sample();
    let (disk, full) = failing_disk(true);
    let session = Session::start(&path, disk);
    session.opened();
    session.commit_hat(store.wardrobe(), 1, "a");
    let Some(StoreProblem::CannotWrite(message)) = session.problem() else {
        panic!();
    };
    assert!(message.contains("hats.json: the disk is full"), "{message}");
    session.commit_hat(store.wardrobe(), 2, "b");
    session.commit_hat(store.wardrobe(), 3, "c");
    session.worker.request(StoreRequest::CancelCommit { id: 2 });
    full.store(false, Ordering::Relaxed);
    // Automatically.
    assert_eq!(session.problem(), None);
    let (settled, _) = session.committed();
    assert_eq!(settled, [(1, Some(3)), (3, Some(4))]);
    // On request.
    full.store(true, Ordering::Relaxed);
    session.commit_hat(store.wardrobe(), 4, "d");
    assert!(session.problem().is_some());
    full.store(false, Ordering::Relaxed);
    session.worker.request(StoreRequest::Retry);
    assert_eq!(session.problem(), None);
    assert_eq!(session.committed().0, [(4, Some(5))]);
    // Canceling the pending commit clears the problem.
    full.store(true, Ordering::Relaxed);
    session.commit_hat(store.wardrobe(), 5, "e");
    assert!(session.problem().is_some());
    session.worker.request(StoreRequest::CancelCommit { id: 5 });
    assert_eq!(session.problem(), None);
    full.store(false, Ordering::Relaxed);
    assert!(session.worker.stop());
    assert_eq!(hats_in_file(&path), ["a", "c", "d"]);
    assert_clean(&path);
}

#[test]
fn file_that_the_system_refuses_to_read_is_unreadable() {
    let (_folder, path, store) = sample();
    let denied = std::io::ErrorKind::PermissionDenied;
    let (disk, switch) = disk_with_fault(DiskOperation::Open, denied, true);
    let session = Session::start(&path, disk);
    let is_unreadable = |problem: &Option<StoreProblem>| matches!(problem, Some(StoreProblem::Unreadable(message)) if message.contains("cannot read"));
    let problem = session.problem();
    assert!(is_unreadable(&problem), "{problem:?}");
    switch.store(false, Ordering::Relaxed);
    assert_eq!(session.problem(), None);
    session.opened();
    // The same later in the session.
    switch.store(true, Ordering::Relaxed);
    session.commit_hat(store.wardrobe(), 1, "a");
    let problem = session.problem();
    assert!(is_unreadable(&problem), "{problem:?}");
    switch.store(false, Ordering::Relaxed);
    assert_eq!(session.problem(), None);
    assert!(session.worker.stop());
}

#[test]
fn retries_unreadable_file_then_handles_queued_requests() {
    let (_folder, path, store) = sample();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "{").unwrap();
    let session = Session::start(&path, Disk::default());
    let Some(StoreProblem::Unreadable(message)) = session.problem() else {
        panic!();
    };
    assert!(message.contains("hats.json: line 1, column"), "{message}");
    session.commit_hat(store.wardrobe(), 1, "a");
    session.worker.request(StoreRequest::FindUndo);
    fs::write(&path, &whole).unwrap();
    assert_eq!(session.problem(), None);
    session.opened();
    let mut seen = [session.next(), session.next()];
    seen.sort_by_key(|event| matches!(event, StoreEvent::Committed { .. }));
    assert!(
        matches!(seen, [StoreEvent::FoundUndo(Ok(_)), StoreEvent::Committed { .. }]),
        "{seen:?}"
    );
    // The same later in the session; commits stay pending.
    fs::write(&path, "{").unwrap();
    session.commit_hat(store.wardrobe(), 2, "b");
    assert!(matches!(session.problem(), Some(StoreProblem::Unreadable(_))));
    assert_eq!(fs::read(&path).unwrap(), b"{");
    fs::write(&path, &whole).unwrap();
    let mut told = Vec::new();
    while !matches!(told.last(), Some(StoreEvent::Committed { .. })) {
        told.push(session.next());
    }
    assert!(told.contains(&StoreEvent::Problem(None)), "{told:?}");
    assert_eq!(hats_in_file(&path), ["b"]);
    assert!(session.worker.stop());
}

#[test]
fn reports_deleted_file_and_recreates_it_on_request() {
    let (_folder, path, store) = sample();
    let session = Session::start(&path, Disk::default());
    session.opened();
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    assert!(matches!(session.problem(), Some(StoreProblem::Gone(_))));
    session.commit_hat(store.wardrobe(), 1, "a");
    session.worker.request(StoreRequest::Recreate);
    assert_eq!(session.problem(), None);
    assert!(matches!(session.next(), StoreEvent::Changed(snapshot) if snapshot.exists));
    assert_eq!(session.committed().0.len(), 1);
    assert_eq!(hats_in_file(&path), ["a"]);
    assert!(session.worker.stop());
    assert_clean(&path);
}

#[test]
fn stops_in_time_while_the_lock_is_held() {
    let (_folder, path, store) = sample();
    let session = Session::start(&path, Disk::default());
    session.opened();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    session.commit_hat(store.wardrobe(), 1, "a");
    assert!(session.worker.stop());
    assert!(matches!(
        session.events.iter().last(),
        Some(StoreEvent::Problem(Some(StoreProblem::CannotWrite(_))))
    ));
    assert_eq!(hats_in_file(&path), [""; 0]);
}

/// While another process holds the lock for long, everything except saving works, and the problem is reported once.
#[test]
fn long_held_lock_delays_only_saving() {
    let (_folder, path, store) = sample();
    let session = Session::start(&path, Disk::default());
    session.opened();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    session.commit_hat(store.wardrobe(), 1, "a");
    session.worker.request(StoreRequest::FindUndo);
    assert!(matches!(session.next(), StoreEvent::FoundUndo(Ok(_))));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("Courses", "By hand")).unwrap();
    let StoreEvent::Changed(snapshot) = session.next() else {
        panic!();
    };
    let Some(StoreProblem::CannotWrite(message)) = session.problem() else {
        panic!();
    };
    assert!(
        message.contains("hats.lock is locked by another process"),
        "{message}"
    );
    // Nothing new is reported meanwhile, though the file is checked.
    session.assert_silent_retries();
    session.worker.request(StoreRequest::CancelCommit { id: 1 });
    assert_eq!(session.problem(), None);
    session.commit_hat(&snapshot.wardrobe, 2, "b");
    assert!(session.problem().is_some());
    drop(lock);
    assert_eq!(session.problem(), None);
    assert_eq!(session.committed().0, [(2, Some(4))]);
    assert!(session.worker.stop());
    assert_eq!(hats_in_file(&path), ["b"]);
    assert_clean(&path);
}

/// A problem with reading or writing is reported once and not with every retry.
#[test]
fn reports_the_same_problem_once() {
    for wrong in ["data file", "history"] {
        let (_folder, path, store) = sample();
        let session = Session::start(&path, Disk::default());
        session.opened();
        let broken = match wrong {
            "history" => path.with_file_name("hats.history.jsonl"),
            _ => path.clone(),
        };
        let kept = path.with_file_name("kept");
        fs::create_dir(&kept).unwrap();
        // Atomically, so that the worker cannot check in between.
        let exchange = || {
            let flags = rustix::fs::RenameFlags::EXCHANGE;
            rustix::fs::renameat_with(rustix::fs::CWD, &kept, rustix::fs::CWD, &broken, flags).unwrap();
        };
        exchange();
        session.commit_hat(store.wardrobe(), 1, "a");
        assert!(session.problem().is_some());
        session.assert_silent_retries();
        exchange();
        assert_eq!(session.problem(), None);
        assert_eq!(session.committed().0, [(1, Some(3))]);
        assert!(session.worker.stop());
        fs::remove_dir(&kept).unwrap();
        assert_clean(&path);
    }
}

/// The link that a session was started with is retargeted: changes are saved to neither file until it is restored.
#[test]
fn retargeted_link_stops_saving_and_is_reported() {
    let (_folder, path, store) = sample();
    let (_other_folder, other, _) = sample();
    let at = tempfile::tempdir().unwrap();
    // A link to the file, and one to its folder.
    for through in ["hats.json", "folder/hats.json"] {
        let link = at.path().join(through.split('/').next().unwrap());
        let lead = |to: &Path| {
            let _ = fs::remove_file(&link);
            let to = if through.contains('/') {
                to.parent().unwrap()
            } else {
                to
            };
            std::os::unix::fs::symlink(to, &link).unwrap();
        };
        lead(&path);
        let before = (hats_in_file(&path), hats_in_file(&other));
        let session = Session::start(&at.path().join(through), Disk::default());
        session.opened();
        lead(&other);
        // It is reported even with nothing to save.
        let Some(StoreProblem::CannotWrite(message)) = session.problem() else {
            panic!();
        };
        let expected = format!("{through} no longer leads to {}", path.display());
        assert!(
            message.contains(&expected) && message.contains("restore the link"),
            "{message}"
        );
        session.commit_hat(store.wardrobe(), 1, through);
        session.assert_silent_retries();
        assert_eq!((hats_in_file(&path), hats_in_file(&other)), before);
        lead(&path);
        assert_eq!(session.problem(), None);
        assert_eq!(session.committed().0.len(), 1);
        // It is also cleared with nothing pending.
        fs::remove_file(&link).unwrap();
        assert!(matches!(session.problem(), Some(StoreProblem::CannotWrite(_))));
        lead(&path);
        assert_eq!(session.problem(), None);
        assert!(session.worker.stop());
        assert_clean(&path);
    }
}

#[test]
fn opens_large_file_with_progress() {
    let (_folder, path, mut store) = sample();
    let long = "x".repeat(100_000);
    let changes: Vec<_> = (0..60)
        .map(|n| {
            build_change(&store, |w| {
                w.add_room(&jid(&format!("r{n}@c.example")), Some(&long))
            })
        })
        .collect();
    assert_eq!(store.commit(&changes).unwrap().len(), 60);
    let session = Session::start(&path, Disk::default());
    let mut seen = 0;
    loop {
        match session.next() {
            StoreEvent::Opening { done, total: of } => {
                assert!(done >= seen && done <= of && of == path.metadata().unwrap().len());
                seen = done;
            }
            StoreEvent::Opened(snapshot) => {
                assert_eq!(&snapshot.wardrobe, store.wardrobe());
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(seen > 0);
    assert!(session.worker.stop());
}

#[test]
fn failed_commit_reports_what_it_loaded_of_others() {
    let (_folder, path, _) = sample();
    let mut bob = open(&path, "bob");
    let (disk, is_failing) = failing_disk(true);
    let session = Session::start(&path, disk);
    let opened = session.opened();
    add_hat(&mut bob, "bobs").unwrap();
    session.commit_hat(&opened.wardrobe, 1, "alices");
    let has = |snapshot: &Snapshot, id: &str| {
        let user = snapshot.wardrobe.user(&courses(), &terry()).unwrap();
        user.hats.get(&hat(id)).is_some()
    };
    // The change is loaded by the commit, or by a check that comes just before it.
    let loaded = loop {
        match session.next() {
            StoreEvent::Changed(snapshot) => break snapshot,
            StoreEvent::Problem(Some(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(has(&loaded, "bobs") && !has(&loaded, "alices"));
    is_failing.store(false, Ordering::Relaxed);
    session.worker.request(StoreRequest::Retry);
    let mut reported_others = 0;
    let mut committed = None;
    while committed.is_none() || reported_others == 0 {
        match session.next() {
            StoreEvent::Committed { snapshot, .. } => committed = Some(snapshot),
            StoreEvent::ChangedByOthers(entries) => {
                reported_others += entries.len();
                assert!(
                    entries.iter().all(|entry| entry.actor.starts_with("bob")),
                    "{entries:?}"
                );
            }
            StoreEvent::Problem(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let committed = committed.unwrap();
    assert!(has(&committed, "bobs") && has(&committed, "alices"));
    assert_eq!(reported_others, 1);
}
