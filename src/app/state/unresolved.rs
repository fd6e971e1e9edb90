//! Describes saved changes that a server does not have and that wait for a decision.

use super::State;
use crate::app::servers::report::refusal_text;
use crate::app::servers::unresolved::ItemSides;
use crate::app::servers::value_text;
use crate::app::{Pane, describe};
use crate::model::{HatId, Jid};
use crate::sync::{Item, ItemValue, SendState, ServerClass, local_value};

impl State {
    /// Whether a change of a user of the selected room waits for a decision.
    pub fn is_unresolved(&self, user: &Jid) -> bool {
        let room = self.browser.selected_ids().0;
        room.is_some_and(|room| self.servers.sending.is_unresolved(room, user))
    }

    /// The message at the end of the session that changes are saved but not sent yet; `None` if no changes wait to be
    /// sent.
    pub fn unsent_text(&self) -> Option<String> {
        match self.servers.sending.counts().waiting {
            0 if self.servers.sending.is_sending() => {
                Some("Saved, but not sent yet. The next session sends it".into())
            }
            0 => None,
            1 => Some("Saved, but 1 change not sent yet. The next session sends it".into()),
            waiting => Some(format!(
                "Saved, but {waiting} changes not sent yet. The next session sends them"
            )),
        }
    }

    /// Describes the unresolved change of the selected hat if the third pane has the focus, else the first unresolved
    /// change of the selected user: the server, and the reason why it does not have the change. `None` if there is no
    /// such change.
    pub fn unresolved_text(&self) -> Option<String> {
        let (room, user, hat) = self.browser.selected_ids();
        let (room, user) = (room?, user?);
        let hat = hat.filter(|_| self.focus == Pane::Third);
        let is_selected = |item: &Item| match hat {
            Some(hat) => item.hat() == Some(hat),
            None => true,
        };
        let mut all = self.servers.sending.unresolved();
        let found = all.find(|(item_room, item, _)| {
            *item_room == room && item.user() == Some(user) && is_selected(item)
        });
        let (_, item, state) = found?;
        let server = &self.servers.of_room(room)?.entry.name;
        let reason = self.unresolved_reason(room, item, state);
        Some(match hat {
            Some(_) => format!("{server}: {reason}"),
            None => format!("{server}: {}: {reason}", self.item_name(room, item)),
        })
    }

    /// The unresolved change that is nearest to the selection, among those of items that this session may change.
    pub(in crate::app) fn nearest_unresolved(&self) -> Option<(&Jid, &Item, &SendState)> {
        let (room, user, hat) = self.browser.selected_ids();
        let distance = |(item_room, item, _): &(&Jid, &Item, &SendState)| {
            [
                room != Some(*item_room),
                user != item.user(),
                hat.is_none() || hat != item.hat(),
            ]
        };
        let rights = &self.start.scope.rights;
        let unresolved = self.servers.sending.unresolved();
        unresolved
            .filter(|(_, item, _)| item.check_permitted_by(rights).is_ok())
            .min_by_key(distance)
    }

    /// Says why the server does not have a change, as a clause; empty if the change does not wait for a decision.
    pub(in crate::app) fn unresolved_reason(&self, room: &Jid, item: &Item, state: &SendState) -> String {
        match state {
            SendState::Refused(refusal) => refusal_text(refusal),
            SendState::LeftOut(reason) => reason.to_string(),
            SendState::Changed { actual, .. } => format!(
                "changed on the server in the meantime to {}",
                value_text(self.class_or_default(room), item, actual.as_ref())
            ),
            SendState::Waiting | SendState::Answered(_) | SendState::Confirmed(_) => String::new(),
        }
    }

    /// Describes the values of an item that was changed on both sides: in the data file, on the server (`actual`), and
    /// the value that was expected on the server.
    pub(in crate::app) fn item_sides(
        &self,
        room: &Jid,
        item: &Item,
        (actual, expected): (Option<&ItemValue>, Option<&ItemValue>),
    ) -> ItemSides {
        let class = self.class_or_default(room);
        let local = self.shown.room(room);
        let yours = local.and_then(|local| local_value(class, local, item));
        let text = |value| value_text(class, item, value);
        ItemSides {
            yours: text(yours.as_ref()),
            theirs: text(actual),
            before: text(expected),
        }
    }

    /// Names an item: `"Teacher" for terry@example.org`.
    pub(in crate::app) fn item_name(&self, room: &Jid, item: &Item) -> String {
        let hat = |id: &HatId| {
            let title = self.shown.room(room).and_then(|room| room.hat(id)?.title.clone());
            describe::hat(id, title.as_deref())
        };
        match item {
            Item::Hat { user, hat: id } => format!("{} for {user}", hat(id)),
            Item::Catalog { hat: id } => format!("{} in the catalog", hat(id)),
            Item::Affiliation { user } => format!("affiliation of {user}"),
        }
    }

    /// The class of the room's server; if the class is not known yet, the one that can store the most.
    fn class_or_default(&self, room: &Jid) -> ServerClass {
        self.servers.class_of(room).unwrap_or(ServerClass::Prosody)
    }
}
