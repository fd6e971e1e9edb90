//! The view turned round: hats, who has the selected one, and in which rooms.

use std::collections::{BTreeMap, HashMap};

use super::column::{Column, Pane as _};
use super::listed::Listed;
use super::shown_name;
use super::sort::Sort;
use crate::app::Pane;
use crate::app::matching::Matching;
use crate::app::suggest::{Known, known};
use crate::model::{HatId, Jid, Wardrobe};

#[derive(Debug, Clone)]
pub(in crate::app) struct Turned {
    pub hats: Column<HatId>,
    pub wearers: Column<Jid>,
    pub rooms: Column<Jid>,
    /// The pane that had the focus before.
    pub from: Pane,
    /// What was selected when the view was turned.
    pub began: (Option<HatId>, Option<Jid>, Option<Jid>),
    known: HashMap<HatId, Known, foldhash::fast::RandomState>,
    /// In which rooms somebody has a hat: all the others need not be asked at each step.
    rooms_of: HashMap<HatId, Vec<Jid>, foldhash::fast::RandomState>,
}

impl Turned {
    /// With a hat, one who has it and a room selected, as far as they are given and there.
    pub(super) fn new(
        wardrobe: &Wardrobe,
        (hat, user, room): (Option<HatId>, Option<Jid>, Option<Jid>),
        from: Pane,
    ) -> Self {
        let mut turned = Self {
            hats: Column::new(Sort::Name),
            wearers: Column::new(Sort::Name),
            rooms: Column::new(Sort::Name),
            from,
            began: (None, None, None),
            known: HashMap::default(),
            rooms_of: HashMap::default(),
        };
        turned.hats.wish(hat);
        turned.wearers.wish(user);
        turned.rooms.wish(room);
        turned.refresh(wardrobe);
        let (hat, wearer, room) = (turned.hats.on(), turned.wearers.on(), turned.rooms.on());
        turned.began = (hat.cloned(), wearer.cloned(), room.cloned());
        turned
    }

    /// What is known of a hat in all rooms.
    pub(in crate::app) fn known(&self, hat: &HatId) -> Option<&Known> {
        self.known.get(hat)
    }

