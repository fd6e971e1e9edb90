//! Writing the data file: rooms that are as they were in the file before are copied from it by the system; only the
//! others are made into text, by several threads where they are many.

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

/// The file that rooms can be copied from.
pub(super) struct SourceFile<'a> {
    pub(super) file: &'a File,
    pub(super) layout: &'a RoomSpans,
    /// What it holds.
    pub(super) wardrobe: &'a Wardrobe,
}

/// What stands before the first room, and before any other.
const FIRST: &[u8] = b"\n    ";
const OTHER: &[u8] = b",\n    ";
/// About how many bytes are made into text at once.
const BATCH: usize = 1 << 19;

/// A stretch of the new file.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    /// Pieces that are made into text.
    Made(Range<usize>),
    /// What stands before a room that is copied.
    Lead(&'static [u8]),
    /// Bytes of the old file.
    Copied { at: u64, length: u64 },
}

/// The text of some pieces, and how long each is, with its digest.
type Composed = (Vec<u8>, Vec<(u64, Digest)>);

/// Writes a wardrobe to an empty file; gives where its rooms are then, and the digest of its content.
pub(super) fn write(
    disk: &Disk,
    out: &File,
    wardrobe: &Wardrobe,
    source: Option<&SourceFile<'_>>,
) -> io::Result<(RoomSpans, Digest)> {
    let pieces: Vec<Piece<'_>> = write::pieces(wardrobe).collect();
    let places: Vec<Option<RoomSpan>> = wardrobe
        .rooms()
        .map(|(jid, room)| {
            let source = source?;
            let same = Arc::ptr_eq(source.wardrobe.room(jid)?, room);
            source.layout.get(jid).copied().filter(|_| same)
        })
        .collect();
    let runs = plan(&places, wardrobe.rooms().map(|(_, room)| guess(room)));
    let ranges: Vec<Range<usize>> = runs
        .iter()
        .filter_map(|run| match run {
            Segment::Made(range) => Some(range.clone()),
            _ => None,
        })
        .collect();

    let mut made = vec![(0, Digest::of(b"")); pieces.len()];
    std::thread::scope(|scope| {
        let mut makers = ComposeThreads::start(scope, &pieces, &ranges);
        for run in &runs {
            match run {
                Segment::Lead(bytes) => disk.write(out, bytes)?,
                Segment::Copied { at, length } => {
                    let source = source.ok_or(io::ErrorKind::NotFound)?;
                    disk.copy(source.file, *at, *length, out)?;
                }
                Segment::Made(range) => {
                    let (bytes, each) = makers.next().unwrap_or_else(|| make(&pieces, range));
                    disk.write(out, &bytes)?;
                    let slots = made.get_mut(range.clone()).into_iter().flatten();
                    slots.zip(each).for_each(|(slot, made)| *slot = made);
                }
            }
        }
        Ok::<(), io::Error>(())
    })?;
    Ok(layout(wardrobe, &places, &made))
}

/// Piece 0 is the head, then come the rooms, then the tail.
fn plan(places: &[Option<RoomSpan>], guesses: impl Iterator<Item = usize>) -> Vec<Segment> {
    let mut runs = vec![Segment::Made(0..1)];
    let mut size = 0;
    for (index, (place, guess)) in places.iter().zip(guesses).enumerate() {
        match (place, runs.last_mut()) {
            // What stands between them in the old file is what must stand between them in the new one.
            (Some(place), Some(Segment::Copied { at, length }))
                if *at + *length + OTHER.len() as u64 == place.at =>
            {
                *length = place.at + place.length - *at;
            }
            (Some(place), _) => {
                runs.push(Segment::Lead(if index == 0 { FIRST } else { OTHER }));
                let RoomSpan { at, length, .. } = *place;
                runs.push(Segment::Copied { at, length });
            }
            (None, Some(Segment::Made(range))) if size < BATCH => {
                range.end = index + 2;
                size += guess;
            }
            (None, _) => {
                runs.push(Segment::Made(index + 1..index + 2));
                size = guess;
            }
        }
    }
    runs.push(Segment::Made(places.len() + 1..places.len() + 2));
    runs
}

/// About how long the text of a room is.
fn guess(room: &Room) -> usize {
    let name = room.name.as_ref().map_or(0, |name| name.len());
    200 + name + 100 * room.users().len() + 180 * room.attachments()
}

fn make(pieces: &[Piece<'_>], range: &Range<usize>) -> Composed {
    let (mut bytes, mut each) = (Vec::new(), Vec::new());
    for piece in pieces.get(range.clone()).into_iter().flatten() {
        let before = bytes.len();
        piece.write(&mut bytes);
        let text = bytes.get(before..).unwrap_or_default();
        let digest = if piece.is_room() {
            Digest::of_room(text)
        } else {
            Digest::of(text)
        };
        each.push((text.len() as u64, digest));
    }
    (bytes, each)
}

/// Threads that make text in advance, each a batch at a time, in turn. None where there is little to make.
struct ComposeThreads {
    hands: Vec<Receiver<Composed>>,
    turn: usize,
}

impl ComposeThreads {
    fn start<'scope, 'env>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        pieces: &'env [Piece<'env>],
        ranges: &'env [Range<usize>],
    ) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if ranges.len() < 4 { 0 } else { threads };
        let hands: Option<Vec<_>> = (0..threads)
            .map(|first| {
                let (hand, taken) = sync_channel(1);
                let maker = threads::builder("compose").spawn_scoped(scope, move || {
                    for range in ranges.iter().skip(first).step_by(threads) {
                        // Nobody takes it any more where writing failed.
                        if hand.send(make(pieces, range)).is_err() {
                            return;
                        }
                    }
                });
                maker.ok().map(|_| taken)
            })
            .collect();
        // Where not all can be started there are none: those that were end, since nobody takes what they make.
        Self {
            hands: hands.unwrap_or_default(),
            turn: 0,
        }
    }

    /// The next batch in order; `None` where there are no threads.
    fn next(&mut self) -> Option<Composed> {
        let hand = self.hands.get(self.turn)?;
        self.turn = (self.turn + 1) % self.hands.len();
        hand.recv().ok()
    }
}

