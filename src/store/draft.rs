//! Drafts: what was being typed when a session ended, kept for that actor's next start. To the store they are bytes.

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
use super::lock::{FileLock, sweep};
use super::{Paths, StoreError};

/// The draft of one actor for one data file, in a file of its own that only this user can read.
#[derive(Debug, Clone)]
pub struct Drafts {
    pub(super) disk: Disk,
    pub(super) folder: PathBuf,
    /// How its files are called, but for their endings.
    pub(super) name: String,
    file: PathBuf,
    /// Locked while the draft is changed, and gone afterwards. As there is one for each draft, many sessions that end at
    /// once do not wait for each other.
    temporary: PathBuf,
}

/// How the name of a temporary file ends.
pub(super) const TEMPORARY: &str = "hatrack-tmp";
/// How long another session of the same actor is waited for: the process is about to end.
const PATIENCE: Duration = Duration::from_millis(300);

impl Drafts {
    /// The most that is kept, in bytes.
    pub const MOST: usize = 64 << 20;

    /// In a folder of the user's state; nothing is created yet.
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
                patience: PATIENCE,
                ..Disk::default()
            },
            folder: folder.to_path_buf(),
            file: folder.join(format!("{name}.draft")),
            temporary: folder.join(format!("{name}.{TEMPORARY}")),
            name,
        })
    }

    /// Keeps what is made of what is kept now; `None`: nothing. Another session of the same actor that does so too comes
    /// before or after, never in between. What is kept then survives this process; [`WrittenDraft::sync`] makes it survive a
    /// power failure, which on a slow disk takes longer than a session that ends has.
    pub fn change(
        &self,
        with: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>,
    ) -> Result<WrittenDraft, StoreError> {
        let wrong = || StoreError::io("keep the draft", &self.file);
        make_folder(&self.folder).map_err(wrong())?;
        let lock = FileLock::take(&self.disk, &self.temporary, &Access::private())?;
        let changed = self.kept().and_then(|bytes| match with(bytes) {
            Some(bytes) => self.write(lock.file(), &bytes).map(Some).map_err(wrong()),
            None => self.forget().map(|()| None),
        });
        if changed.is_err() {
            let _ = self.disk.remove(&self.temporary);
        }
        Ok(WrittenDraft {
            drafts: self.clone(),
            file: changed?,
        })
    }

    fn forget(&self) -> Result<(), StoreError> {
        let removed = self.disk.remove(&self.file);
        removed
            .and_then(|()| self.disk.remove(&self.temporary))
            .map_err(StoreError::io("remove the draft", &self.file))
    }

    /// Puts bytes into the temporary file, which takes the place of the draft then.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<File> {
        put(&self.disk, file, bytes)?;
        self.disk.rename(&self.temporary, &self.file)?;
        file.try_clone()
    }

    /// The bytes that were kept; `None` where there are none. Whoever understands them must expect anything. What was left
    /// by somebody who was killed while keeping a draft is removed.
    pub fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.tidy();
        self.kept()
    }

    fn kept(&self) -> Result<Option<Vec<u8>>, StoreError> {
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
        file.take(Self::MOST as u64 + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() <= Self::MOST).then_some(bytes))
    }

    /// Removes the temporary files of those who were killed; whose writer lives, stays.
    fn tidy(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == TEMPORARY) {
                // What cannot be removed harms nothing.
                let _ = sweep(&self.disk, &path);
            }
        }
    }
}

/// What was written, but perhaps not to the disk itself.
#[derive(Debug)]
pub struct WrittenDraft {
    drafts: Drafts,
    file: Option<File>,
}

impl WrittenDraft {
    /// Waits until it survives a power failure.
    pub fn sync(self) -> Result<(), StoreError> {
        let Drafts {
            disk, folder, file, ..
        } = &self.drafts;
        let synced = self.file.as_ref().map_or(Ok(()), |file| disk.sync(file));
        synced
            .and_then(|()| disk.sync_folder(folder, file))
            .map_err(StoreError::io("keep the draft", file))
    }
}

