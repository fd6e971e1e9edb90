//! What the threads tell the loop, and how.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread;

use super::input::Input;
use super::signals::Signal;
use crate::app::{DraftDelay, Msg};
use crate::model::Wardrobe;
use crate::store;

/// Where the wardrobe is.
#[derive(Debug)]
pub enum WardrobeSource {
    /// In a data file.
    File(PathBuf, store::StoreOptions),
    /// In memory only.
    Memory(Wardrobe),
}

/// Something that one of the threads says.
pub(super) enum RunnerEvent {
    Input(Vec<Input>),
    Signal(Signal),
    /// What one of the workers tells, as the message that it is.
    Worker(Box<Msg>),
    DraftSaved(Result<(), String>),
    /// The answer of a thread that did one thing.
    Answer(Box<Msg>),
    /// Nothing is written to the data file as long as this lives.
    Paused(store::WorkerPause),
    /// A thread that should go on has panicked.
    ThreadPanicked,
}

impl RunnerEvent {
    /// A time is over.
    pub(super) fn due(wait: DraftDelay) -> Self {
        Self::Answer(Box::new(Msg::Due(wait)))
    }
}

/// The way of a thread to say something.
pub(super) struct EventSender(pub(super) Sender<RunnerEvent>);

impl EventSender {
    /// False when nobody listens any more.
    pub(super) fn send(&self, happened: RunnerEvent) -> bool {
        self.0.send(happened).is_ok()
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        if thread::panicking() {
            self.send(RunnerEvent::ThreadPanicked);
        }
    }
}
