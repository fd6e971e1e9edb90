//! Documents beside the data file or in the account's state folder, other than drafts: each in a file that is replaced as
//! a whole, durably, by one process at a time.
//!
//! Others may be able to write to the folder of the data file. So folders are opened one by one without following links,
//! and files by the opened folder; `Drafts` and `Disk` name files by their paths, which is enough where only this account
//! can write.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, fchown, flock, mkdirat, openat, renameat};
use rustix::fs::{statat, unlinkat};
use rustix::io::Errno;

use super::access::Access;
use super::paths::sibling;
use super::{Disk, Paths, StoreError};

/// The pause between attempts to take a lock.
const RETRY_DELAY: Duration = Duration::from_millis(5);
/// How long to wait for another process that writes a document.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The extension of temporary files, and of lock files.
const TEMPORARY: &str = "hatrack-tmp";
const LOCK: &str = "lock";

/// A folder of documents. Nothing is created before something is written.
#[derive(Debug, Clone)]
pub struct SideFolder {
    /// The folder that exists, or is created like any other.
    root: PathBuf,
    /// The folders below, which are not reached by links.
    below: Vec<String>,
    /// The data file, whose access the documents have; `None`: they are private.
    data: Option<PathBuf>,
}

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub struct SideLock {
    folder: OwnedFd,
    name: String,
    file: File,
}

impl SideFolder {
    /// A private folder in the account's state folder.
    pub fn private(state: &Path, below: &str) -> Self {
        Self {
            root: state.to_path_buf(),
            below: vec![below.to_owned()],
            data: None,
        }
    }

    /// A folder beside the data file: `hats.SUFFIX/BELOW` for `hats.json`. Who may read or write the data file may do the
    /// same with the documents.
    pub fn beside(data: &Path, suffix: &str, below: &str) -> Result<Self, StoreError> {
        let paths = Paths::resolve(data)?;
        let folder = sibling(&paths.data, suffix);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            root: paths.folder,
            below: vec![name.into_owned(), below.to_owned()],
            data: Some(paths.data),
        })
    }

    /// The content of a document of at most `limit` bytes; `None` if there is none.
    ///
    /// Errors: it is a link, no regular file, or longer.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || match self.open(false)? {
            Some(folder) => read(&folder, name, limit),
            None => Ok(None),
        };
        read().map_err(StoreError::io("read", &self.path(name)))
    }

    /// Replaces a document by the result of `with`, which gets the current one, or why it cannot be read; `None` removes
    /// it. Updates of other processes are waited for. Afterwards the document survives a power failure.
    pub fn update(
        &self,
        name: &str,
        limit: usize,
        with: impl FnOnce(Result<Option<Vec<u8>>, io::Error>) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let path = self.path(name);
        let io_error = || StoreError::io("write", &path);
        let folder = self.open(true).map_err(io_error())?;
        let folder = folder.ok_or_else(|| io_error()(io::ErrorKind::NotFound.into()))?;
        let temporary = format!("{name}.{TEMPORARY}");
        let lock = lock(&folder, &temporary, WRITE_TIMEOUT).map_err(io_error())?;
        let Some(file) = lock else {
            return Err(StoreError::Locked {
                path,
                seconds: WRITE_TIMEOUT.as_secs(),
            });
        };
        let written = self.replace(&folder, (name, &temporary), &file, limit, with);
        if !matches!(written, Ok(true)) {
            let _ = unlinkat(&folder, &temporary, AtFlags::empty());
        }
        written.map(drop).map_err(io_error())
    }

    /// Gives whether the temporary file was renamed.
    fn replace(
        &self,
        folder: &OwnedFd,
        (name, temporary): (&str, &str),
        mut file: &File,
        limit: usize,
        with: impl FnOnce(Result<Option<Vec<u8>>, io::Error>) -> Option<Vec<u8>>,
    ) -> io::Result<bool> {
        let Some(bytes) = with(read(folder, name, limit)) else {
            match unlinkat(folder, name, AtFlags::empty()) {
                Err(Errno::NOENT) => {}
                removed => removed?,
            }
            sync(folder)?;
            return Ok(false);
        };
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.set_len(0)?; // It may be a leftover with content.
        file.write_all(&bytes)?;
        if let Some(data) = &self.data {
            let data = openat(CWD, data, file_flags(), Mode::empty())?;
            let access = Access::of(&data.into())?.without_attributes();
            access.apply_to(&Disk::default(), file)?;
        }
        file.sync_all()?;
        renameat(folder, temporary, folder, name)?;
        sync(folder)?;
        Ok(true)
    }

    /// Takes the lock of this name, waiting at most so long; `None` if another process has it.
    pub fn lock(&self, name: &str, wait: Duration) -> Result<Option<SideLock>, StoreError> {
        let name = format!("{name}.{LOCK}");
        let take = || {
            let folder = self.open(true)?.ok_or(io::ErrorKind::NotFound)?;
            let file = lock(&folder, &name, wait)?;
            Ok(file.map(|file| (folder, file)))
        };
        let taken = take().map_err(StoreError::io("lock", &self.path(&name)))?;
        Ok(taken.map(|(folder, file)| SideLock { folder, name, file }))
    }

    fn path(&self, name: &str) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(&self.below);
        path.push(name);
        path
    }

    /// Opens the folder; `None` if it does not exist and is not to be created.
    fn open(&self, create: bool) -> io::Result<Option<OwnedFd>> {
        if create && self.data.is_none() {
            super::draft::create_private_folder(&self.root)?;
        }
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let opened = |opened: rustix::io::Result<OwnedFd>| match opened {
            Ok(folder) => Ok(Some(folder)),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(io::Error::other("it is a link or no folder")),
            Err(error) => Err(error.into()),
        };
        let Some(mut folder) = opened(openat(CWD, &self.root, flags, Mode::empty()))? else {
            return Ok(None);
        };
        for name in &self.below {
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

    /// Creates a folder for those who may use the data file.
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
            let owner = rustix::process::geteuid().is_root();
            let user = owner.then(|| rustix::fs::Uid::from_raw(data.uid()));
            // Without that, nobody else gains access.
            let _ = fchown(&folder, user, Some(rustix::fs::Gid::from_raw(data.gid())));
            // The umask has taken bits away; with a default access list it has not.
            let _ = rustix::fs::fchmod(&folder, mode);
        }
        sync(parent)
    }
}

