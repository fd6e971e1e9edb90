//! Drafts: unsaved input of a session that ended, stored for the actor's next start. To the store they are opaque
//! bytes.

use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use sha1::{Digest, Sha1};

use super::access::Access;
use super::disk::Disk;
use super::lock::{FileLock, remove_leftover};
use super::{Paths, StoreError};

/// The draft of one actor for one data file, in a private file.
#[derive(Debug, Clone)]
pub struct Drafts {
    pub(super) disk: Disk,
    pub(super) folder: PathBuf,
    /// The name of the draft's files, without their extensions.
    pub(super) name: String,
    file: PathBuf,
    /// The temporary file: locked while the draft is updated, and then renamed or removed. Each draft has its own, so
    /// that sessions of different actors do not wait for each other.
    temporary: PathBuf,
}

/// The extension of temporary files.
pub(super) const TEMPORARY_EXTENSION: &str = "hatrack-tmp";
/// The maximum time to wait for another session of the same actor; short, as the process may be about to end.
const LOCK_TIMEOUT: Duration = Duration::from_millis(300);

impl Drafts {
    /// The maximum length of a draft in bytes.
    pub const MAX_BYTES: usize = 64 << 20;

    /// The draft of an actor for a data file, in this folder. Nothing is created yet.
    pub fn new(folder: &Path, actor: &str, data: &Path) -> Result<Self, StoreError> {
        let data = Paths::resolve(data)?.data;
        let mut hash = Sha1::new();
        hash.update((actor.len() as u64).to_le_bytes());
        hash.update(actor);
        hash.update(data.as_os_str().as_encoded_bytes());
        let name = hash.finalize().iter().fold(String::new(), |mut name, byte| {
            let _ = write!(name, "{byte:02x}"); // to memory: cannot fail
            name
        });
        Ok(Self {
            disk: Disk {
                lock_timeout: LOCK_TIMEOUT,
                ..Disk::default()
            },
            folder: folder.to_path_buf(),
            file: folder.join(format!("{name}.draft")),
            temporary: folder.join(format!("{name}.{TEMPORARY_EXTENSION}")),
            name,
        })
    }

    /// Replaces the draft with the result of `edit`, which gets the current draft (`None` if there is none); the result
    /// `None` removes the draft. Sessions of the same actor update the draft one after the other. Afterwards the draft
    /// survives this process, but not a power failure: this needs [`WrittenDraft::sync`], for which an ending session
    /// may not have the time on a slow disk.
    pub fn update(
        &self,
        edit: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>,
    ) -> Result<WrittenDraft, StoreError> {
        let io_error = || StoreError::io("save the draft", &self.file);
        create_private_folder(&self.folder).map_err(io_error())?;
        let lock = FileLock::acquire(&self.disk, &self.temporary, &Access::private())?;
        let changed = self.read_current().and_then(|bytes| match edit(bytes) {
            Some(bytes) => self.write(lock.file(), &bytes).map(Some).map_err(io_error()),
            None => self.remove().map(|()| None),
        });
        if changed.is_err() {
            let _ = self.disk.remove(&self.temporary);
        }
        Ok(WrittenDraft {
            drafts: self.clone(),
            file: changed?,
        })
    }

    fn remove(&self) -> Result<(), StoreError> {
        let removed = self.disk.remove(&self.file);
        removed
            .and_then(|()| self.disk.remove(&self.temporary))
            .map_err(StoreError::io("remove the draft", &self.file))
    }

    /// Writes the bytes to the temporary file `file` and renames it over the draft.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<File> {
        write_private(&self.disk, file, bytes)?;
        self.disk.rename(&self.temporary, &self.file)?;
        file.try_clone()
    }

    /// Reads the draft; `None` if it does not exist, is too long or is not a regular file. Fails if it is a symbolic link.
    /// The caller must not trust its content. Removes temporary files of killed processes.
    pub fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.remove_leftovers();
        self.read_current()
    }

    fn read_current(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map_err(StoreError::io("read the draft", &self.file)),
        }
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(&self.file)?;
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(Self::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() <= Self::MAX_BYTES).then_some(bytes))
    }

    /// Removes temporary files of killed processes; those of running ones are locked and stay.
    fn remove_leftovers(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path
                .extension()
                .is_some_and(|extension| extension == TEMPORARY_EXTENSION)
            {
                // A file that cannot be removed does no harm.
                let _ = remove_leftover(&self.disk, &path);
            }
        }
    }
}

/// A draft that was written or removed, but perhaps not durably.
#[derive(Debug)]
pub struct WrittenDraft {
    drafts: Drafts,
    /// The draft; `None` if it was removed.
    file: Option<File>,
}

