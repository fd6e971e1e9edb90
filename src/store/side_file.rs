//! Documents next to the data file or in the account's state folder, other than drafts. Each is in a file that is
//! replaced as a whole, durably, by one process at a time.
//!
//! Other accounts may be able to write to the folder of the data file. So folders are opened one by one without
//! following links, and files are opened relative to the opened folder. (`Drafts` and `Disk` use paths, which is enough
//! where only this account can write.)

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchown, mkdirat, openat, renameat};
use rustix::fs::{statat, unlinkat};
use rustix::io::Errno;

use super::access::Access;
use super::paths::sibling;
use super::side_lock::{LockAttempt, SideLock, file_flags, lock_now};
use super::{Disk, Paths, StoreError};

/// The pause between attempts to take a lock.
const RETRY_DELAY: Duration = Duration::from_millis(5);
/// The maximum time to wait for another process that writes a document.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum size of the note in a lock file, in bytes.
const MAX_NOTE_BYTES: usize = 512;
/// The extension of temporary files.
const TEMPORARY_EXTENSION: &str = "hatrack-tmp";
/// The extension of lock files.
const LOCK_EXTENSION: &str = "lock";

/// A folder of documents. Nothing is created before something is written.
#[derive(Debug, Clone)]
pub struct SideFolder {
    /// The folder of the data file, which must exist, or the account's state folder, which is created if needed.
    root: PathBuf,
    /// The names of the folders in `root`, each in the one before it. None of them may be a link.
    subfolders: Vec<String>,
    /// The data file, whose permissions the documents get; `None`: the documents are private.
    data: Option<PathBuf>,
}

impl SideFolder {
    /// A private folder in the account's state folder `state`.
    pub fn private(state: &Path, subfolder: &str) -> Self {
        Self {
            root: state.to_path_buf(),
            subfolders: vec![subfolder.to_owned()],
            data: None,
        }
    }

