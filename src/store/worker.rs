//! The keeper: the one thread of a session that works with the data file.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::model::Wardrobe;

use super::threads;
use super::{
    Change, Disk, Refreshed, Snapshot, Store, StoreError, StoreEvent, StoreOptions, StoreProblem,
    StoreRequest,
};

/// How often the file is looked at. The only wake-up there is.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries of something that keeps failing, at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a lock is waited for at once: in between, requests are answered and the file is looked at.
const SLICE: Duration = Duration::from_millis(200);
/// Between two of these slices.
const BREATH: Duration = Duration::from_millis(10);
/// After so long a lock that somebody holds is told.
const LONG_HELD: Duration = Duration::from_secs(2);
/// How long [`Keeper::stop`] waits for what was asked before.
const FAREWELL: Duration = Duration::from_millis(1500);

/// While this lives, nothing is written and no lock is held.
#[derive(Debug, Default)]
pub struct WorkerPause(Option<Sender<()>>);

impl Drop for WorkerPause {
    fn drop(&mut self) {
        // When the thread is gone there is nothing to go on.
        let _ = self.0.take().map(|end| end.send(()));
    }
}

/// A thread that owns the store of a session: it is asked by [`StoreWorker::request`] and tells by events. Commits that
/// wait while one runs are joined into the next.
#[derive(Debug)]
pub struct StoreWorker {
    ask: Sender<WorkerMessage>,
    done: Receiver<()>,
    thread: std::thread::JoinHandle<()>,
    hurry: Arc<OnceLock<Instant>>,
}

enum WorkerMessage {
    Ask(StoreRequest),
    Pause(Box<dyn FnOnce(WorkerPause) + Send>),
    Stop,
}

impl StoreWorker {
    /// Starts the thread, which opens the file first. `notify` is called in that thread, with each event. Fails when the
    /// system does not allow another thread.
    pub fn start(
        path: PathBuf,
        options: StoreOptions,
        notify: impl Fn(StoreEvent) + Send + 'static,
    ) -> io::Result<Self> {
        Self::start_on(Disk::default(), path, options, notify)
    }

    /// The same on a file system of one's own.
    pub fn start_on(
        disk: Disk,
        path: PathBuf,
        options: StoreOptions,
        notify: impl Fn(StoreEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (ask, asked) = channel();
        let (finished, done) = channel();
        let hurry = disk.hurry.clone();
        let disk = Disk {
            patience: disk.patience.min(SLICE),
            ..disk
        };
        let thread = threads::builder("store").spawn(move || {
            let work = WorkerLoop {
                asked,
                notify,
                disk,
                waiting: Vec::new(),
                restoring: false,
                read_only: None,
                looked_wrong: false,
                locked: None,
                trouble: None,
                again: None,
                patience: LOOK,
            };
            work.run(&path, &options);
            // Nobody may be there any more to hear it.
            let _ = finished.send(());
        })?;
        Ok(Self {
            ask,
            done,
            thread,
            hurry,
        })
    }

    /// Lets the thread finish what was asked, as far as that can be done, and then rest: `paused` is called in that
    /// thread, which goes on when the pause is dropped.
    pub fn pause(&self, paused: impl FnOnce(WorkerPause) + Send + 'static) {
        // When the thread is gone nothing is written any more, and whoever started it has been told.
        let _ = self.ask.send(WorkerMessage::Pause(Box::new(paused)));
    }

    /// Asks for something; the answer comes as an event.
    pub fn request(&self, request: StoreRequest) {
        // When the thread is gone there is nobody to answer; `stop` says so.
        let _ = self.ask.send(WorkerMessage::Ask(request));
    }

    /// Lets the thread finish what was asked, for a second and a half at most, and ends it. True when it ended.
    pub fn stop(self) -> bool {
        let _ = self.hurry.set(Instant::now());
        let _ = self.ask.send(WorkerMessage::Stop);
        match self.done.recv_timeout(FAREWELL) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.thread.join().is_ok(),
        }
    }
}

struct WorkerLoop<N> {
    asked: Receiver<WorkerMessage>,
    notify: N,
    disk: Disk,
    waiting: Vec<(u64, Change)>,
    /// The file is to be written again.
    restoring: bool,
    /// Why nothing can be written, as it was last told.
    read_only: Option<String>,
    /// A look showed that something is wrong; it is over when one shows that all is well.
    looked_wrong: bool,
    /// Since when somebody else holds the lock.
    locked: Option<Instant>,
    trouble: Option<StoreProblem>,
    again: Option<Instant>,
    patience: Duration,
}

