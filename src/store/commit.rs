//! Commits: lock, reload, rebase, temporary file, history line, rename. A commit is durable before it is reported.

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
use super::disk::{Disk, FileIdentity, elapsed_ms};
use super::history::{HistoryTail, serialize_line};
use super::history_writer::next_revision;
use super::hook::{CommitHook, CommitHooks, RebasedChange};
use super::known_file::{KnownFile, RecordedState};
use super::lock::{FileLock, LeftoverFile, LockBackoff, TemporaryFile};
use super::side_file;
use super::view::{check_rooms, is_applied, permit, rebase};
use super::{Change, HistoryEntry, StoreError};
use crate::model::{self, EditGroup, Wardrobe};

/// The maximum number of immediate restarts of a commit because the data file was changed during it.
const MAX_RESTARTS: usize = 10;
/// The suffix of the folder next to the data file that has the stored states of live servers.
const SERVERS_SUFFIX: &str = "servers";
/// The result for each change: its revision, `None` if it was already in effect, or why it was rejected.
type ChangeResults = Vec<Result<Option<u64>, model::EditError>>;

impl Store {
    /// Commits changes, each with its own revision, writing the data file once. Returns for each its revision (`None`
    /// if it was already in effect) or why it was rejected. Changes with a revision are durable.
    ///
    /// After an error it is uncertain whether anything was written; committing the same changes again is always safe.
    pub fn commit(&mut self, changes: &[Change]) -> Result<ChangeResults, StoreError> {
        self.check_writable()?;
        self.check_path()?;
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        if self.known.is_none() {
            self.create_folder()?;
        }
        let data = self.data_metadata()?;
        if data.is_none() && self.known.is_some() {
            self.gone = true;
            return Err(self.gone_error());
        }
        let access = self.data_access(data.as_ref())?.for_lock();
        let since = Instant::now();
        let result = self.with_lock(&access, |store| store.try_commit(changes));
        self.log_result(&result, since);
        result
    }

    /// Replaces the hook that is called around commits.
    pub fn set_hooks(&mut self, hooks: CommitHooks) {
        self.options.hooks = hooks;
    }

    fn log_result(&self, result: &Result<ChangeResults, StoreError>, since: Instant) {
        let ms = elapsed_ms(since);
        match result {
            Ok(results) => {
                let committed = results
                    .iter()
                    .filter(|result| matches!(result, Ok(Some(_))))
                    .count();
                let refused = results.iter().filter(|result| result.is_err()).count();
                log::info!(revision = self.full.revision, changes = committed, refused, ms; "commit");
            }
            Err(error) => log::warn!(reason:% = error, ms; "commit failed"),
        }
    }

    /// Runs an attempt under the lock. Repeats it if the data file was changed during the attempt, or if another
    /// process is writing in spite of the lock, because someone removed the lock file.
    fn with_lock<T>(
        &mut self,
        access: &Access,
        mut attempt: impl FnMut(&mut Self) -> Result<Attempt<T>, StoreError>,
    ) -> Result<T, StoreError> {
        let (mut backoff, mut restarts) = (LockBackoff::start(), 0);
        loop {
            let lock = FileLock::acquire_within(&mut backoff, &self.disk, &self.paths.lock, access)?;
            loop {
                match attempt(self)? {
                    Attempt::Done(done) => return Ok(done),
                    Attempt::Busy => break,
                    Attempt::Changed => restarts += 1,
                }
                if restarts > MAX_RESTARTS {
                    break;
                }
            }
            drop(lock);
            let waited = backoff.wait(&self.disk, &self.paths.data_temporary);
            if waited.is_err() && restarts > MAX_RESTARTS {
                let reason = io::Error::other("the file keeps changing");
                return Err(StoreError::io("write", &self.paths.data)(reason));
            }
            waited?;
        }
    }

    /// Recreates the data file after it was [`super::Refreshed::Gone`], with its last known content.
    pub fn recreate(&mut self) -> Result<(), StoreError> {
        self.check_writable()?;
        self.check_path()?;
        self.create_folder()?;
        let access = self.data_access(None)?.for_lock();
        self.with_lock(&access, Self::try_recreate)
    }

