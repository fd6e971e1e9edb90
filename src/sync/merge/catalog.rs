//! Merges the catalog: entries of the file, and entries that are only implied by users' hats.

use std::collections::BTreeSet;

use super::super::join::join;
use super::super::plan::{Action, Decision, Line, Reason, SideValue};
use super::super::{CatalogValue, HatValue, Item, ItemValue, refuse};
use super::propose::propose;
use super::{Context, item_line};
use crate::model::{Attachment, HatId, Room, User};

/// Users' hats that matter for the catalog.
#[derive(Debug, Default)]
pub(super) struct UsedHats {
    /// Hats that are active in the file. They imply a catalog entry if the file has none.
    active: BTreeSet<HatId>,
    /// Hats that at least one user has active in the file and keeps unchanged: neither a removal nor another value of the
    /// user's hat is proposed to be received. Does not include hats of users who are a conflict as a whole.
    staying: BTreeSet<HatId>,
    /// Hats that are proposed to be sent to the server.
    to_send: BTreeSet<HatId>,
}

impl UsedHats {
    /// Adds a user's hat. `value` is the file's value in the server's normal form; `None`: the hat is missing or inactive.
    /// `action` is the proposal for the hat, if any.
    pub(super) fn add(&mut self, value: Option<&HatValue>, hat: &HatId, action: Option<Action>) {
        if value.is_none() {
            return;
        }
        if !self.active.contains(hat) {
            self.active.insert(hat.clone());
        }
        if action != Some(Action::Receive) && !self.staying.contains(hat) {
            self.staying.insert(hat.clone());
        }
        if action == Some(Action::Send) && !self.to_send.contains(hat) {
            self.to_send.insert(hat.clone());
        }
    }

    /// Adds all active hats of a user, but only to `active`.
    pub(super) fn add_active(&mut self, user: Option<&User>) {
        let hats = user.into_iter().flat_map(|user| user.hats.iter());
        let active = hats.filter(|(_, attachment)| attachment.is_active());
        self.active.extend(active.map(|(hat, _)| hat.clone()));
    }
}

impl Context<'_> {
    /// Returns the lines of the catalog. `after` returns the file's room after the changes to users and their hats are
    /// received; computing that takes long for a large room and is rarely needed.
    pub(super) fn catalog_lines<'r>(&self, used_hats: &UsedHats, after: &dyn Fn() -> &'r Room) -> Vec<Line> {
        let stays_active = |hat: &HatId| {
            let after = after();
            let existing = after.hat(hat);
            let mut users = existing.into_iter().flat_map(|existing| existing.users(after));
            users.any(|(_, user)| user.hats.get(hat).is_some_and(Attachment::is_active))
        };
        // Whether any user has the hat without a title of its own, so that it needs the entry's title. True for every
        // received hat.
        let needs_entry_title = |hat: &HatId| {
            let after = after();
            let existing = after.hat(hat);
            let mut users = existing.into_iter().flat_map(|existing| existing.users(after));
            users.any(|(_, user)| user.hats.get(hat).is_some_and(|hat| !hat.has_own_title()))
        };
        let base_entries = self.base.into_iter().flat_map(|base| &base.catalog);
        let mut lines = Vec::new();
        for (hat, base, local, remote) in join(base_entries, &self.local.catalog, &self.remote.catalog) {
            let item = Item::Catalog { hat: hat.clone() };
            let is_implied = local.is_none() && used_hats.active.contains(hat) && stays_active(hat);
            let is_new = base.is_none() && remote.is_some();
            let stays_implied = is_implied && !(is_new && needs_entry_title(hat));
            if !stays_implied && self.remote.knows(&item) {
                let is_hat_sent = used_hats.to_send.contains(hat);
                let is_used = || after().hat(hat).is_some_and(|existing| existing.user_count > 0);
                lines.extend(self.entry_line(
                    item,
                    [base, local.map(CatalogValue::of).as_ref(), remote],
                    is_hat_sent,
                    &is_used,
                ));
            }
        }
        let undefined = used_hats
            .staying
            .iter()
            .filter(|hat| !self.local.catalog.contains_key(*hat) && !self.remote.catalog.contains_key(*hat));
        lines.extend(undefined.filter_map(|hat| self.implied_line(hat)));
        lines
    }

    /// Merges an entry by the table ([`propose`]), title and hue together. If the entry was removed on the server and a user's hat
    /// that needs the entry is to be sent, that is a conflict. `is_used`: a user in the file has the hat after the changes to
    /// users and their hats are received. Returns `None` if both sides agree.
    fn entry_line(
        &self,
        item: Item,
        [base, local, remote]: [Option<&CatalogValue>; 3],
        is_hat_sent: bool,
        is_used: &dyn Fn() -> bool,
    ) -> Option<Line> {
        let action = match propose(base, local, remote)? {
            Action::Receive if remote.is_none() && is_hat_sent => Action::Conflict,
            action => action,
        };
        let hat = item.hat()?;
        let reason = match local {
            _ if action == Action::Receive => None,
            Some(entry) => refuse::entry(self.class, hat, entry),
            None if is_used() => Some(Reason::StillUsed),
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

    /// Returns the line of an implied entry that the server lacks; `None` if it is not known that the server lacks the entry,
    /// or the entry cannot be sent, for example without a title.
    fn implied_line(&self, hat: &HatId) -> Option<Line> {
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
        // The entry is sent together with a hat that needs the entry. If users on the server already have the hat, which nobody
        // can see without the entry, the entry is also offered.
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
