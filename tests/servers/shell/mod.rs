//! The backend for Prosody's admin shell, with real Prosody servers and with fake ones.

mod faults;
mod hostile;
mod lua;
mod occupants;
mod reading;
mod speed;
mod watching;
mod writing;

use std::ops::ControlFlow;
use std::time::Duration;

use hatrack::model::Jid;
use hatrack::server::prosody::Prosody;
use hatrack::server::{Applied, Backend as _, Error, ReadEvent, RoomChanges};
use hatrack::server::{CommandLine, ProsodyAccess, ServerAccess, ServerSettings};
use hatrack::sync::{HatValue, ItemChange, ItemOutcome, RemoteRoom, RoomRead};

pub(super) use crate::changes::{affiliate, change, jid};
use crate::pool::{Shared, run_on_each};
use crate::prosody::SERVICE;
use crate::server::{Kind, Server};

/// How a backend connects to the admin shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Through the admin socket.
    Socket,
    /// Through `prosodyctl shell`, with the line editor that the Debian package recommends (`lua-readline`).
    Command,
    /// Through `prosodyctl shell` without the line editor.
    CommandWithoutEditor,
}

impl Transport {
    pub(super) const ALL: [Self; 3] = [Self::Socket, Self::Command, Self::CommandWithoutEditor];
}

pub(super) fn access(server: &Server, transport: Transport) -> ProsodyAccess {
    if transport == Transport::Socket {
        return ProsodyAccess::Socket(server.socket());
    }
    let words = server
        .prosodyctl()
        .into_iter()
        .map(|word| word.into_string().unwrap());
    let mut arguments: Vec<String> = words.collect();
    let program = arguments.remove(0);
    let found = ["/usr/sbin", "/usr/bin"].map(|folder| std::path::Path::new(folder).join(&program));
    let mut variables = Vec::new();
    if transport == Transport::CommandWithoutEditor {
        let hide = "package.preload.readline = function() error('hidden') end";
        variables.push(("LUA_INIT".to_owned(), hide.to_owned()));
    }
    ProsodyAccess::Command(CommandLine {
        program: found.into_iter().find(|path| path.exists()).unwrap(),
        arguments,
        variables,
    })
}

pub(super) fn settings(access: ProsodyAccess) -> ServerSettings {
    ServerSettings {
        timeout: Duration::from_secs(30),
        ..ServerSettings::new("example", vec![jid(SERVICE)], ServerAccess::Prosody(access))
    }
}

pub(super) fn prosody(settings: ServerSettings) -> Prosody {
    match settings.access.clone() {
        ServerAccess::Prosody(access) => Prosody::new(settings, access),
        ServerAccess::Xmpp(_) => panic!("the server is not Prosody"),
    }
}

pub(super) fn connect(server: &Server, transport: Transport) -> Prosody {
    prosody(settings(access(server, transport)))
}

/// Runs a test for each kind of Prosody with each transport.
pub(super) fn on_each_prosody(test: impl Fn(&mut Server, Transport) + Sync) {
    run_on_each(&Kind::PROSODY, &|kind| {
        for transport in Transport::ALL {
            let Some(mut server) = Shared::take(kind) else {
                return;
            };
            test(&mut server, transport);
        }
    });
}

pub(super) fn read_all(backend: &mut Prosody, rooms: &[&str]) -> Result<Vec<RoomRead>, Error> {
    let rooms: Vec<Jid> = rooms.iter().copied().map(jid).collect();
    let mut all = Vec::new();
    backend.read_rooms(&rooms, &mut |event| {
        if let ReadEvent::Room { read, .. } = event {
            all.push(read);
        }
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

pub(super) fn read(backend: &mut Prosody, room: &str) -> RemoteRoom {
    match read_all(backend, &[room]).unwrap().remove(0) {
        RoomRead::Read(room) => (*room).clone(),
        other => panic!("{room}: {other:?}"),
    }
}

/// A hat: `flags` contains `a` for active and `r` for required; an empty title is no title.
pub(super) fn hat(flags: &str, title: &str) -> HatValue {
    HatValue {
        active: flags.contains('a'),
        required: flags.contains('r'),
        title: (!title.is_empty()).then(|| title.into()),
    }
}

pub(super) fn try_apply(
    backend: &mut Prosody,
    room: &str,
    changes: Vec<ItemChange>,
) -> (Vec<Applied>, Result<(), Error>) {
    try_apply_if_created(backend, room, None, changes)
}

/// Like [`try_apply`], but only if the room was created with this stamp.
pub(super) fn try_apply_if_created(
    backend: &mut Prosody,
    room: &str,
    created: Option<Box<str>>,
    changes: Vec<ItemChange>,
) -> (Vec<Applied>, Result<(), Error>) {
    let work = RoomChanges {
        room: jid(room),
        created,
        actor: "ana".into(),
        changes,
    };
    let mut reports = Vec::new();
    let result = backend.apply(&[work], &mut |applied| {
        reports.push(applied);
        ControlFlow::Continue(())
    });
    (reports, result)
}

/// Applies changes and returns the outcome of each of them.
pub(super) fn apply(backend: &mut Prosody, room: &str, changes: Vec<ItemChange>) -> Vec<ItemOutcome> {
    let count = changes.len();
    let (reports, result) = try_apply(backend, room, changes);
    result.unwrap();
    let mut outcomes: Vec<_> = reports.into_iter().flat_map(|applied| applied.outcomes).collect();
    outcomes.sort_by_key(|(number, _)| *number);
    let numbers: Vec<usize> = outcomes.iter().map(|(number, _)| *number).collect();
    assert_eq!(
        numbers,
        (0..count).collect::<Vec<_>>(),
        "each outcome is reported once"
    );
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

pub(super) const SAVED: ItemOutcome = ItemOutcome::Done { saved: true };
