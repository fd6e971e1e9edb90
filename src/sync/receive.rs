//! Receives a plan: converts it to edits of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plan::{Decision, Line, RoomPlan, SideValue, Subject};
use super::{CatalogValue, HatValue, Item, ItemValue, UserValue};
use crate::model::{Affiliation, Attachment, CatalogHat, Edit, Group, HatId, Jid, Room, User, diff_user};

/// From this number of added or removed users, the whole room is replaced, because each single edit moves all following
/// users.
const REPLACE_ROOM_FROM: usize = 1000;

/// The actor in the history for changes from a server.
pub fn server_actor(server: &str) -> String {
    format!("server:{server}")
}

/// Whether commits of this actor come from a server.
pub fn is_server_actor(actor: &str) -> bool {
    actor.starts_with("server:")
}

/// An optional name.
type NewName = Option<Arc<str>>;

/// The new room under construction.
struct NextRoom<'a> {
    plan: &'a RoomPlan,
    room: &'a Room,
    /// `None`: the user is removed.
    users: BTreeMap<Jid, Option<User>>,
    catalog: BTreeMap<HatId, Option<CatalogHat>>,
    name: Option<NewName>,
    /// Users who lost their affiliation on the server.
    unaffiliated: BTreeSet<Jid>,
}

impl RoomPlan {
    /// The edits of the file for the current decisions: one group, to be committed by [`server_actor`]. `local` is the
    /// merged room; `None` adds the room. The group is empty if there is nothing to receive.
    pub fn receiving(&self, local: Option<&Arc<Room>>) -> Group {
        let new = Arc::default();
        let next = received(self, local.unwrap_or(&new));
        match local {
            Some(local) => next.edits(local),
            None if self.state != super::RoomState::Linked => Group::default(),
            None => Edit::Room {
                room: self.room.clone(),
                before: None,
                after: next.whole().map(Arc::new),
            }
            .into(),
        }
    }
}

/// The room after receiving.
pub(super) fn after(plan: &RoomPlan, room: &Room) -> Option<Room> {
    received(plan, room).whole()
}

fn received<'a>(plan: &'a RoomPlan, room: &'a Room) -> NextRoom<'a> {
    let mut next = NextRoom {
        plan,
        room,
        users: BTreeMap::new(),
        catalog: BTreeMap::new(),
        name: None,
        unaffiliated: BTreeSet::new(),
    };
    for line in &plan.lines {
        if line.decision == Decision::Receive {
            next.take(line);
        }
    }
    next.remove_users();
    next
}

