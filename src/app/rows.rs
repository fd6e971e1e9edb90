//! What the panes list, worked out when something changes and never while drawing. A selection stays on what it is on,
//! wherever that moves; when that goes, it stays at its place.

use std::sync::Arc;

use crate::model::{Affiliation, HatId, Jid, Room, User, Wardrobe};

use super::Pane;
use super::filter::Filter;
use super::matching::Matching;

mod listed;

use listed::Listed;

#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub rooms: Listed<Jid>,
    /// Places in [`Room::users`].
    pub users: Listed<u32>,
    pub hats: Listed<HatId>,
    room: Place<Jid>,
    user: Place<Jid>,
    hat: Place<HatId>,
    /// What was selected in each pane before its filter.
    before: (Option<Jid>, Option<Jid>, Option<HatId>),
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
    /// Finds the selected one among what there is now; while somebody types a filter, the best match is selected.
    fn settle(&mut self, length: usize, best: Option<usize>, get: impl Fn(usize) -> Option<T>) {
        if let Some(best) = best {
            self.at = best;
            self.on = get(best);
            return;
        }
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
            Pane::Rooms => self.rooms.shown.len(),
            Pane::Users => self.users.shown.len(),
            Pane::Hats => self.hats.shown.len(),
        }
    }

    /// How many there are, filter or not.
    pub(super) fn total(&self, pane: Pane) -> usize {
        match pane {
            Pane::Rooms => self.rooms.total(),
            Pane::Users => self.users.total(),
            Pane::Hats => self.hats.total(),
        }
    }

    pub(super) fn filter(&self, pane: Pane) -> Option<&Filter> {
        match pane {
            Pane::Rooms => self.rooms.filter.as_ref(),
            Pane::Users => self.users.filter.as_ref(),
            Pane::Hats => self.hats.filter.as_ref(),
        }
    }

    pub(super) fn filter_mut(&mut self, pane: Pane) -> &mut Option<Filter> {
        match pane {
            Pane::Rooms => &mut self.rooms.filter,
            Pane::Users => &mut self.users.filter,
            Pane::Hats => &mut self.hats.filter,
        }
    }

    /// Begins to narrow a pane, or goes on with its filter as it is.
    pub(super) fn edit_filter(&mut self, pane: Pane) {
        match self.filter_mut(pane) {
            Some(filter) => filter.editing = true,
            none => {
                *none = Some(Filter::new());
                match pane {
                    Pane::Rooms => self.before.0 = self.room.on.clone(),
                    Pane::Users => self.before.1 = self.user.on.clone(),
                    Pane::Hats => self.before.2 = self.hat.on.clone(),
                }
            }
        }
    }

    /// Narrows a pane to what its filter means now. True: there is more to look at ([`Rows::look_on`]).
    pub(super) fn narrow(&mut self, pane: Pane, wardrobe: &Wardrobe) -> bool {
        match pane {
            Pane::Rooms => self.rooms.restart(),
            Pane::Users => self.users.restart(),
            Pane::Hats => self.hats.restart(),
        }
        self.look_on(wardrobe)
    }

    /// Takes a pane's filter away; what is selected stays selected.
    pub(super) fn widen(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        *self.filter_mut(pane) = None;
        match pane {
            Pane::Rooms => {
                self.rooms.widen();
                if self.room.on.is_none() {
                    self.room.on = self.before.0.take();
                    self.other_room(wardrobe);
                }
                self.settle_rooms(wardrobe);
            }
            Pane::Users => {
                self.users.widen();
                if self.user.on.is_none() {
                    self.user.on = self.before.1.take();
                    self.other_user(wardrobe);
                }
                self.settle_users(wardrobe);
            }
            Pane::Hats => {
                self.hats.widen();
                self.hat.on = self.hat.on.take().or(self.before.2.take());
                self.settle_hats();
            }
        }
    }

    /// Looks at some more rows for what the filters mean. True: there is still more.
    pub(super) fn look_on(&mut self, wardrobe: &Wardrobe) -> bool {
        if self.rooms.is_looking() {
            if self.look_at_rooms(wardrobe, Listed::<Jid>::SLICE) {
                self.settle_rooms(wardrobe);
            }
        } else if self.users.is_looking() {
            if self.look_at_users(wardrobe, Listed::<u32>::SLICE) {
                self.settle_users(wardrobe);
            }
        } else if self.hats.is_looking() && self.look_at_hats(wardrobe, Listed::<HatId>::SLICE) {
            self.settle_hats();
        }
        self.rooms.is_looking() || self.users.is_looking() || self.hats.is_looking()
    }

    fn look_at_rooms(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let mut matching = Matching::new();
        self.rooms.look(most, |filter, jid| {
            filter.room(&mut matching, (jid, wardrobe.room(jid)?))
        })
    }

    fn look_at_users(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let room = self.room.on.as_ref().and_then(|jid| wardrobe.room(jid));
        let mut matching = Matching::new();
        self.users.look(most, |filter, at| {
            let room = room?;
            let (jid, user) = room.users().get(*at as usize)?;
            filter.user(&mut matching, room, (jid, user))
        })
    }

    fn look_at_hats(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let room = self.room.on.as_ref().and_then(|jid| wardrobe.room(jid));
        let user = room
            .zip(self.user.on.as_ref())
            .and_then(|(room, jid)| room.user(jid));
        let mut matching = Matching::new();
        self.hats.look(most, |filter, id| {
            let attachment = user?.hats.get(id)?;
            filter.hat(&mut matching, room?, (id, attachment))
        })
    }

    /// Selects a row, and the first row of each pane to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        match pane {
            Pane::Rooms => {
                self.rooms.follow_best(false);
                if self.room.at == row && self.room.on.is_some() {
                    return;
                }
                self.room = Place {
                    on: self.rooms.shown.get(row).cloned(),
                    at: row,
                };
                self.other_room(wardrobe);
            }
            Pane::Users => {
                self.users.follow_best(false);
                if self.user.at == row && self.user.on.is_some() {
                    return;
                }
                self.user = Place {
                    on: self.user_of(row, wardrobe),
                    at: row,
                };
                self.other_user(wardrobe);
            }
            Pane::Hats => {
                self.hats.follow_best(false);
                self.hat = Place {
                    on: self.hats.shown.get(row).cloned(),
                    at: row,
                }
            }
        }
    }

    /// Selects a room, one of its users, one of their hats, as far as they are given and there; a filter that hides them
    /// is taken away.
    pub(super) fn select(
        &mut self,
        wardrobe: &Wardrobe,
        room: &Jid,
        user: Option<&Jid>,
        hat: Option<&HatId>,
    ) {
        if !self.rooms.shown.contains(room) {
            self.widen(Pane::Rooms, wardrobe);
        }
        let Some(row) = self.rooms.shown.iter().position(|there| there == room) else {
            return;
        };
        self.move_to(Pane::Rooms, row, wardrobe);
        let Some(user) = user else { return };
        let place = |rows: &Self| {
            let at = |row: &usize| rows.user_of(*row, wardrobe).as_ref() == Some(user);
            (0..rows.users.shown.len()).find(at)
        };
        if place(self).is_none() {
            self.widen(Pane::Users, wardrobe);
        }
        let Some(row) = place(self) else { return };
        self.move_to(Pane::Users, row, wardrobe);
        let Some(hat) = hat else { return };
        if !self.hats.shown.contains(hat) {
            self.widen(Pane::Hats, wardrobe);
        }
        if let Some(row) = self.hats.shown.iter().position(|there| there == hat) {
            self.move_to(Pane::Hats, row, wardrobe);
        }
    }

    /// Lists everything anew after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        // By what people read: the name, else the address.
        let shown = |(jid, room): &(&Jid, &Arc<Room>)| {
            let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
            name.unwrap_or(jid.as_str()).to_lowercase()
        };
        let mut rooms: Vec<_> = wardrobe.rooms().collect();
        rooms.sort_by_cached_key(shown);
        self.rooms
            .list(rooms.into_iter().map(|(jid, _)| jid.clone()).collect());
        self.look_at_rooms(wardrobe, usize::MAX);
        let before = self.room.on.clone();
        self.settle_rooms(wardrobe);
        if before == self.room.on {
            self.list_users(wardrobe);
        }
    }

    fn settle_rooms(&mut self, wardrobe: &Wardrobe) {
        let before = self.room.on.clone();
        let rooms = &self.rooms.shown;
        self.room
            .settle(rooms.len(), self.rooms.best(), |at| rooms.get(at).cloned());
        if before != self.room.on {
            self.other_room(wardrobe);
        }
    }

    /// Another room is selected: its users, all of them.
    fn other_room(&mut self, wardrobe: &Wardrobe) {
        self.user = Place::default();
        self.hat = Place::default();
        self.users.filter = None;
        self.hats.filter = None;
        self.list_users(wardrobe);
    }

    /// Another user is selected: their hats, all of them.
    fn other_user(&mut self, wardrobe: &Wardrobe) {
        self.hat = Place::default();
        self.hats.filter = None;
        self.list_hats(wardrobe);
    }

    fn here<'a>(&self, wardrobe: &'a Wardrobe) -> &'a [(Jid, User)] {
        self.room
            .on
            .as_ref()
            .and_then(|jid| wardrobe.room(jid))
            .map_or(&[], |room| room.users())
    }

    fn user_of(&self, row: usize, wardrobe: &Wardrobe) -> Option<Jid> {
        let at = *self.users.shown.get(row)?;
        self.here(wardrobe).get(at as usize).map(|(jid, _)| jid.clone())
    }

    /// Highest affiliation first, then by address.
    fn list_users(&mut self, wardrobe: &Wardrobe) {
        let here = self.here(wardrobe);
        let mut users = Vec::with_capacity(here.len());
        for affiliation in Affiliation::ALL {
            let places = (0_u32..)
                .zip(here)
                .filter(|(_, (_, user))| user.affiliation == affiliation);
            users.extend(places.map(|(at, _)| at));
        }
        self.users.list(users);
        self.look_at_users(wardrobe, usize::MAX);
        let before = self.user.on.clone();
        self.settle_users(wardrobe);
        if before == self.user.on {
            self.list_hats(wardrobe);
        }
    }

    fn settle_users(&mut self, wardrobe: &Wardrobe) {
        let (here, users) = (self.here(wardrobe), &self.users.shown);
        let before = self.user.on.clone();
        let get = |row: usize| {
            let at = *users.get(row)?;
            here.get(at as usize).map(|(jid, _)| jid.clone())
        };
        self.user.settle(users.len(), self.users.best(), get);
        if before != self.user.on {
            if before.is_some() {
                self.hat = Place::default();
                self.hats.filter = None;
            }
            self.list_hats(wardrobe);
        }
    }

    /// By title, untitled ones last.
    fn list_hats(&mut self, wardrobe: &Wardrobe) {
        let room = self.room.on.as_ref().and_then(|jid| wardrobe.room(jid));
        let user = room
            .zip(self.user.on.as_ref())
            .and_then(|(room, jid)| room.user(jid));
        let mut titled: Vec<(String, HatId)> = Vec::new();
        if let (Some(user), Some(room)) = (user, room) {
            for (id, attachment) in user.hats.iter() {
                let title = room.title(id, attachment).unwrap_or_default().to_lowercase();
                titled.push((title, id.clone()));
            }
        }
        titled.sort_by(|(a, x), (b, y)| (a.is_empty(), a, x).cmp(&(b.is_empty(), b, y)));
        self.hats.list(titled.into_iter().map(|(_, id)| id).collect());
        self.look_at_hats(wardrobe, usize::MAX);
        self.settle_hats();
    }

    fn settle_hats(&mut self) {
        let hats = &self.hats.shown;
        self.hat
            .settle(hats.len(), self.hats.best(), |at| hats.get(at).cloned());
    }
}
