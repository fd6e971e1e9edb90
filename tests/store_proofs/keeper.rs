//! The keeper: what it tells, in which order, and that it ends.

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
    pub(crate) keeper: StoreWorker,
    pub(crate) events: Receiver<StoreEvent>,
}

/// Longer than anything takes; who waits so long waits in vain.
const LONG: Duration = Duration::from_secs(60);

impl Session {
    pub(crate) fn start(path: &Path, disk: Disk) -> Self {
        let (send, events) = channel();
        let keeper = StoreWorker::start_on(disk, path.to_path_buf(), named("alice"), move |event| {
            let _ = send.send(event);
        })
        .unwrap();
        Self { keeper, events }
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

    pub(crate) fn trouble(&self) -> Option<StoreProblem> {
        match self.next() {
            StoreEvent::Trouble(trouble) => trouble,
            other => panic!("{other:?}"),
        }
    }

    /// What waits is tried again a few times, and nothing is told.
    fn tried_in_silence(&self) {
        for _ in 0..4 {
            self.keeper.request(StoreRequest::Retry);
            // When this is answered, all that was asked before the last time has been tried.
            self.keeper.request(StoreRequest::FindUndo);
            let told = self.next();
            assert!(matches!(told, StoreEvent::FoundUndo(_)), "{told:?}");
        }
    }

    fn ask(&self, wardrobe: &Wardrobe, id: u64, name: &str) {
        let mut draft = wardrobe.clone();
        let group = draft.add_user_hat(&terry(), &courses(), &hat(name), Attachment::default());
        let change = group.unwrap().into();
        self.keeper.request(StoreRequest::Commit { id, change });
    }

    fn committed(&self) -> (Vec<(u64, Option<u64>)>, Snapshot) {
        match self.next() {
            StoreEvent::Committed { settled, snapshot } => {
                let settled = settled.into_iter().map(|(id, result)| (id, result.unwrap()));
                (settled.collect(), snapshot)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A disk on which writing fails while the switch is on.
fn switched(on: bool) -> (Disk, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(on));
    let full = switch.clone();
    let hook = move |step| {
        if step == DiskOperation::Write && full.load(Ordering::Relaxed) {
            let error = std::io::ErrorKind::StorageFull.into();
            return Err(DiskFault { error, after: 0 });
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
fn commits_are_answered_by_their_numbers_and_others_changes_are_told() {
    let (_folder, path, mut store) = begun();
    let session = Session::start(&path, Disk::default());
    let first = session.opened();
    assert_eq!(
        (&first.wardrobe, first.exists, &first.read_only),
        (store.wardrobe(), true, &None)
    );
    session.ask(&first.wardrobe, 7, "a");
    let (settled, snapshot) = session.committed();
    assert_eq!(settled, [(7, Some(3))]);
    assert_eq!(hats(&snapshot.wardrobe), hats_in(&path));
    give(&mut store, "b").unwrap();
    let StoreEvent::Changed(snapshot) = session.next() else {
        panic!();
    };
    assert_eq!(hats(&snapshot.wardrobe), ["a", "b"]);
    session.keeper.request(StoreRequest::FindUndo);
    let StoreEvent::FoundUndo(Ok(UndoCandidate { undo, redo: None })) = session.next() else {
        panic!();
    };
    assert_eq!(undo.unwrap().revision, 4, "both sessions are Alice's");
    let query = HistoryQuery {
        limit: 2,
        ..HistoryQuery::default()
    };
    session.keeper.request(StoreRequest::History(query.clone()));
    let StoreEvent::History { query: asked, page } = session.next() else {
        panic!();
    };
    assert_eq!((asked, page.unwrap().entries.len()), (query, 2));
    // A history that cannot be read is not one in which there is nothing to undo.
    let beside = path.with_file_name("hats.history.jsonl");
    fs::rename(&beside, path.with_file_name("elsewhere")).unwrap();
    fs::create_dir(&beside).unwrap();
    session.keeper.request(StoreRequest::FindUndo);
    let StoreEvent::FoundUndo(Err(why)) = session.next() else {
        panic!();
    };
    assert!(why.contains("hats.history.jsonl is a folder"), "{why}");
    fs::remove_dir(&beside).unwrap();
    fs::rename(path.with_file_name("elsewhere"), &beside).unwrap();
    assert!(session.keeper.stop());
    assert_clean(&path);
}

#[test]
fn commits_that_wait_are_joined_and_finished_before_the_end() {
    let (_folder, path, store) = begun();
    let session = Session::start(&path, Disk::default());
    for id in 0..50 {
        session.ask(store.wardrobe(), id, &format!("n{id}"));
    }
    assert!(session.keeper.stop());
    assert_eq!(hats_in(&path).len(), 50);
    let mut answers = 0;
    let mut times = 0;
    for event in session.events {
        if let StoreEvent::Committed { settled, .. } = event {
            answers += settled.len();
            times += 1;
        }
    }
    assert_eq!(answers, 50);
    assert!(times < 50, "joined");
    assert_clean(&path);
}

#[test]
fn what_cannot_be_written_waits_and_is_tried_again_by_itself_and_on_demand() {
    let (_folder, path, store) = begun();
    let (disk, full) = switched(true);
    let session = Session::start(&path, disk);
    session.opened();
    session.ask(store.wardrobe(), 1, "a");
    let Some(StoreProblem::CannotWrite(message)) = session.trouble() else {
        panic!();
    };
    assert!(message.contains("hats.json: the disk is full"), "{message}");
    session.ask(store.wardrobe(), 2, "b");
    session.ask(store.wardrobe(), 3, "c");
    session.keeper.request(StoreRequest::Withdraw { id: 2 });
    full.store(false, Ordering::Relaxed);
    // By itself.
    assert_eq!(session.trouble(), None);
    let (settled, _) = session.committed();
    assert_eq!(settled, [(1, Some(3)), (3, Some(4))]);
    // On demand.
    full.store(true, Ordering::Relaxed);
    session.ask(store.wardrobe(), 4, "d");
    assert!(session.trouble().is_some());
    full.store(false, Ordering::Relaxed);
    session.keeper.request(StoreRequest::Retry);
    assert_eq!(session.trouble(), None);
    assert_eq!(session.committed().0, [(4, Some(5))]);
    // When what waits is withdrawn, there is nothing to be troubled about.
    full.store(true, Ordering::Relaxed);
    session.ask(store.wardrobe(), 5, "e");
    assert!(session.trouble().is_some());
    session.keeper.request(StoreRequest::Withdraw { id: 5 });
    assert_eq!(session.trouble(), None);
    full.store(false, Ordering::Relaxed);
    assert!(session.keeper.stop());
    assert_eq!(hats_in(&path), ["a", "c", "d"]);
    assert_clean(&path);
}

#[test]
fn an_unreadable_file_is_tried_again_and_what_was_asked_meanwhile_is_done_then() {
    let (_folder, path, store) = begun();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, "{").unwrap();
    let session = Session::start(&path, Disk::default());
    let Some(StoreProblem::Unreadable(message)) = session.trouble() else {
        panic!();
    };
    assert!(message.contains("hats.json: line 1, column"), "{message}");
    session.ask(store.wardrobe(), 1, "a");
    session.keeper.request(StoreRequest::FindUndo);
    fs::write(&path, &whole).unwrap();
    assert_eq!(session.trouble(), None);
    session.opened();
    let mut seen = [session.next(), session.next()];
    seen.sort_by_key(|event| matches!(event, StoreEvent::Committed { .. }));
    assert!(
        matches!(seen, [StoreEvent::FoundUndo(Ok(_)), StoreEvent::Committed { .. }]),
        "{seen:?}"
    );
    // Later on, too; commits wait.
    fs::write(&path, "{").unwrap();
    session.ask(store.wardrobe(), 2, "b");
    assert!(matches!(session.trouble(), Some(StoreProblem::Unreadable(_))));
    assert_eq!(fs::read(&path).unwrap(), b"{");
    fs::write(&path, &whole).unwrap();
    let mut told = Vec::new();
    while !matches!(told.last(), Some(StoreEvent::Committed { .. })) {
        told.push(session.next());
    }
    assert!(told.contains(&StoreEvent::Trouble(None)), "{told:?}");
    assert_eq!(hats_in(&path), ["b"]);
    assert!(session.keeper.stop());
}

#[test]
fn a_file_that_is_gone_is_told_and_written_again_on_request() {
    let (_folder, path, store) = begun();
    let session = Session::start(&path, Disk::default());
    session.opened();
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    assert!(matches!(session.trouble(), Some(StoreProblem::Gone(_))));
    session.ask(store.wardrobe(), 1, "a");
    session.keeper.request(StoreRequest::Restore);
    assert_eq!(session.trouble(), None);
    assert!(matches!(session.next(), StoreEvent::Changed(snapshot) if snapshot.exists));
    assert_eq!(session.committed().0.len(), 1);
    assert_eq!(hats_in(&path), ["a"]);
    assert!(session.keeper.stop());
    assert_clean(&path);
}

#[test]
fn it_ends_in_time_while_somebody_else_holds_the_lock() {
    let (_folder, path, store) = begun();
    let session = Session::start(&path, Disk::default());
    session.opened();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    session.ask(store.wardrobe(), 1, "a");
    assert!(session.keeper.stop());
    assert!(matches!(
        session.events.iter().last(),
        Some(StoreEvent::Trouble(Some(StoreProblem::CannotWrite(_))))
    ));
    assert_eq!(hats_in(&path), [""; 0]);
}

/// While somebody else holds the lock for long, everything but the saving goes on, and it is said once.
#[test]
fn a_lock_that_is_held_for_long_stops_nothing_but_the_saving() {
    let (_folder, path, store) = begun();
    let session = Session::start(&path, Disk::default());
    session.opened();
    let lock = fs::File::open(path.with_file_name("hats.lock")).unwrap();
    lock.lock().unwrap();
    session.ask(store.wardrobe(), 1, "a");
    session.keeper.request(StoreRequest::FindUndo);
    assert!(matches!(session.next(), StoreEvent::FoundUndo(Ok(_))));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("Courses", "By hand")).unwrap();
    let StoreEvent::Changed(snapshot) = session.next() else {
        panic!();
    };
    let Some(StoreProblem::CannotWrite(message)) = session.trouble() else {
        panic!();
    };
    assert!(
        message.contains("hats.lock is locked: somebody else is writing"),
        "{message}"
    );
    // Nothing new is told while it goes on, though the file is looked at.
    session.tried_in_silence();
    session.keeper.request(StoreRequest::Withdraw { id: 1 });
    assert_eq!(session.trouble(), None);
    session.ask(&snapshot.wardrobe, 2, "b");
    assert!(session.trouble().is_some());
    drop(lock);
    assert_eq!(session.trouble(), None);
    assert_eq!(session.committed().0, [(2, Some(4))]);
    assert!(session.keeper.stop());
    assert_eq!(hats_in(&path), ["b"]);
    assert_clean(&path);
}

/// What keeps the file from being read, or only from being written, is told once and not with every try.
#[test]
fn the_same_trouble_is_told_once() {
    for wrong in ["data file", "history"] {
        let (_folder, path, store) = begun();
        let session = Session::start(&path, Disk::default());
        session.opened();
        let broken = match wrong {
            "history" => path.with_file_name("hats.history.jsonl"),
            _ => path.clone(),
        };
        let kept = path.with_file_name("kept");
        fs::create_dir(&kept).unwrap();
        // In one step, so that no look comes in between.
        let exchange = || {
            let flags = rustix::fs::RenameFlags::EXCHANGE;
            rustix::fs::renameat_with(rustix::fs::CWD, &kept, rustix::fs::CWD, &broken, flags).unwrap();
        };
        exchange();
        session.ask(store.wardrobe(), 1, "a");
        assert!(session.trouble().is_some());
        session.tried_in_silence();
        exchange();
        assert_eq!(session.trouble(), None);
        assert_eq!(session.committed().0, [(1, Some(3))]);
        assert!(session.keeper.stop());
        fs::remove_dir(&kept).unwrap();
        assert_clean(&path);
    }
}

/// The link that a session was started with is pointed elsewhere: its changes go to neither file until it is put back.
#[test]
fn a_link_that_is_pointed_elsewhere_stops_the_saving_and_is_told() {
    let (_folder, path, store) = begun();
    let (_other_folder, other, _) = begun();
    let at = tempfile::tempdir().unwrap();
    // The file's own link, and one to its folder.
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
        let before = (hats_in(&path), hats_in(&other));
        let session = Session::start(&at.path().join(through), Disk::default());
        session.opened();
        lead(&other);
        // It is told without anything to save.
        let Some(StoreProblem::CannotWrite(message)) = session.trouble() else {
            panic!();
        };
        let expected = format!("{through} does not lead to {} any more", path.display());
        assert!(
            message.contains(&expected) && message.contains("put the link back"),
            "{message}"
        );
        session.ask(store.wardrobe(), 1, through);
        session.tried_in_silence();
        assert_eq!((hats_in(&path), hats_in(&other)), before);
        lead(&path);
        assert_eq!(session.trouble(), None);
        assert_eq!(session.committed().0.len(), 1);
        // Without anything that waits it is over, too.
        fs::remove_file(&link).unwrap();
        assert!(matches!(session.trouble(), Some(StoreProblem::CannotWrite(_))));
        lead(&path);
        assert_eq!(session.trouble(), None);
        assert!(session.keeper.stop());
        assert_clean(&path);
    }
}

#[test]
fn a_large_file_is_opened_with_progress_by_several_threads() {
    let (_folder, path, mut store) = begun();
    let long = "x".repeat(100_000);
    let changes: Vec<_> = (0..60)
        .map(|n| {
            group(&store, |w| {
                w.add_room(&jid(&format!("r{n}@c.example")), Some(&long))
            })
        })
        .collect();
    assert_eq!(store.commit(&changes).unwrap().len(), 60);
    let session = Session::start(&path, Disk::default());
    let mut seen = 0;
    loop {
        match session.next() {
            StoreEvent::Opening { done, of } => {
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
    assert!(session.keeper.stop());
}