impl<N: Fn(StoreEvent)> WorkerLoop<N> {
    fn run(mut self, path: &Path, options: &StoreOptions) {
        let Some((mut store, early)) = self.open(path, options) else {
            return;
        };
        let snapshot = self.snapshot(&store);
        log::info!(exists = snapshot.exists, read_only = snapshot.read_only.is_some(); "opened");
        self.tell(StoreEvent::Opened(snapshot));
        for request in early {
            self.take(request, &mut store);
        }
        self.settle(&mut store);
        let mut look = Instant::now() + LOOK;
        loop {
            let next = self.again.filter(|_| self.has_work()).unwrap_or(look).min(look);
            let rest = next.saturating_duration_since(Instant::now());
            let mut next = match self.asked.recv_timeout(rest) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(WorkerMessage::Stop),
            };
            while let Some(message) = next {
                match message {
                    WorkerMessage::Ask(request) => self.take(request, &mut store),
                    WorkerMessage::Pause(paused) => {
                        self.settle(&mut store);
                        pause(paused);
                    }
                    WorkerMessage::Stop => {
                        // The last try: it may wait as long as the ending session can.
                        store.disk.patience = FAREWELL;
                        self.settle(&mut store);
                        return;
                    }
                }
                next = self.asked.try_recv().ok();
            }
            if Instant::now() >= look {
                self.look(&mut store);
                look = Instant::now() + LOOK;
            }
            self.settle(&mut store);
        }
    }

    /// Opens the file; while that fails it is tried again, as somebody may be writing it. Gives what was asked meanwhile
    /// too. `None`: it is to end.
    fn open(&mut self, path: &Path, options: &StoreOptions) -> Option<(Store, Vec<StoreRequest>)> {
        let mut early = Vec::new();
        loop {
            let progress = |done, of| self.tell(StoreEvent::Opening { done, of });
            match Store::open_with(path, options.clone(), self.disk.clone(), &progress) {
                Ok(store) => {
                    self.over();
                    return Some((store, early));
                }
                Err(error) => self.trouble(StoreProblem::Unreadable(error.to_string())),
            }
            let until = Instant::now() + LOOK;
            loop {
                let rest = until.saturating_duration_since(Instant::now());
                match self.asked.recv_timeout(rest) {
                    Ok(WorkerMessage::Ask(StoreRequest::Retry)) | Err(RecvTimeoutError::Timeout) => break,
                    Ok(WorkerMessage::Ask(request)) => early.push(request),
                    Ok(WorkerMessage::Pause(paused)) => pause(paused),
                    Ok(WorkerMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    /// Does what is asked, except that commits only wait.
    fn take(&mut self, request: StoreRequest, store: &mut Store) {
        match request {
            StoreRequest::Commit { id, change } => self.waiting.push((id, change)),
            StoreRequest::Withdraw { id } => {
                self.waiting.retain(|(there, _)| *there != id);
                if self.waiting.is_empty() && !self.is_file_wrong() {
                    self.over();
                }
            }
            StoreRequest::Retry => {
                self.again = None;
                self.look(store);
            }
            StoreRequest::Restore => {
                self.again = None;
                self.restoring = true;
            }
            StoreRequest::History(query) => {
                let page = store.history(&query).map_err(|error| error.to_string());
                self.tell(StoreEvent::History { query, page });
            }
            StoreRequest::FindUndo => {
                let found = store.find_undo().map_err(|error| error.to_string());
                self.tell(StoreEvent::FoundUndo(found));
            }
        }
    }

    /// Looks whether somebody else changed the file.
    fn look(&mut self, store: &mut Store) {
        let seen = match store.refresh() {
            Ok(Refreshed::Gone) => Err(store.is_gone()),
            seen => seen,
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                self.looked_wrong = true;
                return self.trouble(trouble(store, &error));
            }
        };
        if std::mem::take(&mut self.looked_wrong) || self.is_file_wrong() {
            self.over();
        }
        let before = self.read_only.clone();
        let snapshot = self.snapshot(store);
        if seen == Refreshed::Changed || self.read_only != before {
            self.tell(StoreEvent::Changed(snapshot));
        }
    }

    /// What is to be told of the store.
    fn snapshot(&mut self, store: &Store) -> Snapshot {
        let snapshot = store.snapshot();
        self.read_only.clone_from(&snapshot.read_only);
        snapshot
    }

    /// Whether what was told is over when the file can be read again.
    fn is_file_wrong(&self) -> bool {
        matches!(
            self.trouble,
            Some(StoreProblem::Unreadable(_) | StoreProblem::Gone(_))
        )
    }

    fn has_work(&self) -> bool {
        self.restoring || !self.waiting.is_empty()
    }

    /// Does what waits, unless that just failed.
    fn settle(&mut self, store: &mut Store) {
        let hurry = self.disk.hurry.get().is_some();
        if !self.has_work() || (!hurry && self.again.is_some_and(|again| Instant::now() < again)) {
            return;
        }
        let done = self.restore(store).and_then(|()| self.commit(store));
        match done {
            Ok(()) => self.over(),
            Err(error @ StoreError::Locked { .. }) => {
                self.again = Some(Instant::now() + BREATH);
                let since = *self.locked.get_or_insert_with(Instant::now);
                if hurry || since.elapsed() >= LONG_HELD {
                    self.trouble(trouble(store, &error));
                }
            }
            Err(error) => {
                self.restoring = false;
                self.locked = None;
                self.again = Some(Instant::now() + self.patience);
                log::debug!(after_ms = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX); "tries again");
                self.patience = (self.patience * 2).min(PATIENCE);
                self.trouble(trouble(store, &error));
            }
        }
    }

    fn restore(&mut self, store: &mut Store) -> Result<(), StoreError> {
        if self.restoring {
            store.restore()?;
            self.restoring = false;
            self.over();
            let snapshot = self.snapshot(store);
            self.tell(StoreEvent::Changed(snapshot));
        }
        Ok(())
    }

    fn commit(&mut self, store: &mut Store) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = self.waiting.iter().map(|(_, change)| change.clone()).collect();
        let results = store.commit(&changes)?;
        let ids = std::mem::take(&mut self.waiting).into_iter().map(|(id, _)| id);
        let settled = ids.zip(results).collect();
        self.over();
        let snapshot = self.snapshot(store);
        self.tell(StoreEvent::Committed { settled, snapshot });
        Ok(())
    }

    fn trouble(&mut self, trouble: StoreProblem) {
        if self.trouble.as_ref() != Some(&trouble) {
            log::warn!(reason = trouble.message(); "trouble");
            self.trouble = Some(trouble.clone());
            self.tell(StoreEvent::Trouble(Some(trouble)));
        }
    }

    fn over(&mut self) {
        self.again = None;
        self.locked = None;
        self.patience = LOOK;
        if self.trouble.take().is_some() {
            log::info!("trouble is over");
            self.tell(StoreEvent::Trouble(None));
        }
    }

    fn tell(&self, event: StoreEvent) {
        let wardrobe = match &event {
            StoreEvent::Opened(snapshot) | StoreEvent::Changed(snapshot) => Some(snapshot.wardrobe.clone()),
            _ => None,
        };
        (self.notify)(event);
        // Works out here what the first form would have to wait for.
        for (_, room) in wardrobe.iter().flat_map(Wardrobe::rooms) {
            room.known_hats();
        }
    }
}

/// Rests until the pause is dropped.
fn pause(paused: Box<dyn FnOnce(WorkerPause) + Send>) {
    let (end, ended) = channel();
    paused(WorkerPause(Some(end)));
    // Dropped without a word it is over too.
    let _ = ended.recv();
}

/// Only what is wrong with the data file itself is over when that can be read again.
fn trouble(store: &Store, error: &StoreError) -> StoreProblem {
    let (message, data) = (error.to_string(), &store.paths().data);
    match error {
        StoreError::Locked { path, .. } => StoreProblem::CannotWrite(format!(
            "{} is locked: somebody else is writing; it is saved as soon as they let it go",
            path.display()
        )),
        StoreError::Unreadable { .. } => StoreProblem::Unreadable(message),
        StoreError::NotAFile { path, .. } if path == data => StoreProblem::Unreadable(message),
        StoreError::Io {
            path,
            what: "read" | "look at",
            ..
        } if path == data => StoreProblem::Unreadable(message),
        StoreError::Gone { .. } => StoreProblem::Gone(message),
        _ => StoreProblem::CannotWrite(message),
    }
}
