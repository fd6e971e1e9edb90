//! The time, as far as a session knows it: the caller of [`update`](crate::app::update) passes it on with
//! [`Msg::Now`](crate::app::Msg::Now).

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::State;

/// The shortest time between two attempts to remove the hats that have ended, and the longest between two looks at the
/// clock while hats end: a wall clock can be set, and stands still for timers while a machine sleeps.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The time of a session.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct Clock {
    /// The time that was passed on last; the Unix epoch before that.
    pub now: Timestamp,
    /// When hats that have ended were last removed, or could not be.
    attempted: Option<Timestamp>,
    /// The commit that removes them, until it is answered.
    pub expiring: Option<Expiring>,
    /// Whether it was reported that hats are not removed, because they would have expired long ago.
    pub is_late_reported: bool,
}

/// A commit that removes hats that have ended.
#[derive(Debug, Clone)]
pub(in crate::app) struct Expiring {
    /// The number of the commit.
    pub id: u64,
    /// What it does, in words.
    pub what: String,
    /// Someone confirmed it, and is to know if it fails.
    pub confirmed: bool,
}

impl Clock {
    /// How long to wait before the next attempt. A clock that was put back does not prolong it.
    fn pause(&self, now: Timestamp) -> SignedDuration {
        self.attempted
            .filter(|attempted| *attempted <= now)
            .map_or(SignedDuration::ZERO, |attempted| {
                (INTERVAL - now.duration_since(attempted)).max(SignedDuration::ZERO)
            })
    }

    /// Whether it is time for an attempt, which is noted.
    pub(in crate::app) fn begins_attempt(&mut self) -> bool {
        let begins = self.pause(self.now).is_zero();
        if begins {
            self.attempted = Some(self.now);
        }
        begins
    }
}

impl State {
    /// The time that was passed on last, in the time zone of displayed times.
    pub fn now(&self) -> ZonedDateTime {
        self.clock.now.to_zoned_datetime(self.zone())
    }

    /// The time zone of displayed times.
    pub fn zone(&self) -> TimeZone {
        self.start.time_zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// After which time the session needs to know the time again ([`Msg::Now`](crate::app::Msg::Now)), if nothing else
    /// happens: at the next end of a hat, and at most a minute later; and while a server does not answer. `None`: no hat
    /// ends, and nothing is being sent.
    pub fn next_look_at_clock(&self, now: Timestamp) -> Option<Duration> {
        let end = self.base.next_end();
        let end = end.map(|end| end.duration_since(now).max(self.clock.pause(now)).min(INTERVAL));
        let silence = self.servers.sending.next_silent_second(now, self.silence_step());
        let wait = end.into_iter().chain(silence).min()?;
        Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
    }

    /// How long servers have not answered while a change is sent, in seconds, if that is long.
    pub(in crate::app) fn silent_seconds(&self) -> Option<i64> {
        let sending = &self.servers.sending;
        sending.silent_seconds(self.clock.now, self.silence_step())
    }

    /// How often the time is shown for which servers have not answered, in seconds: a screen reader reads it out.
    fn silence_step(&self) -> i64 {
        if self.start.plain { 10 } else { 1 }
    }
}