    /// A folder next to the data file: `hats.SUFFIX/SUBFOLDER` for `hats.json`. Anyone who may read or write the data
    /// file may do the same with the documents.
    pub fn next_to(data: &Path, suffix: &str, subfolder: &str) -> Result<Self, StoreError> {
        let paths = Paths::resolve(data)?;
        let folder = sibling(&paths.data, suffix);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            root: paths.folder,
            subfolders: vec![name.into_owned(), subfolder.to_owned()],
            data: Some(paths.data),
        })
    }

    /// Reads a document of at most `limit` bytes; `None` if it does not exist.
    ///
    /// Errors: the document is longer, a link or not a regular file, or its owner may not write the data file next to
    /// it.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || match self.open(false)? {
            Some(folder) => self.read_in(&folder, name, limit),
            None => Ok(None),
        };
        read().map_err(StoreError::io("read", &self.path(name)))
    }

    /// Whether the folder has a document or anything else with this name.
    pub fn contains(&self, name: &str) -> bool {
        let folder = self.open(false).ok().flatten();
        folder.is_some_and(|folder| statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok())
    }

    fn read_in(&self, folder: &OwnedFd, name: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let file = match openat(folder, name, file_flags(), Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(io::Error::other("it is a link")),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        if let Some(access) = self.access()?
            && !access.lets_write(metadata.uid(), metadata.gid())
        {
            return Err(io::Error::other(
                "its owner may not write the data file; remove it",
            ));
        }
        let size = usize::try_from(metadata.len()).unwrap_or(limit).min(limit);
        let mut bytes = Vec::with_capacity(size + 1);
        file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(too_large(limit));
        }
        Ok(Some(bytes))
    }

    /// Replaces a document with the result of `edit`, which gets the current document (`None` if it does not exist) or
    /// the error of reading it; the result `None` removes the document. Waits at most 5 seconds while another process
    /// updates the document. The update is durable.
    ///
    /// Errors: another process still updates the document after 5 seconds, or the new document has more than `limit`
    /// bytes, so that it could not be read again. The old document then stays.
    pub fn update(
        &self,
        name: &str,
        limit: usize,
        edit: impl FnOnce(Result<Option<Vec<u8>>, io::Error>) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let path = self.path(name);
        let io_error = || StoreError::io("write", &path);
        let folder = self.open(true).map_err(io_error())?;
        let folder = folder.ok_or_else(|| io_error()(io::ErrorKind::NotFound.into()))?;
        let temporary = format!("{name}.{TEMPORARY_EXTENSION}");
        let lock = self
            .take_lock(&folder, &temporary, WRITE_TIMEOUT)
            .map_err(io_error())?;
        let Some((file, _)) = lock else {
            return Err(StoreError::Locked {
                path,
                seconds: WRITE_TIMEOUT.as_secs(),
            });
        };
        let written = self.replace(&folder, (name, &temporary), &file, limit, edit);
        if !matches!(written, Ok(true)) {
            let _ = unlinkat(&folder, &temporary, AtFlags::empty());
        }
        written.map(drop).map_err(io_error())
    }

    /// Does the update of [`SideFolder::update`] with the locked temporary file. Returns whether this file was renamed.
    fn replace(
        &self,
        folder: &OwnedFd,
        (name, temporary): (&str, &str),
        mut file: &File,
        limit: usize,
        edit: impl FnOnce(Result<Option<Vec<u8>>, io::Error>) -> Option<Vec<u8>>,
    ) -> io::Result<bool> {
        let Some(bytes) = edit(self.read_in(folder, name, limit)) else {
            match unlinkat(folder, name, AtFlags::empty()) {
                Err(Errno::NOENT) => {}
                removed => removed?,
            }
            sync(folder)?;
            return Ok(false);
        };
        if bytes.len() > limit {
            return Err(too_large(limit));
        }
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.set_len(0)?; // It may be a leftover with content.
        file.write_all(&bytes)?;
        if let Some(access) = self.access()? {
            access.apply_to(&Disk::default(), file)?;
        }
        file.sync_all()?;
        renameat(folder, temporary, folder, name)?;
        sync(folder)?;
        Ok(true)
    }

    /// Takes the lock with this name, waiting for at most `timeout`; `None` if another process still holds it.
    pub fn lock(&self, name: &str, timeout: Duration) -> Result<Option<SideLock>, StoreError> {
        let name = format!("{name}.{LOCK_EXTENSION}");
        let take = || {
            let folder = self.open(true)?.ok_or(io::ErrorKind::NotFound)?;
            let file = self.take_lock(&folder, &name, timeout)?;
            Ok(file.map(|file| (folder, file)))
        };
        let taken = take().map_err(StoreError::io("lock", &self.path(&name)))?;
        Ok(taken.map(|(folder, (file, is_leftover))| SideLock::new(folder, name, file, is_leftover)))
    }

    /// The note that the holder of the lock with this name last wrote; `None` if there is no note. The note of a holder
    /// that was killed is returned, too. Anyone who may write the data file may have written the note, so use it only
    /// for display.
    pub fn lock_note(&self, name: &str) -> Option<Vec<u8>> {
        let folder = self.open(false).ok().flatten()?;
        let note = self.read_in(&folder, &format!("{name}.{LOCK_EXTENSION}"), MAX_NOTE_BYTES);
        note.ok().flatten().filter(|note| !note.is_empty())
    }

    /// The access that documents get: that of the data file; `None`: they are private.
    fn access(&self) -> io::Result<Option<Access>> {
        let Some(data) = &self.data else {
            return Ok(None);
        };
        let data = openat(CWD, data, file_flags(), Mode::empty())?;
        Ok(Some(Access::of(&data.into())?.without_attributes()))
    }

    /// Opens or creates a file and locks it; `None` if another process still holds the lock after `timeout`. Also
    /// returns whether the file is a leftover. Anyone who may write the data file can take the lock.
    fn take_lock(&self, folder: &OwnedFd, name: &str, timeout: Duration) -> io::Result<Option<(File, bool)>> {
        let began = Instant::now();
        loop {
            match lock_now(folder, name, || self.access()) {
                Ok(LockAttempt::Locked { file, is_leftover }) => return Ok(Some((file, is_leftover))),
                Ok(LockAttempt::Again) => {}
                Ok(LockAttempt::Held) if began.elapsed() >= timeout => return Ok(None),
                // If permission is denied, another account may have just created the file and not given access to it
                // yet.
                Err(error)
                    if error.kind() != io::ErrorKind::PermissionDenied || began.elapsed() >= timeout =>
                {
                    return Err(error);
                }
                Ok(LockAttempt::Held) | Err(_) => std::thread::sleep(RETRY_DELAY),
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(&self.subfolders);
        path.push(name);
        path
    }

    /// Opens the folder, after creating it if `create`; `None` if it does not exist.
    fn open(&self, create: bool) -> io::Result<Option<OwnedFd>> {
        if create && self.data.is_none() {
            super::draft::create_private_folder(&self.root)?;
        }
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let opened = |opened: rustix::io::Result<OwnedFd>| match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(io::Error::other("it is a link, or not a folder")),
            Err(error) => Err(error.into()),
        };
        let Some(mut folder) = opened(openat(CWD, &self.root, flags, Mode::empty()))? else {
            return Ok(None);
        };
        for name in &self.subfolders {
            if create {
                self.create_folder(&folder, name)?;
            }
            let next = openat(&folder, name.as_str(), flags | OFlags::NOFOLLOW, Mode::empty());
            match opened(next)? {
                Some(next) => folder = next,
                None => return Ok(None),
            }
        }
        Ok(Some(folder))
    }

    /// Creates a folder for those who may read or write the data file, or a private one. Succeeds if it already exists.
    fn create_folder(&self, parent: &OwnedFd, name: &str) -> io::Result<()> {
        let data = match &self.data {
            Some(data) => Some(File::from(openat(CWD, data, file_flags(), Mode::empty())?).metadata()?),
            None => None,
        };
        let bits = data.as_ref().map_or(0o600, |data| data.mode() & 0o666 | 0o600);
        let mode = Mode::from_bits_truncate(bits | (bits & 0o444) >> 2);
        match mkdirat(parent, name, mode) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        if let Some(data) = data {
            let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            let folder = openat(parent, name, flags, Mode::empty())?;
            let is_root = rustix::process::geteuid().is_root();
            let user = is_root.then(|| rustix::fs::Uid::from_raw(data.uid()));
            // If this fails, the folder keeps its owner and group.
            let _ = fchown(&folder, user, Some(rustix::fs::Gid::from_raw(data.gid())));
            // The umask may have removed bits.
            let _ = rustix::fs::fchmod(&folder, mode);
        }
        sync(parent)
    }
}

/// Removes all documents in the folders next to a data file that was restored from a backup: the documents are about a
/// newer state, and would seem valid as soon as the file reaches the same revision again.
pub(super) fn remove_documents(paths: &Paths, suffix: &str) -> Result<(), StoreError> {
    let folder = sibling(&paths.data, suffix);
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NOFOLLOW;
    let remove = || {
        let outer = match openat(CWD, &folder, flags, Mode::empty()) {
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => return Ok(()),
            opened => opened?,
        };
        for subfolder in names(&outer)? {
            let documents = match openat(&outer, subfolder.as_c_str(), flags, Mode::empty()) {
                Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => continue,
                opened => opened?,
            };
            for name in names(&documents)? {
                match unlinkat(&documents, name.as_c_str(), AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT | Errno::ISDIR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            sync(&documents)?;
        }
        Ok(())
    };
    remove().map_err(StoreError::io("write to", &folder))
}

/// The names in a folder.
fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.as_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

fn too_large(limit: usize) -> io::Error {
    io::Error::other(format!("it is larger than {limit} bytes"))
}

fn sync(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        synced => Ok(synced?),
    }
}

#[cfg(test)]
#[path = "side_file_tests.rs"]
mod tests;
