//! Errors of the data file and related files, in sentences that say what failed, on which file, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::StoreProblem;
use crate::model::read::ReadError;

/// An error in reading or writing a file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data file is not a valid wardrobe. It is not modified.
    #[error("{}: line {line}, column {column}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, starting at 1.
        line: usize,
        /// The column in bytes, starting at 1.
        column: usize,
        /// A description of the error at this position, often with what was expected.
        message: String,
    },
    /// The path does not lead to a regular file.
    #[error("{} is {kind}, not a file; give the path of a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The kind of thing that it is instead, with its article, such as `a folder`.
        kind: &'static str,
    },
    /// A symbolic link that another user created in a world-writable folder, and that may be a trap.
    #[error(
        "{} is a symbolic link that another user made in a world-writable folder, so it is not followed; give the path of its target, or remove it",
        path.display()
    )]
    UntrustedLink {
        /// The link.
        path: PathBuf,
    },
    /// The path with which the data file was opened now leads to another file, or to none.
    #[error(
        "{} no longer leads to {}, so nothing is saved; restore the link, or restart hatrack to open its new target",
        path.display(), data.display()
    )]
    PathMoved {
        /// The path with which the file was opened.
        path: PathBuf,
        /// The data file.
        data: PathBuf,
    },
    /// Another process held a lock until the timeout.
    #[error("{} is locked by another process{}; try again", path.display(), waiting_time(*seconds))]
    Locked {
        /// The locked file.
        path: PathBuf,
        /// The time for which the process waited for the lock, in seconds; 0 if it did not wait or waited less than a
        /// second.
        seconds: u64,
    },
    /// The data file existed and was deleted.
    #[error("{} no longer exists, so changes cannot be saved", path.display())]
    Gone {
        /// The path of the data file.
        path: PathBuf,
    },
    /// There is no data file, but a history: the data file was removed, or its disk is not mounted. Its content is
    /// unknown.
    #[error(
        "{} is missing, but its history exists; restore the file from a backup, or move {} away to start over",
        path.display(), history.display()
    )]
    Missing {
        /// The path of the data file.
        path: PathBuf,
        /// The history.
        history: PathBuf,
    },
    /// The session is read-only.
    #[error("this session is read-only")]
    ReadOnly,
    /// A file cannot be written for another reason than an error of the operating system.
    #[error("{}: {reason}", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// The reason, often with what to do about it.
        reason: String,
    },
    /// The operating system cannot read the data file, or cannot follow a path.
    #[error("cannot read {}: {}", path.display(), plain_reason(source))]
    CannotRead {
        /// The file or path.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// An operation of the system failed.
    #[error("cannot {operation} {}: {}", path.display(), plain_reason(source))]
    Io {
        /// The operation, as a verb, perhaps with an object, such as `create the folder`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

impl StoreError {
    /// The problem to report when this error prevents a session from working with the data file `data`. Its kind says
    /// whether it is over as soon as the file can be read again.
    pub(super) fn to_problem(&self, data: &Path) -> StoreProblem {
        let message = self.to_string();
        match self {
            Self::Locked { path, .. } => StoreProblem::CannotWrite(format!(
                "{} is locked by another process; changes are saved as soon as it is released",
                path.display()
            )),
            Self::Unreadable { .. } => StoreProblem::Unreadable(message),
            Self::NotAFile { path, .. } | Self::CannotRead { path, .. } if path == data => {
                StoreProblem::Unreadable(message)
            }
            Self::Io { path, operation, .. }
                if path == data && (*operation == "access" || operation.starts_with("read")) =>
            {
                StoreProblem::Unreadable(message)
            }
            Self::Gone { .. } => StoreProblem::Gone(message),
            _ => StoreProblem::CannotWrite(message),
        }
    }

    pub(super) fn io<'a>(operation: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io {
            operation,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn cannot_read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::CannotRead {
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn missing(data: &Path, history: &Path) -> Self {
        Self::Missing {
            path: data.to_path_buf(),
            history: history.to_path_buf(),
        }
    }

    pub(super) fn unreadable(path: &Path, error: ReadError) -> Self {
        Self::Unreadable {
            path: path.to_path_buf(),
            line: error.line,
            column: error.column,
            message: error.message,
        }
    }

    /// The exit code of a command that fails with this error: 4 (data file unreadable or missing), 5 (locked) or 1 (all
    /// others).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::CannotRead { .. } | Self::Missing { .. } => 4,
            Self::Locked { .. } => 5,
            _ => 1,
        }
    }
}

fn waiting_time(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        _ => format!(" (waited {seconds} s)"),
    }
}

