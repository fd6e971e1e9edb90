//! What goes next.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan::{Action, Decision, Line, RoomPlan, SideValue, Subject};
use super::super::send::phase;
use super::{Base, Item, ItemChange, ItemValue, Room, local_value};
use super::{Committed, Outbox, SendState, Wanted, expected};
use crate::model::{HatId, Jid};

/// The lines of a plan by what they are about.
#[derive(Default)]
struct Lines<'a> {
    items: BTreeMap<&'a Item, &'a Line>,
    users: BTreeMap<&'a Jid, &'a Line>,
}

impl<'a> Lines<'a> {
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

    fn about(&self, item: &Item) -> Option<&'a Line> {
        let whole = || self.users.get(item.user()?).copied();
        self.items.get(item).copied().or_else(whole)
    }
}

impl Outbox {
    /// What is to be sent now, in order: what waits, is still in the file, and does not depend on something that has to be
    /// there first. What the file has otherwise by now is left to the plan, and so is everything where nothing is known of
    /// the server's room.
    ///
    /// `plan` is the merge with the last read on this connection, from which is known what cannot be sent, and what the
    /// server's catalog lacks; without it, hats for a catalog wait.
    pub fn next(
        &mut self,
        local: Option<&Room>,
        base: Option<&Base>,
        plan: Option<&RoomPlan>,
    ) -> Vec<ItemChange> {
        self.drop_what_is_not_in_the_file(local, base);
        let lines = Lines::of(plan);
        self.leave_out(&lines, plan);
        self.define(&lines, plan);
        let mut changes: Vec<ItemChange> = Vec::new();
        let waits = |(item, entry): (&Item, &super::Entry)| {
            let committed = entry.committed.as_ref().filter(|_| entry.prepared.is_none())?;
            let waits = committed.state == SendState::Waiting && self.is_defined(item, committed, plan);
            waits.then(|| item.clone())
        };
        let waiting: Vec<Item> = self.entries.iter().filter_map(waits).collect();
        for item in &waiting {
            let class = self.class;
            let Some(committed) = self.committed_mut(item) else {
                continue;
            };
            if let Some(expected) = expected(committed, base, item) {
                committed.sent = true;
                let mut change =
                    ItemChange::new(item.clone(), expected.value, committed.wanted.value.clone());
                let removes = matches!(item, Item::Affiliation { .. }) && change.wanted.is_none();
                if removes && class.affiliation_holds_hats() {
                    // The user's hats go before, one by one; any other that is there now is somebody else's.
                    change.expected_hats = Some(committed.expected_hats.clone().unwrap_or_default());
                }
                change.reason.clone_from(&committed.reason);
                changes.push(change);
            }
        }
        changes.sort_by_key(phase);
        changes
    }

    fn drop_what_is_not_in_the_file(&mut self, local: Option<&Room>, base: Option<&Base>) {
        let class = self.class;
        let stays = |item: &Item, committed: &Committed| {
            if committed.state != SendState::Waiting {
                return true;
            }
            let Some(local) = local else { return false };
            let here = Wanted {
                value: local_value(class, local, item),
            };
            let used = |hat: &HatId| local.hat(hat).is_some_and(|known| known.user_count > 0);
            let implied = committed.implied && item.hat().is_some_and(used);
            let Some(expected) = expected(committed, base, item) else {
                return false;
            };
            let done = expected == committed.wanted && committed.in_doubt.is_empty();
            (here == committed.wanted || implied) && !done
        };
        for (item, entry) in &mut self.entries {
            let prepared = entry.prepared.is_some();
            entry
                .committed
                .take_if(|committed| !prepared && !stays(item, committed));
        }
        self.tidy();
    }

    /// What the merge says cannot be sent, or only offers. What was left out and is on the server by now is done.
    fn leave_out(&mut self, lines: &Lines<'_>, plan: Option<&RoomPlan>) {
        for (item, entry) in &mut self.entries {
            let Some(committed) = &mut entry.committed else {
                continue;
            };
            if !matches!(committed.state, SendState::Waiting | SendState::LeftOut(_)) {
                continue;
            }
            let line = lines.about(item).filter(|line| {
                // What a plan's entry was chosen to be sent against has been asked about.
                let asked = committed.expected.is_some() && line.action != Action::LeaveOut;
                line.action != Action::Conflict && line.decision == Decision::Skip && !asked && !line.implied
            });
            let there = |plan: &RoomPlan| plan.remote().value(item) == committed.wanted.value;
            let left_out = matches!(committed.state, SendState::LeftOut(_));
            committed.state = match line.and_then(|line| line.reason) {
                Some(reason) => SendState::LeftOut(reason),
                None if left_out && lines.about(item).is_none() && plan.is_some_and(there) => {
                    entry.committed = None;
                    continue;
                }
                None => SendState::Waiting,
            };
        }
        self.tidy();
    }

    /// Entries of the catalog that waiting hats need there and that do not go by themselves.
    fn define(&mut self, lines: &Lines<'_>, plan: Option<&RoomPlan>) {
        let Some(plan) = plan.filter(|_| self.class.holds_catalog()) else {
            return;
        };
        let mut needed = BTreeSet::new();
        for (item, entry) in &self.entries {
            let adds = |committed: &Committed| {
                committed.state == SendState::Waiting && committed.wanted.value.is_some()
            };
            if let Item::Hat { hat, .. } = item
                && entry.committed.as_ref().is_some_and(adds)
                && !plan.remote().catalog.contains_key(hat)
            {
                needed.insert(hat.clone());
            }
        }
        for hat in needed {
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

    /// Whether a hat's entry is in the server's catalog, where it has one.
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
