//! The worker of a command, and waiting for it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use signal_hook::consts::SIGINT;

use super::super::args::LiveRooms;
use super::super::context::SessionContext;
use super::super::failure::Failure;
use super::super::open_store::{CommitFailure, OpenStore};
use super::super::output::Output;
use super::super::password;
use super::super::progress::ProgressLine;
use super::rooms::{Selected, select};
use crate::model::Jid;
use crate::server::{ServerSettings, ServerWorker, WorkerOptions};
use crate::store::{Change, ChangeReason};
use crate::sync::{Affiliations, OtherRooms, Plan, Report, ServerEvent, ServerRequest};

/// How often it is looked whether Ctrl-C was pressed.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Ctrl-C.
    Interrupted,
    /// What failed, for people.
    Failed(String),
}

/// The servers of a command.
pub(super) struct LiveSession<'a> {
    pub(super) data: OpenStore<'a>,
    servers: Vec<(ServerSettings, Selected)>,
    /// `None` when it ends.
    worker: Option<ServerWorker>,
    events: Receiver<ServerEvent>,
    /// Set by Ctrl-C.
    interrupted: Arc<AtomicBool>,
    /// While this is set, Ctrl-C ends the process at once: no change is in progress.
    idle: Arc<AtomicBool>,
    /// How rooms are treated that were not given.
    others: OtherRooms,
    affiliations: Option<Affiliations>,
    /// How often others changed the data file, and how often when each server was compared.
    changes: u64,
    compared: Vec<u64>,
    next: u64,
    /// An answer never comes.
    broken: Cell<bool>,
    not_recorded: Vec<NotRecorded>,
}

/// A room of which it could not be recorded what both sides have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotRecorded {
    pub(super) server: Arc<str>,
    pub(super) room: Jid,
    /// Why, for people.
    pub(super) reason: String,
}

/// What a request is answered with.
enum Answer {
    Planned(Result<Arc<Plan>, String>),
    Applied(Report, bool),
}

impl<'a> LiveSession<'a> {
    pub(super) fn open(context: &'a SessionContext, rooms: &LiveRooms) -> Result<Self, Failure> {
        let servers = select(rooms, context, context.servers()?)?;
        let data = OpenStore::open(context)?;
        let options = WorkerOptions {
            servers: servers.iter().map(|(settings, _)| settings.clone()).collect(),
            data_file: data.store.paths().data.clone(),
            state_dir: context.state_dir.clone(),
            actor: context.actor.to_string(),
            scope: context.scope.clone(),
            began: Some(context.began),
            occupants: false,
            read_memory: None,
        };
        let (sender, events) = channel();
        let worker = ServerWorker::start(options, move |event| {
            // The receiver is gone when the command ends.
            let _ = sender.send(event);
        });
        let (interrupted, idle) = (Arc::<AtomicBool>::default(), Arc::new(AtomicBool::new(true)));
        let caught = signal_hook::flag::register_conditional_default(SIGINT, idle.clone())
            .and_then(|_| signal_hook::flag::register(SIGINT, interrupted.clone()));
        caught.map_err(|error| Failure::error(format!("cannot catch Ctrl-C: {error}")))?;
        Ok(Self {
            data,
            compared: vec![0; servers.len()],
            servers,
            worker: Some(worker),
            events,
            interrupted,
            idle,
            others: OtherRooms::Ignore,
            affiliations: None,
            changes: 0,
            next: 0,
            broken: Cell::new(false),
            not_recorded: Vec::new(),
        })
    }

    /// What the configuration says of a server.
    pub(super) fn settings(&self, number: usize) -> Option<&ServerSettings> {
        self.servers.get(number).map(|(settings, _)| settings)
    }

