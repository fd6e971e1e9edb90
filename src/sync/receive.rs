//! Receives changes of the server: converts the lines of a plan to edits of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::plan::{Decision, Line, RoomPlan, SideValue, Subject};
use super::{CatalogValue, HatValue, Item, ItemValue, UserValue};
use crate::model::{Affiliation, Attachment, CatalogHat, Edit, EditGroup, HatId, Jid, Room, User, diff_user};

/// If at least this many users are added or removed, one edit replaces the whole room, because each single edit would move
/// all following users in the list.
const MIN_USERS_TO_REPLACE_ROOM: usize = 1000;

/// The actor in the history for changes from a server.
pub fn server_actor(server: &str) -> String {
    format!("server:{server}")
}

/// Whether commits of this actor come from a server.
pub fn is_server_actor(actor: &str) -> bool {
    actor.starts_with("server:")
}

/// A new name; `None` removes the name.
type NewName = Option<Arc<str>>;

/// The new room under construction.
struct NextRoom<'a> {
    plan: &'a RoomPlan,
    room: &'a Room,
    /// The changed users by address; `None`: the user is removed.
    users: BTreeMap<Jid, Option<User>>,
    /// The changed entries of the catalog by hat; `None`: the entry is removed.
    catalog: BTreeMap<HatId, Option<CatalogHat>>,
    /// `None`: the name is unchanged.
    name: Option<NewName>,
    /// Users whose received affiliation is `none`.
    lost_affiliation: BTreeSet<Jid>,
}

impl RoomPlan {
    /// Returns the edits of the file for the current decisions: one group, to be committed by [`server_actor`]. `local` is the
    /// file's room that was merged; `None`: the room is added. The group is empty if there is nothing to receive.
    pub fn edits_to_receive(&self, local: Option<&Arc<Room>>) -> EditGroup {
        let new_room = Arc::default();
        let next = next_room(self, local.unwrap_or(&new_room));
        match local {
            Some(local) => next.edits(local),
            None if self.state != super::RoomState::Compared => EditGroup::default(),
            None => Edit::Room {
                room: self.room.clone(),
                before: None,
                after: next.into_room().map(Arc::new),
            }
            .into(),
        }
    }
}

/// Returns the room after receiving the lines of the plan that are decided to be received.
pub(super) fn room_after(plan: &RoomPlan, room: &Room) -> Option<Room> {
    next_room(plan, room).into_room()
}

/// Receives the lines of the plan that are decided to be received.
fn next_room<'a>(plan: &'a RoomPlan, room: &'a Room) -> NextRoom<'a> {
    let mut next = NextRoom {
        plan,
        room,
        users: BTreeMap::new(),
        catalog: BTreeMap::new(),
        name: None,
        lost_affiliation: BTreeSet::new(),
    };
    for line in &plan.lines {
        if line.decision == Decision::Receive {
            next.receive_line(line);
        }
    }
    next.remove_users();
    next
}

