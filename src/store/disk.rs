//! The file operations of a commit. Each passes a hook first, so that tests can make every one of them fail; without
//! a hook there is nothing here but the system's own calls.

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

/// A file operation, as a hook sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiskOperation {
    /// A folder is made.
    MakeFolder,
    /// A file's identity is looked at.
    Look,
    /// A file is opened.
    Open,
    /// A new file is made.
    Create,
    /// A lock is tried.
    Lock,
    /// It is set who may read and write a file.
    Own,
    /// A file's time of change is set.
    Touch,
    /// Bytes are written.
    Write,
    /// Bytes are copied from one file to another.
    Copy,
    /// A file is made durable.
    Sync,
    /// A file is cut to a length.
    Cut,
    /// A file takes another's place.
    Rename,
    /// A folder is made durable.
    SyncFolder,
    /// A file is removed.
    Remove,
}

/// How an operation fails.
#[derive(Debug)]
pub struct DiskFault {
    /// With what.
    pub error: io::Error,
    /// Where it writes: after so many bytes were written.
    pub after: usize,
}

/// Asked before each operation.
pub type DiskHook = Arc<dyn Fn(DiskOperation) -> Result<(), DiskFault> + Send + Sync>;

/// The file system, and how long to wait for somebody else's lock.
#[derive(Clone)]
pub struct Disk {
    /// Asked before each operation, where there is one.
    pub hook: Option<DiskHook>,
    /// How long a lock is waited for.
    pub patience: Duration,
    /// Since when the session is ending: locks are not waited for much longer.
    pub hurry: Arc<OnceLock<Instant>>,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            hook: None,
            patience: Duration::from_secs(30),
            hurry: Arc::default(),
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// What tells one state of a file from another. Times are in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileIdentity {
    pub(super) inode: u64,
    pub(super) size: u64,
    pub(super) mtime: i64,
    /// When anything about the file changed last. A rename changes it too, so it is no part of what the history compares.
    #[serde(default)]
    pub(super) ctime: i64,
}

/// So long after a session began to end it still waits for a lock.
const HURRY: Duration = Duration::from_secs(1);
/// A later change of a file within this time may leave it with the same times.
const TICK: i64 = 20_000_000;
/// The same on file systems that keep whole seconds, or every other one.
const COARSE_TICK: i64 = 2_100_000_000;

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

    /// Whether it is the same content in the same place, whatever was done to its name or mode.
    pub(super) fn same_file(&self, other: &Self) -> bool {
        (self.inode, self.size, self.mtime) == (other.inode, other.size, other.mtime)
    }

    /// Whether a change after `now` must show in the identity: not when the last one was just before.
    pub(super) fn is_certain(&self, now: i64) -> bool {
        let tick = if self.mtime % 1_000_000_000 == 0 {
            COARSE_TICK
        } else {
            TICK
        };
        let age = now.saturating_sub(self.mtime.max(self.ctime));
        // A time that is far ahead is none that a change now would get.
        !(-COARSE_TICK..=tick).contains(&age)
    }
}

/// Nanoseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// How long something took, for the log.
pub(super) fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn open_flags() -> i32 {
    // Neither a link that was put there nor a pipe that never answers.
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

impl Disk {
    pub(super) fn step(&self, step: DiskOperation) -> io::Result<()> {
        match &self.hook {
            Some(hook) => hook(step).map_err(|fault| fault.error),
            None => Ok(()),
        }
    }

    /// A file's metadata; `None` where there is none.
    pub(super) fn look(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.step(DiskOperation::Look)?;
        match path.symlink_metadata() {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file for reading; `None` where there is none.
    pub(super) fn open(&self, path: &Path) -> io::Result<Option<File>> {
        self.step(DiskOperation::Open)?;
        present(
            OpenOptions::new()
                .read(true)
                .custom_flags(open_flags())
                .open(path),
        )
    }

    /// A file for reading and writing, made where there is none, for nobody else; then true.
    pub(super) fn open_or_create(&self, path: &Path) -> io::Result<(File, bool)> {
        self.step(DiskOperation::Open)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(open_flags());
        loop {
            if let Some(file) = present(options.open(path))? {
                return regular(file).map(|file| (file, false));
            }
            match self.create(path) {
                Ok(file) => return Ok((file, true)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A new file, for nobody else.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        self.step(DiskOperation::Create)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        options.open(path)
    }

    /// Writes all the bytes where the file stands.
    pub(super) fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if let Some(Err(fault)) = self.hook.as_ref().map(|hook| hook(DiskOperation::Write)) {
            let some = bytes.get(..fault.after.min(bytes.len())).unwrap_or_default();
            file.write_all(some)?;
            return Err(fault.error);
        }
        file.write_all(bytes)
    }

    /// Copies a stretch of one file to where the other stands; the system does it without the bytes passing here.
    pub(super) fn copy(&self, mut from: &File, at: u64, length: u64, mut to: &File) -> io::Result<()> {
        self.step(DiskOperation::Copy)?;
        from.seek(SeekFrom::Start(at))?;
        let copied = io::copy(&mut from.take(length), &mut to)?;
        if copied == length {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// Gives the file a time of change that no ordinary change gets (those are rounded to the system's tick), so that
    /// any later change shows; makes it durable and says what it is then, and whether it has such a time: not every file
    /// system (vboxsf, FUSE, SMB) lets times be set.
    pub(super) fn seal(&self, file: &File) -> io::Result<(FileIdentity, bool)> {
        let touched = self
            .step(DiskOperation::Touch)
            .and_then(|()| file.set_modified(SystemTime::now()));
        let sealed = match touched {
            Err(error) if is_unsupported(&error) || is(&error, Errno::PERM) => false,
            other => other.map(|()| true)?,
        };
        self.sync(file)?;
        Ok((FileIdentity::of(&file.metadata()?), sealed))
    }

    pub(super) fn sync(&self, file: &File) -> io::Result<()> {
        self.step(DiskOperation::Sync)?;
        file.sync_all()
    }

    pub(super) fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        self.step(DiskOperation::Cut)?;
        file.set_len(length)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(DiskOperation::Rename)?;
        std::fs::rename(from, to)
    }

    /// Makes durable which files a folder has; `within`: one of them. Not every file system can do that (vboxsf, some of
    /// SMB and FUSE): what it does without being asked must be enough there.
    pub(super) fn sync_folder(&self, folder: &Path, within: &Path) -> io::Result<()> {
        let synced = self.step(DiskOperation::SyncFolder).and_then(|()| {
            match File::open(folder) {
                // Files may be made in it, but not listed: then the whole file system.
                Err(error) if is(&error, Errno::ACCESS) => Ok(rustix::fs::syncfs(File::open(within)?)?),
                opened => opened?.sync_all(),
            }
        });
        match synced {
            Err(error) if is_unsupported(&error) => Ok(()),
            other => other,
        }
    }

    /// Removes a file; that there is none is fine.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(DiskOperation::Remove)?;
        present(std::fs::remove_file(path)).map(drop)
    }

    /// Makes a folder that only this user can enter, and those above it; all durable.
    pub(super) fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        self.step(DiskOperation::MakeFolder)?;
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        if let Some(above) = above {
            self.make_folder(above)?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            Ok(()) => above.map_or(Ok(()), |above| self.sync_folder(above, folder)),
            Err(error) => Err(error),
        }
    }

    /// Takes a lock if nobody has it; true when taken.
    pub(super) fn try_lock(&self, file: &File) -> io::Result<bool> {
        self.step(DiskOperation::Lock)?;
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether a lock has been waited for long enough.
    pub(super) fn is_over(&self, since: Instant) -> bool {
        let ending = self.hurry.get().is_some_and(|since| since.elapsed() >= HURRY);
        ending || since.elapsed() >= self.patience
    }
}

/// Whether this user may write there; the reason where not.
pub(super) fn may_write(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::accessat(
        CWD,
        path,
        Access::WRITE_OK,
        AtFlags::EACCESS,
    )?)
}

pub(super) fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Whether the system says that there is no such thing there: that is no fault of a disk.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    [Errno::INVAL, Errno::NOTSUP, Errno::NOSYS]
        .into_iter()
        .any(|errno| is(error, errno))
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

fn regular(file: File) -> io::Result<File> {
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
    fn a_change_within_the_clocks_tick_may_not_show() {
        let second = 1_000_000_000;
        let at = |mtime, ctime| FileIdentity {
            inode: 1,
            size: 2,
            mtime,
            ctime,
        };
        let now = 1_700_000_000 * second + 5;
        for (mtime, certain) in [
            (now, false),
            (now - TICK, false),
            (now - TICK - 1, true),
            (now - 5 - second, false), // whole seconds: perhaps no others are kept
            (now - 5 - 3 * second, true),
            (now + 1, false),
            (now + 86_400 * second, true), // no change now would get that time
        ] {
            assert_eq!(at(mtime, 0).is_certain(now), certain, "{mtime}");
        }
        assert!(!at(7, now).is_certain(now), "whatever was changed");
    }

    #[test]
    fn a_sealed_file_has_a_time_that_the_system_does_not_give() {
        let file = tempfile::tempfile().unwrap();
        let disk = Disk::default();
        disk.write(&file, b"x").unwrap();
        // The system's own clock for files lags behind this one, if only a little.
        let before = now();
        let (identity, sealed) = disk.seal(&file).unwrap();
        assert!(sealed && identity.mtime >= before);
    }
}
