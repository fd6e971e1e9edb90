//! Writing of the data file: unchanged rooms are copied from the previous file by the kernel; only the others are
//! serialized, by several threads if they are many.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use super::digest::Digest;
use super::disk::Disk;
use super::room_spans::{RoomSpan, RoomSpans};
use super::threads;
use crate::model::write::{self, Piece};
use crate::model::{Room, Wardrobe};

/// The previous data file, from which rooms can be copied.
pub(super) struct SourceFile<'a> {
    pub(super) file: &'a File,
    pub(super) spans: &'a RoomSpans,
    /// The content of the file.
    pub(super) wardrobe: &'a Wardrobe,
}

/// The text before the first room.
const FIRST_SEPARATOR: &[u8] = b"\n    ";
/// The text before every other room.
const SEPARATOR: &[u8] = b",\n    ";
/// The approximate number of bytes that are serialized at once.
const BATCH_BYTES: usize = 1 << 19;

/// A part of the new file, as it is written.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    /// A range of pieces, which are serialized.
    Composed(Range<usize>),
    /// The separator before a copied room.
    Separator(&'static [u8]),
    /// Bytes of the previous file.
    Copied { offset: u64, length: u64 },
}

/// The text of several pieces, and the length and digest of each.
type ComposedText = (Vec<u8>, Vec<(u64, Digest)>);

/// Writes a wardrobe to an empty file; returns the spans of its rooms and the digest of the content.
pub(super) fn write(
    disk: &Disk,
    out: &File,
    wardrobe: &Wardrobe,
    source: Option<&SourceFile<'_>>,
) -> io::Result<(RoomSpans, Digest)> {
    let pieces: Vec<Piece<'_>> = write::pieces(wardrobe).collect();
    let known_spans: Vec<Option<RoomSpan>> = wardrobe
        .rooms()
        .map(|(jid, room)| {
            let source = source?;
            let is_same = Arc::ptr_eq(source.wardrobe.room(jid)?, room);
            source.spans.get(jid).copied().filter(|_| is_same)
        })
        .collect();
    let segments = plan_segments(
        &known_spans,
        wardrobe.rooms().map(|(_, room)| estimated_bytes(room)),
    );
    let ranges: Vec<Range<usize>> = segments
        .iter()
        .filter_map(|segment| match segment {
            Segment::Composed(range) => Some(range.clone()),
            _ => None,
        })
        .collect();

    let mut written = vec![(0, Digest::of(b"")); pieces.len()];
    std::thread::scope(|scope| {
        let mut compose_threads = ComposeThreads::start(scope, &pieces, &ranges);
        for segment in &segments {
            match segment {
                Segment::Separator(bytes) => disk.write(out, bytes)?,
                Segment::Copied { offset, length } => {
                    let source = source.ok_or(io::ErrorKind::NotFound)?;
                    disk.copy(source.file, *offset, *length, out)?;
                }
                Segment::Composed(range) => {
                    let (bytes, lengths_and_digests) = compose_threads
                        .next()
                        .unwrap_or_else(|| compose_range(&pieces, range));
                    disk.write(out, &bytes)?;
                    let slots = written.get_mut(range.clone()).into_iter().flatten();
                    slots
                        .zip(lengths_and_digests)
                        .for_each(|(slot, length_and_digest)| *slot = length_and_digest);
                }
            }
        }
        Ok::<(), io::Error>(())
    })?;
    Ok(spans_and_digest(wardrobe, &known_spans, &written))
}

/// Plans the segments of the new file. Piece 0 is the head, then come the rooms, then the tail.
fn plan_segments(known_spans: &[Option<RoomSpan>], estimates: impl Iterator<Item = usize>) -> Vec<Segment> {
    let mut segments = vec![Segment::Composed(0..1)];
    let mut size = 0;
    for (index, (span, estimate)) in known_spans.iter().zip(estimates).enumerate() {
        match (span, segments.last_mut()) {
            // This room and the one before it are adjacent in the previous file, with the same separator.
            (Some(span), Some(Segment::Copied { offset, length }))
                if *offset + *length + SEPARATOR.len() as u64 == span.offset =>
            {
                *length = span.offset + span.length - *offset;
            }
            (Some(span), _) => {
                segments.push(Segment::Separator(if index == 0 {
                    FIRST_SEPARATOR
                } else {
                    SEPARATOR
                }));
                let RoomSpan { offset, length, .. } = *span;
                segments.push(Segment::Copied { offset, length });
            }
            (None, Some(Segment::Composed(range))) if size < BATCH_BYTES => {
                range.end = index + 2;
                size += estimate;
            }
            (None, _) => {
                segments.push(Segment::Composed(index + 1..index + 2));
                size = estimate;
            }
        }
    }
    segments.push(Segment::Composed(known_spans.len() + 1..known_spans.len() + 2));
    segments
}

