//! What the threads tell the loop, and how.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread;

use super::input::Input;
use super::signals::Signal;
use crate::app::{Msg, Wait};
use crate::model::Wardrobe;
use crate::store;

/// Where the wardrobe is.
#[derive(Debug)]
pub enum Source {
    /// In a data file.
    File(PathBuf, store::Options),
    /// In memory only.
    Memory(Wardrobe),
}

/// Something that one of the threads says.
pub(super) enum Happened {
    Input(Vec<Input>),
    Signal(Signal),
    /// What one of the workers tells, as the message that it is.
    Worker(Box<Msg>),
    DraftKept(Result<(), String>),
    /// The answer of a thread that did one thing.
    Answer(Box<Msg>),
    /// Nothing is written to the data file as long as this lives.
    Paused(store::Pause),
    /// A thread that should go on has panicked.
    Broken,
}

impl Happened {
    /// A time is over.
    pub(super) fn due(wait: Wait) -> Self {
        Self::Answer(Box::new(Msg::Due(wait)))
    }
}

/// The way of a thread to say something.
pub(super) struct Voice(pub(super) Sender<Happened>);

impl Voice {
    /// False when nobody listens any more.
    pub(super) fn tell(&self, happened: Happened) -> bool {
        self.0.send(happened).is_ok()
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        if thread::panicking() {
            self.tell(Happened::Broken);
        }
    }
}
