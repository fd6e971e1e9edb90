//! Shows the progress of requests to servers in a line on the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::describe;
use crate::sync::{Progress, ServerState};
use crate::ui::text;

/// The time after which a command that waits shows what it waits for.
const SHOW_DELAY: Duration = Duration::from_secs(1);

/// A line on standard error that shows the progress of requests, if standard error is a terminal.
pub(super) struct ProgressLine {
    /// The action in progress, such as `Comparing rooms`.
    action: String,
    /// The text on the terminal; empty if there is none.
    shown: String,
    is_terminal: bool,
    /// When the line was created or last cleared.
    cleared_at: Instant,
    /// Servers without a connection yet.
    connecting: BTreeSet<Arc<str>>,
    /// The progress of each request, by its ID.
    by_request: BTreeMap<u64, Progress>,
}

impl ProgressLine {
    pub(super) fn new(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            shown: String::new(),
            is_terminal: stderr().is_terminal(),
            cleared_at: Instant::now(),
            connecting: BTreeSet::new(),
            by_request: BTreeMap::new(),
        }
    }

    /// Notes the progress of the request with this ID, and shows the progress of all requests.
    pub(super) fn show(&mut self, id: u64, progress: Progress) {
        self.by_request.insert(id, progress);
        let mut sum = Progress::default();
        for progress in self.by_request.values() {
            sum.done += progress.done;
            sum.total += progress.total;
            sum.rate = sum.rate.saturating_add(progress.rate);
        }
        self.write(&format!("{}: {}", self.action, progress_text(sum)));
    }

    pub(super) fn note_state(&mut self, server: &Arc<str>, state: &ServerState) {
        if *state == ServerState::Connecting {
            self.connecting.insert(server.clone());
        } else {
            self.connecting.remove(server);
        }
    }

    /// Shows what the command waits for, if there is no progress yet and the line was created or cleared at least
    /// [`SHOW_DELAY`] ago. To be called repeatedly while waiting.
    pub(super) fn show_waiting(&mut self) {
        if self.by_request.is_empty() && self.cleared_at.elapsed() >= SHOW_DELAY {
            self.write(&waiting_text(&self.action, &self.connecting));
        }
    }

    fn write(&mut self, line: &str) {
        if self.is_terminal && self.shown != line {
            line.clone_into(&mut self.shown);
            // The line is not important, so a failure to write it is ignored.
            let _ = write!(stderr(), "\r\u{1b}[K{}", text::sanitize(line));
            let _ = stderr().flush();
        }
    }

    pub(super) fn clear(&mut self) {
        self.cleared_at = Instant::now();
        if !std::mem::take(&mut self.shown).is_empty() {
            let _ = write!(stderr(), "\r\u{1b}[K");
            let _ = stderr().flush();
        }
    }
}

/// Formats the text while there is no progress yet, such as `Connecting to "example"…` or `Comparing rooms…`.
fn waiting_text(action: &str, connecting: &BTreeSet<Arc<str>>) -> String {
    let names: Vec<String> = connecting.iter().map(|name| format!("{name:?}")).collect();
    match names.as_slice() {
        [] => format!("{action}…"),
        names => format!("Connecting to {}…", names.join(", ")),
    }
}

/// Formats a progress, such as `120 of 1,000 (300/s, 3 s left)`.
fn progress_text(progress: Progress) -> String {
    let count = format!(
        "{} of {}",
        describe::with_thousands_commas(progress.done),
        describe::with_thousands_commas(progress.total)
    );
    match progress.seconds_left() {
        Some(seconds) if progress.done < progress.total => {
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
    fn waiting_text_names_servers_without_connection() {
        let mut line = ProgressLine::new("Comparing rooms");
        let (example, other): (Arc<str>, Arc<str>) = ("example".into(), "other".into());
        line.note_state(&example, &ServerState::Connecting);
        assert_eq!(
            waiting_text(&line.action, &line.connecting),
            "Connecting to \"example\"…"
        );
        line.note_state(&other, &ServerState::Connecting);
        assert_eq!(
            waiting_text(&line.action, &line.connecting),
            "Connecting to \"example\", \"other\"…"
        );
        line.note_state(&example, &ServerState::Away("no answer".into()));
        assert_eq!(
            waiting_text(&line.action, &line.connecting),
            "Connecting to \"other\"…"
        );
        line.note_state(&other, &ServerState::Ready(crate::sync::ServerClass::Prosody));
        assert_eq!(waiting_text(&line.action, &line.connecting), "Comparing rooms…");
    }

    #[test]
    fn progress_text_has_count_rate_and_time_left() {
        let progress = |done, total, rate| progress_text(Progress { done, total, rate });
        assert_eq!(progress(120, 1000, 300), "120 of 1,000 (300/s, 3 s left)");
        assert_eq!(progress(0, 1000, 0), "0 of 1,000");
        assert_eq!(progress(1000, 1000, 300), "1,000 of 1,000");
        assert_eq!(progress(0, 1000, 7), "0 of 1,000 (7/s, 3 min left)");
    }
}
