//! The engine of one server: reads and compares rooms, sends decided changes, and records the values that both sides have.

mod apply;
mod at_once;
mod data;
mod follow;
mod followed_rooms;
mod following;
mod job;
mod kept_reads;
mod occupants;
mod pace;
mod plan;
mod reading;
mod received;
mod recovery;
mod resend;
mod resolve;
mod room;
mod room_occupants;
mod sign_of_life;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use self::data::DataFile;
use self::following::Following;
use self::resend::ResendSchedule;
use self::room::{KnownRoom, Reading};
use self::room_occupants::OccupantsByRoom;
use super::backend::Backend;
use super::error::Error;
use super::files::ServerFiles;
use super::options::{Control, Notify, WorkerOptions};
use super::refused_login::RefusedLogin;
use super::settings::{PasswordSource, ServerAccess, ServerSettings};
use crate::model::Jid;
use crate::store::Scope;
use crate::sync::{
    Item, RateLimit, Reason, RemovalGuard, ServerClass, ServerEvent, ServerKind, ServerReport, ServerRequest,
    ServerState, Stream, server_actor,
};

/// Handles the requests for one server, in a thread of its own.
pub(super) struct Engine {
    settings: ServerSettings,
    /// When the engine was created.
    began: Timestamp,
    backend: Box<dyn Backend>,
    /// The stored bases and outboxes, or why they cannot be used, for display.
    files: Result<ServerFiles, String>,
    data: DataFile,
    actor: Arc<str>,
    scope: Scope,
    /// The record of a login that was refused in any session; `None` if such a record is not kept.
    refused: Option<RefusedLogin>,
    notify: Notify,
    control: Arc<Control>,
    state: ServerState,
    /// Whether the class of the last comparison was reported.
    is_class_reported: bool,
    /// The connection, with a number that is unique among all sessions.
    stream: Stream,
    /// The backend's number of that connection; 0 if there was none yet.
    generation: u64,
    rooms: BTreeMap<Jid, KnownRoom>,
    /// The changes that could not be sent when the changes of a room were last sent, with the reasons.
    left_out: BTreeMap<Jid, BTreeMap<Item, Reason>>,
    /// Users who have an affiliation in the base, or an affiliation and hats in the file, but had no affiliation when the room was
    /// last read. Empty on Prosody.
    unlisted: BTreeMap<Jid, BTreeSet<Jid>>,
    /// The last reads of rooms that were read in order to send saved changes.
    reads: BTreeMap<Jid, Reading>,
    /// Maximum memory of all kept reads of rooms, in bytes; `None`: the default.
    max_kept_bytes: Option<usize>,
    resend: ResendSchedule,
    /// Rooms with changes, according to the last [`ServerEvent::Outbox`] of each room.
    rooms_with_changes: BTreeSet<Jid>,
    following: Following,
    /// The occupants of the watched rooms.
    occupants: OccupantsByRoom,
    /// Whether the server is asked for occupants.
    watches_occupants: bool,
    /// The guard against removals of many hats; `None`: the recent losses of hats have to be read from the history first.
    guard: Option<RemovalGuard>,
    /// The server's rate limit, measured in the last apply that sent enough; `None` if no apply did.
    measured_limit: Option<RateLimit>,
}

/// Creates the record of a connection that is open now.
fn new_stream() -> Stream {
    Stream {
        number: uuid::Uuid::new_v4().as_u64_pair().0,
        since: Timestamp::now(),
    }
}

impl Engine {
    pub(super) fn new(
        settings: ServerSettings,
        backend: Box<dyn Backend>,
        options: &WorkerOptions,
        notify: Notify,
        control: Arc<Control>,
    ) -> Self {
        let files = ServerFiles::new(
            &settings.entry.name,
            &options.data_file,
            options.state_dir.as_deref(),
        );
        Self {
            files: files.map_err(|error| error.to_string()),
            refused: RefusedLogin::of(&settings, options.state_dir.as_deref()),
            data: DataFile::new(&options.data_file, &options.scope, &settings.entry.name),
            settings,
            began: options.began.unwrap_or_else(Timestamp::now),
            backend,
            actor: options.actor.as_str().into(),
            scope: options.scope.clone(),
            notify,
            control,
            state: ServerState::Idle,
            is_class_reported: false,
            stream: new_stream(),
            generation: 0,
            rooms: BTreeMap::new(),
            left_out: BTreeMap::new(),
            unlisted: BTreeMap::new(),
            reads: BTreeMap::new(),
            max_kept_bytes: options.max_read_bytes,
            resend: ResendSchedule::default(),
            rooms_with_changes: BTreeSet::new(),
            following: Following::default(),
            occupants: OccupantsByRoom::default(),
            watches_occupants: options.watches_occupants,
            guard: None,
            measured_limit: None,
        }
    }