impl NextRoom<'_> {
    fn take(&mut self, line: &Line) {
        match (&line.subject, &line.remote) {
            (Subject::Name, Some(SideValue::Name(name))) => self.name = Some(Some(name.clone())),
            (Subject::Name, _) => self.name = Some(None),
            (Subject::User(user), there) => {
                let there = match there {
                    Some(SideValue::User(there)) => there.clone(),
                    _ => UserValue::default(),
                };
                self.take_user(user, &there);
            }
            (Subject::Item(item), there) => {
                let there = match there {
                    Some(SideValue::Item(there)) => Some(there),
                    _ => None,
                };
                match (item, there) {
                    (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
                        self.take_entry(hat, Some(entry));
                    }
                    (Item::Catalog { hat }, _) => self.take_entry(hat, None),
                    (Item::Affiliation { user }, Some(ItemValue::Affiliation(affiliation))) => {
                        self.take_affiliation(user, *affiliation);
                    }
                    (Item::Affiliation { user }, _) => self.take_affiliation(user, Affiliation::None),
                    (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
                        self.take_hat(user, hat, Some(value));
                    }
                    (Item::Hat { user, hat }, _) => self.take_hat(user, hat, None),
                }
            }
        }
    }

    /// The current state of a user, for changing.
    fn user(&mut self, user: &Jid) -> &mut Option<User> {
        let room = self.room;
        self.users
            .entry(user.clone())
            .or_insert_with(|| room.user(user).cloned())
    }

    fn take_affiliation(&mut self, user: &Jid, affiliation: Affiliation) {
        let here = self.user(user);
        match here {
            Some(there) => there.affiliation = affiliation,
            None => *here = (affiliation != Affiliation::None).then(|| User::new(affiliation)),
        }
        if affiliation == Affiliation::None {
            self.unaffiliated.insert(user.clone());
        }
    }

    fn take_hat(&mut self, user: &Jid, hat: &HatId, value: Option<&HatValue>) {
        let (plan, room) = (self.plan, self.room);
        let here = self.user(user);
        match value {
            Some(value) => {
                let there = here.get_or_insert_with(User::default);
                let attachment = with_value(plan, room, hat, there.hats.get(hat), value);
                there.hats.set(hat, Some(attachment));
            }
            None => {
                if let Some(there) = here {
                    there.hats.set(hat, None);
                }
            }
        }
    }

    /// Removes users without remaining data: those who lost their affiliation on the server and have no active hat (on
    /// Prosody, hats are removed with the affiliation), and unaffiliated users without hats.
    fn remove_users(&mut self) {
        let hats_go = self.plan.class.affiliation_holds_hats();
        for (jid, here) in &mut self.users {
            let goes = |user: &User| {
                let active = || user.hats.iter().any(|(_, attachment)| attachment.is_active());
                let lost = self.unaffiliated.contains(jid) && (hats_go || !active());
                user.affiliation == Affiliation::None && (lost || user.hats.is_empty())
            };
            if here.as_ref().is_some_and(goes) {
                *here = None;
            }
        }
    }

    /// Receives a whole user. Hats that the server does not have are removed, except hats that it would not store
    /// anyway while the user stays.
    fn take_user(&mut self, user: &Jid, there: &UserValue) {
        let (plan, room) = (self.plan, self.room);
        let gone: Vec<HatId> = self
            .user(user)
            .iter()
            .flat_map(|here| {
                let held = |(hat, attachment): &(&HatId, &Attachment)| {
                    super::local::hat(plan.class, room, hat, attachment).is_some()
                        && !there.hats.contains_key(*hat)
                };
                here.hats
                    .iter()
                    .filter(held)
                    .map(|(hat, _)| hat.clone())
                    .collect::<Vec<_>>()
            })
            .collect();
        for hat in gone {
            self.take_hat(user, &hat, None);
        }
        for (hat, value) in &there.hats {
            self.take_hat(user, hat, Some(value));
        }
        self.take_affiliation(user, there.affiliation);
    }

    /// Receives a catalog entry. Users' own titles equal to its old title are dropped, because they would hide the new
    /// one.
    fn take_entry(&mut self, hat: &HatId, value: Option<&CatalogValue>) {
        let before = self.room.catalog.get(hat);
        let Some(value) = value else {
            self.catalog.insert(hat.clone(), None);
            return;
        };
        let mut entry = before.cloned().unwrap_or_default();
        let known = CatalogValue::of(&entry);
        if known.hue != value.hue {
            entry.hue = value.hue.as_ref().and_then(super::HueText::to_hue);
        }
        if known.title != value.title {
            entry.title.clone_from(&value.title);
        }
        self.catalog.insert(hat.clone(), Some(entry));
        if let Some(title) = known.title.filter(|title| value.title.as_ref() != Some(title)) {
            self.drop_titles(hat, &title);
        }
    }

    fn drop_titles(&mut self, hat: &HatId, title: &Arc<str>) {
        let room = self.room;
        let wearers = room.hat(hat).into_iter().flat_map(|known| known.users(room));
        for (user, _) in wearers {
            if let Some(here) = self.user(user)
                && let Some(attachment) = here
                    .hats
                    .get(hat)
                    .filter(|there| there.title.as_ref() == Some(title))
            {
                let attachment = attachment.clone().with_title(None);
                here.hats.set(hat, Some(attachment));
            }
        }
    }

    fn edits(self, local: &Arc<Room>) -> Group {
        let comes_or_goes =
            |(user, next): &(&Jid, &Option<User>)| local.user(user).is_some() != next.is_some();
        if self.users.iter().filter(comes_or_goes).count() >= REPLACE_ROOM_FROM {
            return Edit::Room {
                room: self.plan.room.clone(),
                before: Some(local.clone()),
                after: self.whole().map(Arc::new),
            }
            .into();
        }
        let room = &self.plan.room;
        let mut edits = Vec::new();
        if let Some(after) = self.name {
            edits.push(Edit::RoomName {
                room: room.clone(),
                before: local.name.clone(),
                after,
            });
        }
        for (hat, after) in self.catalog {
            let before = local.catalog.get(&hat).cloned();
            if before != after {
                edits.push(Edit::Catalog {
                    room: room.clone(),
                    hat,
                    before,
                    after,
                });
            }
        }
        for (user, after) in &self.users {
            diff_user(room, user, local.user(user), after.as_ref(), &mut edits);
        }
        Group(edits)
    }

    /// The new room.
    fn whole(self) -> Option<Room> {
        let mut room = Room::new(None);
        room.name = self.name.unwrap_or_else(|| self.room.name.clone());
        room.extra.clone_from(&self.room.extra);
        room.catalog.clone_from(&self.room.catalog);
        for (hat, entry) in self.catalog {
            match entry {
                Some(entry) => drop(room.catalog.insert(hat, entry)),
                None => drop(room.catalog.remove(&hat)),
            }
        }
        let here = self.room.users().iter().map(|(jid, user)| (jid, user));
        let none: [(&Jid, ()); 0] = [];
        let users = super::join::join(here, &self.users, none);
        let users = users.filter_map(|(jid, here, next, _)| {
            let user = match next {
                Some(next) => next.clone(),
                None => here.cloned(),
            };
            Some((jid.clone(), user?))
        });
        room.with_users(users.collect())
    }
}

/// Updates an attachment from a server's hat. Equal values, and those that the server cannot store, are kept.
fn with_value(
    plan: &RoomPlan,
    room: &Room,
    hat: &HatId,
    here: Option<&Attachment>,
    value: &HatValue,
) -> Attachment {
    let class = plan.class;
    let attachment = here.cloned().unwrap_or_default().with_active(value.active);
    let attachment = if class.holds_flags() {
        attachment.with_required(value.required)
    } else {
        attachment
    };
    if !class.holds_own_titles() {
        return attachment;
    }
    let known = here.and_then(|here| super::local::title(class, room, hat, here));
    if known == value.title {
        return attachment;
    }
    attachment.with_title(value.title.as_deref())
}
