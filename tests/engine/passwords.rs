//! Asking for passwords: each server for itself.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hatrack::server::{
    AskPassword, Backend, ProsodyAccess, ServerAccess, ServerSettings, ServerWorker, WorkerOptions,
};
use hatrack::sync::{OtherRooms, Secret, ServerClass, ServerEvent, ServerRequest};

use crate::simulated::{Connection, Simulated};
use crate::stage::jid;

/// Two servers that want a password each.
fn worker(folder: &std::path::Path) -> (ServerWorker, Receiver<ServerEvent>) {
    let settings = ["one", "two"].map(|name| {
        let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()));
        ServerSettings::new(name, vec![jid(&format!("{name}.example.org"))], access)
    });
    let options = WorkerOptions {
        servers: settings.into(),
        data_file: folder.join("hats.json"),
        ..WorkerOptions::default()
    };
    let (sender, events) = channel();
    let make = |_: &_, ask: AskPassword| {
        let server = Arc::new(Mutex::new(Simulated::new(ServerClass::EjabberdOld)));
        let mut connection = Connection::new(&server);
        connection.ask = Some(ask);
        Box::new(connection) as Box<dyn Backend>
    };
    let notify = move |event| drop(sender.send(event));
    (ServerWorker::start_with(options, notify, Arc::new(make)), events)
}

fn plan(worker: &ServerWorker, id: u64, server: &str) {
    let request = ServerRequest::Plan {
        id,
        server: server.into(),
        rooms: Vec::new(),
        others: OtherRooms::List,
        revision: 0,
        affiliations: None,
    };
    worker.request(request).unwrap();
}

/// The next questions for passwords, and ends of requests: `two?`, `1 failed`.
fn next(events: &Receiver<ServerEvent>) -> String {
    loop {
        match events.recv_timeout(Duration::from_secs(60)).unwrap() {
            ServerEvent::Password { server, .. } => return format!("{server}?"),
            ServerEvent::Planned { id, plan } => {
                return format!("{id} {}", if plan.is_ok() { "done" } else { "failed" });
            }
            _ => {}
        }
    }
}

fn give(worker: &ServerWorker, server: &str) {
    let request = ServerRequest::Password {
        server: server.into(),
        password: Some(Secret::new("secret")),
    };
    worker.request(request).unwrap();
}

#[test]
fn stopping_one_request_leaves_the_questions_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, events) = worker(folder.path());
    plan(&worker, 1, "one");
    plan(&worker, 2, "two");
    let mut asked = [next(&events), next(&events)];
    asked.sort();
    assert_eq!(asked, ["one?", "two?"]);
    worker.request(ServerRequest::Stop { id: 1 }).unwrap();
    assert_eq!(next(&events), "1 failed");
    give(&worker, "two");
    assert_eq!(next(&events), "2 done");
    worker.finish();
}

#[test]
fn a_request_that_was_stopped_before_its_turn_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, events) = worker(folder.path());
    plan(&worker, 1, "one");
    plan(&worker, 2, "one");
    plan(&worker, 3, "one");
    assert_eq!(next(&events), "one?");
    worker.request(ServerRequest::Stop { id: 2 }).unwrap();
    give(&worker, "one");
    assert_eq!([(); 3].map(|()| next(&events)), ["1 done", "2 failed", "3 done"]);
    worker.finish();
}
