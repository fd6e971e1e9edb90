//! The store: one data file, what was last seen in it, and the way to change it.

use std::cell::OnceCell;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use super::digest::Digest;
use super::disk::{Disk, FileIdentity, may_write, milliseconds};
use super::file::{self, FileContents};
use super::known_file::{KnownFile, RecordedState};
use super::lock::{FileLock, LeftoverFile, sweep};
use super::room_spans::digest_of;
use super::{
    Change, HistoryEntry, HistoryPage, HistoryQuery, Paths, Scope, Snapshot, StoreError, StoreOptions,
    UndoCandidate, history, pages, rewrite, view,
};
use crate::model::Wardrobe;

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

/// One data file, with what was last seen in it.
#[derive(Debug)]
pub struct Store {
    /// The path as it was given: links on it may be pointed elsewhere.
    given: PathBuf,
    pub(super) paths: Paths,
    pub(super) options: StoreOptions,
    pub(super) disk: Disk,
    /// All of it, whatever the scope is.
    pub(super) full: Wardrobe,
    /// What is in scope.
    view: Wardrobe,
    /// `None` while there never was a file.
    pub(super) known: Option<KnownFile>,
    pub(super) gone: bool,
    /// The last state that the history knows of, so that a change from outside can be told.
    pub(super) marked: Option<RecordedState>,
    /// Written, with their revisions, but perhaps not durably: the folder could not be synced.
    pub(super) unsynced: Vec<(Change, u64)>,
    /// A file that could not be read, and why: no need to try before it changes.
    bad: Option<(FileIdentity, UnreadableParts)>,
}

/// The parts of [`Error::Unreadable`].
type UnreadableParts = (PathBuf, usize, usize, String);

