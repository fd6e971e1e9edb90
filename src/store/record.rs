//! Appending to the history and rolling back, under the lock.

use std::io;

use super::StoreError;
use super::access::Access;
use super::data_file::Store;
use super::history::{self, HistoryTail};
use crate::model::Wardrobe;

impl Store {
    /// Reads the end of the history and cuts off torn lines and lines of data files that were never renamed into place.
    pub(super) fn trimmed_tail(&self) -> Result<HistoryTail, StoreError> {
        let Some(file) = history::open(&self.disk, &self.paths.history)? else {
            return Ok(HistoryTail::default());
        };
        let tail = self.read_tail(&file)?;
        if tail.valid_length < tail.length {
            self.append(&tail, "", None)?;
        }
        Ok(HistoryTail {
            length: tail.valid_length,
            ..tail
        })
    }

    /// Cuts the history to its valid part and appends lines, durably.
    pub(super) fn append(
        &self,
        tail: &HistoryTail,
        lines: &str,
        access: Option<&Access>,
    ) -> Result<(), StoreError> {
        let (disk, path) = (&self.disk, &self.paths.history);
        let io_error = || StoreError::io("write", path);
        let (file, new) = disk.open_or_create(path).map_err(io_error())?;
        let given = access.map_or(Ok(false), |access| access.apply_to(disk, &file));
        if new {
            given.map_err(io_error())?; // An existing file may belong to another user and keeps its permissions.
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

    /// Cuts the history to its previous length.
    pub(super) fn roll_back(&self, tail: &HistoryTail) -> Result<(), StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(()),
            Some(_) => self.append(tail, "", None),
        }
    }
}

/// The revision after the last one of the data file and the history.
pub(super) fn next_revision(wardrobe: &Wardrobe, tail: &HistoryTail) -> u64 {
    let last = tail.last.as_ref().map_or(0, |line| line.revision);
    // A revision that no data file can have was entered by hand.
    let last = if last > Wardrobe::MAX_REVISION { 0 } else { last };
    wardrobe.revision.max(last) + 1
}
