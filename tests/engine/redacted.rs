//! Messages about failures contain no paths and no other rooms in sessions that are restricted to some rooms.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use hatrack::server::{ProsodyAccess, Redactor, ServerAccess, ServerSettings, ServerWorker, WorkerOptions};
use hatrack::store::Scope;
use hatrack::sync::{OtherRooms, ServerEvent, ServerRequest, ServerState};

use crate::stage::jid;

fn settings() -> ServerSettings {
    let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere/secret.sock".into()));
    ServerSettings::new("one", vec![jid("one.example.org")], access)
}

/// The messages of a session about a server whose socket is missing. `rooms`: the rooms to which the session is
/// restricted.
fn messages(rooms: Option<BTreeSet<hatrack::model::Jid>>, folder: &Path) -> Vec<String> {
    let options = WorkerOptions {
        servers: vec![settings()],
        data_file: folder.join("hats.json"),
        scope: Scope {
            rooms,
            read_only: false,
            ..Scope::default()
        },
        ..WorkerOptions::default()
    };
    let (sender, events) = channel();
    let worker = ServerWorker::new(options, move |event| drop(sender.send(event)));
    worker
        .request(ServerRequest::Plan {
            id: 1,
            server: "one".into(),
            rooms: Vec::new(),
            others: OtherRooms::Ignore,
            revision: 0,
            affiliations: None,
        })
        .unwrap();
    let mut messages = Vec::new();
    loop {
        match events.recv_timeout(Duration::from_secs(60)).unwrap() {
            ServerEvent::State {
                state: ServerState::Away(text) | ServerState::Refused(text),
                ..
            } => messages.push(text),
            ServerEvent::Planned { plan, .. } => {
                messages.push(plan.unwrap_err());
                return messages;
            }
            _ => {}
        }
    }
}

#[test]
fn session_restricted_to_rooms_sees_no_paths() {
    let folder = tempfile::tempdir().unwrap();
    let unrestricted = messages(None, folder.path());
    assert!(
        !unrestricted.is_empty()
            && unrestricted
                .iter()
                .all(|text| text.contains("/nowhere/secret.sock")),
        "{unrestricted:?}"
    );
    let restricted = messages(Some([jid("a@one.example.org")].into()), folder.path());
    let redacted = "the server cannot be used now; its administrator can see why with hatrack servers check";
    assert_eq!(restricted, vec![redacted; unrestricted.len()]);
}

#[test]
fn session_restricted_to_rooms_sees_no_other_rooms() {
    let redactor = Redactor::new([jid("a@one.example.org")].into(), vec![settings().entry]);
    for text in [
        "wrong password for moderator@example.net",
        "cannot read a@one.example.org: busy",
        "connection refused",
    ] {
        assert_eq!(redactor.reason(text.into()), text);
    }
    for text in [
        "cannot read (secret@one.example.org): busy",
        "sudo: /usr/bin/x: not found",
    ] {
        assert_ne!(redactor.reason(text.into()), text);
    }
}