impl Store {
    /// Reads a data file; where there is none yet, an empty wardrobe. Nothing is created. What a writer that was killed
    /// left behind is removed.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_with(path, options, Disk::default(), &|_, _| ())
    }

    /// The same on a file system of one's own, telling the progress with a large file: bytes done, of so many.
    pub fn open_with(
        path: &Path,
        options: StoreOptions,
        disk: Disk,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        let paths = Paths::resolve(path)?;
        let mut store = Self {
            given: path.to_path_buf(),
            paths,
            options,
            disk,
            full: Wardrobe::default(),
            view: Wardrobe::default(),
            known: None,
            gone: false,
            marked: None,
            unsynced: Vec::new(),
            bad: None,
        };
        let read = |store: &Self| store.read(progress);
        let mut contents = read(&store)?;
        if contents.is_none() && store.has_history() {
            // Somebody may have made the first commit just now; else it was removed, and nobody asked for an empty one.
            contents = read(&store)?;
            if contents.is_none() {
                return Err(StoreError::missing(&store.paths.data, &store.paths.history));
            }
        }
        if let Some(contents) = contents {
            store.adopt(contents);
        }
        if !store.options.scope.read_only {
            // What cannot be tidied up now waits for the next writer.
            let _ = store.tidy();
        }
        Ok(store)
    }

    /// The files.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// What the file was last seen to hold; only the rooms in scope.
    pub fn wardrobe(&self) -> &Wardrobe {
        &self.view
    }

    /// Whether there is a data file, as it was last seen.
    pub fn exists(&self) -> bool {
        self.known.is_some() && !self.gone
    }

    /// The same with what else is known of the file.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            wardrobe: self.view.clone(),
            exists: self.exists(),
            read_only: self.writable().err().map(|error| error.to_string()),
        }
    }

    /// Looks whether somebody else changed the file, and reads it again if so.
    pub fn refresh(&mut self) -> Result<Refreshed, StoreError> {
        self.here()?;
        let there = self
            .disk
            .look(&self.paths.data)
            .map_err(StoreError::io("look at", &self.paths.data))?;
        let Some(there) = there else {
            self.gone = self.known.is_some();
            return Ok(if self.gone {
                Refreshed::Gone
            } else {
                Refreshed::Unchanged
            });
        };
        let (before, was_gone, was_new) = (self.view.clone(), self.gone, self.known.is_none());
        self.catch_up(&there)?;
        if self.view == before && !was_gone && !was_new {
            Ok(Refreshed::Unchanged)
        } else {
            Ok(Refreshed::Changed)
        }
    }

    /// Reads the file. What stands at a place that cannot be read may be about any room: who sees only some is not told.
    fn read(&self, progress: &dyn Fn(u64, u64)) -> Result<Option<FileContents>, StoreError> {
        let since = Instant::now();
        let mut read = file::read(&self.disk, &self.paths.data, &self.full, progress);
        // Whoever knows a file with something in it meets one that is just being written again.
        let may_be_new = self.known.as_ref().is_none_or(|known| known.identity.size == 0);
        if matches!(read, Err(StoreError::Unreadable { .. }))
            && may_be_new
            && let Some(blank) = file::blank(&self.disk, &self.paths)?
        {
            return Ok(Some(blank));
        }
        if let (Err(StoreError::Unreadable { message, .. }), Some(_)) = (&mut read, &self.options.scope.rooms)
        {
            *message = "cannot be read; tell whoever looks after the file".into();
        }
        if let Ok(Some(contents)) = &read {
            log::info!(
                file:% = self.paths.data.display(),
                revision = contents.wardrobe.revision,
                rooms = contents.wardrobe.rooms().len(),
                ms = milliseconds(since);
                "read"
            );
        }
        read
    }

    /// Reads the file again if it is not the one last known.
    pub(super) fn catch_up(&mut self, there: &Metadata) -> Result<(), StoreError> {
        let identity = FileIdentity::of(there);
        if let Some(known) = &self.known
            && known.certain
            && known.identity == identity
        {
            self.gone = false;
            return Ok(());
        }
        if let Some((bad, (path, line, column, message))) = &self.bad
            && *bad == identity
        {
            return Err(StoreError::Unreadable {
                path: path.clone(),
                line: *line,
                column: *column,
                message: message.clone(),
            });
        }
        self.bad = None;
        match self.read(&|_, _| ()) {
            Ok(Some(contents)) => {
                self.adopt(contents);
                Ok(())
            }
            Ok(None) => {
                self.gone = self.known.is_some();
                Err(self.is_gone())
            }
            Err(error) => {
                if let StoreError::Unreadable {
                    path,
                    line,
                    column,
                    message,
                } = &error
                    && identity.is_certain(super::disk::now())
                {
                    self.bad = Some((identity, (path.clone(), *line, *column, message.clone())));
                }
                Err(error)
            }
        }
    }

    /// Whether the path that was given still leads to the data file.
    pub(super) fn here(&self) -> Result<(), StoreError> {
        if Paths::resolve(&self.given)?.data == self.paths.data {
            return Ok(());
        }
        Err(StoreError::Elsewhere {
            path: self.given.clone(),
            was: self.paths.data.clone(),
        })
    }

    fn adopt(&mut self, contents: FileContents) {
        let FileContents {
            wardrobe,
            layout,
            identity,
            certain,
            access,
        } = contents;
        let digest = OnceCell::new();
        let work_out = || *digest.get_or_init(|| digest_of(&wardrobe, Some((&wardrobe, &layout))));
        let line = history::recall(&self.disk, &self.paths.history, &identity, work_out);
        if let Some((revision, digest)) = line {
            self.marked = Some(RecordedState {
                identity,
                digest,
                revision,
                wardrobe: wardrobe.clone(),
            });
        }
        self.hold(
            wardrobe,
            KnownFile {
                identity,
                certain,
                layout,
                access,
                digest,
            },
        );
    }

    /// The digest of what the file was last seen to hold; `None` while there never was one.
    pub(super) fn digest(&self) -> Option<Digest> {
        let known = self.known.as_ref()?;
        let work_out = || digest_of(&self.full, Some((&self.full, &known.layout)));
        Some(*known.digest.get_or_init(work_out))
    }

    pub(super) fn hold(&mut self, wardrobe: Wardrobe, known: KnownFile) {
        self.view = view::limited(&wardrobe, &self.options.scope);
        self.full = wardrobe;
        self.known = Some(known);
        self.gone = false;
    }

    pub(super) fn is_gone(&self) -> StoreError {
        StoreError::Gone {
            path: self.paths.data.clone(),
        }
    }

    /// Removes what a killed writer left: its temporary file, and the lines of the history for it.
    fn tidy(&mut self) -> Result<(), StoreError> {
        let paths = self.paths.clone();
        let look = |path: &Path| self.disk.look(path).map_err(StoreError::io("look at", path));
        let (data, left) = (look(&paths.data)?, look(&paths.data_temporary)?);
        let others = [&paths.history_temporary, &paths.damaged_temporary];
        let is_left = |path: &&PathBuf| look(path).map(|left| left.is_some());
        if left.is_none() && !is_left(&others[0])? && !is_left(&others[1])? {
            return Ok(());
        }
        let access = self.access(data.as_ref())?;
        let Some(_lock) = FileLock::try_take(&self.disk, &paths.lock, &access.of_lock())? else {
            return Ok(());
        };
        let claim = |path| LeftoverFile::claim(&self.disk, path).map_err(StoreError::io("remove", path));
        let (Some(data_left), Some(history_left)) =
            (claim(&paths.data_temporary)?, claim(&paths.history_temporary)?)
        else {
            return Ok(()); // Somebody is at work.
        };
        let now = look(&paths.data)?.as_ref().map(FileIdentity::of);
        if now != self.known.as_ref().map(|known| known.identity) {
            return Ok(());
        }
        // Only who has the data file's temporary file cuts: else it may be the line of somebody who is just writing it.
        if data_left.is_some()
            && let Some(file) = history::open(&self.disk, &paths.history)?
        {
            let tail = self.tail(&file)?;
            if tail.keep < tail.length {
                let (file, _) = self
                    .disk
                    .open_or_create(&paths.history)
                    .map_err(StoreError::io("open", &paths.history))?;
                self.disk
                    .cut(&file, tail.keep)
                    .and_then(|()| self.disk.sync(&file))
                    .map_err(StoreError::io("write", &paths.history))?;
            }
        }
        data_left
            .remove()
            .and_then(|()| history_left.remove())
            .and_then(|()| sweep(&self.disk, &paths.damaged_temporary).map(drop))
            .map_err(StoreError::io("remove", &paths.data_temporary))
    }

    /// What the end of the history says, given what is known of the data file. Only to be acted on under the lock.
    pub(super) fn tail(&self, file: &std::fs::File) -> Result<history::HistoryTail, StoreError> {
        let known = self.known.as_ref().filter(|_| !self.gone);
        history::tail(
            file,
            known.map(|known| (known.identity, self.full.revision)),
            || {
                Ok(self
                    .disk
                    .look(&self.paths.data_temporary)?
                    .as_ref()
                    .map(FileIdentity::of))
            },
        )
        .map_err(StoreError::io("read", &self.paths.history))
    }

    /// Whether the history has commits, so that there must have been a data file.
    fn has_history(&self) -> bool {
        let tail = history::open(&self.disk, &self.paths.history)
            .and_then(|file| file.map_or(Ok(None), |file| Ok(self.tail(&file)?.last)));
        matches!(tail, Ok(Some(_)))
    }

    /// Whether changes can be written here, as far as that can be said without trying.
    pub(super) fn writable(&self) -> Result<(), StoreError> {
        if self.options.scope.read_only {
            return Err(StoreError::ReadOnly);
        }
        let cannot = |path: &Path, reason: &str| StoreError::NotWritable {
            path: path.to_path_buf(),
            reason: reason.into(),
        };
        if let Ok(data) = self.paths.data.metadata() {
            if data.mode() & 0o222 == 0 {
                return Err(cannot(
                    &self.paths.data,
                    "the file is read-only; make it writable first (chmod u+w)",
                ));
            }
            may_write(&self.paths.data).map_err(StoreError::io("write", &self.paths.data))?;
        }
        let folder = self.paths.folder.ancestors().find(|folder| folder.exists());
        let folder = folder.unwrap_or(&self.paths.folder);
        may_write(folder).map_err(StoreError::io("write in", folder))
    }

    /// A page of the history, newest first. It may have fewer entries than asked for and still a next page: a filter
    /// that matches little is followed in portions.
    pub fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        page(&self.disk, &self.paths, &self.options.scope, query)
    }

    /// One entry of the history; `None` when it is not there or out of scope.
    pub fn entry(&self, revision: u64) -> Result<Option<HistoryEntry>, StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(None),
            Some(file) => pages::entry(&file, revision, &self.options.scope)
                .map_err(StoreError::io("read", &self.paths.history)),
        }
    }

    /// What the actor can take back and put back next.
    pub fn find_undo(&self) -> Result<UndoCandidate, StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(UndoCandidate::default()),
            Some(file) => pages::find_undo(&file, &self.options, &self.view)
                .map_err(StoreError::io("read", &self.paths.history)),
        }
    }

    /// Removes what is older from the history, for good; says how many lines that were. A line that cannot be read goes
    /// with the one before it.
    pub fn forget(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        self.writable()?;
        self.here()?;
        rewrite::forget(&self.disk, &self.paths, before)
    }
}

/// Whether there is a data file here, or a history of one.
pub fn is_anything_at(path: &Path) -> bool {
    let there = |path: &Path| path.symlink_metadata().is_ok();
    Paths::resolve(path).is_ok_and(|paths| there(&paths.data) || there(&paths.history))
}

/// A page of the history of a data file, which itself is not read: it may be large, or not readable.
pub fn history_of(path: &Path, scope: &Scope, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
    page(&Disk::default(), &Paths::resolve(path)?, scope, query)
}

fn page(disk: &Disk, paths: &Paths, scope: &Scope, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
    match history::open(disk, &paths.history)? {
        None => Ok(HistoryPage::default()),
        Some(file) => pages::page(&file, query, scope).map_err(StoreError::io("read", &paths.history)),
    }
}
