//! Who is in the watched rooms: reported as long as it is certain.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::backend::SeenOccupants;
use super::Engine;
use super::seen_rooms::report_unknown;
use crate::model::Jid;
use crate::sync::ServerEvent;

impl Engine {
    fn announce_unknown(&self, rooms: Vec<Jid>) {
        report_unknown(&self.notify, rooms);
    }

    /// Takes what was seen in a room.
    pub(super) fn take_occupants(&mut self, room: &Jid, seen: Option<SeenOccupants>) {
        if self.sees(room) && self.seen.take(room, seen) {
            self.announce_unknown(vec![room.clone()]);
        }
    }

    /// The server was looked at: reports what is certain now.
    pub(super) fn announce_occupants(&mut self) {
        self.seen.looked = Some(Instant::now());
        for (room, occupants) in self.seen.take_unannounced() {
            self.emit(ServerEvent::Occupants {
                room,
                occupants: Some(occupants),
            });
        }
    }

    /// It is not known who is in rooms other than these.
    pub(super) fn keep_occupants_of(&mut self, rooms: &BTreeSet<&Jid>) {
        let gone = self.seen.forget(|room| rooms.contains(room));
        self.announce_unknown(gone);
    }

    /// It is not known any longer who is in the rooms.
    pub(super) fn forget_occupants(&mut self) {
        self.keep_occupants_of(&BTreeSet::new());
    }
}
