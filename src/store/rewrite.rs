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

/// Removes the lines of commits before a time, and damaged lines that follow them or start the history; returns the
/// number of lines removed.
pub(super) fn forget(disk: &Disk, paths: &Paths, before: Timestamp) -> Result<usize, StoreError> {
    let mut is_old = true;
    let rewritten = rewrite(disk, paths, |line| {
        if let Some(Ok(line)) = line.map(HistoryLine::parse) {
            is_old = line.time < before;
        }
        Ok(!is_old)
    })?;
    Ok(rewritten.removed)
}

/// Keeps every readable line and moves the others to a separate file; returns the number of both, and the path of that
/// file, if there are damaged lines.
pub(super) fn repair(disk: &Disk, paths: &Paths) -> Result<(usize, usize, Option<PathBuf>), StoreError> {
    let (mut damaged, mut moved_to): (Option<TemporaryFile<'_>>, _) = (None, None);
    let temporary = &paths.damaged_temporary;
    let io_error = || StoreError::io("write", temporary);
    let rewritten = rewrite(disk, paths, |line| {
        let Some(line) = line else {
            moved_to = damaged
                .take()
                .map(|damaged| publish_damaged(disk, paths, &damaged))
                .transpose()?;
            return Ok(true);
        };
        if HistoryLine::parse(line).is_ok() {
            return Ok(true);
        }
        if damaged.is_none() {
            damaged = create_fresh(disk, temporary).map_err(io_error())?;
        }
        let damaged = damaged.as_ref().ok_or_else(|| locked_error(temporary))?;
        disk.write(damaged.file(), line)
            .and_then(|()| disk.write(damaged.file(), b"\n"))
            .map_err(io_error())?;
        Ok(false)
    })?;
    Ok((rewritten.kept, rewritten.removed, moved_to))
}

/// Renames the complete file of damaged lines to its final name, and returns the path. If an earlier repair was killed
/// after this step, before it rewrote the history, a file with the same lines already exists and is used instead.
fn publish_damaged(disk: &Disk, paths: &Paths, damaged: &TemporaryFile<'_>) -> Result<PathBuf, StoreError> {
    disk.sync(damaged.file())
        .map_err(StoreError::io("write", &paths.damaged_temporary))?;
    for number in 1.. {
        let path = sibling(&paths.data, &format!("history.damaged-{number}.jsonl"));
        let is_published = (|| {
            if let Some(existing) = disk.open(&path)? {
                return has_same_content(&existing, damaged.file());
            }
            damaged.rename(&path)?;
            disk.sync_folder(&paths.folder, &path).map(|()| true)
        })();
        if is_published.map_err(StoreError::io("write", &path))? {
            return Ok(path);
        }
    }
    Err(locked_error(&paths.damaged_temporary)) // Not reached: there are always unused numbers.
}

fn has_same_content(one: &File, other: &File) -> io::Result<bool> {
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut offset, mut buffers) = (0, [vec![0; 1 << 16], vec![0; 1 << 16]]);
    let [first, second] = &mut buffers;
    loop {
        let read = one.read_at(first, offset)?;
        let first = first.get(..read).unwrap_or_default();
        let second = second.get_mut(..read).unwrap_or_default();
        other.read_exact_at(second, offset)?;
        if first != second || read == 0 {
            return Ok(first == second);
        }
        offset += read as u64;
    }
}

/// Creates a temporary file, replacing a leftover one. `None` if another process is writing it.
fn create_fresh<'a>(disk: &'a Disk, path: &'a Path) -> io::Result<Option<TemporaryFile<'a>>> {
    if !remove_leftover(disk, path)? {
        return Ok(None);
    }
    TemporaryFile::create(disk, path)
}

fn locked_error(path: &Path) -> StoreError {
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

/// Rewrites the history without the lines for which `keep` returns false; changes nothing if there are no such lines.
/// When the new history is durable but not yet in place, `keep` is called once more, with `None`.
fn rewrite(
    disk: &Disk,
    paths: &Paths,
    mut keep: impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let path = &paths.history;
    if history::open(disk, path)?.is_none() {
        return Ok(RewriteCounts::default());
    }
    let io_error = || StoreError::io("write", path);
    let access = access(disk, paths).map_err(io_error())?;
    let _lock = FileLock::acquire(disk, &paths.lock, &access.for_lock())?;
    // If someone removed the lock file, the temporary file of the data file excludes other writers.
    let busy_error = || locked_error(&paths.data_temporary);
    let leftover = LeftoverFile::claim(disk, &paths.data_temporary).map_err(io_error())?;
    let leftover = leftover.ok_or_else(busy_error)?;
    let temporary = if leftover.is_some() {
        None // The leftover file must stay: it shows which lines belong to a file that was never renamed into place.
    } else {
        let created = TemporaryFile::create(disk, &paths.data_temporary).map_err(io_error())?;
        Some(created.ok_or_else(busy_error)?)
    };
    let result = rewrite_alone(disk, paths, &access, &mut keep);
    drop(temporary);
    result
}

/// The access to the data file, or to the history if there is no data file; private if neither exists.
fn access(disk: &Disk, paths: &Paths) -> io::Result<Access> {
    for path in [&paths.data, &paths.history] {
        if let Some(file) = disk.open(path)? {
            return Access::of(&file);
        }
    }
    Ok(Access::private())
}

/// Does the work of [`rewrite`] when nobody else can write the files.
fn rewrite_alone(
    disk: &Disk,
    paths: &Paths,
    access: &Access,
    keep: &mut impl FnMut(Option<&[u8]>) -> Result<bool, StoreError>,
) -> Result<RewriteCounts, StoreError> {
    let (path, temporary) = (&paths.history, &paths.history_temporary);
    let io_error = || StoreError::io("write", path);
    // The history is opened again, as only now nobody else can replace it.
    let Some(file) = history::open(disk, path)? else {
        return Ok(RewriteCounts::default());
    };
    let new = create_fresh(disk, temporary).map_err(io_error())?;
    let new = new.ok_or_else(|| locked_error(temporary))?;
    let out = new.file();
    let mut counts = RewriteCounts::default();
    let mut writer = BufWriter::new(DiskWriter { disk, file: out });
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(io_error())? > 0 {
        if keep(Some(line.strip_suffix(b"\n").unwrap_or(&line)))? {
            counts.kept += 1;
            writer.write_all(&line).map_err(io_error())?;
        } else {
            counts.removed += 1;
        }
        line.clear();
    }
    writer.flush().map_err(io_error())?;
    drop(writer);
    if counts.removed == 0 {
        return Ok(counts);
    }
    disk.sync(out).map_err(io_error())?;
    keep(None)?;
    if access
        .without_attributes()
        .apply_to(disk, out)
        .map_err(io_error())?
    {
        disk.sync(out).map_err(io_error())?;
    }
    new.rename(path).map_err(io_error())?;
    disk.sync_folder(&paths.folder, path).map_err(io_error())?;
    Ok(counts)
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
