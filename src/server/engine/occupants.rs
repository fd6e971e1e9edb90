//! Reports the occupants of the watched rooms, as long as they are certain.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::backend::SeenOccupants;
use super::Engine;
use super::seen_rooms::report_unknown;
use crate::model::Jid;
use crate::sync::ServerEvent;

impl Engine {
    /// Reports that the occupants of these rooms are unknown.
    fn announce_unknown(&self, rooms: Vec<Jid>) {
        report_unknown(&self.notify, rooms);
    }

    /// Takes the changed occupants of a room; `None`: they are unknown.
    pub(super) fn take_occupants(&mut self, room: &Jid, seen: Option<SeenOccupants>) {
        if self.may_read(room) && self.occupants.take(room, seen) {
            self.announce_unknown(vec![room.clone()]);
        }
    }

    /// Reports the occupants that are certain after a look at the server.
    pub(super) fn announce_occupants(&mut self) {
        self.occupants.last_look = Some(Instant::now());
        for (room, occupants) in self.occupants.take_unannounced() {
            self.emit(ServerEvent::Occupants {
                room,
                occupants: Some(occupants),
            });
        }
    }

    /// Forgets the occupants of all rooms except these, and reports that they are unknown.
    pub(super) fn keep_occupants_of(&mut self, rooms: &BTreeSet<&Jid>) {
        let gone = self.occupants.forget(|room| rooms.contains(room));
        self.announce_unknown(gone);
    }

    /// Forgets the occupants of all rooms, and reports that they are unknown.
    pub(super) fn forget_occupants(&mut self) {
        self.keep_occupants_of(&BTreeSet::new());
    }
}
