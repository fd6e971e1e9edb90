//! Asking for passwords: each server for itself.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hatrack::server::{
    AskPassword, Backend, ProsodyAccess, ServerAccess, ServerSettings, ServerWorker, WorkerOptions,
};
use hatrack::store::Change;
use hatrack::sync::{
    AfterCommit, Follower, OtherRooms, Report, Secret, ServerClass, ServerEvent, ServerRequest, ServerState,
};

use crate::simulated::{Connection, Fault, Simulated};
use crate::stage::*;

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
    (
        ServerWorker::with_backends(options, notify, Arc::new(make)),
        events,
    )
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

impl Session<'_> {
    fn follow_asking(&self, may_ask: bool) {
        let store = self.stage.store();
        let request = ServerRequest::Follow {
            rooms: vec![local_room(&store)],
            selected: None,
            revision: store.wardrobe().revision,
            interval: Duration::from_millis(1),
            may_ask,
        };
        self.worker.request(request).unwrap();
    }

    fn follower_unasked(&self) -> Follower {
        self.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            ServerEvent::Password { .. } => panic!("asked"),
            _ => None,
        })
    }

    fn is_asked(&self) {
        self.wait(|event| matches!(event, ServerEvent::Password { .. }).then_some(()));
    }

    fn sent_unasked(&self) -> Report {
        self.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            ServerEvent::Password { .. } => panic!("asked"),
            _ => None,
        })
    }

    /// Ends the session, which asks for nothing meanwhile.
    fn ends_unasked(self) {
        // Time for what should not happen.
        std::thread::sleep(Duration::from_millis(1500));
        self.worker.finish();
        let asked = |event: &ServerEvent| matches!(event, ServerEvent::Password { .. });
        assert!(!self.events.try_iter().any(|event| asked(&event)));
    }
}

#[test]
fn who_follows_is_asked_at_the_start() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let session = stage.session_asking();
    session.follow_asking(true);
    session.is_asked();
    give(&session.worker, "example");
    assert_eq!(session.follower_unasked(), Follower::Here);
}

#[test]
fn who_follows_is_asked_although_the_rooms_are_reported_again_before() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let session = stage.session_asking();
    session.follow_asking(true);
    session.follow_asking(false);
    session.is_asked();
    give(&session.worker, "example");
    assert_eq!(session.follower_unasked(), Follower::Here);
}

#[test]
fn nobody_is_asked_because_of_rooms_that_were_not_compared() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    let session = stage.session_asking();
    session.follow_asking(true);
    assert_eq!(session.follower_unasked(), Follower::NotCompared);
    session.ends_unasked();
}

#[test]
fn nobody_is_asked_later_because_of_rooms_that_are_followed() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let session = stage.session_asking();
    session.follow_asking(false);
    session.ends_unasked();
    let session = stage.session_asking();
    stage.server.lock().unwrap().faults = [(1, Fault::Away)].into();
    session.follow_asking(true);
    session.wait(|event| {
        matches!(
            event,
            ServerEvent::State {
                state: ServerState::Away(_),
                ..
            }
        )
        .then_some(())
    });
    session.follow_asking(false);
    session.ends_unasked();
}

#[test]
fn nobody_is_asked_to_send_what_expired_or_to_send_again() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let (mut store, follows) = stage.store_at_once("state");
    let mut next = store.wardrobe().clone();
    let old = item("u0", "urn:x:old");
    let removed = next.remove_user_hat(old.user().unwrap(), &room(), old.hat().unwrap());
    store.commit(&[Change::expired(removed.unwrap())]).unwrap()[0]
        .as_ref()
        .unwrap();
    let Ok(AfterCommit::Send(request)) = follows.recv() else {
        panic!("nothing is sent");
    };
    let session = stage.session_asking();
    session.worker.request(request).unwrap();
    let report = session.sent_unasked();
    assert_eq!(report.rooms[0].unsent, 1);
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("password"), "{why}");
    session.ends_unasked();
    assert!(stage.remote(&old).is_some());
    // What somebody changes is sent, and asked for.
    let mut follows = stage.local_hat_at_once("state", "u1", "urn:x:old", None);
    let Some(AfterCommit::Send(request)) = follows.pop() else {
        panic!("nothing is sent");
    };
    let session = stage.session_asking();
    {
        let mut server = stage.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::Away)].into();
    }
    session.worker.request(request.clone()).unwrap();
    assert_eq!(session.sent_unasked().rooms[0].unsent, 2);
    session.ends_unasked();
    let session = stage.session_asking();
    session.worker.request(request).unwrap();
    session.is_asked();
    give(&session.worker, "example");
    assert_eq!(session.sent_unasked().rooms[0].sent, 2);
    assert_eq!(stage.remote(&old), None);
}
