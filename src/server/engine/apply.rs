//! Sends the changes of a plan and stores their outcomes.
//!
//! Changes are durable in the outbox before they are sent, and answers are stored in the outbox before the base is updated.
//! So however this process ends, the next apply can finish the work: changes that the server has are done, changes that the
//! server lost are sent again, and concurrent changes of others are conflicts.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::backend::{Applied, RoomChanges};
use super::super::error::Error;
use super::Engine;
use super::job::{Job, WriteTiming};
use super::pace::Pace;
use crate::sync::{
    Affiliations, AnswerTime, ItemChange, Plan, RateLimit, Report, RoomPlan, RoomRead, RoomReport, RoomState,
    SendState, ServerClass, ServerEvent, request_size,
};

/// Maximum number of rooms that are changed side by side. Each needs a lock, which has two open files.
const MAX_PARALLEL_ROOMS: usize = 100;
/// Maximum time to wait for another session of this account that is sending changes to the room.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// The pauses before the attempts to reconnect after a lost connection.
const RESUME_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];
/// Maximum number of rounds in which the remaining changes are sent. More than one is needed because some changes depend on
/// others, and because the server may have the values of changes that were not answered.
const MAX_ROUNDS: usize = 12;

/// Why nothing more is sent: the server now has another class than when its room was compared.
pub(super) const OTHER_CLASS: &str = "the server or its version has changed; compare the room again";

impl Engine {
    /// Sends the changes of a plan. Returns the report, and whether sending was stopped early.
    pub(super) fn apply(&mut self, id: u64, plan: &Plan, reason: Option<&Arc<str>>) -> (Report, bool) {
        if let Err(reason) = plan.check_permitted_by(&self.scope.rights) {
            let text = reason.to_string();
            let report = Report {
                server: plan.server.clone(),
                rooms: plan
                    .rooms
                    .iter()
                    .map(|room| report_not_sent(room, &text))
                    .collect(),
            };
            return (report, false);
        }
        let began = Instant::now();
        let mut reports = Vec::new();
        let mut stopped = self.control.is_stopped(id);
        for rooms in plan.rooms.chunks(MAX_PARALLEL_ROOMS) {
            if stopped {
                reports.extend(rooms.iter().map(report_unreached));
            } else {
                stopped = self.apply_rooms(id, rooms, reason, &mut reports);
            }
        }
        self.data.close();
        let sent = reports.iter().flat_map(|report: &RoomReport| {
            let changes = report.changes.iter();
            changes.map(|change| request_size(&report.room, &change.item))
        });
        let measured = RateLimit::measured(sent.sum(), began.elapsed());
        self.measured_limit = measured.or(self.measured_limit);
        reports.sort_by(|one, other| one.room.cmp(&other.room));
        let report = Report {
            server: plan.server.clone(),
            rooms: reports,
        };
        (report, stopped)
    }

    /// Sends the decided changes of some rooms side by side, and adds the reports. Returns whether sending was stopped.
    fn apply_rooms(
        &mut self,
        id: u64,
        rooms: &[RoomPlan],
        reason: Option<&Arc<str>>,
        reports: &mut Vec<RoomReport>,
    ) -> bool {
        let mut jobs = Vec::new();
        match self.connect() {
            Ok(class) => {
                for room in rooms {
                    match self.begin_plan_job(class, room, reason) {
                        Ok(job) => jobs.push(job),
                        Err(report) => reports.push(*report),
                    }
                }
            }
            Err(error) => {
                let text = error.to_string();
                reports.extend(rooms.iter().map(|room| report_not_sent(room, &text)));
            }
        }
        let stopped = self.send(id, &mut jobs);
        if self.control.is_stopped_on_request(id)
            && let Ok(files) = self.files()
        {
            for job in &mut jobs {
                job.remove_unsent();
                job.record(files, &self.data, WriteTiming::Now);
            }
        }
        reports.extend(self.end_jobs(jobs));
        stopped
    }

    /// Ends jobs, and updates the data that the engine keeps for their rooms. Returns the reports.
    pub(super) fn end_jobs(&mut self, jobs: Vec<Job>) -> Vec<RoomReport> {
        let mut reports = Vec::with_capacity(jobs.len());
        for job in jobs {
            let room = job.plan.room.clone();
            let (report, base, outbox) = job.finish();
            reports.push(report);
            let left_out = outbox.states().filter_map(|(item, state)| match state {
                SendState::LeftOut(reason) => Some((item.clone(), *reason)),
                _ => None,
            });
            self.left_out.insert(room.clone(), left_out.collect());
            if let Some(known) = self.rooms.get_mut(&room) {
                known.base = base.or(known.base.take());
                if known.unwritten.is_some() {
                    known.unwritten = Some(outbox);
                }
            }
        }
        reports
    }

