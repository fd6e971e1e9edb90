//! Limits the memory of kept reads: the last read of each followed room is kept, so that later changes can be applied to it.
//!
//! A read is needed until what it shows is in the file. After that, it saves reading the room again when something changes
//! there, so the reads that have been unused for longest are dropped first.

use std::time::Instant;

use super::Engine;
use crate::model::Jid;

/// Maximum memory of all kept reads, in bytes, unless the options say otherwise: about 800,000 users.
const MAX_KEPT_BYTES: usize = 256 << 20;

impl Engine {
    /// Drops reads that are not needed until the others fit into the memory, and notes whether there is memory for more.
    pub(super) fn drop_old_reads(&mut self) {
        let max_bytes = self.max_kept_bytes.unwrap_or(MAX_KEPT_BYTES);
        let (mut all, mut needed) = (0_usize, 0_usize);
        let mut idle: Vec<(Instant, usize, Jid)> = Vec::new();
        for (room, known) in &self.rooms {
            let Some(read) = known.read.as_ref().filter(|_| !known.planned) else {
                continue;
            };
            all = all.saturating_add(read.size());
            if self.following.is_pending(room) {
                needed = needed.saturating_add(read.size());
            } else {
                idle.push((read.used, read.size(), room.clone()));
            }
        }
        self.following.is_full = needed > max_bytes;
        if all <= max_bytes {
            return;
        }
        idle.sort_unstable();
        for (_, size, room) in idle {
            if let Some(known) = self.rooms.get_mut(&room) {
                (known.read, known.base) = (None, None);
            }
            all = all.saturating_sub(size);
            if all <= max_bytes {
                break;
            }
        }
    }
}
