//! The lock: a file of its own, as a lock on the data file would be lost by the rename.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::StoreError;
use super::access::Access;
use super::disk::{Disk, milliseconds};

/// Held while this lives. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FileLock(File);

/// The pauses between tries.
const SHORTEST: Duration = Duration::from_micros(200);
const LONGEST: Duration = Duration::from_millis(20);

/// Waiting for somebody else: ever longer, as long as the disk's patience lasts.
#[derive(Debug)]
pub(super) struct LockBackoff {
    since: Instant,
    pause: Duration,
}

impl LockBackoff {
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
            pause: SHORTEST,
        }
    }

    /// Waits a little; an error when that was enough. `path`: what somebody else has.
    pub(super) fn on(&mut self, disk: &Disk, path: &Path) -> Result<(), StoreError> {
        if disk.is_over(self.since) {
            return Err(StoreError::Locked {
                path: path.to_path_buf(),
                seconds: self.since.elapsed().as_secs(),
            });
        }
        std::thread::sleep(self.pause);
        self.pause = (self.pause * 3 / 2).min(LONGEST);
        Ok(())
    }
}

impl FileLock {
    /// Waits for the lock. `access`: who may take it.
    pub(super) fn take(disk: &Disk, path: &Path, access: &Access) -> Result<Self, StoreError> {
        Self::take_in(&mut LockBackoff::begin(), disk, path, access)
    }

    /// The same as a part of a longer waiting.
    pub(super) fn take_in(
        wait: &mut LockBackoff,
        disk: &Disk,
        path: &Path,
        access: &Access,
    ) -> Result<Self, StoreError> {
        loop {
            if let Some(lock) = Self::try_take(disk, path, access)? {
                if wait.pause > SHORTEST {
                    log::debug!(file:% = path.display(), ms = milliseconds(wait.since); "lock waited for");
                }
                return Ok(lock);
            }
            wait.on(disk, path)?;
        }
    }

    /// Takes the lock if nobody has it.
    pub(super) fn try_take(disk: &Disk, path: &Path, access: &Access) -> Result<Option<Self>, StoreError> {
        let wrong = || StoreError::io("lock", path);
        let (file, new) = disk.open_or_create(path).map_err(wrong())?;
        if new {
            access.give(disk, &file).map_err(wrong())?;
        }
        if !disk.try_lock(&file).map_err(wrong())? {
            return Ok(None);
        }
        let still = is_at(disk, &file, path).map_err(wrong())?;
        if still && !new {
            // A team's file must be everybody's to lock, and nobody else's; where this is not allowed it is as it was.
            let _ = access.give(disk, &file);
        }
        Ok(still.then_some(Self(file)))
    }

    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

/// Whether an open file is the one at a path. Somebody may have removed or renamed it between the opening and the locking:
/// then its lock locks nobody out.
fn is_at(disk: &Disk, file: &File, path: &Path) -> io::Result<bool> {
    let inode = file.metadata()?.ino();
    Ok(disk.look(path)?.is_some_and(|there| there.ino() == inode))
}

/// A temporary file of this process's own. Nobody takes it for one that was left, and nobody else has one while it is
/// there: so it keeps out who came in because somebody removed the lock file, too. It goes with this, unless it stays.
#[derive(Debug)]
pub(super) struct TemporaryFile<'a> {
    disk: &'a Disk,
    path: &'a Path,
    file: File,
    stays: Cell<bool>,
}

impl<'a> TemporaryFile<'a> {
    /// Makes it, empty. `None`: somebody else is at work.
    pub(super) fn make(disk: &'a Disk, path: &'a Path) -> io::Result<Option<Self>> {
        match disk.create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            made => Self::hold(disk, path, made?, false),
        }
    }

    /// Locks it. Before that, whoever starts may have taken it for one that was left, and removed it; then there may be
    /// somebody else's by now.
    fn hold(disk: &'a Disk, path: &'a Path, file: File, stays: bool) -> io::Result<Option<Self>> {
        if !disk.try_lock(&file)? || !is_at(disk, &file, path)? {
            return Ok(None); // Who locked it removes it.
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

    /// Whether it is still in its place.
    pub(super) fn is_there(&self) -> io::Result<bool> {
        is_at(self.disk, &self.file, self.path)
    }

    /// Puts it in the place of another file.
    pub(super) fn rename(&self, to: &Path) -> io::Result<()> {
        self.disk.rename(self.path, to)?;
        self.stay();
        Ok(())
    }

    /// Leaves it to the next writer.
    pub(super) fn stay(&self) {
        self.stays.set(true);
    }
}

impl Drop for TemporaryFile<'_> {
    fn drop(&mut self) {
        if !self.stays.get() && self.is_there().unwrap_or(false) {
            let _ = self.disk.remove(self.path); // Else the next writer does.
        }
    }
}

/// A temporary file that its writer left, or none: nobody is at it any more, and nobody gets at it while this lives.
#[derive(Debug)]
pub(super) struct LeftoverFile<'a>(Option<TemporaryFile<'a>>);

impl<'a> LeftoverFile<'a> {
    /// `None` when the writer is still at it.
    pub(super) fn claim(disk: &'a Disk, path: &'a Path) -> io::Result<Option<Self>> {
        match disk.open(path)? {
            None => Ok(Some(Self(None))),
            Some(file) => Ok(TemporaryFile::hold(disk, path, file, true)?.map(|left| Self(Some(left)))),
        }
    }

    /// Whether there is one: then nobody else writes meanwhile.
    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn remove(self) -> io::Result<()> {
        self.0.map_or(Ok(()), |left| left.disk.remove(left.path))
    }
}

/// Removes a temporary file that its writer left; false when the writer is still at it.
pub(super) fn sweep(disk: &Disk, temporary: &Path) -> io::Result<bool> {
    match LeftoverFile::claim(disk, temporary)? {
        Some(left) => left.remove().map(|()| true),
        None => Ok(false),
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing would do it too; but not while a child process still has the file open.
        let _ = self.0.unlock();
    }
}
