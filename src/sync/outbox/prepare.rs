//! Changes that are about to be committed, and what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{COMMIT_PERIOD, Outbox, Prepared, Wanted, replaced};
use crate::model::Room;
use crate::sync::{ChangedItem, Item, local_value};

/// Maximum number of earlier prepared changes that are kept of an item.
const MAX_EARLIER_CHANGES: usize = 16;

impl Outbox {
    /// Adds a change that is about to be committed; it must be durable before the commit. `reason`: for users.
    pub fn prepare(&mut self, changed: &[ChangedItem], reason: Option<&Arc<str>>, time: Timestamp) {
        let class = self.class;
        for changed in changed.iter().filter(|changed| class.holds(&changed.item)) {
            let [before, wanted] =
                [&changed.before, &changed.after].map(|value| Wanted { value: value.clone() });
            let entry = self.entry(&changed.item);
            let mut all = entry.prepared.take().map(Prepared::into_all).unwrap_or_default();
            // What the file does not have was not committed.
            let in_file = all.iter().rposition(|prepared| prepared.wanted == before);
            all.truncate(in_file.map_or(0, |at| at + 1));
            all.push(Prepared {
                wanted,
                before: Some(before),
                time,
                reason: reason.cloned(),
                earlier: Vec::new(),
            });
            entry.prepared = Prepared::last_of(all);
        }
    }

    /// The prepared change was not committed. One that was prepared before may be in the file.
    pub fn withdraw(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item) {
                entry.prepared = entry
                    .prepared
                    .take()
                    .and_then(|withdrawn| Prepared::last_of(withdrawn.earlier));
            }
        }
        self.tidy();
    }

    /// Takes over prepared changes that are in the file. One that is not there is being committed by another session, or was
    /// lost in a crash; after [`COMMIT_PERIOD`] it is withdrawn.
    pub fn take_over(&mut self, local: Option<&Room>, now: Timestamp) {
        for entry in self.entries.values_mut() {
            let Some(prepared) = entry.prepared.take() else {
                continue;
            };
            let here = local.map(|room| Wanted {
                value: local_value(self.class, room, &entry.item),
            });
            let mut older = prepared.into_all();
            let at = older
                .iter()
                .rposition(|prepared| here.as_ref() == Some(&prepared.wanted));
            let newer = older.split_off(at.map_or(0, |at| at + 1));
            for prepared in older {
                // A value that replaces another one that is being sent, as an undo does, takes its place.
                let before = prepared.before.as_ref();
                let mut committed = replaced(entry.committed.take(), prepared.wanted, before);
                committed.reason = prepared.reason;
                entry.committed = Some(committed);
            }
            // The clock may have been set back since.
            let is_recent = |prepared: &Prepared| now.duration_since(prepared.time).abs() <= COMMIT_PERIOD;
            entry.prepared = Prepared::last_of(newer).filter(is_recent);
        }
        self.tidy();
    }

    /// Takes over what was prepared of these items since this outbox was read, as far as it is in the file. `stored` is the
    /// document, and is updated: what was prepared of other items stays there. Returns the items whose changes were replaced.
    pub fn take_over_since(&mut self, stored: &mut Self, local: Option<&Room>, now: Timestamp) -> Vec<Item> {
        let mut before = Vec::new();
        for (item, entry) in &mut self.entries {
            let there = stored.entries.get(item);
            entry.prepared = there.and_then(|there| there.prepared.clone());
            if entry.prepared.is_some() {
                before.push((item.clone(), entry.committed.clone()));
            }
        }
        self.take_over(local, now);
        let all = std::mem::replace(stored, self.clone());
        for (item, there) in all.entries {
            if there.prepared.is_some() && !self.entries.contains_key(&item) {
                stored.entry(&item).prepared = there.prepared;
            }
        }
        let committed = |item: &Item| self.entries.get(item).and_then(|entry| entry.committed.as_ref());
        before.retain(|(item, before)| committed(item) != before.as_ref());
        before.into_iter().map(|(item, _)| item).collect()
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

impl Prepared {
    /// This change and those before, oldest first, each without the others.
    fn into_all(mut self) -> Vec<Self> {
        let mut all = std::mem::take(&mut self.earlier);
        all.push(self);
        all
    }

    /// The last of these changes, with those before.
    fn last_of(mut all: Vec<Self>) -> Option<Self> {
        let last = all.pop()?;
        all.drain(..all.len().saturating_sub(MAX_EARLIER_CHANGES));
        Some(Self { earlier: all, ..last })
    }
}
