//! What can be wrong with the data file and the files beside it, in sentences that say what, where and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::model::read::ReadError;

/// Why something could not be read or written. Where a commit ends with one of these, nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data file is no wardrobe. It is left as it is.
    #[error("{}: line {line}, column {column}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte in the line, from 1.
        column: usize,
        /// What is wrong there and what was expected.
        message: String,
    },
    /// There is something else than a file at the path.
    #[error("{} is {what}, not a file; give the path of a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// A symbolic link that may be a trap.
    #[error(
        "{} is a symbolic link that somebody else made in a folder where everybody can; it is not followed: give the path that it leads to, or remove it",
        path.display()
    )]
    ForeignLink {
        /// The link.
        path: PathBuf,
    },
    /// The path that the data file was opened with leads to another one now, or to none.
    #[error(
        "{} does not lead to {} any more, and nothing is saved: put the link back, or leave and start again to work with what it leads to now",
        path.display(), was.display()
    )]
    Elsewhere {
        /// The path that was given.
        path: PathBuf,
        /// The data file.
        was: PathBuf,
    },
    /// Somebody else held the lock all the time.
    #[error("{} is locked: somebody else {}; try again", path.display(), writing(*seconds))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// The data file was there and is not any more.
    #[error("{} is gone; nothing was written", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// There is no data file and nobody knows what was in it, but a history: it was removed, or it is on a disk that is
    /// not mounted.
    #[error(
        "{} is missing, but its history is there: put the file back, from a backup; to begin anew instead, move {} away",
        path.display(), history.display()
    )]
    Missing {
        /// Where it was.
        path: PathBuf,
        /// The history.
        history: PathBuf,
    },
    /// This session may change nothing.
    #[error("this session is read-only")]
    ReadOnly,
    /// The data file, or its folder, does not take changes.
    #[error("{}: {reason}", path.display())]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The operating system does not let the data file be read.
    #[error("cannot read {}: {}", path.display(), plain(source))]
    Closed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("cannot {what} {}: {}", path.display(), plain(source))]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io {
            what,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn closed(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Closed {
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

    /// The exit code of a command that ends with this: 1, 4 (unreadable data file) or 5 (locked).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreadable { .. } | Self::Closed { .. } | Self::Missing { .. } => 4,
            Self::Locked { .. } => 5,
            _ => 1,
        }
    }
}

fn writing(seconds: u64) -> String {
    match seconds {
        0 => "is writing".into(),
        1 => "has been writing for a second".into(),
        _ => format!("has been writing for {seconds} seconds"),
    }
}

/// What the system said, in plain words and with what can be done, where it is one of the common things.
fn plain(error: &io::Error) -> String {
    let is = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::StorageFull => "the disk is full; make room".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up; make room".into(),
        io::ErrorKind::FileTooLarge => {
            "the disk is full for a file of this size; make room, or raise the limit on file sizes".into()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; it must be mounted writable".into()
        }
        io::ErrorKind::PermissionDenied => "permission denied; ask whoever looks after it".into(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder; correct the path".into(),
        io::ErrorKind::InvalidFilename => {
            "the name, or that of the files beside it, is too long; use a shorter one".into()
        }
        io::ErrorKind::Unsupported => NO_LOCKS.into(),
        io::ErrorKind::IsADirectory => "it is a folder, not a file; move it away".into(),
        _ if is(Errno::NXIO) => "it is a device or a pipe, not a file; move it away".into(),
        _ if is(Errno::BUSY) => MOUNTED.into(),
        _ if is(Errno::NOLCK) => NO_LOCKS.into(),
        _ if is(Errno::LOOP) => "there is a symbolic link, which is not followed there; remove it".into(),
        _ if is(Errno::IO) => "the disk failed (input/output error); see the log of the system".into(),
        _ => error.to_string(),
    }
}

/// What is a mount of its own cannot be replaced.
const MOUNTED: &str =
    "it is mounted as a single file (in a container?), and cannot be replaced; mount the folder instead";
const NO_LOCKS: &str = "not supported there (a network mount without locks?); use another disk";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_said_with_what_and_where_and_what_to_do() {
        for (errno, reason) in [
            (Errno::NOSPC, "the disk is full; make room"),
            (Errno::DQUOT, "the disk quota is used up; make room"),
            (
                Errno::FBIG,
                "the disk is full for a file of this size; make room, or raise the limit on file sizes",
            ),
            (
                Errno::ROFS,
                "the file system is read-only; it must be mounted writable",
            ),
            (Errno::ACCESS, "permission denied; ask whoever looks after it"),
            (Errno::PERM, "permission denied; ask whoever looks after it"),
            (
                Errno::NOTDIR,
                "a part of the path is a file, not a folder; correct the path",
            ),
            (
                Errno::NAMETOOLONG,
                "the name, or that of the files beside it, is too long; use a shorter one",
            ),
            (Errno::ISDIR, "it is a folder, not a file; move it away"),
            (Errno::NXIO, "it is a device or a pipe, not a file; move it away"),
            (Errno::BUSY, MOUNTED),
            (Errno::NOLCK, NO_LOCKS),
            (Errno::OPNOTSUPP, NO_LOCKS),
            (
                Errno::LOOP,
                "there is a symbolic link, which is not followed there; remove it",
            ),
            (
                Errno::IO,
                "the disk failed (input/output error); see the log of the system",
            ),
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
