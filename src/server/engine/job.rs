//! The changes to send to one room, with its outbox and base, while the room's lock is held.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::files::{RoomLock, ServerFiles};
use super::data::{BaseStep, DataFile};
use crate::model::Room;
use crate::store::StoreError;
use crate::sync::{
    Affiliations, AnswerTime, Base, BaseMove, Decision, Item, ItemChange, ItemOutcome, Line, Outbox,
    RemoteRoom, RoomPlan, RoomReport, SendState, Stream, Subject,
};

/// How long an answer may wait to be stored together with others. If it is lost with the process, the next session finds out
/// what the server has.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);
/// The same for the base, which may wait longer, because the outbox has what the base lacks.
const BASE_INTERVAL: Duration = Duration::from_secs(2);
/// How often a change is sent at most in one job.
const MAX_TRIES: u8 = 4;

/// When to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Immediately.
    Now,
    /// Together with later changes.
    Soon,
}

/// The changes to send to one room.
pub(super) struct Job {
    /// The merge with the last read.
    pub(super) plan: RoomPlan,
    pub(super) base: Option<Arc<Base>>,
    pub(super) local: Option<Arc<Room>>,
    pub(super) revision: u64,
    /// How changed affiliations are handled.
    pub(super) affiliations: Affiliations,
    /// The items of unfinished changes of the plan.
    pub(super) unfinished: BTreeSet<Item>,
    /// A time not later than when the server was asked for the next answer.
    pub(super) asked_at: Timestamp,
    /// Whether an answer is missing, so that the room has to be read.
    pub(super) lacks_answer: bool,
    /// Whether the file no longer has the value of a waiting change.
    pub(super) is_outdated: bool,
    /// Why the server could not store accepted changes, for display.
    pub(super) unsaved: Option<String>,
    /// Why answers could not be recorded, for display; `None` if they could.
    unrecorded: Option<String>,
    report: RoomReport,
    outbox: Outbox,
    /// The outbox as it was before the plan's changes were added.
    before: Outbox,
    /// The outbox as it is stored, or as the stored one is after taking over its prepared changes.
    written: Outbox,
    outbox_written: Instant,
    /// Updates that the stored base does not have yet.
    moves: Vec<BaseStep>,
    /// Items with answers that are not noted in the stored base yet.
    unnoted: BTreeSet<Item>,
    base_written: Instant,
    /// How often each item's change was sent.
    tries: BTreeMap<Item, u8>,
    /// The last sent change of each item, and its outcome.
    last_outcomes: BTreeMap<Item, (ItemChange, ItemOutcome)>,
    is_over: bool,
    lock: RoomLock,
}

impl Job {
    pub(super) fn new(plan: &RoomPlan, outbox: Outbox, base: Option<Arc<Base>>, lock: RoomLock) -> Self {
        Self {
            plan: plan.clone(),
            base,
            local: None,
            revision: 0,
            affiliations: Affiliations::default(),
            unfinished: BTreeSet::new(),
            asked_at: Timestamp::now(),
            lacks_answer: false,
            is_outdated: false,
            unsaved: None,
            unrecorded: None,
            report: RoomReport::new(plan),
            written: outbox.as_stored(),
            before: outbox.clone(),
            outbox,
            outbox_written: Instant::now(),
            moves: Vec::new(),
            unnoted: BTreeSet::new(),
            base_written: Instant::now(),
            tries: BTreeMap::new(),
            last_outcomes: BTreeMap::new(),
            is_over: false,
            lock,
        }
    }

    /// Removes waiting changes whose lines are not sent by the current decisions: an earlier session may have begun them.
    pub(super) fn forget_skipped(&mut self) {
        let (mut items, mut users) = (BTreeSet::new(), BTreeSet::new());
        let skipped = |line: &&Line| line.decision != Decision::Send && !line.implied;
        for line in self.plan.lines.iter().filter(skipped) {
            match &line.subject {
                Subject::Name => {}
                Subject::Item(item) => drop(items.insert(item)),
                Subject::User(user) => drop(users.insert(user)),
            }
        }
        let is_skipped =
            |item: &Item| items.contains(item) || item.user().is_some_and(|user| users.contains(user));
        let waiting = self.outbox.states();
        let waiting = waiting.filter(|(item, state)| **state == SendState::Waiting && is_skipped(item));
        let skipped: Vec<Item> = waiting.map(|(item, _)| item.clone()).collect();
        for item in &skipped {
            self.outbox.forget(item);
        }
    }

    /// Removes the plan's changes that were not sent, because someone stopped it: they are left to the next plan.
    pub(super) fn remove_unsent(&mut self) {
        let waiting = self.outbox.states();
        let waiting = waiting
            .filter(|(item, state)| **state == SendState::Waiting && !self.last_outcomes.contains_key(item));
        let unsent: Vec<Item> = waiting.map(|(item, _)| item.clone()).collect();
        for item in &unsent {
            self.outbox.put_back(item, &self.before);
        }
    }