    /// Lists everything anew after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        self.known = known(wardrobe, None);
        self.rooms_of.clear();
        for (jid, room) in wardrobe.rooms() {
            for hat in room.known_hats().iter().filter(|hat| hat.users > 0) {
                self.rooms_of.entry(hat.id.clone()).or_default().push(jid.clone());
            }
        }
        self.hats.prune_marks(|hat| self.known.contains_key(hat));
        self.list_hats();
        self.look_at_hats(usize::MAX);
        // What is to the right follows what stays selected; of another hat it begins anew.
        if self.hats.settle() {
            self.other_hat(wardrobe);
        } else {
            self.list_wearers(wardrobe);
        }
    }

    /// By title, untitled ones last; or those that most have first.
    fn list_hats(&mut self) {
        let many = self.hats.sort == Sort::Users;
        let mut rows: Vec<_> = self
            .known
            .values()
            .map(|hat| {
                let title = hat.title.as_deref().unwrap_or_default().to_lowercase();
                let first = if many { usize::MAX - hat.users } else { 0 };
                ((first, title.is_empty(), title), hat.id.clone())
            })
            .collect();
        rows.sort();
        self.hats.list.list(rows.into_iter().map(|(_, id)| id).collect());
    }

    fn list_wearers(&mut self, wardrobe: &Wardrobe) {
        let mut rooms_of: BTreeMap<&Jid, usize> = BTreeMap::new();
        if let Some(hat) = self.hats.on() {
            let rooms = self.rooms_of.get(hat).into_iter().flatten();
            for room in rooms.filter_map(|jid| wardrobe.room(jid)) {
                let known = room.known_hat(hat);
                for (jid, _) in known.into_iter().flat_map(|known| known.wearers(room)) {
                    *rooms_of.entry(jid).or_default() += 1;
                }
            }
        }
        let mut rows: Vec<(&Jid, usize)> = rooms_of.into_iter().collect();
        if self.wearers.sort == Sort::Rooms {
            rows.sort_by_key(|(_, rooms)| std::cmp::Reverse(*rooms));
        }
        let rows: Vec<Jid> = rows.into_iter().map(|(jid, _)| jid.clone()).collect();
        if self.wearers.marked() > 0 {
            let there: std::collections::BTreeSet<&Jid> = rows.iter().collect();
            self.wearers.prune_marks(|jid| there.contains(jid));
        }
        self.wearers.list.list(rows);
        self.look_at_wearers(usize::MAX);
        if self.wearers.settle() {
            self.other_wearer(wardrobe);
        } else {
            self.list_rooms(wardrobe);
        }
    }

    fn list_rooms(&mut self, wardrobe: &Wardrobe) {
        let there = self.hats.on().zip(self.wearers.on()).map(|(hat, jid)| {
            let rooms = self.rooms_of.get(hat).into_iter().flatten();
            let having = rooms.filter_map(|at| {
                let room = wardrobe.room(at)?;
                let user = room.user(jid)?;
                user.hats.get(hat)?;
                Some((at, room, user))
            });
            having.collect::<Vec<_>>()
        });
        let mut rows = there.unwrap_or_default();
        let sort = self.rooms.sort;
        rows.sort_by_cached_key(|(at, room, user)| {
            let first = match sort {
                Sort::Affiliation => user.affiliation as usize,
                Sort::Hats => usize::MAX - user.hats.len(),
                _ => 0,
            };
            (first, shown_name(at, room))
        });
        let rows: Vec<Jid> = rows.into_iter().map(|(at, ..)| at.clone()).collect();
        self.rooms.prune_marks(|room| rows.contains(room));
        self.rooms.list.list(rows);
        self.look_at_rooms(wardrobe, usize::MAX);
        self.rooms.settle();
    }

    fn look_at_hats(&mut self, most: usize) -> bool {
        let mut matching = Matching::new();
        self.hats.list.look(most, |filter, id| {
            let title = self.known.get(id).and_then(|known| known.title.as_deref());
            filter.known(&mut matching, id, title)
        })
    }

    fn look_at_wearers(&mut self, most: usize) -> bool {
        let mut matching = Matching::new();
        self.wearers
            .list
            .look(most, |filter, jid| filter.address(&mut matching, jid))
    }

    fn look_at_rooms(&mut self, wardrobe: &Wardrobe, most: usize) -> bool {
        let mut matching = Matching::new();
        self.rooms.list.look(most, |filter, jid| {
            filter.room(&mut matching, (jid, wardrobe.room(jid)?))
        })
    }

    fn other_hat(&mut self, wardrobe: &Wardrobe) {
        self.wearers.start_anew();
        self.rooms.start_anew();
        self.list_wearers(wardrobe);
    }

    fn other_wearer(&mut self, wardrobe: &Wardrobe) {
        self.rooms.start_anew();
        self.list_rooms(wardrobe);
    }

    /// Looks at some more rows for what the filters mean. True: there is still more.
    pub(super) fn look_on(&mut self, wardrobe: &Wardrobe) -> bool {
        if self.hats.list.is_looking() {
            if self.look_at_hats(Listed::<HatId>::SLICE) && self.hats.settle() {
                self.other_hat(wardrobe);
            }
        } else if self.wearers.list.is_looking() {
            if self.look_at_wearers(Listed::<Jid>::SLICE) && self.wearers.settle() {
                self.other_wearer(wardrobe);
            }
        } else if self.rooms.list.is_looking() && self.look_at_rooms(wardrobe, Listed::<Jid>::SLICE) {
            self.rooms.settle();
        }
        self.hats.list.is_looking() || self.wearers.list.is_looking() || self.rooms.list.is_looking()
    }

    /// Selects a row, and the first row of each pane to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        match pane {
            Pane::Rooms => {
                if self.hats.move_to(row) {
                    self.other_hat(wardrobe);
                }
            }
            Pane::Users => {
                if self.wearers.move_to(row) {
                    self.other_wearer(wardrobe);
                }
            }
            Pane::Hats => {
                self.rooms.move_to(row);
            }
        }
    }

    /// Takes a pane's filter away.
    pub(super) fn widen(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        match pane {
            Pane::Rooms => {
                if self.hats.widen() {
                    self.other_hat(wardrobe);
                }
            }
            Pane::Users => {
                if self.wearers.widen() {
                    self.other_wearer(wardrobe);
                }
            }
            Pane::Hats => {
                self.rooms.widen();
            }
        }
    }

    /// Lists a pane anew in another order.
    pub(super) fn list_anew(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        match pane {
            Pane::Rooms => self.refresh(wardrobe),
            Pane::Users => self.list_wearers(wardrobe),
            Pane::Hats => self.list_rooms(wardrobe),
        }
    }

    pub(super) fn column(&self, pane: Pane) -> &dyn super::column::Pane {
        match pane {
            Pane::Rooms => &self.hats,
            Pane::Users => &self.wearers,
            Pane::Hats => &self.rooms,
        }
    }

    pub(super) fn column_mut(&mut self, pane: Pane) -> &mut dyn super::column::Pane {
        match pane {
            Pane::Rooms => &mut self.hats,
            Pane::Users => &mut self.wearers,
            Pane::Hats => &mut self.rooms,
        }
    }
}
