//! Measures the progress of a request.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::sync::Progress;

/// The shortest time between two progress events, except for the last.
const INTERVAL: Duration = Duration::from_millis(100);
/// The period over which the rate is measured.
const PERIOD: Duration = Duration::from_secs(5);

/// Counts finished items, and measures their rate.
#[derive(Debug)]
pub(super) struct Pace {
    total: usize,
    done: usize,
    marks: VecDeque<(Instant, usize)>,
    reported: Option<Instant>,
}

impl Pace {
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            marks: VecDeque::from([(Instant::now(), 0)]),
            reported: None,
        }
    }

    /// Sets the number of finished items. Returns the progress if an event is due.
    pub(super) fn reach(&mut self, done: usize) -> Option<Progress> {
        let now = Instant::now();
        self.done = done;
        self.total = self.total.max(done);
        if done < self.total
            && self
                .reported
                .is_some_and(|reported| now.duration_since(reported) < INTERVAL)
        {
            return None;
        }
        self.reported = Some(now);
        self.marks.push_back((now, done));
        while self.marks.len() > 2
            && self
                .marks
                .get(1)
                .is_some_and(|(time, _)| now.duration_since(*time) >= PERIOD)
        {
            self.marks.pop_front();
        }
        Some(Progress {
            done,
            total: self.total,
            rate: self.rate(now),
        })
    }

    /// Adds finished items. Returns the progress if an event is due.
    pub(super) fn add(&mut self, more: usize) -> Option<Progress> {
        self.reach(self.done + more)
    }

    fn rate(&self, now: Instant) -> u32 {
        let Some((since, before)) = self.marks.front() else {
            return 0;
        };
        let milliseconds = now.duration_since(*since).as_millis().max(1);
        let done = (self.done - before) as u128;
        u32::try_from(done * 1000 / milliseconds).unwrap_or(u32::MAX)
    }
}
