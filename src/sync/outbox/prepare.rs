//! Changes that are about to be committed, and what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{COMMIT_PERIOD, Outbox, Prepared, Wanted, replaced};
use crate::model::Room;
use crate::sync::{ChangedItem, GUARD_USERS, Item, local_value, users_losing_hats};

impl Outbox {
    /// Adds a change that is about to be committed; it must be durable before the commit. `asked`: its removals were
    /// confirmed; otherwise, a commit that removes hats from more than [`GUARD_USERS`] users is left to the plan.
    /// `reason`: for users. Returns whether it was added.
    pub fn prepare(
        &mut self,
        changed: &[ChangedItem],
        asked: bool,
        reason: Option<&Arc<str>>,
        time: Timestamp,
    ) -> bool {
        if !asked && users_losing_hats(changed) > GUARD_USERS {
            return false;
        }
        let class = self.class;
        for changed in changed.iter().filter(|changed| class.holds(&changed.item)) {
            let entry = self.entry(&changed.item);
            entry.prepared = Some(Prepared {
                wanted: Wanted {
                    value: changed.after.clone(),
                },
                time,
                reason: reason.cloned(),
            });
        }
        true
    }

    /// The prepared change is in the file. A value that replaces another one that is being sent, as an undo does, takes
    /// its place.
    fn committed(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item)
                && let Some(Prepared { wanted, reason, .. }) = entry.prepared.take()
            {
                let mut committed = replaced(entry.committed.take(), wanted);
                committed.reason = reason;
                entry.committed = Some(committed);
            }
        }
    }

    /// The prepared change was not committed.
    pub fn withdraw(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item) {
                entry.prepared = None;
            }
        }
        self.tidy();
    }

    /// Takes over prepared changes that are in the file. One that is not there is being committed by another session, or was
    /// lost in a crash; after [`COMMIT_PERIOD`] it is withdrawn.
    pub fn take_over(&mut self, local: Option<&Room>, now: Timestamp) {
        let (mut come, mut lost) = (BTreeSet::new(), BTreeSet::new());
        for entry in self.entries.values() {
            let Some(prepared) = &entry.prepared else { continue };
            let value = local.and_then(|room| local_value(self.class, room, &entry.item));
            if local.is_some() && prepared.wanted == (Wanted { value }) {
                come.insert(entry.item.clone());
            } else if now.duration_since(prepared.time) > COMMIT_PERIOD {
                lost.insert(entry.item.clone());
            }
        }
        self.committed(&come);
        self.withdraw(&lost);
    }

    /// Takes what other sessions of the account prepared since this outbox was read: only they change that, and only this
    /// one changes the rest.
    pub fn adopt_prepared(&mut self, stored: &Self) {
        for entry in self.entries.values_mut() {
            entry.prepared = None;
        }
        for (item, there) in &stored.entries {
            if there.prepared.is_some() {
                self.entry(item).prepared.clone_from(&there.prepared);
            }
        }
        self.tidy();
    }
}
