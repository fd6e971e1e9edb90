//! Who is in the rooms, as far as their servers tell. Never stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Jid;
use crate::sync::{Occupant, Occupants};

/// The occupants of the rooms of which they are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence(Arc<BTreeMap<Jid, Arc<Occupants>>>);

impl Presence {
    /// Sets who is in a room; `None`: it is not known.
    pub(super) fn set(&mut self, room: &Jid, occupants: Option<Arc<Occupants>>) {
        let rooms = Arc::make_mut(&mut self.0);
        match occupants {
            Some(occupants) => drop(rooms.insert(room.clone(), occupants)),
            None => drop(rooms.remove(room)),
        }
    }

    /// Who is in a room; `None` if it is not known.
    pub(super) fn room(&self, room: &Jid) -> Option<&Occupants> {
        self.0.get(room).map(Arc::as_ref)
    }

    /// A user who is in a room or has a reserved nickname there.
    pub(super) fn occupant(&self, room: &Jid, user: &Jid) -> Option<&Occupant> {
        self.room(room)?.get(user)
    }

    /// Whether a user is in a room.
    pub(super) fn is_online(&self, room: &Jid, user: &Jid) -> bool {
        self.occupant(room, user).is_some_and(Occupant::is_online)
    }

    /// The rooms of which it is known.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &Jid> {
        self.0.keys()
    }

    /// Whether it is known of no room.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
