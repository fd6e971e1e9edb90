//! The thread of a server panics.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use hatrack::server::{
    AskPassword, Backend, ProsodyAccess, ServerAccess, ServerSettings, ServerWorker, WorkerOptions,
};
use hatrack::sync::{ServerEvent, ServerRequest, ServerState};

use crate::stage::jid;

#[test]
fn panic_of_a_thread_is_reported_as_the_state_of_its_server() {
    let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()));
    let options = WorkerOptions {
        servers: vec![ServerSettings::new("one", vec![jid("one.example.org")], access)],
        ..WorkerOptions::default()
    };
    let (sender, events) = channel();
    let make = |_: &_, _: AskPassword| -> Box<dyn Backend> { panic!("for a test") };
    let notify = move |event| drop(sender.send((event, std::thread::panicking())));
    let worker = ServerWorker::with_backends(options, notify, Arc::new(make));
    let server: Arc<str> = "one".into();
    worker
        .request(ServerRequest::Check {
            server: server.clone(),
        })
        .unwrap();
    let state = ServerState::Away("internal error".into());
    assert_eq!(
        events.recv_timeout(Duration::from_secs(60)).unwrap(),
        (ServerEvent::State { server, state }, true)
    );
}
