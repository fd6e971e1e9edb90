//! Reads who is in a room, as `occupants.lua` reports it.

use super::codec::{unescape, word_jid};
use crate::model::Jid;
use crate::server::backend::{SeenOccupants, WatchEvent};
use crate::sync::Occupant;

/// What changed among the occupants of a room.
pub(super) struct OccupantsGroup {
    room: Jid,
    /// `None`: it is not known.
    seen: Option<SeenOccupants>,
}

impl OccupantsGroup {
    pub(super) fn new(room: Jid, is_new: bool) -> Self {
        let seen = SeenOccupants {
            is_new,
            ..SeenOccupants::default()
        };
        Self {
            room,
            seen: Some(seen),
        }
    }

    /// Takes a record, if it is about occupants. Users whose address cannot be parsed are left out: no room has them.
    pub(super) fn take(&mut self, words: &[&str]) -> bool {
        match (words, &mut self.seen) {
            (["unknown"], seen) => *seen = None,
            (["all"], Some(seen)) => seen.is_complete = true,
            (["left", user], Some(seen)) => seen.users.extend(word_jid(user).map(|user| (user, None))),
            (["there", user, reserved, nicknames @ ..], Some(seen)) => {
                let Some(reserved) = reserved.strip_prefix('=') else {
                    return false;
                };
                let nicknames: Vec<String> = nicknames.iter().filter_map(|word| unescape(word)).collect();
                let reserved = unescape(reserved);
                let occupant = Occupant::new(nicknames.iter().map(String::as_str), reserved.as_deref());
                seen.users.extend(word_jid(user).map(|user| (user, occupant)));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn into_seen(self) -> WatchEvent {
        WatchEvent::Occupants {
            room: self.room,
            seen: self.seen,
        }
    }
}
