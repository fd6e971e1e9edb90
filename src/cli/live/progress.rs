//! How far something is, in a line on the terminal.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _, stderr};

use crate::app::describe;
use crate::sync::Progress;
use crate::ui::text;

/// One line on standard error, if that is a terminal.
pub(super) struct ProgressLine {
    what: String,
    shown: bool,
    terminal: bool,
    /// Of each request.
    all: BTreeMap<u64, Progress>,
}

impl ProgressLine {
    pub(super) fn new(what: &str) -> Self {
        Self {
            what: text::sanitize(what).into_owned(),
            shown: false,
            terminal: stderr().is_terminal(),
            all: BTreeMap::new(),
        }
    }

    pub(super) fn show(&mut self, id: u64, progress: Progress) {
        self.all.insert(id, progress);
        if !self.terminal {
            return;
        }
        let mut sum = Progress::default();
        for one in self.all.values() {
            sum.done += one.done;
            sum.of += one.of;
            sum.rate = sum.rate.saturating_add(one.rate);
        }
        self.shown = true;
        // Without a terminal that takes it, nothing is lost.
        let _ = write!(stderr(), "\r\u{1b}[K{}: {}", self.what, amount(sum));
        let _ = stderr().flush();
    }

    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(stderr(), "\r\u{1b}[K");
            let _ = stderr().flush();
        }
    }
}

/// `120 of 1,000 (300/s, 3 s left)`.
fn amount(progress: Progress) -> String {
    let count = format!(
        "{} of {}",
        describe::grouped(progress.done),
        describe::grouped(progress.of)
    );
    match progress.seconds_left() {
        Some(seconds) if progress.done < progress.of => {
            let left = match seconds {
                0..=99 => format!("{seconds} s"),
                more => format!("{} min", more.div_ceil(60)),
            };
            format!("{count} ({}/s, {left} left)", progress.rate)
        }
        _ => count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_count_rate_and_time_left() {
        let progress = |done, of, rate| amount(Progress { done, of, rate });
        assert_eq!(progress(120, 1000, 300), "120 of 1,000 (300/s, 3 s left)");
        assert_eq!(progress(0, 1000, 0), "0 of 1,000");
        assert_eq!(progress(1000, 1000, 300), "1,000 of 1,000");
        assert_eq!(progress(0, 1000, 7), "0 of 1,000 (7/s, 3 min left)");
    }
}
