//! Reports the occupants of the watched rooms, as long as they are certain.

use std::collections::BTreeSet;
use std::time::Instant;

use super::super::backend::OccupantChanges;
use super::Engine;
use super::room_occupants::report_unknown;
use crate::model::Jid;
use crate::sync::ServerEvent;

impl Engine {
    /// Reports that the occupants of these rooms are unknown.
    fn announce_unknown(&self, rooms: Vec<Jid>) {
        report_unknown(&self.notify, rooms);
    }

    /// Notes changes of the occupants of a room; `None`: the occupants are unknown.
    pub(super) fn update_occupants(&mut self, room: &Jid, changes: Option<OccupantChanges>) {
        if self.may_read(room) && self.occupants.update(room, changes) {
            self.announce_unknown(vec![room.clone()]);
        }
    }

    /// Reports the occupants that are known completely and were not reported yet, after the server was polled.
    pub(super) fn announce_occupants(&mut self) {
        self.occupants.last_poll = Some(Instant::now());
        for (room, occupants) in self.occupants.take_unannounced() {
            self.emit(ServerEvent::Occupants {
                room,
                occupants: Some(occupants),
            });
        }
    }

    /// Forgets the occupants of all rooms except these, and reports that they are unknown.
    pub(super) fn keep_occupants_of(&mut self, rooms: &BTreeSet<&Jid>) {
        let reported = self.occupants.retain(|room| rooms.contains(room));
        self.announce_unknown(reported);
    }

    /// Forgets the occupants of all rooms, and reports that they are unknown.
    pub(super) fn forget_occupants(&mut self) {
        self.keep_occupants_of(&BTreeSet::new());
    }
}
