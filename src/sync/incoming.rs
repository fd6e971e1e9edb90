//! Limits a plan to the changes that are received automatically while a room is followed.

use super::plan::{Decision, Line, RoomPlan, SideValue, Subject};
use super::{Item, ItemValue, ReadMark, UserValue, local, local_value};
use crate::model::{Jid, Room};

/// A user's values in the file and in the base at the time when this user was read without the rest of the room. The read is
/// valid only for items whose values are still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMark {
    local: UserValue,
    base: UserValue,
}

impl UserMark {
    /// Takes the user's values from this state of the file and the base.
    pub fn new(mark: &ReadMark<'_>, user: &Jid) -> Self {
        let local = mark.local.and_then(|room| Some((room, room.user(user)?)));
        let local = local.map(|(room, user)| local::user(mark.class, room, user));
        let base = mark.base.and_then(|base| base.user(user));
        Self {
            local: local.unwrap_or_default(),
            base: base.unwrap_or_default(),
        }
    }

    /// Whether an item of the user has changed in the file since the user was read. `now` has the current file.
    pub fn has_local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let local = now.local.and_then(|room| local_value(now.class, room, item));
        self.local.value(item) != local
    }

    /// Whether an item of the user has changed in the base since the user was read. `now` has the current base.
    pub fn has_base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        self.base.value(item) != now.base.and_then(|base| base.value(item))
    }
}

impl UserValue {
    /// The value of one of the user's items; `None` if the user does not have the item.
    pub(super) fn value(&self, item: &Item) -> Option<ItemValue> {
        match item {
            Item::Hat { hat, .. } => self.hats.get(hat).cloned().map(ItemValue::Hat),
            Item::Affiliation { .. } => ItemValue::affiliation(self.affiliation),
            Item::Catalog { .. } => None,
        }
    }
}

impl RoomPlan {
    /// Prepares the plan for receiving only: decides to send nothing, removes the lines about items that are being sent
    /// (`is_in_flight`), and removes the lines to be received about items that changed in the file or the base since the server
    /// was read (`is_stale`). Lines that the guard holds back stay. Returns whether a line to be received was removed.
    pub fn keep_incoming(
        &mut self,
        is_in_flight: &dyn Fn(&Item) -> bool,
        is_stale: &dyn Fn(&Item) -> bool,
    ) -> bool {
        self.receive_only();
        let mut is_any_dropped = false;
        self.lines.retain(|line| {
            let is_held = line.decision == Decision::Skip && line.is_held();
            let is_received = line.decision == Decision::Receive;
            let items = line.items();
            let stays = is_held
                || !items
                    .iter()
                    .any(|item| is_in_flight(item) || is_received && is_stale(item));
            is_any_dropped |= is_received && !stays;
            stays
        });
        is_any_dropped
    }

    /// Removes the lines to be received for which the file no longer has the value that was compared. `local` is the file's
    /// current room; `None`: the file no longer has the room.
    pub fn keep_current(&mut self, local: Option<&Room>) {
        let class = self.class;
        let is_as_compared = |line: &Line| {
            let Some(room) = local else { return false };
            let current = match &line.subject {
                Subject::Name => {
                    let name = room.name.clone().filter(|name| !name.is_empty());
                    name.map(SideValue::Name)
                }
                Subject::Item(item) => local_value(class, room, item).map(SideValue::Item),
                Subject::User(user) => {
                    let user = room.user(user).map(|user| local::user(class, room, user));
                    user.map(SideValue::User)
                }
            };
            current == line.local
        };
        self.lines
            .retain(|line| line.decision != Decision::Receive || is_as_compared(line));
    }
}
