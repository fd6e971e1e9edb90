//! Ctrl-Z while something is being written: a process that is stopped keeps its locks, and everybody else from saving.
//! So it waits until nothing is written, and nothing new is begun until it goes on.

use std::time::{Duration, Instant};

use crate::store::WorkerPause;

/// After this time it is told that it does not stop now.
const SUSPEND_TIMEOUT: Duration = Duration::from_secs(2);

/// A stop that was asked for.
#[derive(Debug, Default)]
pub(super) struct PendingSuspend {
    deadline: Option<Instant>,
    paused: Option<WorkerPause>,
}

impl PendingSuspend {
    /// Somebody asks to stop. True: what writes has to be told to pause.
    pub(super) fn request(&mut self) -> bool {
        let is_new = self.deadline.is_none();
        if is_new {
            self.deadline = Some(Instant::now() + SUSPEND_TIMEOUT);
        }
        is_new
    }

    /// Nothing writes to the data file until the pause is dropped, which is at once where nobody waits for it any more.
    pub(super) fn paused(&mut self, pause: WorkerPause) {
        self.paused = Some(pause).filter(|_| self.deadline.is_some());
    }

    /// The pause to stop in, once it has come.
    pub(super) fn take(&mut self) -> Option<WorkerPause> {
        let pause = self.paused.take()?;
        self.deadline = None;
        Some(pause)
    }

    /// How long it may still take; `None`: nobody wants to stop.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline
            .map(|until| until.saturating_duration_since(Instant::now()))
    }

    /// Whether it has taken too long; then it is given up.
    pub(super) fn expire(&mut self) -> bool {
        let late = self.deadline.is_some_and(|until| until <= Instant::now());
        if late {
            *self = Self::default();
        }
        late
    }
}