impl Drop for SideLock {
    fn drop(&mut self) {
        // While it is locked nobody else holds it, and who waits for it looks whether it is still there.
        let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
        let _ = self.file.unlock();
    }
}

/// Removes all documents beside a data file that was put back from a backup: what they say was known of a newer one. With
/// the file's next revision they would seem to be right again.
pub(super) fn forget(paths: &Paths, suffix: &str) -> Result<(), StoreError> {
    let folder = sibling(&paths.data, suffix);
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NOFOLLOW;
    let remove = || {
        let all = match openat(CWD, &folder, flags, Mode::empty()) {
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR) => return Ok(()),
            opened => opened?,
        };
        for below in names(&all)? {
            let documents = match openat(&all, below.as_c_str(), flags, Mode::empty()) {
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

fn file_flags() -> OFlags {
    // A link that somebody put there is not followed, and a pipe does not block.
    OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC
}

fn read(folder: &OwnedFd, name: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match openat(folder, name, file_flags(), Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(io::Error::other("it is a link")),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other("it is too long"));
    }
    Ok(Some(bytes))
}

/// Opens or creates a private file and locks it; `None` after this time.
fn lock(folder: &OwnedFd, name: &str, wait: Duration) -> io::Result<Option<File>> {
    let began = Instant::now();
    loop {
        let flags = file_flags() | OFlags::RDWR | OFlags::CREATE;
        let file = File::from(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file; move it away"));
        }
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let there = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
                if there.is_ok_and(|there| {
                    Ok(there.st_ino) == file.metadata().map(|file| file.ino()).map_err(drop)
                }) {
                    return Ok(Some(file));
                }
                continue; // It was renamed or removed before it was locked.
            }
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if began.elapsed() >= wait {
            return Ok(None);
        }
        std::thread::sleep(RETRY_DELAY);
    }
}

fn sync(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        synced => Ok(synced?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("hats.json");
        std::fs::write(&data, "{}").unwrap();
        std::fs::set_permissions(&data, Permissions::from_mode(mode)).unwrap();
        (home, data)
    }

    fn put(folder: &SideFolder, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        folder.update(name, 100, |_| Some(bytes.to_vec()))
    }

    #[test]
    fn documents_have_the_access_of_the_data_file_and_private_ones_have_not() {
        for (mode, of_folder) in [(0o660, 0o770), (0o600, 0o700), (0o644, 0o755)] {
            let (home, data) = data(mode);
            let folder = SideFolder::beside(&data, "servers", "one").unwrap();
            assert_eq!(folder.read("a", 100).unwrap(), None);
            assert!(
                !home.path().join("hats.servers").exists(),
                "reading creates nothing"
            );
            put(&folder, "a", b"first").unwrap();
            put(&folder, "a", b"text").unwrap();
            assert_eq!(folder.read("a", 100).unwrap().unwrap(), b"text");
            let mode_of = |path: &str| home.path().join(path).metadata().unwrap().mode() & 0o777;
            assert_eq!(mode_of("hats.servers/one/a"), mode);
            assert_eq!(
                (mode_of("hats.servers"), mode_of("hats.servers/one")),
                (of_folder, of_folder)
            );
            let state = home.path().join("x/state");
            let private = SideFolder::private(&state, "outbox");
            put(&private, "a", b"text").unwrap();
            assert_eq!(
                (
                    mode_of("x/state"),
                    mode_of("x/state/outbox"),
                    mode_of("x/state/outbox/a")
                ),
                (0o700, 0o700, 0o600)
            );
            folder.update("a", 100, |_| None).unwrap();
            let left = std::fs::read_dir(home.path().join("hats.servers/one")).unwrap();
            assert_eq!(left.count(), 0, "nothing is left");
        }
    }

    #[test]
    fn neither_links_nor_other_things_nor_long_files_are_read_or_written() {
        let (home, data) = data(0o660);
        let folder = SideFolder::beside(&data, "servers", "one").unwrap();
        put(&folder, "a", b"text").unwrap();
        assert!(folder.read("a", 3).is_err());
        let there = |name: &str| home.path().join("hats.servers/one").join(name);
        let secret = home.path().join("secret");
        std::fs::write(&secret, "secret").unwrap();
        std::os::unix::fs::symlink(&secret, there("b")).unwrap();
        assert!(folder.read("b", 100).is_err());
        put(&folder, "b", b"text").unwrap(); // the link is replaced, not followed
        std::os::unix::fs::symlink(&secret, there("c.hatrack-tmp")).unwrap();
        assert!(put(&folder, "c", b"text").is_err());
        rustix::fs::mknodat(CWD, there("d"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(folder.read("d", 100).is_err());
        assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
        for (name, below) in [("hats.servers", "two"), ("hats.servers/three", "three")] {
            let link = home.path().join(name);
            if name == "hats.servers" {
                std::fs::rename(&link, home.path().join("away")).unwrap();
            } else {
                std::fs::remove_file(home.path().join("hats.servers")).unwrap();
                std::fs::rename(home.path().join("away"), home.path().join("hats.servers")).unwrap();
            }
            std::os::unix::fs::symlink(home.path(), &link).unwrap();
            let folder = SideFolder::beside(&data, "servers", below).unwrap();
            assert!(folder.read("secret", 100).is_err(), "{name}");
            assert!(put(&folder, "secret", b"x").is_err(), "{name}");
        }
        assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    }

    #[test]
    fn updates_do_not_lose_each_other_and_a_lock_is_held_once() {
        let (home, data) = data(0o600);
        let folder = SideFolder::beside(&data, "servers", "one").unwrap();
        std::thread::scope(|scope| {
            for session in 0..4 {
                let folder = folder.clone();
                scope.spawn(move || {
                    for _ in 0..20 {
                        let add = |there: Result<Option<Vec<u8>>, _>| {
                            let mut there = there.unwrap().unwrap_or_default();
                            there.push(session);
                            Some(there)
                        };
                        folder.update("a", 100, add).unwrap();
                    }
                });
            }
        });
        assert_eq!(folder.read("a", 100).unwrap().unwrap().len(), 80);
        let held = folder.lock("a", Duration::ZERO).unwrap().unwrap();
        assert!(folder.lock("a", Duration::from_millis(20)).unwrap().is_none());
        drop(held);
        assert!(folder.lock("a", Duration::ZERO).unwrap().is_some());
        let left = std::fs::read_dir(home.path().join("hats.servers/one")).unwrap();
        assert_eq!(left.count(), 1, "nothing is left");
    }
}
