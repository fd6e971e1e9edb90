//! Parses the occupants of a room, as `occupants.lua` reports them.

use super::codec::{parse_jid, unescape};
use crate::model::Jid;
use crate::server::backend::{SeenOccupants, WatchEvent};
use crate::sync::Occupant;

/// The records about the occupants of one room.
pub(super) struct OccupantsGroup {
    room: Jid,
    /// What changed; `None`: it is not known who is in the room.
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

    /// Takes a record. Returns false if the record is invalid. Users whose addresses cannot be parsed are left out,
    /// because no room in hatrack has them.
    pub(super) fn take(&mut self, words: &[&str]) -> bool {
        match (words, &mut self.seen) {
            (["unknown"], seen) => *seen = None,
            (["all"], Some(seen)) => seen.is_complete = true,
            (["left", user], Some(seen)) => seen.users.extend(parse_jid(user).map(|user| (user, None))),
            (["there", user, reserved, nicknames @ ..], Some(seen)) => {
                let Some(reserved) = reserved.strip_prefix('=') else {
                    return false;
                };
                let nicknames: Vec<String> = nicknames.iter().filter_map(|word| unescape(word)).collect();
                let reserved = unescape(reserved);
                let occupant = Occupant::new(nicknames.iter().map(String::as_str), reserved.as_deref());
                seen.users.extend(parse_jid(user).map(|user| (user, occupant)));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn into_event(self) -> WatchEvent {
        WatchEvent::Occupants {
            room: self.room,
            seen: self.seen,
        }
    }
}
