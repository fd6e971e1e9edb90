//! The base that was last read or written: each change that is sent at once needs the base several times, and to parse that
//! of a large room takes longer than to send the change.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex};

use super::options::lock;
use crate::model::Jid;
use crate::sync::{Base, SetAside};

/// A larger document, in bytes, is parsed again each time. One of 10,000 users has about 1 MB.
const MAX_CACHED_BYTES: usize = 16 << 20;

/// The base of one room, with the bytes that it was parsed from.
#[derive(Debug, Default)]
pub(super) struct KnownBase(Mutex<Option<ParsedBase>>);

#[derive(Debug)]
struct ParsedBase {
    bytes: Vec<u8>,
    hash: u64,
    base: Arc<Base>,
}

impl KnownBase {
    /// Parses a document, unless it was the last one. Also returns its hash, which is not 0.
    pub(super) fn parse(&self, bytes: Vec<u8>, room: &Jid) -> (Result<Arc<Base>, SetAside>, u64) {
        let mut last = lock(&self.0);
        // Only a comparison of all bytes shows that nobody has replaced it.
        if let Some(last) = last.as_ref().filter(|last| last.bytes == bytes) {
            let base = (last.base.room == *room).then(|| last.base.clone());
            return (base.ok_or(SetAside::Unreadable), last.hash);
        }
        let hash = hash(&bytes);
        let base = Base::read(&bytes, room).map(Arc::new);
        if let Ok(base) = &base {
            let base = base.clone();
            *last = (bytes.len() <= MAX_CACHED_BYTES).then_some(ParsedBase { bytes, hash, base });
        }
        (base, hash)
    }

    /// The hash of a document.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        match &*lock(&self.0) {
            Some(last) if last.bytes == bytes => last.hash,
            _ => hash(bytes),
        }
    }

    /// This document was written. Returns its base.
    pub(super) fn set(&self, base: Base, bytes: Vec<u8>) -> Arc<Base> {
        let (hash, base) = (hash(&bytes), Arc::new(base));
        let written = base.clone();
        *lock(&self.0) = (bytes.len() <= MAX_CACHED_BYTES).then_some(ParsedBase { bytes, hash, base });
        written
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::ServerClass;

    fn base(room: &str) -> Base {
        let room = Jid::parse(room).expect("an address");
        Base::new("example", ServerClass::Prosody, &room)
    }

    #[test]
    fn last_document_is_parsed_once() {
        let known = KnownBase::default();
        let (first, second) = (base("one@rooms.example.org"), base("two@rooms.example.org"));
        let (there, hash) = known.parse(first.to_bytes(), &first.room);
        let there = there.expect("valid");
        let again = known.parse(first.to_bytes(), &first.room);
        assert!(Arc::ptr_eq(&there, &again.0.expect("valid")));
        assert_eq!((again.1, known.hash(&first.to_bytes())), (hash, hash));
        let mut changed = first.clone();
        changed.revision = 7;
        let other = known.parse(changed.to_bytes(), &first.room);
        assert_eq!(*other.0.expect("valid"), changed);
        assert_ne!(other.1, hash);
        assert_eq!(*known.set(second.clone(), second.to_bytes()), second);
        let written = known.parse(second.to_bytes(), &second.room);
        assert_eq!(*written.0.expect("valid"), second);
        // Someone copied the document of another room.
        let copied = known.parse(second.to_bytes(), &first.room);
        assert_eq!(copied.0, Err(SetAside::Unreadable));
    }
}
