//! Editing of small files of the user, such as a configuration.

use std::fs::File;
use std::io;
use std::path::Path;

use super::access::Access;
use super::disk::FileIdentity;
use super::lock::{TemporaryFile, remove_leftover};
use super::user_files::read_up_to;
use super::{Disk, Paths, StoreError};

/// Replaces the content of a file with the result of `edit`, atomically and durably. `edit` gets the current content;
/// that of a missing file is empty. A missing file is created, with its folder, and only this user can read it. An
/// existing file keeps its permissions and attributes, and its owner if this user may set that.
///
/// Errors: the file is not a regular file or longer than `limit` bytes, `edit` refuses (with the reason), another
/// program changed the file meanwhile, or it cannot be read or written. The file is then unchanged, unless only the
/// last step failed, which makes its replacement durable.
pub fn edit_file(
    path: &Path,
    limit: u64,
    edit: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), StoreError> {
    let disk = Disk::default();
    let paths = Paths::resolve(path)?;
    let target = &*paths.data;
    let (read_error, write_error) = (StoreError::io("read", target), || StoreError::io("write", target));
    let refuse = |reason: String| StoreError::NotWritable {
        path: target.to_path_buf(),
        reason,
    };
    disk.create_folder(&paths.folder)
        .map_err(StoreError::io("create", &paths.folder))?;
    // If a temporary file that a killed process left cannot be removed, it cannot be created below.
    let _ = remove_leftover(&disk, &paths.data_temporary);
    let temporary = TemporaryFile::create(&disk, &paths.data_temporary).map_err(write_error())?;
    let temporary = temporary.ok_or_else(|| refuse("another process is writing it; try again".to_owned()))?;
    let current = read(&disk, target, limit).map_err(read_error)?;
    let before = current.as_ref().map_or(&[][..], |current| &current.bytes);
    let after = edit(before).map_err(refuse)?;
    if current.is_some() && after == before {
        return Ok(());
    }
    let write = || {
        disk.write(temporary.file(), &after)?;
        if let Some(current) = &current {
            Access::of(&current.file)?.apply_to(&disk, temporary.file())?;
        }
        disk.sync(temporary.file())
    };
    write().map_err(write_error())?;
    let latest = disk.metadata(target).map_err(write_error())?;
    if latest.as_ref().map(FileIdentity::of) != current.as_ref().map(|current| current.identity) {
        return Err(refuse(
            "another program has just changed it; try again".to_owned(),
        ));
    }
    temporary.rename(target).map_err(write_error())?;
    disk.sync_folder(&paths.folder, target).map_err(write_error())
}

struct Content {
    file: File,
    identity: FileIdentity,
    bytes: Vec<u8>,
}

/// Reads a file; `None` if it does not exist.
fn read(disk: &Disk, path: &Path, limit: u64) -> io::Result<Option<Content>> {
    let Some(file) = disk.open(path)? else {
        return Ok(None);
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(Some(Content {
        identity: FileIdentity::of(&metadata),
        bytes: read_up_to(&file, limit)?,
        file,
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    const LIMIT: u64 = 1 << 20;

    fn append(path: &Path, text: &str) -> Result<(), String> {
        let add = |before: &[u8]| Ok([before, text.as_bytes()].concat());
        edit_file(path, LIMIT, add).map_err(|error| error.to_string())
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn creates_a_private_file_and_its_folder() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/config.toml");
        append(&path, "a").unwrap();
        append(&path, "b").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ab");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(names(path.parent().unwrap()), ["config.toml"]);
    }

    #[test]
    fn keeps_permissions_and_links() {
        let home = tempfile::tempdir().unwrap();
        let (path, link) = (home.path().join("dotfiles.toml"), home.path().join("config.toml"));
        std::fs::write(&path, "a").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("dotfiles.toml", &link).unwrap();
        append(&link, "b").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ab");
        assert_eq!(mode(&path), 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(names(home.path()), ["config.toml", "dotfiles.toml"]);
    }

    #[test]
    fn leaves_the_file_unchanged_on_errors() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        std::fs::write(&path, "a").unwrap();
        let refused = edit_file(&path, LIMIT, |_| Err("it is broken".into())).unwrap_err();
        assert!(refused.to_string().contains("it is broken"), "{refused}");
        let changed = edit_file(&path, LIMIT, |_| {
            std::fs::write(&path, "by an editor").unwrap();
            Ok(b"mine".to_vec())
        });
        assert!(changed.unwrap_err().to_string().contains("has just changed it"));
        assert_eq!(std::fs::read(&path).unwrap(), b"by an editor");
        assert!(edit_file(&path, 3, |_| Ok(Vec::new())).is_err(), "too long");
        assert!(append(home.path(), "x").is_err(), "a folder");
        assert_eq!(std::fs::read(&path).unwrap(), b"by an editor");
        assert_eq!(names(home.path()), ["config.toml"]);
    }
}
