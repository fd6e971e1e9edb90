//! Reading the data file. A file in the program's own form is read in pieces, by several threads, without ever having
//! all of its text in memory; any other form, and any mistake in it, is the general reader's.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::access::Access;
use super::digest::Digest;
use super::disk::{Disk, FileIdentity, now};
use super::room_spans::{RoomSpan, RoomSpans};
use super::{Paths, StoreError, threads};
use crate::model::Wardrobe;
use crate::model::read::{self, RoomsChunk};

/// What a data file was seen to hold.
#[derive(Debug)]
pub(super) struct FileContents {
    pub(super) wardrobe: Wardrobe,
    pub(super) layout: RoomSpans,
    pub(super) identity: FileIdentity,
    /// Whether a later change must show in the identity.
    pub(super) certain: bool,
    /// Who may read and write it, where that can be said.
    pub(super) access: Option<Access>,
}

/// How a room ends in the program's own form when another follows.
const NEXT: &[u8] = read::NEXT_ROOM.as_bytes();
/// What one thread reads at once; smaller files are read by one.
const CHUNK: u64 = 1 << 20;
/// How often a file that changes while it is read is begun again.
const TRIES: usize = 10;

/// Reads the data file; `None` where there is none. Rooms that are as they were `earlier` share their memory.
pub(super) fn read(
    disk: &Disk,
    path: &Path,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Result<Option<FileContents>, StoreError> {
    let wrong = || StoreError::closed(path);
    for _ in 0..TRIES {
        match disk.look(path).map_err(wrong())? {
            None => return Ok(None),
            Some(there) => regular(path, &there)?,
        }
        let Some(file) = disk.open(path).map_err(wrong())? else {
            continue;
        };
        let (before, began) = (file.metadata().map_err(wrong())?, now());
        regular(path, &before)?;
        let identity = FileIdentity::of(&before);
        let found = contents(&file, identity.size, earlier, progress);
        let after = FileIdentity::of(&file.metadata().map_err(wrong())?);
        // That it lost its place to a newer one meanwhile changes only the time of its last change of any kind.
        if !after.same_file(&identity) {
            continue;
        }
        let (mut wardrobe, layout) = match found {
            Ok(found) => found,
            Err(ReadFailure::Io(error)) => return Err(wrong()(error)),
            Err(ReadFailure::Read(error)) => return Err(StoreError::unreadable(path, error)),
        };
        wardrobe.share_with(earlier);
        return Ok(Some(FileContents {
            wardrobe,
            layout,
            identity,
            certain: identity.is_certain(began),
            access: Access::of(&file).ok(),
        }));
    }
    let busy = std::io::Error::other("it keeps changing while it is read");
    Err(wrong()(busy))
}

/// A data file of no bytes that never held anything, such as `touch` or a container makes: an empty wardrobe. `None` where
/// it is something else; also where it has a history, for then what it held was lost.
pub(super) fn blank(disk: &Disk, paths: &Paths) -> Result<Option<FileContents>, StoreError> {
    let wrong = || StoreError::closed(&paths.data);
    let began = now();
    let Some(file) = disk.open(&paths.data).map_err(wrong())? else {
        return Ok(None);
    };
    let there = file.metadata().map_err(wrong())?;
    if !there.is_file() || there.len() > 0 {
        return Ok(None);
    }
    let has_lines = disk
        .look(&paths.history)
        .map_err(StoreError::io("look at", &paths.history))?;
    if has_lines.is_some_and(|history| history.len() > 0) {
        return Ok(None);
    }
    let identity = FileIdentity::of(&there);
    Ok(Some(FileContents {
        wardrobe: Wardrobe::default(),
        layout: RoomSpans::new(),
        identity,
        certain: identity.is_certain(began),
        access: Access::of(&file).ok(),
    }))
}

pub(super) fn regular(path: &Path, there: &std::fs::Metadata) -> Result<(), StoreError> {
    let kind = there.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a folder",
        () if kind.is_symlink() => "a symbolic link now",
        () => "a device or a pipe",
    };
    Err(StoreError::NotAFile {
        path: path.to_path_buf(),
        what,
    })
}

