//! Locks of documents next to the data file or in the account's state folder: each is a locked file, which is removed
//! when the lock is released. If a process ends without releasing the lock, the leftover file shows the next process
//! that the lock was held.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, openat, statat, unlinkat};
use rustix::io::Errno;

use super::Disk;
use super::access::Access;

/// A lock that is held until this is dropped or the process ends.
#[derive(Debug)]
pub struct SideLock {
    folder: OwnedFd,
    name: String,
    pub(super) file: File,
    is_leftover: bool,
    stays: bool,
}

/// The note of a [`SideLock`], for processes that wait for the lock.
#[derive(Debug)]
pub struct SideNote {
    file: File,
}

impl SideLock {
    pub(super) fn new(folder: OwnedFd, name: String, file: File, is_leftover: bool) -> Self {
        let stays = false;
        Self {
            folder,
            name,
            file,
            is_leftover,
            stays,
        }
    }

    /// Whether the file is a leftover: the previous holder was killed, or left the file by [`SideLock::set_stays`].
    pub fn is_leftover(&self) -> bool {
        self.is_leftover
    }

    /// Sets whether the file stays when the lock is released, so that the next holder finds a leftover.
    pub fn set_stays(&mut self, stays: bool) {
        self.stays = stays;
    }

    /// Returns the note of the lock, for processes that wait. The value can outlive the lock, and does not hold it.
    ///
    /// Errors: the process has too many open files.
    pub fn note(&self) -> io::Result<SideNote> {
        let file = self.file.try_clone()?;
        Ok(SideNote { file })
    }
}

impl SideNote {
    /// Replaces the note in the lock file; it is not durable, since nobody needs it after the lock is released.
    ///
    /// Errors: the file cannot be written.
    pub fn set(&self, note: &[u8]) -> io::Result<()> {
        self.file.write_all_at(note, 0)?;
        self.file.set_len(note.len() as u64)
    }
}

impl Drop for SideLock {
    fn drop(&mut self) {
        // The file is removed while it is still locked. A process that waits for the lock then finds that the file is
        // gone.
        if !self.stays {
            let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
        }
        let _ = self.file.unlock();
    }
}

/// The outcome of an attempt to lock a file.
pub(super) enum LockAttempt {
    Locked {
        file: File,
        /// Whether the file already existed, so that the previous holder did not remove it.
        is_leftover: bool,
    },
    /// Another process holds the lock.
    Held,
    /// The file was renamed or removed before it was locked, or had to be removed: the attempt must be repeated.
    Again,
}

/// Opens or creates a file and tries to lock it. `access` returns the access to a new file; `None`: it stays private.
pub(super) fn lock_now(
    folder: &OwnedFd,
    name: &str,
    access: impl FnOnce() -> io::Result<Option<Access>>,
) -> io::Result<LockAttempt> {
    let flags = file_flags() | OFlags::RDWR;
    let create_flags = flags | OFlags::CREATE | OFlags::EXCL;
    let (file, is_new) = match openat(folder, name, create_flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => {
            let file = File::from(file);
            if let Some(access) = access()? {
                access.for_lock().apply_to(&Disk::default(), &file)?;
            }
            (file, true)
        }
        Err(Errno::EXIST) => match openat(folder, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(LockAttempt::Again),
            opened => (File::from(opened?), false),
        },
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file; move it away"));
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK | Errno::INTR) => return Ok(LockAttempt::Held),
        Err(error) => return Err(error.into()),
    }
    let at_path = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(at_path) if at_path.st_ino == metadata.ino() => at_path,
        _ => return Ok(LockAttempt::Again),
    };
    let account = rustix::process::geteuid();
    let is_foreign = !account.is_root() && metadata.uid() != account.as_raw();
    if !is_new && (is_foreign || at_path.st_nlink > 1) {
        // The file is a leftover of another account, whose access only that account could set, or a hard link to
        // another file, which must not be written.
        unlinkat(folder, name, AtFlags::empty())?;
        return Ok(LockAttempt::Again);
    }
    let is_leftover = !is_new;
    Ok(LockAttempt::Locked { file, is_leftover })
}

pub(super) fn file_flags() -> OFlags {
    // Do not follow a link that someone put there, and do not block on a pipe.
    OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC
}
