//! The digest of the content of a data file, without its revision: SHA-256, room by room, so that a commit computes
//! only the digests of rooms that it changes. `docs/file-format.md` specifies it.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a room as it is written, from the quote before its address to its closing brace; the separator
    /// before it is skipped.
    pub(super) fn of_room(piece: &[u8]) -> Self {
        let room_text = memchr::memchr(b'"', piece).and_then(|quote| piece.get(quote..));
        Self::of(room_text.unwrap_or(piece))
    }

    /// Combines the digests of the rooms, in order, and of the text after the rooms into the digest of the content.
    pub(super) fn combine(rooms: impl Iterator<Item = Self>, tail: Self) -> Self {
        let mut hasher = Sha256::new();
        rooms.chain([tail]).for_each(|part| hasher.update(part.0));
        Self(hasher.finalize().into())
    }

    /// Deserializes a digest; `None` if the text is not 64 hexadecimal digits: later versions may use another digest.
    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| Self::parse(&text)))
    }

    fn parse(text: &str) -> Option<Self> {
        let (mut bytes, mut digits) = ([0; 32], text.chars());
        for byte in &mut bytes {
            let high = digits.next()?.to_digit(16)?;
            *byte = u8::try_from(high << 4 | digits.next()?.to_digit(16)?).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        let _ = write!(text, "{self:?}"); // to memory: cannot fail
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_round_trips_as_hex_and_ignores_other_texts() {
        let digest = Digest::of(b"abc");
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(
            text,
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""
        );
        let read = |text: &str| Digest::read(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(read(&text), Some(digest));
        for other in [
            "null",
            "\"\"",
            "\"blake3:00\"",
            &text.replace('b', "g"),
            &text.replace("ad\"", "ad0\""),
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
