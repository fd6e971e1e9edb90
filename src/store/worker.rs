//! The store worker: the thread of a session that does all work with the data file.

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

/// The interval between checks of the data file for changes, and the first delay before a retry. Without messages and
/// retries, the thread wakes up only for these checks.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The maximum delay between retries of a failing write.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// The maximum time of one wait for a lock; between two waits, requests are answered and the file is checked.
const LOCK_SLICE: Duration = Duration::from_millis(200);
/// The delay between two waits for a lock.
const RETRY_DELAY: Duration = Duration::from_millis(10);
/// After this time a lock held by another process is reported.
const LOCK_NOTICE_DELAY: Duration = Duration::from_secs(2);
/// The maximum time for which [`StoreWorker::stop`] waits for pending requests; also the maximum time for which the last
/// attempt to commit waits for a lock.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);

/// Pauses the worker: until this is dropped, nothing is written and no lock is held. The default value pauses nothing.
#[derive(Debug, Default)]
pub struct WorkerPause(Option<Sender<()>>);

impl Drop for WorkerPause {
    fn drop(&mut self) {
        // If the thread has ended there is nothing to resume.
        let _ = self.0.take().map(|end| end.send(()));
    }
}

/// A thread that owns the store of a session. It receives requests from [`StoreWorker::request`] and answers with
/// events. Commits that arrive while another is running are written together in the next one.
#[derive(Debug)]
pub struct StoreWorker {
    sender: Sender<WorkerMessage>,
    finished: Receiver<()>,
    thread: std::thread::JoinHandle<()>,
    ending_since: Arc<OnceLock<Instant>>,
}

enum WorkerMessage {
    Request(StoreRequest),
    Pause(Box<dyn FnOnce(WorkerPause) + Send>),
    Stop,
}

impl StoreWorker {
    /// Starts the thread, which first opens the file. `notify` is called in that thread with each event. Fails if the
    /// system cannot start another thread.
    pub fn start(
        path: PathBuf,
        options: StoreOptions,
        notify: impl Fn(StoreEvent) + Send + 'static,
    ) -> io::Result<Self> {
        Self::start_on(Disk::default(), path, options, notify)
    }

    /// Like [`StoreWorker::start`], with this disk.
    pub fn start_on(
        disk: Disk,
        path: PathBuf,
        options: StoreOptions,
        notify: impl Fn(StoreEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, messages) = channel();
        let (finished_sender, finished) = channel();
        let ending_since = disk.ending_since.clone();
        let disk = Disk {
            lock_timeout: disk.lock_timeout.min(LOCK_SLICE),
            ..disk
        };
        let thread = threads::builder("store").spawn(move || {
            let work = WorkerLoop {
                messages,
                notify,
                disk,
                pending: Vec::new(),
                recreating: false,
                read_only: None,
                poll_failed: false,
                unreported_since: None,
                locked_since: None,
                problem: None,
                retry_at: None,
                backoff: POLL_INTERVAL,
            };
            work.run(&path, &options);
            // The receiver may be gone.
            let _ = finished_sender.send(());
        })?;
        Ok(Self {
            sender,
            finished,
            thread,
            ending_since,
        })
    }

    /// Pauses the thread once it has finished pending requests as far as possible: `on_pause` is called in that thread,
    /// which resumes when the pause is dropped.
    pub fn pause(&self, on_pause: impl FnOnce(WorkerPause) + Send + 'static) {
        // If the thread has ended, nothing is written anyway.
        let _ = self.sender.send(WorkerMessage::Pause(Box::new(on_pause)));
    }

    /// Sends a request. Its results are reported by events.
    pub fn request(&self, request: StoreRequest) {
        // If the thread has ended there is no answer; `stop` reports that.
        let _ = self.sender.send(WorkerMessage::Request(request));
    }

    /// Tells the thread to finish the pending requests and end, and waits for at most 1.5 seconds. Returns whether the
    /// thread ended in time and without a panic.
    pub fn stop(self) -> bool {
        let _ = self.ending_since.set(Instant::now());
        let _ = self.sender.send(WorkerMessage::Stop);
        match self.finished.recv_timeout(STOP_TIMEOUT) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.thread.join().is_ok(),
        }
    }
}

struct WorkerLoop<N> {
    messages: Receiver<WorkerMessage>,
    notify: N,
    disk: Disk,
    /// The commits to do, each with its ID.
    pending: Vec<(u64, Change)>,
    /// Whether the data file is to be recreated.
    recreating: bool,
    /// The reason why nothing can be written, as last reported.
    read_only: Option<String>,
    /// Whether the last check of the file failed; the next one that succeeds clears the problem.
    poll_failed: bool,
    /// The revision after which changes by others are still to be reported, because a commit failed after it had loaded
    /// some of them.
    unreported_since: Option<u64>,
    /// Since when another process has held the lock.
    locked_since: Option<Instant>,
    problem: Option<StoreProblem>,
    retry_at: Option<Instant>,
    backoff: Duration,
}