    /// Handles a request and emits its events.
    pub(super) fn handle(&mut self, request: ServerRequest) {
        match request {
            ServerRequest::Check { .. } => self.check(),
            ServerRequest::Plan {
                id,
                rooms,
                others,
                revision,
                affiliations,
                ..
            } => {
                let request = room::PlanRequest {
                    id,
                    rooms,
                    others,
                    revision,
                    affiliations: affiliations.unwrap_or(self.settings.entry.affiliations),
                };
                let plan = self.plan(request).map(Arc::new);
                self.control.forget_request(id);
                self.emit(ServerEvent::Planned { id, plan });
            }
            ServerRequest::Apply { id, plan, reason } => {
                let (report, stopped) = self.apply(id, &plan, reason.as_ref());
                self.control.forget_request(id);
                self.emit(ServerEvent::Applied { id, report, stopped });
            }
            ServerRequest::Received {
                room,
                revision,
                received,
                held,
                ..
            } => {
                let name = room.room.clone();
                self.record_received(room, revision, &received, held);
                if self.rooms_with_changes.contains(&name) {
                    self.emit_outbox(&name);
                }
            }
            ServerRequest::Changed { room, revision } => {
                let name = room.room.clone();
                self.set_local_room(room, revision);
                self.note_local_change(&name);
            }
            ServerRequest::Reconnect { .. } => {
                self.disconnect();
                self.set_state(ServerState::Idle);
                if let Some(refused) = &self.refused {
                    refused.forget();
                }
                // The state event shows the result.
                if self.connect().is_ok() {
                    self.resend.make_due();
                }
                self.following.try_again_now();
            }
            ServerRequest::Send {
                rooms,
                revision,
                may_ask,
                ..
            } => self.send_saved(rooms, revision, may_ask),
            ServerRequest::Retry { room, item } => self.retry(room, &item),
            ServerRequest::Resolve {
                room,
                item,
                decision,
                shown,
            } => self.resolve(room, &item, decision, shown.as_ref()),
            ServerRequest::Follow {
                rooms,
                selected,
                revision,
                interval,
                may_ask,
            } => {
                self.following.may_ask |= may_ask;
                self.follow(rooms, selected, revision, interval);
            }
            ServerRequest::Stop { .. } | ServerRequest::Password { .. } => {}
        }
    }

    /// Closes the connection cleanly.
    pub(super) fn disconnect(&mut self) {
        self.release_rooms();
        self.forget_occupants();
        self.backend.disconnect();
    }

    fn emit(&self, event: ServerEvent) {
        (self.notify)(event);
    }

    /// Sets the state of the server, and reports it if it has changed.
    fn set_state(&mut self, state: ServerState) {
        if self.state != state {
            self.state = state.clone();
            self.emit(ServerEvent::State {
                server: self.settings.entry.name.clone(),
                state,
            });
        }
    }

    /// Connects if necessary, and returns the server's class. If the server has refused access, only a request to check it or to
    /// reconnect tries again.
    fn connect(&mut self) -> Result<ServerClass, Error> {
        if let ServerState::Refused(text) = &self.state {
            return Err(Error::Refused(text.clone()));
        }
        if !matches!(self.state, ServerState::Ready(_)) {
            self.set_state(ServerState::Connecting);
        }
        let connected = match self.backend.connect() {
            // Reading the rooms shows why no class was detected, for example because they no longer exist. Nothing can be sent.
            Err(Error::NoHats(text)) => self.known_class().ok_or(Error::NoHats(text)),
            connected => connected,
        };
        self.update_stream();
        match &connected {
            Ok(class) => self.set_state(ServerState::Ready(*class)),
            Err(error) => self.note_failure(error),
        }
        connected
    }

    /// The server's class when one of its rooms in the data file was last compared; `None` if no room was compared.
    fn known_class(&self) -> Option<ServerClass> {
        let rooms = self.data.rooms().unwrap_or_else(|error| {
            log::warn!(reason:% = error; "data file unreadable");
            Vec::new()
        });
        self.data.close();
        let mut visible = rooms.iter().filter(|room| self.may_read(room));
        visible.find_map(|room| self.class_in_base(room))
    }

