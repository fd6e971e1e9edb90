//! The current time, as known to a session: the caller of [`update`](crate::app::update) passes the time to the session
//! with [`Msg::Now`](crate::app::Msg::Now).

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::State;

/// The shortest time between two attempts to remove expired hats, and the longest time between two checks of the clock
/// while there are hats that expire. One long timer would be late, because the clock can be set, and because timers
/// stop while the machine sleeps.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The time of a session.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct Clock {
    /// The time that was passed to the session last; initially the Unix epoch.
    pub now: Timestamp,
    /// The time of the last attempt to remove expired hats.
    last_attempt: Option<Timestamp>,
    /// The commit that removes expired hats, until it is answered.
    pub expiring: Option<ExpiryCommit>,
    /// Whether it was reported that hats are not removed automatically because they expired long ago.
    pub is_late_reported: bool,
}

/// A commit that removes expired hats.
#[derive(Debug, Clone)]
pub(in crate::app) struct ExpiryCommit {
    /// The number of the commit.
    pub id: u64,
    /// Describes the removal.
    pub description: String,
    /// Whether a user confirmed the removal, so that a failure is reported.
    pub confirmed: bool,
}

impl Clock {
    /// The time to wait before the next attempt; zero if the clock was set back to a time before the last attempt.
    fn time_to_next_attempt(&self, now: Timestamp) -> SignedDuration {
        self.last_attempt
            .filter(|last_attempt| *last_attempt <= now)
            .map_or(SignedDuration::ZERO, |last_attempt| {
                (INTERVAL - now.duration_since(last_attempt)).max(SignedDuration::ZERO)
            })
    }

    /// Whether an attempt to remove expired hats may be made now. If so, records the current time as that of the last
    /// attempt.
    pub(in crate::app) fn try_begin_attempt(&mut self) -> bool {
        let begins = self.time_to_next_attempt(self.now).is_zero();
        if begins {
            self.last_attempt = Some(self.now);
        }
        begins
    }
}

impl State {
    /// The time that was passed to the session last, in the time zone of displayed times.
    pub fn now(&self) -> ZonedDateTime {
        self.clock.now.to_zoned_datetime(self.zone())
    }

    /// The time zone of displayed times.
    pub fn zone(&self) -> TimeZone {
        self.start.time_zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// The duration after which the session needs the time ([`Msg::Now`](crate::app::Msg::Now)) again, if nothing else
    /// happens: when the next hat expires, but after a minute at most; or, while a change is being sent, when the
    /// displayed number of seconds without an answer changes, whichever is earlier. `None` if no hat expires and no
    /// change is being sent.
    pub fn time_to_next_clock_check(&self, now: Timestamp) -> Option<Duration> {
        let end = self.saved.earliest_end();
        let end = end.map(|end| {
            end.duration_since(now)
                .max(self.clock.time_to_next_attempt(now))
                .min(INTERVAL)
        });
        let silence = self
            .servers
            .sending
            .time_to_next_silent_second(now, self.silence_step());
        let wait = end.into_iter().chain(silence).min()?;
        Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
    }

    /// The number of seconds for which servers have not answered while a change is being sent; `None` if it is too
    /// small to be shown.
    pub(in crate::app) fn silent_seconds(&self) -> Option<i64> {
        let sending = &self.servers.sending;
        sending.silent_seconds(self.clock.now, self.silence_step())
    }

    /// The step by which the displayed number of seconds without an answer increases. Larger in plain mode, because a
    /// screen reader reads each number aloud.
    fn silence_step(&self) -> i64 {
        if self.start.plain { 10 } else { 1 }
    }
}
