//! The file operations of the store. Each operation first calls a hook, with which tests can make the operation fail.

use std::fmt;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::{Access, AtFlags, CWD, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// A file operation, as passed to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiskOperation {
    /// Create a folder.
    CreateFolder,
    /// Read a file's metadata.
    Stat,
    /// Open a file.
    Open,
    /// Create a file.
    Create,
    /// Try to lock a file.
    Lock,
    /// Set the owner and the permissions of a file.
    SetAccess,
    /// Set the modification time of a file.
    SetTime,
    /// Write bytes.
    Write,
    /// Copy bytes from one file to another.
    Copy,
    /// Make a file durable.
    Sync,
    /// Truncate a file.
    Truncate,
    /// Rename a file.
    Rename,
    /// Make the entries of a folder durable.
    SyncFolder,
    /// Remove a file.
    Remove,
}

/// The failure of an operation.
#[derive(Debug)]
pub struct DiskFault {
    /// The error.
    pub error: io::Error,
    /// For [`DiskOperation::Write`], the number of bytes written before the failure.
    pub written: usize,
}

/// A function that is called before each operation. If it returns a fault, the operation fails with it.
pub type DiskHook = Arc<dyn Fn(DiskOperation) -> Result<(), DiskFault> + Send + Sync>;

/// Access to the file system, with the timeout for locks.
#[derive(Clone)]
pub struct Disk {
    /// Called before each operation.
    pub hook: Option<DiskHook>,
    /// The maximum time to wait for a lock that another process holds.
    pub lock_timeout: Duration,
    /// The time at which the session began to end. One second after it, waiting for locks stops.
    pub ending_since: Arc<OnceLock<Instant>>,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            hook: None,
            lock_timeout: Duration::from_secs(30),
            ending_since: Arc::default(),
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("lock_timeout", &self.lock_timeout)
            .finish_non_exhaustive()
    }
}

/// Identifies a state of a file. Times are in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) mtime: i64,
    /// The time of the last change of any kind. A rename also changes it, so it is ignored in comparisons with the
    /// history.
    #[serde(default)]
    pub(super) ctime: i64,
}

/// The time for which a session that has begun to end still waits for locks.
const ENDING_LOCK_TIMEOUT: Duration = Duration::from_secs(1);
/// Two changes of a file within this time, in nanoseconds, may give it the same times.
const CLOCK_TICK: i64 = 20_000_000;
/// The same on file systems that store times with a granularity of one or two seconds.
const COARSE_CLOCK_TICK: i64 = 2_100_000_000;

impl FileIdentity {
    pub(super) fn of(file: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            inode: file.ino(),
            size: file.size(),
            mtime: nanoseconds(file.mtime(), file.mtime_nsec()),
            ctime: nanoseconds(file.ctime(), file.ctime_nsec()),
        }
    }

    /// Whether inode, length and modification time are equal, that is, the file has not been rewritten, though perhaps
    /// renamed.
    pub(super) fn same_content(&self, other: &Self) -> bool {
        (self.inode, self.size, self.mtime) == (other.inode, other.size, other.mtime)
    }

    /// Whether any change after the time `now`, in nanoseconds since 1970, will change the identity; `false` if the
    /// last change was just before `now`.
    pub(super) fn is_reliable(&self, now: i64) -> bool {
        let tick = if self.mtime % 1_000_000_000 == 0 {
            COARSE_CLOCK_TICK
        } else {
            CLOCK_TICK
        };
        let age = now.saturating_sub(self.mtime.max(self.ctime));
        // A change now would not get a time that is far in the future.
        !(-COARSE_CLOCK_TICK..=tick).contains(&age)
    }
}

