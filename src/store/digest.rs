//! The digest of what a data file holds, whatever its revision: SHA-256, room by room, so that a commit works out only
//! those of the rooms that it changes. `docs/file-format.md` says how anybody can compute it.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256; in the history 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of a room as it is written, from the quote before its address to the brace that closes it; before that stands
    /// what separates it from the room before.
    pub(super) fn of_room(piece: &[u8]) -> Self {
        let core = memchr::memchr(b'"', piece).and_then(|quote| piece.get(quote..));
        Self::of(core.unwrap_or(piece))
    }

    /// Of a whole file, out of those of its rooms in their order and of what is written after them.
    pub(super) fn join(rooms: impl Iterator<Item = Self>, tail: Self) -> Self {
        let mut all = Sha256::new();
        rooms.chain([tail]).for_each(|part| all.update(part.0));
        Self(all.finalize().into())
    }

    /// In a line of the history; one of another kind, as a later version may write it, counts as none.
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
    fn hexadecimal_and_back_and_any_other_text_is_none() {
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
