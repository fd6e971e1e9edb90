//! Sends changes as soon as they are saved, and changes that an earlier session could not send.
//!
//! A read of a room is used for up to a minute on the same connection, unless the room is known to have changed. This is good
//! enough to know what the server can store: the expected values come from the server's answers or the base, and each change is
//! sent by compare and set.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::super::files::RoomLock;
use super::Engine;
use super::apply::{LOCK_TIMEOUT, OTHER_CLASS};
use super::job::Job;
use crate::model::Jid;
use crate::sync::{
    AnswerTime, Base, Item, LocalRoom, MergeOptions, Outbox, Report, RoomPlan, RoomRead, RoomReport,
    RoomState, SENDING_ID, SendState, ServerClass, ServerEvent, merge,
};

/// The number for work without a request, or for a request without a number: nobody stops it by this number, and its progress
/// is not shown.
pub(super) const NO_ID: u64 = SENDING_ID - 1;

/// How long a read is used. The time is short because the room may be created again, which not every server checks when it
/// receives a change.
const READ_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// A locked room whose saved changes wait to be sent.
struct WaitingRoom {
    room: LocalRoom,
    revision: u64,
    base: Arc<Base>,
    outbox: Outbox,
    lock: RoomLock,
}

impl Engine {
    /// Sends the saved changes of rooms, and reports this as the answer to a request. Changes that cannot be sent now stay in
    /// the outbox. `may_ask`: the account's password may be requested.
    pub(super) fn send_saved(&mut self, rooms: Vec<LocalRoom>, revision: u64, may_ask: bool) {
        let report = self.send_waiting(rooms, revision, may_ask);
        let is_answer = true;
        self.emit(ServerEvent::Sent { report, is_answer });
    }