    /// Adds the plan's changes to the outbox.
    pub(super) fn add_changes(&mut self, changes: Vec<(ItemChange, bool)>) {
        self.unfinished = changes.iter().map(|(change, _)| change.item.clone()).collect();
        self.outbox.put_plan(changes);
    }

    /// Whether changes may still be sent.
    pub(super) fn may_send(&self) -> bool {
        !self.is_over
    }

    /// Takes the file as it is now, so that changes that were undone or replaced in the meantime are not sent. Returns whether
    /// there were any.
    ///
    /// Errors: why nothing can be sent now, for display.
    pub(super) fn refresh(&mut self, files: &ServerFiles, data: &DataFile) -> Result<bool, String> {
        self.is_outdated = false;
        let newer = data.newer(&self.plan.room, self.revision);
        let Some((local, revision)) = newer.map_err(|error| error.to_string())? else {
            return Ok(false);
        };
        (self.local, self.revision) = (local, revision);
        if let Some(base) = &self.base {
            let checked = data.check(base, self.plan.class, revision);
            checked.map_err(|reason| format!("{reason}; compare the room again"))?;
        }
        if !self.outbox.has_outdated(self.local.as_deref()) {
            return Ok(false);
        }
        let replaced = files.take_over_since(&mut self.outbox, self.local.as_deref(), &mut self.lock);
        for item in replaced.map_err(|error| error.to_string())? {
            // The plan did not add this change, so it stays if someone stops the plan.
            self.before.put_back(&item, &self.outbox);
        }
        self.written = self.outbox.clone();
        self.outbox
            .drop_finished(self.local.as_deref(), self.base.as_deref());
        let outbox = &self.outbox;
        self.unfinished.retain(|item| outbox.state(item).is_some());
        Ok(true)
    }

    /// Checks and returns whether the file no longer has the value of a waiting change.
    pub(super) fn note_outdated(&mut self, data: &DataFile) -> bool {
        let newer = data.newer(&self.plan.room, self.revision);
        self.is_outdated = match newer {
            Ok(Some((local, _))) => self.outbox.has_outdated(local.as_deref()),
            Ok(None) => false,
            // The next round reports the error.
            Err(_) => true,
        };
        self.is_outdated
    }

    /// Notes that sending these changes ended early: those without an answer were not sent, and do not count as tried.
    pub(super) fn not_tried(&mut self, changes: &[ItemChange]) {
        for ItemChange { item, .. } in changes {
            if self.waits(item) && !self.last_outcomes.contains_key(item) {
                self.outbox.not_sent(item);
                if let Some(tries) = self.tries.get_mut(item) {
                    *tries = tries.saturating_sub(1);
                }
            }
        }
    }

    /// The next changes to send, each only a limited number of times.
    pub(super) fn next(&mut self) -> Vec<ItemChange> {
        let mut changes = self
            .outbox
            .next(self.local.as_deref(), self.base.as_deref(), Some(&self.plan));
        changes.retain(|change| {
            let tries = self.tries.entry(change.item.clone()).or_default();
            *tries += 1;
            *tries <= MAX_TRIES
        });
        self.is_over = changes.is_empty();
        changes
    }

    /// Notes that the next changes are sent now. If their state cannot be stored, the leftover lock tells the next session that
    /// they may have been sent.
    pub(super) fn note_sending(&mut self) {
        if self.outbox.has_taken_over() {
            self.lock.set_stays(true);
        }
    }

    /// Handles an answer. Returns whether this finishes a change of the plan.
    pub(super) fn answer(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        at: AnswerTime,
        stream: Stream,
    ) -> bool {
        let step = self.outbox.answer(change, outcome, at, stream);
        if step.is_none() && matches!(outcome, ItemOutcome::Done { .. }) {
            self.unnoted.insert(change.item.clone());
        }
        self.take_moves(step);
        self.lacks_answer |= *outcome == ItemOutcome::Unknown;
        self.last_outcomes
            .insert(change.item.clone(), (change.clone(), outcome.clone()));
        let not_stored = self.is_not_stored(outcome);
        if not_stored {
            // The server cannot store the change for now: it is not sent again in this job.
            self.tries.insert(change.item.clone(), MAX_TRIES);
        }
        (not_stored || !self.waits(&change.item)) && self.unfinished.remove(&change.item)
    }

    fn waits(&self, item: &Item) -> bool {
        self.outbox.state(item) == Some(&SendState::Waiting)
    }

    fn is_not_stored(&self, outcome: &ItemOutcome) -> bool {
        self.plan.class.confirms_storage() && *outcome == ItemOutcome::Done { saved: false }
    }