    /// Begins to send a room's plan: locks the room, and adds the plan's changes to the outbox, which is stored before anything
    /// is sent.
    ///
    /// Errors: the report, if nothing is sent.
    fn begin_plan_job(
        &mut self,
        class: ServerClass,
        plan: &RoomPlan,
        reason: Option<&Arc<str>>,
    ) -> Result<Job, Box<RoomReport>> {
        if plan.state != RoomState::Compared {
            return Err(Box::new(RoomReport::new(plan)));
        }
        let room = &plan.room;
        let sending = plan.sending();
        let fail = |text: String| Box::new(report_not_sent(plan, &text));
        if plan.class != class {
            return Err(fail(OTHER_CLASS.into()));
        }
        if !self.may_write(room) {
            return Err(if sending.changes.is_empty() {
                Box::new(RoomReport::new(plan))
            } else {
                fail("this session is not allowed to change the room".into())
            });
        }
        let files = self.files().map_err(fail)?;
        let known = self.rooms.get(room);
        let read_outbox = || match known {
            Some(known) => known.outbox(files, class, room),
            None => files.outbox(room, class),
        };
        if sending.changes.is_empty() && read_outbox().is_finished() {
            return Err(Box::new(RoomReport::new(plan)));
        }
        let lock = files
            .lock(room, LOCK_TIMEOUT)
            .map_err(|error| fail(error.to_string()))?;
        let Some(mut lock) = lock else {
            return Err(fail(
                "another session of this account is sending changes to the room; try again".into(),
            ));
        };
        let (mut local, mut revision, mut affiliations) = (None, 0, Affiliations::Show);
        if let Some(known) = known {
            (local, revision) = (known.local.clone(), known.revision);
            affiliations = known.affiliations;
        }
        // Only what the file still has is sent.
        let newer = self.data.newer(room, revision);
        if let Some(current) = newer.map_err(|error| fail(error.to_string()))? {
            (local, revision) = current;
        }
        let outbox = match known.and_then(|known| known.unwritten.clone()) {
            Some(unwritten) => unwritten,
            // Takes over the changes of a session that ended before it could send them.
            None => files.take_over(room, class, local.as_deref(), &mut lock, self.began),
        };
        let (base, _) = self.usable_base(class, room, revision).map_err(fail)?;
        let checked_base = base.and_then(|base| match &base {
            Some(known) => known.check_room(plan.remote()).map(|()| base),
            None => Ok(base),
        });
        let base = checked_base.map_err(|reason| fail(format!("{reason}; compare the room again")))?;
        // The plan's read can show that an answer was lost, but only if the read began after that answer.
        let base = base.map(
            |base| match base.with_answers(plan.remote(), |at| plan.began > at.latest()) {
                Cow::Borrowed(_) => base,
                Cow::Owned(base) => Arc::new(base),
            },
        );
        let mut job = Job::new(plan, outbox, base, lock);
        job.local = local;
        job.revision = revision;
        job.affiliations = affiliations;
        job.forget_skipped();
        let changes = sending.changes.into_iter().map(|(index, change)| {
            let implied = plan.lines.get(index).is_some_and(|line| line.implied);
            let reason = reason.cloned();
            (ItemChange { reason, ..change }, implied)
        });
        job.add_changes(changes.collect());
        Ok(job)
    }

    /// Sends the changes of these jobs until none is left or can be sent. Returns whether sending was stopped.
    pub(super) fn send(&mut self, id: u64, jobs: &mut [Job]) -> bool {
        let mut pace = Pace::new(jobs.iter().map(|job| job.unfinished.len()).sum());
        let mut pauses = RESUME_PAUSES.into_iter();
        let mut rounds = 0;
        while rounds < MAX_ROUNDS {
            let (work, job_indices) = self.next_work(jobs);
            if work.is_empty() {
                return false;
            }
            if self.control.is_stopped(id) {
                return true;
            }
            let sent = self.send_once(id, jobs, &work, &job_indices, &mut pace);
            let is_outdated = jobs.iter().any(|job| job.is_outdated);
            if is_outdated && matches!(sent, Err(Error::Stopped)) && !self.control.is_stopped(id) {
                // This does not count as a round, because it happens only after an answer.
                for (work, index) in work.iter().zip(&job_indices) {
                    if let Some(job) = jobs.get_mut(*index) {
                        job.note_not_tried(&work.changes);
                    }
                }
                if jobs.iter().any(|job| job.lacks_answer) {
                    self.read_again(id, jobs);
                }
                continue;
            }
            rounds += 1;
            match sent {
                Ok(()) if !jobs.iter().any(|job| job.lacks_answer) => {}
                Ok(()) => self.read_again(id, jobs),
                Err(Error::Stopped) => return true,
                Err(error) => {
                    self.note_failure(&error);
                    let class = jobs.first().map(|job| job.plan.class);
                    if !self.reconnect(id, class, &mut pauses) {
                        let stopped = self.control.is_stopped(id);
                        for job in jobs.iter_mut().filter(|job| !stopped && job.may_send()) {
                            job.give_up(&error.to_string());
                        }
                        return stopped;
                    }
                    self.read_again(id, jobs);
                }
            }
        }
        false
    }

