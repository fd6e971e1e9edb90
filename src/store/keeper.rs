//! The keeper: the one thread of a session that works with the data file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::{Change, Error, Event, Options, Refreshed, Request, Snapshot, Store, Trouble};

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
    hurry: Arc<AtomicBool>,
}

enum Message {
    Ask(Request),
    Stop,
}

impl Keeper {
    /// Starts the thread, which opens the file first. `notify` is called in that thread, with each event.
    pub fn start(path: PathBuf, options: Options, notify: impl Fn(Event) + Send + 'static) -> Self {
        let (ask, asked) = channel();
        let (finished, done) = channel();
        let hurry = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let hurry = hurry.clone();
            move || {
                let work = Work {
                    asked,
                    notify,
                    hurry,
                    waiting: Vec::new(),
                    trouble: None,
                    again: None,
                    patience: LOOK,
                };
                work.run(&path, &options);
                // Nobody may be there any more to hear it.
                let _ = finished.send(());
            }
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
        self.hurry.store(true, Ordering::Relaxed);
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
    hurry: Arc<AtomicBool>,
    waiting: Vec<(u64, Change)>,
    trouble: Option<Trouble>,
    again: Option<Instant>,
    patience: Duration,
}

impl<N: Fn(Event)> Work<N> {
    fn run(mut self, path: &std::path::Path, options: &Options) {
        let Some(mut store) = self.open(path, options) else {
            return;
        };
        self.tell(Event::Opened(store.snapshot()));
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
                if !self.take(message, &mut store) {
                    self.settle(&mut store);
                    return;
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

    /// Opens the file; while that fails it is tried again, as somebody may be writing it. `None`: it is to end.
    fn open(&mut self, path: &std::path::Path, options: &Options) -> Option<Store> {
        loop {
            match Store::open(path, options.clone()) {
                Ok(store) => {
                    self.over();
                    return Some(store);
                }
                Err(error) => self.trouble(&error),
            }
            let until = Instant::now() + LOOK;
            loop {
                match self
                    .asked
                    .recv_timeout(until.saturating_duration_since(Instant::now()))
                {
                    Ok(Message::Ask(Request::Retry)) | Err(RecvTimeoutError::Timeout) => break,
                    Ok(Message::Ask(Request::Commit { id, change })) => self.waiting.push((id, change)),
                    Ok(Message::Ask(Request::Withdraw { id })) => {
                        self.waiting.retain(|(there, _)| *there != id);
                    }
                    Ok(Message::Ask(_)) => {}
                    Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        }
    }

    /// Does what is asked, except that commits only wait. False: it is to end.
    fn take(&mut self, message: Message, store: &mut Store) -> bool {
        let Message::Ask(request) = message else {
            return false;
        };
        match request {
            Request::Commit { id, change } => self.waiting.push((id, change)),
            Request::Withdraw { id } => self.waiting.retain(|(there, _)| *there != id),
            Request::Retry => {
                self.again = None;
                self.look(store);
            }
            Request::Restore => match store.restore() {
                Ok(()) => {
                    self.over();
                    self.tell(Event::Changed(store.snapshot()));
                }
                Err(error) => self.trouble(&error),
            },
            Request::History(query) => {
                let page = store.history(&query).map_err(|error| error.to_string());
                self.tell(Event::History { query, page });
            }
            Request::FindUndo => {
                let found = store.find_undo().unwrap_or_default();
                self.tell(Event::FoundUndo {
                    undo: found.undo,
                    redo: found.redo,
                });
            }
        }
        true
    }

    /// Looks whether somebody else changed the file.
    fn look(&mut self, store: &mut Store) {
        match store.refresh() {
            Ok(Refreshed::Unchanged) => {}
            Ok(Refreshed::Changed) => self.tell(Event::Changed(store.snapshot())),
            Ok(Refreshed::Gone) => self.trouble(&Error::Gone {
                path: store.paths().data.clone(),
            }),
            Err(error) => self.trouble(&error),
        }
    }

    /// Commits what waits, unless that just failed.
    fn settle(&mut self, store: &mut Store) {
        let hurry = self.hurry.load(Ordering::Relaxed);
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
                self.trouble(&error);
            }
        }
    }

    fn trouble(&mut self, error: &Error) {
        let message = error.to_string();
        let trouble = match error {
            Error::Unreadable { .. } | Error::NotAFile { .. } => Trouble::Unreadable(message),
            Error::Gone { .. } => Trouble::Gone(message),
            _ => Trouble::CannotWrite(message),
        };
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
