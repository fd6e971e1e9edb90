//! Limits the memory of kept reads: the last read of each room is kept, so that later changes can be applied to it.
//!
//! A read is needed until the changes that it shows are in the file. After that, it only saves reading the room again when
//! something changes on the server, so the reads that have not been updated for longest are dropped first.

use std::time::Instant;

use super::Engine;
use crate::model::Jid;

/// Maximum memory of all kept reads, in bytes, unless the options say otherwise. It is enough for about 800,000 users.
const MAX_KEPT_BYTES: usize = 256 << 20;

impl Engine {
    /// Drops reads that are not needed until the others fit into the memory, and notes whether the needed reads fill it.
    pub(super) fn drop_old_reads(&mut self) {
        let max_bytes = self.max_kept_bytes.unwrap_or(MAX_KEPT_BYTES);
        let (mut total_bytes, mut needed_bytes) = (0_usize, 0_usize);
        let mut unneeded: Vec<(Instant, usize, Jid)> = Vec::new();
        for (room, known) in &self.rooms {
            let Some(read) = known.read.as_ref().filter(|_| !known.is_planned) else {
                continue;
            };
            total_bytes = total_bytes.saturating_add(read.size());
            if self.following.is_pending(room) {
                needed_bytes = needed_bytes.saturating_add(read.size());
            } else {
                unneeded.push((read.last_updated, read.size(), room.clone()));
            }
        }
        self.following.is_full = needed_bytes > max_bytes;
        if total_bytes <= max_bytes {
            return;
        }
        unneeded.sort_unstable();
        for (_, size, room) in unneeded {
            if let Some(known) = self.rooms.get_mut(&room) {
                (known.read, known.base) = (None, None);
            }
            total_bytes = total_bytes.saturating_sub(size);
            if total_bytes <= max_bytes {
                break;
            }
        }
    }
}