    /// Determines the next changes of all rooms and stores the outboxes. Returns the changes by room, with the indices of their
    /// jobs.
    fn next_work(&self, jobs: &mut [Job]) -> (Vec<RoomChanges>, Vec<usize>) {
        let (mut work, mut job_indices) = (Vec::new(), Vec::new());
        let Ok(files) = self.files() else {
            return (work, job_indices);
        };
        for (index, job) in jobs.iter_mut().enumerate().filter(|(_, job)| job.may_send()) {
            match job.refresh(files, &self.data) {
                Ok(false) => {}
                Ok(true) => job.plan = self.merge_again(job, &RoomRead::Read(job.plan.remote().clone())),
                Err(why) => {
                    job.give_up(&why);
                    continue;
                }
            }
            let changes = job.next_changes();
            if changes.is_empty() {
                job.record(files, &self.data, WriteTiming::Now);
                continue;
            }
            let written = job.write(files, &self.data, WriteTiming::Now);
            if let Err(error) = written {
                job.give_up(&error.to_string());
            } else {
                job.note_sending();
                job_indices.push(index);
                work.push(RoomChanges {
                    room: job.plan.room.clone(),
                    created: job.plan.remote().created.clone(),
                    actor: self.actor.clone(),
                    changes,
                });
            }
        }
        (work, job_indices)
    }

    /// Sends these changes once, and records the answers. `job_indices` are the indices of the jobs of `work`.
    ///
    /// Errors: those of `Backend::apply`, or [`Error::Stopped`] if a job has to read the file again.
    fn send_once(
        &mut self,
        id: u64,
        jobs: &mut [Job],
        work: &[RoomChanges],
        job_indices: &[usize],
        pace: &mut Pace,
    ) -> Result<(), Error> {
        let Self {
            backend,
            control,
            notify,
            data,
            files,
            stream,
            occupants,
            ..
        } = self;
        let Ok(files) = files else {
            return Err(Error::Stopped);
        };
        let began = Timestamp::now();
        for job in jobs.iter_mut() {
            job.asked_at = began;
        }
        let result = backend.apply(work, &mut |Applied {
                                                   work_index: index,
                                                   outcomes,
                                                   unsaved,
                                               }| {
            let changes = work.get(index).map(|work| &work.changes);
            let job = job_indices.get(index).and_then(|index| jobs.get_mut(*index));
            let (Some(changes), Some(job)) = (changes, job) else {
                return ControlFlow::Continue(());
            };
            occupants.report_outdated(notify);
            // The room's next changes are sent only after this callback has returned.
            let answer_time = AnswerTime::new(job.asked_at, Timestamp::now());
            let mut finished = 0;
            for (index, outcome) in outcomes {
                if let Some(change) = changes.get(index) {
                    finished += usize::from(job.answer(change, &outcome, answer_time, *stream));
                }
            }
            if let Some(why) = unsaved {
                job.unsaved = Some(why);
            }
            job.record(files, data, WriteTiming::Soon);
            job.asked_at = Timestamp::now();
            if let Some(progress) = pace.add(finished) {
                notify(ServerEvent::Progress { id, progress });
            }
            if control.is_stopped(id) || job.note_outdated(data) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        for job in jobs.iter_mut() {
            job.record(files, data, WriteTiming::Now);
        }
        result
    }
}

/// Creates the report about a room that was not reached before sending was stopped.
fn report_unreached(plan: &RoomPlan) -> RoomReport {
    let mut report = RoomReport::new(plan);
    if plan.state == RoomState::Compared {
        report.unsent = plan.sending().changes.len();
    }
    report
}

/// Creates the report about a room to which nothing can be sent; `why` is for display.
fn report_not_sent(plan: &RoomPlan, why: &str) -> RoomReport {
    let mut report = RoomReport::new(plan);
    if plan.state == RoomState::Compared {
        report.unsent = plan.sending().changes.len();
        report.error = Some(why.to_owned());
    }
    report
}
