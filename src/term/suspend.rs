//! Suspends the process, also while it is saving: a stopped process would keep its lock and block everyone else from saving.
//! So it is stopped only once the store worker pauses, and the pause lasts until the process continues.

use std::time::{Duration, Instant};

use crate::store::WorkerPause;

/// A request that is not granted within this time is given up, with a notice.
const SUSPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A requested suspend.
#[derive(Debug, Default)]
pub(super) struct PendingSuspend {
    deadline: Option<Instant>,
    paused: Option<WorkerPause>,
}

impl PendingSuspend {
    /// Requests a suspend. Returns false if one was requested already; otherwise the caller requests a pause from the store
    /// worker.
    pub(super) fn request(&mut self) -> bool {
        let is_new = self.deadline.is_none();
        if is_new {
            self.deadline = Some(Instant::now() + SUSPEND_TIMEOUT);
        }
        is_new
    }

    /// Accepts the pause of the store worker. It ends at once if the request was given up.
    pub(super) fn paused(&mut self, pause: WorkerPause) {
        self.paused = Some(pause).filter(|_| self.deadline.is_some());
    }

    /// Takes the pause in which to suspend; `None` if there is none yet.
    pub(super) fn take(&mut self) -> Option<WorkerPause> {
        let pause = self.paused.take()?;
        self.deadline = None;
        Some(pause)
    }

    /// The time left until the request expires; `None` if there is none.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline
            .map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Gives up a request whose time is over; returns whether there was one.
    pub(super) fn expire(&mut self) -> bool {
        let expired = self.deadline.is_some_and(|until| until <= Instant::now());
        if expired {
            *self = Self::default();
        }
        expired
    }
}
