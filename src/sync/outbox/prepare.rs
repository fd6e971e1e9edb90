//! Changes that are about to be committed: prepared, then taken over or withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{COMMIT_PERIOD, KnownValue, Outbox, Prepared, replaced};
use crate::model::Room;
use crate::sync::{ChangedItem, Item, local_value};

/// Maximum number of earlier prepared changes that are kept for an item.
const MAX_EARLIER_CHANGES: usize = 16;

impl Outbox {
    /// Adds prepared changes: changes that are about to be committed. The outbox must be durable before the commit. `reason` is
    /// sent with changes of affiliations.
    pub fn prepare(&mut self, changed: &[ChangedItem], reason: Option<&Arc<str>>, time: Timestamp) {
        let class = self.class;
        for changed in changed.iter().filter(|changed| class.holds(&changed.item)) {
            let [before, wanted] =
                [&changed.before, &changed.after].map(|value| KnownValue { value: value.clone() });
            let entry = self.entry(&changed.item);
            let mut all = entry.prepared.take().map(Prepared::into_all).unwrap_or_default();
            // An earlier change whose value the file does not have was not committed.
            let last_in_file = all.iter().rposition(|prepared| prepared.wanted == before);
            all.truncate(last_in_file.map_or(0, |index| index + 1));
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

    /// Removes the last prepared changes of these items, because these changes were not committed. Changes that were prepared
    /// before them stay, because they may be in the file.
    pub fn withdraw(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item) {
                entry.prepared = entry
                    .prepared
                    .take()
                    .and_then(|withdrawn| Prepared::last_of(withdrawn.earlier));
            }
        }
        self.remove_empty_entries();
    }

    /// Takes over prepared changes that are in the file: they wait to be sent. A prepared change that is not in the file is
    /// being committed by another session, or was lost in a crash; after [`COMMIT_PERIOD`] it is withdrawn.
    ///
    /// The result need not be stored before the changes are sent, because the stored outbox leads to the same result. So a
    /// change that was prepared at or before `sent_until` may have been sent by a session that ended before it could store an
    /// answer.
    pub fn take_over(&mut self, local: Option<&Room>, now: Timestamp, sent_until: Timestamp) {
        for entry in self.entries.values_mut() {
            let Some(prepared) = entry.prepared.take() else {
                continue;
            };
            let file_value = local.map(|room| KnownValue {
                value: local_value(self.class, room, &entry.item),
            });
            let mut older = prepared.into_all();
            let last_in_file = older
                .iter()
                .rposition(|prepared| file_value.as_ref() == Some(&prepared.wanted));
            let newer = older.split_off(last_in_file.map_or(0, |index| index + 1));
            let mut handled = older.last().cloned();
            for prepared in older {
                // A change can replace another one that is being sent, for example as its undo.
                let before = prepared.before.as_ref();
                let mut committed = replaced(entry.committed.take(), prepared.wanted, before);
                committed.reason = prepared.reason;
                if prepared.time <= sent_until {
                    committed.times_sent = committed.times_sent.max(1);
                }
                entry.committed = Some(committed);
            }
            // The clock may have been set back since.
            let is_recent = |prepared: &Prepared| now.duration_since(prepared.time).abs() <= COMMIT_PERIOD;
            entry.prepared = Prepared::last_of(newer);
            if let Some(withdrawn) = entry.prepared.take_if(|prepared| !is_recent(prepared)) {
                handled = withdrawn.into_all().pop();
            }
            if let Some(handled) = handled {
                self.handled.insert(entry.item.clone(), handled);
            }
        }
        self.remove_empty_entries();
    }

    /// Takes over the changes that other sessions prepared for the items of this outbox since the outbox was read, as far as
    /// these changes are in the file. `stored` is the stored outbox, and is updated; changes that were prepared for other items
    /// stay in it. Returns the items whose changes were replaced.
    pub fn take_over_since(&mut self, stored: &mut Self, local: Option<&Room>, now: Timestamp) -> Vec<Item> {
        self.adopt_prepared(stored);
        let all = std::mem::take(&mut self.entries).into_iter();
        let (own, others) = all.partition(|(_, entry)| entry.committed.is_some());
        self.entries = own;
        let prepared = self.entries.iter().filter(|(_, entry)| entry.prepared.is_some());
        let mut replaced: Vec<_> = prepared
            .map(|(item, entry)| (item.clone(), entry.committed.clone()))
            .collect();
        // No other session can have sent these changes, because this session has the lock.
        self.take_over(local, now, Timestamp::MIN);
        *stored = self.clone();
        stored.entries.extend::<BTreeMap<_, _>>(others);
        let committed = |item: &Item| self.entries.get(item).and_then(|entry| entry.committed.as_ref());
        replaced.retain(|(item, before)| committed(item) != before.as_ref());
        replaced.into_iter().map(|(item, _)| item).collect()
    }

    /// Adopts the prepared changes of the stored outbox, except those that this outbox has taken over or withdrawn. Other
    /// sessions of the account change only the prepared changes; this session, which has the lock, changes the rest.
    pub fn adopt_prepared(&mut self, stored: &Self) {
        for entry in self.entries.values_mut() {
            entry.prepared = None;
        }
        for (item, entry) in &stored.entries {
            let Some(prepared) = entry.prepared.clone() else {
                continue;
            };
            let mut all = prepared.into_all();
            let handled = self.handled.get(item);
            let last_handled = all.iter().rposition(|prepared| Some(prepared) == handled);
            all.drain(..last_handled.map_or(0, |index| index + 1));
            self.entry(item).prepared = Prepared::last_of(all);
        }
        self.remove_empty_entries();
    }
}

impl Prepared {
    /// Returns this change and the earlier ones, oldest first, each without its earlier changes.
    fn into_all(mut self) -> Vec<Self> {
        let mut all = std::mem::take(&mut self.earlier);
        all.push(self);
        all
    }

    /// Returns the last of these changes, with up to [`MAX_EARLIER_CHANGES`] of the changes before it as its earlier changes;
    /// `None` if there are no changes.
    fn last_of(mut all: Vec<Self>) -> Option<Self> {
        let last = all.pop()?;
        all.drain(..all.len().saturating_sub(MAX_EARLIER_CHANGES));
        Some(Self { earlier: all, ..last })
    }
}
