//! Reading of the data file. A file in canonical form is read in chunks, by several threads, without holding its whole
//! text in memory; any other form, and any error, is left to the general parser.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::access::Access;
use super::digest::Digest;
use super::disk::{Disk, FileIdentity, now_nanos};
use super::room_spans::{RoomSpan, RoomSpans};
use super::{Paths, StoreError, threads};
use crate::model::Wardrobe;
use crate::model::read::{self, RoomsChunk};

/// The content of a data file, as read.
#[derive(Debug)]
pub(super) struct FileContents {
    pub(super) wardrobe: Wardrobe,
    pub(super) spans: RoomSpans,
    pub(super) identity: FileIdentity,
    /// Whether any later change of the file changes the identity.
    pub(super) is_identity_reliable: bool,
    /// The access to the file, if it could be read.
    pub(super) access: Option<Access>,
}

/// The end of a room in canonical form if another room follows.
const ROOM_SEPARATOR: &[u8] = read::ROOM_SEPARATOR.as_bytes();
/// The number of bytes that a thread reads at once; smaller files are read by one thread.
const CHUNK_BYTES: u64 = 1 << 20;
/// The maximum number of attempts to read a file that changes meanwhile.
const MAX_ATTEMPTS: usize = 10;

/// Reads the data file; `None` if it does not exist. Rooms that are equal in `earlier` share its memory. `progress` gets
/// the number of bytes read and the total while several threads read a large file.
pub(super) fn read(
    disk: &Disk,
    path: &Path,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Result<Option<FileContents>, StoreError> {
    let io_error = || StoreError::cannot_read(path);
    for _ in 0..MAX_ATTEMPTS {
        match disk.metadata(path).map_err(io_error())? {
            None => return Ok(None),
            Some(metadata) => require_regular(path, &metadata)?,
        }
        let Some(file) = disk.open(path).map_err(io_error())? else {
            continue;
        };
        let (before, began) = (file.metadata().map_err(io_error())?, now_nanos());
        require_regular(path, &before)?;
        let identity = FileIdentity::of(&before);
        let found = read_contents(&file, identity.size, earlier, progress);
        let after = FileIdentity::of(&file.metadata().map_err(io_error())?);
        // If a newer file replaced this one meanwhile, only the ctime of this one has changed, and the content that was
        // read is complete.
        if !after.same_content(&identity) {
            continue;
        }
        let (mut wardrobe, spans) = match found {
            Ok(found) => found,
            Err(ReadFailure::Io(error)) => return Err(io_error()(error)),
            Err(ReadFailure::Parse(error)) => return Err(StoreError::unreadable(path, error)),
        };
        wardrobe.share_rooms_with(earlier);
        return Ok(Some(FileContents {
            wardrobe,
            spans,
            identity,
            is_identity_reliable: identity.is_reliable(began),
            access: Access::of(&file).ok(),
        }));
    }
    let error = std::io::Error::other("the file keeps changing while it is read");
    Err(io_error()(error))
}

/// The maximum number of bytes before the rooms of a data file in canonical form.
const HEAD_BYTES: u64 = 128;

/// Reads the current revision of a data file; 0 if the file does not exist. Of a file in canonical form, only the head
/// is read.
pub fn read_revision(path: &Path) -> Result<u64, StoreError> {
    let (disk, path) = (Disk::default(), Paths::resolve(path)?.data);
    let io_error = || StoreError::cannot_read(&path);
    let Some(metadata) = disk.metadata(&path).map_err(io_error())? else {
        return Ok(0);
    };
    require_regular(&path, &metadata)?;
    let Some(file) = disk.open(&path).map_err(io_error())? else {
        return Ok(0);
    };
    require_regular(&path, &file.metadata().map_err(io_error())?)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(io_error())?;
    if let Some(head) = read::document_head(&head)
        && let Ok(wardrobe) = read::wardrobe(format!("{head}}}}}").as_bytes())
    {
        return Ok(wardrobe.revision);
    }
    let contents = read(&disk, &path, &Wardrobe::default(), &|_, _| ())?;
    Ok(contents.map_or(0, |contents| contents.wardrobe.revision))
}

/// Reads an empty file that never had any content, for example one created by `touch` or by a container, as an empty
/// wardrobe. `None` if there is no empty file, or if the file has a history, because its content was then lost.
pub(super) fn read_blank(disk: &Disk, paths: &Paths) -> Result<Option<FileContents>, StoreError> {
    let io_error = || StoreError::cannot_read(&paths.data);
    let began = now_nanos();
    let Some(file) = disk.open(&paths.data).map_err(io_error())? else {
        return Ok(None);
    };
    let metadata = file.metadata().map_err(io_error())?;
    if !metadata.is_file() || metadata.len() > 0 {
        return Ok(None);
    }
    let history = disk
        .metadata(&paths.history)
        .map_err(StoreError::io("access", &paths.history))?;
    if history.is_some_and(|metadata| metadata.len() > 0) {
        return Ok(None);
    }
    let identity = FileIdentity::of(&metadata);
    Ok(Some(FileContents {
        wardrobe: Wardrobe::default(),
        spans: RoomSpans::new(),
        identity,
        is_identity_reliable: identity.is_reliable(began),
        access: Access::of(&file).ok(),
    }))
}

pub(super) fn require_regular(path: &Path, metadata: &std::fs::Metadata) -> Result<(), StoreError> {
    let file_type = metadata.file_type();
    let kind = match () {
        () if file_type.is_file() => return Ok(()),
        () if file_type.is_dir() => "a folder",
        () if file_type.is_symlink() => "a symbolic link now",
        () => "a device or a pipe",
    };
    Err(StoreError::NotAFile {
        path: path.to_path_buf(),
        kind,
    })
}

#[derive(Debug)]
enum ReadFailure {
    Io(std::io::Error),
    Parse(read::ReadError),
}

fn read_contents(
    file: &File,
    size: u64,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Result<(Wardrobe, RoomSpans), ReadFailure> {
    if let Some(found) = read_chunked(file, size, earlier, progress) {
        return Ok(found);
    }
    let mut bytes = Vec::new();
    let mut from_start = file;
    std::io::Seek::rewind(&mut from_start)
        .and_then(|()| from_start.read_to_end(&mut bytes))
        .map_err(ReadFailure::Io)?;
    let wardrobe = read::wardrobe(&bytes).map_err(ReadFailure::Parse)?;
    Ok((wardrobe, RoomSpans::new()))
}

/// The content of one chunk of the file.
struct Chunk {
    /// Each room, with its span if it is in canonical form.
    rooms: Vec<(RoomsChunk, Option<RoomSpan>)>,
    /// The text after the last room, in the chunk that has it.
    tail: Option<String>,
}

/// Reads a file in canonical form; `None` if the general parser must read it.
fn read_chunked(
    file: &File,
    size: u64,
    earlier: &Wardrobe,
    progress: &dyn Fn(u64, u64),
) -> Option<(Wardrobe, RoomSpans)> {
    let mut head = vec![0; usize::try_from(size.min(HEAD_BYTES)).ok()?];
    file.read_exact_at(&mut head, 0).ok()?;
    let head = read::document_head(&head)?.to_owned();

    let count = usize::try_from(size.div_ceil(CHUNK_BYTES)).ok()?;
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(count);
    let queue = ChunkQueue {
        file,
        size,
        head: &head,
        earlier,
        next_index: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        bytes_done: AtomicU64::new(0),
    };
    let mut chunks: Vec<Option<Chunk>> = Vec::new();
    chunks.resize_with(count, || None);
    let mut store_chunk = |index: usize, chunk: Chunk| {
        if let Some(slot) = chunks.get_mut(index) {
            *slot = Some(chunk);
        }
    };
    if threads == 1 {
        queue.run(count, &mut store_chunk);
    } else {
        std::thread::scope(|scope| {
            let (send, receive) = channel();
            let mut started = 0;
            for _ in 0..threads {
                let (queue, send): (_, Sender<(usize, Chunk)>) = (&queue, send.clone());
                let reader = threads::builder("read").spawn_scoped(scope, move || {
                    queue.run(count, |index, chunk| {
                        // The receiver lives until all threads have ended.
                        let _ = send.send((index, chunk));
                    });
                });
                started += usize::from(reader.is_ok());
            }
            drop(send);
            for (index, chunk) in receive {
                store_chunk(index, chunk);
                progress(queue.bytes_done.load(Ordering::Relaxed).min(size), size);
            }
            if started == 0 {
                queue.run(count, &mut store_chunk);
            }
        });
    }
    join_chunks(&head, chunks)
}

fn join_chunks(head: &str, chunks: Vec<Option<Chunk>>) -> Option<(Wardrobe, RoomSpans)> {
    let (mut rooms, mut spans, mut tail) = (Vec::new(), RoomSpans::new(), None);
    for chunk in chunks {
        let chunk = chunk?;
        for (room, span) in chunk.rooms {
            if let (Some((jid, _)), Some(span)) = (room.iter().next(), span) {
                spans.insert(jid.clone(), span);
            }
            rooms.push(room);
        }
        tail = tail.or(chunk.tail);
    }
    Some((read::join_chunks(head, rooms, &tail?)?, spans))
}

/// The chunks of a file; each of several threads repeatedly reads the next one.
struct ChunkQueue<'a> {
    file: &'a File,
    size: u64,
    head: &'a str,
    earlier: &'a Wardrobe,
    next_index: AtomicUsize,
    failed: AtomicBool,
    bytes_done: AtomicU64,
}

impl ChunkQueue<'_> {
    /// Reads one chunk after the other until there are no more, or a thread could not read its chunk. `count` is the
    /// number of chunks.
    fn run(&self, count: usize, mut on_chunk: impl FnMut(usize, Chunk)) {
        let mut buffer = Vec::new();
        while !self.failed.load(Ordering::Relaxed) {
            let index = self.next_index.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            match self.read_chunk(index as u64, &mut buffer) {
                Some(chunk) => {
                    self.bytes_done.fetch_add(CHUNK_BYTES, Ordering::Relaxed);
                    on_chunk(index, chunk);
                }
                None => self.failed.store(true, Ordering::Relaxed),
            }
        }
    }

    /// Reads the rooms that start in a chunk: from the first room boundary in the chunk to the first one after the
    /// chunk. `None` if the general parser must read the file.
    fn read_chunk(&self, index: u64, buffer: &mut Vec<u8>) -> Option<Chunk> {
        let offset = index * CHUNK_BYTES;
        buffer.clear();
        self.fill(offset, offset + CHUNK_BYTES, buffer)?;
        let begin = if index == 0 {
            self.head.len()
        } else {
            self.next_room(offset, 0, buffer)?
        };
        let from = usize::try_from(CHUNK_BYTES).ok()?;
        let end = self.next_room(
            offset,
            from.max(begin.saturating_sub(ROOM_SEPARATOR.len())),
            buffer,
        )?;
        let text = std::str::from_utf8(buffer.get(begin..end.max(begin))?).ok()?;
        let chunk = self.parse_rooms(text, offset + begin as u64)?;
        // The last chunk that is not empty must have the text after the rooms, and no other chunk may have it.
        let is_last = !text.is_empty() && offset + end as u64 == self.size;
        (chunk.tail.is_some() == is_last).then_some(chunk)
    }

    /// Extends the buffer, which starts at `offset` in the file, up to the offset `end` or the end of the file. `None`
    /// if the file cannot be read.
    fn fill(&self, offset: u64, end: u64, buffer: &mut Vec<u8>) -> Option<()> {
        let (from, length) = (
            buffer.len(),
            usize::try_from(end.min(self.size).checked_sub(offset)?).ok()?,
        );
        if length > from {
            buffer.resize(length, 0);
            self.file
                .read_exact_at(buffer.get_mut(from..)?, offset + from as u64)
                .ok()?;
        }
        Some(())
    }

    /// Finds the first room boundary at or after the index `from` in the buffer, which starts at `offset` in the file.
    /// Returns the index of the room after the boundary, or of the end of the file. Reads more of the file as needed;
    /// `None` if this fails.
    fn next_room(&self, offset: u64, from: usize, buffer: &mut Vec<u8>) -> Option<usize> {
        let mut from = from;
        loop {
            if let Some(found) = find_boundary(buffer.get(from..).unwrap_or_default()) {
                return Some(from + found + ROOM_SEPARATOR.len());
            }
            let length = buffer.len();
            if offset + length as u64 >= self.size {
                return Some(length);
            }
            from = from.max(length.saturating_sub(ROOM_SEPARATOR.len() - 1));
            self.fill(offset, offset + (length as u64) + CHUNK_BYTES / 8, buffer)?;
        }
    }

    /// Parses the rooms of a text that starts at `offset` in the file; `None` if the general parser must read the file.
    fn parse_rooms(&self, text: &str, offset: u64) -> Option<Chunk> {
        let (mut rest, mut offset, mut rooms) = (text, offset, Vec::new());
        while !rest.is_empty() {
            let end = find_boundary(rest.as_bytes()).map_or(rest.len(), |found| found + ROOM_SEPARATOR.len());
            let (piece, after) = rest.split_at_checked(end)?;
            let mut room = read::rooms_chunk(piece)?;
            room.share_rooms_with(self.earlier);
            let (text, tail) = piece.split_at_checked(piece.len() - room.remaining())?;
            let room_text = text.strip_prefix("    ")?.trim_end_matches(",\n");
            let span = room.is_exact().then_some(RoomSpan {
                offset: offset + 4,
                length: room_text.len() as u64,
                digest: Digest::of(room_text.as_bytes()),
            });
            rooms.push((room, span));
            if !tail.is_empty() {
                let tail = Some(format!("{tail}{after}"));
                return Some(Chunk { rooms, tail });
            }
            offset += piece.len() as u64;
            rest = after;
        }
        Some(Chunk { rooms, tail: None })
    }
}

