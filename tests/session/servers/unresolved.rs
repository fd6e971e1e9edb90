//! Saved changes that a server refused, or that conflict with other changes on it.

use hatrack::app::Conflict;
use hatrack::app::servers::RoomComparison;
use hatrack::app::servers::unresolved::RefusedChange;
use hatrack::app::{Msg, SessionOptions};
use hatrack::store::Scope;
use hatrack::sync::{
    AfterCommit, Condition, Decision, Failed, Item, ItemValue, Refusal, Report, RoomReport, SendFailure,
    SendState, ServerEvent, ServerRequest,
};
use hatrack::ui::Theme;
use serde_json::json;

use super::super::screen;
use super::super::session::Session;
use super::super::{HAT, ROOM, TERRY, hat, jid, terrys_hats};
use super::silence::save_change_to_send;
use super::{active, matching_server, open};

fn teacher() -> Item {
    Item::Hat {
        user: jid(TERRY),
        hat: hat(HAT),
    }
}

fn refused() -> SendState {
    SendState::Refused(Refusal {
        condition: Condition::Forbidden,
        text: Some("owners only".into()),
    })
}

/// The server reports the states of the items in the outbox.
fn report_outbox(session: &mut Session, items: Vec<(Item, SendState)>) {
    session.send(Msg::Server(Box::new(ServerEvent::Outbox {
        room: jid(ROOM),
        items,
    })));
}

/// The server answers the last request to send.
fn answer_send(session: &mut Session) {
    session.send(Msg::Server(Box::new(ServerEvent::Sent {
        report: Report {
            server: "example".into(),
            rooms: Vec::new(),
        },
        is_answer: true,
    })));
}

/// Terry's hats are shown; one of them was made inactive, which the server refused.
fn with_refused() -> Session {
    let mut session = open(matching_server());
    session.keys("Enter j Enter Space");
    report_outbox(&mut session, vec![(teacher(), refused())]);
    // A key removes the notice of the change.
    session.keys("k");
    session
}

fn page(session: &Session) -> String {
    screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0).join("\n")
}

fn requests(session: &mut Session) -> Vec<ServerRequest> {
    let server = session.server.as_mut().unwrap();
    std::mem::take(&mut server.requests)
}

#[test]
fn room_with_a_change_that_was_not_sent_is_marked() {
    let mut session = with_refused();
    let compared = |session: &Session| session.state.room_comparison(&jid(ROOM)).unwrap().1;
    assert_eq!(compared(&session), RoomComparison::NotSent(1));
    session.keys("h h");
    let shown = page(&session);
    assert!(shown.contains("example: 1 change not sent"), "{shown}");
    report_outbox(&mut session, Vec::new());
    assert_eq!(compared(&session), RoomComparison::NotCompared);
}

/// The first line of the screen.
fn header(session: &Session) -> String {
    page(session).lines().next().unwrap().to_owned()
}

#[test]
fn header_shows_the_state_of_a_sent_change() {
    let mut session = open(matching_server());
    assert!(header(&session).contains("  saved · "), "{}", header(&session));
    session.keys("Enter j Enter Space");
    session.send(Msg::AfterCommit(Box::new(AfterCommit::Send(
        ServerRequest::Send {
            server: "example".into(),
            rooms: Vec::new(),
            revision: 1,
            may_ask: true,
        },
    ))));
    assert!(header(&session).contains("  sending · "), "{}", header(&session));
    session.keys("q");
    assert_eq!(
        session.notice(),
        "Sending; hatrack quits when done (q to quit now; the next session sends the rest)"
    );
    report_outbox(&mut session, vec![(teacher(), refused())]);
    assert!(header(&session).contains("1 refused"), "{}", header(&session));
    let (actual, expected) = (None, None);
    report_outbox(
        &mut session,
        vec![(teacher(), SendState::Changed { actual, expected })],
    );
    assert!(header(&session).contains("1 conflict"), "{}", header(&session));
    report_outbox(&mut session, Vec::new());
    assert!(header(&session).contains("  sending · "), "{}", header(&session));
    answer_send(&mut session);
    assert!(header(&session).contains("  saved · "), "{}", header(&session));
}

#[test]
fn refused_change_shows_the_reason_and_can_be_sent_again() {
    let mut session = with_refused();
    let shown = page(&session);
    assert!(
        shown.contains("example: the server refused (forbidden): owners only"),
        "{shown}"
    );
    assert!(shown.contains("! Resolve"), "{shown}");
    requests(&mut session);
    session.keys("!");
    let question = session.state.top_as::<RefusedChange>().unwrap();
    assert_eq!(
        question.item_phrase,
        format!("\"Teacher\" for {TERRY} in {ROOM} on \"example\"")
    );
    assert_eq!(question.reason, "The server refused (forbidden): owners only");
    session.keys("r");
    assert!(session.state.overlays().is_empty());
    let retry = ServerRequest::Retry {
        room: jid(ROOM),
        item: teacher(),
    };
    assert_eq!(requests(&mut session), [retry]);
    report_outbox(&mut session, Vec::new());
    answer_send(&mut session);
    assert!(!page(&session).contains("Resolve"), "{}", page(&session));
    session.keys("!");
    assert_eq!(session.notice(), "Nothing to resolve");
}

