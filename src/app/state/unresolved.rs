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

    /// Says at the end of the session that changes are saved but not sent yet; `None` if all are sent.
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

    /// Describes why the server does not have the selected hat as the data file has it, if the third pane is focused;
    /// else, why it does not have the first unresolved change of the selected user. `None` if there is none.
    pub fn unresolved_text(&self) -> Option<String> {
        let (room, user, hat) = self.browser.selected_ids();
        let (room, user) = (room?, user?);
        let hat = hat.filter(|_| self.focus == Pane::Third);
        let is_selected = |item: &Item| match hat {
            Some(hat) => item.hat() == Some(hat),
            None => true,
        };
        let mut all = self.servers.sending.unresolved();
        let found =
            all.find(|(in_room, item, _)| *in_room == room && item.user() == Some(user) && is_selected(item));
        let (_, item, state) = found?;
        let server = &self.servers.of_room(room)?.entry.name;
        let why = self.unresolved_reason(room, item, state);
        Some(match hat {
            Some(_) => format!("{server}: {why}"),
            None => format!("{server}: {}: {why}", self.item_name(room, item)),
        })
    }

    /// The unresolved change that is nearest to the selection, among those that this session may change.
    pub(in crate::app) fn nearest_unresolved(&self) -> Option<(&Jid, &Item, &SendState)> {
        let (room, user, hat) = self.browser.selected_ids();
        let distance = |(in_room, item, _): &(&Jid, &Item, &SendState)| {
            [
                room != Some(*in_room),
                user != item.user(),
                hat.is_none() || hat != item.hat(),
            ]
        };
        let rights = &self.start.scope.rights;
        let unresolved = self.servers.sending.unresolved();
        unresolved
            .filter(|(_, item, _)| item.permit(rights).is_ok())
            .min_by_key(distance)
    }

    /// Why a change is not on the server, as a clause; empty if it does not wait for a decision.
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

    /// Describes the values of an item that was changed on both sides: in the data file, on the server, and the
    /// expected one.
    pub(in crate::app) fn item_sides(
        &self,
        room: &Jid,
        item: &Item,
        (actual, expected): (Option<&ItemValue>, Option<&ItemValue>),
    ) -> ItemSides {
        let class = self.class_or_default(room);
        let local = self.view.room(room);
        let yours = local.and_then(|local| local_value(class, local, item));
        let text = |value| value_text(class, item, value);
        ItemSides {
            yours: text(yours.as_ref()),
            theirs: text(actual),
            before: text(expected),
        }
    }

    /// An item in words: `"Teacher" for terry@example.org`.
    pub(in crate::app) fn item_name(&self, room: &Jid, item: &Item) -> String {
        let hat = |id: &HatId| {
            let title = self.view.room(room).and_then(|room| room.hat(id)?.title.clone());
            describe::hat(id, title.as_deref())
        };
        match item {
            Item::Hat { user, hat: id } => format!("{} for {user}", hat(id)),
            Item::Catalog { hat: id } => format!("{} in the catalog", hat(id)),
            Item::Affiliation { user } => format!("affiliation of {user}"),
        }
    }

    /// The class of the room's server; if it is not known yet, the one that can store most.
    fn class_or_default(&self, room: &Jid) -> ServerClass {
        self.servers.class_of(room).unwrap_or(ServerClass::Prosody)
    }
}
