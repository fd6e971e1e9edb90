//! Workers: long-running threads for slow work. Each takes requests as plain data and answers with messages.
//!
//! A new worker needs plain types for its requests and events, a variant of `Effect` and one of `Msg` for them, an `impl
//! Worker`, and a field in [`Workers`].

use std::io;
use std::sync::mpsc::Sender;

use jiff::Timestamp;

use super::event::{EventSender, RunnerEvent, WardrobeSource};
use crate::app::Msg;
use crate::server::{ServerWorker, WorkerOptions};
use crate::store::{MemoryStore, StoreEvent, StoreRequest, StoreWorker, WorkerPause};
use crate::sync::{ServerEvent, ServerRequest};

/// A worker that handles requests.
pub(super) trait Worker {
    /// The requests that it handles.
    type Request;
    /// Its name in the log.
    const NAME: &'static str;

    /// Sends a request. Returns immediate answers; later ones arrive as [`RunnerEvent::Worker`].
    fn request(&mut self, request: Self::Request) -> Vec<Msg>;

    /// Finishes outstanding requests within a time limit, and ends. Returns false if it did not end in time.
    fn stop(&mut self) -> bool;
}

/// All workers of a session.
pub(super) struct Workers {
    /// Reads and writes the data file.
    pub(super) store: StoreHandle,
    /// Talks to servers.
    pub(super) servers: ServerHandle,
}

impl Workers {
    /// Starts the workers. Fails if the system allows no more threads.
    pub(super) fn start(
        source: WardrobeSource,
        servers: WorkerOptions,
        actor: &str,
        sender: &Sender<RunnerEvent>,
    ) -> io::Result<Self> {
        let store = StoreHandle::start(source, actor, sender)?;
        let servers = ServerHandle::start(servers, sender);
        Ok(Self { store, servers })
    }

    /// Stops all workers. Returns false if the store did not end in time.
    pub(super) fn stop(&mut self) -> bool {
        // What is on its way to a server is answered first: the file may have to be told.
        self.stop_servers();
        stop(&mut self.store)
    }

    /// Stops talking to servers when what is on its way is answered, or the time is up: what is not answered then is
    /// found out by the next session.
    pub(super) fn stop_servers(&mut self) {
        stop(&mut self.servers);
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

/// Access to the wardrobe.
pub(super) enum StoreHandle {
    /// The thread that reads and writes the data file.
    File(StoreWorker),
    /// In memory only; nothing is written.
    Memory(Box<MemoryStore>),
    /// Stopped.
    Stopped,
}

fn message(event: StoreEvent) -> Msg {
    Msg::Store(Box::new(event))
}

impl StoreHandle {
    fn start(source: WardrobeSource, actor: &str, sender: &Sender<RunnerEvent>) -> io::Result<Self> {
        Ok(match source {
            WardrobeSource::File(path, options) => {
                let events = EventSender(sender.clone());
                let send = move |event| {
                    events.send(RunnerEvent::Worker(Box::new(message(event))));
                };
                Self::File(StoreWorker::start(path, options, send)?)
            }
            WardrobeSource::Memory(wardrobe) => {
                let memory = MemoryStore::new(wardrobe, actor);
                let opened = message(StoreEvent::Opened(memory.snapshot()));
                // The receiver still exists.
                let _ = sender.send(RunnerEvent::Worker(Box::new(opened)));
                Self::Memory(Box::new(memory))
            }
        })
    }

    /// Requests a pause in writing, which is sent as an event once it starts.
    pub(super) fn pause(&self, sender: &Sender<RunnerEvent>) {
        let sender = sender.clone();
        // Nobody receives it if the session has ended.
        let paused = move |pause| drop(sender.send(RunnerEvent::Paused(pause)));
        match self {
            Self::File(worker) => worker.pause(paused),
            Self::Memory(_) | Self::Stopped => paused(WorkerPause::default()),
        }
    }
}

impl Worker for StoreHandle {
    type Request = StoreRequest;
    const NAME: &'static str = "store";

    fn request(&mut self, request: StoreRequest) -> Vec<Msg> {
        match self {
            Self::File(worker) => {
                worker.request(request);
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
            Self::File(worker) => worker.stop(),
            Self::Memory(_) | Self::Stopped => true,
        }
    }
}

/// Access to servers.
pub(super) enum ServerHandle {
    /// Its threads are started when something is asked of a server.
    Running(ServerWorker),
    /// No server is configured, or it is stopped.
    Stopped,
}

impl ServerHandle {
    fn start(options: WorkerOptions, sender: &Sender<RunnerEvent>) -> Self {
        if options.servers.is_empty() {
            return Self::Stopped;
        }
        let events = EventSender(sender.clone());
        let notify = move |event| {
            events.send(RunnerEvent::Worker(Box::new(Msg::Server(Box::new(event)))));
        };
        Self::Running(ServerWorker::start(options, notify))
    }
}

impl Worker for ServerHandle {
    type Request = ServerRequest;
    const NAME: &'static str = "servers";

    fn request(&mut self, request: ServerRequest) -> Vec<Msg> {
        let Self::Running(worker) = self else {
            return Vec::new();
        };
        let asked = match &request {
            ServerRequest::Plan { id, .. } => Some(*id),
            _ => None,
        };
        let Err(error) = worker.request(request) else {
            return Vec::new();
        };
        let reason = format!("cannot start a thread: {error}");
        vec![match asked {
            Some(id) => Msg::Server(Box::new(ServerEvent::Planned {
                id,
                plan: Err(reason),
            })),
            None => Msg::Failed(reason),
        }]
    }

    fn stop(&mut self) -> bool {
        match std::mem::replace(self, Self::Stopped) {
            Self::Running(worker) => worker.stop(),
            Self::Stopped => true,
        }
    }
}
