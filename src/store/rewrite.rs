//! The two cases in which the history is not only added to: forgetting what is old, and putting damaged lines aside.
//! Lines that stay are copied as they are, so that what another version of the program wrote in them stays too.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::access::Access;
use super::disk::Disk;
use super::history::{self, HistoryLine};
use super::lock::{FileLock, LeftoverFile, TemporaryFile, sweep};
use super::paths::beside;
use super::{Paths, StoreError};

/// Removes the lines of commits before a time; says how many.
pub(super) fn forget(disk: &Disk, paths: &Paths, before: Timestamp) -> Result<usize, StoreError> {
    let mut old = true;
    let rewritten = rewrite(disk, paths, |line| {
        if let Some(Ok(line)) = line.map(HistoryLine::parse) {
            old = line.time < before;
        }
        Ok(!old)
    })?;
    Ok(rewritten.removed)
}

/// Keeps every line that can be read and puts the others into a file of their own; says how many there are of each,
/// and where.
pub(super) fn repair(disk: &Disk, paths: &Paths) -> Result<(usize, usize, Option<PathBuf>), StoreError> {
    let (mut aside, mut copy): (Option<TemporaryFile<'_>>, _) = (None, None);
    let temporary = &paths.damaged_temporary;
    let wrong = || StoreError::io("write", temporary);
    let rewritten = rewrite(disk, paths, |line| {
        let Some(line) = line else {
            copy = aside
                .take()
                .map(|aside| put_aside(disk, paths, &aside))
                .transpose()?;
            return Ok(true);
        };
        if HistoryLine::parse(line).is_ok() {
            return Ok(true);
        }
        if aside.is_none() {
            aside = begin_anew(disk, temporary).map_err(wrong())?;
        }
        let aside = aside.as_ref().ok_or_else(|| busy(temporary))?;
        disk.write(aside.file(), line)
            .and_then(|()| disk.write(aside.file(), b"\n"))
            .map_err(wrong())?;
        Ok(false)
    })?;
    Ok((rewritten.kept, rewritten.removed, copy))
}

/// Gives the damaged lines, which are all there, their file: from here on it is whole. Who was killed right after that has
/// not taken them out of the history: then there is one with the same lines, and it stays the only one.
fn put_aside(disk: &Disk, paths: &Paths, aside: &TemporaryFile<'_>) -> Result<PathBuf, StoreError> {
    disk.sync(aside.file())
        .map_err(StoreError::io("write", &paths.damaged_temporary))?;
    for number in 1.. {
        let path = beside(&paths.data, &format!("history.damaged-{number}.jsonl"));
        let put = (|| {
            if let Some(there) = disk.open(&path)? {
                return is_same(&there, aside.file());
            }
            aside.rename(&path)?;
            disk.sync_folder(&paths.folder, &path).map(|()| true)
        })();
        if put.map_err(StoreError::io("write", &path))? {
            return Ok(path);
        }
    }
    Err(busy(&paths.damaged_temporary)) // There are not so many numbers.
}

/// Whether two files have the same bytes.
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut at, mut buffers) = (0, [vec![0; 1 << 16], vec![0; 1 << 16]]);
    let [first, second] = &mut buffers;
    loop {
        let read = one.read_at(first, at)?;
        let some = first.get(..read).unwrap_or_default();
        let against = second.get_mut(..read).unwrap_or_default();
        other.read_exact_at(against, at)?;
        if some != against || read == 0 {
            return Ok(some == against);
        }
        at += read as u64;
    }
}

/// A temporary file, in the place of one that was left. `None`: somebody is at it.
fn begin_anew<'a>(disk: &'a Disk, path: &'a Path) -> io::Result<Option<TemporaryFile<'a>>> {
    if !sweep(disk, path)? {
        return Ok(None);
    }
    TemporaryFile::make(disk, path)
}

fn busy(path: &Path) -> StoreError {
    StoreError::Locked {
        path: path.to_path_buf(),
        seconds: 0,
    }
}

#[derive(Default)]
struct RewriteCounts {
    kept: usize,
    removed: usize,
}

/// Writes the history anew with the lines that are to stay, and puts it in its place if any is not. `stays` is asked for
/// each line, and with `None` when all are written and durable, before they take effect.
fn rewrite(
    disk: &Disk,
    paths: &Paths,
    mut stays: impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let path = &paths.history;
    if history::open(disk, path)?.is_none() {
        return Ok(RewriteCounts::default());
    }
    let wrong = || StoreError::io("write", path);
    let access = access(disk, paths).map_err(wrong())?;
    let _lock = FileLock::take(disk, &paths.lock, &access.of_lock())?;
    // Who came in because somebody removed the lock file is kept out by the data file's temporary file.
    let busy = || busy(&paths.data_temporary);
    let left = LeftoverFile::claim(disk, &paths.data_temporary).map_err(wrong())?;
    let left = left.ok_or_else(busy)?;
    let own = if left.is_some() {
        None // It stays: it says which lines are of a file that never came to be.
    } else {
        let made = TemporaryFile::make(disk, &paths.data_temporary).map_err(wrong())?;
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
    stays: &mut impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let (path, temporary) = (&paths.history, &paths.history_temporary);
    let wrong = || StoreError::io("write", path);
    // Again, as only now nobody else can put another one in its place.
    let Some(file) = history::open(disk, path)? else {
        return Ok(RewriteCounts::default());
    };
    let new = begin_anew(disk, temporary).map_err(wrong())?;
    let new = new.ok_or_else(|| busy(temporary))?;
    let out = new.file();
    let mut done = RewriteCounts::default();
    let mut writer = BufWriter::new(DiskWriter { disk, file: out });
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
struct DiskWriter<'a> {
    disk: &'a Disk,
    file: &'a File,
}

impl Write for DiskWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(self.file, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
