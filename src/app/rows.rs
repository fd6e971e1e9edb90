//! What the panes list, worked out when something changes and never while drawing. A selection stays on what it is on,
//! wherever that moves; when that goes, it stays at its place.

use crate::model::{Affiliation, HatId, Jid, Room, User, Wardrobe};

use super::Pane;

#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub rooms: Vec<Jid>,
    pub users: Vec<u32>,
    pub hats: Vec<HatId>,
    room: Place<Jid>,
    user: Place<Jid>,
    hat: Place<HatId>,
}

/// What is selected and where that was.
#[derive(Debug, Clone)]
struct Place<T> {
    on: Option<T>,
    at: usize,
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self { on: None, at: 0 }
    }
}

impl<T: PartialEq + Clone> Place<T> {
    /// Finds the selected one among what there is now.
    fn settle(&mut self, length: usize, get: impl Fn(usize) -> Option<T>) {
        let still = |at: usize| self.on.is_some() && get(at) == self.on;
        if !still(self.at) {
            let moved = self.on.as_ref().and_then(|_| (0..length).find(|at| still(*at)));
            self.at = moved.unwrap_or(self.at).min(length.saturating_sub(1));
            self.on = get(self.at);
        }
    }
}

impl Rows {
    pub(super) fn at(&self, pane: Pane) -> usize {
        match pane {
            Pane::Rooms => self.room.at,
            Pane::Users => self.user.at,
            Pane::Hats => self.hat.at,
        }
    }

    /// The room and the user that are selected.
    pub(super) fn on(&self) -> (Option<Jid>, Option<Jid>) {
        (self.room.on.clone(), self.user.on.clone())
    }

    pub(super) fn length(&self, pane: Pane) -> usize {
        match pane {
            Pane::Rooms => self.rooms.len(),
            Pane::Users => self.users.len(),
            Pane::Hats => self.hats.len(),
        }
    }

    /// Selects a row, and the first row of each pane to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        match pane {
            Pane::Rooms => {
                if self.room.at == row && self.room.on.is_some() {
                    return;
                }
                self.room = Place {
                    on: self.rooms.get(row).cloned(),
                    at: row,
                };
                self.user = Place::default();
                self.hat = Place::default();
                self.list_users(wardrobe);
            }
            Pane::Users => {
                if self.user.at == row && self.user.on.is_some() {
                    return;
                }
                self.user = Place { on: None, at: row };
                self.hat = Place::default();
                self.settle_user(wardrobe);
            }
            Pane::Hats => {
                self.hat = Place {
                    on: self.hats.get(row).cloned(),
                    at: row,
                }
            }
        }
    }

    /// Selects a room, one of its users, one of their hats, as far as they are given and there.
    pub(super) fn select(
        &mut self,
        wardrobe: &Wardrobe,
        room: &Jid,
        user: Option<&Jid>,
        hat: Option<&HatId>,
    ) {
        let Some(row) = self.rooms.iter().position(|there| there == room) else {
            return;
        };
        self.move_to(Pane::Rooms, row, wardrobe);
        let Some(user) = user else { return };
        let here = self.here(wardrobe);
        let Some(row) = self
            .users
            .iter()
            .position(|at| here.get(*at as usize).is_some_and(|(jid, _)| jid == user))
        else {
            return;
        };
        self.move_to(Pane::Users, row, wardrobe);
        if let Some(row) = hat.and_then(|hat| self.hats.iter().position(|there| there == hat)) {
            self.move_to(Pane::Hats, row, wardrobe);
        }
    }

    /// Lists everything anew after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        self.list_rooms(wardrobe);
        let before = self.room.on.clone();
        let rooms = &self.rooms;
        self.room.settle(rooms.len(), |at| rooms.get(at).cloned());
        if before != self.room.on {
            self.user = Place::default();
            self.hat = Place::default();
        }
        self.list_users(wardrobe);
    }

    /// By what people read: the name, else the address.
    fn list_rooms(&mut self, wardrobe: &Wardrobe) {
        let shown = |(jid, room): &(&Jid, &std::sync::Arc<Room>)| {
            let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
            name.unwrap_or(jid.as_str()).to_lowercase()
        };
        let mut rooms: Vec<_> = wardrobe.rooms().collect();
        rooms.sort_by_cached_key(shown);
        self.rooms = rooms.into_iter().map(|(jid, _)| jid.clone()).collect();
    }

    fn here<'a>(&self, wardrobe: &'a Wardrobe) -> &'a [(Jid, User)] {
        self.room
            .on
            .as_ref()
            .and_then(|jid| wardrobe.room(jid))
            .map_or(&[], |room| room.users())
    }

    fn list_users(&mut self, wardrobe: &Wardrobe) {
        let here = self.here(wardrobe);
        self.users.clear();
        for affiliation in Affiliation::ALL {
            let places = (0_u32..)
                .zip(here)
                .filter(|(_, (_, user))| user.affiliation == affiliation);
            self.users.extend(places.map(|(at, _)| at));
        }
        self.settle_user(wardrobe);
    }

    fn settle_user(&mut self, wardrobe: &Wardrobe) {
        let (here, users) = (self.here(wardrobe), &self.users);
        let before = self.user.on.clone();
        let get = |row: usize| {
            users
                .get(row)
                .and_then(|at| here.get(*at as usize))
                .map(|(jid, _)| jid.clone())
        };
        self.user.settle(users.len(), get);
        if before != self.user.on && before.is_some() {
            self.hat = Place::default();
        }
        let user = users
            .get(self.user.at)
            .and_then(|at| here.get(*at as usize))
            .map(|(_, user)| user);
        let room = self.room.on.as_ref().and_then(|jid| wardrobe.room(jid));
        let mut titled: Vec<(String, HatId)> = Vec::new();
        if let (Some(user), Some(room)) = (user, room) {
            for (id, attachment) in user.hats.iter() {
                titled.push((
                    room.title(id, attachment).unwrap_or_default().to_lowercase(),
                    id.clone(),
                ));
            }
        }
        // Untitled ones last.
        titled.sort_by(|(a, x), (b, y)| (a.is_empty(), a, x).cmp(&(b.is_empty(), b, y)));
        self.hats = titled.into_iter().map(|(_, id)| id).collect();
        let hats = &self.hats;
        self.hat.settle(hats.len(), |at| hats.get(at).cloned());
    }
}