    fn try_recreate(&mut self) -> Result<Attempt<()>, StoreError> {
        let (disk, path) = (self.disk.clone(), self.paths.data_temporary.clone());
        let Some(temporary) = self.create_temporary(&disk, &path)? else {
            return Ok(Attempt::Busy);
        };
        if let Some(data) = self.data_metadata()? {
            return self.reload_if_changed(&data).map(Attempt::Done);
        }
        if self.known.is_none() {
            return Err(StoreError::missing(&self.paths.data, &self.paths.history)); // The content is not known.
        }
        self.gone = true;
        let tail = self.trim_history()?;
        let mut next = self.full.clone();
        next.revision = next_revision(&next, &tail);
        let entry = self.new_entry(next.revision, &Change::default(), EditGroup::default());
        let replaced = self.replace_file(&temporary, next, vec![entry], &[], &tail, None)?;
        if let Attempt::Done(()) = replaced {
            self.sync_folder()?;
        }
        // Otherwise another process has just written a data file.
        Ok(replaced)
    }

    fn create_folder(&self) -> Result<(), StoreError> {
        self.disk
            .create_folder(&self.paths.folder)
            .map_err(StoreError::io("create the folder", &self.paths.folder))
    }

    fn sync_folder(&self) -> Result<(), StoreError> {
        self.disk
            .sync_folder(&self.paths.folder, &self.paths.data)
            .map_err(StoreError::io("write", &self.paths.folder))
    }

    /// Returns the access to the data file; if the file does not exist, its last known access, or that of a new file.
    pub(super) fn data_access(&self, data: Option<&Metadata>) -> Result<Access, StoreError> {
        let io_error = || StoreError::io("read the permissions of", &self.paths.data);
        if data.is_some()
            && let Some(file) = self.disk.open(&self.paths.data).map_err(io_error())?
        {
            return Access::of(&file).map_err(io_error());
        }
        let known = self.known.as_ref().and_then(|known| known.access.clone());
        known.map_or_else(
            || Access::for_new_file(&self.paths.folder).map_err(io_error()),
            Ok,
        )
    }

    fn data_metadata(&self) -> Result<Option<Metadata>, StoreError> {
        self.disk
            .metadata(&self.paths.data)
            .map_err(StoreError::io("access", &self.paths.data))
    }

    /// Makes one attempt to commit; the lock must be held.
    fn try_commit(&mut self, changes: &[Change]) -> Result<Attempt<ChangeResults>, StoreError> {
        if !self.unsynced.is_empty() {
            self.sync_folder()?;
            // Now the changes are durable that an earlier call wrote without making the folder durable.
            self.call_hook(|hook| hook.committed(&self.full));
        }
        let (disk, path) = (self.disk.clone(), self.paths.data_temporary.clone());
        let Some(temporary) = self.create_temporary(&disk, &path)? else {
            return Ok(Attempt::Busy);
        };
        let data = self.data_metadata()?;
        match &data {
            Some(data) => self.reload_if_changed(data)?,
            None if self.known.is_some() => {
                self.gone = true;
                return Err(self.gone_error());
            }
            None => {}
        }
        self.check_writable()?;
        let tail = self.trim_history()?;
        if data.is_none() && tail.last.is_some() {
            return Err(StoreError::missing(&self.paths.data, &self.paths.history));
        }
        if tail
            .last
            .as_ref()
            .is_some_and(|last| self.full.revision < last.revision)
        {
            side_file::remove_documents(&self.paths, SERVERS_SUFFIX)?;
        }
        let mut next = self.full.clone();
        let mut revision = next_revision(&next, &tail);
        let mut entries: Vec<HistoryEntry> = self
            .entry_for_outside_change(revision, &tail)?
            .into_iter()
            .collect();
        let outside_count = entries.len();
        revision += outside_count as u64;
        let mut results = Vec::with_capacity(changes.len());
        let mut rebased = Vec::new();
        for change in changes {
            let before = self.options.hooks.get().map(|_| next.clone());
            results.push(match self.rebase_change(&mut next, change) {
                Err(error) => Err(error),
                Ok(Rebased::AlreadyWritten(revision)) => Ok(Some(revision)),
                Ok(Rebased::ToWrite(group)) if group.is_empty() && change.sent.is_none() => Ok(None),
                Ok(Rebased::ToWrite(group)) => {
                    if let Some(before) = before {
                        rebased.push(RebasedChange {
                            change,
                            group: group.clone(),
                            before,
                            after: next.clone(),
                        });
                    }
                    entries.push(self.new_entry(revision, change, group));
                    revision += 1;
                    Ok(Some(revision - 1))
                }
            });
        }
        if entries.len() == outside_count {
            self.unsynced.clear();
            return Ok(Attempt::Done(results));
        }
        next.revision = revision - 1;
        let replaced = self.replace_file(&temporary, next, entries, &rebased, &tail, data.as_ref());
        if !matches!(replaced, Ok(Attempt::Done(()))) {
            self.call_hook(|hook| hook.withdrawn());
        }
        match replaced? {
            Attempt::Done(()) => {}
            Attempt::Changed => return Ok(Attempt::Changed),
            Attempt::Busy => return Ok(Attempt::Busy),
        }
        self.unsynced = changes
            .iter()
            .zip(&results)
            .filter_map(|(change, result)| Some((change.clone(), (*result.as_ref().ok()?)?)))
            .collect();
        // Until the folder is durable, a power failure may undo the rename.
        self.sync_folder()?;
        self.unsynced.clear();
        self.call_hook(|hook| hook.committed(&self.full));
        Ok(Attempt::Done(results))
    }

