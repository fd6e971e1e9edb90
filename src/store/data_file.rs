//! The store: a data file and its last known content.

use std::cell::OnceCell;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use super::digest::Digest;
use super::disk::{Disk, FileIdentity, check_may_write, elapsed_ms};
use super::file::{self, FileContents};
use super::known_file::{KnownFile, RecordedState};
use super::lock::{FileLock, LeftoverFile, remove_leftover};
use super::room_spans::digest_of;
use super::{
    Change, HistoryEntry, HistoryPage, HistoryQuery, Paths, Snapshot, StoreError, StoreOptions,
    UndoCandidate, history, pages, rewrite, view,
};
use crate::model::Wardrobe;

/// The result of [`Store::refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The content in scope is unchanged.
    Unchanged,
    /// The content in scope has changed, or the file was created or recreated; see [`Store::snapshot`].
    Changed,
    /// The file was deleted; its last content is kept in memory.
    Gone,
}

/// A data file with its last known content.
#[derive(Debug)]
pub struct Store {
    /// The path as given. Its symbolic links may later lead elsewhere.
    given_path: PathBuf,
    pub(super) paths: Paths,
    pub(super) options: StoreOptions,
    pub(super) disk: Disk,
    /// The whole content, regardless of the scope.
    pub(super) full: Wardrobe,
    /// The content in scope.
    view: Wardrobe,
    /// The file as last read or written; `None` as long as there has never been a file.
    pub(super) known: Option<KnownFile>,
    /// Whether the file was deleted.
    pub(super) gone: bool,
    /// The last state recorded in the history, to find out what was changed outside hatrack.
    pub(super) recorded: Option<RecordedState>,
    /// Changes written with these revisions, but perhaps not durably, as the folder could not be synced.
    pub(super) unsynced: Vec<(Change, u64)>,
    /// The file that could not be parsed, and why: it is not read again until it changes.
    unreadable: Option<(FileIdentity, UnreadableParts)>,
}

/// The fields of [`StoreError::Unreadable`].
type UnreadableParts = (PathBuf, usize, usize, String);

