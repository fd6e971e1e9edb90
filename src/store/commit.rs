//! Commits: lock, catch up, rebase, temporary file, history line, rename; durable before anybody is told.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use uuid::Uuid;

use super::access::Access;
use super::compose::{self, SourceFile};
use super::data_file::Store;
use super::digest::Digest;
use super::disk::{Disk, FileIdentity, milliseconds};
use super::history::{HistoryTail, line};
use super::known_file::{KnownFile, RecordedState};
use super::lock::{FileLock, LeftoverFile, LockBackoff, TemporaryFile};
use super::record::following;
use super::view::{holds, permit, rebase};
use super::{Change, HistoryEntry, StoreError};
use crate::model::{self, Group, Wardrobe};

/// How often a commit is begun again at once because the file was changed in the middle of it.
const TRIES: usize = 10;
/// What became of each change: its revision, `None` when it made no difference any more, or why it was not done.
type ChangeResults = Vec<Result<Option<u64>, model::EditError>>;

impl Store {
    /// Commits changes, each a revision of its own, all with one writing of the file. For each: its revision (`None`
    /// when it makes no difference any more) or why it was not done. What has a revision is durable.
    ///
    /// An error means that nothing can be relied on to have been written; asking again is right in any case.
    pub fn commit(&mut self, changes: &[Change]) -> Result<ChangeResults, StoreError> {
        self.writable()?;
        self.here()?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        if self.known.is_none() {
            self.make_folder()?;
        }
        let data = self.look()?;
        if data.is_none() && self.known.is_some() {
            self.gone = true;
            return Err(self.is_gone());
        }
        let access = self.access(data.as_ref())?.of_lock();
        let since = Instant::now();
        let done = self.locked(&access, |store| store.attempt(changes));
        self.report(&done, since);
        done
    }

    /// Tells the log.
    fn report(&self, done: &Result<ChangeResults, StoreError>, since: Instant) {
        let ms = milliseconds(since);
        match done {
            Ok(results) => {
                let made = results
                    .iter()
                    .filter(|result| matches!(result, Ok(Some(_))))
                    .count();
                let refused = results.iter().filter(|result| result.is_err()).count();
                log::info!(revision = self.full.revision, changes = made, refused, ms; "commit");
            }
            Err(error) => log::warn!(reason:% = error, ms; "commit failed"),
        }
    }

