//! The session of `pull`, `plan` and `apply`: sends requests to the worker of the servers and waits for its answers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use signal_hook::consts::SIGINT;

use super::super::args::RoomSelection;
use super::super::context::SessionContext;
use super::super::failure::Failure;
use super::super::open_store::{CommitFailure, OpenStore};
use super::super::output::Output;
use super::super::password;
use super::super::progress::ProgressLine;
use super::rooms::{SelectedRooms, select_rooms};
use crate::model::Jid;
use crate::server::{ServerSettings, ServerWorker, WorkerOptions};
use crate::store::{Change, ChangeReason};
use crate::sync::{Affiliations, OtherRooms, Plan, Report, ServerEvent, ServerRequest};

/// The time between two checks for Ctrl-C.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The reason why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlanFailure {
    /// Ctrl-C.
    Interrupted,
    /// An error, with its text for people.
    Failed(String),
}

/// The data file of a command, its servers, and the worker that connects to them.
pub(super) struct LiveSession<'a> {
    pub(super) data: OpenStore<'a>,
    servers: Vec<(ServerSettings, SelectedRooms)>,
    /// `None` after the session has ended.
    worker: Option<ServerWorker>,
    events: Receiver<ServerEvent>,
    /// Set by Ctrl-C.
    interrupted: Arc<AtomicBool>,
    /// While this is true, Ctrl-C ends the process immediately: no request is in progress.
    idle: Arc<AtomicBool>,
    /// How comparisons treat the rooms that only a server has, if the command names no rooms.
    other_rooms: OtherRooms,
    /// How comparisons treat changed affiliations; `None`: as configured.
    affiliations: Option<Affiliations>,
    /// The number of times that others changed the data file, or may have: a failed commit counts, too.
    foreign_changes: u64,
    /// The value of `foreign_changes` when each server was last compared.
    compared_at: Vec<u64>,
    /// The ID of the last request; 0 if there was no request with an ID.
    last_id: u64,
    /// Whether a request could not be started, so that its answer never comes.
    has_failed_request: Cell<bool>,
    not_recorded: Vec<NotRecorded>,
}

/// A room whose base could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotRecorded {
    pub(super) server: Arc<str>,
    pub(super) room: Jid,
    /// The reason, for people.
    pub(super) reason: String,
}

/// The answer to a request.
enum Answer {
    Planned(Result<Arc<Plan>, String>),
    /// The report, and whether Ctrl-C stopped it.
    Applied(Report, bool),
}

impl<'a> LiveSession<'a> {
    pub(super) fn open(context: &'a SessionContext, rooms: &RoomSelection) -> Result<Self, Failure> {
        let servers = select_rooms(rooms, context, context.servers()?)?;
        let data = OpenStore::open(context)?;
        let options = WorkerOptions {
            servers: servers.iter().map(|(settings, _)| settings.clone()).collect(),
            data_file: data.store.paths().data.clone(),
            state_dir: context.state_dir.clone(),
            actor: context.actor.to_string(),
            scope: context.scope.clone(),
            began: Some(context.began),
            watches_occupants: false,
            max_read_bytes: None,
        };
        let (sender, events) = channel();
        let worker = ServerWorker::new(options, move |event| {
            // The receiver is gone when the command ends.
            let _ = sender.send(event);
        });
        let (interrupted, idle) = (Arc::<AtomicBool>::default(), Arc::new(AtomicBool::new(true)));
        let caught = signal_hook::flag::register_conditional_default(SIGINT, idle.clone())
            .and_then(|_| signal_hook::flag::register(SIGINT, interrupted.clone()));
        caught.map_err(|error| Failure::error(format!("cannot catch Ctrl-C: {error}")))?;
        Ok(Self {
            data,
            compared_at: vec![0; servers.len()],
            servers,
            worker: Some(worker),
            events,
            interrupted,
            idle,
            other_rooms: OtherRooms::Ignore,
            affiliations: None,
            foreign_changes: 0,
            last_id: 0,
            has_failed_request: Cell::new(false),
            not_recorded: Vec::new(),
        })
    }

