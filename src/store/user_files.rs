//! Files named by the user: read as a whole, and written atomically without overwriting by accident.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use rustix::io::Errno;

use super::lock::{TemporaryFile, remove_leftover};
use super::{Disk, Paths, StoreError};

/// The maximum length of an input in bytes: a kilobyte for each of a million users.
const MAX_BYTES: u64 = 1 << 30;

/// Expands `~` at the start of a path to the home folder. A shell does so only at the start of a word, not in
/// `--file=~/hats.json` or in a variable.
pub fn expand_home(path: &Path) -> PathBuf {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(inside), Some(home)) if inside.as_os_str().is_empty() => home,
        (Ok(inside), Some(home)) => home.join(inside),
        _ => path.to_path_buf(),
    }
}

/// Whether a path is `-`, which stands for standard input or output. (A file of that name is `./-`.)
pub fn is_dash(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a path names standard output: `-` or one of its device files.
pub fn is_stdout_path(path: &Path) -> bool {
    let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    names.iter().any(|name| path == Path::new(name))
}

/// Opens a pipe or a character device, such as `/dev/fd/63` of a shell's `>(…)`, for writing; `None` for anything else.
/// Blocks until a pipe has a reader.
pub fn open_if_stream(path: &Path) -> Result<Option<File>, StoreError> {
    let path = expand_home(path);
    let is_stream = |metadata: std::fs::Metadata| {
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_char_device()
    };
    if !std::fs::metadata(&path).is_ok_and(is_stream) {
        return Ok(None);
    }
    let opened = OpenOptions::new().write(true).open(&path);
    opened.map(Some).map_err(StoreError::io("write", &path))
}

/// Reads a file or a pipe to its end; blocks until a pipe has a writer, as `cat` does. Fails if the input is longer than
/// 1 GiB.
pub fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let path = &*expand_home(path);
    if path.is_dir() {
        return Err(StoreError::NotAFile {
            path: path.to_path_buf(),
            kind: "a folder",
        });
    }
    let read = || read_all(File::open(path)?);
    read().map_err(StoreError::io("read", path))
}

/// Like [`read_file`], but only for regular files, so that it never blocks on a pipe.
pub fn read_regular_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let path = &*expand_home(path);
    let read = || read_all(open_regular_file(path)?);
    read().map_err(StoreError::io("read", path))
}

/// Opens a regular file for reading; fails for anything else without blocking.
pub fn open_regular_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}

/// Reads to the end; fails if the input is longer than 1 GiB.
pub fn read_all(from: impl Read) -> io::Result<Vec<u8>> {
    read_up_to(from, MAX_BYTES)
}

pub(super) fn read_up_to(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let megabytes = limit >> 20;
        return Err(io::Error::other(format!("it is larger than {megabytes} MB")));
    }
    Ok(bytes)
}

/// Opens a file for appending, such as a log. A new file is readable by this user only. Rejects `-`, files that are not
/// regular, and the data file `data`, its history and its lock.
pub fn open_append(path: &Path, data: Option<&Path>) -> Result<File, StoreError> {
    if is_dash(path) {
        return Err(StoreError::NotWritable {
            path: path.to_path_buf(),
            reason: "standard input and output are in use; give a file (./- for one named -)".into(),
        });
    }
    let resolved = Paths::resolve(&expand_home(path))?.data;
    reject_own_files(&resolved, data)?;
    // Without this flag, opening a pipe would block until it has a reader.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let open = || {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(flags.bits().cast_signed())
            .open(&resolved)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        Ok(file)
    };
    open().map_err(StoreError::io("write", &resolved))
}

/// Rejects the data file `data`, its history and its lock.
fn reject_own_files(resolved: &Path, data: Option<&Path>) -> Result<(), StoreError> {
    if let Some(data) = data {
        let own = Paths::resolve(data)?;
        if [&own.data, &own.history, &own.lock]
            .iter()
            .any(|own| *own == resolved)
        {
            let reason = "it belongs to the data file; give another name".into();
            return Err(StoreError::NotWritable {
                path: resolved.to_path_buf(),
                reason,
            });
        }
    }
    Ok(())
}

/// The result of [`write_file`].
#[derive(Debug)]
pub enum WriteOutcome {
    /// The file was written.
    Written,
    /// The file already exists and was not overwritten.
    AlreadyExists,
}

/// Writes a file atomically, readable by this user only. An existing file is replaced only with `overwrite`. Rejects
/// the data file `data`, its history and its lock.
pub fn write_file(
    path: &Path,
    bytes: &[u8],
    overwrite: bool,
    data: Option<&Path>,
) -> Result<WriteOutcome, StoreError> {
    let disk = Disk::default();
    let resolved = Paths::resolve(&expand_home(path))?.data;
    reject_own_files(&resolved, data)?;
    match std::fs::metadata(&resolved) {
        Ok(metadata) if !metadata.is_file() => {
            let kind = if metadata.is_dir() {
                "a folder"
            } else {
                "a device or a pipe"
            };
            return Err(StoreError::NotAFile { path: resolved, kind });
        }
        Ok(_) if !overwrite => return Ok(WriteOutcome::AlreadyExists),
        _ => {}
    }
    if let Some(folder) = resolved.parent()
        && std::fs::metadata(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        let reason = format!(
            "the folder {} does not exist; create it, or give another name",
            folder.display()
        );
        return Err(StoreError::NotWritable {
            path: resolved,
            reason,
        });
    }
    let folder = resolved.parent().unwrap_or(Path::new("/"));
    remove_leftovers(&disk, folder);
    write_atomically(&disk, folder, &resolved, bytes, overwrite).map_err(StoreError::io("write", &resolved))
}

