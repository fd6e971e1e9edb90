//! What one session has that is not saved, in a file of its own for as long as it lives: a second session of the same
//! actor is not offered it. What a killed session leaves is gathered by the next start.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::access::Access;
use super::disk::Disk;
use super::draft::{Drafts, TEMPORARY};
use super::lock::FileLock;
use super::{StoreError, draft};

/// How the name of such a file ends.
const OWN: &str = "own";

/// The session's own file. It is locked while the session lives, and never waits for the disk: it survives the process,
/// not a power failure.
#[derive(Debug)]
pub struct LiveDraft {
    disk: Disk,
    folder: PathBuf,
    file: PathBuf,
    temporary: PathBuf,
    /// Of the file that is there now.
    lock: Option<FileLock>,
}

impl Drafts {
    /// A file of a session's own; nothing is created yet.
    pub fn own(&self) -> LiveDraft {
        let name = format!("{}.{}", self.name, Uuid::new_v4().simple());
        LiveDraft {
            disk: self.disk.clone(),
            folder: self.folder.clone(),
            file: self.folder.join(format!("{name}.{OWN}")),
            temporary: self.folder.join(format!("{name}.{TEMPORARY}")),
            lock: None,
        }
    }

    /// Puts what killed sessions of this actor left into the draft. `with` makes one of what is kept there and what each of
    /// them left.
    pub fn gather(
        &self,
        with: impl FnOnce(Option<&[u8]>, &[Vec<u8>]) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let (mut left, mut bytes) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_own = path.extension() == Some(OsStr::new(OWN))
                && path.file_stem().and_then(|stem| Path::new(stem).file_stem())
                    == Some(OsStr::new(&self.name));
            // What cannot be read now may be another time.
            if is_own && let Ok(Some((file, content))) = claim(&self.disk, &path) {
                left.push((path, file));
                bytes.push(content);
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        self.change(|kept| with(kept.as_deref(), &bytes))?;
        for (path, _file) in &left {
            self.disk
                .remove(path)
                .map_err(StoreError::io("remove the draft", path))?;
        }
        Ok(())
    }
}

/// What is in a file whose session is gone; locked from here on. `None`: its session lives.
fn claim(disk: &Disk, path: &Path) -> io::Result<Option<(File, Vec<u8>)>> {
    let Some(file) = disk.open(path)? else {
        return Ok(None);
    };
    if !file.metadata()?.is_file() || !disk.try_lock(&file)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    (&file).take(Drafts::MOST as u64).read_to_end(&mut bytes)?;
    // Another start may have been quicker.
    Ok(disk.look(path)?.map(|_| (file, bytes)))
}

impl LiveDraft {
    /// Keeps these bytes in the place of those before; `None`: nothing.
    pub fn keep(&mut self, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let Some(bytes) = bytes else {
            let removed = self.disk.remove(&self.file);
            self.lock = None;
            return removed.map_err(StoreError::io("remove the draft", &self.file));
        };
        let wrong = || StoreError::io("keep the draft", &self.file);
        draft::make_folder(&self.folder).map_err(wrong())?;
        let lock = FileLock::take(&self.disk, &self.temporary, &Access::private())?;
        let written = draft::put(&self.disk, lock.file(), bytes)
            .and_then(|()| self.disk.rename(&self.temporary, &self.file));
        if written.is_err() {
            let _ = self.disk.remove(&self.temporary);
        }
        written.map_err(wrong())?;
        self.lock = Some(lock);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn joined(kept: Option<&[u8]>, left: &[Vec<u8>]) -> Option<Vec<u8>> {
        let mut all = left.to_vec();
        all.sort();
        let joined = [kept.unwrap_or_default().to_vec(), all.concat()].concat();
        (!joined.is_empty()).then_some(joined)
    }

    #[test]
    fn what_a_session_has_is_gathered_when_it_is_gone_and_not_before() {
        let home = tempfile::tempdir().unwrap();
        let of = |actor: &str| Drafts::new(home.path(), actor, &home.path().join("hats.json")).unwrap();
        let drafts = of("alice");
        let (mut one, mut two, mut other) = (drafts.own(), drafts.own(), of("bob").own());
        one.keep(Some(b"first")).unwrap();
        one.keep(Some(b"one")).unwrap();
        two.keep(Some(b"two")).unwrap();
        other.keep(Some(b"bob's")).unwrap();
        let mode = one.file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let gather = || {
            drafts.gather(joined).unwrap();
            drafts.load().unwrap()
        };
        assert_eq!(gather(), None, "all of them live");
        drop(one);
        assert_eq!(gather().unwrap(), b"one");
        drop(other);
        two.keep(None).unwrap();
        drop(two);
        assert_eq!(gather().unwrap(), b"one", "each once");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn where_it_cannot_be_put_into_the_draft_it_stays() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        let mut own = drafts.own();
        own.keep(Some(b"one")).unwrap();
        drop(own);
        let long = |_: Option<&[u8]>, _: &[Vec<u8>]| Some(vec![0; Drafts::MOST + 1]);
        assert!(drafts.gather(long).is_err());
        drafts.gather(joined).unwrap();
        assert_eq!(drafts.load().unwrap().unwrap(), b"one");
    }
}
