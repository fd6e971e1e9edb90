//! What a commit finds that was not this program's doing: a file that was changed outside, a revision that somebody wrote.

use std::borrow::Cow;

use super::digest::Digest;
use super::disk::Identity;
use super::history::{self, Line, Tail};
use super::whole::Store;
use super::{Change, Entry, Error, pages};
use crate::model::write::compact;
use crate::model::{Group, Wardrobe};

/// The actor of changes that were made by something else than this program.
pub(super) const OUTSIDE: &str = "outside";
/// A difference that is longer as JSON is only noted, not kept.
const LONGEST: usize = 16 << 20;

impl Store {
    /// The line to be added when the file does not hold what it did at the history's last line.
    pub(super) fn outside(&self, revision: u64, tail: &Tail) -> Result<Option<Entry>, Error> {
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

    /// What the data file of the history's last line held, where that is still in memory, or can be made of what is: the
    /// commits of others since then are in the history, and the digest says whether all is there.
    fn before(&self, last: &Line, made: &Identity) -> Result<Option<Cow<'_, Wardrobe>>, Error> {
        let Some(marked) = &self.marked else {
            return Ok(None);
        };
        let same = match (marked.digest, last.digest) {
            (Some(marked), Some(last)) => marked == last,
            _ => marked.identity.same_file(made),
        };
        if same {
            return Ok(Some(Cow::Borrowed(&marked.wardrobe)));
        }
        let history = &self.paths.history;
        let (Some(digest), Some(file)) = (last.digest, history::open(&self.disk, history)?) else {
            return Ok(None);
        };
        let since = pages::between(&file, marked.revision, last.revision);
        let mut wardrobe = marked.wardrobe.clone();
        for entry in since.map_err(Error::io("read", history))?.into_iter().flatten() {
            if wardrobe.apply(&entry.group).is_err() {
                return Ok(None);
            }
        }
        let known = self.known.as_ref().map(|known| (&self.full, &known.layout));
        let is_it = Digest::of_wardrobe(&wardrobe, known) == digest;
        Ok(is_it.then_some(Cow::Owned(wardrobe)))
    }

    /// Where the largest revision stands that there can be, and what to do.
    pub(super) fn no_larger_revision(&self, tail: &Tail) -> Error {
        let last = tail.last.as_ref().map_or(0, |line| line.revision);
        if self.full.revision >= last {
            return Error::NotWritable {
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
        Error::NotWritable {
            path: self.paths.history.clone(),
            reason: format!("{line} has the largest revision there is; delete that line"),
        }
    }
}