/// The approximate length of a serialized room in bytes.
fn estimated_bytes(room: &Room) -> usize {
    let name = room.name.as_ref().map_or(0, |name| name.len());
    200 + name + 100 * room.users().len() + 180 * room.attachment_count()
}

fn compose_range(pieces: &[Piece<'_>], range: &Range<usize>) -> ComposedText {
    let (mut bytes, mut lengths_and_digests) = (Vec::new(), Vec::new());
    for piece in pieces.get(range.clone()).into_iter().flatten() {
        let before = bytes.len();
        piece.write(&mut bytes);
        let text = bytes.get(before..).unwrap_or_default();
        let digest = if piece.is_room() {
            Digest::of_room(text)
        } else {
            Digest::of(text)
        };
        lengths_and_digests.push((text.len() as u64, digest));
    }
    (bytes, lengths_and_digests)
}

/// Threads that serialize batches ahead of the writer; each batch is serialized by the next thread in turn. Empty if
/// there is little to serialize.
struct ComposeThreads {
    receivers: Vec<Receiver<ComposedText>>,
    next_thread: usize,
}

impl ComposeThreads {
    fn start<'scope, 'env>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        pieces: &'env [Piece<'env>],
        ranges: &'env [Range<usize>],
    ) -> Self {
        let thread_count = if ranges.len() < 4 {
            0
        } else {
            std::thread::available_parallelism().map_or(1, usize::from)
        };
        let receivers: Option<Vec<_>> = (0..thread_count)
            .map(|first| {
                let (sender, receiver) = sync_channel(1);
                let thread = threads::builder("compose").spawn_scoped(scope, move || {
                    for range in ranges.iter().skip(first).step_by(thread_count) {
                        // The receiver is gone if writing failed.
                        if sender.send(compose_range(pieces, range)).is_err() {
                            return;
                        }
                    }
                });
                thread.ok().map(|_| receiver)
            })
            .collect();
        // If a thread cannot be started, none is used: the others end when their receivers are dropped.
        Self {
            receivers: receivers.unwrap_or_default(),
            next_thread: 0,
        }
    }

    /// The next batch in order; `None` if there are no threads, or if the thread has ended.
    fn next(&mut self) -> Option<ComposedText> {
        let receiver = self.receivers.get(self.next_thread)?;
        self.next_thread = (self.next_thread + 1) % self.receivers.len();
        receiver.recv().ok()
    }
}