    /// Sends the changes of these rooms that wait in the outbox. Returns the report.
    fn send_waiting(&mut self, rooms: Vec<LocalRoom>, revision: u64, may_ask: bool) -> Report {
        let (mut waiting, mut reports, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for room in rooms {
            self.set_local_room(room.clone(), revision);
            let name = room.room.clone();
            // The reasons may be about values that have been replaced.
            self.left_out.remove(&name);
            match self.take_over(room, revision) {
                Ok(Some(waiting_room)) => waiting.push(waiting_room),
                Ok(None) => {}
                Err(why) => {
                    let states = self.outbox_states(&name);
                    let number = states.iter().filter(|(_, state)| waits(state)).count();
                    // An outbox that cannot be read contains at least one change.
                    reports.push(RoomReport::unsent(&name, number.max(1), why));
                }
            }
            names.push(name);
        }
        let mut jobs = self.begin_jobs(waiting, may_ask, &mut reports);
        self.send(SENDING_ID, &mut jobs);
        reports.extend(self.end_jobs(jobs));
        self.data.close();
        reports.sort_by(|one, other| one.room.cmp(&other.room));
        for room in &names {
            self.emit_outbox(room);
        }
        let may_retry = !self.is_refused();
        self.resend.reschedule(&reports, may_retry);
        Report {
            server: self.settings.entry.name.clone(),
            rooms: reports,
        }
    }

    /// When something is to be done without a request; `None`: there is nothing to do.
    pub(in crate::server) fn due(&self) -> Option<Instant> {
        let resend = self.resend.due().filter(|_| self.may_connect());
        resend.into_iter().chain(self.follow_due()).min()
    }

    /// Does the work that is due without a request.
    pub(in crate::server) fn do_due_work(&mut self) {
        self.resend_due();
        self.continue_following();
    }

    /// Sends the changes again that are due to be sent again.
    fn resend_due(&mut self) {
        if !self.may_connect() {
            return;
        }
        let rooms = self.resend.take_due();
        if rooms.is_empty() {
            return;
        }
        let rooms = rooms.into_iter().map(|room| self.local_room(room)).collect();
        // With the revision 0, the file is read again.
        let report = self.send_waiting(rooms, 0, false);
        let is_answer = false;
        self.emit(ServerEvent::Sent { report, is_answer });
    }

    /// Reports the states of a room's changes. That there are none is reported only once.
    pub(super) fn emit_outbox(&mut self, room: &Jid) {
        let items = self.outbox_states(room);
        let must_report = if items.is_empty() {
            self.rooms_with_changes.remove(room)
        } else {
            self.rooms_with_changes.insert(room.clone());
            true
        };
        if must_report {
            self.emit(ServerEvent::Outbox {
                room: room.clone(),
                items,
            });
        }
    }

    /// The states of a room's changes; empty if the base or the outbox cannot be read.
    fn outbox_states(&self, room: &Jid) -> Vec<(Item, SendState)> {
        let Ok(files) = self.files() else {
            return Vec::new();
        };
        if !files.has_outbox(room) {
            return Vec::new();
        }
        let Ok(Some(base)) = files.base(room).0 else {
            return Vec::new();
        };
        let outbox = files.outbox(room, base.class);
        let left_out = self.left_out.get(room);
        // The reason why a change cannot be sent is not stored.
        let full_state = |item, state: &SendState| match left_out.and_then(|items| items.get(item)) {
            Some(reason) if waits(state) => SendState::LeftOut(*reason),
            _ => state.clone(),
        };
        let states = outbox.states();
        states
            .map(|(item, state)| (item.clone(), full_state(item, state)))
            .collect()
    }

    /// Locks a room and takes over its prepared changes. Returns `None` if nothing waits to be sent, or this session may not
    /// change the room.
    ///
    /// Errors: why nothing is sent, for display.
    fn take_over(&self, mut room: LocalRoom, mut revision: u64) -> Result<Option<WaitingRoom>, String> {
        if !self.may_write(&room.room) {
            return Ok(None);
        }
        let files = self.files()?;
        if !files.has_outbox(&room.room) {
            return Ok(None);
        }
        let Ok(Some(base)) = files.base(&room.room).0 else {
            return Err("the room has not been compared with its server yet".into());
        };
        let lock = files.lock(&room.room, LOCK_TIMEOUT);
        let Some(mut lock) = lock.map_err(|error| error.to_string())? else {
            return Err("another session of this account is sending changes to the room".into());
        };
        let newer = self.data.newer(&room.room, revision);
        if let Some((local, current_revision)) = newer.map_err(|error| error.to_string())? {
            (room.local, revision) = (local, current_revision);
        }
        let local = room.local.as_deref();
        let mut outbox = files.take_over(&room.room, base.class, local, &mut lock, self.began);
        let mut is_unchanged = true;
        if self.data.check(&base, base.class, revision).is_ok() {
            // Dropping undone changes needs no connection.
            let before = outbox.clone();
            outbox.drop_finished(room.local.as_deref(), Some(&base));
            is_unchanged = outbox == before;
        }
        let has_waiting = number_waiting(&outbox) > 0;
        if !is_unchanged || !has_waiting && outbox.has_taken_over() {
            let written = files.write_taken_over(&mut outbox, &mut lock);
            written.map_err(|error| error.to_string())?;
        }
        Ok(has_waiting.then_some(WaitingRoom {
            room,
            revision,
            base,
            outbox,
            lock,
        }))
    }

    /// Reads the rooms that have no recent read on this connection, and begins the jobs of the rooms to which something can be
    /// sent. Adds the reports of the others.
    fn begin_jobs(
        &mut self,
        waiting: Vec<WaitingRoom>,
        may_ask: bool,
        reports: &mut Vec<RoomReport>,
    ) -> Vec<Job> {
        let names: Vec<Jid> = waiting.iter().map(|waiting| waiting.room.room.clone()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let class = if self.needs_password() && !may_ask {
            Err("its password has not been entered; the next comparison requests it".into())
        } else {
            self.connect().map_err(|error| error.to_string())
        };
        let class = class.and_then(|class| self.read_for_sending(&names, class).map(|()| class));
        let mut jobs = Vec::new();
        for mut waiting_room in waiting {
            let plan = class
                .clone()
                .and_then(|class| self.plan_to_send(class, &mut waiting_room));
            match plan {
                Ok(plan) => jobs.push(self.begin_job(&plan, waiting_room)),
                Err(mut why) => {
                    // The outbox is stored, because only a limited number of prepared changes is kept for an item until they are
                    // taken over and stored.
                    if waiting_room.outbox.has_taken_over()
                        && let Ok(files) = self.files()
                        && let Err(error) =
                            files.write_taken_over(&mut waiting_room.outbox, &mut waiting_room.lock)
                    {
                        why = error.to_string();
                    }
                    let number = number_waiting(&waiting_room.outbox);
                    reports.push(RoomReport::unsent(&waiting_room.room.room, number, why));
                }
            }
        }
        jobs
    }

    /// Reads the rooms that have no recent read on this connection.
    ///
    /// Errors: why nothing can be sent now, for display.
    pub(super) fn read_for_sending(&mut self, rooms: &[Jid], class: ServerClass) -> Result<(), String> {
        let stream = self.stream;
        let now = Timestamp::now();
        let unread = &self.following.unread;
        self.reads.retain(|room, reading| {
            let age = now.duration_since(reading.began);
            let is_recent = !age.is_negative() && age < READ_PERIOD;
            reading.stream == stream && is_recent && !unread.contains(room)
        });
        let is_read = |room: &&Jid| self.reads.contains_key(*room);
        let missing: Vec<Jid> = rooms.iter().filter(|room| !is_read(room)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut current_class = class;
        for (room, reading) in self.read(SENDING_ID, &missing, &mut current_class)? {
            self.reads.insert(room, reading);
        }
        if current_class == class {
            Ok(())
        } else {
            Err(OTHER_CLASS.into())
        }
    }

    /// Merges a room with its last read, to find what can be sent.
    ///
    /// Errors: why nothing can be sent to the room, for display.
    fn plan_to_send(&mut self, class: ServerClass, waiting: &mut WaitingRoom) -> Result<RoomPlan, String> {
        let (room, base) = (&waiting.room.room, &waiting.base);
        if class != base.class {
            return Err(OTHER_CLASS.into());
        }
        let checked = self.data.check(base, class, waiting.revision);
        checked.map_err(|reason| format!("{reason}; compare the room again"))?;
        let Some(reading) = self.reads.get(room) else {
            return Err("the room was not read".into());
        };
        let read = &reading.read;
        if let RoomRead::Read(remote) = read {
            let (began, stream) = (reading.began, reading.stream);
            let may_be_lost = |at: AnswerTime| began > at.latest() && stream.may_have_lost(at);
            if let Cow::Owned(base) = waiting.base.with_answers(remote, may_be_lost) {
                waiting.base = Arc::new(base);
            }
        }
        let base = &*waiting.base;
        let options = MergeOptions {
            affiliations: self.settings.entry.affiliations,
            account: self.settings.account().cloned(),
            is_requested: false,
        };
        let plan = merge(
            room,
            Ok(Some(base)),
            waiting.room.local.as_deref(),
            read,
            class,
            &options,
        );
        let why = match (&plan.state, plan.set_aside) {
            (RoomState::Compared, None) => return Ok(plan),
            (_, Some(reason)) => format!("{reason}; compare the room again"),
            (state, None) => {
                let why = state.message();
                why.unwrap_or("the room is not on the server").to_owned()
            }
        };
        // The cause may be over the next time, so the room is read again then.
        self.reads.remove(room);
        Err(why)
    }

    /// Begins to send the waiting changes of a room.
    fn begin_job(&self, plan: &RoomPlan, waiting: WaitingRoom) -> Job {
        let mut job = Job::new(plan, waiting.outbox, Some(waiting.base), waiting.lock);
        job.local = waiting.room.local;
        job.revision = waiting.revision;
        job.affiliations = self.settings.entry.affiliations;
        job
    }
}

/// The number of changes that wait to be sent.
fn number_waiting(outbox: &Outbox) -> usize {
    let states = outbox.states();
    states.filter(|(_, state)| waits(state)).count()
}

/// Whether a change waits to be sent.
fn waits(state: &SendState) -> bool {
    *state == SendState::Waiting
}