#[test]
fn refused_change_is_undone_alone() {
    let mut session = open(matching_server());
    session.keys("Enter j Enter");
    // One commit of two hats, of which one is refused.
    session.keys("a");
    session.text("urn:x:new");
    session.keys("Tab");
    session.text("New");
    session.keys("Enter * Space y");
    assert_eq!(terrys_hats(&session)[HAT]["active"], json!(false));
    assert_eq!(terrys_hats(&session)["urn:x:new"]["active"], json!(false));
    report_outbox(&mut session, vec![(teacher(), refused())]);
    session.keys("! u");
    assert_eq!(
        terrys_hats(&session)[HAT]["active"],
        json!(true),
        "{}",
        session.notice()
    );
    assert_eq!(terrys_hats(&session)["urn:x:new"]["active"], json!(false));
    assert!(session.notice().starts_with("Undid: "), "{}", session.notice());
    session.keys("u");
    assert_eq!(
        terrys_hats(&session)[HAT]["active"],
        json!(false),
        "the undo is a change, too"
    );
}

#[test]
fn refused_change_that_was_changed_since_is_not_undone() {
    let mut session = with_refused();
    session.keys("!");
    session.change_by("mallory", |wardrobe| {
        wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT))
    });
    session.keys("u");
    assert_eq!(terrys_hats(&session), json!({}));
    assert!(
        session
            .notice()
            .contains("was changed in the meantime by mallory"),
        "{}",
        session.notice()
    );
}

#[test]
fn refused_hat_of_an_added_user_is_undone_alone() {
    let mut session = open(matching_server());
    session.external_change(|wardrobe| {
        let user = wardrobe.user(&jid(ROOM), &jid(TERRY)).unwrap().clone();
        wardrobe.replace_user(&jid("new@example.org"), &jid(ROOM), user)
    });
    let item = Item::Hat {
        user: jid("new@example.org"),
        hat: hat(HAT),
    };
    report_outbox(&mut session, vec![(item, refused())]);
    session.keys("! u");
    let user = &session.json()["rooms"][ROOM]["users"]["new@example.org"];
    assert_eq!(*user, json!({"affiliation": "member", "hats": {}}));
}

#[test]
fn refused_removal_can_be_undone_without_a_row() {
    let mut session = open(matching_server());
    session.keys("Enter j Enter d");
    assert_eq!(terrys_hats(&session), json!({}));
    report_outbox(&mut session, vec![(teacher(), refused())]);
    session.keys("h");
    let shown = page(&session);
    assert!(
        shown.contains("example: <http"),
        "the removed hat has no title: {shown}"
    );
    session.keys("h ! u");
    assert_eq!(terrys_hats(&session)[HAT]["title"], json!("Teacher"));
}

#[test]
fn conflict_shows_all_sides_and_is_resolved_on_the_server() {
    let value = |title| Some(ItemValue::Hat(active(title)));
    let changed = SendState::Changed {
        actual: value("Theirs"),
        expected: value("Before"),
    };
    for (key, decision, notice_start) in [
        ("m", Decision::Send, "Sending yours: "),
        ("t", Decision::Receive, "Receiving theirs: "),
    ] {
        let mut session = open(matching_server());
        session.keys("Enter j Enter Space");
        report_outbox(&mut session, vec![(teacher(), changed.clone())]);
        session.keys("k");
        let shown = page(&session);
        assert!(
            shown.contains("example: changed on the server in the meantime to \"Theirs\", active"),
            "{shown}"
        );
        requests(&mut session);
        session.keys("! Esc");
        assert_eq!(requests(&mut session), [], "nothing is decided");
        session.keys("!");
        assert!(page(&session).contains("Conflict: changed on the server"));
        let conflict = session.state.top_as::<Conflict>().unwrap();
        assert_eq!(
            [
                &conflict.yours,
                &conflict.theirs,
                conflict.before.as_ref().unwrap()
            ],
            [
                "\"Teacher\", inactive",
                "\"Theirs\", active",
                "\"Before\", active"
            ]
        );
        session.keys(key);
        assert!(session.notice().starts_with(notice_start), "{}", session.notice());
        let resolve = ServerRequest::Resolve {
            room: jid(ROOM),
            item: teacher(),
            decision,
            shown: value("Theirs"),
        };
        assert_eq!(requests(&mut session), [resolve]);
    }
}

/// A conflict was resolved with theirs.
fn with_theirs_chosen() -> Session {
    let mut session = open(matching_server());
    session.keys("Enter j Enter Space");
    let changed = SendState::Changed {
        actual: Some(ItemValue::Hat(active("Theirs"))),
        expected: None,
    };
    report_outbox(&mut session, vec![(teacher(), changed)]);
    answer_send(&mut session);
    session.keys("! t");
    assert!(session.notice().starts_with("Receiving theirs: "));
    session
}

