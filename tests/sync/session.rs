//! One account's session: the file, the outbox and the simulated server.

use std::collections::BTreeSet;

use hatrack::sync::{
    AnswerTime, BaseUpdate, COMMIT_PERIOD, Item, ItemChange, ItemOutcome, ItemValue, Outbox, Stream,
    changed_items,
};
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
    /// What a crash leaves of the outbox; `None`: all of it.
    pub(crate) stored: Option<Outbox>,
    /// What the stored outbox leads to.
    pub(crate) written: Outbox,
}

impl Session {
    pub(crate) fn of(sides: Sides) -> Self {
        let outbox = Outbox::new("test", sides.class, &room());
        Self {
            sides,
            written: outbox.clone(),
            outbox,
            stored: None,
        }
    }

    /// Prepares a change; gives the items. The file has it when it is committed.
    pub(crate) fn prepare(&mut self, change: impl FnOnce(&mut Sides)) -> (Sides, BTreeSet<Item>) {
        let mut after = self.sides.clone();
        change(&mut after);
        let group = self.sides.file.diff(&after.file);
        let [before, now] = [&self.sides, &after].map(|sides| sides.local().map(|room| &**room));
        let changed = changed_items(self.sides.class, &room(), &group, before, now);
        for outbox in self.stored.iter_mut().chain([&mut self.outbox]) {
            outbox.prepare(&changed, None, seconds(0));
        }
        (after, changed.into_iter().map(|changed| changed.item).collect())
    }

    pub(crate) fn commit(&mut self, change: impl FnOnce(&mut Sides)) {
        let (after, _) = self.prepare(change);
        self.sides.file = after.file;
        self.take_over(0);
    }

    /// The sender finds what is in the file.
    pub(crate) fn take_over(&mut self, at: i64) {
        let local = self.sides.local().cloned();
        self.outbox
            .take_over(local.as_deref(), seconds(at), Timestamp::MIN);
        self.written = self.outbox.as_stored();
    }

    pub(crate) fn next(&mut self) -> Vec<ItemChange> {
        let plan = self.sides.merge();
        let local = self.sides.local().cloned();
        let changes = self
            .outbox
            .next_changes(local.as_deref(), self.sides.base.as_ref(), Some(&plan));
        // That it was never sent may not stay stored.
        if !self.outbox.is_stored_as(&self.written) {
            self.store();
        }
        changes
    }

    pub(crate) fn one(&mut self) -> ItemChange {
        let mut next = self.next();
        assert_eq!(next.len(), 1, "{next:?}");
        next.remove(0)
    }

    pub(crate) fn moves(&mut self, moves: impl IntoIterator<Item = BaseUpdate>) {
        for step in moves {
            self.sides.base.as_mut().unwrap().set(&step.item, step.value);
        }
    }

    pub(crate) fn answer(&mut self, change: &ItemChange, outcome: &ItemOutcome, at: i64, stream: u64) {
        self.answer_by(change, outcome, at, (stream, at));
    }

    /// An answer on a connection that was opened at a time.
    pub(crate) fn answer_by(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        at: i64,
        stream: (u64, i64),
    ) {
        self.answer_late(change, outcome, (at, at), stream);
    }

    /// An answer that was asked for and handled at these times.
    pub(crate) fn answer_late(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        (asked, handled): (i64, i64),
        (number, since): (u64, i64),
    ) {
        let stream = Stream {
            number,
            since: seconds(since),
        };
        let at = AnswerTime::new(seconds(asked), seconds(handled));
        let step = self.outbox.answer(change, outcome, at, stream);
        self.moves(step);
        let base = self.sides.base.as_mut().unwrap();
        for (item, value, answered) in self.outbox.answered() {
            base.note_answer(item, value.cloned(), answered.at);
        }
        self.store();
    }

    pub(crate) fn store(&mut self) {
        if let Some(stored) = &mut self.stored {
            self.outbox.adopt_prepared(stored);
            *stored = self.outbox.clone();
            self.outbox.note_stored();
        }
        self.written = self.outbox.clone();
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

    /// Reads on a connection of its own or that of an answer.
    pub(crate) fn read(&mut self, at: i64, stream: u64) {
        self.read_by(at, stream, at);
    }

    /// Reads on a connection that was opened at a time.
    pub(crate) fn read_by(&mut self, at: i64, number: u64, since: i64) {
        let stream = Stream {
            number,
            since: seconds(since),
        };
        let (remote, base) = (&self.sides.remote, self.sides.base.as_ref());
        let moves = self.outbox.read_back(remote, base, seconds(at), stream);
        self.moves(moves);
        self.store();
    }

    pub(crate) fn known(&self, item: &Item) -> Option<ItemValue> {
        self.sides.base.as_ref().unwrap().value(item)
    }

    /// Written down and read again, as after a crash.
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
        // So long after the commit was begun that it must have failed.
        let local = self.sides.local().cloned();
        let later = seconds(COMMIT_PERIOD.as_secs() + 1);
        self.outbox.take_over(local.as_deref(), later, Timestamp::MAX);
        self.written = self.outbox.as_stored();
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
