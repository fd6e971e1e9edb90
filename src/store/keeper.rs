//! The keeper: the one thread of a session that works with the data file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Change, Disk, Error, Event, Options, Refreshed, Request, Snapshot, Store, Trouble};

/// How often the file is looked at. The only wake-up there is.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries of something that keeps failing, at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long [`Keeper::stop`] waits for what was asked before.
const FAREWELL: Duration = Duration::from_millis(1500);

/// A thread that owns the store of a session: it is asked by [`Keeper::request`] and tells by events. Commits that
/// wait while one runs are joined into the next.
#[derive(Debug)]
pub struct Keeper {
    ask: Sender<Message>,
    done: Receiver<()>,
    thread: std::thread::JoinHandle<()>,
    hurry: Arc<OnceLock<Instant>>,
}

enum Message {
    Ask(Request),
    Stop,
}

impl Keeper {
    /// Starts the thread, which opens the file first. `notify` is called in that thread, with each event.
    pub fn start(path: PathBuf, options: Options, notify: impl Fn(Event) + Send + 'static) -> Self {
        Self::start_on(Disk::default(), path, options, notify)
    }

    /// The same on a file system of one's own.
    pub fn start_on(
        disk: Disk,
        path: PathBuf,
        options: Options,
        notify: impl Fn(Event) + Send + 'static,
    ) -> Self {
        let (ask, asked) = channel();
        let (finished, done) = channel();
        let hurry = disk.hurry.clone();
        let thread = std::thread::spawn(move || {
            let work = Work {
                asked,
                notify,
                disk,
                waiting: Vec::new(),
                trouble: None,
                again: None,
                patience: LOOK,
            };
            work.run(&path, &options);
            // Nobody may be there any more to hear it.
            let _ = finished.send(());
        });
        Self {
            ask,
            done,
            thread,
            hurry,
        }
    }

    /// Asks for something; the answer comes as an event.
    pub fn request(&self, request: Request) {
        // When the thread is gone there is nobody to answer; `stop` says so.
        let _ = self.ask.send(Message::Ask(request));
    }

    /// Lets the thread finish what was asked, for a second and a half at most, and ends it. True when it ended.
    pub fn stop(self) -> bool {
        let _ = self.hurry.set(Instant::now());
        let _ = self.ask.send(Message::Stop);
        match self.done.recv_timeout(FAREWELL) {
            Err(RecvTimeoutError::Timeout) => false,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => self.thread.join().is_ok(),
        }
    }
}

struct Work<N> {
    asked: Receiver<Message>,
    notify: N,
    disk: Disk,
    waiting: Vec<(u64, Change)>,
    trouble: Option<Trouble>,
    again: Option<Instant>,
    patience: Duration,
}

impl<N: Fn(Event)> Work<N> {
    fn run(mut self, path: &Path, options: &Options) {
        let Some((mut store, early)) = self.open(path, options) else {
            return;
        };
        self.tell(Event::Opened(store.snapshot()));
        for request in early {
            self.take(request, &mut store);
        }
        self.settle(&mut store);
        let mut look = Instant::now() + LOOK;
        loop {
            let rest = look.saturating_duration_since(Instant::now());
            let mut next = match self.asked.recv_timeout(rest) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
            };
            while let Some(message) = next {
                let Message::Ask(request) = message else {
                    self.settle(&mut store);
                    return;
                };
                self.take(request, &mut store);
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
    fn open(&mut self, path: &Path, options: &Options) -> Option<(Store, Vec<Request>)> {
        let mut early = Vec::new();
        loop {
            let progress = |done, of| self.tell(Event::Opening { done, of });
            match Store::open_with(path, options.clone(), self.disk.clone(), &progress) {
                Ok(store) => {
                    self.over();
                    return Some((store, early));
                }
                Err(error) => self.trouble(Trouble::Unreadable(error.to_string())),
            }
            let until = Instant::now() + LOOK;
            loop {
                let rest = until.saturating_duration_since(Instant::now());
                match self.asked.recv_timeout(rest) {
                    Ok(Message::Ask(Request::Retry)) | Err(RecvTimeoutError::Timeout) => break,
                    Ok(Message::Ask(request)) => early.push(request),
                    Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    /// Does what is asked, except that commits only wait.
    fn take(&mut self, request: Request, store: &mut Store) {
        match request {
            Request::Commit { id, change } => self.waiting.push((id, change)),
            Request::Withdraw { id } => {
                self.waiting.retain(|(there, _)| *there != id);
                if self.waiting.is_empty() && matches!(self.trouble, Some(Trouble::CannotWrite(_))) {
                    self.over();
                }
            }
            Request::Retry => {
                self.again = None;
                self.look(store);
            }
            Request::Restore => match store.restore() {
                Ok(()) => {
                    self.over();
                    self.tell(Event::Changed(store.snapshot()));
                }
                Err(error) => self.trouble(trouble(&error)),
            },
            Request::History(query) => {
                let page = store.history(&query).map_err(|error| error.to_string());
                self.tell(Event::History { query, page });
            }
            Request::FindUndo => {
                let found = store.find_undo().map_err(|error| error.to_string());
                self.tell(Event::FoundUndo(found));
            }
        }
    }

    /// Looks whether somebody else changed the file.
    fn look(&mut self, store: &mut Store) {
        let seen = match store.refresh() {
            Ok(Refreshed::Gone) => {
                let path = store.paths().data.clone();
                return self.trouble(trouble(&Error::Gone { path }));
            }
            Err(error @ Error::Io { .. }) => return self.trouble(Trouble::Unreadable(error.to_string())),
            Err(error) => return self.trouble(trouble(&error)),
            Ok(seen) => seen,
        };
        if !matches!(self.trouble, Some(Trouble::CannotWrite(_))) {
            self.over();
        }
        if seen == Refreshed::Changed {
            self.tell(Event::Changed(store.snapshot()));
        }
    }

    /// Commits what waits, unless that just failed.
    fn settle(&mut self, store: &mut Store) {
        let hurry = self.disk.hurry.get().is_some();
        if self.waiting.is_empty() || (!hurry && self.again.is_some_and(|again| Instant::now() < again)) {
            return;
        }
        let changes: Vec<_> = self.waiting.iter().map(|(_, change)| change.clone()).collect();
        match store.commit(&changes) {
            Ok(results) => {
                let ids = std::mem::take(&mut self.waiting).into_iter().map(|(id, _)| id);
                let settled = ids.zip(results).collect();
                self.over();
                let snapshot: Snapshot = store.snapshot();
                self.tell(Event::Committed { settled, snapshot });
            }
            Err(error) => {
                self.again = Some(Instant::now() + self.patience);
                self.patience = (self.patience * 2).min(PATIENCE);
                self.trouble(trouble(&error));
            }
        }
    }

    fn trouble(&mut self, trouble: Trouble) {
        if self.trouble.as_ref() != Some(&trouble) {
            self.trouble = Some(trouble.clone());
            self.tell(Event::Trouble(Some(trouble)));
        }
    }

    fn over(&mut self) {
        self.again = None;
        self.patience = LOOK;
        if self.trouble.take().is_some() {
            self.tell(Event::Trouble(None));
        }
    }

    fn tell(&self, event: Event) {
        (self.notify)(event);
    }
}

fn trouble(error: &Error) -> Trouble {
    let message = error.to_string();
    match error {
        Error::Unreadable { .. } | Error::NotAFile { .. } => Trouble::Unreadable(message),
        Error::Gone { .. } => Trouble::Gone(message),
        _ => Trouble::CannotWrite(message),
    }
}
