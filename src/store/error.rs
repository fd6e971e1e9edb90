//! What can be wrong with the data file and the files beside it, in sentences that say what, where and what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::Paths;
use crate::model::read::ReadError;

/// Why something could not be read or written. Where a commit ends with one of these, nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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

impl Error {
    pub(super) fn io<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::Io {
            what,
            path: path.to_path_buf(),
            source,
        }
    }

    pub(super) fn missing(paths: &Paths) -> Self {
        Self::Missing {
            path: paths.data.clone(),
            history: paths.history.clone(),
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
            Self::Unreadable { .. } => 4,
            Self::Locked { .. } => 5,
            _ => 1,
        }
    }

    /// The stanza error condition (RFC 6120, section 8.3.3) that says it best.
    pub fn condition(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } | Self::NotAFile { .. } => "not-acceptable",
            Self::Locked { .. } => "resource-constraint",
            Self::Gone { .. } | Self::Missing { .. } => "gone",
            Self::ReadOnly | Self::NotWritable { .. } => "not-allowed",
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "forbidden",
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "resource-constraint",
                _ => "internal-server-error",
            },
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

/// What the system said, in plain words where it is one of the common things.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full; make room".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up; make room".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::Unsupported => "not supported there (a network mount without locks?)".into(),
        _ => error.to_string(),
    }
}
