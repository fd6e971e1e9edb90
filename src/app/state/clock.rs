//! The time, as far as a session knows it: the caller of [`update`](crate::app::update) passes it on with
//! [`Msg::Now`](crate::app::Msg::Now).

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::State;

/// The shortest time between two attempts to remove expired hats, and the longest time between two checks of the clock
/// while there are hats that expire: the wall clock can be set, and timers stop while the machine sleeps.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The time of a session.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct Clock {
    /// The time that was passed on last; the Unix epoch before that.
    pub now: Timestamp,
    /// When the last attempt to remove expired hats was made.
    attempted: Option<Timestamp>,
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
    pub what: String,
    /// Whether a user confirmed it, and must be told if it fails.
    pub confirmed: bool,
}

impl Clock {
    /// How long to wait before the next attempt. Setting the clock back does not make this longer.
    fn pause(&self, now: Timestamp) -> SignedDuration {
        self.attempted
            .filter(|attempted| *attempted <= now)
            .map_or(SignedDuration::ZERO, |attempted| {
                (INTERVAL - now.duration_since(attempted)).max(SignedDuration::ZERO)
            })
    }

    /// Returns whether it is time for an attempt. If so, notes that it is made now.
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

    /// How long the session can wait for the time ([`Msg::Now`](crate::app::Msg::Now)) if nothing else happens: until
    /// the next hat expires, but at most a minute; and while changes are being sent, until the shown number of seconds
    /// without an answer changes. `None`: no hat expires, and nothing is being sent.
    pub fn next_look_at_clock(&self, now: Timestamp) -> Option<Duration> {
        let end = self.base.next_end();
        let end = end.map(|end| end.duration_since(now).max(self.clock.pause(now)).min(INTERVAL));
        let silence = self.servers.sending.next_silent_second(now, self.silence_step());
        let wait = end.into_iter().chain(silence).min()?;
        Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
    }

    /// The number of seconds for which servers have not answered while a change is being sent; `None` if that is not
    /// longer than usual.
    pub(in crate::app) fn silent_seconds(&self) -> Option<i64> {
        let sending = &self.servers.sending;
        sending.silent_seconds(self.clock.now, self.silence_step())
    }

    /// The step in which the number of seconds without an answer goes up: larger in plain mode, because a screen reader
    /// reads each one aloud.
    fn silence_step(&self) -> i64 {
        if self.start.plain { 10 } else { 1 }
    }
}
