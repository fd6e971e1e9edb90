//! Merges the catalog: entries of the file, and entries only implied by users' hats.

use std::collections::BTreeSet;

use super::super::join::join;
use super::super::plan::{Action, Decision, Line, Reason, SideValue};
use super::super::{CatalogValue, HatValue, Item, ItemValue, refuse};
use super::row::row;
use super::{Context, item_line};
use crate::model::{Attachment, HatId, Room, User};

/// Users' hats that matter for the catalog.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Hats that are active in the file: they imply a catalog entry if there is none.
    active: BTreeSet<HatId>,
    /// Hats that are active in the file and whose removal is not received.
    stays: BTreeSet<HatId>,
    /// Hats that are sent to the server.
    sent: BTreeSet<HatId>,
}

impl Needed {
    /// Adds a user's hat, with its value in the server's normal form and the proposal for it, if any.
    pub(super) fn add(&mut self, value: Option<&HatValue>, hat: &HatId, action: Option<Action>) {
        if value.is_none() {
            return;
        }
        if !self.active.contains(hat) {
            self.active.insert(hat.clone());
        }
        if action != Some(Action::Receive) && !self.stays.contains(hat) {
            self.stays.insert(hat.clone());
        }
        if action == Some(Action::Send) && !self.sent.contains(hat) {
            self.sent.insert(hat.clone());
        }
    }

    /// Adds all active hats of a user.
    pub(super) fn add_active(&mut self, user: Option<&User>) {
        let hats = user.into_iter().flat_map(|user| user.hats.iter());
        let active = hats.filter(|(_, attachment)| attachment.is_active());
        self.active.extend(active.map(|(hat, _)| hat.clone()));
    }
}

impl Context<'_> {
    /// The lines of the catalog. `after` returns the room after receiving the changes of users, which takes long for a large
    /// room and is rarely needed.
    pub(super) fn catalog<'r>(&self, needed: &Needed, after: &dyn Fn() -> &'r Room) -> Vec<Line> {
        let stays_active = |hat: &HatId| {
            let after = after();
            let known = after.hat(hat);
            let mut users = known.into_iter().flat_map(|known| known.users(after));
            users.any(|(_, user)| user.hats.get(hat).is_some_and(Attachment::is_active))
        };
        // Received hats have no titles of their own.
        let lacks_title = |hat: &HatId| {
            let after = after();
            let known = after.hat(hat);
            let mut users = known.into_iter().flat_map(|known| known.users(after));
            users.any(|(_, user)| user.hats.get(hat).is_some_and(|hat| !hat.has_own_title()))
        };
        let base_entries = self.base.into_iter().flat_map(|base| &base.catalog);
        let mut lines = Vec::new();
        for (hat, base, local, remote) in join(base_entries, &self.local.catalog, &self.remote.catalog) {
            let item = Item::Catalog { hat: hat.clone() };
            let implied = local.is_none() && needed.active.contains(hat) && stays_active(hat);
            let is_new = base.is_none() && remote.is_some();
            let stays_implied = implied && !(is_new && lacks_title(hat));
            if !stays_implied && self.remote.knows(&item) {
                let sent = needed.sent.contains(hat);
                let used = || after().hat(hat).is_some_and(|known| known.user_count > 0);
                lines.extend(self.entry(
                    item,
                    [base, local.map(CatalogValue::of).as_ref(), remote],
                    sent,
                    &used,
                ));
            }
        }
        let undefined = needed
            .stays
            .iter()
            .filter(|hat| !self.local.catalog.contains_key(*hat) && !self.remote.catalog.contains_key(*hat));
        lines.extend(undefined.filter_map(|hat| self.implied(hat)));
        lines
    }

    /// Merges an entry by the table, title and hue together. If the entry was removed on the server and a user's hat that
    /// needs it is to be sent, that is a conflict.
    fn entry(
        &self,
        item: Item,
        [base, local, remote]: [Option<&CatalogValue>; 3],
        hat_is_sent: bool,
        used: &dyn Fn() -> bool,
    ) -> Option<Line> {
        let action = match row(base, local, remote)? {
            Action::Receive if remote.is_none() && hat_is_sent => Action::Conflict,
            action => action,
        };
        let hat = item.hat()?;
        let reason = match local {
            _ if action == Action::Receive => None,
            Some(entry) => refuse::entry(self.class, hat, entry),
            None if used() => Some(Reason::StillUsed),
            None => None,
        };
        let action = match (action, reason) {
            (Action::Send, Some(_)) => Action::LeaveOut,
            (action, _) => action,
        };
        let side = |value: &CatalogValue| SideValue::Item(ItemValue::Catalog(value.clone()));
        Some(Line {
            base: base.map(side),
            local: local.map(side),
            remote: remote.map(side),
            ..item_line(item, action, reason)
        })
    }

    /// The line of an implied entry that the server lacks; `None` if the entry cannot be sent, for example without a title.
    fn implied(&self, hat: &HatId) -> Option<Line> {
        let item = Item::Catalog { hat: hat.clone() };
        if !self.remote.knows(&item) {
            return None;
        }
        let title = self.local.hat(hat)?.title.clone()?;
        let entry = CatalogValue {
            title: Some(title),
            hue: None,
        };
        if refuse::entry(self.class, hat, &entry).is_some() {
            return None;
        }
        // The entry is sent with a hat that needs it. If users on the server already have the hat but nobody can see it, the
        // entry is offered.
        let has = |user: &super::super::RemoteUser| user.hats.contains_key(hat);
        let reason = self.remote.users.values().any(has).then_some(Reason::NotDefined);
        Some(Line {
            local: Some(SideValue::Item(ItemValue::Catalog(entry))),
            implied: true,
            decision: Decision::Skip,
            ..item_line(item, Action::Send, reason)
        })
    }
}