    /// Handles a read after an answer was missing.
    pub(super) fn read_back(&mut self, remote: &RemoteRoom, began: Timestamp, stream: Stream) {
        let moves = self.outbox.read_back(remote, self.base.as_deref(), began, stream);
        self.take_moves(moves);
    }

    fn take_moves(&mut self, moves: impl IntoIterator<Item = BaseMove>) {
        for step in moves {
            self.moves
                .push(BaseStep::apply(self.base.as_mut().map(Arc::make_mut), step));
        }
    }

    /// Whether the server's room is the one of the plan.
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

    /// Stops sending for now; a later job continues. `why` is for display.
    pub(super) fn give_up(&mut self, why: &str) {
        self.is_over = true;
        self.report.error.get_or_insert_with(|| why.to_owned());
    }

    /// Drops the changes, because the room is missing or a different one. `why` is for display.
    pub(super) fn abandon(&mut self, why: &str) {
        self.outbox.clear();
        self.moves.clear();
        self.give_up(why);
    }

    /// Stores answers. If that fails, a later read shows what the server has.
    pub(super) fn record(&mut self, files: &ServerFiles, data: &DataFile, writing: Writing) {
        match self.write(files, data, writing) {
            Ok(()) if writing == Writing::Now => self.unrecorded = None,
            Ok(()) => {}
            Err(error) => {
                log::warn!(room:% = self.plan.room, reason:% = error; "answers not written");
                self.unrecorded = Some(error.to_string());
            }
        }
    }

    /// Stores the outbox, then the base, as far as they changed and are due.
    pub(super) fn write(
        &mut self,
        files: &ServerFiles,
        data: &DataFile,
        writing: Writing,
    ) -> Result<(), StoreError> {
        let due = |since: Instant, interval| writing == Writing::Now || since.elapsed() >= interval;
        if due(self.outbox_written, WRITE_INTERVAL) && !self.outbox.is_stored_as(&self.written) {
            files.write_taken_over(&mut self.outbox, &mut self.lock)?;
            self.written = self.outbox.clone();
            self.outbox_written = Instant::now();
        }
        let nothing_new = self.moves.is_empty() && self.unnoted.is_empty();
        if !due(self.base_written, BASE_INTERVAL) || nothing_new || !self.outbox.is_stored_as(&self.written) {
            return Ok(());
        }
        let (moves, outbox, unnoted) = (&self.moves, &self.outbox, &self.unnoted);
        let (class, room, revision) = (self.plan.class, &self.plan.room, self.revision);
        let remote = self.plan.remote();
        let is_new = self.base.is_none();
        files.update_base(room, |stored| {
            let stored = stored.ok().flatten();
            let is_valid = |base: &Base| data.check(base, class, revision).is_ok();
            let mut base = match stored {
                Some(base) if is_valid(&base) => base,
                // The base this job began with is no longer valid: the next comparison finds the sent values on the server.
                stored if !is_new => return stored,
                _ => {
                    let mut base = Base::new(data.server(), class, room);
                    base.created.clone_from(&remote.created);
                    base.revision = revision;
                    base
                }
            };
            for moved in moves {
                moved.store(&mut base);
            }
            // Only new answers are noted: after an older one, other sessions may have updated the base.
            for (item, value, answered) in outbox.answered().filter(|(item, ..)| unnoted.contains(item)) {
                base.note_answer(item, value.cloned(), answered.at);
            }
            Some(base)
        })?;
        self.moves.clear();
        self.unnoted.clear();
        self.base_written = Instant::now();
        Ok(())
    }

    /// Ends the job. Returns the report, and the current base and outbox.
    pub(super) fn finish(mut self) -> (RoomReport, Option<Arc<Base>>, Outbox) {
        let confirms = self.plan.class.confirms_storage();
        let mut unsent = self.unfinished.clone();
        let waiting = self.outbox.states();
        let waiting = waiting.filter(|(_, state)| **state == SendState::Waiting);
        unsent.extend(waiting.map(|(item, _)| item.clone()));
        for (item, (change, outcome)) in &self.last_outcomes {
            if !self.waits(item) || *outcome == ItemOutcome::Unknown || self.is_not_stored(outcome) {
                self.report.add(change, outcome, confirms);
                unsent.remove(item);
            }
        }
        self.report.unsent = unsent.len();
        if let Some(why) = self.unsaved {
            let text = format!("the server could not save the room: {why}");
            self.report.error.get_or_insert(text);
        }
        if let Some(why) = self.unrecorded {
            let text = format!(
                "the answers of the server could not be recorded, so the next comparison may show conflicts: {why}"
            );
            self.report.error.get_or_insert(text);
        }
        (self.report, self.base, self.outbox)
    }
}
