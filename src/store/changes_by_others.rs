//! Changes by others: those made outside hatrack, which a commit detects and records, and those of other sessions.

use std::borrow::Cow;

use super::data_file::Store;
use super::disk::FileIdentity;
use super::history::{self, HistoryLine, HistoryTail};
use super::known_file::RecordedState;
use super::room_spans::digest_of;
use super::{Change, HistoryEntry, StoreError, pages, view};
use crate::model::write::compact;
use crate::model::{EditGroup, Wardrobe};

/// The actor of changes made outside hatrack.
pub(super) const OUTSIDE_ACTOR: &str = "outside";
/// The maximum length in bytes of the edits of a change made outside hatrack, as JSON. If the edits are longer, the entry
/// has none.
const MAX_DIFF_BYTES: usize = 16 << 20;

impl Store {
    /// The revision of the last known content.
    pub(super) fn revision(&self) -> u64 {
        self.full.revision
    }

    /// The entries in scope after this revision, up to the last known revision, oldest first. Empty if the history
    /// cannot be read or does not go back that far, or if the entries are too many or too large.
    pub(super) fn entries_after(&self, revision: u64) -> Vec<HistoryEntry> {
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
    /// if the content is the same, or if no content is recorded.
    pub(super) fn entry_for_outside_change(
        &self,
        revision: u64,
        tail: &HistoryTail,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        let Some((last, recorded_identity)) = tail.last.as_ref().and_then(|last| Some((last, last.file?)))
        else {
            return Ok(None);
        };
        let is_same = match (last.digest, self.digest()) {
            // The digest decides: a copy of the file has another identity, but the same content.
            (Some(digest), current) => current == Some(digest),
            // A line written by an older hatrack has only the identity of the file.
            (None, _) => self
                .known
                .as_ref()
                .is_some_and(|known| known.identity.same_content(&recorded_identity)),
        };
        if is_same {
            return Ok(None);
        }
        let before = self.recorded_wardrobe(last, &recorded_identity)?;
        let mut group = before
            .as_ref()
            .map(|before| before.diff(&self.full))
            .unwrap_or_default();
        if before.is_some() && group.is_empty() {
            return Ok(None);
        }
        if compact(&group).len() > MAX_DIFF_BYTES {
            group = EditGroup::default();
        }
        let mut entry = self.new_entry(revision, &Change::default(), group);
        entry.actor = OUTSIDE_ACTOR.into();
        entry.outside = true;
        Ok(Some(entry))
    }

    /// The content whose digest the last line records. Taken from memory, or rebuilt by replaying commits, first onto the
    /// state in memory, then onto an empty wardrobe; accepted only if the digest is equal. `None` if all fail. If the line
    /// has no digest, only the state in memory is tried: the identity of its file must be `recorded_identity`.
    fn recorded_wardrobe(
        &self,
        last: &HistoryLine,
        recorded_identity: &FileIdentity,
    ) -> Result<Option<Cow<'_, Wardrobe>>, StoreError> {
        let is_last = |recorded: &&RecordedState| match (recorded.digest, last.digest) {
            (Some(recorded), Some(last)) => recorded == last,
            _ => recorded.identity.same_content(recorded_identity),
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

    /// Replays the commits after the revision `after` up to `last`. `None` if the commits cannot be applied, are too
    /// many or too large, or if the history does not go back far enough. The result can be wrong if lines are missing
    /// or damaged: compare its digest.
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
}
