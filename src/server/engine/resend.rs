//! Schedules the sending of changes that have to be sent again: they could not be sent, or the server lost them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::model::Jid;
use crate::sync::{Failed, RoomReport, SendFailure};

/// The pause before the first attempt. The pause is doubled for each further attempt, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Rooms with changes that have to be sent again: they could not be sent, or the server lost them.
#[derive(Debug, Default)]
pub(super) struct ResendSchedule {
    rooms: BTreeSet<Jid>,
    /// The time of the next attempt, and the pause before it, which is doubled if the attempt fails.
    next: Option<(Instant, Duration)>,
}

impl ResendSchedule {
    /// When changes are to be sent again; `None`: no time is set.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next.map(|(at, _)| at)
    }

    /// Takes the rooms whose changes are to be sent now; empty if it is too early.
    pub(super) fn take_due(&mut self) -> BTreeSet<Jid> {
        match self.due() {
            Some(at) if at <= Instant::now() => std::mem::take(&mut self.rooms),
            _ => BTreeSet::new(),
        }
    }

    /// Makes all waiting rooms due now, because the server can be used again.
    pub(super) fn make_due(&mut self) {
        if !self.rooms.is_empty() {
            self.next = Some((Instant::now(), FIRST_PAUSE));
        }
    }

    /// Adds a room, and makes all waiting rooms due now.
    pub(super) fn add_due(&mut self, room: &Jid) {
        self.rooms.insert(room.clone());
        self.next = Some((Instant::now(), FIRST_PAUSE));
    }

    /// Adds the rooms whose changes still wait, removes those whose changes do not, and sets the time of the next attempt.
    /// `may_retry`: whether to try again without a request; if not, no time is set.
    pub(super) fn reschedule(&mut self, reports: &[RoomReport], may_retry: bool) {
        let waits = |failed: &Failed| matches!(failed.why, SendFailure::Unknown | SendFailure::NotStored);
        for report in reports {
            if report.unsent > 0 || report.failed.iter().any(waits) {
                self.rooms.insert(report.room.clone());
            } else {
                self.rooms.remove(&report.room);
            }
        }
        let pause = self
            .next
            .map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(MAX_PAUSE));
        self.next = (may_retry && !self.rooms.is_empty()).then(|| (Instant::now() + pause, pause));
    }
}