/// Describes a system error: a common one in plain words, often with what to do, and any other with the text of the
/// system.
fn plain_reason(error: &io::Error) -> String {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".into(),
        io::ErrorKind::StorageFull => "the disk is full; free some space".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is exceeded; free some space".into(),
        io::ErrorKind::FileTooLarge => {
            "the file is too large for the file system or the limit on file sizes (ulimit -f)".into()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; it must be mounted writable".into()
        }
        io::ErrorKind::PermissionDenied => "permission denied; ask your administrator".into(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder; correct the path".into(),
        io::ErrorKind::InvalidFilename => {
            "the file name, or that of a related file, is too long; use a shorter one".into()
        }
        io::ErrorKind::Unsupported => NO_LOCKS.into(),
        io::ErrorKind::IsADirectory => "it is a folder, not a file; move it away".into(),
        _ if is(Errno::NXIO) => "it is a device or a pipe, not a file; move it away".into(),
        _ if is(Errno::BUSY) => MOUNT_POINT_REASON.into(),
        _ if is(Errno::NOLCK) => NO_LOCKS.into(),
        _ if is(Errno::LOOP) => "unexpected symbolic link; remove it".into(),
        _ if is(Errno::IO) => "input/output error of the disk; see the system log".into(),
        _ => error.to_string(),
    }
}

/// The reason why a file that is a mount point cannot be replaced.
const MOUNT_POINT_REASON: &str =
    "it is mounted as a single file (in a container?) and cannot be replaced; mount the folder instead";
const NO_LOCKS: &str = "not supported by the file system (a network mount without locks?); use another disk";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_say_what_failed_and_what_to_do() {
        for (errno, reason) in [
            (Errno::NOSPC, "the disk is full; free some space"),
            (Errno::DQUOT, "the disk quota is exceeded; free some space"),
            (
                Errno::FBIG,
                "the file is too large for the file system or the limit on file sizes (ulimit -f)",
            ),
            (
                Errno::ROFS,
                "the file system is read-only; it must be mounted writable",
            ),
            (Errno::ACCESS, "permission denied; ask your administrator"),
            (Errno::PERM, "permission denied; ask your administrator"),
            (
                Errno::NOTDIR,
                "a part of the path is a file, not a folder; correct the path",
            ),
            (
                Errno::NAMETOOLONG,
                "the file name, or that of a related file, is too long; use a shorter one",
            ),
            (Errno::ISDIR, "it is a folder, not a file; move it away"),
            (Errno::NXIO, "it is a device or a pipe, not a file; move it away"),
            (Errno::BUSY, MOUNT_POINT_REASON),
            (Errno::NOLCK, NO_LOCKS),
            (Errno::OPNOTSUPP, NO_LOCKS),
            (Errno::LOOP, "unexpected symbolic link; remove it"),
            (Errno::IO, "input/output error of the disk; see the system log"),
            (Errno::STALE, "Stale file handle (os error 116)"),
        ] {
            let error = StoreError::io("write", Path::new("/srv/hats.json"))(errno.into());
            assert_eq!(
                error.to_string(),
                format!("cannot write /srv/hats.json: {reason}")
            );
        }
    }
}