impl Store {
    /// Opens a data file; the wardrobe is empty if neither the file nor its history exists. Nothing is created. Removes
    /// the leftovers of a killed writer, unless the session is read-only. Fails if the file cannot be read, or if only
    /// its history exists.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_with(path, options, Disk::default(), &|_, _| ())
    }

    /// Like [`Store::open`], with this disk. `progress` is called for large files with the bytes read and the total.
    pub fn open_with(
        path: &Path,
        options: StoreOptions,
        disk: Disk,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        let paths = Paths::resolve(path)?;
        let mut store = Self {
            given_path: path.to_path_buf(),
            paths,
            options,
            disk,
            full: Wardrobe::default(),
            view: Wardrobe::default(),
            known: None,
            gone: false,
            recorded: None,
            unsynced: Vec::new(),
            unreadable: None,
        };
        let read = |store: &Self| store.read(progress);
        let mut contents = read(&store)?;
        if contents.is_none() && store.has_history() {
            // Another process may have just made the first commit; otherwise the file was removed, and must not be
            // silently replaced by an empty one.
            contents = read(&store)?;
            if contents.is_none() {
                return Err(StoreError::missing(&store.paths.data, &store.paths.history));
            }
        }
        if let Some(contents) = contents {
            store.adopt(contents);
        }
        if !store.options.scope.read_only {
            // The next writer removes the leftovers that cannot be removed now.
            let _ = store.remove_leftovers();
        }
        Ok(store)
    }

    /// The paths of the files.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The last known content of the file; only the rooms in scope.
    pub fn wardrobe(&self) -> &Wardrobe {
        &self.view
    }

    /// Whether the data file existed when last checked.
    pub fn exists(&self) -> bool {
        self.known.is_some() && !self.gone
    }

    /// The last known content with the state of the file.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            has_nothing_to_undo: pages::has_nothing_to_undo(
                &self.disk,
                &self.paths,
                &self.options,
                &self.view,
            ),
            wardrobe: self.view.clone(),
            exists: self.exists(),
            read_only: self.check_writable().err().map(|error| error.to_string()),
        }
    }

    /// Checks whether the file was changed by another process, and if so reloads it.
    pub fn refresh(&mut self) -> Result<Refreshed, StoreError> {
        self.check_path()?;
        let metadata = self
            .disk
            .metadata(&self.paths.data)
            .map_err(StoreError::io("access", &self.paths.data))?;
        let Some(metadata) = metadata else {
            self.gone = self.known.is_some();
            return Ok(if self.gone {
                Refreshed::Gone
            } else {
                Refreshed::Unchanged
            });
        };
        let (before, was_gone, was_new) = (self.view.clone(), self.gone, self.known.is_none());
        self.reload_if_changed(&metadata)?;
        if self.view == before && !was_gone && !was_new {
            Ok(Refreshed::Unchanged)
        } else {
            Ok(Refreshed::Changed)
        }
    }

    /// Reads the file; `None` if it does not exist. A parse error may reveal a room out of scope, so a restricted
    /// session gets a general message instead.
    fn read(&self, progress: &dyn Fn(u64, u64)) -> Result<Option<FileContents>, StoreError> {
        let since = Instant::now();
        let mut read = file::read(&self.disk, &self.paths.data, &self.full, progress);
        // If the file had content before and is empty now, another program is probably rewriting it.
        let may_be_new = self.known.as_ref().is_none_or(|known| known.identity.size == 0);
        if matches!(read, Err(StoreError::Unreadable { .. }))
            && may_be_new
            && let Some(blank) = file::read_blank(&self.disk, &self.paths)?
        {
            return Ok(Some(blank));
        }
        if let (Err(StoreError::Unreadable { message, .. }), Some(_)) = (&mut read, &self.options.scope.rooms)
        {
            *message = "cannot be read; ask your administrator".into();
        }
        if let Ok(Some(contents)) = &read {
            log::info!(
                file:% = self.paths.data.display(),
                revision = contents.wardrobe.revision,
                rooms = contents.wardrobe.rooms().len(),
                ms = elapsed_ms(since);
                "read"
            );
        }
        read
    }

    /// Reloads the file unless its metadata show that it is the last known one. Fails if the file cannot be read or no
    /// longer exists.
    pub(super) fn reload_if_changed(&mut self, metadata: &Metadata) -> Result<(), StoreError> {
        let identity = FileIdentity::of(metadata);
        if let Some(known) = &self.known
            && known.is_identity_reliable
            && known.identity == identity
        {
            self.gone = false;
            return Ok(());
        }
        if let Some((unreadable, (path, line, column, message))) = &self.unreadable
            && *unreadable == identity
        {
            return Err(StoreError::Unreadable {
                path: path.clone(),
                line: *line,
                column: *column,
                message: message.clone(),
            });
        }
        self.unreadable = None;
        match self.read(&|_, _| ()) {
            Ok(Some(contents)) => {
                self.adopt(contents);
                Ok(())
            }
            Ok(None) => {
                self.gone = self.known.is_some();
                Err(self.gone_error())
            }
            Err(error) => {
                if let StoreError::Unreadable {
                    path,
                    line,
                    column,
                    message,
                } = &error
                    && identity.is_reliable(super::disk::now_nanos())
                {
                    self.unreadable = Some((identity, (path.clone(), *line, *column, message.clone())));
                }
                Err(error)
            }
        }
    }

    /// Checks that the given path still leads to the data file.
    pub(super) fn check_path(&self) -> Result<(), StoreError> {
        if Paths::resolve(&self.given_path)?.data == self.paths.data {
            return Ok(());
        }
        Err(StoreError::PathMoved {
            path: self.given_path.clone(),
            data: self.paths.data.clone(),
        })
    }

    /// Sets the last known content to the contents that were read from the file.
    fn adopt(&mut self, contents: FileContents) {
        let FileContents {
            wardrobe,
            spans,
            identity,
            is_identity_reliable,
            access,
        } = contents;
        let digest = OnceCell::new();
        let compute_digest = || *digest.get_or_init(|| digest_of(&wardrobe, Some((&wardrobe, &spans))));
        let recorded = history::find_recorded(&self.disk, &self.paths.history, &identity, compute_digest);
        if let Some((revision, digest)) = recorded {
            self.recorded = Some(RecordedState {
                identity,
                digest,
                revision,
                wardrobe: wardrobe.clone(),
            });
        }
        self.set_current(
            wardrobe,
            KnownFile {
                identity,
                is_identity_reliable,
                spans,
                access,
                digest,
            },
        );
    }

    /// The digest of the last known content; `None` as long as there has never been a file.
    pub(super) fn digest(&self) -> Option<Digest> {
        let known = self.known.as_ref()?;
        let compute_digest = || digest_of(&self.full, Some((&self.full, &known.spans)));
        Some(*known.digest.get_or_init(compute_digest))
    }

    pub(super) fn set_current(&mut self, wardrobe: Wardrobe, known: KnownFile) {
        self.view = view::restrict(&wardrobe, &self.options.scope);
        self.full = wardrobe;
        self.known = Some(known);
        self.gone = false;
    }

    pub(super) fn gone_error(&self) -> StoreError {
        StoreError::Gone {
            path: self.paths.data.clone(),
        }
    }

    /// Removes what a killed writer left: its temporary files and its lines in the history.
    fn remove_leftovers(&mut self) -> Result<(), StoreError> {
        let paths = self.paths.clone();
        let metadata = |path: &Path| self.disk.metadata(path).map_err(StoreError::io("access", path));
        let (data, leftover) = (metadata(&paths.data)?, metadata(&paths.data_temporary)?);
        let other_temporaries = [&paths.history_temporary, &paths.damaged_temporary];
        let exists = |path: &&PathBuf| metadata(path).map(|found| found.is_some());
        if leftover.is_none() && !exists(&other_temporaries[0])? && !exists(&other_temporaries[1])? {
            return Ok(());
        }
        let access = self.data_access(data.as_ref())?;
        let Some(_lock) = FileLock::try_acquire(&self.disk, &paths.lock, &access.for_lock())? else {
            return Ok(());
        };
        let claim = |path| LeftoverFile::claim(&self.disk, path).map_err(StoreError::io("remove", path));
        let (Some(data_leftover), Some(history_leftover)) =
            (claim(&paths.data_temporary)?, claim(&paths.history_temporary)?)
        else {
            return Ok(()); // Another process is writing.
        };
        let identity = metadata(&paths.data)?.as_ref().map(FileIdentity::of);
        if identity != self.known.as_ref().map(|known| known.identity) {
            return Ok(());
        }
        // The history may be cut only while the temporary file of the data file is locked here: otherwise its last
        // lines may belong to a running writer.
        if data_leftover.is_some()
            && let Some(file) = history::open(&self.disk, &paths.history)?
        {
            let tail = self.read_tail(&file)?;
            if tail.valid_length < tail.length {
                let (file, _) = self
                    .disk
                    .open_or_create(&paths.history)
                    .map_err(StoreError::io("open", &paths.history))?;
                self.disk
                    .truncate(&file, tail.valid_length)
                    .and_then(|()| self.disk.sync(&file))
                    .map_err(StoreError::io("write", &paths.history))?;
            }
        }
        data_leftover
            .remove()
            .and_then(|()| history_leftover.remove())
            .and_then(|()| remove_leftover(&self.disk, &paths.damaged_temporary).map(drop))
            .map_err(StoreError::io("remove", &paths.data_temporary))
    }

    /// Reads the end of the history in relation to the known data file. Only valid for writing if the lock is held.
    pub(super) fn read_tail(&self, file: &std::fs::File) -> Result<history::HistoryTail, StoreError> {
        let known = self.known.as_ref().filter(|_| !self.gone);
        history::read_tail(
            file,
            known.map(|known| (known.identity, self.full.revision)),
            || {
                Ok(self
                    .disk
                    .metadata(&self.paths.data_temporary)?
                    .as_ref()
                    .map(FileIdentity::of))
            },
        )
        .map_err(StoreError::io("read", &self.paths.history))
    }

    /// Whether the history has a commit, so that a data file must have existed; `false` if it cannot be read.
    fn has_history(&self) -> bool {
        let tail = history::open(&self.disk, &self.paths.history)
            .and_then(|file| file.map_or(Ok(None), |file| Ok(self.read_tail(&file)?.last)));
        matches!(tail, Ok(Some(_)))
    }

    /// Checks whether changes can be written, as far as this can be determined without writing.
    pub(super) fn check_writable(&self) -> Result<(), StoreError> {
        if self.options.scope.read_only {
            return Err(StoreError::ReadOnly);
        }
        let not_writable = |path: &Path, reason: &str| StoreError::NotWritable {
            path: path.to_path_buf(),
            reason: reason.into(),
        };
        if let Ok(data) = self.paths.data.metadata() {
            if data.mode() & 0o222 == 0 {
                return Err(not_writable(
                    &self.paths.data,
                    "the file is read-only; make it writable first (chmod u+w)",
                ));
            }
            check_may_write(&self.paths.data).map_err(StoreError::io("write", &self.paths.data))?;
        }
        let folder = self.paths.folder.ancestors().find(|folder| folder.exists());
        let folder = folder.unwrap_or(&self.paths.folder);
        check_may_write(folder).map_err(StoreError::io("write to", folder))
    }

    /// A page of the history, newest entries first. It may have fewer entries than the limit and still have a next
    /// page, as the amount of history searched for one page is limited.
    pub fn history(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        pages::read_page(&self.disk, &self.paths, &self.options.scope, query)
    }

    /// The entry with this revision; `None` if it does not exist, is damaged or is out of scope.
    pub fn history_entry(&self, revision: u64) -> Result<Option<HistoryEntry>, StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(None),
            Some(file) => pages::entry(&file, revision, &self.options.scope)
                .map_err(StoreError::io("read", &self.paths.history)),
        }
    }

    /// All entries in scope from a revision on, newest first.
    pub fn history_since(&self, revision: u64) -> Result<Vec<HistoryEntry>, StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(Vec::new()),
            Some(file) => pages::entries_since(&file, revision, &self.options.scope)
                .map_err(StoreError::io("read", &self.paths.history)),
        }
    }

    /// Finds the commits that the actor can undo and redo next.
    pub fn find_undo(&self) -> Result<UndoCandidate, StoreError> {
        match history::open(&self.disk, &self.paths.history)? {
            None => Ok(UndoCandidate::default()),
            Some(file) => pages::find_undo(&file, &self.options, &self.view)
                .map_err(StoreError::io("read", &self.paths.history)),
        }
    }

    /// Permanently removes the entries before this time from the history; returns the number of lines removed. A
    /// damaged line is treated like the one before it; at the start of the history, it is removed.
    pub fn forget(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        self.check_writable()?;
        self.check_path()?;
        rewrite::forget(&self.disk, &self.paths, before)
    }
}

/// Whether there is a data file at this path, or the history of one.
pub fn data_or_history_exists(path: &Path) -> bool {
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    Paths::resolve(path).is_ok_and(|paths| exists(&paths.data) || exists(&paths.history))
}
