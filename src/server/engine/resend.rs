//! Schedules the resending of changes that could not be sent.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::model::Jid;
use crate::sync::{Failed, RoomReport, SendFailure};

/// The first pause; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Rooms with saved changes that could not be sent.
#[derive(Debug, Default)]
pub(super) struct Resend {
    rooms: BTreeSet<Jid>,
    /// When to try again, and the pause before that time.
    next: Option<(Instant, Duration)>,
}

impl Resend {
    /// When something is to be sent again; `None`: nothing is.
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

    /// Sends again without a pause, because the server can be used again.
    pub(super) fn retry_now(&mut self) {
        if !self.rooms.is_empty() {
            self.next = Some((Instant::now(), FIRST_PAUSE));
        }
    }

    /// Notes that a room has changes to send now.
    pub(super) fn send_now(&mut self, room: &Jid) {
        self.rooms.insert(room.clone());
        self.next = Some((Instant::now(), FIRST_PAUSE));
    }

    /// Notes which rooms have changes that still wait. `retry`: whether trying again can help.
    pub(super) fn note(&mut self, reports: &[RoomReport], retry: bool) {
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
            .map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LAST_PAUSE));
        self.next = (retry && !self.rooms.is_empty()).then(|| (Instant::now() + pause, pause));
    }
}
