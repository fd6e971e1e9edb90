//! What is sent to one room: its outbox and its base, while the room's lock is held.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::files::{RoomLock, ServerFiles};
use crate::model::Room;
use crate::store::StoreError;
use crate::sync::{
    Base, BaseMove, Decision, Item, ItemChange, ItemOutcome, Outbox, RemoteRoom, RoomPlan, RoomReport,
    SendState, ServerClass, Subject,
};

/// How long an answer may wait to be written down together with others: what is lost with this process is asked again.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);
/// The base lags behind all the longer: the outbox has what it lacks.
const BASE_INTERVAL: Duration = Duration::from_secs(2);
/// How often one change is sent.
const MOST_TRIES: u8 = 4;

/// When something is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// At once.
    Now,
    /// With what follows.
    Soon,
}

/// What is sent to one room.
pub(super) struct Job {
    /// What differs, as last read.
    pub(super) plan: RoomPlan,
    pub(super) base: Option<Base>,
    pub(super) local: Option<Arc<Room>>,
    pub(super) revision: u64,
    /// Changes of the plan that are not answered yet.
    pub(super) open: BTreeSet<Item>,
    /// No answer came for something.
    pub(super) unknown: bool,
    /// Why the server could not store what it took, for people.
    pub(super) unsaved: Option<String>,
    report: RoomReport,
    outbox: Outbox,
    written: Outbox,
    outbox_written: Instant,
    moves: Vec<BaseMove>,
    base_written: Instant,
    tries: BTreeMap<Item, u8>,
    last: BTreeMap<Item, (ItemChange, ItemOutcome)>,
    over: bool,
    _lock: RoomLock,
}

impl Job {
    pub(super) fn new(plan: &RoomPlan, outbox: Outbox, base: Option<Base>, lock: RoomLock) -> Self {
        Self {
            plan: plan.clone(),
            base,
            local: None,
            revision: 0,
            open: BTreeSet::new(),
            unknown: false,
            unsaved: None,
            report: RoomReport::new(plan),
            written: outbox.clone(),
            outbox,
            outbox_written: Instant::now(),
            moves: Vec::new(),
            base_written: Instant::now(),
            tries: BTreeMap::new(),
            last: BTreeMap::new(),
            over: false,
            _lock: lock,
        }
    }

    /// What somebody decided not to send does not go since an earlier session began with it.
    pub(super) fn forget_what_is_skipped(&mut self) {
        for line in &self.plan.lines {
            if let Subject::Item(item) = &line.subject
                && line.decision != Decision::Send
                && !line.implied
                && self.outbox.state(item) == Some(&SendState::Waiting)
            {
                self.outbox.forget(item);
            }
        }
    }

    /// Puts what is sent of the plan into the outbox.
    pub(super) fn put(&mut self, changes: Vec<(ItemChange, bool)>) {
        self.open = changes.iter().map(|(change, _)| change.item.clone()).collect();
        self.outbox.put_plan(changes);
    }

    /// Whether something may still be sent.
    pub(super) fn is_open(&self) -> bool {
        !self.over
    }

    /// What goes next; nothing goes more often than makes sense.
    pub(super) fn next(&mut self) -> Vec<ItemChange> {
        let mut changes = self
            .outbox
            .next(self.local.as_deref(), self.base.as_ref(), Some(&self.plan));
        changes.retain(|change| {
            let tries = self.tries.entry(change.item.clone()).or_default();
            *tries += 1;
            *tries <= MOST_TRIES
        });
        self.over = changes.is_empty();
        changes
    }

    /// Takes an answer; gives whether the change is done with.
    pub(super) fn answer(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        now: Timestamp,
        stream: u64,
    ) -> bool {
        let step = self.outbox.answer(change, outcome, now, stream);
        self.take_moves(step);
        self.unknown |= *outcome == ItemOutcome::Unknown;
        self.last
            .insert(change.item.clone(), (change.clone(), outcome.clone()));
        let waits = self.outbox.state(&change.item) == Some(&SendState::Waiting);
        !waits && self.open.remove(&change.item)
    }

    /// Takes a read after the connection broke.
    pub(super) fn read_back(&mut self, remote: &RemoteRoom, began: Timestamp, stream: u64) {
        let moves = self.outbox.read_back(remote, self.base.as_ref(), began, stream);
        self.take_moves(moves);
    }

    fn take_moves(&mut self, moves: impl IntoIterator<Item = BaseMove>) {
        for step in moves {
            if let Some(base) = &mut self.base {
                base.set(&step.item, step.value.clone());
            }
            self.moves.push(step);
        }
    }

    /// Whether the server's room is the one that the plan was made for.
    pub(super) fn is_same_room(&self, remote: &RemoteRoom) -> bool {
        let same = match (&self.plan.remote().created, &remote.created) {
            (Some(then), Some(now)) => then == now,
            _ => true,
        };
        same && self
            .base
            .as_ref()
            .is_none_or(|base| base.check_room(remote).is_ok())
    }

    /// Nothing more is sent this time; the next session goes on.
    pub(super) fn give_up(&mut self, why: &str) {
        self.over = true;
        self.report.error.get_or_insert_with(|| why.to_owned());
    }

    /// Nothing more is ever sent of this: the room is gone, or another one.
    pub(super) fn abandon(&mut self, why: &str) {
        self.outbox.clear();
        self.moves.clear();
        self.give_up(why);
    }

    /// Writes down what changed: the outbox, then the base.
    pub(super) fn write(
        &mut self,
        files: &ServerFiles,
        server: &Arc<str>,
        writing: Writing,
    ) -> Result<(), StoreError> {
        let due = |since: Instant, interval| writing == Writing::Now || since.elapsed() >= interval;
        if due(self.outbox_written, WRITE_INTERVAL) && self.outbox != self.written {
            files.write_outbox(&self.outbox)?;
            self.written = self.outbox.clone();
            self.outbox_written = Instant::now();
        }
        if !due(self.base_written, BASE_INTERVAL) || self.moves.is_empty() || self.outbox != self.written {
            return Ok(());
        }
        let moves = std::mem::take(&mut self.moves);
        let (class, room, revision) = (self.plan.class, &self.plan.room, self.revision);
        let remote = self.plan.remote();
        files.update_base(room, |there| {
            let there = there.ok().flatten();
            let there = there.filter(|base| base.check(server, class, revision).is_ok());
            let mut base = there.unwrap_or_else(|| {
                let mut base = Base::new(server, class, room);
                base.created.clone_from(&remote.created);
                base.revision = revision;
                base
            });
            for step in moves {
                base.set(&step.item, step.value);
            }
            Some(base)
        })?;
        self.base_written = Instant::now();
        Ok(())
    }

    /// What came of it; the base and the outbox as they are now.
    pub(super) fn end(mut self) -> (RoomReport, Option<Base>, Outbox) {
        let stores = self.plan.class == ServerClass::Prosody;
        for (item, (change, outcome)) in &self.last {
            let waits = self.outbox.state(item) == Some(&SendState::Waiting);
            if !waits || *outcome == ItemOutcome::Unknown {
                self.report.add(change, outcome, stores);
            }
        }
        self.report.unsent = self
            .open
            .iter()
            .filter(|item| !self.last.contains_key(*item))
            .count();
        if let Some(why) = self.unsaved {
            let text = format!("the server could not save the room: {why}");
            self.report.error.get_or_insert(text);
        }
        (self.report, self.base, self.outbox)
    }
}
