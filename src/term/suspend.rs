//! Ctrl-Z while saving: a stopped process would keep its lock and block everyone else from saving. So it is stopped only
//! once the store worker pauses, which lasts until the process continues.

use std::time::{Duration, Instant};

use crate::store::WorkerPause;

/// After this time the request is given up, with a notice.
const SUSPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A requested suspend.
#[derive(Debug, Default)]
pub(super) struct PendingSuspend {
    deadline: Option<Instant>,
    paused: Option<WorkerPause>,
}

impl PendingSuspend {
    /// Requests a suspend. Returns true if the store worker has to be asked for a pause.
    pub(super) fn request(&mut self) -> bool {
        let is_new = self.deadline.is_none();
        if is_new {
            self.deadline = Some(Instant::now() + SUSPEND_TIMEOUT);
        }
        is_new
    }

    /// The store worker has paused. The pause is dropped at once if the request was given up.
    pub(super) fn paused(&mut self, pause: WorkerPause) {
        self.paused = Some(pause).filter(|_| self.deadline.is_some());
    }

    /// The pause to suspend in, once it has been granted.
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

    /// Gives the request up if its time is over; returns whether it was.
    pub(super) fn expire(&mut self) -> bool {
        let late = self.deadline.is_some_and(|until| until <= Instant::now());
        if late {
            *self = Self::default();
        }
        late
    }
}
