//! Files that somebody names: read whole, and written so that nothing that was there is lost by accident.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
use rustix::io::Errno;

use super::lock::{TemporaryFile, sweep};
use super::{Disk, Paths, StoreError};

/// A longer file is no import: a kilobyte for each of a million users.
const MOST: u64 = 1 << 30;

/// A path as people write it: `~` at its start is the home folder. A shell reads it only where a word begins with it, not
/// in `--file=~/hats.json` nor in a variable.
pub fn expanded(path: &Path) -> PathBuf {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(inside), Some(home)) if inside.as_os_str().is_empty() => home,
        (Ok(inside), Some(home)) => home.join(inside),
        _ => path.to_path_buf(),
    }
}

/// Whether a path is `-`: standard input, or standard output. A file of that name is `./-`.
pub fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a path is standard output, by any of its names.
pub fn is_standard_output(path: &Path) -> bool {
    let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    names.iter().any(|name| path == Path::new(name))
}

/// What is there to be written to from its beginning to its end, where it is a pipe or a terminal, such as `/dev/fd/63` of
/// a shell's `>(…)`; `None` for anything else. Waits for whoever reads a pipe.
pub fn open_stream(path: &Path) -> Result<Option<File>, StoreError> {
    let path = expanded(path);
    let is_stream = |there: std::fs::Metadata| {
        let kind = there.file_type();
        kind.is_fifo() || kind.is_char_device()
    };
    if !std::fs::metadata(&path).is_ok_and(is_stream) {
        return Ok(None);
    }
    let opened = OpenOptions::new().write(true).open(&path);
    opened.map(Some).map_err(StoreError::io("write", &path))
}

/// Reads a file, or a pipe that ends: it waits for whoever writes one, as `cat` does.
pub fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let path = &*expanded(path);
    if path.is_dir() {
        return Err(StoreError::NotAFile {
            path: path.to_path_buf(),
            what: "a folder",
        });
    }
    let whole = || read_all(File::open(path)?);
    whole().map_err(StoreError::io("read", path))
}

/// The same, and nothing but a file: who waits for it cannot wait for a pipe.
pub fn read_only_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let path = &*expanded(path);
    let whole = || read_all(open_only_file(path)?);
    whole().map_err(StoreError::io("read", path))
}

/// Opens a file for reading, and nothing but a file: to open a pipe would wait for whoever writes it.
pub fn open_only_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}

/// Reads all there is, up to a length that no import has.
pub fn read_all(from: impl Read) -> io::Result<Vec<u8>> {
    read_up_to(from, MOST)
}

fn read_up_to(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let megabytes = most >> 20;
        return Err(io::Error::other(format!(
            "it is longer than {megabytes} megabytes"
        )));
    }
    Ok(bytes)
}