/// Writes to an unnamed file if the file system supports this, so that a killed process leaves nothing behind, and
/// gives the complete file its name. Otherwise writes to a temporary file.
fn write_atomically(
    disk: &Disk,
    folder: &Path,
    target: &Path,
    bytes: &[u8],
    overwrite: bool,
) -> io::Result<WriteOutcome> {
    let temporary = temporary_path(target);
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR) {
        let mut file = File::from(file);
        // The lock keeps `remove_leftovers` of other processes away.
        file.lock()?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let name = if overwrite { &temporary } else { target };
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(CWD, unnamed, CWD, name, AtFlags::SYMLINK_FOLLOW) {
            Ok(()) if overwrite => {
                let renamed = std::fs::rename(&temporary, target);
                if renamed.is_err() {
                    let _ = std::fs::remove_file(&temporary);
                }
                return renamed.map(|()| WriteOutcome::Written);
            }
            Ok(()) => return Ok(WriteOutcome::Written),
            Err(Errno::EXIST) if !overwrite => return Ok(WriteOutcome::AlreadyExists),
            Err(_) => {} // No /proc, or no links: use a temporary file.
        }
    }
    let created = TemporaryFile::create(disk, &temporary)?;
    let created = created.ok_or_else(|| io::Error::other("another process is writing it; try again"))?;
    let mut file = created.file();
    file.write_all(bytes)?;
    file.sync_all()?;
    if overwrite {
        return created.rename(target).map(|()| WriteOutcome::Written);
    }
    // A hard link never replaces a file; some file systems do not support it.
    match std::fs::hard_link(&temporary, target) {
        Ok(()) => Ok(WriteOutcome::Written),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(WriteOutcome::AlreadyExists),
        Err(_) => created.rename(target).map(|()| WriteOutcome::Written),
    }
}

/// The extension of temporary files.
const TEMPORARY_EXTENSION: &str = "hatrack-export";

/// Removes temporary files of killed processes; those of running ones are locked and stay.
fn remove_leftovers(disk: &Disk, folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == TEMPORARY_EXTENSION)
        {
            // A file that cannot be removed does no harm.
            let _ = remove_leftover(disk, &path);
        }
    }
}

/// The path of this process's temporary file, in the same folder.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{TEMPORARY_EXTENSION}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn write_file_replaces_only_with_overwrite() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.csv");
        assert!(matches!(
            write_file(&path, b"one", false, None),
            Ok(WriteOutcome::Written)
        ));
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            write_file(&path, b"two", false, None),
            Ok(WriteOutcome::AlreadyExists)
        ));
        assert_eq!(read_file(&path).unwrap(), b"one");
        std::os::unix::fs::symlink("a.csv", home.path().join("link")).unwrap();
        let link = home.path().join("link");
        assert!(matches!(
            write_file(&link, b"two", true, None),
            Ok(WriteOutcome::Written)
        ));
        assert_eq!(read_regular_file(&path).unwrap(), b"two");
        assert_eq!(files(home.path()), ["a.csv", "link"]);
        assert!(write_file(home.path(), b"", true, None).is_err());
        assert!(write_file(&home.path().join("none/a.csv"), b"", false, None).is_err());
        assert!(write_file(Path::new("/dev/null"), b"", true, None).is_err());
        assert!(read_regular_file(Path::new("/dev/zero")).is_err());
        let endless = read_up_to(io::repeat(0), 2 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "it is larger than 2 MB");
    }

    #[test]
    fn write_file_rejects_untrusted_link() {
        use std::os::unix::fs::{PermissionsExt, lchown, symlink};
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can make another user's link");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o1777)).unwrap();
        let link = open.join("out.csv");
        symlink(home.path().join("target"), &link).unwrap();
        lchown(&link, Some(54_321), None).unwrap();
        for overwrite in [false, true] {
            let error = write_file(&link, b"x", overwrite, None).unwrap_err();
            assert!(
                error.to_string().contains("out.csv is a symbolic link"),
                "{error}"
            );
        }
        assert_eq!(files(home.path()), ["open"]);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn write_file_rejects_files_of_the_store() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("hats.json");
        std::fs::write(&data, "{}").unwrap();
        std::os::unix::fs::symlink("hats.json", home.path().join("link")).unwrap();
        for name in ["hats.json", "link", "hats.history.jsonl", "hats.lock"] {
            let error = write_file(&home.path().join(name), b"x", true, Some(&data)).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("it belongs to the data file; give another name"),
                "{error}"
            );
        }
        assert_eq!(files(home.path()), ["hats.json", "link"]);
        assert_eq!(std::fs::read(&data).unwrap(), b"{}");
    }
}
