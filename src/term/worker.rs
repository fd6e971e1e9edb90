//! Workers: long-running threads for slow work. Each takes requests as plain data and answers with messages.
//!
//! A new worker needs plain types for its requests and events, a variant of `Effect` and one of `Msg` for them, an `impl
//! Worker`, and a field in [`Workers`].

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use jiff::Timestamp;

use super::event::{EventSender, RunnerEvent, WardrobeSource};
use crate::app::Msg;
use crate::server::{Outgoing, ServerWorker, WorkerOptions};
use crate::store::{MemoryStore, StoreEvent, StoreRequest, StoreWorker, WorkerPause};
use crate::sync::{Plan, Report, ServerEvent, ServerRequest};

/// A worker that handles requests.
pub(super) trait Worker {
    /// The requests that the worker handles.
    type Request;
    /// The name of the worker in the log.
    const NAME: &'static str;

    /// Sends a request. Returns immediate answers; later ones arrive as [`RunnerEvent::Worker`].
    fn request(&mut self, request: Self::Request) -> Vec<Msg>;

    /// Finishes outstanding requests within a time limit, and ends. Returns false if the worker did not end in time.
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
        mut source: WardrobeSource,
        servers: WorkerOptions,
        actor: &str,
        sender: &Sender<RunnerEvent>,
    ) -> io::Result<Self> {
        if let WardrobeSource::File(_, options) = &mut source {
            let events = EventSender(sender.clone());
            options.hooks = Outgoing::hooks(&servers, move |after| {
                events.send(RunnerEvent::Worker(Box::new(Msg::AfterCommit(Box::new(after)))));
            });
        }
        let store = StoreHandle::start(source, actor, sender)?;
        let servers = ServerHandle::start(servers, sender);
        Ok(Self { store, servers })
    }

    /// Stops all workers. Returns false if the store did not end in time.
    pub(super) fn stop(&mut self) -> bool {
        // Changes in progress on a server are answered first: the answer may have to be recorded.
        self.stop_servers();
        stop(&mut self.store)
    }

    /// Stops the worker for servers once the changes in progress are answered, or after its time limit. The next session
    /// finds out whether unanswered changes were made.
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

fn store_message(event: StoreEvent) -> Msg {
    Msg::Store(Box::new(event))
}

impl StoreHandle {
    fn start(source: WardrobeSource, actor: &str, sender: &Sender<RunnerEvent>) -> io::Result<Self> {
        Ok(match source {
            WardrobeSource::File(path, options) => {
                let events = EventSender(sender.clone());
                let send = move |event| {
                    events.send(RunnerEvent::Worker(Box::new(store_message(event))));
                };
                Self::File(StoreWorker::start(path, options, send)?)
            }
            WardrobeSource::Memory(wardrobe) => {
                let memory = MemoryStore::new(wardrobe, actor);
                let opened = store_message(StoreEvent::Opened(memory.snapshot()));
                // Cannot fail, because the receiver still exists.
                let _ = sender.send(RunnerEvent::Worker(Box::new(opened)));
                Self::Memory(Box::new(memory))
            }
        })
    }

    /// Requests a pause in writing; [`RunnerEvent::Paused`] is sent once the pause starts.
    pub(super) fn pause(&self, sender: &Sender<RunnerEvent>) {
        let sender = sender.clone();
        // Fails only if the session has ended.
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
                .map(store_message)
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
    /// The worker starts a thread for a server with the first request to it.
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
            // A thread that panics sends a last event, and never answers its requests.
            events.send(if thread::panicking() {
                RunnerEvent::ThreadPanicked
            } else {
                RunnerEvent::Worker(Box::new(Msg::Server(Box::new(event))))
            });
        };
        Self::Running(ServerWorker::new(options, notify))
    }
}

impl ServerHandle {
    /// If `suspended`, lets other sessions follow all rooms until this is called again with `false`.
    pub(super) fn set_following_suspended(&self, suspended: bool) {
        match self {
            Self::Running(worker) if suspended => worker.suspend_following(),
            Self::Running(worker) => worker.resume_following(),
            Self::Stopped => {}
        }
    }
}

impl Worker for ServerHandle {
    type Request = ServerRequest;
    const NAME: &'static str = "servers";

    fn request(&mut self, request: ServerRequest) -> Vec<Msg> {
        let Self::Running(worker) = self else {
            return Vec::new();
        };
        let expected = ExpectedAnswer::of(&request);
        match worker.request(request) {
            Ok(()) => Vec::new(),
            Err(error) => vec![expected.into_failure(format!("cannot start a thread: {error}"))],
        }
    }

    fn stop(&mut self) -> bool {
        match std::mem::replace(self, Self::Stopped) {
            Self::Running(worker) => worker.stop(),
            Self::Stopped => true,
        }
    }
}

/// The answer that a request expects, for the case that the request cannot be handled.
enum ExpectedAnswer {
    None,
    Plan(u64),
    Apply(u64, Arc<Plan>),
}

impl ExpectedAnswer {
    fn of(request: &ServerRequest) -> Self {
        match request {
            ServerRequest::Plan { id, .. } => Self::Plan(*id),
            ServerRequest::Apply { id, plan, .. } => Self::Apply(*id, plan.clone()),
            _ => Self::None,
        }
    }

    /// Creates the answer that the request cannot be handled, with the reason.
    fn into_failure(self, reason: String) -> Msg {
        let event = match self {
            Self::None => return Msg::Failed(reason),
            Self::Plan(id) => ServerEvent::Planned {
                id,
                plan: Err(reason),
            },
            Self::Apply(id, plan) => ServerEvent::Applied {
                id,
                report: Report::not_sent(&plan, &reason),
                stopped: false,
            },
        };
        Msg::Server(Box::new(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_cannot_be_handled_is_answered() {
        let plan = Arc::new(Plan {
            server: "example".into(),
            rooms: Vec::new(),
        });
        let request = ServerRequest::Apply {
            id: 7,
            plan,
            reason: None,
        };
        let Msg::Server(event) = ExpectedAnswer::of(&request).into_failure("no threads".into()) else {
            panic!("no answer")
        };
        assert!(
            matches!(
                &*event,
                ServerEvent::Applied {
                    id: 7,
                    stopped: false,
                    ..
                }
            ),
            "{event:?}"
        );
        let check = ServerRequest::Check {
            server: "example".into(),
        };
        let answer = ExpectedAnswer::of(&check).into_failure("no threads".into());
        assert_eq!(answer, Msg::Failed("no threads".into()));
    }
}
