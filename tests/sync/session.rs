//! One account's session: the file, the outbox and the simulated server.

use std::collections::BTreeSet;

use hatrack::sync::{BaseMove, Item, ItemChange, ItemOutcome, ItemValue, Outbox, changed_items};
use jiff::{SignedDuration, Timestamp};

use crate::sides::*;

pub(crate) fn seconds(seconds: i64) -> Timestamp {
    minute(0) + SignedDuration::from_secs(seconds)
}

pub(crate) fn item(user: &str, id: &str) -> Item {
    Item::Hat {
        user: jid(user),
        hat: hat(id),
    }
}

pub(crate) const DONE: ItemOutcome = ItemOutcome::Done { saved: true };
pub(crate) const ANSWERED: ItemOutcome = ItemOutcome::Done { saved: false };

pub(crate) struct Session {
    pub(crate) sides: Sides,
    pub(crate) outbox: Outbox,
}

impl Session {
    pub(crate) fn of(sides: Sides) -> Self {
        let outbox = Outbox::new("test", sides.class, &room());
        Self { sides, outbox }
    }

    /// Prepares a change; gives the items. The file has it when it is committed.
    pub(crate) fn prepare(&mut self, change: impl FnOnce(&mut Sides)) -> (Sides, BTreeSet<Item>) {
        let mut after = self.sides.clone();
        change(&mut after);
        let group = self.sides.file.diff(&after.file);
        let [before, now] = [&self.sides, &after].map(|sides| sides.local().map(|room| &**room));
        let changed = changed_items(self.sides.class, &room(), &group, before, now);
        assert!(self.outbox.prepare(&changed, false, None));
        (after, changed.into_iter().map(|changed| changed.item).collect())
    }

    pub(crate) fn commit(&mut self, change: impl FnOnce(&mut Sides)) {
        let (after, items) = self.prepare(change);
        self.sides.file = after.file;
        self.outbox.committed(&items);
    }

    pub(crate) fn next(&mut self) -> Vec<ItemChange> {
        let plan = self.sides.merge();
        let local = self.sides.local().cloned();
        self.outbox
            .next(local.as_deref(), self.sides.base.as_ref(), Some(&plan))
    }

    pub(crate) fn one(&mut self) -> ItemChange {
        let mut next = self.next();
        assert_eq!(next.len(), 1, "{next:?}");
        next.remove(0)
    }

    pub(crate) fn moves(&mut self, moves: impl IntoIterator<Item = BaseMove>) {
        for step in moves {
            self.sides.base.as_mut().unwrap().set(&step.item, step.value);
        }
    }

    pub(crate) fn answer(&mut self, change: &ItemChange, outcome: &ItemOutcome, at: i64, stream: u64) {
        let step = self.outbox.answer(change, outcome, seconds(at), stream);
        self.moves(step);
    }

    /// Sends to the simulated server, which answers.
    pub(crate) fn send(&mut self, at: i64, stream: u64) -> usize {
        let next = self.next();
        for change in &next {
            let outcome = crate::world::apply(&mut self.sides.remote, self.sides.class, change);
            self.answer(change, &outcome, at, stream);
        }
        next.len()
    }

    pub(crate) fn read(&mut self, at: i64, stream: u64) {
        let moves = self
            .outbox
            .read_back(&self.sides.remote, self.sides.base.as_ref(), seconds(at), stream);
        self.moves(moves);
    }

    pub(crate) fn known(&self, item: &Item) -> Option<ItemValue> {
        self.sides.base.as_ref().unwrap().value(item)
    }

    /// Written down and read again, as after a crash.
    pub(crate) fn restart(&mut self) {
        let empty = Outbox::new("test", self.sides.class, &room());
        self.outbox = match self.outbox.to_bytes() {
            Some(bytes) => Outbox::read(&bytes, "test", self.sides.class, &room()).unwrap(),
            None => empty,
        };
        let local = self.sides.local().cloned();
        self.outbox.recover(local.as_deref());
    }
}

pub(crate) fn with_terry(class: hatrack::sync::ServerClass) -> Session {
    Session::of(Sides::known(class, |sides| {
        sides
            .both_entry("t", "T")
            .both_entry("s", "S")
            .member("terry", &[("s", "a S")]);
    }))
}
