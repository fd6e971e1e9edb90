//! Parses the occupants of a room, as `occupants.lua` reports them.

use super::codec::{parse_jid, unescape};
use crate::model::Jid;
use crate::server::backend::{OccupantChanges, WatchEvent};
use crate::sync::Occupant;

/// The parsed records about the occupants of one room.
pub(super) struct OccupantsGroup {
    room: Jid,
    /// The changes; `None`: the occupants are not known.
    changes: Option<OccupantChanges>,
}

impl OccupantsGroup {
    /// Begins a group. `replaces_all`: the occupants that were reported before no longer count.
    pub(super) fn new(room: Jid, replaces_all: bool) -> Self {
        let changes = OccupantChanges {
            replaces_all,
            ..OccupantChanges::default()
        };
        Self {
            room,
            changes: Some(changes),
        }
    }

    /// Adds a record. Returns false if the record is invalid. Users whose addresses cannot be parsed are left out, because no
    /// room in the data file has them.
    pub(super) fn add_record(&mut self, words: &[&str]) -> bool {
        match (words, &mut self.changes) {
            (["unknown"], changes) => *changes = None,
            (["all"], Some(changes)) => changes.is_complete = true,
            (["left", user], Some(changes)) => {
                changes.users.extend(parse_jid(user).map(|user| (user, None)));
            }
            (["there", user, reserved, nicknames @ ..], Some(changes)) => {
                let Some(reserved) = reserved.strip_prefix('=') else {
                    return false;
                };
                let nicknames: Vec<String> = nicknames.iter().filter_map(|word| unescape(word)).collect();
                let reserved = unescape(reserved);
                let occupant = Occupant::new(nicknames.iter().map(String::as_str), reserved.as_deref());
                changes.users.extend(parse_jid(user).map(|user| (user, occupant)));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn into_event(self) -> WatchEvent {
        WatchEvent::Occupants {
            room: self.room,
            changes: self.changes,
        }
    }
}
