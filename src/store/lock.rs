//! The lock: a separate file, as the rename of a commit would drop a lock on the data file.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;
use super::access::Access;
use super::disk::{Disk, elapsed_ms};

/// A lock that is held until this is dropped. The kernel also releases it however the process ends.
#[derive(Debug)]
pub(super) struct FileLock(File);

/// The shortest pause between attempts.
const MIN_PAUSE: Duration = Duration::from_micros(200);
/// The longest pause between attempts.
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// Waits with growing pauses for another process, up to the timeout of the disk.
#[derive(Debug)]
pub(super) struct LockBackoff {
    since: Instant,
    pause: Duration,
}

impl LockBackoff {
    pub(super) fn start() -> Self {
        Self {
            since: Instant::now(),
            pause: MIN_PAUSE,
        }
    }

    /// Pauses once; fails after the timeout. `path` is the file that another process has locked.
    pub(super) fn wait(&mut self, disk: &Disk, path: &Path) -> Result<(), StoreError> {
        if disk.is_lock_timed_out(self.since) {
            return Err(StoreError::Locked {
                path: path.to_path_buf(),
                seconds: self.since.elapsed().as_secs(),
            });
        }
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 3 / 2).min(MAX_PAUSE);
        Ok(())
    }
}

impl FileLock {
    /// Waits for the lock. `access` is given to the lock file, and so determines who can take the lock.
    pub(super) fn acquire(disk: &Disk, path: &Path, access: &Access) -> Result<Self, StoreError> {
        Self::acquire_within(&mut LockBackoff::start(), disk, path, access)
    }

    /// Like [`FileLock::acquire`], as a part of a longer wait.
    pub(super) fn acquire_within(
        backoff: &mut LockBackoff,
        disk: &Disk,
        path: &Path,
        access: &Access,
    ) -> Result<Self, StoreError> {
        loop {
            if let Some(lock) = Self::try_acquire(disk, path, access)? {
                if backoff.pause > MIN_PAUSE {
                    log::debug!(file:% = path.display(), ms = elapsed_ms(backoff.since); "lock waited for");
                }
                return Ok(lock);
            }
            backoff.wait(disk, path)?;
        }
    }

    /// Takes the lock; `None` if another process holds it, or if the lock file was replaced meanwhile.
    pub(super) fn try_acquire(disk: &Disk, path: &Path, access: &Access) -> Result<Option<Self>, StoreError> {
        let io_error = || StoreError::io("lock", path);
        let (file, is_new) = disk.open_or_create(path).map_err(io_error())?;
        if is_new {
            access.apply_to(disk, &file).map_err(io_error())?;
        }
        if !disk.try_lock(&file).map_err(io_error())? {
            return Ok(None);
        }
        let is_in_place = is_at(disk, &file, path).map_err(io_error())?;
        if is_in_place && !is_new {
            // Exactly those who may write the data file must be able to take the lock. If this user may not change the
            // permissions, they stay as they are.
            let _ = access.apply_to(disk, &file);
        }
        Ok(is_in_place.then_some(Self(file)))
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// Whether an open file is still the one at a path. A lock on a file that was removed or renamed between opening and
/// locking excludes nobody.
fn is_at(disk: &Disk, file: &File, path: &Path) -> io::Result<bool> {
    let inode = file.metadata()?.ino();
    Ok(disk
        .metadata(path)?
        .is_some_and(|metadata| metadata.ino() == inode))
}

/// A locked temporary file. Other processes do not take it for a leftover, and cannot create theirs while it exists; so
/// it also excludes writers when someone removes the lock file. It is removed when this is dropped, unless it was
/// renamed or left in place.
#[derive(Debug)]
pub(super) struct TemporaryFile<'a> {
    disk: &'a Disk,
    path: &'a Path,
    file: File,
    /// Whether the file stays when this is dropped.
    stays: Cell<bool>,
}

impl<'a> TemporaryFile<'a> {
    /// Creates and locks an empty file. `None` if the file already exists, or if another process took it for a leftover
    /// before it was locked.
    pub(super) fn create(disk: &'a Disk, path: &'a Path) -> io::Result<Option<Self>> {
        match disk.create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            created => Self::lock(disk, path, created?, false),
        }
    }

    /// Locks the file; `stays` says whether it stays when this is dropped. `None` if another process is using the file,
    /// or took it for a leftover and removed it before it was locked; the path may then already lead to another file.
    fn lock(disk: &'a Disk, path: &'a Path, file: File, stays: bool) -> io::Result<Option<Self>> {
        if !disk.try_lock(&file)? || !is_at(disk, &file, path)? {
            return Ok(None); // The process that locked it removes it.
        }
        Ok(Some(Self {
            disk,
            path,
            file,
            stays: Cell::new(stays),
        }))
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether the path still leads to this file.
    pub(super) fn is_in_place(&self) -> io::Result<bool> {
        is_at(self.disk, &self.file, self.path)
    }

    /// Renames the file, replacing any file at the new path.
    pub(super) fn rename(&self, to: &Path) -> io::Result<()> {
        self.disk.rename(self.path, to)?;
        self.leave_in_place();
        Ok(())
    }

    /// Leaves the file for the next writer when this is dropped.
    pub(super) fn leave_in_place(&self) {
        self.stays.set(true);
    }
}

impl Drop for TemporaryFile<'_> {
    fn drop(&mut self) {
        if !self.stays.get() && self.is_in_place().unwrap_or(false) {
            let _ = self.disk.remove(self.path); // On failure the next writer removes it.
        }
    }
}

/// A temporary file that a process left when it was killed, locked while this exists; or the absence of such a file.
#[derive(Debug)]
pub(super) struct LeftoverFile<'a>(Option<TemporaryFile<'a>>);

impl<'a> LeftoverFile<'a> {
    /// Locks the leftover file at a path, if there is a file. `None` if the writer of the file is still running.
    pub(super) fn claim(disk: &'a Disk, path: &'a Path) -> io::Result<Option<Self>> {
        match disk.open(path)? {
            None => Ok(Some(Self(None))),
            Some(file) => {
                Ok(TemporaryFile::lock(disk, path, file, true)?.map(|leftover| Self(Some(leftover))))
            }
        }
    }

    /// Whether there is a file; if so, nobody else can write while this exists.
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn remove(self) -> io::Result<()> {
        self.0
            .map_or(Ok(()), |leftover| leftover.disk.remove(leftover.path))
    }
}

/// Removes a leftover temporary file, if there is one; returns `false` if its writer is still running.
pub(super) fn remove_leftover(disk: &Disk, temporary: &Path) -> io::Result<bool> {
    match LeftoverFile::claim(disk, temporary)? {
        Some(leftover) => leftover.remove().map(|()| true),
        None => Ok(false),
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would not release the lock while a child process has it open.
        let _ = self.0.unlock();
    }
}
