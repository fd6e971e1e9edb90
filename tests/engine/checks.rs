//! Checking a server always has an answer.

use hatrack::sync::{OtherRooms, ServerClass, ServerEvent, ServerReport, ServerRequest, ServerState};

use crate::simulated::Fault;
use crate::stage::*;

/// What the check found, and the states on the way.
fn check(session: &Session<'_>) -> (Result<ServerReport, String>, Vec<ServerState>) {
    let server = "example".into();
    session.worker.request(ServerRequest::Check { server }).unwrap();
    let states = std::cell::RefCell::new(Vec::new());
    let report = session.wait(|event| match event {
        ServerEvent::State { state, .. } => {
            states.borrow_mut().push(state);
            None
        }
        ServerEvent::Checked { server, report } => {
            assert_eq!(&*server, "example");
            Some(report)
        }
        _ => None,
    });
    (report, states.into_inner())
}

#[test]
fn says_what_is_missing_where_the_server_cannot_be_used() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let session = stage.session();
    stage.server.lock().unwrap().refuses = Some("no room supports hats".into());
    let refused = ServerState::Refused("no room supports hats".into());
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap_err();
    // Refused, it is tried again, as somebody asked for that.
    for _ in 0..2 {
        let (report, states) = check(&session);
        assert_eq!(report.unwrap().problems[0].what, "no room supports hats");
        assert_eq!(states.last(), Some(&refused));
    }
    stage.server.lock().unwrap().refuses = None;
    let (report, states) = check(&session);
    assert_eq!(report.unwrap().problems, []);
    assert_eq!(states.last(), Some(&ServerState::Ready(stage.class)));
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
}

#[test]
fn says_each_time_why_the_server_cannot_be_checked() {
    let stage = Stage::known(ServerClass::Prosody);
    let session = stage.session();
    stage.server.lock().unwrap().faults = (1..100).map(|call| (call, Fault::Away)).collect();
    for _ in 0..2 {
        let (report, states) = check(&session);
        assert_eq!(report, Err("nobody answers".into()));
        assert_eq!(states.last(), Some(&ServerState::Away("nobody answers".into())));
    }
}