impl<N: Fn(StoreEvent)> WorkerLoop<N> {
    fn run(mut self, path: &Path, options: &StoreOptions) {
        let Some((mut store, early_requests)) = self.open(path, options) else {
            return;
        };
        let snapshot = self.snapshot(&store);
        log::info!(exists = snapshot.exists, read_only = snapshot.read_only.is_some(); "opened");
        self.emit(StoreEvent::Opened(snapshot));
        for request in early_requests {
            self.handle(request, &mut store);
        }
        self.run_pending(&mut store);
        let mut poll_at = Instant::now() + POLL_INTERVAL;
        loop {
            let wake_at = self
                .retry_at
                .filter(|_| self.has_work())
                .unwrap_or(poll_at)
                .min(poll_at);
            let timeout = wake_at.saturating_duration_since(Instant::now());
            let mut next_message = match self.messages.recv_timeout(timeout) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(WorkerMessage::Stop),
            };
            while let Some(message) = next_message {
                match message {
                    WorkerMessage::Request(request) => self.handle(request, &mut store),
                    WorkerMessage::Pause(on_pause) => {
                        self.run_pending(&mut store);
                        pause(on_pause);
                    }
                    WorkerMessage::Stop => {
                        // The last attempt may wait as long as the ending session can.
                        store.disk.lock_timeout = STOP_TIMEOUT;
                        self.run_pending(&mut store);
                        return;
                    }
                }
                next_message = self.messages.try_recv().ok();
            }
            if Instant::now() >= poll_at {
                self.poll(&mut store);
                poll_at = Instant::now() + POLL_INTERVAL;
            }
            self.run_pending(&mut store);
        }
    }

    /// Opens the file; retries while this fails, as another program may be writing the file. Also returns the requests
    /// received meanwhile. `None` if the thread must end.
    fn open(&mut self, path: &Path, options: &StoreOptions) -> Option<(Store, Vec<StoreRequest>)> {
        let mut early_requests = Vec::new();
        loop {
            let progress = |done, total| self.emit(StoreEvent::Opening { done, total });
            match Store::open_with(path, options.clone(), self.disk.clone(), &progress) {
                Ok(store) => {
                    self.clear_problem();
                    return Some((store, early_requests));
                }
                Err(error) => self.report_problem(StoreProblem::Unreadable(error.to_string())),
            }
            let retry_at = Instant::now() + POLL_INTERVAL;
            loop {
                let timeout = retry_at.saturating_duration_since(Instant::now());
                match self.messages.recv_timeout(timeout) {
                    Ok(WorkerMessage::Request(StoreRequest::Retry)) | Err(RecvTimeoutError::Timeout) => break,
                    Ok(WorkerMessage::Request(request)) => early_requests.push(request),
                    Ok(WorkerMessage::Pause(on_pause)) => pause(on_pause),
                    Ok(WorkerMessage::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    /// Handles a request; commits are only queued.
    fn handle(&mut self, request: StoreRequest, store: &mut Store) {
        match request {
            StoreRequest::Commit { id, change } => self.pending.push((id, change)),
            StoreRequest::CancelCommit { id } => {
                self.pending.retain(|(pending, _)| *pending != id);
                if self.pending.is_empty() && !self.is_file_problem() {
                    self.clear_problem();
                }
            }
            StoreRequest::Retry => {
                self.retry_at = None;
                self.poll(store);
            }
            StoreRequest::Recreate => {
                self.retry_at = None;
                self.recreating = true;
            }
            StoreRequest::History(query) => {
                let page = store.history(&query).map_err(|error| error.to_string());
                self.emit(StoreEvent::History { query, page });
            }
            StoreRequest::HistorySince(revision) => {
                let entries = store.history_since(revision).map_err(|error| error.to_string());
                self.emit(StoreEvent::HistorySince { revision, entries });
            }
            StoreRequest::FindUndo => {
                let found = store.find_undo().map_err(|error| error.to_string());
                self.emit(StoreEvent::FoundUndo(found));
            }
        }
    }

    /// Checks whether the file was changed by another process, and reports changes and problems.
    fn poll(&mut self, store: &mut Store) {
        let revision = store.revision();
        let refreshed = match store.refresh() {
            Ok(Refreshed::Gone) => Err(store.gone_error()),
            other => other,
        };
        let refreshed = match refreshed {
            Ok(refreshed) => refreshed,
            Err(error) => {
                self.poll_failed = true;
                return self.report_problem(error.to_problem(&store.paths().data));
            }
        };
        if std::mem::take(&mut self.poll_failed) || self.is_file_problem() {
            self.clear_problem();
        }
        let reported = self.read_only.clone();
        let snapshot = self.snapshot(store);
        if refreshed == Refreshed::Changed || self.read_only != reported {
            self.emit(StoreEvent::Changed(snapshot));
        }
        // While a commit is to be repeated, its own changes may be in the file already.
        if self.pending.is_empty() {
            let since = self.unreported_since.take().unwrap_or(revision);
            self.report_others(store, since, &[]);
        } else {
            self.unreported_since.get_or_insert(revision);
        }
    }

    /// Reports what others committed after the revision `since`; `own` are the revisions of the session's own commits.
    /// Reports nothing if `since` is 0.
    fn report_others(&self, store: &Store, since: u64, own: &[u64]) {
        let count = store.revision().saturating_sub(since);
        if since == 0 || count <= u64::try_from(own.len()).unwrap_or(u64::MAX) {
            return;
        }
        let mut entries = store.entries_after(since);
        entries.retain(|entry| !own.contains(&entry.revision));
        if !entries.is_empty() {
            self.emit(StoreEvent::ChangedByOthers(entries));
        }
    }

    /// Takes a snapshot for the caller to report, and remembers its read-only reason as reported.
    fn snapshot(&mut self, store: &Store) -> Snapshot {
        let snapshot = store.snapshot();
        self.read_only.clone_from(&snapshot.read_only);
        snapshot
    }

    /// Whether the reported problem is cleared as soon as the file can be read again.
    fn is_file_problem(&self) -> bool {
        matches!(
            self.problem,
            Some(StoreProblem::Unreadable(_) | StoreProblem::Gone(_))
        )
    }

    fn has_work(&self) -> bool {
        self.recreating || !self.pending.is_empty()
    }

    /// Does the pending work, unless it must wait for the time of the next retry.
    fn run_pending(&mut self, store: &mut Store) {
        let is_ending = self.disk.ending_since.get().is_some();
        if !self.has_work() || (!is_ending && self.retry_at.is_some_and(|retry_at| Instant::now() < retry_at))
        {
            return;
        }
        let result = self.recreate(store).and_then(|()| self.commit(store));
        match result {
            Ok(()) => self.clear_problem(),
            Err(error @ StoreError::Locked { .. }) => {
                self.retry_at = Some(Instant::now() + RETRY_DELAY);
                let since = *self.locked_since.get_or_insert_with(Instant::now);
                if is_ending || since.elapsed() >= LOCK_NOTICE_DELAY {
                    self.report_problem(error.to_problem(&store.paths().data));
                }
            }
            Err(error) => {
                self.recreating = false;
                self.locked_since = None;
                self.retry_at = Some(Instant::now() + self.backoff);
                log::debug!(after_ms = u64::try_from(self.backoff.as_millis()).unwrap_or(u64::MAX); "will retry");
                self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
                self.report_problem(error.to_problem(&store.paths().data));
            }
        }
    }

    fn recreate(&mut self, store: &mut Store) -> Result<(), StoreError> {
        if self.recreating {
            store.recreate()?;
            self.recreating = false;
            self.clear_problem();
            let snapshot = self.snapshot(store);
            self.emit(StoreEvent::Changed(snapshot));
        }
        Ok(())
    }

    fn commit(&mut self, store: &mut Store) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = self.pending.iter().map(|(_, change)| change.clone()).collect();
        let since = self.unreported_since.unwrap_or(store.revision());
        let before = store.wardrobe().clone();
        let results = match store.commit(&changes) {
            Ok(results) => results,
            Err(error) => {
                self.unreported_since = Some(since);
                if *store.wardrobe() != before {
                    // The attempt has loaded changes by others, which the next check would not find.
                    let snapshot = self.snapshot(store);
                    self.emit(StoreEvent::Changed(snapshot));
                }
                return Err(error);
            }
        };
        self.unreported_since = None;
        let own: Vec<u64> = results
            .iter()
            .filter_map(|result| *result.as_ref().ok()?)
            .collect();
        let ids = std::mem::take(&mut self.pending).into_iter().map(|(id, _)| id);
        let results = ids.zip(results).collect();
        self.clear_problem();
        let snapshot = self.snapshot(store);
        self.emit(StoreEvent::Committed { results, snapshot });
        self.report_others(store, since, &own);
        Ok(())
    }

    fn report_problem(&mut self, problem: StoreProblem) {
        if self.problem.as_ref() != Some(&problem) {
            log::warn!(reason = problem.message(); "problem");
            self.problem = Some(problem.clone());
            self.emit(StoreEvent::Problem(Some(problem)));
        }
    }

    fn clear_problem(&mut self) {
        self.retry_at = None;
        self.locked_since = None;
        self.backoff = POLL_INTERVAL;
        if self.problem.take().is_some() {
            log::info!("problem solved");
            self.emit(StoreEvent::Problem(None));
        }
    }

    fn emit(&self, event: StoreEvent) {
        let wardrobe = match &event {
            StoreEvent::Opened(snapshot) | StoreEvent::Changed(snapshot) => Some(snapshot.wardrobe.clone()),
            _ => None,
        };
        (self.notify)(event);
        // Computes the hats of all rooms now; otherwise the first form on the screen would have to wait for this.
        for (_, room) in wardrobe.iter().flat_map(Wardrobe::rooms) {
            room.hats();
        }
    }
}

/// Calls `on_pause` and blocks until the pause is dropped.
fn pause(on_pause: Box<dyn FnOnce(WorkerPause) + Send>) {
    let (end, ended) = channel();
    on_pause(WorkerPause(Some(end)));
    // The wait also ends if the sender is dropped without a message.
    let _ = ended.recv();
}