    /// A server's name.
    pub(super) fn name(&self, number: usize) -> &Arc<str> {
        static NONE: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| "".into());
        self.servers
            .get(number)
            .map_or(&NONE, |(settings, _)| &settings.entry.name)
    }

    /// Compares the rooms of all servers, side by side.
    pub(super) fn plan_all(
        &mut self,
        others: OtherRooms,
        affiliations: Option<Affiliations>,
    ) -> Vec<Result<Arc<Plan>, Stopped>> {
        (self.others, self.affiliations) = (others, affiliations);
        let ids: Vec<u64> = (0..self.servers.len())
            .map(|number| self.ask_for_plan(number))
            .collect();
        let mut answers = self.wait(&ids, "Comparing rooms");
        ids.iter()
            .map(|id| self.planned_answer(answers.remove(id)))
            .collect()
    }

    /// Compares the same rooms of a server again.
    pub(super) fn plan_again(&mut self, number: usize) -> Result<Arc<Plan>, Stopped> {
        let id = self.ask_for_plan(number);
        let answer = self.wait(&[id], "Comparing rooms").remove(&id);
        self.planned_answer(answer)
    }

    /// Whether nobody else changed the data file since this server was compared. Reads it again where it was changed.
    pub(super) fn is_current(&mut self, number: usize) -> Result<bool, Failure> {
        let before = self.data.wardrobe().revision;
        if self.data.refresh()? || self.data.wardrobe().revision != before {
            self.changes += 1;
        }
        Ok(self.compared.get(number) == Some(&self.changes))
    }

    /// Commits one change of this session.
    pub(super) fn commit(&mut self, change: Change, out: &mut Output) -> Result<Option<u64>, CommitFailure> {
        let before = self.data.wardrobe().revision;
        let committed = self.data.commit(change, out);
        let alone = match &committed {
            Ok(Some(revision)) => *revision == before + 1,
            Ok(None) => self.data.wardrobe().revision == before,
            Err(_) => false,
        };
        if !alone {
            self.changes += 1;
        }
        committed
    }

    fn ask_for_plan(&mut self, number: usize) -> u64 {
        self.next += 1;
        if let Some(compared) = self.compared.get_mut(number) {
            *compared = self.changes;
        }
        let wardrobe = self.data.wardrobe();
        let (rooms, others) = match self.servers.get(number) {
            Some((settings, selected @ Selected::All)) => (selected.local(settings, wardrobe), self.others),
            Some((settings, selected)) => (selected.local(settings, wardrobe), OtherRooms::Ignore),
            None => (Vec::new(), OtherRooms::Ignore),
        };
        self.request(ServerRequest::Plan {
            id: self.next,
            server: self.name(number).clone(),
            rooms,
            others,
            revision: wardrobe.revision,
            affiliations: self.affiliations,
        });
        self.next
    }

    /// Sends what a plan decides. Gives what was done, and whether it was stopped.
    pub(super) fn send(
        &mut self,
        number: usize,
        plan: &Arc<Plan>,
        reason: Option<&ChangeReason>,
    ) -> Result<(Report, bool), Failure> {
        self.next += 1;
        let id = self.next;
        self.request(ServerRequest::Apply {
            id,
            plan: plan.clone(),
            reason: reason.map(ChangeReason::to_shared),
        });
        let what = format!("Sending to {:?}", self.name(number));
        match self.wait(&[id], &what).remove(&id) {
            Some(Answer::Applied(report, stopped)) => Ok((report, stopped)),
            _ => Err(Failure::error("sending ended without a result")),
        }
    }

    pub(super) fn request(&self, request: ServerRequest) {
        if let Some(Err(error)) = self.worker.as_ref().map(|worker| worker.request(request)) {
            // Its answer never comes.
            self.broken.set(true);
            log::error!(reason:% = error; "thread not started");
        }
    }

    fn planned_answer(&self, answer: Option<Answer>) -> Result<Arc<Plan>, Stopped> {
        match answer {
            Some(Answer::Planned(plan)) => plan.map_err(Stopped::Failed),
            _ if self.interrupted.load(Ordering::Relaxed) => Err(Stopped::Interrupted),
            _ => Err(Stopped::Failed("comparing ended without a result".into())),
        }
    }

    fn is_broken(&self) -> bool {
        self.broken.get() || self.worker.as_ref().is_some_and(ServerWorker::is_broken)
    }

    /// Waits for the answers to all of these requests. After Ctrl-C they are stopped, and still waited for.
    fn wait(&mut self, ids: &[u64], what: &str) -> BTreeMap<u64, Answer> {
        self.idle.store(false, Ordering::Relaxed);
        let mut answers = BTreeMap::new();
        let mut line = ProgressLine::new(what);
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
            line.wait();
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
            // Nothing came of what was stopped; what was sent has its report.
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
    /// Ends the worker once it has recorded what both sides have. Returns the rooms for which that failed.
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
