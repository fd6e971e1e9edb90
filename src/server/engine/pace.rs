//! Measures the progress of a request, and its rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::sync::Progress;

/// The shortest time between two progress events, except before the last one.
const INTERVAL: Duration = Duration::from_millis(100);
/// The period over which the rate is measured.
const PERIOD: Duration = Duration::from_secs(5);

/// Counts finished items, and measures their rate.
#[derive(Debug)]
pub(super) struct Pace {
    total: usize,
    done: usize,
    /// Times of the last events, with the numbers of items that were finished then.
    marks: VecDeque<(Instant, usize)>,
    /// When the last event was due.
    last_report: Option<Instant>,
}

impl Pace {
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            marks: VecDeque::from([(Instant::now(), 0)]),
            last_report: None,
        }
    }

    /// Sets the number of finished items. Returns the progress if an event is due.
    pub(super) fn set_done(&mut self, done: usize) -> Option<Progress> {
        let now = Instant::now();
        self.done = done;
        self.total = self.total.max(done);
        if done < self.total
            && self
                .last_report
                .is_some_and(|last_report| now.duration_since(last_report) < INTERVAL)
        {
            return None;
        }
        self.last_report = Some(now);
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
        self.set_done(self.done + more)
    }

    /// The number of finished items per second since the oldest mark.
    fn rate(&self, now: Instant) -> u32 {
        let Some((since, before)) = self.marks.front() else {
            return 0;
        };
        let milliseconds = now.duration_since(*since).as_millis().max(1);
        let done = (self.done - before) as u128;
        u32::try_from(done * 1000 / milliseconds).unwrap_or(u32::MAX)
    }
}
