//! The notice about changes by others: several of one actor are reported together while it is shown.

use crate::app::command::CommandId;
use crate::app::wrap::wrap_paragraphs;

use super::State;

/// Maximum number of lines of a notice that describes several changes in full.
const MAX_LINES: usize = 2;

/// The changes of one actor that a notice reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct ReportedChanges {
    /// The actor, as the notice begins: `alice `.
    by: String,
    count: usize,
    /// All changes; `None` if they were too long for a notice.
    all: Option<String>,
}

impl State {
    /// Reports changes that someone else made, the oldest first. If the shown notice is about the same actor, the new
    /// one also covers its changes. Describes all changes or, if they are too long, their number and the last one.
    /// `by`: the actor, as the notice begins.
    pub(in crate::app) fn announce_changes(&mut self, by: &str, changes: Vec<String>) {
        let Some(last) = changes.last().cloned() else {
            return;
        };
        let shown = self.notice.as_mut().and_then(|notice| notice.reported.take());
        let before = shown.filter(|shown| shown.by == by);
        let count = before.as_ref().map_or(0, |before| before.count) + changes.len();
        let before = before.map_or_else(|| Some(Vec::new()), |before| before.all.map(|all| vec![all]));
        let all = before.map(|before| [before, changes].concat().join("; "));
        let all = all.filter(|all| count == 1 || self.fits_notice(&format!("{by}{all}")));
        let text = if let Some(all) = &all {
            format!("{by}{all}")
        } else {
            let (actor, key) = (by.trim_end_matches([' ', ':']), self.key(CommandId::History));
            format!("{actor}: {count} changes, last: {last} ({key} for the history)")
        };
        let keeps_earlier_reports = self.selection_lost.is_some();
        self.announce(text);
        // The report is put before a notice about a lost selection, whose text still contains the earlier reports.
        if let (Some(notice), false) = (&mut self.notice, keeps_earlier_reports) {
            let by = by.to_owned();
            notice.reported = Some(ReportedChanges { by, count, all });
        }
    }

    fn fits_notice(&self, text: &str) -> bool {
        let columns = usize::from(self.size.0).saturating_sub(2);
        // A shown error comes first.
        let error = self.notice.as_ref().filter(|notice| notice.is_error);
        let length = error.map_or(0, |error| error.error_length.unwrap_or(error.text.len()));
        let before = error
            .and_then(|error| error.text.get(..length))
            .unwrap_or_default();
        wrap_paragraphs(&[format!("{before}  {text}")], columns).len() <= MAX_LINES
    }
}
