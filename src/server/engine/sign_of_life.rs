//! Signs of life of the session that follows a room. The session regularly writes a sign into the room's lock, so that other
//! sessions can report when it no longer does, for example because its process was stopped.
//!
//! Other accounts that can write the data file can also write into the lock, so a sign is used only for display.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::error::sanitize_line;

/// The shortest time between two signs. It is not longer than the time after which other sessions read the sign again.
const INTERVAL: Duration = Duration::from_secs(10);
/// After this time without a sign, other sessions report that the follower is silent.
pub(super) const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The signs that this session writes.
#[derive(Debug, Default)]
pub(super) struct OwnSigns {
    /// When the last sign was created.
    last: Option<Instant>,
    /// Number of signs so far.
    number: u64,
}

impl OwnSigns {
    /// Creates the next sign; `None` if it is not due yet. `is_new`: there is a lock without a sign, so a sign is due at once.
    pub(super) fn next(&mut self, actor: &str, is_new: bool) -> Option<String> {
        if !is_new && self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return None;
        }
        self.last = Some(Instant::now());
        self.number += 1;
        Some(format!("{} {} {actor}", self.number, std::process::id()))
    }
}

/// The last sign of another session, and the time when it was first seen.
#[derive(Debug)]
pub(super) struct SeenSign {
    sign: Vec<u8>,
    since: Instant,
}

impl SeenSign {
    /// Notes the current sign. `earlier`: the sign that was seen before; if it is the same, the time stays.
    pub(super) fn new(sign: Vec<u8>, earlier: Option<Self>) -> Self {
        earlier
            .filter(|earlier| earlier.sign == sign)
            .unwrap_or_else(|| Self {
                sign,
                since: Instant::now(),
            })
    }

    /// When this sign was first seen.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// The session that wrote the sign, for display, such as `terry, process 123`; `None` if the sign is invalid.
    pub(super) fn session(&self) -> Option<Arc<str>> {
        let text = std::str::from_utf8(&self.sign).ok()?;
        let mut words = text.splitn(3, ' ');
        let (_, process, actor) = (words.next()?, words.next()?, words.next()?);
        let process: u32 = process.parse().ok()?;
        Some(format!("{}, process {process}", sanitize_line(actor)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_differ_and_invalid_signs_name_no_session() {
        let mut own = OwnSigns::default();
        let first = own.next("terry@192.0.2.7", false).unwrap();
        assert_eq!(own.next("terry@192.0.2.7", false), None);
        let second = own.next("terry@192.0.2.7", true).unwrap();
        assert_ne!(first, second);
        let session = |sign: &[u8]| SeenSign::new(sign.to_vec(), None).session();
        let expected = format!("terry@192.0.2.7, process {}", std::process::id());
        assert_eq!(session(first.as_bytes()).as_deref(), Some(&*expected));
        assert_eq!(
            session(b"1 2 a\x1b[31m\nb").as_deref(),
            Some("a [31m b, process 2")
        );
        for odd in [&b"\xff"[..], b"", b"1", b"1 2", b"1 -2 a", b"1 x a"] {
            assert_eq!(session(odd), None);
        }
        let before = SeenSign::new(first.clone().into(), None);
        let since = before.since();
        let same = SeenSign::new(first.into(), Some(before));
        assert_eq!(same.since(), since);
        assert!(SeenSign::new(second.into(), Some(same)).since() > since);
    }
}