/// The spans of the rooms in the new file, and the digest of its content. `written` has the length and digest of each
/// piece that was serialized.
fn spans_and_digest(
    wardrobe: &Wardrobe,
    known_spans: &[Option<RoomSpan>],
    written: &[(u64, Digest)],
) -> (RoomSpans, Digest) {
    let (mut offset, _) = written.first().copied().unwrap_or((0, Digest::of(b"")));
    let (_, tail) = written.last().copied().unwrap_or((0, Digest::of(b"")));
    let mut digests = Vec::with_capacity(known_spans.len());
    let rooms = wardrobe
        .rooms()
        .zip(known_spans)
        .zip(written.iter().skip(1))
        .enumerate();
    let spans = rooms
        .map(|(index, (((jid, _), span), (piece_length, digest)))| {
            let separator = if index == 0 { FIRST_SEPARATOR } else { SEPARATOR }.len() as u64;
            let (length, digest) = span.map_or_else(
                || (piece_length.saturating_sub(separator), *digest),
                |span| (span.length, span.digest),
            );
            let span = RoomSpan {
                offset: offset + separator,
                length,
                digest,
            };
            offset += separator + length;
            digests.push(digest);
            (jid.clone(), span)
        })
        .collect();
    (spans, Digest::combine(digests.into_iter(), tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::tempfile;

    use super::super::file;
    use super::super::room_spans::digest_of;
    use super::*;
    use crate::model::{Affiliation, Attachment, HatId, Jid};

    /// A wardrobe of rooms, given as name and number of users.
    fn wardrobe(rooms: &[(u8, u8)]) -> Wardrobe {
        let mut built = Wardrobe::default();
        for (name, users) in rooms {
            let room = Jid::parse(&format!("room{name}@conference.example.org")).unwrap();
            if built
                .add_room(&room, (name % 3 == 0).then_some("Ein \"Name\""))
                .is_err()
            {
                continue;
            }
            for user in 0..*users {
                let jid = Jid::parse(&format!("user{user}@example.org")).unwrap();
                let hat = HatId::unchecked(format!("urn:x:{name}"));
                let attachment = Attachment::default().with_title(Some("書記"));
                built.set_affiliation(&jid, &room, Affiliation::Member).unwrap();
                built.add_user_hat(&jid, &room, &hat, attachment).unwrap();
            }
        }
        built
    }

    fn text(file: &File) -> Vec<u8> {
        let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
        let mut bytes = vec![0; length];
        std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, 0).unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Copying unchanged rooms gives the same bytes as serializing the whole wardrobe, and the resulting spans are
        /// right for the next commit.
        #[test]
        fn copying_rooms_gives_the_same_bytes_as_serializing(
            states in prop::collection::vec(prop::collection::vec((0u8..12, 0u8..4), 0..8), 1..5),
        ) {
            let disk = Disk::default();
            let mut old: Option<(File, RoomSpans, Wardrobe)> = None;
            for state in states {
                let mut new = wardrobe(&state);
                if let Some((_, _, old)) = &old {
                    new.share_rooms_with(old);
                }
                let out = tempfile().unwrap();
                let source = old.as_ref().map(|(file, spans, wardrobe)| SourceFile { file, spans, wardrobe });
                let (spans, digest) = write(&disk, &out, &new, source.as_ref()).unwrap();
                prop_assert_eq!(digest, digest_of(&new, None));
                prop_assert_eq!(digest, digest_of(&new, Some((&new, &spans))));
                let bytes = text(&out);
                let whole = write::wardrobe(&new);
                prop_assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&whole));
                for (jid, span) in &spans {
                    let start = usize::try_from(span.offset).unwrap();
                    let room_text = &bytes[start..start + usize::try_from(span.length).unwrap()];
                    let head = format!("\"{jid}\": {{");
                    prop_assert!(room_text.starts_with(head.as_bytes()) && room_text.ends_with(b"}"), "{jid}");
                }
                // Reading finds the same spans for the rooms in canonical form.
                let Some((read, found)) = file::tests::read(&out) else {
                    prop_assert_eq!(new.rooms().len(), 0);
                    old = Some((out, spans, new));
                    continue;
                };
                prop_assert_eq!(&read, &new);
                for (jid, span) in &found {
                    prop_assert_eq!(spans.get(jid), Some(span));
                }
                old = Some((out, spans, new));
            }
        }
    }

    #[test]
    fn threads_compose_many_rooms_in_order() {
        let rooms: Vec<(u8, u8)> = (0..=255).map(|room| (room, 1)).collect();
        let mut new = wardrobe(&rooms);
        let long = "x".repeat(6 * BATCH_BYTES / 256);
        for jid in new.rooms().map(|(jid, _)| jid.clone()).collect::<Vec<_>>() {
            new.rename_room(&jid, Some(&long)).unwrap();
        }
        let estimates = new.rooms().map(|(_, room)| estimated_bytes(room));
        assert!(
            plan_segments(&[None; 256], estimates).len() > 6,
            "enough for threads"
        );
        let out = tempfile().unwrap();
        let (spans, _) = write(&Disk::default(), &out, &new, None).unwrap();
        assert_eq!(text(&out), write::wardrobe(&new));
        assert_eq!(spans.len(), 256);
        // The file is also large enough for several chunks when reading.
        let (read, found) = file::tests::read(&out).unwrap();
        assert_eq!((read, found), (new, spans));
    }
}
