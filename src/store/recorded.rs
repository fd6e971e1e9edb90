//! Changes by others: those made outside hatrack, which a commit detects and records, and those of other sessions.

use std::borrow::Cow;

use super::data_file::Store;
use super::disk::FileIdentity;
use super::history::{self, HistoryLine, HistoryTail};
use super::known_file::RecordedState;
use super::room_spans::digest_of;
use super::{Change, HistoryEntry, StoreError, pages, view};
use crate::model::write::compact;
use crate::model::{Group, Wardrobe};

/// The actor of changes made outside hatrack.
pub(super) const OUTSIDE_ACTOR: &str = "outside";
/// The maximum length in bytes of the edits of a change made outside hatrack, as JSON; longer ones are left out of its
/// entry.
const MAX_DIFF_BYTES: usize = 16 << 20;

impl Store {
    /// The revision of the last known content.
    pub(super) fn revision(&self) -> u64 {
        self.full.revision
    }

    /// The entries in scope after this revision up to that of the last known content, oldest first. Empty if the history
    /// cannot be read or does not go back that far, or if they are too many.
    pub(super) fn entries_since(&self, revision: u64) -> Vec<HistoryEntry> {
        let file = history::open(&self.disk, &self.paths.history).ok().flatten();
        let entries = file.and_then(|file| {
            pages::entries_between(&file, revision, self.full.revision)
                .ok()
                .flatten()
        });
        let entries = entries.into_iter().flatten();
        let scope = &self.options.scope;
        entries
            .filter_map(|entry| view::restrict_entry(scope, entry))
            .collect()
    }

    /// The entry to add if the content of the file differs from that recorded by the last line of the history; `None`
    /// if it does not, or if no content is recorded.
    pub(super) fn outside_entry(
        &self,
        revision: u64,
        tail: &HistoryTail,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        let Some((last, written)) = tail.last.as_ref().and_then(|last| Some((last, last.file?))) else {
            return Ok(None);
        };
        let is_same = match (last.digest, self.digest()) {
            // A copy of the file is not a change.
            (Some(digest), now) => now == Some(digest),
            // A line of an older version has only the identity of the file.
            (None, _) => self
                .known
                .as_ref()
                .is_some_and(|known| known.identity.same_content(&written)),
        };
        if is_same {
            return Ok(None);
        }
        let before = self.recorded_wardrobe(last, &written)?;
        let mut group = before
            .as_ref()
            .map(|before| before.diff(&self.full))
            .unwrap_or_default();
        if before.is_some() && group.is_empty() {
            return Ok(None);
        }
        if compact(&group).len() > MAX_DIFF_BYTES {
            group = Group::default();
        }
        let mut entry = self.new_entry(revision, &Change::default(), group);
        entry.actor = OUTSIDE_ACTOR.into();
        entry.outside = true;
        Ok(Some(entry))
    }

    /// The content recorded by the last line of the history, if it is in memory or can be reconstructed by replaying
    /// the commits since the state in memory, or all commits. The digest shows whether the result is right. `written`
    /// is the identity of the data file in that line.
    fn recorded_wardrobe(
        &self,
        last: &HistoryLine,
        written: &FileIdentity,
    ) -> Result<Option<Cow<'_, Wardrobe>>, StoreError> {
        let is_last = |recorded: &&RecordedState| match (recorded.digest, last.digest) {
            (Some(recorded), Some(last)) => recorded == last,
            _ => recorded.identity.same_content(written),
        };
        if let Some(recorded) = self.recorded.as_ref().filter(is_last) {
            return Ok(Some(Cow::Borrowed(&recorded.wardrobe)));
        }
        let Some(digest) = last.digest else {
            return Ok(None);
        };
        let recorded = self.recorded.as_ref();
        let in_memory = recorded.map(|recorded| (recorded.revision, recorded.wardrobe.clone()));
        let known = self.known.as_ref().map(|known| (&self.full, &known.spans));
        for (revision, wardrobe) in in_memory.into_iter().chain([(0, Wardrobe::default())]) {
            let replayed = self.replay(wardrobe, revision, last.revision)?;
            if let Some(replayed) = replayed.filter(|replayed| digest_of(replayed, known) == digest) {
                return Ok(Some(Cow::Owned(replayed)));
            }
        }
        Ok(None)
    }

    /// Replays the commits after the revision `after` up to `last`; `None` if they cannot be applied, are too many or
    /// are not all in the history.
    fn replay(&self, mut wardrobe: Wardrobe, after: u64, last: u64) -> Result<Option<Wardrobe>, StoreError> {
        let history = &self.paths.history;
        let Some(file) = history::open(&self.disk, history)? else {
            return Ok(None);
        };
        let entries = pages::entries_between(&file, after, last).map_err(StoreError::io("read", history))?;
        let mut groups = entries.iter().flatten().map(|entry| &entry.group);
        let all_applied = groups.all(|group| wardrobe.apply(group).is_ok());
        Ok((all_applied && entries.is_some()).then_some(wardrobe))
    }

    /// The error if the revision limit is reached; it names the file that has the largest revision.
    pub(super) fn revision_limit_error(&self, tail: &HistoryTail) -> StoreError {
        let last = tail.last.as_ref().map_or(0, |line| line.revision);
        if self.full.revision >= last {
            return StoreError::NotWritable {
                path: self.paths.data.clone(),
                reason: "revision limit reached; set \"revision\" in the file to a smaller number".into(),
            };
        }
        let file = history::open(&self.disk, &self.paths.history);
        let number = match file {
            Ok(Some(file)) => history::line_number(&file, tail.last_offset).ok(),
            _ => None,
        };
        let line = number.map_or_else(|| "the last line".into(), |number| format!("line {number}"));
        StoreError::NotWritable {
            path: self.paths.history.clone(),
            reason: format!("{line} has the largest possible revision; delete that line"),
        }
    }
}
