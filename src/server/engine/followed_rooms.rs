//! Takes and releases the rooms that this session follows. Each room is followed by one session on this machine, which holds
//! a lock next to the room's base.

use super::super::error::Error;
use super::Engine;
use super::sign_of_life::{MAX_SILENCE, SeenSign};
use crate::model::Jid;
use crate::sync::{Follower, ServerEvent, ServerState};

impl Engine {
    /// Rooms that this session no longer follows, because following was suspended.
    pub(super) fn released_rooms(&self) -> impl Iterator<Item = &Jid> {
        let followed = self.following.rooms.iter();
        let released = followed.filter(|(room, followed)| {
            followed.follower == Some(Follower::Here) && !self.control.follows(room)
        });
        released.map(|(room, _)| room)
    }

    /// Updates the followers of rooms that were released, and schedules a try to follow them again.
    pub(super) fn notice_released_rooms(&mut self) {
        let released: Vec<Jid> = self.released_rooms().cloned().collect();
        for room in &released {
            self.following.forget(room);
            self.set_follower(room, Follower::Elsewhere(None));
        }
        if !released.is_empty() {
            self.following.try_again_now();
        }
    }

    /// Sets the follower of a room. A follower other than this session is reported at once.
    fn set_follower(&mut self, room: &Jid, follower: Follower) {
        // That this session follows the room is reported once the room was read.
        let is_here = follower == Follower::Here;
        if let Some(followed) = self.following.rooms.get_mut(room) {
            followed.follower = Some(follower);
        }
        if !is_here {
            self.announce_follower(room);
        }
    }

    /// Reports the follower of a room, if it differs from the one reported last.
    pub(super) fn announce_follower(&mut self, room: &Jid) {
        if let Some(followed) = self.following.rooms.get_mut(room)
            && let Some(follower) = followed.follower.clone()
            && followed.announced.as_ref() != Some(&follower)
        {
            followed.announced = Some(follower.clone());
            self.emit(ServerEvent::Follows {
                room: room.clone(),
                follower,
            });
        }
    }

    /// Tries to follow all rooms that this session does not follow; a room that another session follows is left to that session.
    pub(super) fn take_rooms(&mut self) {
        let rooms = self.following.rooms.keys();
        let rooms: Vec<Jid> = rooms
            .filter(|room| !self.control.follows(room))
            .cloned()
            .collect();
        let (mut is_any_taken, mut is_any_left) = (false, false);
        for room in rooms {
            let follower = self.take_room(&room);
            let is_here = follower == Follower::Here;
            self.set_follower(&room, follower);
            if is_here {
                is_any_taken = true;
                self.following.unread.insert(room);
            } else {
                is_any_left = true;
            }
        }
        self.following.schedule_try(is_any_left);
        if is_any_taken {
            self.give_sign_of_life(true);
            self.watch_followed();
        }
    }

    /// Shows other sessions that this session follows its rooms, if a sign is due. `is_new`: this session did not follow all of
    /// them before, so a sign is due at once.
    pub(super) fn give_sign_of_life(&mut self, is_new: bool) {
        if let Some(sign) = self.following.signs.next(&self.actor, is_new) {
            let rooms = self.following.rooms.keys();
            self.control.note_in_locks(rooms, sign.as_bytes());
        }
    }

    /// Returns the follower of a room whose lock another session has: [`Follower::Silent`] if that session has given no sign of
    /// life for [`MAX_SILENCE`], else [`Follower::Elsewhere`].
    fn other_follower(&mut self, room: &Jid) -> Follower {
        let sign = self.files().ok().and_then(|files| files.follower_note(room));
        let Some(followed) = self.following.rooms.get_mut(room) else {
            return Follower::Elsewhere(None);
        };
        let earlier_sign = followed.sign.take();
        let Some(sign) = sign else {
            return Follower::Elsewhere(None);
        };
        let sign = followed.sign.insert(SeenSign::new(sign, earlier_sign));
        if sign.since().elapsed() >= MAX_SILENCE {
            Follower::Silent(sign.session())
        } else {
            Follower::Elsewhere(sign.session())
        }
    }

    /// Tries to take the lock of a room. Returns the follower of the room after that.
    fn take_room(&mut self, room: &Jid) -> Follower {
        let Some(files) = self.files().ok().filter(|files| files.has_base(room)) else {
            return Follower::NotCompared;
        };
        let unusable = self.following.rooms.get(room).and_then(|room| room.unusable_base);
        if unusable.is_some_and(|hash| hash == files.base_hash(room)) {
            return Follower::NotCompared;
        }
        let lock = files.follower_lock(room).unwrap_or_else(|error| {
            log::debug!(room:% = room, reason:% = error; "room not locked");
            None
        });
        if lock.is_some_and(|lock| self.control.keep_lock(room, lock)) {
            if let Some(followed) = self.following.rooms.get_mut(room) {
                followed.sign = None;
            }
            Follower::Here
        } else {
            self.other_follower(room)
        }
    }

    /// Lets the backend watch the rooms that this session follows, and the occupants of these rooms and of the selected room.
    pub(super) fn watch_followed(&mut self) {
        let rooms = self.following.rooms.keys();
        let rooms: Vec<Jid> = rooms.filter(|room| self.control.follows(room)).cloned().collect();
        let (selected, occupant_room) = (
            self.following.selected.clone(),
            self.following.occupant_room.clone(),
        );
        self.keep_occupants_of(&rooms.iter().chain(&occupant_room).collect());
        let selected = selected.filter(|room| rooms.contains(room)).or(occupant_room);
        let occupants = self.watches_occupants;
        self.backend.watch(&rooms, selected.as_ref(), occupants);
    }

    /// Lets other sessions follow all rooms.
    pub(super) fn release_rooms(&mut self) {
        for room in self.following.rooms.keys() {
            self.control.release(room);
        }
        self.following.forget_reads();
    }

    /// Lets other sessions follow all rooms until this session tries again, because the server cannot be used.
    pub(super) fn lose_rooms(&mut self, error: &Error) {
        if !matches!(self.state, ServerState::Away(_) | ServerState::Refused(_)) {
            self.note_failure(error);
        }
        self.let_others_follow();
        self.following.note_disconnected();
    }

    /// Lets other sessions follow all rooms, and forgets the followers; this session has to take the rooms again.
    pub(super) fn let_others_follow(&mut self) {
        self.release_rooms();
        self.forget_occupants();
        for followed in self.following.rooms.values_mut() {
            followed.follower = None;
        }
        self.watch_followed();
    }

    /// Stops following a room whose base is not valid: someone has to compare the room first.
    pub(super) fn give_up_room(&mut self, room: &Jid) {
        self.control.release(room);
        self.following.forget(room);
        let hash = self.files().map_or(0, |files| files.base_hash(room));
        if let Some(followed) = self.following.rooms.get_mut(room) {
            followed.unusable_base = Some(hash);
        }
        self.set_follower(room, Follower::NotCompared);
        // Another session may compare the room in the meantime.
        self.following.try_later();
        self.watch_followed();
    }
}
