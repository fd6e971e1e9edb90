//! What the panes list, worked out when something changes and never while drawing. A selection stays on what it is on,
//! wherever that moves; when that goes, it stays at its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Affiliation, HatId, Jid, Room, User, Wardrobe};

use super::filter::Filter;
use super::matching::Matching;
use super::place::Pane;

mod column;
mod listed;
mod sort;
mod tally;
mod totals;
mod turned;

pub(super) use column::{Column, Pane as Lists};
use listed::Listed;
pub use sort::Sort;
pub use tally::Tally;
pub use totals::Totals;
pub(super) use turned::Turned;

#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub rooms: Column<Jid>,
    pub users: Column<Jid>,
    pub hats: Column<HatId>,
    /// The room whose users are listed.
    listed: Option<Jid>,
    /// Who is marked in other rooms.
    elsewhere: BTreeMap<Jid, BTreeSet<Jid>>,
    /// The hats of the marked users; `None` while none is, then the hats are those of the selected one.
    tallies: Option<BTreeMap<HatId, Tally>>,
    /// The view turned round, while it is.
    turned: Option<Box<Turned>>,
    /// Counted once for each state of the wardrobe, as every frame says it.
    pub totals: Totals,
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            rooms: Column::new(Sort::Name),
            users: Column::new(Sort::Affiliation),
            hats: Column::new(Sort::Name),
            listed: None,
            elsewhere: BTreeMap::new(),
            tallies: None,
            turned: None,
            totals: Totals::default(),
        }
    }
}

/// What people read of a room, for the order: its name, else the address.
fn shown_name(jid: &Jid, room: &Room) -> String {
    let name = room.name.as_deref().filter(|name| !name.trim().is_empty());
    name.unwrap_or(jid.as_str()).to_lowercase()
}

impl Rows {
    /// What a pane lists, in the view that is shown.
    pub(super) fn column(&self, pane: Pane) -> &dyn Lists {
        match (&self.turned, pane) {
            (Some(turned), _) => turned.column(pane),
            (None, Pane::Rooms) => &self.rooms,
            (None, Pane::Users) => &self.users,
            (None, Pane::Hats) => &self.hats,
        }
    }

    fn column_mut(&mut self, pane: Pane) -> &mut dyn Lists {
        match (&mut self.turned, pane) {
            (Some(turned), _) => turned.column_mut(pane),
            (None, Pane::Rooms) => &mut self.rooms,
            (None, Pane::Users) => &mut self.users,
            (None, Pane::Hats) => &mut self.hats,
        }
    }

    /// The view turned round, while it is.
    pub(super) fn turned(&self) -> Option<&Turned> {
        self.turned.as_deref()
    }

    /// What the marked users have of a hat, while some are marked.
    pub(super) fn tally(&self, hat: &HatId) -> Option<&Tally> {
        self.tallies.as_ref()?.get(hat)
    }

    /// The room, the user and the hat that are selected, whichever way the view is turned.
    pub(super) fn on(&self) -> (Option<&Jid>, Option<&Jid>, Option<&HatId>) {
        match &self.turned {
            Some(turned) => (turned.rooms.on(), turned.wearers.on(), turned.hats.on()),
            None => (self.rooms.on(), self.users.on(), self.hats.on()),
        }
    }

