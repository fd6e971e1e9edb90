//! When sessions ask for passwords. Each server asks for its own.

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

/// Starts a worker for the servers `one` and `two`, each of which needs a password.
fn start_worker(folder: &std::path::Path) -> (ServerWorker, Receiver<ServerEvent>) {
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

fn request_plan(worker: &ServerWorker, id: u64, server: &str) {
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

/// Waits for the next question for a password (returned as `two?` for the server `two`) or end of a request (`1 done`
/// or `1 failed` for the request 1).
fn wait_for_question_or_end(events: &Receiver<ServerEvent>) -> String {
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

fn enter_password(worker: &ServerWorker, server: &str) {
    let request = ServerRequest::Password {
        server: server.into(),
        password: Some(Secret::new("secret")),
    };
    worker.request(request).unwrap();
}

#[test]
fn stopping_a_request_leaves_the_questions_of_other_servers_open() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, events) = start_worker(folder.path());
    request_plan(&worker, 1, "one");
    request_plan(&worker, 2, "two");
    let mut questions = [(); 2].map(|()| wait_for_question_or_end(&events));
    questions.sort();
    assert_eq!(questions, ["one?", "two?"]);
    worker.request(ServerRequest::Stop { id: 1 }).unwrap();
    assert_eq!(wait_for_question_or_end(&events), "1 failed");
    enter_password(&worker, "two");
    assert_eq!(wait_for_question_or_end(&events), "2 done");
    worker.finish();
}

#[test]
fn request_that_is_stopped_before_it_begins_does_not_ask_for_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, events) = start_worker(folder.path());
    request_plan(&worker, 1, "one");
    request_plan(&worker, 2, "one");
    request_plan(&worker, 3, "one");
    assert_eq!(wait_for_question_or_end(&events), "one?");
    worker.request(ServerRequest::Stop { id: 2 }).unwrap();
    enter_password(&worker, "one");
    assert_eq!(
        [(); 3].map(|()| wait_for_question_or_end(&events)),
        ["1 done", "2 failed", "3 done"]
    );
    worker.finish();
}

impl Session<'_> {
    fn follow_room(&self, may_ask: bool) {
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

    /// Waits until the follower of the room is reported. Panics if the session asks for a password before.
    fn wait_for_follower_without_question(&self) -> Follower {
        self.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            ServerEvent::Password { .. } => panic!("asked for a password"),
            _ => None,
        })
    }

    fn wait_for_question(&self) {
        self.wait(|event| matches!(event, ServerEvent::Password { .. }).then_some(()));
    }

    /// Waits for the report about sent changes. Panics if the session asks for a password before.
    fn wait_for_sent_without_question(&self) -> Report {
        self.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            ServerEvent::Password { .. } => panic!("asked for a password"),
            _ => None,
        })
    }

    /// Asserts that the session asks for no password in the next 1.5 seconds, and ends it.
    fn end_without_question(self) {
        std::thread::sleep(Duration::from_millis(1500));
        self.worker.finish();
        let is_question = |event: ServerEvent| matches!(event, ServerEvent::Password { .. });
        assert!(!self.events.try_iter().any(is_question));
    }
}

#[test]
fn session_that_starts_to_follow_asks_for_the_password() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let session = stage.session_with_password_prompt();
    session.follow_room(true);
    session.wait_for_question();
    enter_password(&session.worker, "example");
    assert_eq!(session.wait_for_follower_without_question(), Follower::Here);
}

#[test]
fn session_that_starts_to_follow_asks_even_if_the_next_request_to_follow_must_not_ask() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let session = stage.session_with_password_prompt();
    session.follow_room(true);
    session.follow_room(false);
    session.wait_for_question();
    enter_password(&session.worker, "example");
    assert_eq!(session.wait_for_follower_without_question(), Follower::Here);
}

#[test]
fn session_whose_rooms_were_not_compared_does_not_ask() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    let session = stage.session_with_password_prompt();
    session.follow_room(true);
    assert_eq!(
        session.wait_for_follower_without_question(),
        Follower::NotCompared
    );
    session.end_without_question();
}

#[test]
fn session_that_follows_asks_neither_without_permission_nor_after_a_failed_connection() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let session = stage.session_with_password_prompt();
    session.follow_room(false);
    session.end_without_question();
    let session = stage.session_with_password_prompt();
    stage.server.lock().unwrap().faults = [(1, Fault::Away)].into();
    session.follow_room(true);
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
    session.follow_room(false);
    session.end_without_question();
}

#[test]
fn neither_expired_hats_nor_repeated_sending_ask_for_a_password() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let (mut store, after_commit) = stage.store_at_once("state");
    let mut next = store.wardrobe().clone();
    let old = item("u0", "urn:x:old");
    let removed = next.remove_user_hat(old.user().unwrap(), &room(), old.hat().unwrap());
    store.commit(&[Change::expired(removed.unwrap())]).unwrap()[0]
        .as_ref()
        .unwrap();
    let Ok(AfterCommit::Send(request)) = after_commit.recv() else {
        panic!("no request to send");
    };
    let session = stage.session_with_password_prompt();
    session.worker.request(request).unwrap();
    let report = session.wait_for_sent_without_question();
    assert_eq!(report.rooms[0].unsent, 1);
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("password"), "{why}");
    session.end_without_question();
    assert!(stage.remote(&old).is_some());
    // To send a change that a person made, a session asks. If the server is not reachable at that time, it does not ask
    // later.
    let mut after_commit = stage.set_local_hat_at_once("state", "u1", "urn:x:old", None);
    let Some(AfterCommit::Send(request)) = after_commit.pop() else {
        panic!("no request to send");
    };
    let session = stage.session_with_password_prompt();
    {
        let mut server = stage.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::Away)].into();
    }
    session.worker.request(request.clone()).unwrap();
    assert_eq!(session.wait_for_sent_without_question().rooms[0].unsent, 2);
    session.end_without_question();
    let session = stage.session_with_password_prompt();
    session.worker.request(request).unwrap();
    session.wait_for_question();
    enter_password(&session.worker, "example");
    assert_eq!(session.wait_for_sent_without_question().rooms[0].sent, 2);
    assert_eq!(stage.remote(&old), None);
}
