//! Appending to the history and rolling back, under the lock; and the limit of revisions.

use std::io;

use super::StoreError;
use super::access::Access;
use super::data_file::Store;
use super::history::{self, HistoryTail};
use crate::model::Wardrobe;

impl Store {
    /// Reads the end of the history, and removes an incomplete last line and lines about commits whose data file was
    /// never put in place. Returns the end of the remaining history.
    pub(super) fn trim_history(&self) -> Result<HistoryTail, StoreError> {
        let Some(file) = history::open(&self.disk, &self.paths.history)? else {
            return Ok(HistoryTail::default());
        };
        let tail = self.read_tail(&file)?;
        if tail.valid_length < tail.length {
            self.cut(&tail)?;
        }
        Ok(HistoryTail {
            length: tail.valid_length,
            ..tail
        })
    }

    /// Cuts the history to its valid part, durably.
    fn cut(&self, tail: &HistoryTail) -> Result<(), StoreError> {
        self.append(tail, "", None)
    }

    /// Cuts the history to its valid part and appends lines, durably. Creates the file if it does not exist. `access` is
    /// applied to the file.
    pub(super) fn append(
        &self,
        tail: &HistoryTail,
        lines: &str,
        access: Option<&Access>,
    ) -> Result<(), StoreError> {
        let (disk, path) = (&self.disk, &self.paths.history);
        let io_error = || StoreError::io("write", path);
        let (file, is_new) = disk.open_or_create(path).map_err(io_error())?;
        let access_applied = access.map_or(Ok(false), |access| access.apply_to(disk, &file));
        if is_new {
            // An existing file may belong to another user, so failing to change its permissions is not an error.
            access_applied.map_err(io_error())?;
        }
        if tail.valid_length < file.metadata().map_err(io_error())?.len() {
            disk.truncate(&file, tail.valid_length).map_err(io_error())?;
        }
        let newline = if tail.unterminated && !lines.is_empty() {
            "\n"
        } else {
            ""
        };
        let mut at_end = &file;
        io::Seek::seek(&mut at_end, io::SeekFrom::Start(tail.valid_length)).map_err(io_error())?;
        disk.write(&file, format!("{newline}{lines}").as_bytes())
            .and_then(|()| disk.sync(&file))
            .map_err(io_error())
    }

    /// Removes the lines that were appended after `tail` was read.
    pub(super) fn roll_back(&self, tail: &HistoryTail) -> Result<(), StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(()),
            Some(_) => self.cut(tail),
        }
    }

    /// The error if the revision limit is reached. The error names the file that has the largest revision.
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
            reason: format!("the revision of {line} is too large; delete that line"),
        }
    }
}

/// One more than the highest revision in the data file and the history.
pub(super) fn next_revision(wardrobe: &Wardrobe, tail: &HistoryTail) -> u64 {
    let last = tail.last.as_ref().map_or(0, |line| line.revision);
    // A revision above the maximum was entered by hand, so it is ignored.
    let last = if last > Wardrobe::MAX_REVISION { 0 } else { last };
    wardrobe.revision.max(last) + 1
}
