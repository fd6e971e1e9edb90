//! The engine of one server: reads and compares rooms, sends decided changes, and records what both sides agree on.

mod apply;
mod data;
mod job;
mod pace;
mod plan;
mod received;
mod room;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use self::data::DataFile;
use self::room::Known;
use super::backend::Backend;
use super::error::Error;
use super::files::ServerFiles;
use super::options::{Control, Notify, WorkerOptions};
use super::settings::ServerSettings;
use crate::model::Jid;
use crate::store::Scope;
use crate::sync::{
    RemovalGuard, ServerClass, ServerEvent, ServerReport, ServerRequest, ServerState, server_actor,
};

/// One server, in a thread of its own.
pub(super) struct Engine {
    settings: ServerSettings,
    backend: Box<dyn Backend>,
    /// Why there are none, for display.
    files: Result<ServerFiles, String>,
    data: DataFile,
    actor: Arc<str>,
    scope: Scope,
    notify: Notify,
    control: Arc<Control>,
    state: ServerState,
    /// The connection's number, unique among all sessions.
    stream: u64,
    /// The backend's number of that connection.
    generation: u64,
    rooms: BTreeMap<Jid, Known>,
    /// Of the plan that is being made; `None`: recent losses of hats are not known yet.
    guard: Option<RemovalGuard>,
}

/// A unique connection number.
fn new_stream() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
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
            data: DataFile::new(&options.data_file, &options.scope, &settings.entry.name),
            settings,
            backend,
            actor: options.actor.as_str().into(),
            scope: options.scope.clone(),
            notify,
            control,
            state: ServerState::Idle,
            stream: new_stream(),
            generation: 0,
            rooms: BTreeMap::new(),
            guard: None,
        }
    }

    /// Handles a request and sends its events.
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
                let asked = room::Asked {
                    id,
                    rooms,
                    others,
                    revision,
                    affiliations: affiliations.unwrap_or(self.settings.entry.affiliations),
                };
                let plan = self.plan(asked).map(Arc::new);
                self.control.finished(id);
                self.emit(ServerEvent::Planned { id, plan });
            }
            ServerRequest::Apply { id, plan, reason } => {
                let (report, stopped) = self.apply(id, &plan, reason.as_ref());
                self.control.finished(id);
                self.emit(ServerEvent::Applied { id, report, stopped });
            }
            ServerRequest::Received {
                room,
                revision,
                received,
                held,
                ..
            } => self.received(room, revision, &received, held),
            ServerRequest::Changed { room, revision } => self.changed(room, revision),
            ServerRequest::Reconnect { .. } => {
                self.disconnect();
                self.set_state(ServerState::Idle);
                // The state event shows the result.
                let _ = self.connect();
            }
            // Immediate sending and following are not implemented by this worker yet. A commit is never delayed.
            ServerRequest::Prepare { id, .. } => self.emit(ServerEvent::Prepared { id }),
            ServerRequest::Settled { .. }
            | ServerRequest::Follow { .. }
            | ServerRequest::Retry { .. }
            | ServerRequest::Resolve { .. }
            | ServerRequest::Stop { .. }
            | ServerRequest::Password { .. } => {}
        }
    }

    /// Closes the connection cleanly.
    pub(super) fn disconnect(&mut self) {
        self.backend.disconnect();
    }

    fn emit(&self, event: ServerEvent) {
        (self.notify)(event);
    }

    fn set_state(&mut self, state: ServerState) {
        if self.state != state {
            self.state = state.clone();
            self.emit(ServerEvent::State {
                server: self.settings.entry.name.clone(),
                state,
            });
        }
    }

    /// Connects if necessary. A server that refused is tried again only on request.
    fn connect(&mut self) -> Result<ServerClass, Error> {
        if let ServerState::Refused(text) = &self.state {
            return Err(Error::Refused(text.clone()));
        }
        if !matches!(self.state, ServerState::Ready(_)) {
            self.set_state(ServerState::Connecting);
        }
        let connected = self.backend.connect();
        self.follow_connection();
        match &connected {
            Ok(class) => self.set_state(ServerState::Ready(*class)),
            Err(error) => self.failed(error),
        }
        connected
    }

    /// Another connection gets another number: the server may have lost what it answered on the one before.
    fn follow_connection(&mut self) {
        let generation = self.backend.generation();
        if generation != self.generation {
            self.generation = generation;
            self.stream = new_stream();
        }
    }

    /// There is no connection.
    fn failed(&mut self, error: &Error) {
        match error {
            Error::Stopped => return,
            Error::Refused(text) => self.set_state(ServerState::Refused(text.clone())),
            error => self.set_state(ServerState::Away(error.to_string())),
        }
        log::warn!(server:% = self.settings.entry.name, reason:% = error; "server failed");
    }

    /// Checks the server, whatever is known of it: what it lacks may be why it could not be used.
    fn check(&mut self) {
        if !matches!(self.state, ServerState::Ready(_)) {
            self.set_state(ServerState::Connecting);
        }
        let checked = self.backend.check();
        self.follow_connection();
        match &checked {
            Ok(ServerReport {
                class: Some(class), ..
            }) => self.set_state(ServerState::Ready(*class)),
            // The state says why.
            Ok(_) => drop(self.connect()),
            Err(error) => self.failed(error),
        }
        self.emit(ServerEvent::Checked {
            server: self.settings.entry.name.clone(),
            report: checked.map_err(|error| error.to_string()),
        });
    }

    fn files(&self) -> Result<&ServerFiles, String> {
        self.files.as_ref().map_err(String::clone)
    }

    /// Whether this session may read a room.
    fn sees(&self, room: &Jid) -> bool {
        self.settings.links(room) && self.scope.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }

    /// Whether this session may change a room and its records.
    fn writes(&self, room: &Jid) -> bool {
        !self.scope.read_only && self.sees(room)
    }

    /// Users who lost hats on this server within the last hour, from the history, because the guard counts over all
    /// sessions.
    fn guard(&mut self) -> &mut RemovalGuard {
        let Self {
            guard,
            data,
            settings,
            ..
        } = self;
        guard.get_or_insert_with(|| {
            let actor = server_actor(&settings.entry.name);
            RemovalGuard::with_losses(room::losses(data.path(), &actor, Timestamp::now()))
        })
    }
}