    fn call_hook(&self, call: impl FnOnce(&dyn CommitHook)) {
        if let Some(hook) = self.options.hooks.get() {
            call(hook);
        }
    }

    fn rebase_change(&self, next: &mut Wardrobe, change: &Change) -> Result<Rebased, model::EditError> {
        let group = permit(&self.options.scope, &change.group)?;
        if let Some(sent) = &change.sent {
            // Only the rooms are checked: a session also sends changes that another session left unsent.
            check_rooms(&self.options.scope, &sent.changes)?;
        }
        let earlier = self.unsynced.iter().find(|(written, _)| written == change);
        if let Some((_, revision)) = earlier
            && is_applied(next, &change.group)
        {
            return Ok(Rebased::AlreadyWritten(*revision));
        }
        rebase(next, group).map(|group| Rebased::ToWrite(group.into_owned()))
    }

    pub(super) fn new_entry(&self, revision: u64, change: &Change, group: EditGroup) -> HistoryEntry {
        HistoryEntry {
            revision,
            id: Uuid::new_v4().to_string().into(),
            time: Timestamp::now(),
            actor: change
                .actor
                .clone()
                .unwrap_or_else(|| self.options.actor.as_str().into()),
            group,
            undoes: change.undoes,
            redoes: change.redoes,
            rolled_back: change.rolled_back,
            outside: false,
            accepted_removals: change.accepted_removals,
            sent: change.sent.clone(),
            send_to: Box::default(),
            reason: change.reason.clone(),
            partial: false,
        }
    }

