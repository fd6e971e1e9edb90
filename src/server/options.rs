//! Options and state that the worker and the engines of its servers share.

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
    /// The state folder of the account on this machine, for unconfirmed changes and refused logins; `None` if there is
    /// none.
    pub state_dir: Option<PathBuf>,
    /// When the session began; `None`: the time of the first request for each server. Changes that were prepared before this
    /// time may have been sent by a session that ended before it could store that.
    pub began: Option<Timestamp>,
    /// The actor, for the logs of servers, and for other sessions that would follow the same rooms.
    pub actor: String,
    /// The data that the session may read and change. A read-only session sends and writes nothing.
    pub scope: Scope,
    /// Whether to ask servers for the occupants of rooms.
    pub watches_occupants: bool,
    /// Maximum memory for the last reads of a server's followed rooms, in bytes, without their bases and their content
    /// in the data file; `None`: 256 MiB. Reads that do not fit are dropped, and these rooms are read again when
    /// something changes there.
    pub max_read_bytes: Option<usize>,
}

/// State that the session shares with the threads of its servers, so that a thread notices changes of this state while it
/// waits for a server.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Numbers of requests to stop.
    stopped: Mutex<BTreeSet<u64>>,
    is_ending: AtomicBool,
    followed: Mutex<FollowedRooms>,
}

/// The rooms that this session follows.
#[derive(Debug, Default)]
struct FollowedRooms {
    locks: BTreeMap<Jid, SideLock>,
    /// Whether following is suspended, so that other sessions can follow the rooms.
    is_suspended: bool,
}

impl Control {
    /// Notes that a request is to be stopped.
    pub(super) fn stop(&self, id: u64) {
        lock(&self.stopped).insert(id);
    }

    /// Notes that the session is ending.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether a request should stop as soon as the pending call is answered: someone stopped it, or the session is
    /// ending.
    pub(super) fn is_stopped(&self, id: u64) -> bool {
        self.is_ending() || self.is_stopped_on_request(id)
    }

    /// Whether someone stopped a request.
    pub(super) fn is_stopped_on_request(&self, id: u64) -> bool {
        lock(&self.stopped).contains(&id)
    }

    /// Whether the session is ending.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Keeps the lock of a followed room. Returns false, and releases the lock, while following is suspended.
    pub(super) fn keep_lock(&self, room: &Jid, room_lock: SideLock) -> bool {
        let mut followed = lock(&self.followed);
        let is_kept = !followed.is_suspended;
        if is_kept {
            followed.locks.insert(room.clone(), room_lock);
        }
        is_kept
    }

    /// Writes a note into the locks of these rooms, as far as this session follows them. A failure is only logged, because
    /// the notes are only for other sessions.
    pub(super) fn note_in_locks<'a>(&self, rooms: impl Iterator<Item = &'a Jid>, note: &[u8]) {
        let notes: Vec<_> = {
            let followed = lock(&self.followed);
            let notes = rooms.filter_map(|room| Some((room, followed.locks.get(room)?.note())));
            notes.collect()
        };
        // A write can take long, and releasing rooms must not wait for it.
        for (room, lock_note) in notes {
            if let Err(error) = lock_note.and_then(|lock_note| lock_note.set(note)) {
                log::debug!(room:% = room, reason:% = error; "no sign of life written");
            }
        }
    }

    /// Whether this session follows a room.
    pub(super) fn follows(&self, room: &Jid) -> bool {
        lock(&self.followed).locks.contains_key(room)
    }

    /// Lets other sessions follow a room.
    pub(super) fn release(&self, room: &Jid) {
        lock(&self.followed).locks.remove(room);
    }

    /// Lets other sessions follow the rooms of a server.
    pub(super) fn release_all_of(&self, server: &ServerSettings) {
        lock(&self.followed)
            .locks
            .retain(|room, _| !server.is_linked(room));
    }

    /// Suspends or resumes following. While following is suspended, other sessions can follow all rooms.
    pub(super) fn set_following_suspended(&self, is_suspended: bool) {
        let mut followed = lock(&self.followed);
        followed.is_suspended = is_suspended;
        if is_suspended {
            followed.locks.clear();
        }
    }

    /// Forgets a finished request, so that its number is no longer one to be stopped.
    pub(super) fn forget_request(&self, id: u64) {
        lock(&self.stopped).remove(&id);
    }
}

/// Locks a mutex, even if it is poisoned.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
