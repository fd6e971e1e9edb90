//! A server that does not answer while a change is sent to it.

use std::time::Duration;

use hatrack::app::{Msg, SaveState, SessionOptions};
use hatrack::model::Wardrobe;
use hatrack::sync::{
    AfterCommit, Progress, Report, RoomReport, SENDING_ID, ServerClass, ServerEvent, ServerRequest,
};
use hatrack::ui::{Theme, plain};

use super::super::ending::time;
use super::super::screen;
use super::super::session::Session;
use super::super::session::server::FakeServer;
use super::super::{ROOM, jid};
use super::{SERVICE, wardrobe};

fn start(plain: bool) -> Session {
    let start = SessionOptions {
        servers: vec![FakeServer::new("example", ServerClass::Prosody).entry(SERVICE)],
        plain,
        ..SessionOptions::default()
    };
    let wardrobe: Wardrobe = wardrobe();
    let mut session = Session::start(start, wardrobe, (80, 24));
    set_time(&mut session, 0);
    session
}

/// The time after this many milliseconds.
fn after(milliseconds: i64) -> jiff::Timestamp {
    time("2026-11-28T14:30:00Z") + jiff::SignedDuration::from_millis(milliseconds)
}

fn set_time(session: &mut Session, second: i64) {
    session.send(Msg::Now(after(second * 1000)));
}

/// A change is saved that is to be sent to the server.
pub(super) fn save_change_to_send(session: &mut Session) {
    session.send(Msg::AfterCommit(Box::new(AfterCommit::Send(
        ServerRequest::Send {
            server: "example".into(),
            rooms: Vec::new(),
            revision: 0,
            may_ask: false,
        },
    ))));
}

fn send_event(session: &mut Session, event: ServerEvent) {
    session.send(Msg::Server(Box::new(event)));
}

fn sent_answer() -> ServerEvent {
    ServerEvent::Sent {
        report: Report {
            server: "example".into(),
            rooms: Vec::new(),
        },
        is_answer: true,
    }
}

fn silent_seconds(session: &Session) -> Option<i64> {
    match session.state.save_state() {
        SaveState::Sending(silent_seconds) => silent_seconds,
        state => panic!("{state:?}"),
    }
}

/// The time until the session looks at the clock again, in milliseconds; it is now `milliseconds` after the start.
fn next_clock_check(session: &Session, milliseconds: i64) -> Option<u128> {
    let next = session.state.time_to_next_clock_check(after(milliseconds));
    next.as_ref().map(Duration::as_millis)
}

#[test]
fn header_says_how_long_the_server_has_not_answered() {
    let mut session = start(false);
    assert_eq!(next_clock_check(&session, 0), None, "nothing is being sent");
    set_time(&mut session, 1);
    save_change_to_send(&mut session);
    assert_eq!(
        (silent_seconds(&session), next_clock_check(&session, 1500)),
        (None, Some(4500))
    );
    set_time(&mut session, 6);
    assert_eq!(
        (silent_seconds(&session), next_clock_check(&session, 6200)),
        (Some(5), Some(800))
    );
    set_time(&mut session, 13);
    let header = screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0);
    let header = &header[0];
    assert!(header.contains("sending, no answer for 12 s"), "{header}");
    // Progress counts as an answer.
    let progress = ServerEvent::Progress {
        id: SENDING_ID,
        progress: Progress::default(),
    };
    send_event(&mut session, progress);
    assert_eq!(
        (silent_seconds(&session), next_clock_check(&session, 13_000)),
        (None, Some(5000))
    );
    set_time(&mut session, 20);
    // A second change does not restart the count.
    save_change_to_send(&mut session);
    assert_eq!(silent_seconds(&session), Some(7));
    // The clock is set back.
    set_time(&mut session, 2);
    assert_eq!(silent_seconds(&session), None);
    set_time(&mut session, 8);
    send_event(&mut session, sent_answer());
    assert_eq!(silent_seconds(&session), None);
    send_event(&mut session, sent_answer());
    assert_ne!(session.state.save_state(), SaveState::Sending(None));
    assert_eq!(next_clock_check(&session, 20_000), None);
}

/// A screen reader reads out each change, so the text changes seldom.
#[test]
fn plain_text_reports_silence_in_steps_of_ten_seconds() {
    let mut session = start(true);
    save_change_to_send(&mut session);
    let mut lines = Vec::new();
    let mut now = 0;
    while now < 31_000 {
        now += i64::try_from(next_clock_check(&session, now).unwrap()).unwrap();
        session.send(Msg::Now(after(now)));
        let page = plain::page(&session.state, Theme::default(), (80, 24));
        lines.push(page.lines[0].clone());
    }
    let is_reported: Vec<_> = lines
        .iter()
        .map(|line| line.contains("sending, no answer for"))
        .collect();
    assert_eq!(is_reported, [true; 5], "{lines:?}");
    for (line, seconds) in lines.iter().zip([5, 10, 20, 30, 40]) {
        assert!(
            line.contains(&format!(", sending, no answer for {seconds} s")),
            "{lines:?}"
        );
    }
}

/// The change could not be sent and is undone, so nothing is left to send.
#[test]
fn notice_does_not_say_that_an_undone_change_was_sent() {
    let mut session = start(false);
    let report = |rooms| ServerEvent::Sent {
        report: Report {
            server: "example".into(),
            rooms,
        },
        is_answer: true,
    };
    let room = jid(ROOM);
    let unsent = || RoomReport::unsent(&room, 1, "cannot connect".into());
    save_change_to_send(&mut session);
    send_event(&mut session, report(vec![unsent()]));
    assert!(
        session.notice().contains("1 change not sent"),
        "{}",
        session.notice()
    );
    session.keys("Enter Down Enter a");
    session.text("Late");
    session.keys("Enter u");
    let undone = session.notice().to_owned();
    assert!(undone.starts_with("Undid: "), "{undone}");
    save_change_to_send(&mut session);
    send_event(&mut session, report(Vec::new()));
    assert_eq!(session.notice(), undone);
    // If the error is still shown, it is replaced.
    save_change_to_send(&mut session);
    send_event(&mut session, report(vec![unsent()]));
    save_change_to_send(&mut session);
    send_event(&mut session, report(Vec::new()));
    assert_eq!(session.notice(), "Nothing is left to send to \"example\"");
}
