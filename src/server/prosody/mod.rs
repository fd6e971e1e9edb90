//! Prosody 0.12 and later, through its admin shell. A Lua library is loaded into the session of the shell, and called with
//! requests that contain no Lua. The shell can change all rooms, so hatrack checks that a room is one of the configured ones.

mod apply;
mod batch_size;
mod codec;
mod command;
mod occupants;
mod read;
mod shell;
mod socket;
mod transport;
mod watch;
mod watched;

use std::time::Instant;

use self::codec::{escape, unescape};
use self::command::RunningCommand;
use self::shell::Shell;
use self::socket::Socket;
use self::watched::ProsodyWatch;
use super::backend::{Applied, Backend, ReadEvent, ResultCallback, RoomChanges, RoomList, WatchEvent};
use super::channel::ChannelError;
use super::error::Error;
use super::listing::{self, Listing, MAX_ROOMS};
use super::settings::{ProsodyAccess, ServerSettings};
use crate::model::Jid;
use crate::sync::{RemoteRoomInfo, ServerClass, ServerKind, ServerProblem, ServerReport, ServerRights};

/// A connection to the admin shell of one server.
pub struct Prosody {
    settings: ServerSettings,
    access: ProsodyAccess,
    /// The open connection.
    shell: Option<Shell>,
    /// Number of connections so far.
    generation: u64,
    watch: ProsodyWatch,
}

impl Prosody {
    /// Creates a backend without connecting.
    pub fn new(settings: ServerSettings, access: ProsodyAccess) -> Self {
        Self {
            settings,
            access,
            shell: None,
            generation: 0,
            watch: ProsodyWatch::default(),
        }
    }

    /// Connects and loads the library.
    fn open(&self) -> Result<Shell, Error> {
        let deadline = Instant::now() + self.settings.timeout;
        let transport: Box<dyn transport::Transport> = match &self.access {
            ProsodyAccess::Socket(path) => match Socket::open(path, deadline) {
                Ok(socket) => Box::new(socket),
                Err(ChannelError::Io(error)) => {
                    let (is_temporary, text) = socket::explain(path, &error);
                    return Err(if is_temporary {
                        Error::Away(text)
                    } else {
                        Error::Refused(text)
                    });
                }
                Err(_) => {
                    return Err(Error::Away(format!(
                        "Cannot open the admin socket {}: no answer.",
                        path.display()
                    )));
                }
            },
            ProsodyAccess::Command(line) => match RunningCommand::start(line) {
                Ok(command) => Box::new(command),
                Err(error) => {
                    return Err(Error::Refused(format!(
                        "Cannot run {}: {error}",
                        line.program.display()
                    )));
                }
            },
        };
        Shell::open(transport, self.settings.timeout)
    }

    /// Returns the shell, which is opened if necessary.
    fn shell(&mut self) -> Result<&mut Shell, Error> {
        if self.shell.is_none() {
            let opened = self.open()?;
            self.generation += 1;
            self.shell = Some(opened);
        }
        self.shell.as_mut().ok_or(Error::Stopped)
    }

    /// Calls a function of the library. After an error, the connection is dropped, because its state is unknown.
    fn call(&mut self, function: &str, request: &str) -> Result<String, Error> {
        let answer = self.shell()?.call(function, request);
        if answer.is_err() {
            self.shell = None;
        }
        answer
    }

    /// Adds the rooms of a service to a list, as far as the configuration allows them. Returns whether the server has a room
    /// service with this name.
    fn list_service(&mut self, service: &Jid, list: &mut Listing) -> Result<bool, Error> {
        let mut has_service = true;
        let mut next_number = Some(1_usize);
        while let Some(number) = next_number.take() {
            let answer = self.call("list", &format!("{} {number}", escape(service.as_str())))?;
            for record in records(&answer) {
                let mut words = record.split(' ');
                match (words.next(), words.next(), words.next()) {
                    (Some("room"), Some(room), name) => list_room(room, name, &self.settings, list)?,
                    (Some("next"), Some(next), None) => {
                        next_number = next.parse().ok().filter(|next| *next > number);
                        // These numbers also count rooms that the configuration does not allow. Without a limit, the list
                        // might never end.
                        match next_number {
                            Some(next) if next <= MAX_ROOMS => {}
                            Some(_) => return Err(listing::too_many_rooms()),
                            None => return Err(malformed(record)),
                        }
                    }
                    (Some("failed"), Some(why), None) => {
                        return Err(Error::Away(format!(
                            "the rooms of {service} cannot be listed: {}",
                            display_text(why)
                        )));
                    }
                    (Some("missing"), None, None) => has_service = false,
                    _ => return Err(malformed(record)),
                }
            }
        }
        Ok(has_service)
    }
}

