//! Takes and releases the rooms that this session follows: each room is followed by one session on this machine, which holds
//! a lock next to the base.

use super::super::error::Error;
use super::Engine;
use super::sign_of_life::{MAX_SILENCE, SeenSign};
use crate::model::Jid;
use crate::sync::{Follower, ServerEvent, ServerState};

impl Engine {
    /// Rooms that this session no longer follows, because it was suspended.
    pub(super) fn released_rooms(&self) -> impl Iterator<Item = &Jid> {
        let followed = self.following.rooms.iter();
        let released = followed.filter(|(room, followed)| {
            followed.follower == Some(Follower::Here) && !self.control.follows(room)
        });
        released.map(|(room, _)| room)
    }

    /// Updates the state after rooms were released.
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

    /// Reports who follows a room, if that is new.
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

    /// Takes the rooms that no other session on this machine follows.
    pub(super) fn take_rooms(&mut self) {
        let rooms = self.following.rooms.keys();
        let rooms: Vec<Jid> = rooms
            .filter(|room| !self.control.follows(room))
            .cloned()
            .collect();
        let (mut taken, mut left) = (false, false);
        for room in rooms {
            let follower = self.take_room(&room);
            let is_here = follower == Follower::Here;
            self.set_follower(&room, follower);
            if is_here {
                taken = true;
                self.following.unread.insert(room);
            } else {
                left = true;
            }
        }
        self.following.schedule_try(left);
        if taken {
            self.give_sign_of_life(true);
            self.watch_followed();
        }
    }

    /// Shows others that this session follows its rooms; `is_new`: it did not follow one of them before.
    pub(super) fn give_sign_of_life(&mut self, is_new: bool) {
        if let Some(sign) = self.following.signs.next(&self.actor, is_new) {
            let rooms = self.following.rooms.keys();
            self.control.note_in_locks(rooms, sign.as_bytes());
        }
    }

    /// Whether the other session that has the room's lock is still following the room.
    fn other_follower(&mut self, room: &Jid) -> Follower {
        let sign = self.files().ok().and_then(|files| files.follower_note(room));
        let Some(followed) = self.following.rooms.get_mut(room) else {
            return Follower::Elsewhere(None);
        };
        let known = followed.sign.take();
        let Some(sign) = sign else {
            return Follower::Elsewhere(None);
        };
        let seen = followed.sign.insert(SeenSign::new(sign, known));
        if seen.since().elapsed() >= MAX_SILENCE {
            Follower::Silent(seen.session())
        } else {
            Follower::Elsewhere(seen.session())
        }
    }

    /// Tries to take the lock of a room. Returns who follows the room after that.
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

    /// Lets the backend watch the rooms that this session follows, and the occupants of these rooms and the selected one.
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

    /// Lets others follow all rooms.
    pub(super) fn release_rooms(&mut self) {
        for room in self.following.rooms.keys() {
            self.control.release(room);
        }
        self.following.forget_reads();
    }

    /// Lets others follow all rooms until this session tries again, because the server cannot be used.
    pub(super) fn lose_rooms(&mut self, error: &Error) {
        if !matches!(self.state, ServerState::Away(_) | ServerState::Refused(_)) {
            self.note_failure(error);
        }
        self.let_others_follow();
        self.following.note_disconnected();
    }

    /// Lets others follow all rooms; this session has to take them again.
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
        // Another session may compare it in the meantime.
        self.following.try_later();
        self.watch_followed();
    }
}
