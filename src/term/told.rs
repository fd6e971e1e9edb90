//! Who tells the loop what happens, and how: the threads, and the keeper of the wardrobe among them.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::thread;

use jiff::Timestamp;

use super::input::Input;
use super::signals::Signal;
use crate::app::Msg;
use crate::model::Wardrobe;
use crate::store::{self, Event, Keeper, Memory, Request};

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
    Store(Box<Event>),
    DraftKept(Result<(), String>),
    /// The answer of a thread that did one thing.
    Answer(Box<Msg>),
    /// A thread that should go on has panicked.
    Broken,
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

/// Who keeps the wardrobe.
pub(super) enum Kept {
    File(Keeper),
    Memory(Box<Memory>),
    /// Nobody any more.
    Done,
}

impl Kept {
    pub(super) fn start(source: Source, actor: &str, tell: &Sender<Happened>) -> Self {
        match source {
            Source::File(path, options) => {
                let voice = Voice(tell.clone());
                Self::File(Keeper::start(path, options, move |event| {
                    voice.tell(Happened::Store(Box::new(event)));
                }))
            }
            Source::Memory(wardrobe) => {
                let memory = Memory::new(wardrobe, actor);
                // The receiver is still there.
                let _ = tell.send(Happened::Store(Box::new(Event::Opened(memory.snapshot()))));
                Self::Memory(Box::new(memory))
            }
        }
    }

    /// Asks for something; what is answered at once comes back, the rest is told.
    pub(super) fn ask(&mut self, request: Request) -> Vec<Event> {
        match self {
            Self::File(keeper) => {
                keeper.request(request);
                Vec::new()
            }
            Self::Memory(memory) => memory.handle(request, Timestamp::now()),
            Self::Done => Vec::new(),
        }
    }

    /// Finishes what was asked, as far as that can be waited for. False: it was not.
    pub(super) fn stop(&mut self) -> bool {
        match std::mem::replace(self, Self::Done) {
            Self::File(keeper) => keeper.stop(),
            Self::Memory(_) | Self::Done => true,
        }
    }
}