/// Adds a room to a list, if the configuration allows the room.
fn list_room(
    room: &str,
    name: Option<&str>,
    settings: &ServerSettings,
    list: &mut Listing,
) -> Result<(), Error> {
    let spelled = unescape(room);
    let jid = spelled.as_deref().and_then(|text| Jid::parse_room(text).ok());
    match jid.filter(|jid| Some(jid.as_str()) == spelled.as_deref()) {
        None => list.add(None),
        Some(jid) if settings.allows(&jid) => list.add(Some(RemoteRoomInfo {
            room: jid,
            name: name
                .and_then(unescape)
                .filter(|name| !name.is_empty())
                .map(Into::into),
            allowed: Some(true),
        })),
        Some(_) => Ok(()),
    }
}

/// Splits an answer into its records.
fn records(answer: &str) -> impl Iterator<Item = &str> {
    answer.split(';').filter(|record| !record.is_empty())
}

/// The error for an unexpected record.
fn malformed(record: &str) -> Error {
    Error::Malformed(format!(
        "unexpected line “{}”",
        super::error::sanitize_line(record)
    ))
}

/// Decodes a word from Prosody for display.
fn display_text(word: &str) -> String {
    super::error::sanitize_line(&unescape(word).unwrap_or_else(|| word.to_owned()))
}

impl Backend for Prosody {
    fn connect(&mut self) -> Result<ServerClass, Error> {
        self.shell()?;
        Ok(ServerClass::Prosody)
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn disconnect(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            shell.close();
        }
    }

    fn check(&mut self) -> Result<ServerReport, Error> {
        let services: Vec<String> = self
            .settings
            .entry
            .services
            .iter()
            .map(|service| escape(service.as_str()))
            .collect();
        let answer = self.call("hello", &services.join(" "))?;
        let (mut version, mut not_services, mut others) = (None, Vec::new(), Vec::new());
        for record in records(&answer) {
            let words: Vec<&str> = record.split(' ').collect();
            match words.as_slice() {
                ["version", word] => version = Some(display_text(word)),
                ["service", _, "rooms"] => {}
                ["service", service, _] => not_services.push(display_text(service)),
                ["rooms", service] => others.push(display_text(service)),
                _ => return Err(malformed(record)),
            }
        }
        others.sort();
        let list = self.list_rooms()?;
        let problems = not_services.into_iter().map(|service| ServerProblem {
            description: format!("{service} is not a chat room service on this server"),
            solution: match others.as_slice() {
                [] => format!("add Component \"{service}\" \"muc\" to its configuration"),
                others => format!(
                    "in the configuration, set \"services\" to the server's chat room services: {}",
                    others.join(", ")
                ),
            },
        });
        let problems = problems
            .chain(version.as_deref().and_then(unsupported_version))
            .collect();
        Ok(ServerReport {
            server: self.settings.entry.name.clone(),
            kind: ServerKind::Prosody,
            class: Some(ServerClass::Prosody),
            version: version.map(|version| format!("Prosody {version}")),
            transport: Some(match &self.access {
                ProsodyAccess::Socket(path) => format!("socket {}", path.display()),
                // The arguments are left out, because they may be private.
                ProsodyAccess::Command(line) => format!("command {}", line.program.display()),
            }),
            rights: ServerRights::All,
            rooms: list.rooms,
            all_rooms: list.is_complete,
            problems,
        })
    }

    fn list_rooms(&mut self) -> Result<RoomList, Error> {
        let (mut list, mut is_complete) = (Listing::default(), true);
        for service in self.settings.entry.services.clone() {
            is_complete &= self.list_service(&service, &mut list)?;
        }
        Ok(list.finish(is_complete))
    }

    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error> {
        self.begin_watching()?;
        rooms.iter().try_for_each(|room| {
            let began = Instant::now();
            self.read_room(room, on_result)?;
            self.watch.note_read(room, began);
            Ok(())
        })
    }

    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error> {
        work.iter()
            .enumerate()
            .try_for_each(|(index, work)| self.apply_room(index, work, on_result))
    }

    fn watch(&mut self, rooms: &[Jid], selected: Option<&Jid>, occupants: bool) {
        let is_allowed = |room: &&Jid| self.settings.allows(room);
        self.watch.set_rooms(
            rooms.iter().filter(is_allowed),
            selected.filter(is_allowed),
            occupants,
        );
    }

    fn next_poll(&self) -> Option<Instant> {
        self.watch.next_poll()
    }

    fn poll(&mut self, on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        self.poll_watched(on_result)
    }
}

/// Returns the problem of a version before 0.12, which has no hats; `None` for other versions.
fn unsupported_version(version: &str) -> Option<ServerProblem> {
    let is_old = ["0.9", "0.10", "0.11"]
        .iter()
        .any(|old| version == *old || version.starts_with(&format!("{old}.")));
    is_old.then(|| ServerProblem {
        description: format!("Prosody {version} does not support hats"),
        solution: "update it to 0.12 or later".to_owned(),
    })
}