/// Where the rooms are now, and the digest of all.
fn layout(wardrobe: &Wardrobe, places: &[Option<RoomSpan>], made: &[(u64, Digest)]) -> (RoomSpans, Digest) {
    let (mut at, _) = made.first().copied().unwrap_or((0, Digest::of(b"")));
    let (_, tail) = made.last().copied().unwrap_or((0, Digest::of(b"")));
    let mut digests = Vec::with_capacity(places.len());
    let rooms = wardrobe.rooms().zip(places).zip(made.iter().skip(1)).enumerate();
    let layout = rooms
        .map(|(index, (((jid, _), place), (made, digest)))| {
            let lead = if index == 0 { FIRST } else { OTHER }.len() as u64;
            let (length, digest) = place.map_or_else(
                || (made.saturating_sub(lead), *digest),
                |place| (place.length, place.digest),
            );
            let place = RoomSpan {
                at: at + lead,
                length,
                digest,
            };
            at += lead + length;
            digests.push(digest);
            (jid.clone(), place)
        })
        .collect();
    (layout, Digest::join(digests.into_iter(), tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::tempfile;

    use super::super::file;
    use super::super::room_spans::digest_of;
    use super::*;
    use crate::model::{Affiliation, Attachment, HatId, Jid};

    /// A wardrobe of rooms with so many users each.
    fn wardrobe(rooms: &[(u8, u8)]) -> Wardrobe {
        let mut made = Wardrobe::default();
        for (name, users) in rooms {
            let room = Jid::parse(&format!("room{name}@conference.example.org")).unwrap();
            if made
                .add_room(&room, (name % 3 == 0).then_some("Ein \"Name\""))
                .is_err()
            {
                continue;
            }
            for user in 0..*users {
                let jid = Jid::parse(&format!("user{user}@example.org")).unwrap();
                let hat = HatId::unchecked(format!("urn:x:{name}"));
                let attachment = Attachment::default().with_title(Some("書記"));
                made.set_affiliation(&jid, &room, Affiliation::Member).unwrap();
                made.add_user_hat(&jid, &room, &hat, attachment).unwrap();
            }
        }
        made
    }

    fn text(file: &File) -> Vec<u8> {
        let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
        let mut bytes = vec![0; length];
        std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, 0).unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// However a wardrobe became another, copying from the old file gives the same bytes as making all of it anew,
        /// and the places that are then known are right for the next time.
        #[test]
        fn copied_or_made_the_bytes_are_the_same(
            states in prop::collection::vec(prop::collection::vec((0u8..12, 0u8..4), 0..8), 1..5),
        ) {
            let disk = Disk::default();
            let mut old: Option<(File, RoomSpans, Wardrobe)> = None;
            for state in states {
                let mut new = wardrobe(&state);
                if let Some((_, _, old)) = &old {
                    new.share_with(old);
                }
                let out = tempfile().unwrap();
                let source = old.as_ref().map(|(file, layout, wardrobe)| SourceFile { file, layout, wardrobe });
                let (layout, digest) = write(&disk, &out, &new, source.as_ref()).unwrap();
                prop_assert_eq!(digest, digest_of(&new, None));
                prop_assert_eq!(digest, digest_of(&new, Some((&new, &layout))));
                let bytes = text(&out);
                let whole = write::wardrobe(&new);
                prop_assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&whole));
                for (jid, place) in &layout {
                    let at = usize::try_from(place.at).unwrap();
                    let core = &bytes[at..at + usize::try_from(place.length).unwrap()];
                    let head = format!("\"{jid}\": {{");
                    prop_assert!(core.starts_with(head.as_bytes()) && core.ends_with(b"}"), "{jid}");
                }
                // What reading finds are the same places, for the rooms that are in the plainest form.
                let Some((read, found)) = file::tests::read(&out) else {
                    prop_assert_eq!(new.rooms().len(), 0);
                    old = Some((out, layout, new));
                    continue;
                };
                prop_assert_eq!(&read, &new);
                for (jid, place) in &found {
                    prop_assert_eq!(layout.get(jid), Some(place));
                }
                old = Some((out, layout, new));
            }
        }
    }

    #[test]
    fn many_rooms_are_made_by_several_threads_in_order() {
        let rooms: Vec<(u8, u8)> = (0..=255).map(|room| (room, 1)).collect();
        let mut new = wardrobe(&rooms);
        let long = "x".repeat(6 * BATCH / 256);
        for jid in new.rooms().map(|(jid, _)| jid.clone()).collect::<Vec<_>>() {
            new.rename_room(&jid, Some(&long)).unwrap();
        }
        let guesses = new.rooms().map(|(_, room)| guess(room));
        assert!(plan(&[None; 256], guesses).len() > 6, "enough for threads");
        let out = tempfile().unwrap();
        let (layout, _) = write(&Disk::default(), &out, &new, None).unwrap();
        assert_eq!(text(&out), write::wardrobe(&new));
        assert_eq!(layout.len(), 256);
        // Enough for several chunks of reading, too.
        let (read, found) = file::tests::read(&out).unwrap();
        assert_eq!((read, found), (new, layout));
    }
}
