//! The end of the history, under the lock: what is there, what is added, what is taken back.

use std::io;

use super::StoreError;
use super::access::Access;
use super::data_file::Store;
use super::history::{self, HistoryTail};
use crate::model::Wardrobe;

impl Store {
    /// Looks at the end of the history and cuts off what is torn, or is about a data file that never came to be.
    pub(super) fn end(&self) -> Result<HistoryTail, StoreError> {
        let Some(file) = history::open(&self.disk, &self.paths.history)? else {
            return Ok(HistoryTail::default());
        };
        let tail = self.tail(&file)?;
        if tail.keep < tail.length {
            self.append(&tail, "", None)?;
        }
        Ok(HistoryTail {
            length: tail.keep,
            ..tail
        })
    }

    /// Cuts the history to what is to stay and adds lines; durable.
    pub(super) fn append(
        &self,
        tail: &HistoryTail,
        lines: &str,
        access: Option<&Access>,
    ) -> Result<(), StoreError> {
        let (disk, path) = (&self.disk, &self.paths.history);
        let wrong = || StoreError::io("write", path);
        let (file, new) = disk.open_or_create(path).map_err(wrong())?;
        let given = access.map_or(Ok(false), |access| access.give(disk, &file));
        if new {
            given.map_err(wrong())?; // One that is somebody else's stays as it is.
        }
        if tail.keep < file.metadata().map_err(wrong())?.len() {
            disk.cut(&file, tail.keep).map_err(wrong())?;
        }
        let newline = if tail.unended && !lines.is_empty() {
            "\n"
        } else {
            ""
        };
        let mut at_end = &file;
        io::Seek::seek(&mut at_end, io::SeekFrom::Start(tail.keep)).map_err(wrong())?;
        disk.write(&file, format!("{newline}{lines}").as_bytes())
            .and_then(|()| disk.sync(&file))
            .map_err(wrong())
    }

    /// Cuts the history to what it was.
    pub(super) fn take_back(&self, tail: &HistoryTail) -> Result<(), StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(()),
            Some(_) => self.append(tail, "", None),
        }
    }
}

/// The revision after all that there were.
pub(super) fn following(wardrobe: &Wardrobe, tail: &HistoryTail) -> u64 {
    let last = tail.last.as_ref().map_or(0, |line| line.revision);
    // What no data file can have is a number that somebody made up.
    let last = if last > Wardrobe::LAST_REVISION { 0 } else { last };
    wardrobe.revision.max(last) + 1
}
