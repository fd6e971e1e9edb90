//! Applying changes with two servers, with a slow store, and if it cannot begin.

use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::app::{Effect, Msg, SessionOptions};
use hatrack::model::{Affiliation, Attachment};
use hatrack::store::{HistoryFilter, HistoryQuery, StoreEvent, StoreRequest};
use hatrack::sync::{Report, ServerClass, ServerEvent, ServerRequest};

use super::super::session::Session;
use super::super::session::server::FakeServer;
use super::super::{ROOM, TERRY, hat, jid, wardrobe};
use super::{SERVICE, matching_server, requests, with_differences};

const OTHER_ROOM: &str = "staff@rooms.example.net";

/// A session with two servers, each with a hat to send; the servers answer only in [`answer_requests`].
fn with_two_servers() -> (Session, [FakeServer; 2]) {
    let mut wardrobe = wardrobe();
    let mut other = FakeServer::new("other", ServerClass::Prosody);
    other.user(OTHER_ROOM, TERRY, Affiliation::Member);
    wardrobe.add_room(&jid(OTHER_ROOM), None).unwrap();
    wardrobe
        .set_affiliation(&jid(TERRY), &jid(OTHER_ROOM), Affiliation::Member)
        .unwrap();
    for room in [ROOM, OTHER_ROOM] {
        wardrobe
            .add_user_hat(&jid(TERRY), &jid(room), &hat("urn:x:dean"), Attachment::default())
            .unwrap();
    }
    let servers = [matching_server(), other];
    let start = SessionOptions {
        actor: "terry".into(),
        servers: vec![servers[0].entry(SERVICE), servers[1].entry("rooms.example.net")],
        ..SessionOptions::default()
    };
    (Session::start(start, wardrobe, (100, 30)), servers)
}

/// Passes the requests on to their servers; returns the answers of each server.
fn answer_requests(session: &mut Session, servers: &mut [FakeServer; 2]) -> [Vec<ServerEvent>; 2] {
    let mut answers = [Vec::new(), Vec::new()];
    for effect in std::mem::take(&mut session.effects) {
        let Effect::Server(request) = effect else { continue };
        let name = match &request {
            ServerRequest::Plan { server, .. } | ServerRequest::Received { server, .. } => server.clone(),
            ServerRequest::Apply { plan, .. } => plan.server.clone(),
            ServerRequest::Follow { .. } | ServerRequest::Changed { .. } => continue,
            other => panic!("{other:?}"),
        };
        let index = servers.iter().position(|server| *server.name == *name).unwrap();
        answers[index].extend(servers[index].handle(request));
    }
    answers
}

fn send_events(session: &mut Session, events: Vec<ServerEvent>) {
    for event in events {
        session.send(Msg::Server(Box::new(event)));
    }
}

/// The number of changes that were sent, as recorded in the history.
fn recorded_sent_changes(session: &mut Session) -> usize {
    let query = HistoryQuery {
        filter: HistoryFilter::default(),
        from: None,
        limit: 100,
    };
    let now = "2026-01-31T13:00:00Z".parse().unwrap();
    let mut found = session.memory.handle(StoreRequest::History(query), now);
    let Some(StoreEvent::History { page: Ok(page), .. }) = found.pop() else {
        panic!("no history")
    };
    let sent = page.entries.iter().filter_map(|entry| entry.sent.as_ref());
    sent.map(|sent| sent.changes.0.len()).sum()
}

#[test]
fn changes_sent_to_one_server_are_recorded_before_the_other_server_answers() {
    let (mut session, mut servers) = with_two_servers();
    session.keys("S a");
    for events in answer_requests(&mut session, &mut servers) {
        send_events(&mut session, events);
    }
    session.keys("Enter y");
    let [first, second] = answer_requests(&mut session, &mut servers);
    send_events(&mut session, first);
    assert!(
        session.state.top_as::<PlanOverlay>().is_some(),
        "the other server has not answered"
    );
    assert_eq!(recorded_sent_changes(&mut session), 1);
    send_events(&mut session, second);
    assert_eq!(recorded_sent_changes(&mut session), 2);
    let report = session.state.top_as::<ReportOverlay>().unwrap();
    assert_eq!(report.totals(), [2, 0, 0, 0, 0]);
}

#[test]
fn received_and_sent_changes_are_pending_until_they_are_saved() {
    let mut session = with_differences();
    session.keys("S Enter");
    session.delay_answers();
    session.keys("Enter y");
    assert!(
        session.state.has_other_commits(),
        "received changes are being saved"
    );
    session.answer_next();
    assert!(session.state.top_as::<ReportOverlay>().is_some());
    assert!(
        session.state.has_other_commits(),
        "the record of sent changes is being saved"
    );
    session.answer_all();
    assert!(!session.state.has_other_commits());
    assert_eq!(recorded_sent_changes(&mut session), 1);
}

#[test]
fn changes_are_reported_as_not_sent_if_applying_cannot_begin() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().is_slow = true;
    session.keys("S Enter");
    session.server_answers();
    session.keys("Enter y");
    let Some(ServerRequest::Apply { id, plan, .. }) = requests(&session).last().cloned() else {
        panic!("{:?}", requests(&session).last())
    };
    let report = Report::not_sent(&plan, "cannot start a thread");
    let stopped = false;
    session.send(Msg::Server(Box::new(ServerEvent::Applied {
        id,
        report,
        stopped,
    })));
    let report = session.state.top_as::<ReportOverlay>().unwrap();
    assert_eq!(report.totals(), [0, 1, 0, 1, 1]);
}
