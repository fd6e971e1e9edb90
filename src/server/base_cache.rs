//! Caches the base that was last read or written. For each change that is sent as soon as it is saved, the base of its room is
//! needed several times, and parsing the base of a large room takes longer than sending the change.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex};

use super::options::lock;
use crate::model::Jid;
use crate::sync::{Base, SetAside};

/// Maximum size of a cached document, in bytes; a larger one is parsed each time. The base of a room with 10,000 users
/// has about 1 MB.
const MAX_CACHED_BYTES: usize = 16 << 20;

/// A cache for the base of one room, with the bytes of its document.
#[derive(Debug, Default)]
pub(super) struct BaseCache(Mutex<Option<ParsedBase>>);

/// A base, its document, and the hash of the document.
#[derive(Debug)]
struct ParsedBase {
    bytes: Vec<u8>,
    hash: u64,
    base: Arc<Base>,
}

impl BaseCache {
    /// Parses a document, or returns the cached base if the document is the cached one. Also returns the document's
    /// hash, which is never 0.
    ///
    /// Errors: the document is not a valid base of this room.
    pub(super) fn parse(&self, bytes: Vec<u8>, room: &Jid) -> (Result<Arc<Base>, SetAside>, u64) {
        let mut cached = lock(&self.0);
        // Only a comparison of all bytes shows that nobody has replaced the document.
        if let Some(cached) = cached.as_ref().filter(|cached| cached.bytes == bytes) {
            let base = (cached.base.room == *room).then(|| cached.base.clone());
            return (base.ok_or(SetAside::Unreadable), cached.hash);
        }
        let hash = hash(&bytes);
        let base = Base::read(&bytes, room).map(Arc::new);
        if let Ok(base) = &base {
            let base = base.clone();
            *cached = (bytes.len() <= MAX_CACHED_BYTES).then_some(ParsedBase { bytes, hash, base });
        }
        (base, hash)
    }

    /// Returns the hash of a document, which is never 0.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        match &*lock(&self.0) {
            Some(cached) if cached.bytes == bytes => cached.hash,
            _ => hash(bytes),
        }
    }

    /// Caches a base whose document was just written, unless the document is too large. Returns the base.
    pub(super) fn set(&self, base: Base, bytes: Vec<u8>) -> Arc<Base> {
        let (hash, base) = (hash(&bytes), Arc::new(base));
        let result = base.clone();
        *lock(&self.0) = (bytes.len() <= MAX_CACHED_BYTES).then_some(ParsedBase { bytes, hash, base });
        result
    }
}

/// Computes the hash of a document, which is never 0.
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
        let cache = BaseCache::default();
        let (first, second) = (base("one@rooms.example.org"), base("two@rooms.example.org"));
        let (parsed, hash) = cache.parse(first.to_bytes(), &first.room);
        let parsed = parsed.expect("valid");
        let again = cache.parse(first.to_bytes(), &first.room);
        assert!(Arc::ptr_eq(&parsed, &again.0.expect("valid")));
        assert_eq!((again.1, cache.hash(&first.to_bytes())), (hash, hash));
        let mut changed = first.clone();
        changed.revision = 7;
        let other = cache.parse(changed.to_bytes(), &first.room);
        assert_eq!(*other.0.expect("valid"), changed);
        assert_ne!(other.1, hash);
        assert_eq!(*cache.set(second.clone(), second.to_bytes()), second);
        let written = cache.parse(second.to_bytes(), &second.room);
        assert_eq!(*written.0.expect("valid"), second);
        // Someone copied the document of another room.
        let copied = cache.parse(second.to_bytes(), &first.room);
        assert_eq!(copied.0, Err(SetAside::Unreadable));
    }
}
