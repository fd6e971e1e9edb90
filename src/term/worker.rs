//! Workers: what lives as long as the session and does slow things outside, in a thread of its own. All have one shape: a
//! request goes in as plain data, what they tell comes back as messages of the session.
//!
//! One more worker is: its request and its events as plain types, a variant of `Effect` and one of `Msg` for them, an
//! `impl Worker`, and a field of [`Workers`].

use std::sync::mpsc::Sender;

use jiff::Timestamp;

use super::told::{Happened, Source, Voice};
use crate::app::Msg;
use crate::store::{Event, Keeper, Memory, Request};

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
    pub(super) fn start(source: Source, actor: &str, tell: &Sender<Happened>) -> Self {
        Self {
            store: StoreHandle::start(source, actor, tell),
        }
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
    File(Keeper),
    /// Nobody writes anything.
    Memory(Box<Memory>),
    /// It is stopped.
    Stopped,
}

fn message(event: Event) -> Msg {
    Msg::Store(Box::new(event))
}

impl StoreHandle {
    fn start(source: Source, actor: &str, tell: &Sender<Happened>) -> Self {
        match source {
            Source::File(path, options) => {
                let voice = Voice(tell.clone());
                Self::File(Keeper::start(path, options, move |event| {
                    voice.tell(Happened::Worker(Box::new(message(event))));
                }))
            }
            Source::Memory(wardrobe) => {
                let memory = Memory::new(wardrobe, actor);
                let opened = message(Event::Opened(memory.snapshot()));
                // The receiver is still there.
                let _ = tell.send(Happened::Worker(Box::new(opened)));
                Self::Memory(Box::new(memory))
            }
        }
    }
}

impl Worker for StoreHandle {
    type Request = Request;
    const NAME: &'static str = "store";

    fn request(&mut self, request: Request) -> Vec<Msg> {
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
