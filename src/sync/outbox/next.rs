//! Determines the changes to send next.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan::{Action, Decision, Line, RoomPlan, SideValue, Subject};
use super::super::send::phase;
use super::{Base, Item, ItemChange, ItemValue, Room, ServerClass, local_value};
use super::{Committed, Outbox, SendState, expected};
use crate::model::{HatId, Jid};

/// The lines of a plan by item.
#[derive(Default)]
struct LinesByItem<'a> {
    items: BTreeMap<&'a Item, &'a Line>,
    users: BTreeMap<&'a Jid, &'a Line>,
}

impl<'a> LinesByItem<'a> {
    fn of(plan: Option<&'a RoomPlan>) -> Self {
        let mut lines = Self::default();
        for line in plan.into_iter().flat_map(|plan| &plan.lines) {
            match &line.subject {
                Subject::Item(item) => drop(lines.items.insert(item, line)),
                Subject::User(user) => drop(lines.users.insert(user, line)),
                Subject::Name => {}
            }
        }
        lines
    }

    /// The line about an item, or else about its whole user.
    fn about(&self, item: &Item) -> Option<&'a Line> {
        let whole = || self.users.get(item.user()?).copied();
        self.items.get(item).copied().or_else(whole)
    }
}

impl Outbox {
    /// Determines the changes to send now, in order: those that wait, are still in the file, and do not depend on an unfinished
    /// change. Changes of items that have another value in the file now, and changes that have no expected value because the
    /// room has no base, are dropped and left to the next comparison.
    ///
    /// `plan` is the merge with the last read on this connection. It shows the changes that cannot be sent and the entries that
    /// the server's catalog lacks; without a plan, hats that need a catalog entry wait.
    pub fn next_changes(
        &mut self,
        local: Option<&Room>,
        base: Option<&Base>,
        plan: Option<&RoomPlan>,
    ) -> Vec<ItemChange> {
        self.drop_finished(local, base);
        let lines = LinesByItem::of(plan);
        self.mark_left_out(&lines, plan);
        self.add_missing_entries(&lines, plan);
        let mut changes: Vec<ItemChange> = Vec::new();
        let sendable_item = |(item, entry): (&Item, &super::Entry)| {
            let committed = entry.committed.as_ref().filter(|_| entry.prepared.is_none())?;
            let can_be_sent = committed.state == SendState::Waiting && self.is_defined(item, committed, plan);
            can_be_sent.then(|| item.clone())
        };
        let waiting: Vec<Item> = self.entries.iter().filter_map(sendable_item).collect();
        for item in &waiting {
            let class = self.class;
            let Some(committed) = self.committed_mut(item) else {
                continue;
            };
            if let Some(expected) = expected(committed, base, item) {
                committed.times_sent = committed.times_sent.saturating_add(1);
                let mut change =
                    ItemChange::new(item.clone(), expected.value, committed.wanted.value.clone());
                let is_removal = matches!(item, Item::Affiliation { .. }) && change.wanted.is_none();
                if is_removal && class.removes_hats_with_affiliation() {
                    // The user's hats are removed first, one by one; any other hat belongs to someone else's change.
                    change.expected_hats = Some(committed.expected_hats.clone().unwrap_or_default());
                }
                change.reason.clone_from(&committed.reason);
                changes.push(change);
            }
        }
        changes.sort_by_key(phase);
        changes
    }

    /// Drops waiting changes that need not be sent: the file has another value, which the next comparison handles, no value is
    /// expected because there is no base, or the server already has the wanted value.
    pub fn drop_finished(&mut self, local: Option<&Room>, base: Option<&Base>) {
        let class = self.class;
        let stays = |item: &Item, committed: &Committed| {
            if committed.state != SendState::Waiting {
                return true;
            }
            let Some(expected) = expected(committed, base, item) else {
                return false;
            };
            // An answer to another account that no read has confirmed is not in the base yet.
            let is_known = committed.expected.is_some() || base.is_some_and(|base| !base.has_answer(item));
            let is_done = is_known && expected == committed.wanted && committed.in_doubt.is_empty();
            is_in_file(class, item, committed, local) && !is_done
        };
        for (item, entry) in &mut self.entries {
            let is_prepared = entry.prepared.is_some();
            entry.committed.take_if(|committed| {
                !is_prepared && !stays(item, committed) && !committed.revert_to_answered()
            });
        }
        self.remove_empty_entries();
    }