    /// Does something under the lock. It is begun again when something changed the file in the middle of it, and when
    /// somebody is at work all the same: the lock file was removed under one of the two.
    fn locked<T>(
        &mut self,
        access: &Access,
        mut attempt: impl FnMut(&mut Self) -> Result<Attempt<T>, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut wait, mut changes) = (LockBackoff::begin(), 0);
        loop {
            let lock = FileLock::take_in(&mut wait, &self.disk, &self.paths.lock, access)?;
            loop {
                match attempt(self)? {
                    Attempt::Done(done) => return Ok(done),
                    Attempt::Busy => break,
                    Attempt::Changed => changes += 1,
                }
                if changes > TRIES {
                    break;
                }
            }
            drop(lock);
            let waited = wait.on(&self.disk, &self.paths.data_temporary);
            if waited.is_err() && changes > TRIES {
                let reason = io::Error::other("something keeps changing it");
                return Err(StoreError::io("write", &self.paths.data)(reason));
            }
            waited?;
        }
    }

    /// Writes the file again after it was [`super::Refreshed::Gone`], as it was last seen.
    pub fn restore(&mut self) -> Result<(), StoreError> {
        self.writable()?;
        self.here()?;
        self.make_folder()?;
        let access = self.access(None)?.of_lock();
        self.locked(&access, Self::restore_now)
    }

    fn restore_now(&mut self) -> Result<Attempt<()>, StoreError> {
        let (disk, path) = (self.disk.clone(), self.paths.data_temporary.clone());
        let Some(temporary) = self.begin(&disk, &path)? else {
            return Ok(Attempt::Busy);
        };
        if let Some(there) = self.look()? {
            return self.catch_up(&there).map(Attempt::Done);
        }
        if self.known.is_none() {
            return Err(StoreError::missing(&self.paths.data, &self.paths.history)); // What is not known cannot be written.
        }
        self.gone = true;
        let tail = self.end()?;
        let mut next = self.full.clone();
        next.revision = following(&next, &tail);
        let entry = self.entry_of(next.revision, &Change::default(), Group::default());
        let replaced = self.replace(&temporary, next, &[entry], &tail, None)?;
        if let Attempt::Done(()) = replaced {
            self.sync_folder()?;
        }
        // Else somebody else has just written one.
        Ok(replaced)
    }

    fn make_folder(&self) -> Result<(), StoreError> {
        self.disk
            .make_folder(&self.paths.folder)
            .map_err(StoreError::io("make the folder", &self.paths.folder))
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        self.disk
            .sync_folder(&self.paths.folder, &self.paths.data)
            .map_err(StoreError::io("write", &self.paths.folder))
    }

    /// Who may read and write the data file; where there is none, who could, or is to.
    pub(super) fn access(&self, data: Option<&Metadata>) -> Result<Access, StoreError> {
        let wrong = || StoreError::io("read the permissions of", &self.paths.data);
        if data.is_some()
            && let Some(file) = self.disk.open(&self.paths.data).map_err(wrong())?
        {
            return Access::of(&file).map_err(wrong());
        }
        let known = self.known.as_ref().and_then(|known| known.access.clone());
        known.map_or_else(|| Access::first(&self.paths.folder).map_err(wrong()), Ok)
    }

    fn look(&self) -> Result<Option<Metadata>, StoreError> {
        self.disk
            .look(&self.paths.data)
            .map_err(StoreError::io("look at", &self.paths.data))
    }

    /// One try, under the lock.
    fn attempt(&mut self, changes: &[Change]) -> Result<Attempt<ChangeResults>, StoreError> {
        if !self.unsynced.is_empty() {
            self.sync_folder()?;
        }
        let (disk, path) = (self.disk.clone(), self.paths.data_temporary.clone());
        let Some(temporary) = self.begin(&disk, &path)? else {
            return Ok(Attempt::Busy);
        };
        let data = self.look()?;
        match &data {
            Some(data) => self.catch_up(data)?,
            None if self.known.is_some() => {
                self.gone = true;
                return Err(self.is_gone());
            }
            None => {}
        }
        self.writable()?;
        let tail = self.end()?;
        if data.is_none() && tail.last.is_some() {
            return Err(StoreError::missing(&self.paths.data, &self.paths.history));
        }
        let mut next = self.full.clone();
        let mut revision = following(&next, &tail);
        let mut entries: Vec<HistoryEntry> = self.outside(revision, &tail)?.into_iter().collect();
        let noted = entries.len();
        revision += noted as u64;
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(match self.rebased(&mut next, change) {
                Err(error) => Err(error),
                Ok(Rebased::Before(revision)) => Ok(Some(revision)),
                Ok(Rebased::Now(group)) if group.is_empty() => Ok(None),
                Ok(Rebased::Now(group)) => {
                    entries.push(self.entry_of(revision, change, group));
                    revision += 1;
                    Ok(Some(revision - 1))
                }
            });
        }
        if entries.len() == noted {
            self.unsynced.clear();
            return Ok(Attempt::Done(results));
        }
        next.revision = revision - 1;
        match self.replace(&temporary, next, &entries, &tail, data.as_ref())? {
            Attempt::Done(()) => {}
            Attempt::Changed => return Ok(Attempt::Changed),
            Attempt::Busy => return Ok(Attempt::Busy),
        }
        self.unsynced = changes
            .iter()
            .zip(&results)
            .filter_map(|(change, result)| Some((change.clone(), (*result.as_ref().ok()?)?)))
            .collect();
        // Until the folder is durable too, what has been renamed may be lost with the power.
        self.sync_folder()?;
        self.unsynced.clear();
        Ok(Attempt::Done(results))
    }

    fn rebased(&self, next: &mut Wardrobe, change: &Change) -> Result<Rebased, model::EditError> {
        permit(&self.options.scope, &change.group)?;
        let before = self.unsynced.iter().find(|(there, _)| there == change);
        if let Some((_, revision)) = before
            && holds(next, &change.group)
        {
            return Ok(Rebased::Before(*revision));
        }
        rebase(next, &change.group).map(|group| Rebased::Now(group.into_owned()))
    }

    pub(super) fn entry_of(&self, revision: u64, change: &Change, group: Group) -> HistoryEntry {
        HistoryEntry {
            revision,
            id: Uuid::new_v4().to_string().into(),
            time: Timestamp::now(),
            actor: self.options.actor.as_str().into(),
            group,
            undoes: change.undoes,
            redoes: change.redoes,
            outside: false,
            partial: false,
        }
    }

    /// Makes the data file's temporary file. From then on nobody else gets at the files, even where the lock file was
    /// removed. `None`: somebody is at work. What a killed writer left is removed first, with its lines.
    fn begin<'a>(&mut self, disk: &'a Disk, path: &'a Path) -> Result<Option<TemporaryFile<'a>>, StoreError> {
        let Some(left) = LeftoverFile::claim(disk, path).map_err(StoreError::io("look at", path))? else {
            return Ok(None);
        };
        if left.is_some() {
            match self.look()? {
                Some(data) => self.catch_up(&data)?,
                None => self.gone = self.known.is_some(),
            }
            self.end()?;
            left.remove().map_err(StoreError::io("remove", path))?;
        }
        TemporaryFile::make(disk, path).map_err(StoreError::io("write", &self.paths.data))
    }

    /// Puts a wardrobe in the place of the file, with its lines in the history. Where it is not done, and on an error, all
    /// is as it was before.
    fn replace(
        &mut self,
        temporary: &TemporaryFile<'_>,
        next: Wardrobe,
        entries: &[HistoryEntry],
        tail: &HistoryTail,
        data: Option<&Metadata>,
    ) -> Result<Attempt<()>, StoreError> {
        if next.revision > Wardrobe::LAST_REVISION {
            return Err(self.no_larger_revision(tail));
        }
        let access = self.access(data)?;
        let (paths, disk, out) = (self.paths.clone(), self.disk.clone(), temporary.file());
        let wrong = || StoreError::io("write", &paths.data);
        let mut appended = false;
        let written = (|| {
            let composed = self.compose(out, &next);
            let (layout, digest) = match composed {
                Err(_) if self.is_other(data)? => return Ok(None),
                other => other.map_err(wrong())?,
            };
            let (identity, sealed) = disk.seal(out).map_err(wrong())?;
            let lines: String = entries
                .iter()
                .map(|entry| line(entry, &identity, digest))
                .collect();
            appended = true;
            self.append(tail, &lines, Some(&access.beside()))?;
            // Until now nobody else could open it. (Who has it open could lock it, and keep everybody out after a crash.)
            if access.give(&disk, out).map_err(wrong())? {
                disk.sync(out).map_err(wrong())?;
            }
            if self.is_other(data)? || !temporary.is_there().map_err(wrong())? {
                return Ok(None);
            }
            temporary.rename(&paths.data).map_err(wrong())?;
            // Nothing may go wrong any more. Where its new times cannot be had, it is simply read again.
            let identity = out.metadata().map_or(identity, |now| FileIdentity::of(&now));
            Ok(Some((layout, identity, sealed, digest)))
        })();
        let Ok(Some((layout, identity, sealed, digest))) = written else {
            // Where the history cannot be set back, the temporary file stays: it tells the next writer that the lines
            // are of a file that never came to be. Who lost it has nothing to set back: somebody else may be at work.
            if appended && (!temporary.is_there().unwrap_or(false) || self.take_back(tail).is_err()) {
                temporary.stay();
            }
            return written.map(|_| Attempt::Changed);
        };
        self.marked = Some(RecordedState {
            identity,
            digest: Some(digest),
            revision: next.revision,
            wardrobe: next.clone(),
        });
        let known = KnownFile {
            access: Some(access.clone()),
            certain: sealed && identity.mtime % 1_000_000_000 != 0,
            identity,
            layout,
            digest: digest.into(),
        };
        self.hold(next, known);
        Ok(Attempt::Done(()))
    }

    fn compose(&self, out: &File, next: &Wardrobe) -> io::Result<(super::room_spans::RoomSpans, Digest)> {
        let known = self.known.as_ref().filter(|_| !self.gone);
        let old = match known {
            Some(known) if !known.layout.is_empty() => {
                let file = self.disk.open(&self.paths.data)?;
                let same = |file: &File| {
                    file.metadata()
                        .map(|now| FileIdentity::of(&now) == known.identity)
                };
                match file {
                    Some(file) if same(&file)? => Some((file, known)),
                    _ => None,
                }
            }
            _ => None,
        };
        let source = old.as_ref().map(|(file, known)| SourceFile {
            file,
            layout: &known.layout,
            wardrobe: &self.full,
        });
        compose::write(&self.disk, out, next, source.as_ref())
    }

    /// Whether the data file is not the one any more that this commit began with.
    fn is_other(&self, data: Option<&Metadata>) -> Result<bool, StoreError> {
        Ok(self.look()?.as_ref().map(FileIdentity::of) != data.map(FileIdentity::of))
    }
}

/// What came of a try under the lock.
enum Attempt<T> {
    Done(T),
    /// The file was changed in the middle of it.
    Changed,
    /// Somebody else is at work.
    Busy,
}

enum Rebased {
    /// It was written before, under this revision, and is durable now.
    Before(u64),
    /// What is to be written.
    Now(Group),
}