/// The current time in nanoseconds since 1970.
pub(super) fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The elapsed time in milliseconds, for the log.
pub(super) fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn open_flags() -> i32 {
    // Do not follow a link that someone put there, and do not block on a pipe.
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

impl Disk {
    pub(super) fn run_hook(&self, operation: DiskOperation) -> io::Result<()> {
        match &self.hook {
            Some(hook) => hook(operation).map_err(|fault| fault.error),
            None => Ok(()),
        }
    }

    /// The metadata of a file, without following links; `None` if it does not exist.
    pub(super) fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.run_hook(DiskOperation::Stat)?;
        match path.symlink_metadata() {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file for reading; `None` if it does not exist.
    pub(super) fn open(&self, path: &Path) -> io::Result<Option<File>> {
        self.run_hook(DiskOperation::Open)?;
        none_if_missing(
            OpenOptions::new()
                .read(true)
                .custom_flags(open_flags())
                .open(path),
        )
    }

    /// Opens a regular file for reading and writing, or creates a private one; also returns whether it was created.
    pub(super) fn open_or_create(&self, path: &Path) -> io::Result<(File, bool)> {
        self.run_hook(DiskOperation::Open)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(open_flags());
        loop {
            if let Some(file) = none_if_missing(options.open(path))? {
                return require_regular(file).map(|file| (file, false));
            }
            match self.create(path) {
                Ok(file) => return Ok((file, true)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Creates a new private file.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        self.run_hook(DiskOperation::Create)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        options.open(path)
    }

    /// Writes all bytes at the current position.
    pub(super) fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if let Some(Err(fault)) = self.hook.as_ref().map(|hook| hook(DiskOperation::Write)) {
            let written = bytes.get(..fault.written.min(bytes.len())).unwrap_or_default();
            file.write_all(written)?;
            return Err(fault.error);
        }
        file.write_all(bytes)
    }

    /// Copies a range of one file to the current position of another, in the kernel where possible.
    pub(super) fn copy(&self, mut from: &File, offset: u64, length: u64, mut to: &File) -> io::Result<()> {
        self.run_hook(DiskOperation::Copy)?;
        from.seek(SeekFrom::Start(offset))?;
        let copied = io::copy(&mut from.take(length), &mut to)?;
        if copied == length {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Sets a modification time that no ordinary change gets (the times of such changes are rounded to the tick of the
    /// kernel's clock), so that any later change is detectable, and makes the file durable. Returns its identity and
    /// whether the time was set, which not every file system supports (vboxsf, FUSE, SMB).
    pub(super) fn seal(&self, file: &File) -> io::Result<(FileIdentity, bool)> {
        let touched = self
            .run_hook(DiskOperation::SetTime)
            .and_then(|()| file.set_modified(SystemTime::now()));
        let sealed = match touched {
            Err(error) if is_unsupported(&error) || is_errno(&error, Errno::PERM) => false,
            other => other.map(|()| true)?,
        };
        self.sync(file)?;
        Ok((FileIdentity::of(&file.metadata()?), sealed))
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.run_hook(DiskOperation::Sync)?;
        file.sync_all()
    }

    pub(super) fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.run_hook(DiskOperation::Truncate)?;
        file.set_len(length)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run_hook(DiskOperation::Rename)?;
        std::fs::rename(from, to)
    }

    /// Makes the entries of a folder durable; `file` is one of its files. Succeeds without effect on file systems that
    /// do not support this (vboxsf, some of SMB and FUSE).
    pub(super) fn sync_folder(&self, folder: &Path, file: &Path) -> io::Result<()> {
        let synced = self.run_hook(DiskOperation::SyncFolder).and_then(|()| {
            match File::open(folder) {
                // The folder is writable but not readable: sync the whole file system.
                Err(error) if is_errno(&error, Errno::ACCESS) => Ok(rustix::fs::syncfs(File::open(file)?)?),
                opened => opened?.sync_all(),
            }
        });
        match synced {
            Err(error) if is_unsupported(&error) => Ok(()),
            other => other,
        }
    }

    /// Removes a file; succeeds if it does not exist.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.run_hook(DiskOperation::Remove)?;
        none_if_missing(std::fs::remove_file(path)).map(drop)
    }

    /// Creates a private folder and its missing parents, durably.
    pub(super) fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        self.run_hook(DiskOperation::CreateFolder)?;
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            self.create_folder(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            Ok(()) => parent.map_or(Ok(()), |parent| self.sync_folder(parent, folder)),
            Err(error) => Err(error),
        }
    }

    /// Tries to lock a file; returns `false` if another process holds the lock.
    pub(super) fn try_lock(&self, file: &File) -> io::Result<bool> {
        self.run_hook(DiskOperation::Lock)?;
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether waiting for a lock since this time has timed out.
    pub(super) fn is_lock_timed_out(&self, since: Instant) -> bool {
        let ending = self
            .ending_since
            .get()
            .is_some_and(|ending_since| ending_since.elapsed() >= ENDING_LOCK_TIMEOUT);
        ending || since.elapsed() >= self.lock_timeout
    }
}

/// Fails if this user may not write to a path.
pub(super) fn check_may_write(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::accessat(
        CWD,
        path,
        Access::WRITE_OK,
        AtFlags::EACCESS,
    )?)
}

pub(super) fn is_errno(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Whether the error means that an operation is not supported, which is not a failure of the disk.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    [Errno::INVAL, Errno::NOTSUP, Errno::NOSYS]
        .into_iter()
        .any(|errno| is_errno(error, errno))
}

fn none_if_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

fn require_regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a file; move it away"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_unreliable_within_a_clock_tick() {
        let second = 1_000_000_000;
        let with_times = |mtime, ctime| FileIdentity {
            inode: 1,
            size: 2,
            mtime,
            ctime,
        };
        let now = 1_700_000_000 * second + 5;
        for (mtime, is_reliable) in [
            (now, false),
            (now - CLOCK_TICK, false),
            (now - CLOCK_TICK - 1, true),
            (now - 5 - second, false), // whole seconds: the file system may store no fractions
            (now - 5 - 3 * second, true),
            (now + 1, false),
            (now + 86_400 * second, true), // a change now would not get that time
        ] {
            assert_eq!(with_times(mtime, 0).is_reliable(now), is_reliable, "{mtime}");
        }
        assert!(!with_times(7, now).is_reliable(now), "the ctime counts, too");
    }

    #[test]
    fn seal_sets_a_time_after_the_kernel_clock() {
        let file = tempfile::tempfile().unwrap();
        let disk = Disk::default();
        disk.write(&file, b"x").unwrap();
        // The kernel's clock for files lags slightly behind this one.
        let before = now_nanos();
        let (identity, sealed) = disk.seal(&file).unwrap();
        assert!(sealed && identity.mtime >= before);
    }
}
