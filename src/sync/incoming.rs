//! What is received without a request while a room is followed.

use super::plan::{Decision, Line, RoomPlan, SideValue, Subject};
use super::{Item, ItemValue, ReadMark, UserValue, local, local_value};
use crate::model::{Jid, Room};

/// A user in the file and in the base when they were read without the rest of the room. The read is valid only for items
/// that are still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMark {
    local: UserValue,
    base: UserValue,
}

impl UserMark {
    /// The user as these sides have them.
    pub fn new(mark: &ReadMark<'_>, user: &Jid) -> Self {
        let here = mark.local.and_then(|room| Some((room, room.user(user)?)));
        let here = here.map(|(room, user)| local::user(mark.class, room, user));
        let known = mark.base.and_then(|base| base.user(user));
        Self {
            local: here.unwrap_or_default(),
            base: known.unwrap_or_default(),
        }
    }

    /// Whether an item of the user has changed in the file since then.
    pub fn local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let here = now.local.and_then(|room| local_value(now.class, room, item));
        self.local.value(item) != here
    }

    /// Whether an item of the user has changed in the base since then.
    pub fn base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        self.base.value(item) != now.base.and_then(|base| base.value(item))
    }
}

impl UserValue {
    /// The value of one of the user's items.
    pub(super) fn value(&self, item: &Item) -> Option<ItemValue> {
        match item {
            Item::Hat { hat, .. } => self.hats.get(hat).cloned().map(ItemValue::Hat),
            Item::Affiliation { .. } => ItemValue::affiliation(self.affiliation),
            Item::Catalog { .. } => None,
        }
    }
}

impl RoomPlan {
    /// Leaves what can be received now: nothing is sent, and neither are items received that are being sent (`in_flight`)
    /// nor those that changed since the server was read (`stale`). Returns whether a line to be received was dropped.
    pub fn keep_incoming(
        &mut self,
        in_flight: &dyn Fn(&Item) -> bool,
        stale: &dyn Fn(&Item) -> bool,
    ) -> bool {
        self.receive_only();
        let mut dropped = false;
        self.lines.retain(|line| {
            let is_held = line.decision == Decision::Skip && line.is_held();
            let is_received = line.decision == Decision::Receive;
            let items = line.items();
            let stays = is_held
                || !items
                    .iter()
                    .any(|item| in_flight(item) || is_received && stale(item));
            dropped |= is_received && !stays;
            stays
        });
        dropped
    }

    /// Drops lines to be received if the file no longer has the value that was compared.
    pub fn keep_current(&mut self, local: Option<&Room>) {
        let class = self.class;
        let is_as_compared = |line: &Line| {
            let Some(room) = local else { return false };
            let here = match &line.subject {
                Subject::Name => {
                    let name = room.name.clone().filter(|name| !name.is_empty());
                    name.map(SideValue::Name)
                }
                Subject::Item(item) => local_value(class, room, item).map(SideValue::Item),
                Subject::User(user) => {
                    let here = room.user(user).map(|user| local::user(class, room, user));
                    here.map(SideValue::User)
                }
            };
            here == line.local
        };
        self.lines
            .retain(|line| line.decision != Decision::Receive || is_as_compared(line));
    }
}
