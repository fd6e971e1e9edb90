//! The changes to send to one room, with its outbox and base, while the room's lock is held.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::files::{RoomLock, ServerFiles};
use super::data::{AppliedBaseUpdate, DataFile};
use crate::model::Room;
use crate::store::StoreError;
use crate::sync::{
    Affiliations, AnswerTime, Base, BaseUpdate, Decision, Item, ItemChange, ItemOutcome, Line, Outbox,
    RemoteRoom, RoomPlan, RoomReport, SendState, Stream, Subject,
};

/// How long an answer may wait to be stored together with others. If the process ends before that, the next session reads the
/// server's value.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);
/// How long an update of the base may wait to be stored. It may wait longer than an answer, because the outbox has the values
/// that the base lacks.
const BASE_INTERVAL: Duration = Duration::from_secs(2);
/// Maximum number of times that a change of an item is sent in one job.
const MAX_TRIES: u8 = 4;

/// When the outbox and the base are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteTiming {
    /// Immediately.
    Now,
    /// Together with later changes.
    Soon,
}

/// The work of sending changes to one room.
pub(super) struct Job {
    /// The merge with the last read.
    pub(super) plan: RoomPlan,
    /// The current base; `None` if there is none.
    pub(super) base: Option<Arc<Base>>,
    /// The file's room; `None` if the file does not have it.
    pub(super) local: Option<Arc<Room>>,
    /// The file's revision with this room.
    pub(super) revision: u64,
    /// Whether changed affiliations are sent.
    pub(super) affiliations: Affiliations,
    /// The items of the plan's changes that are not finished.
    pub(super) unfinished: BTreeSet<Item>,
    /// A time not later than when the server was asked for the next answer.
    pub(super) asked_at: Timestamp,
    /// Whether an answer is missing, so that the room has to be read.
    pub(super) lacks_answer: bool,
    /// Whether there is a waiting change whose value the file no longer has.
    pub(super) is_outdated: bool,
    /// Why the server could not store accepted changes, for display.
    pub(super) unsaved: Option<String>,
    /// Why answers could not be recorded, for display; `None` if they could.
    unrecorded: Option<String>,
    report: RoomReport,
    outbox: Outbox,
    /// The outbox as it was before the plan's changes were added.
    outbox_before: Outbox,
    /// The outbox that another session would get from the stored document now ([`Outbox::as_stored`]).
    stored_outbox: Outbox,
    outbox_written_at: Instant,
    /// Updates of the base that are not stored yet.
    updates: Vec<AppliedBaseUpdate>,
    /// Items with answers that are not noted in the stored base yet.
    unnoted: BTreeSet<Item>,
    base_written_at: Instant,
    /// How often each item's change was sent.
    tries: BTreeMap<Item, u8>,
    /// The last sent change of each item, and its outcome.
    last_outcomes: BTreeMap<Item, (ItemChange, ItemOutcome)>,
    /// Whether nothing more is sent.
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
            stored_outbox: outbox.as_stored(),
            outbox_before: outbox.clone(),
            outbox,
            outbox_written_at: Instant::now(),
            updates: Vec::new(),
            unnoted: BTreeSet::new(),
            base_written_at: Instant::now(),
            tries: BTreeMap::new(),
            last_outcomes: BTreeMap::new(),
            is_over: false,
            lock,
        }
    }

    /// Removes waiting changes of items whose lines are not to be sent by the current decisions. Such changes can be left from an
    /// earlier session.
    pub(super) fn forget_skipped(&mut self) {
        let (mut items, mut users) = (BTreeSet::new(), BTreeSet::new());
        let is_skipped_line = |line: &&Line| line.decision != Decision::Send && !line.implied;
        for line in self.plan.lines.iter().filter(is_skipped_line) {
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

    /// Removes the plan's changes that were not sent, because someone stopped sending: these changes are left to the next plan.
    pub(super) fn remove_unsent(&mut self) {
        let waiting = self.outbox.states();
        let waiting = waiting
            .filter(|(item, state)| **state == SendState::Waiting && !self.last_outcomes.contains_key(item));
        let unsent: Vec<Item> = waiting.map(|(item, _)| item.clone()).collect();
        for item in &unsent {
            self.outbox.restore(item, &self.outbox_before);
        }
    }

    /// Adds the plan's changes to the outbox, each with a flag: whether it defines an implied catalog entry.
    pub(super) fn add_changes(&mut self, changes: Vec<(ItemChange, bool)>) {
        self.unfinished = changes.iter().map(|(change, _)| change.item.clone()).collect();
        self.outbox.put_plan(changes);
    }

    /// Whether changes may still be sent.
    pub(super) fn may_send(&self) -> bool {
        !self.is_over
    }

    /// Reads the file again if it has changed, so that changes that were undone or replaced in the meantime are not sent. Returns
    /// whether there were such changes.
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
            self.outbox_before.restore(&item, &self.outbox);
        }
        self.stored_outbox = self.outbox.clone();
        self.outbox
            .drop_finished(self.local.as_deref(), self.base.as_deref());
        let outbox = &self.outbox;
        self.unfinished.retain(|item| outbox.state(item).is_some());
        Ok(true)
    }

    /// Checks, notes and returns whether there is a waiting change whose value the file no longer has.
    pub(super) fn note_outdated(&mut self, data: &DataFile) -> bool {
        let newer = data.newer(&self.plan.room, self.revision);
        self.is_outdated = match newer {
            Ok(Some((local, _))) => self.outbox.has_outdated(local.as_deref()),
            Ok(None) => false,
            // The next call of `refresh` reports the error.
            Err(_) => true,
        };
        self.is_outdated
    }

    /// Notes that sending these changes ended early: those without an answer were not sent, and do not count as tried.
    pub(super) fn note_not_tried(&mut self, changes: &[ItemChange]) {
        for ItemChange { item, .. } in changes {
            if self.waits(item) && !self.last_outcomes.contains_key(item) {
                self.outbox.note_not_sent(item);
                if let Some(tries) = self.tries.get_mut(item) {
                    *tries = tries.saturating_sub(1);
                }
            }
        }
    }

    /// Determines the next changes to send, each at most [`MAX_TRIES`] times. If there are none, the job is over.
    pub(super) fn next_changes(&mut self) -> Vec<ItemChange> {
        let mut changes =
            self.outbox
                .next_changes(self.local.as_deref(), self.base.as_deref(), Some(&self.plan));
        changes.retain(|change| {
            let tries = self.tries.entry(change.item.clone()).or_default();
            *tries += 1;
            *tries <= MAX_TRIES
        });
        self.is_over = changes.is_empty();
        changes
    }

    /// Notes that the next changes are sent now. If this session ends before the outbox is stored, the leftover lock shows the
    /// next session that prepared changes may have been sent.
    pub(super) fn note_sending(&mut self) {
        if self.outbox.has_taken_over() {
            self.lock.set_stays(true);
        }
    }

    /// Handles the answer to a change. Returns whether this finishes a change of the plan.
    pub(super) fn answer(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        at: AnswerTime,
        stream: Stream,
    ) -> bool {
        let update = self.outbox.answer(change, outcome, at, stream);
        if update.is_none() && matches!(outcome, ItemOutcome::Done { .. }) {
            self.unnoted.insert(change.item.clone());
        }
        self.apply_updates(update);
        self.lacks_answer |= *outcome == ItemOutcome::Unknown;
        self.last_outcomes
            .insert(change.item.clone(), (change.clone(), outcome.clone()));
        let is_not_stored = self.is_not_stored(outcome);
        if is_not_stored {
            // The server cannot store the change for now: it is not sent again in this job.
            self.tries.insert(change.item.clone(), MAX_TRIES);
        }
        (is_not_stored || !self.waits(&change.item)) && self.unfinished.remove(&change.item)
    }

    /// Whether the item's change waits to be sent.
    fn waits(&self, item: &Item) -> bool {
        self.outbox.state(item) == Some(&SendState::Waiting)
    }

    /// Whether the server made the change, but could not store it.
    fn is_not_stored(&self, outcome: &ItemOutcome) -> bool {
        self.plan.class.confirms_storage() && *outcome == ItemOutcome::Done { saved: false }
    }

    /// Handles a read of the room that `began` at this time, because an answer was missing or the connection was lost.
    pub(super) fn read_back(&mut self, remote: &RemoteRoom, began: Timestamp, stream: Stream) {
        let updates = self.outbox.read_back(remote, self.base.as_deref(), began, stream);
        self.apply_updates(updates);
    }

    /// Applies updates to the base, and notes that they are to be stored.
    fn apply_updates(&mut self, updates: impl IntoIterator<Item = BaseUpdate>) {
        for update in updates {
            self.updates.push(AppliedBaseUpdate::apply(
                self.base.as_mut().map(Arc::make_mut),
                update,
            ));
        }
    }

    /// Whether the server's room is still the room of the plan, as far as that is known.
    pub(super) fn is_same_room(&self, remote: &RemoteRoom) -> bool {
        let is_same = match (&self.plan.remote().created, &remote.created) {
            (Some(then), Some(now)) => then == now,
            _ => true,
        };
        is_same
            && self
                .base
                .as_ref()
                .is_none_or(|base| base.check_room(remote).is_ok())
    }

    /// Stops sending, and leaves the rest to a later job. `why` is for display.
    pub(super) fn give_up(&mut self, why: &str) {
        self.is_over = true;
        self.report.error.get_or_insert_with(|| why.to_owned());
    }

    /// Drops the changes, because the room is missing or a different one. `why` is for display.
    pub(super) fn abandon(&mut self, why: &str) {
        self.outbox.clear();
        self.updates.clear();
        self.give_up(why);
    }

    /// Stores answers. A failure is noted for the report; then a later read shows the server's values.
    pub(super) fn record(&mut self, files: &ServerFiles, data: &DataFile, timing: WriteTiming) {
        match self.write(files, data, timing) {
            Ok(()) if timing == WriteTiming::Now => self.unrecorded = None,
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
        timing: WriteTiming,
    ) -> Result<(), StoreError> {
        let is_due = |since: Instant, interval| timing == WriteTiming::Now || since.elapsed() >= interval;
        if is_due(self.outbox_written_at, WRITE_INTERVAL) && !self.outbox.is_stored_as(&self.stored_outbox) {
            files.write_taken_over(&mut self.outbox, &mut self.lock)?;
            self.stored_outbox = self.outbox.clone();
            self.outbox_written_at = Instant::now();
        }
        let is_base_stored = self.updates.is_empty() && self.unnoted.is_empty();
        if !is_due(self.base_written_at, BASE_INTERVAL)
            || is_base_stored
            || !self.outbox.is_stored_as(&self.stored_outbox)
        {
            return Ok(());
        }
        let (updates, outbox, unnoted) = (&self.updates, &self.outbox, &self.unnoted);
        let (class, room, revision) = (self.plan.class, &self.plan.room, self.revision);
        let remote = self.plan.remote();
        let is_new = self.base.is_none();
        files.update_base(room, |stored| {
            let stored = stored.ok().flatten();
            let is_valid = |base: &Base| data.check(base, class, revision).is_ok();
            let mut base = match stored {
                Some(base) if is_valid(&base) => base,
                // The base with which this job began is no longer valid: the next comparison finds the sent values on the server.
                stored if !is_new => return stored,
                _ => {
                    let mut base = Base::new(data.server(), class, room);
                    base.created.clone_from(&remote.created);
                    base.revision = revision;
                    base
                }
            };
            for update in updates {
                update.apply_to_stored(&mut base);
            }
            // Only new answers are noted: other sessions may have updated the base after an older one.
            for (item, value, answered) in outbox.answered().filter(|(item, ..)| unnoted.contains(item)) {
                base.note_answer(item, value.cloned(), answered.at);
            }
            Some(base)
        })?;
        self.updates.clear();
        self.unnoted.clear();
        self.base_written_at = Instant::now();
        Ok(())
    }

    /// Ends the job and releases the lock. Returns the report, and the current base and outbox.
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
