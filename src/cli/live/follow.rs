//! `hatrack follow`: receives the changes that others make on the servers, without a screen, until it is stopped.

mod print;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use super::super::args::FollowArgs;
use super::super::context::SessionContext;
use super::super::expire::{ExpireOutcome, late_text, remove_expired};
use super::super::failure::Failure;
use super::super::open_store::{CommitFailure, OpenStore, no_such_file};
use super::super::output::Output;
use super::super::password::{self, PasswordInput};
use super::super::send_changes;
use super::availability::Availability;
use super::rooms::{SelectedRooms, local_room, select_rooms};
use super::signals::{FollowEvent, catch_signals, signal_result, suspend};
use crate::app::describe;
use crate::app::servers::not_recorded_text;
use crate::model::{EditError, EditGroup, Jid, Room};
use crate::server::{ServerSettings, ServerWorker};
use crate::store::Change;
use crate::sync::{
    AfterCommit, Follower, Plan, RoomState, SendMode, ServerEvent, ServerRequest, server_actor,
};

/// The minimum time between two commits of changes from the same server.
const RECEIVE_INTERVAL: Duration = Duration::from_secs(30);
/// The time between two checks of the data file for changes.
const FILE_INTERVAL: Duration = Duration::from_secs(2);
/// The time between two removals of expired hats.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(60);
/// The maximum number of attempts to commit received changes while others change the data file.
const MAX_ATTEMPTS: usize = 5;

pub(in crate::cli) fn run(
    args: &FollowArgs,
    context: &SessionContext,
    out: &mut Output,
) -> Result<(), Failure> {
    let (sender, events) = channel();
    let mut session = FollowSession::open(args, context, sender.clone())?;
    catch_signals(sender)?;
    session.start(out)?;
    let (mut next_expire, mut next_file) = (Instant::now(), Instant::now() + FILE_INTERVAL);
    loop {
        let now = Instant::now();
        if now >= next_expire {
            session.expire(out)?;
            next_expire = now + EXPIRE_INTERVAL;
        }
        if now >= next_file {
            session.refresh(out)?;
            next_file = now + FILE_INTERVAL;
        }
        out.flush()?;
        let wait = next_expire
            .min(next_file)
            .saturating_duration_since(Instant::now());
        match events.recv_timeout(wait) {
            Ok(FollowEvent::Server(ServerEvent::Password { server, account })) => {
                let input = password::ask(&account);
                if input == PasswordInput::Interrupted {
                    session.finish(&events, out)?;
                    return Err(Failure::interrupted());
                }
                let password = input.into();
                session.request(ServerRequest::Password { server, password })?;
            }
            Ok(FollowEvent::Server(event)) => session.handle(event, out)?,
            Ok(FollowEvent::Stop(signal)) => {
                session.finish(&events, out)?;
                return signal_result(signal);
            }
            Ok(FollowEvent::Suspend) => {
                out.flush()?;
                suspend(&session.worker)?;
            }
            Err(RecvTimeoutError::Timeout) if session.worker.is_broken() => {
                return Err(Failure::error("following ended without a result"));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::error("following ended without a result"));
            }
        }
    }
}

/// The state of `hatrack follow`.
struct FollowSession<'a> {
    context: &'a SessionContext,
    data: OpenStore<'a>,
    servers: Vec<(ServerSettings, SelectedRooms)>,
    worker: ServerWorker,
    json: bool,
    zone: TimeZone,
    /// The rooms to follow, with the content that the worker was last notified of.
    worker_rooms: BTreeMap<Jid, Arc<Room>>,
    /// The follower of each room, as last reported.
    followers: BTreeMap<Jid, Follower>,
    availability: Availability,
    /// Whether a warning has said that hats that expired long ago are not removed.
    is_late_reported: bool,
    /// The last reported problem with the data file; `None` if the file could be used since.
    problem: Option<String>,
}

impl<'a> FollowSession<'a> {
    fn open(
        args: &FollowArgs,
        context: &'a SessionContext,
        events: Sender<FollowEvent>,
    ) -> Result<Self, Failure> {
        if context.scope.rights.is_restricted() {
            return Err(Failure::not_allowed(
                "follow is not available in a session restricted by --only-hat or --no-affiliations",
            ));
        }
        let servers = select_rooms(&args.selection, context, context.servers()?)?;
        let data = OpenStore::open(context)?;
        if !data.store.exists() {
            return Err(no_such_file(context).with_advice("run hatrack pull to create it"));
        }
        data.check_writable()?;
        for (_, selected) in &servers {
            let SelectedRooms::Named(rooms) = selected else {
                continue;
            };
            if let Some(room) = rooms.iter().find(|room| data.wardrobe().room(room).is_none()) {
                let failure = Failure::not_found(format!("no room {room} in the data file"));
                return Err(failure.with_advice(format!("run hatrack pull {room} to receive it")));
            }
        }
        let mut options = context.worker_options()?;
        options.data_file.clone_from(&data.store.paths().data);
        let worker = ServerWorker::new(options, move |event| {
            // The receiver is gone when the command ends.
            let _ = events.send(FollowEvent::Server(event));
        });
        Ok(Self {
            context,
            data,
            availability: Availability::new(servers.iter().map(|(settings, _)| settings)),
            servers,
            worker,
            json: args.json,
            zone: context.zone(),
            worker_rooms: BTreeMap::new(),
            followers: BTreeMap::new(),
            is_late_reported: false,
            problem: None,
        })
    }