    /// Returns the settings of a server; `None` if there is no server with this number.
    pub(super) fn settings(&self, number: usize) -> Option<&ServerSettings> {
        self.servers.get(number).map(|(settings, _)| settings)
    }

    /// Returns the name of a server; it is empty if there is no server with this number.
    pub(super) fn name(&self, number: usize) -> &Arc<str> {
        static NONE: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| "".into());
        self.servers
            .get(number)
            .map_or(&NONE, |(settings, _)| &settings.entry.name)
    }

    /// Compares the rooms of all servers at the same time. Returns a result for each server, in the order of the servers.
    pub(super) fn plan_all(
        &mut self,
        other_rooms: OtherRooms,
        affiliations: Option<Affiliations>,
    ) -> Vec<Result<Arc<Plan>, PlanFailure>> {
        (self.other_rooms, self.affiliations) = (other_rooms, affiliations);
        let ids: Vec<u64> = (0..self.servers.len())
            .map(|number| self.request_plan(number))
            .collect();
        let mut answers = self.wait(&ids, "Comparing rooms");
        ids.iter()
            .map(|id| self.plan_from_answer(answers.remove(id)))
            .collect()
    }

    /// Compares the selected rooms of a server again.
    pub(super) fn plan_again(&mut self, number: usize) -> Result<Arc<Plan>, PlanFailure> {
        let id = self.request_plan(number);
        let answer = self.wait(&[id], "Comparing rooms").remove(&id);
        self.plan_from_answer(answer)
    }

    /// Reads the data file again if it was changed. Returns whether nobody else has changed it since this server was
    /// compared.
    pub(super) fn is_current(&mut self, number: usize) -> Result<bool, Failure> {
        let before = self.data.wardrobe().revision;
        if self.data.refresh()? || self.data.wardrobe().revision != before {
            self.foreign_changes += 1;
        }
        Ok(self.compared_at.get(number) == Some(&self.foreign_changes))
    }

    /// Commits one change. Returns its revision; `None` if the change has no effect. Notes whether others committed before
    /// this change.
    pub(super) fn commit(&mut self, change: Change, out: &mut Output) -> Result<Option<u64>, CommitFailure> {
        let before = self.data.wardrobe().revision;
        let committed = self.data.commit(change, out);
        let is_only_change = match &committed {
            Ok(Some(revision)) => *revision == before + 1,
            Ok(None) => self.data.wardrobe().revision == before,
            Err(_) => false,
        };
        if !is_only_change {
            self.foreign_changes += 1;
        }
        committed
    }

    /// Requests a comparison of a server's rooms, and returns the ID of the request.
    fn request_plan(&mut self, number: usize) -> u64 {
        self.last_id += 1;
        if let Some(compared) = self.compared_at.get_mut(number) {
            *compared = self.foreign_changes;
        }
        let wardrobe = self.data.wardrobe();
        let (rooms, others) = match self.servers.get(number) {
            Some((settings, selected @ SelectedRooms::All)) => {
                (selected.local_rooms(settings, wardrobe), self.other_rooms)
            }
            Some((settings, selected)) => (selected.local_rooms(settings, wardrobe), OtherRooms::Ignore),
            None => (Vec::new(), OtherRooms::Ignore),
        };
        self.request(ServerRequest::Plan {
            id: self.last_id,
            server: self.name(number).clone(),
            rooms,
            others,
            revision: wardrobe.revision,
            affiliations: self.affiliations,
        });
        self.last_id
    }

    /// Sends the changes that a plan decides to send. Returns the report, and whether Ctrl-C stopped the sending.
    ///
    /// Errors: the worker ended without an answer.
    pub(super) fn send(
        &mut self,
        number: usize,
        plan: &Arc<Plan>,
        reason: Option<&ChangeReason>,
    ) -> Result<(Report, bool), Failure> {
        self.last_id += 1;
        let id = self.last_id;
        self.request(ServerRequest::Apply {
            id,
            plan: plan.clone(),
            reason: reason.map(ChangeReason::to_shared),
        });
        let action = format!("Sending to {:?}", self.name(number));
        match self.wait(&[id], &action).remove(&id) {
            Some(Answer::Applied(report, stopped)) => Ok((report, stopped)),
            _ => Err(Failure::error("sending ended without a result")),
        }
    }

    /// Sends a request to the worker. If this fails, [`Self::wait`] does not wait for the answer.
    pub(super) fn request(&self, request: ServerRequest) {
        if let Some(Err(error)) = self.worker.as_ref().map(|worker| worker.request(request)) {
            self.has_failed_request.set(true);
            log::error!(reason:% = error; "thread not started");
        }
    }

    fn plan_from_answer(&self, answer: Option<Answer>) -> Result<Arc<Plan>, PlanFailure> {
        match answer {
            Some(Answer::Planned(plan)) => plan.map_err(PlanFailure::Failed),
            _ if self.interrupted.load(Ordering::Relaxed) => Err(PlanFailure::Interrupted),
            _ => Err(PlanFailure::Failed("comparing ended without a result".into())),
        }
    }

    /// Whether some answers can no longer come.
    fn is_broken(&self) -> bool {
        self.has_failed_request.get() || self.worker.as_ref().is_some_and(ServerWorker::is_broken)
    }

    /// Waits for the answers to these requests, and shows the progress of the action. After Ctrl-C, stops the requests,
    /// still waits for their answers, and returns only the answers about sending. If the worker ends early or a request
    /// could not be started, some answers are missing.
    fn wait(&mut self, ids: &[u64], action: &str) -> BTreeMap<u64, Answer> {
        self.idle.store(false, Ordering::Relaxed);
        let mut answers = BTreeMap::new();
        let mut line = ProgressLine::new(action);
        let mut stopping = false;
        while ids.iter().any(|id| !answers.contains_key(id)) {
            match self.events.recv_timeout(POLL_INTERVAL) {
                Ok(ServerEvent::Progress { id, progress }) => line.show(id, progress),
                Ok(ServerEvent::Planned { id, plan }) => drop(answers.insert(id, Answer::Planned(plan))),
                Ok(ServerEvent::Applied { id, report, stopped }) => {
                    answers.insert(id, Answer::Applied(report, stopped));
                }
                Ok(ServerEvent::Password { server, account }) => {
                    line.clear();
                    let password = password::ask(&account);
                    if password == password::PasswordInput::Interrupted {
                        self.interrupted.store(true, Ordering::Relaxed);
                    }
                    self.request(ServerRequest::Password {
                        server,
                        password: password.into(),
                    });
                }
                Ok(ServerEvent::State { server, state }) => line.note_state(&server, &state),
                Ok(event) => self.not_recorded.extend(not_recorded(event)),
                Err(RecvTimeoutError::Timeout) if !self.is_broken() => {}
                Err(_) => break,
            }
            line.show_waiting();
            if !stopping && self.interrupted.load(Ordering::Relaxed) {
                stopping = true;
                for id in ids {
                    self.request(ServerRequest::Stop { id: *id });
                }
            }
        }
        line.clear();
        if !stopping {
            self.idle.store(true, Ordering::Relaxed);
        }
        if stopping {
            // Plans of stopped requests are dropped. Reports are kept, as they contain the changes that were sent.
            answers.retain(|_, answer| matches!(answer, Answer::Applied(..)));
        }
        answers
    }
}

fn not_recorded(event: ServerEvent) -> Option<NotRecorded> {
    match event {
        ServerEvent::NotRecorded { server, room, reason } => Some(NotRecorded { server, room, reason }),
        _ => None,
    }
}

impl LiveSession<'_> {
    /// Ends the worker after waiting until it has recorded the bases. Returns the rooms whose base could not be recorded.
    pub(super) fn finish(&mut self) -> Vec<NotRecorded> {
        if let Some(worker) = self.worker.take() {
            worker.finish();
        }
        self.not_recorded
            .extend(self.events.try_iter().filter_map(not_recorded));
        std::mem::take(&mut self.not_recorded)
    }
}

impl Drop for LiveSession<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}
