//! A server that does not answer while a change is sent to it.

use std::time::Duration;

use hatrack::app::{Msg, SaveState, Start};
use hatrack::model::Wardrobe;
use hatrack::sync::{AfterCommit, Progress, Report, SENDING_ID, ServerClass, ServerEvent, ServerRequest};
use hatrack::ui::{Theme, plain};

use super::super::ending::time;
use super::super::screen;
use super::super::session::Session;
use super::super::session::server::FakeServer;
use super::{SERVICE, wardrobe};

fn start(plain: bool) -> Session {
    let start = Start {
        servers: vec![FakeServer::new("example", ServerClass::Prosody).entry(SERVICE)],
        plain,
        ..Start::default()
    };
    let wardrobe: Wardrobe = wardrobe();
    let mut session = Session::start(start, wardrobe, (80, 24));
    at(&mut session, 0);
    session
}

/// The time after so many seconds.
fn after(milliseconds: i64) -> jiff::Timestamp {
    time("2026-11-28T14:30:00Z") + jiff::SignedDuration::from_millis(milliseconds)
}

fn at(session: &mut Session, second: i64) {
    session.send(Msg::Now(after(second * 1000)));
}

fn send(session: &mut Session) {
    session.send(Msg::Saved(Box::new(AfterCommit::Send(ServerRequest::Send {
        server: "example".into(),
        rooms: Vec::new(),
        revision: 0,
        may_ask: false,
    }))));
}

fn server(session: &mut Session, event: ServerEvent) {
    session.send(Msg::Server(Box::new(event)));
}

fn answered() -> ServerEvent {
    ServerEvent::Sent {
        report: Report {
            server: "example".into(),
            rooms: Vec::new(),
        },
        is_answer: true,
    }
}

fn silent(session: &Session) -> Option<i64> {
    match session.state.save_state() {
        SaveState::Sending(silent) => silent,
        state => panic!("{state:?}"),
    }
}

/// In how many milliseconds the session looks at the clock again.
fn next_look(session: &Session, milliseconds: i64) -> Option<u128> {
    let next = session.state.next_look_at_clock(after(milliseconds));
    next.as_ref().map(Duration::as_millis)
}

#[test]
fn header_says_how_long_the_server_has_not_answered() {
    let mut session = start(false);
    assert_eq!(next_look(&session, 0), None, "nothing is being sent");
    at(&mut session, 1);
    send(&mut session);
    assert_eq!((silent(&session), next_look(&session, 1500)), (None, Some(4500)));
    at(&mut session, 6);
    assert_eq!(
        (silent(&session), next_look(&session, 6200)),
        (Some(5), Some(800))
    );
    at(&mut session, 13);
    let header = screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0);
    let header = &header[0];
    assert!(header.contains("sending, no answer for 12 s"), "{header}");
    // Some of it is sent.
    let progress = ServerEvent::Progress {
        id: SENDING_ID,
        progress: Progress::default(),
    };
    server(&mut session, progress);
    assert_eq!(
        (silent(&session), next_look(&session, 13_000)),
        (None, Some(5000))
    );
    at(&mut session, 20);
    // A second change does not make it answer.
    send(&mut session);
    assert_eq!(silent(&session), Some(7));
    // The clock is put back.
    at(&mut session, 2);
    assert_eq!(silent(&session), None);
    at(&mut session, 8);
    server(&mut session, answered());
    assert_eq!(silent(&session), None);
    server(&mut session, answered());
    assert_ne!(session.state.save_state(), SaveState::Sending(None));
    assert_eq!(next_look(&session, 20_000), None);
}

/// What changes is read out, so it changes seldom.
#[test]
fn plain_text_says_it_every_ten_seconds() {
    let mut session = start(true);
    send(&mut session);
    let mut said = Vec::new();
    let mut now = 0;
    while now < 31_000 {
        now += i64::try_from(next_look(&session, now).unwrap()).unwrap();
        session.send(Msg::Now(after(now)));
        let page = plain::page(&session.state, Theme::default(), (80, 24));
        said.push(page.lines[0].clone());
    }
    let ends: Vec<_> = said
        .iter()
        .map(|line| line.contains("sending, no answer for"))
        .collect();
    assert_eq!(ends, [true; 5], "{said:?}");
    for (line, seconds) in said.iter().zip([5, 10, 20, 30, 40]) {
        assert!(
            line.contains(&format!(", sending, no answer for {seconds} s")),
            "{said:?}"
        );
    }
}
