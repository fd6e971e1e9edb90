//! Each check of a server is answered.

use hatrack::sync::{OtherRooms, ServerClass, ServerEvent, ServerReport, ServerRequest, ServerState};

use crate::simulated::Fault;
use crate::stage::*;

/// Checks the server. Returns the result, and the server's states until then.
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
fn check_reports_the_problems_of_a_server_that_refuses_access() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let session = stage.session();
    stage.server.lock().unwrap().refusal = Some("no room supports hats".into());
    let refused = ServerState::Refused("no room supports hats".into());
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap_err();
    // Other requests do not try a server again that has refused access, but a check does.
    for _ in 0..2 {
        let (report, states) = check(&session);
        assert_eq!(report.unwrap().problems[0].description, "no room supports hats");
        assert_eq!(states.last(), Some(&refused));
    }
    stage.server.lock().unwrap().refusal = None;
    let (report, states) = check(&session);
    assert_eq!(report.unwrap().problems, []);
    assert_eq!(states.last(), Some(&ServerState::Ready(stage.class)));
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
}

#[test]
fn each_check_reports_why_the_server_cannot_be_checked() {
    let stage = Stage::compared(ServerClass::Prosody);
    let session = stage.session();
    stage.server.lock().unwrap().faults = (1..100).map(|call| (call, Fault::Away)).collect();
    for _ in 0..2 {
        let (report, states) = check(&session);
        assert_eq!(report, Err("nobody answers".into()));
        assert_eq!(states.last(), Some(&ServerState::Away("nobody answers".into())));
    }
}