    /// Follows the rooms, and sends waiting changes to servers with `send = "at-once"`.
    ///
    /// Errors: the data file has no room of these servers.
    fn start(&mut self, out: &mut Output) -> Result<(), Failure> {
        self.follow(true)?;
        if self.worker_rooms.is_empty() {
            return Err(Failure::error(
                "the data file has no room of these servers; run hatrack pull to receive them",
            ));
        }
        let revision = self.data.wardrobe().revision;
        for (settings, selected) in &self.servers {
            let server = settings.entry.name.clone();
            let rooms = selected.local_rooms(settings, self.data.wardrobe());
            if settings.entry.send == SendMode::AtOnce && !rooms.is_empty() {
                self.request(ServerRequest::Send {
                    server,
                    rooms,
                    revision,
                    may_ask: true,
                })?;
            }
        }
        out.flush()
    }

    fn request(&self, request: ServerRequest) -> Result<(), Failure> {
        let started = self.worker.request(request);
        started.map_err(|error| Failure::error(format!("cannot start a thread: {error}")))
    }

    /// Returns the rooms to follow, with their content in the data file.
    fn followed_rooms(&self) -> BTreeMap<Jid, Arc<Room>> {
        let wardrobe = self.data.wardrobe();
        let rooms = self.servers.iter();
        let rooms = rooms.flat_map(|(settings, selected)| selected.local_rooms(settings, wardrobe));
        rooms.filter_map(|room| Some((room.room, room.local?))).collect()
    }

    /// Returns the names of the servers with rooms to follow.
    fn followed_servers(&self) -> BTreeSet<Arc<str>> {
        let wardrobe = self.data.wardrobe();
        let with_rooms = self.servers.iter();
        let with_rooms =
            with_rooms.filter(|(settings, selected)| !selected.local_rooms(settings, wardrobe).is_empty());
        with_rooms
            .map(|(settings, _)| settings.entry.name.clone())
            .collect()
    }

    /// Requests the worker to follow the selected rooms of the data file. `may_ask`: whether the worker may ask for
    /// passwords.
    fn follow(&mut self, may_ask: bool) -> Result<(), Failure> {
        self.worker_rooms = self.followed_rooms();
        let rooms = self
            .worker_rooms
            .iter()
            .map(|(jid, room)| local_room(jid, Some(room.clone())));
        self.request(ServerRequest::Follow {
            rooms: rooms.collect(),
            selected: None,
            revision: self.data.wardrobe().revision,
            interval: RECEIVE_INTERVAL,
            may_ask,
        })
    }

    /// Notifies the worker of rooms that changed in the data file. If rooms were added or removed, requests the worker to
    /// follow the new list of rooms.
    fn notify_changes(&mut self, out: &mut Output) -> Result<(), Failure> {
        let current = self.followed_rooms();
        if !current.keys().eq(self.worker_rooms.keys()) {
            let followed = self.followed_servers();
            self.availability.warn_of_missing_passwords(&followed, out)?;
            return self.follow(false);
        }
        let revision = self.data.wardrobe().revision;
        let before = std::mem::replace(&mut self.worker_rooms, current);
        for (jid, room) in &self.worker_rooms {
            if before.get(jid).is_none_or(|before| !Arc::ptr_eq(before, room)) {
                let room = local_room(jid, Some(room.clone()));
                self.request(ServerRequest::Changed { room, revision })?;
            }
        }
        Ok(())
    }

    /// Reads the data file again if it was changed, and notifies the worker. If reading fails, only prints a warning.
    fn refresh(&mut self, out: &mut Output) -> Result<(), Failure> {
        match self.data.refresh() {
            Ok(is_changed) => {
                self.problem = None;
                if is_changed {
                    self.notify_changes(out)
                } else {
                    Ok(())
                }
            }
            Err(failure) => self.warn_of_problem(&failure, out),
        }
    }

    /// Warns about a problem with the data file, unless it is the last reported problem. The command continues, as the
    /// problem may be temporary.
    fn warn_of_problem(&mut self, failure: &Failure, out: &mut Output) -> Result<(), Failure> {
        let problem = failure.to_string();
        if self.problem.as_ref() != Some(&problem) {
            out.warn(&format!("{problem}; trying again"))?;
            self.problem = Some(problem);
        }
        Ok(())
    }

