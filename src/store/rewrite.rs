//! The two cases in which the history is not only added to: forgetting what is old, and putting damaged lines aside.
//! Lines that stay are copied as they are, so that what another version of the program wrote in them stays too.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::access::Access;
use super::disk::Disk;
use super::history::{self, Line};
use super::lock::{Left, Lock, Temporary, sweep};
use super::paths::beside;
use super::{Error, Paths};

/// Removes the lines of commits before a time; says how many.
pub(super) fn forget(disk: &Disk, paths: &Paths, before: Timestamp) -> Result<usize, Error> {
    let mut old = true;
    let rewritten = rewrite(disk, paths, |line| {
        if let Some(Ok(line)) = line.map(Line::parse) {
            old = line.time < before;
        }
        Ok(!old)
    })?;
    Ok(rewritten.removed)
}

/// Keeps every line that can be read and puts the others into a file of their own; says how many there are of each,
/// and where.
pub(super) fn repair(disk: &Disk, paths: &Paths) -> Result<(usize, usize, Option<PathBuf>), Error> {
    let (mut aside, mut whole): (Option<(PathBuf, File)>, bool) = (None, false);
    let rewritten = rewrite(disk, paths, |line| {
        let Some(line) = line else {
            if let Some((path, file)) = &aside {
                disk.sync(file)
                    .and_then(|()| disk.sync_folder(&paths.folder, path))
                    .map_err(Error::io("write", path))?;
            }
            whole = true;
            return Ok(true);
        };
        if Line::parse(line).is_ok() {
            return Ok(true);
        }
        if aside.is_none() {
            aside = Some(copy_beside(disk, &paths.data)?);
        }
        if let Some((path, file)) = &aside {
            disk.write(file, line)
                .and_then(|()| disk.write(file, b"\n"))
                .map_err(Error::io("write", path))?;
        }
        Ok(false)
    });
    if let (Some((path, _)), false) = (&aside, whole) {
        // The lines are still where they were.
        let _ = disk.remove(path);
    }
    let rewritten = rewritten?;
    Ok((rewritten.kept, rewritten.removed, aside.map(|(path, _)| path)))
}

/// A new file for damaged lines.
fn copy_beside(disk: &Disk, data: &Path) -> Result<(PathBuf, File), Error> {
    let mut number = 1;
    loop {
        let path = beside(data, &format!("history.damaged-{number}.jsonl"));
        match disk.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            other => {
                return other
                    .map(|file| (path.clone(), file))
                    .map_err(Error::io("make", &path));
            }
        }
    }
}

#[derive(Default)]
struct Rewritten {
    kept: usize,
    removed: usize,
}

/// Writes the history anew with the lines that are to stay, and puts it in its place if any is not. `stays` is asked for
/// each line, and with `None` when all are written and durable, before they take effect.
fn rewrite(
    disk: &Disk,
    paths: &Paths,
    mut stays: impl FnMut(Option<&[u8]>) -> Result<bool, Error>,
) -> Result<Rewritten, Error> {
    let path = &paths.history;
    if history::open(disk, path)?.is_none() {
        return Ok(Rewritten::default());
    }
    let wrong = || Error::io("write", path);
    let access = access(disk, paths).map_err(wrong())?;
    let _lock = Lock::take(disk, &paths.lock, &access.of_lock())?;
    // Who came in because somebody removed the lock file is kept out by the data file's temporary file.
    let busy = || Error::Locked {
        path: paths.data_temporary.clone(),
        seconds: 0,
    };
    let left = Left::claim(disk, &paths.data_temporary).map_err(wrong())?;
    let left = left.ok_or_else(busy)?;
    let own = if left.is_some() {
        None // It stays: it says which lines are of a file that never came to be.
    } else {
        let made = Temporary::make(disk, &paths.data_temporary).map_err(wrong())?;
        Some(made.ok_or_else(busy)?)
    };
    let done = rewrite_alone(disk, paths, &access, &mut stays);
    drop(own);
    done
}

/// Who may read and write the data file; where there is none, the history.
fn access(disk: &Disk, paths: &Paths) -> io::Result<Access> {
    for path in [&paths.data, &paths.history] {
        if let Some(file) = disk.open(path)? {
            return Access::of(&file);
        }
    }
    Ok(Access::private())
}

/// The same when nobody else can get at the files.
fn rewrite_alone(
    disk: &Disk,
    paths: &Paths,
    access: &Access,
    stays: &mut impl FnMut(Option<&[u8]>) -> Result<bool, Error>,
) -> Result<Rewritten, Error> {
    let (path, temporary) = (&paths.history, &paths.history_temporary);
    let wrong = || Error::io("write", path);
    // Again, as only now nobody else can put another one in its place.
    let Some(file) = history::open(disk, path)? else {
        return Ok(Rewritten::default());
    };
    let busy = || Error::Locked {
        path: temporary.clone(),
        seconds: 0,
    };
    if !sweep(disk, temporary).map_err(wrong())? {
        return Err(busy());
    }
    let new = Temporary::make(disk, temporary)
        .map_err(wrong())?
        .ok_or_else(busy)?;
    let out = new.file();
    let mut done = Rewritten::default();
    let mut writer = BufWriter::new(Through { disk, file: out });
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(wrong())? > 0 {
        if stays(Some(line.strip_suffix(b"\n").unwrap_or(&line)))? {
            done.kept += 1;
            writer.write_all(&line).map_err(wrong())?;
        } else {
            done.removed += 1;
        }
        line.clear();
    }
    writer.flush().map_err(wrong())?;
    drop(writer);
    if done.removed == 0 {
        return Ok(done);
    }
    disk.sync(out).map_err(wrong())?;
    stays(None)?;
    if access.beside().give(disk, out).map_err(wrong())? {
        disk.sync(out).map_err(wrong())?;
    }
    new.rename(path).map_err(wrong())?;
    disk.sync_folder(&paths.folder, path).map_err(wrong())?;
    Ok(done)
}

/// Writing through the disk.
struct Through<'a> {
    disk: &'a Disk,
    file: &'a File,
}

impl Write for Through<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(self.file, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
