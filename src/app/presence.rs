//! The occupants of rooms, as far as servers report them. They are never stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Jid;
use crate::sync::{Occupant, Occupants};

/// The occupants of the rooms whose occupants are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence(Arc<BTreeMap<Jid, Arc<Occupants>>>);

impl Presence {
    /// Sets the occupants of a room; `None`: they are not known.
    pub(super) fn set(&mut self, room: &Jid, occupants: Option<Arc<Occupants>>) {
        let rooms = Arc::make_mut(&mut self.0);
        match occupants {
            Some(occupants) => drop(rooms.insert(room.clone(), occupants)),
            None => drop(rooms.remove(room)),
        }
    }

    /// The occupants of a room; `None` if they are not known.
    pub(super) fn room(&self, room: &Jid) -> Option<&Occupants> {
        self.0.get(room).map(Arc::as_ref)
    }

    /// A user who is in a room or has a reserved nickname in it; `None` for other users, and if the occupants are not
    /// known.
    pub(super) fn occupant(&self, room: &Jid, user: &Jid) -> Option<&Occupant> {
        self.room(room)?.get(user)
    }

    /// Whether a user is known to be in a room.
    pub(super) fn is_online(&self, room: &Jid, user: &Jid) -> bool {
        self.occupant(room, user).is_some_and(Occupant::is_online)
    }

    /// The rooms whose occupants are known.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &Jid> {
        self.0.keys()
    }

    /// Whether the occupants of no room are known.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