    fn handle(&mut self, event: ServerEvent, out: &mut Output) -> Result<(), Failure> {
        match event {
            ServerEvent::Incoming { plan, by: changed_by } => self.receive(&plan, &changed_by, out),
            ServerEvent::State { server, state } => {
                let followed = self.followed_servers();
                self.availability.note(&server, state, &followed, out)
            }
            ServerEvent::Follows { room, follower } => self.note_follower(&room, &follower, out),
            ServerEvent::Sent { report, .. } => {
                send_changes::warn_of_unsent(&report, self.data.wardrobe(), out)?;
                if self.json {
                    return Ok(());
                }
                send_changes::print_sent(&report, out)
            }
            ServerEvent::NotRecorded { server, room, reason } => {
                out.warn(&not_recorded_text(&server, &room, &reason))
            }
            _ => Ok(()),
        }
    }

    /// Commits the changes that a plan receives from a server, prints them, and notifies the worker. Changes to items that
    /// have changed in the data file since the comparison are left out. `changed_by` has the person who changed each room,
    /// if the server reports this.
    fn receive(
        &mut self,
        plan: &Plan,
        changed_by: &BTreeMap<Jid, Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let mut plan = plan.clone();
        for _ in 0..MAX_ATTEMPTS {
            let mut group = EditGroup::default();
            for room in &mut plan.rooms {
                let local = self.data.wardrobe().room(&room.room);
                room.keep_current(local.map(|room| &**room));
                if local.is_some() {
                    group.0.extend(room.edits_to_receive(local).0);
                }
            }
            let change = Change {
                actor: Some(server_actor(&plan.server).into()),
                ..group.clone().into()
            };
            let committed = if group.is_empty() {
                Ok(None)
            } else {
                self.data.commit(change, out)
            };
            match committed {
                Ok(revision) => {
                    self.problem = None;
                    if revision.is_some() {
                        self.print_changes(&plan.server, &group, changed_by, out)?;
                    }
                    return self.notify_received(&plan, out);
                }
                Err(CommitFailure::Refused(EditError::Conflict { .. })) => {
                    if let Err(failure) = self.data.refresh() {
                        return self.warn_of_problem(&failure, out);
                    }
                }
                // The worker sends the changes again in a later event.
                Err(error) => return self.warn_of_problem(&error.into(), out),
            }
        }
        Ok(())
    }

    /// Notifies the worker that the changes of a plan are in the data file.
    fn notify_received(&mut self, plan: &Plan, out: &mut Output) -> Result<(), Failure> {
        let revision = self.data.wardrobe().revision;
        let compared = plan.rooms.iter().filter(|room| room.state == RoomState::Compared);
        for room in compared {
            let local = self.data.wardrobe().room(&room.room).cloned();
            self.request(ServerRequest::Received {
                server: plan.server.clone(),
                room: local_room(&room.room, local),
                revision,
                received: room.received(),
                held: room.held(),
            })?;
        }
        self.notify_changes(out)
    }

    /// Removes expired hats, prints the removals and sends them to servers. If the removals need a confirmation, only warns
    /// once.
    fn expire(&mut self, out: &mut Output) -> Result<(), Failure> {
        match remove_expired(&mut self.data, false, out) {
            Ok(ExpireOutcome::Nothing) => {
                self.is_late_reported = false;
                Ok(())
            }
            Ok(ExpireOutcome::Late(_)) if self.is_late_reported => Ok(()),
            Ok(ExpireOutcome::Late(users)) => {
                self.is_late_reported = true;
                out.warn(&format!(
                    "{} Run hatrack expire to remove them",
                    late_text(users, self.context)
                ))
            }
            Ok(ExpireOutcome::Removed(group, _)) => {
                self.is_late_reported = false;
                if !self.json {
                    let summary =
                        describe::capitalized(&describe::group(&group, self.data.wardrobe(), &self.zone));
                    out.line(&format!("{summary} (expired)"))?;
                }
                self.send_saved(out)?;
                self.notify_changes(out)
            }
            Err(failure) => self.warn_of_problem(&failure.into(), out),
        }
    }

    /// Sends the changes that were made by this session itself: removals of expired hats.
    fn send_saved(&self, out: &mut Output) -> Result<(), Failure> {
        for after in self.context.saved.take() {
            match after {
                AfterCommit::Send(request) => self.request(request)?,
                AfterCommit::Held { server, room, reason } => {
                    out.warn(&send_changes::held_text(&server, &room, &reason))?;
                }
                // Cannot happen: the session itself only removes expired hats.
                AfterCommit::Unstored { .. } => {}
            }
        }
        Ok(())
    }

    /// Ends the worker after its calls in progress, and warns about rooms whose base could not be recorded.
    fn finish(self, events: &Receiver<FollowEvent>, out: &mut Output) -> Result<(), Failure> {
        self.worker.stop();
        for event in events.try_iter() {
            if let FollowEvent::Server(ServerEvent::NotRecorded { server, room, reason }) = event {
                out.warn(&not_recorded_text(&server, &room, &reason))?;
            }
        }
        out.flush()
    }
}