impl NextRoom<'_> {
    fn receive_line(&mut self, line: &Line) {
        match (&line.subject, &line.remote) {
            (Subject::Name, Some(SideValue::Name(name))) => self.name = Some(Some(name.clone())),
            (Subject::Name, _) => self.name = Some(None),
            (Subject::User(user), remote) => {
                let value = match remote {
                    Some(SideValue::User(value)) => value.clone(),
                    _ => UserValue::default(),
                };
                self.receive_user(user, &value);
            }
            (Subject::Item(item), remote) => {
                let value = match remote {
                    Some(SideValue::Item(value)) => Some(value),
                    _ => None,
                };
                match (item, value) {
                    (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
                        self.receive_entry(hat, Some(entry));
                    }
                    (Item::Catalog { hat }, _) => self.receive_entry(hat, None),
                    (Item::Affiliation { user }, Some(ItemValue::Affiliation(affiliation))) => {
                        self.receive_affiliation(user, *affiliation);
                    }
                    (Item::Affiliation { user }, _) => self.receive_affiliation(user, Affiliation::None),
                    (Item::Hat { user, hat }, Some(ItemValue::Hat(value))) => {
                        self.receive_hat(user, hat, Some(value));
                    }
                    (Item::Hat { user, hat }, _) => self.receive_hat(user, hat, None),
                }
            }
        }
    }

    /// Returns the user as changed so far, for further changes; `None` if the room will not have the user.
    fn user(&mut self, user: &Jid) -> &mut Option<User> {
        let room = self.room;
        self.users
            .entry(user.clone())
            .or_insert_with(|| room.user(user).cloned())
    }

    fn receive_affiliation(&mut self, user: &Jid, affiliation: Affiliation) {
        let entry = self.user(user);
        match entry {
            Some(user) => user.affiliation = affiliation,
            None => *entry = (affiliation != Affiliation::None).then(|| User::new(affiliation)),
        }
        if affiliation == Affiliation::None {
            self.lost_affiliation.insert(user.clone());
        }
    }

    fn receive_hat(&mut self, user: &Jid, hat: &HatId, value: Option<&HatValue>) {
        let (plan, room) = (self.plan, self.room);
        let entry = self.user(user);
        match value {
            Some(value) => {
                let user = entry.get_or_insert_with(User::default);
                let attachment = received_attachment(plan, room, hat, user.hats.get(hat), value);
                user.hats.set(hat, Some(attachment));
            }
            None => {
                if let Some(user) = entry {
                    user.hats.set(hat, None);
                }
            }
        }
    }

    /// Removes changed users who no longer count: users who lost their affiliation on the server and have no active hat (on
    /// Prosody, even users with active hats, because hats are removed with the affiliation), and unaffiliated users without
    /// hats.
    fn remove_users(&mut self) {
        let removes_hats = self.plan.class.removes_hats_with_affiliation();
        for (jid, entry) in &mut self.users {
            let is_removed = |user: &User| {
                let has_active_hat = || user.hats.iter().any(|(_, attachment)| attachment.is_active());
                let is_lost = self.lost_affiliation.contains(jid) && (removes_hats || !has_active_hat());
                user.affiliation == Affiliation::None && (is_lost || user.hats.is_empty())
            };
            if entry.as_ref().is_some_and(is_removed) {
                *entry = None;
            }
        }
    }

    /// Receives a whole user. Hats that the server does not have are removed, except hats that the server would not store
    /// anyway; these are removed only with the user.
    fn receive_user(&mut self, user: &Jid, value: &UserValue) {
        let (plan, room) = (self.plan, self.room);
        let removed: Vec<HatId> = self
            .user(user)
            .iter()
            .flat_map(|user| {
                let is_removed = |(hat, attachment): &(&HatId, &Attachment)| {
                    super::local::hat(plan.class, room, hat, attachment).is_some()
                        && !value.hats.contains_key(*hat)
                };
                user.hats
                    .iter()
                    .filter(is_removed)
                    .map(|(hat, _)| hat.clone())
                    .collect::<Vec<_>>()
            })
            .collect();
        for hat in removed {
            self.receive_hat(user, &hat, None);
        }
        for (hat, hat_value) in &value.hats {
            self.receive_hat(user, hat, Some(hat_value));
        }
        self.receive_affiliation(user, value.affiliation);
    }

    /// Receives a catalog entry; `None` removes the entry. Users' own titles that are equal to the old title of the entry are
    /// removed, because they would hide the new title.
    fn receive_entry(&mut self, hat: &HatId, value: Option<&CatalogValue>) {
        let before = self.room.catalog.get(hat);
        let Some(value) = value else {
            self.catalog.insert(hat.clone(), None);
            return;
        };
        let mut entry = before.cloned().unwrap_or_default();
        let current = CatalogValue::of(&entry);
        if current.hue != value.hue {
            entry.hue = value.hue.as_ref().and_then(super::HueText::to_hue);
        }
        if current.title != value.title {
            entry.title.clone_from(&value.title);
        }
        self.catalog.insert(hat.clone(), Some(entry));
        if let Some(title) = current.title.filter(|title| value.title.as_ref() != Some(title)) {
            self.remove_own_titles(hat, &title);
        }
    }

    /// Removes the users' own titles of a hat that are equal to this title.
    fn remove_own_titles(&mut self, hat: &HatId, title: &Arc<str>) {
        let room = self.room;
        let users = room
            .hat(hat)
            .into_iter()
            .flat_map(|existing| existing.users(room));
        for (jid, _) in users {
            if let Some(user) = self.user(jid)
                && let Some(attachment) = user
                    .hats
                    .get(hat)
                    .filter(|attachment| attachment.title.as_ref() == Some(title))
            {
                let attachment = attachment.clone().with_title(None);
                user.hats.set(hat, Some(attachment));
            }
        }
    }

    /// Returns the edits that turn the file's room into the new one.
    fn edits(self, local: &Arc<Room>) -> EditGroup {
        let is_added_or_removed =
            |(user, next): &(&Jid, &Option<User>)| local.user(user).is_some() != next.is_some();
        if self.users.iter().filter(is_added_or_removed).count() >= MIN_USERS_TO_REPLACE_ROOM {
            return Edit::Room {
                room: self.plan.room.clone(),
                before: Some(local.clone()),
                after: self.into_room().map(Arc::new),
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
        EditGroup(edits)
    }

    /// Returns the new room as a whole.
    fn into_room(self) -> Option<Room> {
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
        let current = self.room.users().iter().map(|(jid, user)| (jid, user));
        let none: [(&Jid, ()); 0] = [];
        let users = super::join::join(current, &self.users, none);
        let users = users.filter_map(|(jid, current, next, _)| {
            let user = match next {
                Some(next) => next.clone(),
                None => current.cloned(),
            };
            Some((jid.clone(), user?))
        });
        room.with_users(users.collect())
    }
}

/// Returns `current`, the user's attachment in the file, or a new one, with the value of the server's hat. `active` is always
/// the server's value. `required` and the title are kept if the server already has what would be sent for them, or cannot
/// store them. The other fields are always kept.
fn received_attachment(
    plan: &RoomPlan,
    room: &Room,
    hat: &HatId,
    current: Option<&Attachment>,
    value: &HatValue,
) -> Attachment {
    let class = plan.class;
    let attachment = current.cloned().unwrap_or_default().with_active(value.active);
    let attachment = if class.holds_flags() {
        attachment.with_required(value.required)
    } else {
        attachment
    };
    if !class.holds_own_titles() {
        return attachment;
    }
    let current_title = current.and_then(|current| super::local::title(class, room, hat, current));
    if current_title == value.title {
        return attachment;
    }
    attachment.with_title(value.title.as_deref())
}
