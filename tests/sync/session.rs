//! One account's session: the file, the outbox and the simulated server.

use std::collections::BTreeSet;

use hatrack::sync::{
    AnswerTime, BaseUpdate, COMMIT_PERIOD, Item, ItemChange, ItemOutcome, ItemValue, Outbox, Stream,
    changed_items,
};
use jiff::{SignedDuration, Timestamp};

use crate::sides::*;

pub(crate) fn after_seconds(seconds: i64) -> Timestamp {
    after_minutes(0) + SignedDuration::from_secs(seconds)
}

pub(crate) fn item(user: &str, id: &str) -> Item {
    Item::Hat {
        user: jid(user),
        hat: hat(id),
    }
}

pub(crate) const DONE: ItemOutcome = ItemOutcome::Done { saved: true };
pub(crate) const DONE_UNSAVED: ItemOutcome = ItemOutcome::Done { saved: false };

pub(crate) struct Session {
    pub(crate) sides: Sides,
    pub(crate) outbox: Outbox,
    /// The stored outbox, which is left after a crash; `None`: the same as `outbox`.
    pub(crate) stored: Option<Outbox>,
    /// The outbox that another session would get from the stored one ([`Outbox::as_stored`]).
    pub(crate) as_stored: Outbox,
}

impl Session {
    pub(crate) fn of(sides: Sides) -> Self {
        let outbox = Outbox::new("test", sides.class, &room());
        Self {
            sides,
            as_stored: outbox.clone(),
            outbox,
            stored: None,
        }
    }

    /// Prepares a change, without changing the file. Returns the sides after the change, and the changed items.
    pub(crate) fn prepare(&mut self, change: impl FnOnce(&mut Sides)) -> (Sides, BTreeSet<Item>) {
        let mut after = self.sides.clone();
        change(&mut after);
        let group = self.sides.file.diff(&after.file);
        let [before, now] = [&self.sides, &after].map(|sides| sides.local().map(|room| &**room));
        let changed = changed_items(self.sides.class, &room(), &group, before, now);
        for outbox in self.stored.iter_mut().chain([&mut self.outbox]) {
            outbox.prepare(&changed, None, after_seconds(0));
        }
        (after, changed.into_iter().map(|changed| changed.item).collect())
    }

    pub(crate) fn commit(&mut self, change: impl FnOnce(&mut Sides)) {
        let (after, _) = self.prepare(change);
        self.sides.file = after.file;
        self.take_over(0);
    }

    /// Takes over the prepared changes that are in the file, at this second.
    pub(crate) fn take_over(&mut self, at: i64) {
        let local = self.sides.local().cloned();
        self.outbox
            .take_over(local.as_deref(), after_seconds(at), Timestamp::MIN);
        self.as_stored = self.outbox.as_stored();
    }

    /// The changes to send next.
    pub(crate) fn next_changes(&mut self) -> Vec<ItemChange> {
        let plan = self.sides.merge();
        let local = self.sides.local().cloned();
        let changes = self
            .outbox
            .next_changes(local.as_deref(), self.sides.base.as_ref(), Some(&plan));
        // The stored outbox must not say that these changes were never sent.
        if !self.outbox.is_stored_as(&self.as_stored) {
            self.store();
        }
        changes
    }

    /// The only change to send next.
    pub(crate) fn next_change(&mut self) -> ItemChange {
        let mut changes = self.next_changes();
        assert_eq!(changes.len(), 1, "{changes:?}");
        changes.remove(0)
    }

    fn apply_base_updates(&mut self, updates: impl IntoIterator<Item = BaseUpdate>) {
        for update in updates {
            self.sides.base.as_mut().unwrap().set(&update.item, update.value);
        }
    }

    /// Handles an answer at this second, on a connection with this number that was opened at the same time.
    pub(crate) fn answer(&mut self, change: &ItemChange, outcome: &ItemOutcome, at: i64, stream: u64) {
        self.answer_late(change, outcome, (at, at), (stream, at));
    }

    /// Handles an answer: the seconds at which the server was asked and the answer is handled; the number of the
    /// connection, and the second since which it has been open.
    pub(crate) fn answer_late(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        (asked, handled): (i64, i64),
        (number, since): (u64, i64),
    ) {
        let stream = Stream {
            number,
            since: after_seconds(since),
        };
        let at = AnswerTime::new(after_seconds(asked), after_seconds(handled));
        let update = self.outbox.answer(change, outcome, at, stream);
        self.apply_base_updates(update);
        let base = self.sides.base.as_mut().unwrap();
        for (item, value, answered) in self.outbox.answered() {
            base.note_answer(item, value.cloned(), answered.at);
        }
        self.store();
    }

    /// Stores the outbox.
    pub(crate) fn store(&mut self) {
        if let Some(stored) = &mut self.stored {
            self.outbox.adopt_prepared(stored);
            *stored = self.outbox.clone();
            self.outbox.note_stored();
        }
        self.as_stored = self.outbox.clone();
    }

    /// Sends the next changes to the simulated server, and handles its answers. Returns the number of changes.
    pub(crate) fn send(&mut self, at: i64, stream: u64) -> usize {
        let changes = self.next_changes();
        for change in &changes {
            let outcome = crate::world::apply(&mut self.sides.remote, self.sides.class, change);
            self.answer(change, &outcome, at, stream);
        }
        changes.len()
    }

    /// Reads the room at this second, on a connection with this number that was opened at the same time.
    pub(crate) fn read(&mut self, at: i64, stream: u64) {
        self.read_since(at, stream, at);
    }

    /// Reads the room at this second, on a connection with this number that has been open since another second.
    pub(crate) fn read_since(&mut self, at: i64, number: u64, since: i64) {
        let stream = Stream {
            number,
            since: after_seconds(since),
        };
        let (remote, base) = (&self.sides.remote, self.sides.base.as_ref());
        let updates = self.outbox.read_back(remote, base, after_seconds(at), stream);
        self.apply_base_updates(updates);
        self.store();
    }

    /// The value of an item in the base.
    pub(crate) fn base_value(&self, item: &Item) -> Option<ItemValue> {
        self.sides.base.as_ref().unwrap().value(item)
    }

    /// Reads the stored outbox, as the next session does after a crash.
    pub(crate) fn restart(&mut self) {
        let empty = Outbox::new("test", self.sides.class, &room());
        let stored = self.stored.as_ref().unwrap_or(&self.outbox);
        self.outbox = match stored.to_bytes() {
            Some(bytes) => Outbox::read(&bytes, "test", self.sides.class, &room()).unwrap(),
            None => empty,
        };
        if let Some(stored) = &mut self.stored {
            *stored = self.outbox.clone();
        }
        // Prepared changes that are not in the file by this time were not committed.
        let local = self.sides.local().cloned();
        let later = after_seconds(COMMIT_PERIOD.as_secs() + 1);
        self.outbox.take_over(local.as_deref(), later, Timestamp::MAX);
        self.as_stored = self.outbox.as_stored();
    }
}

/// A session with a compared room, in which the member `terry` has the hat `s`, but not `t`.
pub(crate) fn session_with_terry(class: hatrack::sync::ServerClass) -> Session {
    Session::of(Sides::compared(class, |sides| {
        sides
            .set_both_entry("t", "T")
            .set_both_entry("s", "S")
            .add_member("terry", &[("s", "a S")]);
    }))
}
