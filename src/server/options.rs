//! What the worker and the part that does the work of one server both need to know.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::{AskPassword, Backend};
use super::settings::ServerSettings;
use crate::store::Scope;
use crate::sync::ServerEvent;

/// Makes the backend of a server.
pub type MakeBackend = Arc<dyn Fn(&ServerSettings, AskPassword) -> Box<dyn Backend> + Send + Sync>;
/// Takes the events of all servers.
pub type Notify = Arc<dyn Fn(ServerEvent) + Send + Sync>;

/// What the worker needs to know.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// The servers of the configuration.
    pub servers: Vec<ServerSettings>,
    /// The data file. What both sides are known to have is kept beside it.
    pub data_file: PathBuf,
    /// The account's state folder, where what is to be sent is kept until it is confirmed; `None`: there is none.
    pub state_dir: Option<PathBuf>,
    /// Who makes the changes, for a server's log.
    pub actor: String,
    /// Which rooms may be read and changed. A read-only session sends nothing and writes nothing.
    pub scope: Scope,
}

/// What has to reach a thread while it waits for a server.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// The numbers of requests that are to be stopped.
    stopped: Mutex<BTreeSet<u64>>,
    ending: AtomicBool,
}

impl Control {
    /// A request is to stop.
    pub(super) fn stop(&self, id: u64) {
        lock(&self.stopped).insert(id);
    }

    /// The session ends.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether a request is to stop as soon as what is on its way is answered.
    pub(super) fn is_stopped(&self, id: u64) -> bool {
        self.is_ending() || lock(&self.stopped).contains(&id)
    }

    /// Whether the session ends.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// A request is done.
    pub(super) fn finished(&self, id: u64) {
        lock(&self.stopped).remove(&id);
    }
}

/// Locks, whatever became of who had it locked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