    pub(super) fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.column(pane).filter()
    }

    pub(super) fn filter_mut(&mut self, pane: Pane) -> &mut Option<Filter> {
        self.column_mut(pane).filter_mut()
    }

    /// Begins to narrow a pane, or goes on with its filter as it is.
    pub(super) fn edit_filter(&mut self, pane: Pane) {
        self.column_mut(pane).edit_filter();
    }

    /// Narrows a pane to what its filter means now. True: there is more to look at ([`Rows::look_on`]).
    pub(super) fn narrow(&mut self, pane: Pane, wardrobe: &Wardrobe) -> bool {
        self.column_mut(pane).restart();
        self.look_on(wardrobe)
    }

    /// Turns the view round, or back; what is selected stays selected as far as it can be seen there.
    /// Answers with the pane to be focused: the first one, or the one that was before.
    pub(super) fn turn(&mut self, wardrobe: &Wardrobe, focus: Pane) -> Pane {
        let (room, user, hat) = self.on();
        let (room, user, hat) = (room.cloned(), user.cloned(), hat.cloned());
        let Some(turned) = self.turned.take() else {
            self.turned = Some(Box::new(Turned::new(wardrobe, (hat, user, room), focus)));
            return Pane::Rooms;
        };
        // Who only looked is back where they were, with all that was marked.
        let looked = turned.began == (hat.clone(), user.clone(), room.clone());
        if let Some(room) = room.filter(|_| !looked) {
            self.select(wardrobe, &room, user.as_ref(), hat.as_ref());
        }
        turned.from
    }

    /// Changes what is marked in a pane; answers with what the change says.
    pub(super) fn mark<T>(
        &mut self,
        pane: Pane,
        wardrobe: &Wardrobe,
        how: impl FnOnce(&mut dyn Lists) -> T,
    ) -> T {
        let said = how(self.column_mut(pane));
        if pane == Pane::Users && self.turned.is_none() {
            self.list_hats(wardrobe);
        }
        said
    }

    /// Ends a range that is being marked in a pane where it is.
    pub(super) fn end_range(&mut self, pane: Pane) {
        self.column_mut(pane).end_range();
    }

    /// Lists a pane in another order.
    pub(super) fn sort(&mut self, pane: Pane, sort: Sort, wardrobe: &Wardrobe) {
        self.column_mut(pane).set_sort(sort);
        match (&mut self.turned, pane) {
            (Some(turned), _) => turned.list_anew(pane, wardrobe),
            (None, Pane::Rooms) => self.refresh(wardrobe),
            (None, Pane::Users) => self.list_users(wardrobe),
            (None, Pane::Hats) => self.list_hats(wardrobe),
        }
    }

    /// Takes a pane's filter away; what is selected stays selected.
    pub(super) fn widen(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        match (&mut self.turned, pane) {
            (Some(turned), _) => turned.widen(pane, wardrobe),
            (None, Pane::Rooms) => {
                if self.rooms.widen() {
                    self.other_room(wardrobe);
                }
            }
            (None, Pane::Users) => {
                if self.users.widen() {
                    self.other_user(wardrobe);
                }
            }
            (None, Pane::Hats) => {
                self.hats.widen();
            }
        }
    }

    /// Looks at some more rows for what the filters mean. True: there is still more.
    pub(super) fn look_on(&mut self, wardrobe: &Wardrobe) -> bool {
        if let Some(turned) = &mut self.turned {
            return turned.look_on(wardrobe);
        }
        if self.rooms.list.is_looking() {
            if self.look_at_rooms(wardrobe, Listed::<Jid>::SLICE) && self.rooms.settle() {
                self.other_room(wardrobe);
            }
        } else if self.users.list.is_looking() {
            if self.look_at_users(wardrobe, Listed::<Jid>::SLICE) {
                self.settle_users(wardrobe);
            }
        } else if self.hats.list.is_looking() && self.look_at_hats(wardrobe, Listed::<HatId>::SLICE) {
            self.hats.settle();
        }
        self.rooms.list.is_looking() || self.users.list.is_looking() || self.hats.list.is_looking()
    }

    fn look_at_rooms(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let mut matching = Matching::new();
        self.rooms.list.look(most, |filter, jid| {
            filter.room(&mut matching, (jid, wardrobe.room(jid)?))
        })
    }

    fn look_at_users(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let room = self.rooms.on().and_then(|jid| wardrobe.room(jid));
        let mut matching = Matching::new();
        self.users.list.look(most, |filter, jid| {
            filter.user(&mut matching, room?, (jid, room?.user(jid)?))
        })
    }

    fn look_at_hats(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let room = self.rooms.on().and_then(|jid| wardrobe.room(jid));
        let user = room.zip(self.users.on()).and_then(|(room, jid)| room.user(jid));
        let mut matching = Matching::new();
        self.hats.list.look(most, |filter, id| {
            let attachment = match &self.tallies {
                Some(tallies) => &tallies.get(id)?.first,
                None => user?.hats.get(id)?,
            };
            filter.hat(&mut matching, room?, (id, attachment))
        })
    }

    /// Selects a row, and the first row of each pane to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        match (&mut self.turned, pane) {
            (Some(turned), _) => turned.move_to(pane, row, wardrobe),
            (None, Pane::Rooms) => {
                if self.rooms.move_to(row) {
                    self.other_room(wardrobe);
                }
            }
            (None, Pane::Users) => {
                if self.users.move_to(row) {
                    self.other_user(wardrobe);
                }
            }
            (None, Pane::Hats) => {
                self.hats.move_to(row);
            }
        }
    }

    /// Selects a room, one of its users, one of their hats, as far as they are given and there; a filter that hides them
    /// is taken away, and so is a view that is turned round.
    pub(super) fn select(
        &mut self,
        wardrobe: &Wardrobe,
        room: &Jid,
        user: Option<&Jid>,
        hat: Option<&HatId>,
    ) {
        self.turned = None;
        if !self.rooms.list.shown.contains(room) {
            self.widen(Pane::Rooms, wardrobe);
        }
        let Some(row) = self.rooms.list.shown.iter().position(|there| there == room) else {
            return;
        };
        self.move_to(Pane::Rooms, row, wardrobe);
        let Some(user) = user else { return };
        if !self.users.list.shown.contains(user) {
            self.widen(Pane::Users, wardrobe);
        }
        let Some(row) = self.users.list.shown.iter().position(|there| there == user) else {
            return;
        };
        self.move_to(Pane::Users, row, wardrobe);
        if let Some(hat) = hat {
            self.select_hat(hat);
        }
    }

    /// Selects a hat of those that the hats pane lists; a filter that hides it is taken away.
    pub(super) fn select_hat(&mut self, hat: &HatId) {
        if !self.hats.list.shown.contains(hat) {
            self.hats.widen();
        }
        if let Some(row) = self.hats.list.shown.iter().position(|there| there == hat) {
            self.hats.move_to(row);
        }
    }

    /// Lists everything anew after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        self.totals = Totals::of(wardrobe);
        self.elsewhere.retain(|jid, marks| {
            let room = wardrobe.room(jid);
            marks.retain(|user| room.is_some_and(|room| room.user(user).is_some()));
            !marks.is_empty()
        });
        self.rooms.prune_marks(|jid| wardrobe.room(jid).is_some());
        let mut rooms: Vec<_> = wardrobe.rooms().collect();
        let sort = self.rooms.sort;
        rooms.sort_by_cached_key(|(jid, room): &(&Jid, &Arc<Room>)| {
            let first = match sort {
                Sort::Hats => usize::MAX - room.attachments(),
                Sort::Users => usize::MAX - room.users().len(),
                _ => 0,
            };
            (first, shown_name(jid, room))
        });
        self.rooms
            .list
            .list(rooms.into_iter().map(|(jid, _)| jid.clone()).collect());
        self.look_at_rooms(wardrobe, usize::MAX);
        if self.rooms.settle() {
            self.other_room(wardrobe);
        } else {
            self.list_users(wardrobe);
        }
        if let Some(turned) = &mut self.turned {
            turned.refresh(wardrobe);
        }
    }

    /// Another room is selected: its users, all of them, and those marked that were.
    fn other_room(&mut self, wardrobe: &Wardrobe) {
        if let Some(room) = self.listed.take().filter(|_| self.users.marked() > 0) {
            self.elsewhere.insert(room, self.users.marks().clone());
        }
        self.users.start_anew();
        self.hats.start_anew();
        self.listed = self.rooms.on().cloned();
        if let Some(marks) = self.rooms.on().and_then(|room| self.elsewhere.remove(room)) {
            self.users.set_marks(marks);
        }
        self.list_users(wardrobe);
    }

    /// Another user is selected: their hats, all of them. The hats of several that are marked stay.
    fn other_user(&mut self, wardrobe: &Wardrobe) {
        if self.users.marked() == 0 {
            self.hats.start_anew();
        } else if self.tallies.is_some() && !self.users.in_range() {
            return;
        }
        self.list_hats(wardrobe);
    }

    fn here<'a>(&self, wardrobe: &'a Wardrobe) -> Option<&'a Arc<Room>> {
        self.rooms.on().and_then(|jid| wardrobe.room(jid))
    }

    /// Highest affiliation first, then by address; or as it was asked for.
    fn list_users(&mut self, wardrobe: &Wardrobe) {
        let here: &[(Jid, User)] = self.here(wardrobe).map_or(&[], |room| room.users());
        let mut users: Vec<Jid> = Vec::with_capacity(here.len());
        match self.users.sort {
            Sort::Hats => {
                let mut rows: Vec<&(Jid, User)> = here.iter().collect();
                rows.sort_by_key(|(_, user)| std::cmp::Reverse(user.hats.len()));
                users.extend(rows.into_iter().map(|(jid, _)| jid.clone()));
            }
            Sort::Affiliation => {
                for affiliation in Affiliation::ALL {
                    let rows = here.iter().filter(|(_, user)| user.affiliation == affiliation);
                    users.extend(rows.map(|(jid, _)| jid.clone()));
                }
            }
            _ => users.extend(here.iter().map(|(jid, _)| jid.clone())),
        }
        let room = self.here(wardrobe);
        self.users
            .prune_marks(|jid| room.is_some_and(|room| room.user(jid).is_some()));
        self.users.list.list(users);
        self.look_at_users(wardrobe, usize::MAX);
        self.settle_users(wardrobe);
    }

    fn settle_users(&mut self, wardrobe: &Wardrobe) {
        if self.users.settle() {
            self.other_user(wardrobe);
        } else {
            self.list_hats(wardrobe);
        }
    }

    /// By title, untitled ones last; or those worn first.
    fn list_hats(&mut self, wardrobe: &Wardrobe) {
        let room = self.here(wardrobe);
        self.tallies = room
            .filter(|_| self.users.marked() > 0)
            .map(|room| tally::of(room, self.users.marks()));
        let user = room.zip(self.users.on()).and_then(|(room, jid)| room.user(jid));
        let worn_first = self.hats.sort == Sort::Worn;
        let key = |id: &HatId, attachment: &crate::model::Attachment| {
            let title = room.and_then(|room| room.title(id, attachment));
            let title = title.unwrap_or_default().to_lowercase();
            let first = worn_first.then(|| (!attachment.is_active(), !attachment.is_required()));
            (first, title.is_empty(), title)
        };
        let mut rows: Vec<_> = match (&self.tallies, user) {
            (Some(tallies), _) => tallies
                .iter()
                .map(|(id, tally)| (key(id, &tally.first), id.clone()))
                .collect(),
            (None, Some(user)) => user
                .hats
                .iter()
                .map(|(id, attachment)| (key(id, attachment), id.clone()))
                .collect(),
            (None, None) => Vec::new(),
        };
        rows.sort();
        let rows: Vec<HatId> = rows.into_iter().map(|(_, id)| id).collect();
        if self.hats.marked() > 0 {
            let there: BTreeSet<&HatId> = rows.iter().collect();
            self.hats.prune_marks(|id| there.contains(id));
        }
        self.hats.list.list(rows);
        self.look_at_hats(wardrobe, usize::MAX);
        self.hats.settle();
    }
}