#[derive(Debug)]
enum ReadFailure {
    Io(std::io::Error),
    Read(read::ReadError),
}

fn contents(
    file: &File,
    size: u64,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Result<(Wardrobe, RoomSpans), ReadFailure> {
    if let Some(found) = in_pieces(file, size, earlier, progress) {
        return Ok(found);
    }
    let mut bytes = Vec::new();
    let mut from_start = file;
    std::io::Seek::rewind(&mut from_start)
        .and_then(|()| from_start.read_to_end(&mut bytes))
        .map_err(ReadFailure::Io)?;
    let wardrobe = read::wardrobe(&bytes).map_err(ReadFailure::Read)?;
    Ok((wardrobe, RoomSpans::new()))
}

/// What one chunk held.
struct Chunk {
    rooms: Vec<(RoomsChunk, Option<RoomSpan>)>,
    /// What stands after the last room, in the chunk that has it.
    tail: Option<String>,
}

/// The quick way; `None`: the general reader is to look at it.
fn in_pieces(
    file: &File,
    size: u64,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Option<(Wardrobe, RoomSpans)> {
    let mut head = vec![0; usize::try_from(size.min(256)).ok()?];
    file.read_exact_at(&mut head, 0).ok()?;
    let head = read::head(&head)?.to_owned();

    let count = usize::try_from(size.div_ceil(CHUNK)).ok()?;
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(count);
    let work = ChunkQueue {
        file,
        size,
        head: &head,
        earlier,
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        done: AtomicU64::new(0),
    };
    let mut chunks: Vec<Option<Chunk>> = Vec::new();
    chunks.resize_with(count, || None);
    let mut put = |index: usize, chunk: Chunk| {
        if let Some(slot) = chunks.get_mut(index) {
            *slot = Some(chunk);
        }
    };
    if threads == 1 {
        work.run(count, &mut put);
    } else {
        std::thread::scope(|scope| {
            let (send, receive) = channel();
            let mut started = 0;
            for _ in 0..threads {
                let (work, send): (_, Sender<(usize, Chunk)>) = (&work, send.clone());
                let reader = threads::builder("read").spawn_scoped(scope, move || {
                    work.run(count, |index, chunk| {
                        // The receiver waits for all of them.
                        let _ = send.send((index, chunk));
                    });
                });
                started += usize::from(reader.is_ok());
            }
            drop(send);
            for (index, chunk) in receive {
                put(index, chunk);
                progress(work.done.load(Ordering::Relaxed).min(size), size);
            }
            if started == 0 {
                work.run(count, &mut put);
            }
        });
    }
    join(&head, chunks)
}

fn join(head: &str, chunks: Vec<Option<Chunk>>) -> Option<(Wardrobe, RoomSpans)> {
    let (mut rooms, mut layout, mut tail) = (Vec::new(), RoomSpans::new(), None);
    for chunk in chunks {
        let chunk = chunk?;
        for (room, place) in chunk.rooms {
            if let (Some((jid, _)), Some(place)) = (room.iter().next(), place) {
                layout.insert(jid.clone(), place);
            }
            rooms.push(room);
        }
        tail = tail.or(chunk.tail);
    }
    Some((read::join(head, rooms, &tail?)?, layout))
}

struct ChunkQueue<'a> {
    file: &'a File,
    size: u64,
    head: &'a str,
    earlier: &'a Wardrobe,
    next: AtomicUsize,
    failed: AtomicBool,
    done: AtomicU64,
}

impl ChunkQueue<'_> {
    /// Takes chunk after chunk until there is none.
    fn run(&self, count: usize, mut put: impl FnMut(usize, Chunk)) {
        let mut buffer = Vec::new();
        while !self.failed.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            match self.chunk(index as u64, &mut buffer) {
                Some(chunk) => {
                    self.done.fetch_add(CHUNK, Ordering::Relaxed);
                    put(index, chunk);
                }
                None => self.failed.store(true, Ordering::Relaxed),
            }
        }
    }

    /// Reads the whole rooms that begin in a chunk: from the first border in it to the first one after it.
    fn chunk(&self, index: u64, buffer: &mut Vec<u8>) -> Option<Chunk> {
        let at = index * CHUNK;
        buffer.clear();
        self.fill(at, at + CHUNK, buffer)?;
        let begin = if index == 0 {
            self.head.len()
        } else {
            self.border(at, 0, buffer)?
        };
        let from = usize::try_from(CHUNK).ok()?;
        let end = self.border(at, from.max(begin.saturating_sub(NEXT.len())), buffer)?;
        let text = std::str::from_utf8(buffer.get(begin..end.max(begin))?).ok()?;
        let chunk = self.rooms(text, at + begin as u64)?;
        // The last one that has any text, and only that one, has what comes after the rooms.
        let is_last = !text.is_empty() && at + end as u64 == self.size;
        (chunk.tail.is_some() == is_last).then_some(chunk)
    }

    /// Appends what the file has up to an offset.
    fn fill(&self, at: u64, to: u64, buffer: &mut Vec<u8>) -> Option<()> {
        let (from, length) = (
            buffer.len(),
            usize::try_from(to.min(self.size).checked_sub(at)?).ok()?,
        );
        if length > from {
            buffer.resize(length, 0);
            self.file
                .read_exact_at(buffer.get_mut(from..)?, at + from as u64)
                .ok()?;
        }
        Some(())
    }

    /// Where in the buffer, which begins at an offset, the first room begins whose border is not before `from`; the end
    /// of the file where there is none. Reads on as far as that takes.
    fn border(&self, at: u64, from: usize, buffer: &mut Vec<u8>) -> Option<usize> {
        let mut from = from;
        loop {
            if let Some(found) = find(buffer.get(from..).unwrap_or_default()) {
                return Some(from + found + NEXT.len());
            }
            let full = buffer.len();
            if at + full as u64 >= self.size {
                return Some(full);
            }
            from = from.max(full.saturating_sub(NEXT.len() - 1));
            self.fill(at, at + (full as u64) + CHUNK / 8, buffer)?;
        }
    }

    /// The rooms of a stretch, each with its place.
    fn rooms(&self, stretch: &str, offset: u64) -> Option<Chunk> {
        let (mut rest, mut at, mut rooms) = (stretch, offset, Vec::new());
        while !rest.is_empty() {
            let end = find(rest.as_bytes()).map_or(rest.len(), |found| found + NEXT.len());
            let (piece, after) = rest.split_at_checked(end)?;
            let mut room = read::rooms(piece)?;
            room.share_with(self.earlier);
            let (text, tail) = piece.split_at_checked(piece.len() - room.left())?;
            let core = text.strip_prefix("    ")?.trim_end_matches(",\n");
            let place = room.is_exact().then_some(RoomSpan {
                at: at + 4,
                length: core.len() as u64,
                digest: Digest::of(core.as_bytes()),
            });
            rooms.push((room, place));
            if !tail.is_empty() {
                let tail = Some(format!("{tail}{after}"));
                return Some(Chunk { rooms, tail });
            }
            at += piece.len() as u64;
            rest = after;
        }
        Some(Chunk { rooms, tail: None })
    }
}

/// Where the first border is.
fn find(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, NEXT)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads a file the quick way.
    pub(in crate::store) fn read(file: &File) -> Option<(Wardrobe, RoomSpans)> {
        in_pieces(
            file,
            file.metadata().unwrap().len(),
            &Wardrobe::default(),
            &|_, _| (),
        )
    }
}