    /// Reports once the class that the server had when one of the rooms was last compared, unless the server is connected. This
    /// session may not connect soon, because another session follows the rooms or the server is unreachable.
    fn report_known_class<'a>(&mut self, mut rooms: impl Iterator<Item = &'a Jid>) {
        // Prosody has a single class.
        let is_known = self.is_class_reported || self.settings.entry.kind == ServerKind::Prosody;
        if is_known || matches!(self.state, ServerState::Ready(_)) {
            return;
        }
        if let Some(class) = rooms.find_map(|room| self.class_in_base(room)) {
            self.is_class_reported = true;
            self.emit(ServerEvent::Class {
                server: self.settings.entry.name.clone(),
                class,
            });
        }
    }

    /// The server's class when a room was last compared; `None` if the room was not compared.
    fn class_in_base(&self, room: &Jid) -> Option<ServerClass> {
        let base = self.files().ok()?.base(room).0.ok()??;
        (base.server == self.settings.entry.name && base.kind == self.settings.entry.kind)
            .then_some(base.class)
    }

    /// Whether someone has to enter the account's password before the first connection.
    fn needs_password(&self) -> bool {
        let is_asked = matches!(
            &self.settings.access,
            ServerAccess::Xmpp(account) if account.password == PasswordSource::Ask
        );
        is_asked && self.generation == 0
    }

    /// Whether the server has refused access, so that it is tried again only on request.
    fn is_refused(&self) -> bool {
        matches!(self.state, ServerState::Refused(_))
    }

    /// Updates the record of the connection: each connection gets another number, because the server may have lost changes that
    /// it acknowledged on the previous one.
    fn update_stream(&mut self) {
        let generation = self.backend.generation();
        if generation != self.generation {
            self.generation = generation;
            self.stream = new_stream();
        }
        if let Some(since) = self.backend.running_since() {
            self.stream.since = self.stream.since.min(since);
        }
    }

    /// Updates the state after the connection or the access to the server failed.
    fn note_failure(&mut self, error: &Error) {
        match error {
            Error::Stopped => return,
            Error::Refused(text) | Error::NoHats(text) => {
                self.set_state(ServerState::Refused(text.clone()));
                // This session does not try again automatically, so its locks would keep other sessions from following the rooms.
                self.let_others_follow();
            }
            error => self.set_state(ServerState::Away(error.to_string())),
        }
        log::warn!(server:% = self.settings.entry.name, reason:% = error; "server failed");
    }

    /// Checks the server, even if it has refused access before: the check may show why.
    fn check(&mut self) {
        if !matches!(self.state, ServerState::Ready(_)) {
            self.set_state(ServerState::Connecting);
        }
        let checked = self.backend.check();
        self.update_stream();
        match &checked {
            Ok(ServerReport {
                class: Some(class), ..
            }) => {
                self.set_state(ServerState::Ready(*class));
                self.resend.make_due();
            }
            // This sets the state, which says why the class is unknown.
            Ok(_) => drop(self.connect()),
            Err(error) => self.note_failure(error),
        }
        self.emit(ServerEvent::Checked {
            server: self.settings.entry.name.clone(),
            report: checked.map_err(|error| error.to_string()),
        });
    }

    /// The stored bases and outboxes.
    ///
    /// Errors: why they cannot be used, for display.
    fn files(&self) -> Result<&ServerFiles, String> {
        self.files.as_ref().map_err(String::clone)
    }

    /// Whether this session may read a room.
    fn may_read(&self, room: &Jid) -> bool {
        self.settings.is_linked(room) && self.scope.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }

    /// Whether this session may change a room and its records.
    fn may_write(&self, room: &Jid) -> bool {
        !self.scope.read_only && self.may_read(room)
    }

    /// Returns the guard. If there is none, creates it with the losses of hats on this server within the last hour, which are
    /// read from the history, because the guard counts the losses of all sessions.
    fn guard(&mut self) -> &mut RemovalGuard {
        let Self {
            guard,
            data,
            settings,
            ..
        } = self;
        guard.get_or_insert_with(|| {
            let actor = server_actor(&settings.entry.name);
            match room::recent_hat_losses(data.path(), &actor, Timestamp::now()) {
                Ok(losses) => RemovalGuard::with_losses(losses),
                Err(error) => {
                    log::warn!(reason:% = error; "history unreadable, so removals of hats are held back");
                    RemovalGuard::without_history()
                }
            }
        })
    }
}
