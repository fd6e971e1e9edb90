//! How far something is, in a line on the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::describe;
use crate::sync::{Progress, ServerState};
use crate::ui::text;

/// A command that waits longer prints what it waits for.
const SHOW_DELAY: Duration = Duration::from_secs(1);

/// One line on standard error, if that is a terminal.
pub(super) struct ProgressLine {
    what: String,
    /// The text on the terminal; empty if there is none.
    shown: String,
    terminal: bool,
    since: Instant,
    /// Servers without a connection yet.
    connecting: BTreeSet<Arc<str>>,
    /// Of each request.
    all: BTreeMap<u64, Progress>,
}

impl ProgressLine {
    pub(super) fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            shown: String::new(),
            terminal: stderr().is_terminal(),
            since: Instant::now(),
            connecting: BTreeSet::new(),
            all: BTreeMap::new(),
        }
    }

    pub(super) fn show(&mut self, id: u64, progress: Progress) {
        self.all.insert(id, progress);
        let mut sum = Progress::default();
        for one in self.all.values() {
            sum.done += one.done;
            sum.total += one.total;
            sum.rate = sum.rate.saturating_add(one.rate);
        }
        self.write(&format!("{}: {}", self.what, amount(sum)));
    }

    pub(super) fn note_state(&mut self, server: &Arc<str>, state: &ServerState) {
        if *state == ServerState::Connecting {
            self.connecting.insert(server.clone());
        } else {
            self.connecting.remove(server);
        }
    }

    /// Says what is waited for, if that takes long. Called again and again while it is waited.
    pub(super) fn wait(&mut self) {
        if self.all.is_empty() && self.since.elapsed() >= SHOW_DELAY {
            self.write(&waiting(&self.what, &self.connecting));
        }
    }

    fn write(&mut self, line: &str) {
        if self.terminal && self.shown != line {
            line.clone_into(&mut self.shown);
            // Without a terminal that takes it, nothing is lost.
            let _ = write!(stderr(), "\r\u{1b}[K{}", text::sanitize(line));
            let _ = stderr().flush();
        }
    }

    pub(super) fn clear(&mut self) {
        self.since = Instant::now();
        if !std::mem::take(&mut self.shown).is_empty() {
            let _ = write!(stderr(), "\r\u{1b}[K");
            let _ = stderr().flush();
        }
    }
}

/// `Connecting to "example"…`.
fn waiting(what: &str, connecting: &BTreeSet<Arc<str>>) -> String {
    let names: Vec<String> = connecting.iter().map(|name| format!("{name:?}")).collect();
    match names.as_slice() {
        [] => format!("{what}…"),
        names => format!("Connecting to {}…", names.join(", ")),
    }
}

/// `120 of 1,000 (300/s, 3 s left)`.
fn amount(progress: Progress) -> String {
    let count = format!(
        "{} of {}",
        describe::grouped(progress.done),
        describe::grouped(progress.total)
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
    fn names_the_servers_without_a_connection() {
        let mut line = ProgressLine::new("Comparing rooms");
        let (example, other): (Arc<str>, Arc<str>) = ("example".into(), "other".into());
        line.note_state(&example, &ServerState::Connecting);
        assert_eq!(
            waiting(&line.what, &line.connecting),
            "Connecting to \"example\"…"
        );
        line.note_state(&other, &ServerState::Connecting);
        assert_eq!(
            waiting(&line.what, &line.connecting),
            "Connecting to \"example\", \"other\"…"
        );
        line.note_state(&example, &ServerState::Away("no answer".into()));
        assert_eq!(waiting(&line.what, &line.connecting), "Connecting to \"other\"…");
        line.note_state(&other, &ServerState::Ready(crate::sync::ServerClass::Prosody));
        assert_eq!(waiting(&line.what, &line.connecting), "Comparing rooms…");
    }

    #[test]
    fn says_count_rate_and_time_left() {
        let progress = |done, total, rate| amount(Progress { done, total, rate });
        assert_eq!(progress(120, 1000, 300), "120 of 1,000 (300/s, 3 s left)");
        assert_eq!(progress(0, 1000, 0), "0 of 1,000");
        assert_eq!(progress(1000, 1000, 300), "1,000 of 1,000");
        assert_eq!(progress(0, 1000, 7), "0 of 1,000 (7/s, 3 min left)");
    }
}
