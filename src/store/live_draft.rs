//! Unsaved input of a running session, in a file of its own that is not offered to other sessions of the same actor.
//! The next start recovers the files of killed sessions.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::access::Access;
use super::disk::Disk;
use super::draft::{Drafts, TEMPORARY_EXTENSION};
use super::lock::FileLock;
use super::{StoreError, draft};

/// The extension of the files of running sessions.
const LIVE_EXTENSION: &str = "own";

/// The unsaved input of a running session, in a file. The file is locked while the session runs, and is never synced: it
/// survives the process, but not a power failure.
#[derive(Debug)]
pub struct LiveDraft {
    disk: Disk,
    folder: PathBuf,
    file: PathBuf,
    temporary: PathBuf,
    /// The lock on the current file.
    lock: Option<FileLock>,
}

impl Drafts {
    /// Chooses a new file for a running session; nothing is created yet.
    pub fn new_live_draft(&self) -> LiveDraft {
        let name = format!("{}.{}", self.name, Uuid::new_v4().simple());
        LiveDraft {
            disk: self.disk.clone(),
            folder: self.folder.clone(),
            file: self.folder.join(format!("{name}.{LIVE_EXTENSION}")),
            temporary: self.folder.join(format!("{name}.{TEMPORARY_EXTENSION}")),
            lock: None,
        }
    }

    /// Moves the contents of the files of this actor's killed sessions into the draft, and removes these files. `merge`
    /// gets the current draft and the content of each file, and returns the new draft; `None` removes the draft.
    /// Without such files, nothing is done.
    pub fn recover_orphans(
        &self,
        merge: impl FnOnce(Option<&[u8]>, &[Vec<u8>]) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let (mut orphans, mut contents) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_of_actor = path.extension() == Some(OsStr::new(LIVE_EXTENSION))
                && path.file_stem().and_then(|stem| Path::new(stem).file_stem())
                    == Some(OsStr::new(&self.name));
            // A file that cannot be read now is left for another start.
            if is_of_actor && let Ok(Some((file, content))) = claim(&self.disk, &path) {
                orphans.push((path, file));
                contents.push(content);
            }
        }
        if orphans.is_empty() {
            return Ok(());
        }
        self.update(|current| merge(current.as_deref(), &contents))?;
        for (path, _file) in &orphans {
            self.disk
                .remove(path)
                .map_err(StoreError::io("remove the draft", path))?;
        }
        Ok(())
    }
}

/// Locks and reads the file of a session that has ended. `None` if the session is still running, or if there is no
/// regular file at the path.
fn claim(disk: &Disk, path: &Path) -> io::Result<Option<(File, Vec<u8>)>> {
    let Some(file) = disk.open(path)? else {
        return Ok(None);
    };
    if !file.metadata()?.is_file() || !disk.try_lock(&file)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    (&file).take(Drafts::MAX_BYTES as u64).read_to_end(&mut bytes)?;
    // Another process may have recovered the file and removed it first.
    Ok(disk.metadata(path)?.map(|_| (file, bytes)))
}

impl LiveDraft {
    /// Replaces the content of the file; `None` removes the file.
    pub fn save(&mut self, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let Some(bytes) = bytes else {
            let removed = self.disk.remove(&self.file);
            self.lock = None;
            return removed.map_err(StoreError::io("remove the draft", &self.file));
        };
        let io_error = || StoreError::io("save the draft", &self.file);
        draft::create_private_folder(&self.folder).map_err(io_error())?;
        let lock = FileLock::acquire(&self.disk, &self.temporary, &Access::private())?;
        let written = draft::write_private(&self.disk, lock.file(), bytes)
            .and_then(|()| self.disk.rename(&self.temporary, &self.file));
        if written.is_err() {
            let _ = self.disk.remove(&self.temporary);
        }
        written.map_err(io_error())?;
        self.lock = Some(lock);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn concatenate(draft: Option<&[u8]>, orphans: &[Vec<u8>]) -> Option<Vec<u8>> {
        let mut all = orphans.to_vec();
        all.sort();
        let joined = [draft.unwrap_or_default().to_vec(), all.concat()].concat();
        (!joined.is_empty()).then_some(joined)
    }

    #[test]
    fn recovers_live_drafts_only_of_ended_sessions() {
        let home = tempfile::tempdir().unwrap();
        let drafts_of =
            |actor: &str| Drafts::new(home.path(), actor, &home.path().join("hats.json")).unwrap();
        let drafts = drafts_of("alice");
        let (mut one, mut two, mut other) = (
            drafts.new_live_draft(),
            drafts.new_live_draft(),
            drafts_of("bob").new_live_draft(),
        );
        one.save(Some(b"first")).unwrap();
        one.save(Some(b"one")).unwrap();
        two.save(Some(b"two")).unwrap();
        other.save(Some(b"bob's")).unwrap();
        let mode = one.file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let recover = || {
            drafts.recover_orphans(concatenate).unwrap();
            drafts.load().unwrap()
        };
        assert_eq!(recover(), None, "all sessions are running");
        drop(one);
        assert_eq!(recover().unwrap(), b"one");
        drop(other);
        two.save(None).unwrap();
        drop(two);
        assert_eq!(recover().unwrap(), b"one", "recovered only once");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn failed_recovery_keeps_the_orphan() {
        let home = tempfile::tempdir().unwrap();
        let drafts = Drafts::new(home.path(), "alice", &home.path().join("hats.json")).unwrap();
        let mut own = drafts.new_live_draft();
        own.save(Some(b"one")).unwrap();
        drop(own);
        let long = |_: Option<&[u8]>, _: &[Vec<u8>]| Some(vec![0; Drafts::MAX_BYTES + 1]);
        assert!(drafts.recover_orphans(long).is_err());
        drafts.recover_orphans(concatenate).unwrap();
        assert_eq!(drafts.load().unwrap().unwrap(), b"one");
    }
}
