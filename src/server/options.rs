//! Options and state shared by the worker and the engine of each server.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::{AskPassword, Backend};
use super::settings::ServerSettings;
use crate::store::Scope;
use crate::sync::ServerEvent;

/// Creates the backend of a server.
pub type MakeBackend = Arc<dyn Fn(&ServerSettings, AskPassword) -> Box<dyn Backend> + Send + Sync>;
/// Receives the events of all servers.
pub type Notify = Arc<dyn Fn(ServerEvent) + Send + Sync>;

/// Options of the worker.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// The servers of the configuration.
    pub servers: Vec<ServerSettings>,
    /// The data file; bases are stored beside it.
    pub data_file: PathBuf,
    /// The account's state folder for unconfirmed changes; `None` if there is none.
    pub state_dir: Option<PathBuf>,
    /// The actor, for a server's log.
    pub actor: String,
    /// The rooms that may be read and changed. A read-only session sends and writes nothing.
    pub scope: Scope,
}

/// State that must reach a thread while it waits for a server.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Numbers of requests to stop.
    stopped: Mutex<BTreeSet<u64>>,
    ending: AtomicBool,
}

impl Control {
    /// Requests a stop.
    pub(super) fn stop(&self, id: u64) {
        lock(&self.stopped).insert(id);
    }

    /// Ends the session.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether a request should stop as soon as the pending call is answered.
    pub(super) fn is_stopped(&self, id: u64) -> bool {
        self.is_ending() || lock(&self.stopped).contains(&id)
    }

    /// Whether the session is ending.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Forgets a finished request.
    pub(super) fn finished(&self, id: u64) {
        lock(&self.stopped).remove(&id);
    }
}

/// Locks a mutex, even if it is poisoned.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
