//! What a commit finds that was not this program's doing: a file that was changed outside, a revision that somebody wrote.

use std::borrow::Cow;

use super::data_file::Store;
use super::disk::FileIdentity;
use super::history::{self, HistoryLine, HistoryTail};
use super::known_file::RecordedState;
use super::room_spans::digest_of;
use super::{Change, HistoryEntry, StoreError, pages};
use crate::model::write::compact;
use crate::model::{Group, Wardrobe};

/// The actor of changes that were made by something else than this program.
pub(super) const OUTSIDE: &str = "outside";
/// A difference that is longer as JSON is only noted, not kept.
const LONGEST: usize = 16 << 20;

impl Store {
    /// The line to be added when the file does not hold what it did at the history's last line.
    pub(super) fn outside(
        &self,
        revision: u64,
        tail: &HistoryTail,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        let Some((last, made)) = tail.last.as_ref().and_then(|last| Some((last, last.file?))) else {
            return Ok(None);
        };
        let is_same = match (last.digest, self.digest()) {
            // A copy that was put back is no change.
            (Some(digest), now) => now == Some(digest),
            // A line of an older version says only which file it was.
            (None, _) => self
                .known
                .as_ref()
                .is_some_and(|known| known.identity.same_file(&made)),
        };
        if is_same {
            return Ok(None);
        }
        let before = self.before(last, &made)?;
        let mut group = before
            .as_ref()
            .map(|before| before.diff(&self.full))
            .unwrap_or_default();
        if before.is_some() && group.is_empty() {
            return Ok(None);
        }
        if compact(&group).len() > LONGEST {
            group = Group::default();
        }
        let mut entry = self.entry_of(revision, &Change::default(), group);
        entry.actor = OUTSIDE.into();
        entry.outside = true;
        Ok(Some(entry))
    }

    /// What the data file of the history's last line held, where that is still in memory or can be worked out: by the
    /// commits of others since what is in memory, or by all that there ever were. The digest says whether that is it.
    fn before(
        &self,
        last: &HistoryLine,
        made: &FileIdentity,
    ) -> Result<Option<Cow<'_, Wardrobe>>, StoreError> {
        let same = |marked: &&RecordedState| match (marked.digest, last.digest) {
            (Some(marked), Some(last)) => marked == last,
            _ => marked.identity.same_file(made),
        };
        if let Some(marked) = self.marked.as_ref().filter(same) {
            return Ok(Some(Cow::Borrowed(&marked.wardrobe)));
        }
        let Some(digest) = last.digest else {
            return Ok(None);
        };
        let marked = self.marked.as_ref();
        let begin = marked.map(|marked| (marked.revision, marked.wardrobe.clone()));
        let known = self.known.as_ref().map(|known| (&self.full, &known.layout));
        for (revision, wardrobe) in begin.into_iter().chain([(0, Wardrobe::default())]) {
            let then = self.replayed(wardrobe, revision, last.revision)?;
            if let Some(then) = then.filter(|then| digest_of(then, known) == digest) {
                return Ok(Some(Cow::Owned(then)));
            }
        }
        Ok(None)
    }

    /// What the commits after a revision up to another make of a wardrobe; `None`: they do not fit, or are too many.
    fn replayed(
        &self,
        mut wardrobe: Wardrobe,
        after: u64,
        last: u64,
    ) -> Result<Option<Wardrobe>, StoreError> {
        let history = &self.paths.history;
        let Some(file) = history::open(&self.disk, history)? else {
            return Ok(None);
        };
        let entries = pages::between(&file, after, last).map_err(StoreError::io("read", history))?;
        let mut groups = entries.iter().flatten().map(|entry| &entry.group);
        let all = groups.all(|group| wardrobe.apply(group).is_ok());
        Ok((all && entries.is_some()).then_some(wardrobe))
    }

    /// Where the largest revision stands that there can be, and what to do.
    pub(super) fn no_larger_revision(&self, tail: &HistoryTail) -> StoreError {
        let last = tail.last.as_ref().map_or(0, |line| line.revision);
        if self.full.revision >= last {
            return StoreError::NotWritable {
                path: self.paths.data.clone(),
                reason: "there is no larger revision; set \"revision\" in it to a smaller number".into(),
            };
        }
        let file = history::open(&self.disk, &self.paths.history);
        let number = match file {
            Ok(Some(file)) => history::line_number(&file, tail.last_at).ok(),
            _ => None,
        };
        let line = number.map_or_else(|| "the last line".into(), |number| format!("line {number}"));
        StoreError::NotWritable {
            path: self.paths.history.clone(),
            reason: format!("{line} has the largest revision there is; delete that line"),
        }
    }
}