/// The index of the first room boundary; `None` if there is none.
fn find_boundary(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, ROOM_SEPARATOR)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads a file in canonical form.
    pub(in crate::store) fn read(file: &File) -> Option<(Wardrobe, RoomSpans)> {
        read_chunked(
            file,
            file.metadata().unwrap().len(),
            &Wardrobe::default(),
            &|_, _| (),
        )
    }

    #[test]
    fn reads_the_revision_in_any_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hats.json");
        assert_eq!(read_revision(&path).unwrap(), 0);
        let room = format!("{:?}: {{}}", "room@example.org");
        let canonical =
            format!("{{\n  \"version\": 1,\n  \"revision\": 17,\n  \"rooms\": {{\n    {room}\n  }}\n}}\n");
        for (text, revision) in [
            (canonical.clone(), 17),
            (canonical.replace(['\n', ' '], ""), 17),
            (canonical.replace("\n  \"revision\": 17,", ""), 0),
            (
                canonical.replacen('{', &format!("{{\"x\": {:?},", "x".repeat(200)), 1),
                17,
            ),
        ] {
            std::fs::write(&path, &text).unwrap();
            assert_eq!(read_revision(&path).unwrap(), revision, "{text}");
        }
        std::fs::write(&path, "{").unwrap();
        assert!(read_revision(&path).is_err());
    }
}
