//! Events that threads send to the event loop.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread;

use jiff::Timestamp;

use super::input::Input;
use super::signals::Signal;
use crate::app::{DraftDelay, Msg};
use crate::model::Wardrobe;
use crate::store;

/// The source of the wardrobe.
#[derive(Debug)]
pub enum WardrobeSource {
    /// In a data file.
    File(PathBuf, store::StoreOptions),
    /// In memory only.
    Memory(Wardrobe),
}

/// An event from one of the threads.
pub(super) enum RunnerEvent {
    Input(Vec<Input>),
    Signal(Signal),
    /// A message from a worker.
    Worker(Box<Msg>),
    DraftSaved(Result<(), String>),
    /// The result of a thread that was started for one task, or a message of the event loop itself.
    Answer(Box<Msg>),
    /// The store worker has paused: the data file is not written while this value exists.
    Paused(store::WorkerPause),
    /// A long-running thread has panicked.
    ThreadPanicked,
}

impl RunnerEvent {
    /// Creates the event that a delay has elapsed.
    pub(super) fn delay_elapsed(delay: DraftDelay) -> Self {
        Self::Answer(Box::new(Msg::DelayElapsed(delay)))
    }

    /// Creates the event that passes the current time to the state.
    pub(super) fn now() -> Self {
        Self::Answer(Box::new(Msg::Now(Timestamp::now())))
    }
}

/// Sends events from a thread, and reports a panic of the thread.
pub(super) struct EventSender(pub(super) Sender<RunnerEvent>);

impl EventSender {
    /// Sends an event; returns false if the event loop has ended.
    pub(super) fn send(&self, event: RunnerEvent) -> bool {
        self.0.send(event).is_ok()
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        if thread::panicking() {
            self.send(RunnerEvent::ThreadPanicked);
        }
    }
}