    /// Creates the temporary file of the data file. From then on, nobody else can write, even if the lock file was
    /// removed. `None` if another process is writing. First removes what a killed writer left, including its lines in
    /// the history.
    fn create_temporary<'a>(
        &mut self,
        disk: &'a Disk,
        path: &'a Path,
    ) -> Result<Option<TemporaryFile<'a>>, StoreError> {
        let Some(leftover) = LeftoverFile::claim(disk, path).map_err(StoreError::io("access", path))? else {
            return Ok(None);
        };
        if leftover.is_some() {
            match self.data_metadata()? {
                Some(data) => self.reload_if_changed(&data)?,
                None => self.gone = self.known.is_some(),
            }
            self.trim_history()?;
            leftover.remove().map_err(StoreError::io("remove", path))?;
        }
        TemporaryFile::create(disk, path).map_err(StoreError::io("write", &self.paths.data))
    }

    /// Appends the entries to the history and replaces the data file. On an error, or if the data file has changed
    /// since its metadata `data` were read, everything is rolled back.
    fn replace_file(
        &mut self,
        temporary: &TemporaryFile<'_>,
        next: Wardrobe,
        mut entries: Vec<HistoryEntry>,
        rebased: &[RebasedChange<'_>],
        tail: &HistoryTail,
        data: Option<&Metadata>,
    ) -> Result<Attempt<()>, StoreError> {
        if next.revision > Wardrobe::MAX_REVISION {
            return Err(self.revision_limit_error(tail));
        }
        let access = self.data_access(data)?;
        let (paths, disk, out) = (self.paths.clone(), self.disk.clone(), temporary.file());
        let io_error = || StoreError::io("write", &paths.data);
        let mut appended = false;
        let written = (|| {
            let hooks = &self.options.hooks;
            let (server_names, composed) = hooks.prepare_during(rebased, || {
                let composed = self.compose(out, &next)?;
                Ok((composed, disk.seal(out)?))
            });
            let ((spans, digest), (identity, sealed)) = match composed {
                Err(_) if self.is_data_changed(data)? => return Ok(None),
                other => other.map_err(io_error())?,
            };
            let first_rebased = entries.len().saturating_sub(rebased.len());
            for (entry, servers) in entries.iter_mut().skip(first_rebased).zip(server_names) {
                entry.send_to = servers.into();
            }
            let lines: String = entries
                .iter()
                .map(|entry| serialize_line(entry, &identity, digest))
                .collect();
            appended = true;
            self.append(tail, &lines, Some(&access.without_attributes()))?;
            // Until now the file was private. (Someone who has it open could lock it and exclude all writers after a
            // crash.)
            if access.apply_to(&disk, out).map_err(io_error())? {
                disk.sync(out).map_err(io_error())?;
            }
            if self.is_data_changed(data)? || !temporary.is_in_place().map_err(io_error())? {
                return Ok(None);
            }
            temporary.rename(&paths.data).map_err(io_error())?;
            // From here on nothing may fail. If the new times cannot be read, the file is just reloaded next time.
            let identity = out.metadata().map_or(identity, |now| FileIdentity::of(&now));
            Ok(Some((spans, identity, sealed, digest)))
        })();
        let Ok(Some((spans, identity, sealed, digest))) = written else {
            // If the history cannot be rolled back, the temporary file is kept: it shows the next writer that the lines
            // belong to a file that was never renamed into place. Without the temporary file there must be no rollback,
            // as another process may be writing.
            if appended && (!temporary.is_in_place().unwrap_or(false) || self.roll_back(tail).is_err()) {
                temporary.leave_in_place();
            }
            return written.map(|_| Attempt::Changed);
        };
        self.recorded = Some(RecordedState {
            identity,
            digest: Some(digest),
            revision: next.revision,
            wardrobe: next.clone(),
        });
        let known = KnownFile {
            access: Some(access.clone()),
            is_identity_reliable: sealed && identity.mtime % 1_000_000_000 != 0,
            identity,
            spans,
            digest: digest.into(),
        };
        self.set_current(next, known);
        Ok(Attempt::Done(()))
    }

    fn compose(&self, out: &File, next: &Wardrobe) -> io::Result<(super::room_spans::RoomSpans, Digest)> {
        let known = self.known.as_ref().filter(|_| !self.gone);
        let old = match known {
            Some(known) if !known.spans.is_empty() => {
                let file = self.disk.open(&self.paths.data)?;
                let is_known = |file: &File| {
                    file.metadata()
                        .map(|now| FileIdentity::of(&now) == known.identity)
                };
                match file {
                    Some(file) if is_known(&file)? => Some((file, known)),
                    _ => None,
                }
            }
            _ => None,
        };
        let source = old.as_ref().map(|(file, known)| SourceFile {
            file,
            spans: &known.spans,
            wardrobe: &self.full,
        });
        compose::write(&self.disk, out, next, source.as_ref())
    }

    /// Whether the data file has changed since its metadata `data` were read.
    fn is_data_changed(&self, data: Option<&Metadata>) -> Result<bool, StoreError> {
        Ok(self.data_metadata()?.as_ref().map(FileIdentity::of) != data.map(FileIdentity::of))
    }
}

/// The outcome of an attempt under the lock, unless it failed.
enum Attempt<T> {
    Done(T),
    /// The data file was changed during the attempt.
    Changed,
    /// Another process is writing.
    Busy,
}

enum Rebased {
    /// The change was already written, with this revision, and is durable now.
    AlreadyWritten(u64),
    /// The edits to write.
    ToWrite(EditGroup),
}
