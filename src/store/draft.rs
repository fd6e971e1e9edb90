//! Drafts: what was being typed when a session ended, kept for that actor's next start. To the store they are bytes.

use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha1::{Digest, Sha1};

use super::{Error, Paths};

/// The draft of one actor for one data file, in a file of its own that only this user can read.
#[derive(Debug, Clone)]
pub struct Drafts {
    folder: PathBuf,
    file: PathBuf,
}

impl Drafts {
    /// The most that is kept, in bytes.
    pub const MOST: usize = 1 << 20;

    /// In a folder of the user's state; nothing is created yet.
    pub fn new(folder: &Path, actor: &str, data: &Path) -> Result<Self, Error> {
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
            folder: folder.to_path_buf(),
            file: folder.join(format!("{name}.draft")),
        })
    }

    /// Keeps these bytes in the place of any before; whole or not at all, and durable.
    pub fn save(&self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() > Self::MOST {
            let too_long = io::Error::other("it is longer than a draft may be");
            return Err(Error::io("keep the draft", &self.file)(too_long));
        }
        let write = || -> io::Result<()> {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)?;
            let temporary = self
                .file
                .with_extension(format!("{}.hatrack-tmp", std::process::id()));
            let mut file = create(&temporary)?;
            let written = file
                .set_permissions(Permissions::from_mode(0o600))
                .and_then(|()| file.write_all(bytes))
                .and_then(|()| file.sync_all())
                .and_then(|()| std::fs::rename(&temporary, &self.file))
                .and_then(|()| File::open(&self.folder)?.sync_all());
            if written.is_err() {
                let _ = std::fs::remove_file(&temporary);
            }
            written
        };
        write().map_err(Error::io("keep the draft", &self.file))
    }

    /// The bytes that were kept; `None` where there are none. Whoever understands them must expect anything.
    pub fn load(&self) -> Result<Option<Vec<u8>>, Error> {
        let read = || -> io::Result<Option<Vec<u8>>> {
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
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map_err(Error::io("read the draft", &self.file)),
        }
    }

    /// Forgets them.
    pub fn remove(&self) -> Result<(), Error> {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(Error::io("remove the draft", &self.file)),
        }
    }
}

/// A new file; one that a process of the same number left behind is removed first.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            options.open(path)
        }
        other => other,
    }
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
        alice.save(b"one").unwrap();
        alice.save(b"\xff\0two").unwrap();
        of("bob", &data).save(b"bob's").unwrap();
        assert_eq!(of("alice", &data).load().unwrap().unwrap(), b"\xff\0two");
        assert_eq!(of("alice", &home.path().join("other.json")).load().unwrap(), None);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&alice.file), mode(&state)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 2);
        alice.remove().unwrap();
        alice.remove().unwrap();
        assert_eq!(alice.load().unwrap(), None);
    }

    #[test]
    fn what_is_too_long_or_no_file_is_left_aside() {
        let home = tempfile::tempdir().unwrap();
        let draft = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        assert!(draft.save(&vec![0; Drafts::MOST + 1]).is_err());
        std::fs::write(&draft.file, vec![0; Drafts::MOST + 1]).unwrap();
        assert_eq!(draft.load().unwrap(), None);
        std::fs::remove_file(&draft.file).unwrap();
        std::fs::create_dir(&draft.file).unwrap();
        assert_eq!(draft.load().unwrap(), None);
    }
}