/// A conflict was resolved with theirs, and the server answers with these reports.
fn answer_theirs(rooms: Vec<RoomReport>) -> Session {
    let mut session = with_theirs_chosen();
    session.send(Msg::Server(Box::new(ServerEvent::Sent {
        report: Report {
            server: "example".into(),
            rooms,
        },
        is_answer: true,
    })));
    session
}

/// The server has another value than the one that was chosen.
fn changed_again() -> RoomReport {
    let failed = Failed {
        item: teacher(),
        wanted: None,
        why: SendFailure::Changed { actual: None },
    };
    RoomReport {
        error: None,
        failed: vec![failed],
        ..RoomReport::unsent(&jid(ROOM), 0, String::new())
    }
}

#[test]
fn theirs_that_changed_again_is_reported_as_not_received() {
    let session = answer_theirs(vec![changed_again()]);
    assert_eq!(
        session.notice(),
        "Not received: \"Teacher\" for terry@example.org changed again on \"example\" (! to resolve)"
    );
}

#[test]
fn theirs_that_equals_yours_now_is_reported() {
    let session = answer_theirs(Vec::new());
    assert_eq!(
        session.notice(),
        "No changes: \"Teacher\" for terry@example.org is the same on \"example\""
    );
}

/// The other reports answer requests to send, or are of changes that were sent automatically; some are of another
/// server or room.
#[test]
fn other_reports_do_not_complete_receiving_theirs() {
    let sent = |server: &str, rooms, is_answer| {
        Msg::Server(Box::new(ServerEvent::Sent {
            report: Report {
                server: server.into(),
                rooms,
            },
            is_answer,
        }))
    };
    let report = |server, rooms| sent(server, rooms, true);
    let resent = |server, rooms| sent(server, rooms, false);
    let elsewhere = jid("other@conference.example.org");
    let unsent = || RoomReport::unsent(&elsewhere, 1, "gone".into());
    for (requests, others) in [
        (0, vec![resent("elsewhere", Vec::new())]),
        (0, vec![resent("example", Vec::new())]),
        (0, vec![resent("example", vec![unsent()])]),
        (1, vec![report("example", Vec::new())]),
        (1, vec![report("example", vec![unsent()])]),
    ] {
        let mut session = with_theirs_chosen();
        for _ in 0..requests {
            save_change_to_send(&mut session);
        }
        for other in others {
            session.send(other);
            assert!(
                !session.notice().starts_with("No changes"),
                "{}",
                session.notice()
            );
        }
        session.send(report("example", vec![changed_again()]));
        assert_eq!(
            session.notice(),
            "Not received: \"Teacher\" for terry@example.org changed again on \"example\" (! to resolve)"
        );
    }
}

#[test]
fn quitting_waits_for_answers_and_not_for_automatic_sending() {
    let mut session = open(matching_server());
    save_change_to_send(&mut session);
    let sent = |is_answer| {
        Msg::Server(Box::new(ServerEvent::Sent {
            report: Report {
                server: "example".into(),
                rooms: Vec::new(),
            },
            is_answer,
        }))
    };
    session.keys("q");
    session.send(sent(false));
    assert!(session.notice().starts_with("Sending; "), "{}", session.notice());
    assert_eq!(session.exit_status, None);
    session.send(sent(true));
    assert_eq!(session.exit_status, Some(0));
}

#[test]
fn question_closes_when_its_change_is_no_longer_unresolved() {
    let mut session = with_refused();
    session.keys("!");
    report_outbox(&mut session, Vec::new());
    assert!(session.state.top_as::<RefusedChange>().is_none());
    assert_eq!(session.notice(), "Resolved in the meantime");
}

#[test]
fn nearest_change_is_resolved_first() {
    let mut session = open(matching_server());
    let affiliation = Item::Affiliation {
        user: jid("prof@example.org"),
    };
    report_outbox(
        &mut session,
        vec![(affiliation, refused()), (teacher(), refused())],
    );
    session.keys("Enter !");
    let item_phrase = |session: &Session| {
        session
            .state
            .top_as::<RefusedChange>()
            .unwrap()
            .item_phrase
            .clone()
    };
    assert!(item_phrase(&session).starts_with("Affiliation of prof@example.org"));
    session.keys("Esc j !");
    assert!(
        item_phrase(&session).starts_with("\"Teacher\" for"),
        "{}",
        item_phrase(&session)
    );
}

#[test]
fn read_only_session_resolves_nothing() {
    let server = matching_server();
    let start = SessionOptions {
        servers: vec![server.entry("conference.example.org")],
        scope: Scope {
            read_only: true,
            ..Scope::default()
        },
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, super::super::wardrobe(), (100, 30));
    session.server = Some(server);
    report_outbox(&mut session, vec![(teacher(), refused())]);
    session.keys("!");
    assert!(session.state.overlays().is_empty());
    assert!(session.notice().contains("read-only"), "{}", session.notice());
}

#[test]
fn quitting_does_not_wait_for_a_decision() {
    let mut session = with_refused();
    session.keys("!");
    session.keys("Esc q");
    assert_eq!(session.exit_status, Some(0), "{}", session.notice());
}
