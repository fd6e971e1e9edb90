//! Options and state shared by the worker and the engine of each server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::backend::{AskPassword, Backend};
use super::settings::ServerSettings;
use crate::model::Jid;
use crate::store::{Scope, SideLock};
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
    /// The data file; bases are stored next to it.
    pub data_file: PathBuf,
    /// The account's state folder for unconfirmed changes; `None` if there is none.
    pub state_dir: Option<PathBuf>,
    /// When the session began; `None`: when it first has a request for a server. Changes that were prepared before may have been
    /// sent by a session that ended before it could store that.
    pub began: Option<Timestamp>,
    /// The actor, for a server's log.
    pub actor: String,
    /// The rooms that may be read and changed. A read-only session sends and writes nothing.
    pub scope: Scope,
    /// Whether who is in the rooms is of interest. Else servers are not asked for it.
    pub occupants: bool,
    /// Maximum memory of what was last read of the followed rooms of a server, in bytes, without the copies that bases and the
    /// data file need; `None`: 256 MiB. Beyond that, rooms are read again when something changes there.
    pub read_memory: Option<usize>,
}

/// State that must reach a thread while it waits for a server.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Numbers of requests to stop.
    stopped: Mutex<BTreeSet<u64>>,
    ending: AtomicBool,
    followed: Mutex<Followed>,
}

/// The rooms that this session follows.
#[derive(Debug, Default)]
struct Followed {
    locks: BTreeMap<Jid, SideLock>,
    /// While the session is suspended, others follow.
    suspended: bool,
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
        self.is_ending() || self.is_stopped_on_request(id)
    }

    /// Whether someone stopped a request.
    pub(super) fn is_stopped_on_request(&self, id: u64) -> bool {
        lock(&self.stopped).contains(&id)
    }

    /// Whether the session is ending.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Keeps the lock of a followed room. Returns false, and releases it, while the session is suspended.
    pub(super) fn keep_lock(&self, room: &Jid, held: SideLock) -> bool {
        let mut followed = lock(&self.followed);
        let keeps = !followed.suspended;
        if keeps {
            followed.locks.insert(room.clone(), held);
        }
        keeps
    }

    /// Writes into the locks of these rooms, as far as they are followed. What cannot be written is missing to others only.
    pub(super) fn note_in_locks<'a>(&self, rooms: impl Iterator<Item = &'a Jid>, note: &[u8]) {
        let notes: Vec<_> = {
            let followed = lock(&self.followed);
            let held = rooms.filter_map(|room| Some((room, followed.locks.get(room)?.note())));
            held.collect()
        };
        // A write can take long, and nobody may wait for it to release the rooms.
        for (room, there) in notes {
            if let Err(error) = there.and_then(|there| there.set(note)) {
                log::debug!(room:% = room, reason:% = error; "no sign of life written");
            }
        }
    }

    /// Whether this session follows a room.
    pub(super) fn follows(&self, room: &Jid) -> bool {
        lock(&self.followed).locks.contains_key(room)
    }

    /// Lets others follow a room.
    pub(super) fn release(&self, room: &Jid) {
        lock(&self.followed).locks.remove(room);
    }

    /// Lets others follow the rooms of a server.
    pub(super) fn release_all_of(&self, server: &ServerSettings) {
        lock(&self.followed).locks.retain(|room, _| !server.links(room));
    }

    /// Lets others follow all rooms until this is called with false.
    pub(super) fn suspend_following(&self, suspended: bool) {
        let mut followed = lock(&self.followed);
        followed.suspended = suspended;
        if suspended {
            followed.locks.clear();
        }
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
