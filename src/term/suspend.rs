//! A request to suspend the process, also while it is saving: a stopped process would keep its lock and block everyone
//! else from saving. So the process is stopped only once the store worker pauses, and the pause lasts until the process
//! continues.

use std::time::{Duration, Instant};

use crate::store::WorkerPause;

/// A request that is not granted within this time is given up, with a notice.
const SUSPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A request to suspend the process, or no request.
#[derive(Debug, Default)]
pub(super) struct PendingSuspend {
    deadline: Option<Instant>,
    pause: Option<WorkerPause>,
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

    /// Accepts the pause of the store worker. The pause ends at once if the request was given up.
    pub(super) fn accept_pause(&mut self, pause: WorkerPause) {
        self.pause = Some(pause).filter(|_| self.deadline.is_some());
    }

    /// Ends the request and takes the pause in which to suspend; `None` if there is no pause yet.
    pub(super) fn take_pause(&mut self) -> Option<WorkerPause> {
        let pause = self.pause.take()?;
        self.deadline = None;
        Some(pause)
    }

    /// The time left until the request expires; `None` if there is no request.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline
            .map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Gives up a request that has expired; returns whether there was one.
    pub(super) fn expire(&mut self) -> bool {
        let expired = self.deadline.is_some_and(|until| until <= Instant::now());
        if expired {
            *self = Self::default();
        }
        expired
    }
}