impl WrittenDraft {
    /// Makes the change of the draft durable.
    pub fn sync(self) -> Result<(), StoreError> {
        let Drafts {
            disk, folder, file, ..
        } = &self.drafts;
        let synced = self.file.as_ref().map_or(Ok(()), |file| disk.sync(file));
        synced
            .and_then(|()| disk.sync_folder(folder, file))
            .map_err(StoreError::io("save the draft", file))
    }
}

/// Creates a private folder and its missing parents, without syncing them.
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Replaces the content of a file and makes it private. Fails if the content is longer than [`Drafts::MAX_BYTES`].
pub(super) fn write_private(disk: &Disk, file: &File, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > Drafts::MAX_BYTES {
        return Err(io::Error::other("it is too long for a draft"));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    disk.truncate(file, 0)?; // It may be a leftover with content.
    disk.write(file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_private_and_separate_by_actor_and_data_file() {
        let home = tempfile::tempdir().unwrap();
        let (state, data) = (home.path().join("a/b"), home.path().join("hats.json"));
        let drafts_of = |actor: &str, data: &Path| Drafts::new(&state, actor, data).unwrap();
        let alice = drafts_of("alice", &data);
        assert_eq!(alice.load().unwrap(), None);
        alice.update(|_| Some(b"one".to_vec())).unwrap();
        alice.update(|_| Some(b"\xff\0two".to_vec())).unwrap();
        drafts_of("bob", &data)
            .update(|_| Some(b"bob's".to_vec()))
            .unwrap();
        assert_eq!(drafts_of("alice", &data).load().unwrap().unwrap(), b"\xff\0two");
        assert_eq!(
            drafts_of("alice", &home.path().join("other.json"))
                .load()
                .unwrap(),
            None
        );
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&alice.file), mode(&state)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 2);
        alice.update(|_| None).unwrap();
        alice.update(|_| None).unwrap();
        assert_eq!(alice.load().unwrap(), None);
    }

    #[test]
    fn ignores_drafts_that_are_too_long_or_not_files() {
        let home = tempfile::tempdir().unwrap();
        let draft = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        assert!(draft.update(|_| Some(vec![0; Drafts::MAX_BYTES + 1])).is_err());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        let long = File::create(&draft.file).unwrap();
        long.set_len(Drafts::MAX_BYTES as u64 + 1).unwrap();
        assert_eq!(draft.load().unwrap(), None);
        std::fs::remove_file(&draft.file).unwrap();
        std::fs::create_dir(&draft.file).unwrap();
        assert_eq!(draft.load().unwrap(), None);
    }

    #[test]
    fn concurrent_updates_of_a_draft_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        std::thread::scope(|scope| {
            for session in 0..4 {
                let drafts = drafts.clone();
                scope.spawn(move || {
                    for _ in 0..25 {
                        let add = |draft: Option<Vec<u8>>| {
                            let mut draft = draft.unwrap_or_default();
                            draft.push(session);
                            Some(draft)
                        };
                        // A lock timeout is reported, and then nothing has changed.
                        while let Err(error) = drafts.update(add) {
                            assert!(matches!(error, StoreError::Locked { .. }), "{error}");
                        }
                    }
                });
            }
        });
        let mut draft = drafts.load().unwrap().unwrap();
        draft.sort_unstable();
        let expected: Vec<u8> = (0..4).flat_map(|session| [session; 25]).collect();
        assert_eq!(draft, expected);
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            1,
            "only the draft is left"
        );
    }

    #[test]
    fn update_times_out_on_a_live_session_and_recovers_from_a_killed_one() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        drafts.update(|_| Some(b"one".to_vec())).unwrap();
        let other = File::create(&drafts.temporary).unwrap();
        other.lock().unwrap();
        let since = std::time::Instant::now();
        let error = drafts.update(|_| panic!("the draft is locked")).unwrap_err();
        assert!(
            error.to_string().contains("is locked by another process"),
            "{error}"
        );
        assert!(since.elapsed() < LOCK_TIMEOUT + Duration::from_secs(60));
        assert_eq!(drafts.load().unwrap().unwrap(), b"one");
        assert!(drafts.temporary.exists(), "the writer is still running");
        // The writer is killed and leaves more bytes than the next update writes.
        std::fs::write(&drafts.temporary, "half of something long").unwrap();
        drop(other);
        drafts
            .update(|draft| Some([draft.unwrap(), b"two".to_vec()].concat()))
            .unwrap();
        assert_eq!(drafts.load().unwrap().unwrap(), b"onetwo");
        std::fs::write(&drafts.temporary, "half").unwrap();
        std::fs::write(home.path().join("another's.hatrack-tmp"), "half").unwrap();
        drafts.load().unwrap();
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            1,
            "only the draft is left"
        );
    }
}