    /// Whether there is a waiting change whose value the file no longer has.
    pub fn has_outdated(&self, local: Option<&Room>) -> bool {
        self.entries.iter().any(|(item, entry)| {
            let waits = |committed: &&Committed| committed.state == SendState::Waiting;
            let committed = entry.committed.as_ref().filter(waits);
            committed.is_some_and(|committed| !is_in_file(self.class, item, committed, local))
        })
    }

    /// Marks as left out the waiting changes that the merge cannot send or only offers, and marks other left-out changes as
    /// waiting again. Drops a left-out change that both sides have.
    fn mark_left_out(&mut self, lines: &LinesByItem<'_>, plan: Option<&RoomPlan>) {
        for (item, entry) in &mut self.entries {
            let Some(committed) = &mut entry.committed else {
                continue;
            };
            if !matches!(committed.state, SendState::Waiting | SendState::LeftOut(_)) {
                continue;
            }
            let line = lines.about(item).filter(|line| {
                // A change with an expected value is from a plan, or follows a change that was sent.
                let was_decided = committed.expected.is_some() && line.action != Action::LeaveOut;
                line.action != Action::Conflict
                    && line.decision == Decision::Skip
                    && !was_decided
                    && !line.implied
            });
            let is_on_server = |plan: &RoomPlan| plan.remote().value(item) == committed.wanted.value;
            let is_left_out = matches!(committed.state, SendState::LeftOut(_));
            committed.state = match line.and_then(|line| line.reason) {
                Some(reason) => SendState::LeftOut(reason),
                None if is_left_out && lines.about(item).is_none() && plan.is_some_and(is_on_server) => {
                    entry.committed = None;
                    continue;
                }
                None => SendState::Waiting,
            };
        }
        self.remove_empty_entries();
    }

    /// Adds changes that define the catalog entries that waiting hats need on the server, unless the outbox already has changes
    /// of these entries.
    fn add_missing_entries(&mut self, lines: &LinesByItem<'_>, plan: Option<&RoomPlan>) {
        let Some(plan) = plan.filter(|_| self.class.holds_catalog()) else {
            return;
        };
        let mut missing = BTreeSet::new();
        for (item, entry) in &self.entries {
            let adds = |committed: &Committed| {
                committed.state == SendState::Waiting && committed.wanted.value.is_some()
            };
            if let Item::Hat { hat, .. } = item
                && entry.committed.as_ref().is_some_and(adds)
                && !plan.remote().catalog.contains_key(hat)
            {
                missing.insert(hat.clone());
            }
        }
        for hat in missing {
            let item = Item::Catalog { hat };
            let Some(line) = lines.about(&item).filter(|_| !self.entries.contains_key(&item)) else {
                continue;
            };
            let Some(SideValue::Item(value @ ItemValue::Catalog(_))) = &line.local else {
                continue;
            };
            if line.action == Action::Send {
                let change = ItemChange::new(item, None, Some(value.clone()));
                self.put_plan([(change, line.implied)]);
            }
        }
    }

    /// Whether the catalog entry of an added hat is on the server, or the server's catalog is not known completely; true for
    /// all other changes, and on servers without a catalog.
    fn is_defined(&self, item: &Item, committed: &Committed, plan: Option<&RoomPlan>) -> bool {
        let Item::Hat { hat, .. } = item else { return true };
        if !self.class.holds_catalog() || committed.wanted.value.is_none() {
            return true;
        }
        let entry = self.entries.get(&Item::Catalog { hat: hat.clone() });
        match entry.and_then(|entry| entry.committed.as_ref()) {
            Some(entry) if entry.wanted.value.is_some() => {
                matches!(entry.state, SendState::Answered(_) | SendState::Confirmed(_))
                    || plan.is_some_and(|plan| plan.remote().catalog.contains_key(hat))
            }
            _ => plan.is_some_and(|plan| {
                plan.remote().catalog.contains_key(hat) || !plan.remote().coverage.catalog
            }),
        }
    }
}

/// Whether the file has the value of a change, or hats that imply its catalog entry.
fn is_in_file(class: ServerClass, item: &Item, committed: &Committed, local: Option<&Room>) -> bool {
    let Some(local) = local else { return false };
    let is_used = |hat: &HatId| local.hat(hat).is_some_and(|existing| existing.user_count > 0);
    local_value(class, local, item) == committed.wanted.value
        || committed.implied && item.hat().is_some_and(is_used)
}
