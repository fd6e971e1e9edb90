//! The lock: a file of its own, as a lock on the data file would be lost by the rename.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Error;
use super::disk::Disk;

/// Held while this lives. The system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

/// The pauses between tries.
const SHORTEST: Duration = Duration::from_micros(200);
const LONGEST: Duration = Duration::from_millis(20);

impl Lock {
    /// Waits for the lock. `like`: whose mode, group and owner the lock file gets.
    pub(super) fn take(disk: &Disk, path: &Path, like: Option<&Metadata>) -> Result<Self, Error> {
        let since = Instant::now();
        let mut pause = SHORTEST;
        loop {
            if let Some(lock) = Self::try_take(disk, path, like)? {
                return Ok(lock);
            }
            if disk.is_over(since) {
                return Err(Error::Locked {
                    path: path.to_path_buf(),
                    seconds: since.elapsed().as_secs(),
                });
            }
            std::thread::sleep(pause);
            pause = (pause * 3 / 2).min(LONGEST);
        }
    }

    /// Takes the lock if nobody has it.
    pub(super) fn try_take(disk: &Disk, path: &Path, like: Option<&Metadata>) -> Result<Option<Self>, Error> {
        let wrong = || Error::io("lock", path);
        let (file, _) = disk.open_or_create(path, like).map_err(wrong())?;
        if !disk.try_lock(&file).map_err(wrong())? {
            return Ok(None);
        }
        let still = is_at(disk, &file, path).map_err(wrong())?;
        if still {
            // A team's file must be everybody's to lock; where this is not allowed it is as it was.
            let _ = like.map(|like| disk.own(&file, Some(like)));
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

/// A temporary file that its writer left, or none: nobody is at it any more, and nobody gets at it while this lives.
#[derive(Debug)]
pub(super) struct Left<'a> {
    disk: &'a Disk,
    path: &'a Path,
    file: Option<File>,
}

impl<'a> Left<'a> {
    /// `None` when the writer is still at it.
    pub(super) fn claim(disk: &'a Disk, path: &'a Path) -> io::Result<Option<Self>> {
        let file = disk.open(path)?;
        if let Some(file) = &file
            && (!disk.try_lock(file)? || !is_at(disk, file, path)?)
        {
            return Ok(None);
        }
        Ok(Some(Self { disk, path, file }))
    }

    pub(super) fn remove(self) -> io::Result<()> {
        match self.file {
            Some(_) => self.disk.remove(self.path),
            None => Ok(()),
        }
    }
}

/// Removes a temporary file that its writer left; false when the writer is still at it.
pub(super) fn sweep(disk: &Disk, temporary: &Path) -> io::Result<bool> {
    match Left::claim(disk, temporary)? {
        Some(left) => left.remove().map(|()| true),
        None => Ok(false),
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do it too; but not while a child process still has the file open.
        let _ = self.0.unlock();
    }
}