/// A folder that only this user can enter, and those above it. Nothing waits for the disk.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Puts bytes into a file in the place of what may be in it.
pub(super) fn put(disk: &Disk, file: &File, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > Drafts::MOST {
        return Err(io::Error::other("it is longer than a draft may be"));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    disk.cut(file, 0)?; // It may be one that was left.
    disk.write(file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_for_each_actor_and_data_file_readable_by_this_user_only() {
        let home = tempfile::tempdir().unwrap();
        let (state, data) = (home.path().join("a/b"), home.path().join("hats.json"));
        let of = |actor: &str, data: &Path| Drafts::new(&state, actor, data).unwrap();
        let alice = of("alice", &data);
        assert_eq!(alice.load().unwrap(), None);
        alice.change(|_| Some(b"one".to_vec())).unwrap();
        alice.change(|_| Some(b"\xff\0two".to_vec())).unwrap();
        of("bob", &data).change(|_| Some(b"bob's".to_vec())).unwrap();
        assert_eq!(of("alice", &data).load().unwrap().unwrap(), b"\xff\0two");
        assert_eq!(of("alice", &home.path().join("other.json")).load().unwrap(), None);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&alice.file), mode(&state)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 2);
        alice.change(|_| None).unwrap();
        alice.change(|_| None).unwrap();
        assert_eq!(alice.load().unwrap(), None);
    }

    #[test]
    fn what_is_too_long_or_no_file_is_left_aside() {
        let home = tempfile::tempdir().unwrap();
        let draft = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        assert!(draft.change(|_| Some(vec![0; Drafts::MOST + 1])).is_err());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        let long = File::create(&draft.file).unwrap();
        long.set_len(Drafts::MOST as u64 + 1).unwrap();
        assert_eq!(draft.load().unwrap(), None);
        std::fs::remove_file(&draft.file).unwrap();
        std::fs::create_dir(&draft.file).unwrap();
        assert_eq!(draft.load().unwrap(), None);
    }

    #[test]
    fn two_sessions_of_one_actor_do_not_lose_each_others_draft() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        std::thread::scope(|scope| {
            for session in 0..4 {
                let drafts = drafts.clone();
                scope.spawn(move || {
                    for _ in 0..25 {
                        let add = |kept: Option<Vec<u8>>| {
                            let mut kept = kept.unwrap_or_default();
                            kept.push(session);
                            Some(kept)
                        };
                        // Busy is said, and nothing happened then.
                        while let Err(error) = drafts.change(add) {
                            assert!(matches!(error, StoreError::Locked { .. }), "{error}");
                        }
                    }
                });
            }
        });
        let mut kept = drafts.load().unwrap().unwrap();
        kept.sort_unstable();
        let all: Vec<u8> = (0..4).flat_map(|session| [session; 25]).collect();
        assert_eq!(kept, all);
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            1,
            "nothing is left"
        );
    }

    #[test]
    fn another_session_is_waited_for_a_moment_only_and_a_killed_one_not_at_all() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        drafts.change(|_| Some(b"one".to_vec())).unwrap();
        let other = File::create(&drafts.temporary).unwrap();
        other.lock().unwrap();
        let since = std::time::Instant::now();
        let error = drafts.change(|_| panic!("nobody may look")).unwrap_err();
        assert!(error.to_string().contains("is writing"), "{error}");
        assert!(since.elapsed() < PATIENCE * 3);
        assert_eq!(drafts.load().unwrap().unwrap(), b"one");
        assert!(drafts.temporary.exists(), "its writer lives");
        // Its writer is killed, with more in it than is written then.
        std::fs::write(&drafts.temporary, "half of something long").unwrap();
        drop(other);
        drafts
            .change(|kept| Some([kept.unwrap(), b"two".to_vec()].concat()))
            .unwrap();
        assert_eq!(drafts.load().unwrap().unwrap(), b"onetwo");
        std::fs::write(&drafts.temporary, "half").unwrap();
        std::fs::write(home.path().join("another's.hatrack-tmp"), "half").unwrap();
        drafts.load().unwrap();
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "tidied up");
    }
}
