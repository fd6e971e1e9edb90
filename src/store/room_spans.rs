//! The positions and digests of the rooms in the data file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::Digest;
use crate::model::write::{self, Piece};
use crate::model::{Jid, Wardrobe};

/// The rooms of a data file that are stored in canonical form: each spans from the quote before its address to its
/// closing brace.
pub(super) type RoomSpans = BTreeMap<Jid, RoomSpan>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomSpan {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// The digest of these bytes.
    pub(super) digest: Digest,
}

/// The digest of the content of a wardrobe. Rooms that share memory with the `known` wardrobe take their digests from
/// its spans.
pub(super) fn digest_of(wardrobe: &Wardrobe, known: Option<(&Wardrobe, &RoomSpans)>) -> Digest {
    let mut bytes = Vec::new();
    let mut digest_piece = |piece: &Piece<'_>, digest_bytes: fn(&[u8]) -> Digest| {
        bytes.clear();
        piece.write(&mut bytes);
        digest_bytes(&bytes)
    };
    let mut pieces = write::pieces(wardrobe).skip(1);
    let mut rooms = Vec::with_capacity(wardrobe.rooms().len());
    for ((jid, room), piece) in wardrobe.rooms().zip(&mut pieces) {
        let span = known.and_then(|(other, spans)| {
            let is_same = Arc::ptr_eq(other.room(jid)?, room);
            spans.get(jid).filter(|_| is_same)
        });
        rooms.push(span.map_or_else(|| digest_piece(&piece, Digest::of_room), |span| span.digest));
    }
    let tail = pieces
        .next()
        .map_or_else(|| Digest::of(b""), |piece| digest_piece(&piece, Digest::of));
    Digest::combine(rooms.into_iter(), tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_ignores_revision() {
        let room = |name: &str| Jid::parse(&format!("{name}@conference.example.org")).unwrap();
        let digest = |wardrobe: &Wardrobe| digest_of(wardrobe, None);
        let mut wardrobe = Wardrobe::default();
        let empty = digest(&wardrobe);
        wardrobe.add_room(&room("b"), None).unwrap();
        let one = digest(&wardrobe);
        wardrobe.revision = 7;
        assert_eq!(digest(&wardrobe), one);
        wardrobe.add_room(&room("a"), None).unwrap();
        let two = digest(&wardrobe);
        wardrobe.remove_room(&room("a")).unwrap();
        assert_eq!(digest(&wardrobe), one);
        wardrobe.rename_room(&room("b"), Some("B")).unwrap();
        let renamed = digest(&wardrobe);
        wardrobe.remove_room(&room("b")).unwrap();
        assert_eq!(digest(&wardrobe), empty);
        let all = std::collections::HashSet::from([empty, one, two, renamed]);
        assert_eq!(all.len(), 4);
    }
}
