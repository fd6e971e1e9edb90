//! Rewriting of the history: forgetting old lines, and moving damaged lines to another file. Other lines are copied
//! byte for byte, which keeps what other versions wrote in them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::access::Access;
use super::disk::Disk;
use super::history::{self, HistoryLine};
use super::lock::{FileLock, LeftoverFile, TemporaryFile, remove_leftover};
use super::paths::sibling;
use super::{Paths, StoreError};

/// Removes the lines of commits before a time; returns their number.
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

/// Keeps every readable line and moves the others to a separate file; returns the number of each, and the path of that
/// file.
pub(super) fn repair(disk: &Disk, paths: &Paths) -> Result<(usize, usize, Option<PathBuf>), StoreError> {
    let (mut aside, mut copy): (Option<TemporaryFile<'_>>, _) = (None, None);
    let temporary = &paths.damaged_temporary;
    let io_error = || StoreError::io("write", temporary);
    let rewritten = rewrite(disk, paths, |line| {
        let Some(line) = line else {
            copy = aside
                .take()
                .map(|aside| publish_damaged(disk, paths, &aside))
                .transpose()?;
            return Ok(true);
        };
        if HistoryLine::parse(line).is_ok() {
            return Ok(true);
        }
        if aside.is_none() {
            aside = create_fresh(disk, temporary).map_err(io_error())?;
        }
        let aside = aside.as_ref().ok_or_else(|| locked(temporary))?;
        disk.write(aside.file(), line)
            .and_then(|()| disk.write(aside.file(), b"\n"))
            .map_err(io_error())?;
        Ok(false)
    })?;
    Ok((rewritten.kept, rewritten.removed, copy))
}

/// Renames the file of damaged lines, which is complete, to its final name. If an earlier repair was killed right after
/// that, before it rewrote the history, a file with the same lines already exists and is used instead.
fn publish_damaged(disk: &Disk, paths: &Paths, aside: &TemporaryFile<'_>) -> Result<PathBuf, StoreError> {
    disk.sync(aside.file())
        .map_err(StoreError::io("write", &paths.damaged_temporary))?;
    for number in 1.. {
        let path = sibling(&paths.data, &format!("history.damaged-{number}.jsonl"));
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
    Err(locked(&paths.damaged_temporary)) // Not reached: there are always unused numbers.
}

/// Whether two files have the same content.
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

/// Creates a temporary file, replacing a leftover one. `None` if another process has it.
fn create_fresh<'a>(disk: &'a Disk, path: &'a Path) -> io::Result<Option<TemporaryFile<'a>>> {
    if !remove_leftover(disk, path)? {
        return Ok(None);
    }
    TemporaryFile::create(disk, path)
}

fn locked(path: &Path) -> StoreError {
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

/// Rewrites the history with the lines for which `stays` returns true, if it does not for some. `stays` is finally
/// called with `None` when the new history is durable but not yet in place.
fn rewrite(
    disk: &Disk,
    paths: &Paths,
    mut stays: impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let path = &paths.history;
    if history::open(disk, path)?.is_none() {
        return Ok(RewriteCounts::default());
    }
    let io_error = || StoreError::io("write", path);
    let access = access(disk, paths).map_err(io_error())?;
    let _lock = FileLock::acquire(disk, &paths.lock, &access.for_lock())?;
    // If someone removed the lock file, the temporary file of the data file excludes other writers.
    let busy = || locked(&paths.data_temporary);
    let left = LeftoverFile::claim(disk, &paths.data_temporary).map_err(io_error())?;
    let left = left.ok_or_else(busy)?;
    let own = if left.is_some() {
        None // It must stay: it shows which lines belong to a file that was never renamed into place.
    } else {
        let made = TemporaryFile::create(disk, &paths.data_temporary).map_err(io_error())?;
        Some(made.ok_or_else(busy)?)
    };
    let done = rewrite_alone(disk, paths, &access, &mut stays);
    drop(own);
    done
}

/// The access to the data file, or to the history if there is no data file.
fn access(disk: &Disk, paths: &Paths) -> io::Result<Access> {
    for path in [&paths.data, &paths.history] {
        if let Some(file) = disk.open(path)? {
            return Access::of(&file);
        }
    }
    Ok(Access::private())
}

/// Like [`rewrite`], when nobody else can write the files.
fn rewrite_alone(
    disk: &Disk,
    paths: &Paths,
    access: &Access,
    stays: &mut impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let (path, temporary) = (&paths.history, &paths.history_temporary);
    let io_error = || StoreError::io("write", path);
    // Open it again: only now nobody else can replace it.
    let Some(file) = history::open(disk, path)? else {
        return Ok(RewriteCounts::default());
    };
    let new = create_fresh(disk, temporary).map_err(io_error())?;
    let new = new.ok_or_else(|| locked(temporary))?;
    let out = new.file();
    let mut done = RewriteCounts::default();
    let mut writer = BufWriter::new(DiskWriter { disk, file: out });
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(io_error())? > 0 {
        if stays(Some(line.strip_suffix(b"\n").unwrap_or(&line)))? {
            done.kept += 1;
            writer.write_all(&line).map_err(io_error())?;
        } else {
            done.removed += 1;
        }
        line.clear();
    }
    writer.flush().map_err(io_error())?;
    drop(writer);
    if done.removed == 0 {
        return Ok(done);
    }
    disk.sync(out).map_err(io_error())?;
    stays(None)?;
    if access
        .without_attributes()
        .apply_to(disk, out)
        .map_err(io_error())?
    {
        disk.sync(out).map_err(io_error())?;
    }
    new.rename(path).map_err(io_error())?;
    disk.sync_folder(&paths.folder, path).map_err(io_error())?;
    Ok(done)
}

/// A writer that uses [`Disk::write`].
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