/// Opens a file to add to its end, such as a log. A new one can be read by this user only. Never the data file, nor what
/// belongs to it.
pub fn append_file(path: &Path, data: Option<&Path>) -> Result<File, StoreError> {
    if is_stream(path) {
        return Err(StoreError::NotWritable {
            path: path.to_path_buf(),
            reason: "the standard streams are taken; name a file (./- for one of that name)".into(),
        });
    }
    let resolved = Paths::resolve(&expanded(path))?.data;
    not_own(&resolved, data)?;
    // Who opens a pipe to write would wait for a reader.
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

/// Refuses the data file and what belongs to it.
fn not_own(resolved: &Path, data: Option<&Path>) -> Result<(), StoreError> {
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

/// How a file was written, or why it was not.
#[derive(Debug)]
pub enum WriteOutcome {
    /// It was.
    Done,
    /// There is one already; nothing was written.
    Exists,
}

/// Writes a file that only this user can read, whole or not at all, whenever the process ends. One that is there is
/// replaced only when `over` says so. Never the data file, nor what belongs to it.
pub fn write_file(
    path: &Path,
    bytes: &[u8],
    over: bool,
    data: Option<&Path>,
) -> Result<WriteOutcome, StoreError> {
    let disk = Disk::default();
    let resolved = Paths::resolve(&expanded(path))?.data;
    not_own(&resolved, data)?;
    match std::fs::metadata(&resolved) {
        Ok(there) if !there.is_file() => {
            let what = if there.is_dir() {
                "a folder"
            } else {
                "something else"
            };
            return Err(StoreError::NotAFile { path: resolved, what });
        }
        Ok(_) if !over => return Ok(WriteOutcome::Exists),
        _ => {}
    }
    if let Some(folder) = resolved.parent()
        && std::fs::metadata(folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    {
        let reason = format!(
            "there is no folder {}; make it, or give another name",
            folder.display()
        );
        return Err(StoreError::NotWritable {
            path: resolved,
            reason,
        });
    }
    let folder = resolved.parent().unwrap_or(Path::new("/"));
    tidy(&disk, folder);
    put(&disk, folder, &resolved, bytes, over).map_err(StoreError::io("write", &resolved))
}

/// Writes it into a file without a name, where there are such: whoever is killed leaves nothing. It gets its name when
/// it is whole.
fn put(disk: &Disk, folder: &Path, target: &Path, bytes: &[u8], over: bool) -> io::Result<WriteOutcome> {
    let temporary = temporary(target);
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR) {
        let mut file = File::from(file);
        // Whoever tidies up leaves it alone.
        file.lock()?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let name = if over { &temporary } else { target };
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(CWD, unnamed, CWD, name, AtFlags::SYMLINK_FOLLOW) {
            Ok(()) if over => {
                let renamed = std::fs::rename(&temporary, target);
                if renamed.is_err() {
                    let _ = std::fs::remove_file(&temporary);
                }
                return renamed.map(|()| WriteOutcome::Done);
            }
            Ok(()) => return Ok(WriteOutcome::Done),
            Err(Errno::EXIST) if !over => return Ok(WriteOutcome::Exists),
            Err(_) => {} // No /proc, or no links: the other way.
        }
    }
    let made = TemporaryFile::make(disk, &temporary)?;
    let made = made.ok_or_else(|| io::Error::other("somebody else is writing it just now; try again"))?;
    let mut file = made.file();
    file.write_all(bytes)?;
    file.sync_all()?;
    if over {
        return made.rename(target).map(|()| WriteOutcome::Done);
    }
    // A link is made only where there is nothing; some file systems have none.
    match std::fs::hard_link(&temporary, target) {
        Ok(()) => Ok(WriteOutcome::Done),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(WriteOutcome::Exists),
        Err(_) => made.rename(target).map(|()| WriteOutcome::Done),
    }
}

/// How the names of files end that are being written.
const TEMPORARY: &str = "hatrack-export";

/// Removes what those left who were killed while they wrote; whose writer lives, stays.
fn tidy(disk: &Disk, folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == TEMPORARY) {
            // What cannot be removed, or is another's, harms nothing.
            let _ = sweep(disk, &path);
        }
    }
}

/// A name beside the file that is this process's own.
fn temporary(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{TEMPORARY}", std::process::id()));
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
    fn what_is_there_is_replaced_only_when_that_is_said() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.csv");
        assert!(matches!(
            write_file(&path, b"one", false, None),
            Ok(WriteOutcome::Done)
        ));
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            write_file(&path, b"two", false, None),
            Ok(WriteOutcome::Exists)
        ));
        assert_eq!(read_file(&path).unwrap(), b"one");
        std::os::unix::fs::symlink("a.csv", home.path().join("link")).unwrap();
        let link = home.path().join("link");
        assert!(matches!(
            write_file(&link, b"two", true, None),
            Ok(WriteOutcome::Done)
        ));
        assert_eq!(read_only_file(&path).unwrap(), b"two");
        assert_eq!(files(home.path()), ["a.csv", "link"]);
        assert!(write_file(home.path(), b"", true, None).is_err());
        assert!(write_file(&home.path().join("none/a.csv"), b"", false, None).is_err());
        assert!(write_file(Path::new("/dev/null"), b"", true, None).is_err());
        assert!(read_only_file(Path::new("/dev/zero")).is_err());
        let endless = read_up_to(io::repeat(0), 2 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "it is longer than 2 megabytes");
    }

    #[test]
    fn a_trap_in_a_folder_open_to_everybody_makes_no_file() {
        use std::os::unix::fs::{PermissionsExt, lchown, symlink};
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can make somebody else's link");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o1777)).unwrap();
        let link = open.join("out.csv");
        symlink(home.path().join("target"), &link).unwrap();
        lchown(&link, Some(54_321), None).unwrap();
        for over in [false, true] {
            let error = write_file(&link, b"x", over, None).unwrap_err();
            assert!(
                error.to_string().contains("out.csv is a symbolic link"),
                "{error}"
            );
        }
        assert_eq!(files(home.path()), ["open"]);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn never_the_data_file_nor_what_belongs_to_it() {
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
