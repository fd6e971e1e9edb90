//! Workers: what lives as long as the session and does slow things outside, in a thread of its own. All have one shape: a
//! request goes in as plain data, what they tell comes back as messages of the session.
//!
//! One more worker is: its request and its events as plain types, a variant of `Effect` and one of `Msg` for them, an
//! `impl Worker`, and a field of [`Workers`].

use std::io;
use std::sync::mpsc::Sender;

use jiff::Timestamp;

use super::event::{EventSender, RunnerEvent, WardrobeSource};
use crate::app::Msg;
use crate::store::{MemoryStore, StoreEvent, StoreRequest, StoreWorker, WorkerPause};

/// Somebody outside who is asked and answers.
pub(super) trait Worker {
    /// What can be asked.
    type Request;
    /// What it is called where something is said of it.
    const NAME: &'static str;

    /// Asks for something. What is answered at once comes back; the rest is told ([`Happened::Worker`]).
    fn request(&mut self, request: Self::Request) -> Vec<Msg>;

    /// Finishes what was asked, as far as that can be waited for, and ends. False: it did not end in time.
    fn stop(&mut self) -> bool;
}

/// All workers of a session.
pub(super) struct Workers {
    /// Works with the data file.
    pub(super) store: StoreHandle,
}

impl Workers {
    /// Fails when the system does not allow another thread.
    pub(super) fn start(source: WardrobeSource, actor: &str, tell: &Sender<RunnerEvent>) -> io::Result<Self> {
        let store = StoreHandle::start(source, actor, tell)?;
        Ok(Self { store })
    }

    /// Stops them all. False: one of them did not end in time.
    pub(super) fn stop(&mut self) -> bool {
        stop(&mut self.store)
    }
}

fn stop<W: Worker>(worker: &mut W) -> bool {
    let ended = worker.stop();
    if ended {
        log::debug!(worker = W::NAME; "worker stopped");
    } else {
        log::warn!(worker = W::NAME; "worker did not stop in time");
    }
    ended
}

/// Who has the wardrobe.
pub(super) enum StoreHandle {
    /// The thread that works with the data file.
    File(StoreWorker),
    /// Nobody writes anything.
    Memory(Box<MemoryStore>),
    /// It is stopped.
    Stopped,
}

fn message(event: StoreEvent) -> Msg {
    Msg::Store(Box::new(event))
}

impl StoreHandle {
    fn start(source: WardrobeSource, actor: &str, tell: &Sender<RunnerEvent>) -> io::Result<Self> {
        Ok(match source {
            WardrobeSource::File(path, options) => {
                let events = EventSender(tell.clone());
                let tell = move |event| {
                    events.send(RunnerEvent::Worker(Box::new(message(event))));
                };
                Self::File(StoreWorker::start(path, options, tell)?)
            }
            WardrobeSource::Memory(wardrobe) => {
                let memory = MemoryStore::new(wardrobe, actor);
                let opened = message(StoreEvent::Opened(memory.snapshot()));
                // The receiver is still there.
                let _ = tell.send(RunnerEvent::Worker(Box::new(opened)));
                Self::Memory(Box::new(memory))
            }
        })
    }

    /// Asks for a pause in writing, which is told when it has come.
    pub(super) fn pause(&self, tell: &Sender<RunnerEvent>) {
        let tell = tell.clone();
        // Whoever does not listen any more has left.
        let paused = move |pause| drop(tell.send(RunnerEvent::Paused(pause)));
        match self {
            Self::File(keeper) => keeper.pause(paused),
            Self::Memory(_) | Self::Stopped => paused(WorkerPause::default()),
        }
    }
}

impl Worker for StoreHandle {
    type Request = StoreRequest;
    const NAME: &'static str = "store";

    fn request(&mut self, request: StoreRequest) -> Vec<Msg> {
        match self {
            Self::File(keeper) => {
                keeper.request(request);
                Vec::new()
            }
            Self::Memory(memory) => memory
                .handle(request, Timestamp::now())
                .into_iter()
                .map(message)
                .collect(),
            Self::Stopped => Vec::new(),
        }
    }

    fn stop(&mut self) -> bool {
        match std::mem::replace(self, Self::Stopped) {
            Self::File(keeper) => keeper.stop(),
            Self::Memory(_) | Self::Stopped => true,
        }
    }
}
