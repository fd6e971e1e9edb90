//! Servers on the screen: comparing, choosing, applying, the report; passwords; restricted sessions.

use hatrack::app::details::DetailsOverlay;
use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::app::servers::{PlanRow, RoomComparison, ServersOverlay, describe_line};
use hatrack::app::{Confirm, Effect, MouseTarget, Msg, SessionOptions};
use hatrack::model::{Affiliation, Attachment, Wardrobe};
use hatrack::store::Scope;
use hatrack::sync::{
    HatValue, ItemOutcome, OtherRooms, Reason, RoomRead, ServerClass, ServerEvent, ServerRequest, ServerState,
};

mod again;
mod applying;
mod arrivals;
mod compared;
mod details;
mod following;
mod presence;
mod quitting;
mod sending_time;
mod silence;
mod undo;
mod unresolved;

use super::session::Session;
use super::session::server::FakeServer;
use super::{HAT, ROOM, TERRY, hat, jid, terrys_hats, wardrobe};

const SERVICE: &str = "conference.example.org";
const PROCTOR: &str = "http://example.com/hats/proctor";

fn active(title: &str) -> HatValue {
    HatValue {
        active: true,
        required: false,
        title: Some(title.into()),
    }
}

/// A server with the same content as the wardrobe, after a comparison: both have a base in common.
fn matching_server() -> FakeServer {
    let mut server = FakeServer::new("example", ServerClass::Prosody);
    server.user(ROOM, "prof@example.org", Affiliation::Owner);
    server.user(ROOM, TERRY, Affiliation::Member);
    server.user(ROOM, "mallory@example.net", Affiliation::Outcast);
    server.hat(ROOM, TERRY, HAT, active("Teacher"));
    let room = wardrobe().room(&jid(ROOM)).unwrap().clone();
    server
        .rooms
        .get_mut(&jid(ROOM))
        .unwrap()
        .name
        .clone_from(&room.name);
    server.handle(ServerRequest::Received {
        server: "example".into(),
        room: hatrack::sync::LocalRoom {
            room: jid(ROOM),
            local: Some(room),
            is_requested: false,
        },
        revision: 0,
        received: std::collections::BTreeMap::new(),
        held: std::collections::BTreeSet::new(),
    });
    server.requests.clear();
    server
}

fn start(server: FakeServer, wardrobe: Wardrobe, scope: Scope) -> Session {
    let start = SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry".into(),
        scope,
        servers: vec![server.entry(SERVICE)],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe, (100, 30));
    session.server = Some(server);
    session
}

fn open(server: FakeServer) -> Session {
    start(server, wardrobe(), Scope::default())
}

/// A hat was added here and another one on the server, and a third was changed on both sides.
fn with_differences() -> Session {
    let mut server = matching_server();
    server.hat(ROOM, TERRY, PROCTOR, active("Proctor"));
    server.hat(
        ROOM,
        TERRY,
        HAT,
        HatValue {
            required: true,
            ..active("Teacher")
        },
    );
    let mut session = open(server);
    session.keys("Enter Down Enter Space"); // Terry's Teacher is inactive here
    session.keys("h k +"); // a hat for the professor
    session.text("urn:x:dean");
    session.keys("Tab");
    session.text("Dean");
    session.keys("Enter");
    session
}

fn plan(session: &Session) -> &PlanOverlay {
    session
        .state
        .top_as::<PlanOverlay>()
        .unwrap_or_else(|| panic!("no plan: {:?}; {}", session.state.top(), session.notice()))
}

/// The rows of the plan, as short texts.
fn rows(session: &Session) -> Vec<String> {
    let plan = plan(session);
    let row = |at: usize| match plan.row(at).unwrap() {
        PlanRow::Server(server) => format!("server {}", plan.parts[server].server),
        PlanRow::Room(server, room) => plan.room(server, room).unwrap().1.room.to_string(),
        PlanRow::User(server, room, line) => {
            let (_, _, line) = plan.line(server, room, line).unwrap();
            line.user().unwrap().to_string()
        }
        PlanRow::Line(server, room, line, below) => {
            let (part, room, line) = plan.line(server, room, line).unwrap();
            let text = describe_line(line, room, part.local(&room.room));
            let user = line.user().filter(|_| !below);
            let user = user.map_or(String::new(), |user| format!("{user} "));
            format!("{}: {user}{}", text.action, text.change)
        }
        PlanRow::Note(_, _, note) => format!("{note:?}"),
    };
    (0..plan.len()).map(row).collect()
}

fn requests(session: &Session) -> &[ServerRequest] {
    &session.server.as_ref().unwrap().requests
}

#[test]
fn notice_says_how_to_configure_a_server_if_there_is_none() {
    let mut session = super::open();
    session.keys("S");
    assert_eq!(
        session.notice(),
        "No servers configured; run hatrack servers example prosody (or xmpp) to print an example section"
    );
    assert!(session.state.overlays().is_empty() && session.effects.is_empty());
}

#[test]
fn compares_chooses_applies_and_reports() {
    let mut session = with_differences();
    session.keys("S Enter");
    assert_eq!(
        rows(&session),
        [
            ROOM,
            "send: prof@example.org add \"Dean\", active",
            TERRY,
            "receive: add \"Proctor\", active",
            "conflict: \"Teacher\": yours inactive; theirs active, required",
        ]
    );
    session.keys("Tab i");
    let details = session.state.top_as::<DetailsOverlay>().unwrap();
    assert_eq!(
        details.lines(),
        [
            &format!("\"Teacher\" for {TERRY}"),
            "Yours (data file): \"Teacher\", inactive",
            "Theirs (server): \"Teacher\", active, required",
            "Last common value: \"Teacher\", active",
            "Conflict: press m to keep yours, t to keep theirs",
            "",
            &format!("{ROOM} on \"example\""),
        ]
    );
    session.keys("t");
    assert_eq!(
        rows(&session).last().unwrap(),
        "receive: change \"Teacher\": active (was inactive), required (was optional)"
    );
    session.keys("Enter");
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{:?}", session.state.top());
    };
    assert_eq!(confirm.title, "Apply changes");
    assert_eq!(confirm.question, "Send 1 change to \"example\" and receive 2?");
    session.keys("y");
    let Some(report) = session.state.top_as::<ReportOverlay>() else {
        panic!("{:?}; {}", session.state.top(), session.notice());
    };
    assert_eq!(report.totals(), [1, 2, 0, 0, 0]);
    let hats = terrys_hats(&session);
    assert_eq!(
        hats[PROCTOR],
        serde_json::json!({"active": true, "title": "Proctor"})
    );
    assert_eq!(
        hats[HAT],
        serde_json::json!({"active": true, "required": true, "title": "Teacher"})
    );
    let server = session.server.as_ref().unwrap();
    let prof = &server.rooms[&jid(ROOM)].users[&jid("prof@example.org")];
    assert_eq!(prof.hats[&hat("urn:x:dean")], active("Dean"));
    // First the file is saved, then the base; then the server is changed.
    let kinds: Vec<&str> = requests(&session)
        .iter()
        .map(|request| match request {
            ServerRequest::Plan { .. } => "plan",
            ServerRequest::Received { .. } => "received",
            ServerRequest::Apply { .. } => "apply",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["plan", "received", "received", "apply"]);
    // The history records the actor and the sent changes.
    session.keys("Esc Esc H");
    let history = session
        .state
        .top_as::<hatrack::app::history::HistoryOverlay>()
        .unwrap();
    let entry = history.entry().unwrap();
    assert_eq!(&*entry.actor, "terry");
    assert_eq!(entry.sent.as_ref().unwrap().changes.0.len(), 1);
    // The second comparison finds no differences.
    session.keys("Esc S Enter");
    assert_eq!(plan(&session).len(), 0);
    let compared = session.state.room_comparison(&jid(ROOM)).unwrap().1;
    assert_eq!(compared, RoomComparison::Same);
}

#[test]
fn received_changes_have_the_server_as_actor_and_are_not_undone_by_the_moderator() {
    let mut server = matching_server();
    server.hat(ROOM, TERRY, PROCTOR, active("Proctor"));
    let mut session = open(server);
    session.keys("S Enter Enter y Esc Esc");
    assert!(terrys_hats(&session)[PROCTOR].is_object());
    session.keys("u");
    assert_eq!(session.notice(), "Nothing to undo");
    session.keys("H");
    let history = session
        .state
        .top_as::<hatrack::app::history::HistoryOverlay>()
        .unwrap();
    assert_eq!(&*history.entry().unwrap().actor, "server:example");
}

#[test]
fn leaves_out_lines_users_and_rooms_and_includes_them_again() {
    let mut session = with_differences();
    session.keys("S Enter");
    let counts = |session: &Session| {
        let counts = plan(session).counts();
        (counts.send, counts.receive, counts.conflicts, counts.skipped)
    };
    assert_eq!(counts(&session), (1, 1, 1, 0));
    session.keys("Space"); // the room
    assert_eq!(counts(&session), (0, 0, 1, 2));
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Nothing to send or receive: 1 difference to decide first"
    );
    session.keys("Space");
    assert_eq!(counts(&session), (1, 1, 1, 0));
    session.keys("Down x");
    assert_eq!(counts(&session), (0, 1, 1, 1));
    session.keys("Down x"); // the user
    assert_eq!(counts(&session), (0, 0, 1, 2));
    session.keys("G Space");
    assert!(
        session
            .notice()
            .contains("Both sides changed; press m to keep yours"),
        "{}",
        session.notice()
    );
    // A choice for the whole room.
    session.keys("g m");
    assert_eq!(counts(&session), (1, 0, 0, 2));
    // One key does not discard choices.
    session.keys("Esc");
    assert!(session.state.top_as::<Confirm>().is_some());
    session.keys("Esc Esc y");
    assert!(session.state.top_as::<ServersOverlay>().is_some());
    assert!(requests(&session).iter().all(|request| matches!(
        request,
        ServerRequest::Plan { .. } | ServerRequest::Received { .. }
    )));
}

#[test]
fn filters_the_differences() {
    let mut session = with_differences();
    session.keys("S Enter f");
    assert_eq!(rows(&session).len(), 2, "the room and the conflict");
    session.keys("f");
    assert_eq!(rows(&session)[1], "send: prof@example.org add \"Dean\", active");
    session.keys("f");
    assert_eq!(
        rows(&session)[1],
        format!("receive: {TERRY} add \"Proctor\", active")
    );
    session.keys("f");
    assert_eq!(rows(&session).len(), 0);
    session.keys("f");
    assert_eq!(rows(&session).len(), 5);
}

#[test]
fn decision_about_a_user_includes_the_differences_that_the_filter_hides() {
    let mut server = matching_server();
    server.hat(ROOM, TERRY, PROCTOR, active("Proctor"));
    server.hat(ROOM, TERRY, "urn:x:marker", active("Marker"));
    let mut session = open(server);
    session.keys("Enter Down Enter a");
    session.text("http://example.com/first");
    session.keys("Tab");
    session.text("First");
    session.keys("Enter S Enter f f f");
    let expected = [
        ROOM,
        TERRY,
        "receive: add \"Proctor\", active",
        "receive: add \"Marker\", active",
    ];
    assert_eq!(rows(&session), expected, "the difference to send is hidden");
    session.keys("Down Space");
    assert_eq!(plan(&session).counts().skipped, 3);
}

#[test]
fn an_empty_wardrobe_loads_the_rooms_of_the_server() {
    let mut session = start(matching_server(), Wardrobe::default(), Scope::default());
    session.keys("S Enter");
    assert!(matches!(
        requests(&session),
        [ServerRequest::Plan {
            others: OtherRooms::Take,
            ..
        }]
    ));
    session.keys("Enter y Esc Esc");
    assert_eq!(session.state.wardrobe().rooms().len(), 1);
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
}

#[test]
fn rooms_without_permission_are_not_loaded() {
    let private = "private@conference.example.org";
    let mut server = matching_server();
    server.user(private, TERRY, Affiliation::Member);
    let forbidden = RoomRead::Forbidden("only owners of the room may".to_owned());
    server.unreadable.insert(jid(private), forbidden);
    let mut session = start(server, Wardrobe::default(), Scope::default());
    session.keys("S Enter");
    assert_eq!(session.notice(), "Skipped 1 room (no permission)");
    assert!(
        !rows(&session).contains(&private.to_owned()),
        "{:?}",
        rows(&session)
    );
    // If the room is in the file, the comparison shows why.
    let mut wardrobe = wardrobe();
    wardrobe.add_room(&jid(private), None).unwrap();
    let server = session.server.take().unwrap();
    let mut session = start(server, wardrobe, Scope::default());
    session.keys("S Enter");
    assert!(
        rows(&session).contains(&private.to_owned()),
        "{:?}",
        rows(&session)
    );
}

#[test]
fn all_rooms_that_are_only_on_the_server_are_read_by_one_request() {
    let mut server = matching_server();
    let others = [
        "a@conference.example.org",
        "b@conference.example.org",
        "z@conference.example.org",
    ];
    for room in others {
        server.user(room, TERRY, Affiliation::Member);
    }
    let mut session = open(server);
    session.keys("S Enter");
    session.server.as_mut().unwrap().requests.clear();
    session.keys("A");
    let compared_rooms = |request: &ServerRequest| match request {
        ServerRequest::Plan { rooms, .. } => rooms.iter().map(|room| room.room.to_string()).collect(),
        _ => Vec::new(),
    };
    let plans: Vec<Vec<String>> = requests(&session)
        .iter()
        .map(compared_rooms)
        .filter(|rooms| !rooms.is_empty())
        .collect();
    assert_eq!(plans, [others]);
    let shown = plan(&session);
    assert!(shown.counts().receive >= others.len(), "{:?}", shown.counts());
    session.keys("A");
    assert!(
        session.notice().contains("No rooms are only on the server"),
        "{}",
        session.notice()
    );
}

#[test]
fn a_room_that_is_only_on_the_server_is_added_on_request() {
    let other = "staff@conference.example.org";
    let mut server = matching_server();
    server.user(other, "prof@example.org", Affiliation::Owner);
    let mut session = open(server);
    session.keys("S Enter");
    assert_eq!(rows(&session), [other]);
    session.keys("Enter");
    assert_eq!(session.notice(), "Nothing to send or receive");
    session.keys("Space");
    assert_eq!(rows(&session)[0], other);
    assert!(rows(&session).len() > 1, "{:?}", rows(&session));
    session.keys("Enter y Esc");
    assert!(session.state.wardrobe().room(&jid(other)).is_some());
}

#[test]
fn rooms_that_cannot_be_compared_show_the_reason() {
    let gone = "gone@conference.example.org";
    let private = "private@conference.example.org";
    let mut server = matching_server();
    let refused = "only owners of the room may".to_owned();
    server
        .unreadable
        .insert(jid(private), RoomRead::Forbidden(refused.clone()));
    let mut wardrobe = wardrobe();
    wardrobe.add_room(&jid(gone), None).unwrap();
    wardrobe.add_room(&jid(private), None).unwrap();
    let mut session = start(server, wardrobe, Scope::default());
    session.keys("S Enter");
    assert_eq!(rows(&session), [gone, private]);
    session.keys("Space");
    assert_eq!(
        session.notice(),
        "The room is not on the server. Create it there first"
    );
    session.keys("Down Space");
    assert_eq!(session.notice(), refused);
    session.keys("Esc Esc");
    let compared = |room: &str| session.state.room_comparison(&jid(room)).unwrap().1;
    assert_eq!(compared(private), RoomComparison::Problem("no permission"));
    assert_eq!(compared(ROOM), RoomComparison::Same);
}

#[test]
fn held_removals_are_received_when_chosen() {
    let mut server = matching_server();
    for number in 0..30 {
        let user = format!("user{number:02}@example.org");
        server.user(ROOM, &user, Affiliation::Member);
        server.hat(ROOM, &user, HAT, active("Teacher"));
    }
    let mut session = open(server);
    session.keys("S Enter Enter y Esc Enter");
    assert_eq!(plan(&session).len(), 0);
    session.keys("Esc Esc");
    let server = session.server.as_mut().unwrap();
    for user in server.rooms.get_mut(&jid(ROOM)).unwrap().users.values_mut() {
        user.hats.clear();
    }
    let held = server.rooms[&jid(ROOM)].users.keys().cloned().collect();
    server.bases.get_mut(&jid(ROOM)).unwrap().held = held;
    session.keys("S Enter");
    assert_eq!(plan(&session).counts().held, 31);
    let line = plan(&session).room(0, 0).unwrap().1.lines[0].clone();
    assert_eq!(line.reason, Some(Reason::Held));
    session.keys("Enter");
    assert!(
        session.notice().contains("31 differences to decide first"),
        "{}",
        session.notice()
    );
    // With the room selected, and with one of the differences.
    session.keys("Space");
    assert_eq!(
        session.notice(),
        "Removals of hats are held back: select a difference and press Space to receive it, or press r to receive all"
    );
    session.keys("Down Space");
    assert_eq!(
        (plan(&session).counts().held, plan(&session).counts().receive),
        (30, 1)
    );
    session.keys("r Enter y");
    assert_eq!(terrys_hats(&session), serde_json::json!({}));
}

#[test]
fn failed_changes_are_reported_and_still_to_be_sent() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().send_outcome = Some(ItemOutcome::Unknown);
    session.keys("S Enter Enter y");
    let report = session.state.top_as::<ReportOverlay>().unwrap();
    assert_eq!(report.totals(), [0, 1, 1, 0, 0]);
    session.keys("c");
    assert_eq!(plan(&session).counts().send, 1, "still to be sent");
}

#[test]
fn comparing_and_applying_can_be_stopped() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().is_slow = true;
    session.keys("S Enter");
    session.keys("Esc");
    assert_eq!(session.notice(), "Stopped");
    assert!(matches!(
        requests(&session).last(),
        Some(ServerRequest::Stop { .. })
    ));
    session.server_answers();
    assert!(
        session.state.top_as::<ServersOverlay>().is_some(),
        "a late answer opens nothing"
    );
    session.keys("Enter");
    session.server_answers();
    session.keys("Enter y");
    assert!(terrys_hats(&session)[PROCTOR].is_object(), "received first");
    session.keys("Space");
    assert_eq!(session.notice(), "The changes are being applied");
    session.keys("Esc Esc");
    let stops = requests(&session)
        .iter()
        .filter(|request| matches!(request, ServerRequest::Stop { .. }));
    assert_eq!(stops.count(), 2);
    session.server_answers();
    assert!(session.state.top_as::<ReportOverlay>().is_some());
}

#[test]
fn nothing_is_applied_to_a_room_that_changed_since_it_was_compared() {
    let mut session = with_differences();
    session.keys("S Enter");
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(
            &jid("prof@example.org"),
            &jid(ROOM),
            &hat("urn:x:other"),
            Attachment::default(),
        )
    });
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "The data file changed in the meantime; press c to compare again"
    );
    session.keys("c");
    session.keys("Enter y");
    assert!(session.state.top_as::<ReportOverlay>().is_some());
}

#[test]
fn nothing_is_sent_until_received_changes_are_saved() {
    let mut session = with_differences();
    session.keys("S Enter");
    session.fail_writes("the disk is full");
    session.keys("Enter y");
    assert!(
        session.state.top_as::<PlanOverlay>().is_some(),
        "the plan stays open until the file is written"
    );
    let sent = |session: &Session| {
        requests(session)
            .iter()
            .any(|request| matches!(request, ServerRequest::Apply { .. }))
    };
    assert!(
        !sent(&session),
        "nothing is sent before the received changes are in the file"
    );
    session.allow_writes();
    assert!(sent(&session));
    assert!(session.state.top_as::<ReportOverlay>().is_some());
}

#[test]
fn the_reason_is_shown_if_a_server_cannot_be_reached() {
    let mut server = matching_server();
    server.error = Some("connection refused".into());
    let mut session = open(server);
    session.keys("S Enter");
    assert_eq!(
        session.notice(),
        "Cannot compare with \"example\": connection refused"
    );
    assert!(matches!(&session.state.servers()[0].state, ServerState::Away(_)));
    session.keys("r");
    assert!(matches!(
        requests(&session).last(),
        Some(ServerRequest::Reconnect { .. })
    ));
}

#[test]
fn differences_are_in_the_order_of_the_users_pane() {
    let mut server = matching_server();
    for user in ["u10", "u2", "u1"] {
        server.user(ROOM, &format!("{user}@example.org"), Affiliation::Member);
    }
    let mut session = open(server);
    session.keys("S Enter");
    let rows = rows(&session);
    let users: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split(' ').find(|part| part.contains("@example.org")))
        .collect();
    assert_eq!(users, ["u1@example.org", "u2@example.org", "u10@example.org"]);
}

#[test]
fn the_question_counts_left_out_differences() {
    let mut session = with_differences();
    session.keys("S Enter");
    let mentions_left_out = |session: &mut Session| {
        session.keys("Enter");
        let question = session.state.top_as::<Confirm>().unwrap();
        let is_mentioned = question.consequence.contains("1 difference is left out.");
        session.keys("Esc");
        is_mentioned
    };
    assert!(!mentions_left_out(&mut session));
    session.keys("Down x");
    assert!(mentions_left_out(&mut session));
}

#[test]
fn a_read_only_session_compares_and_changes_nothing() {
    let mut server = matching_server();
    server.hat(ROOM, TERRY, PROCTOR, active("Proctor"));
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let mut session = start(server, wardrobe(), scope);
    session.keys("S Enter");
    for key in ["Enter", "Space", "m", "t", "Down Space", "m", "t"] {
        session.keys(key);
        assert_eq!(
            session.notice(),
            "Cannot change anything: this session is read-only (--read-only)",
            "{key}"
        );
    }
    assert_eq!(plan(&session).counts().receive, 1);
    assert!(session.state.top_as::<PlanOverlay>().is_some());
}

#[test]
fn a_restricted_session_sees_only_its_rooms() {
    let mut server = matching_server();
    server.user(
        "secret@conference.example.org",
        "prof@example.org",
        Affiliation::Owner,
    );
    let scope = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
        ..Scope::default()
    };
    let mut session = start(server, wardrobe(), scope);
    session.keys("S Enter");
    assert!(matches!(
        requests(&session),
        [ServerRequest::Plan { others: OtherRooms::Ignore, rooms, .. }, ServerRequest::Received { .. }]
            if rooms.len() == 1
    ));
    assert_eq!(plan(&session).len(), 0);
    // A check would list all rooms.
    session.keys("Esc c");
    assert_eq!(
        session.notice(),
        "Checking a server is not available in a session restricted by --room"
    );
    // Nor does it see servers of other rooms.
    let elsewhere = Scope {
        rooms: Some([jid("courses@conference.example.net")].into()),
        read_only: false,
        ..Scope::default()
    };
    let session = start(matching_server(), wardrobe(), elsewhere);
    assert!(session.state.servers().is_empty());
}

#[test]
fn a_password_is_asked_for_and_kept_nowhere() {
    let mut session = open(matching_server());
    session.keys("S");
    let ask = |session: &mut Session| {
        session.send(Msg::Server(Box::new(ServerEvent::Password {
            server: "example".into(),
            account: jid(TERRY),
        })));
    };
    ask(&mut session);
    session.text("s3cret");
    assert!(!format!("{:?}", session.state).contains("s3cret"));
    session.keys("Enter");
    match requests(&session).last() {
        Some(
            request @ ServerRequest::Password {
                password: Some(password),
                ..
            },
        ) => {
            assert_eq!(password.reveal(), "s3cret");
            assert!(!format!("{request:?}").contains("s3cret"));
        }
        other => panic!("{other:?}"),
    }
    ask(&mut session);
    session.keys("Esc");
    assert!(matches!(
        requests(&session).last(),
        Some(ServerRequest::Password { password: None, .. })
    ));
    assert!(session.state.top_as::<ServersOverlay>().is_some());
    // While something is typed, the question waits.
    session.keys("Esc /");
    ask(&mut session);
    session.text("ter");
    assert!(session.state.overlays().is_empty());
    session.keys("Enter");
    assert!(session.state.top().is_some());
    session.text("x");
    session.keys("Enter");
    session.fire_delays();
    assert!(session.own_draft.is_none());
}

#[test]
fn ten_thousand_lines_are_navigated_and_applied() {
    let mut server = matching_server();
    for number in 0..10_000 {
        server.user(ROOM, &format!("user{number:05}@example.org"), Affiliation::Member);
    }
    let mut session = open(server);
    session.keys("S Enter");
    assert_eq!(plan(&session).len(), 10_001);
    session.keys("G");
    assert_eq!(plan(&session).selected, 10_000);
    session.keys("PgUp g Down x");
    assert_eq!(plan(&session).counts().skipped, 1);
    session.keys("Enter y");
    assert_eq!(session.state.wardrobe().user_count(), 10_002);
}

#[test]
fn a_check_of_a_server_is_requested_and_its_result_is_shown() {
    let entry = matching_server().entry(SERVICE);
    let start = SessionOptions {
        servers: vec![entry],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe(), (100, 30));
    session.effects.clear(); // The room is followed.
    session.keys("S c");
    let expected = ServerRequest::Check {
        server: "example".into(),
    };
    assert_eq!(session.effects, [Effect::Server(expected)]);
    let answer = |session: &mut Session, report| {
        let server = "example".into();
        session.send(Msg::Server(Box::new(ServerEvent::Checked { server, report })));
        session.notice().to_owned()
    };
    let report = hatrack::sync::ServerReport {
        server: "example".into(),
        kind: hatrack::sync::ServerKind::Prosody,
        class: Some(ServerClass::Prosody),
        version: Some("Prosody 13.0".into()),
        transport: None,
        rights: hatrack::sync::ServerRights::All,
        rooms: Vec::new(),
        all_rooms: true,
        problems: Vec::new(),
    };
    assert_eq!(
        answer(&mut session, Ok(report)),
        "Checked \"example\": no problems (i for details)"
    );
    let failed = answer(
        &mut session,
        Err("Cannot open the admin socket: no answer.".into()),
    );
    assert_eq!(
        failed,
        "Cannot check \"example\": cannot open the admin socket: no answer."
    );
}

#[test]
fn the_mouse_selects_scrolls_and_applies() {
    let mut session = with_differences();
    session.keys("S");
    let click = |session: &mut Session, row, double| {
        let on = vec![MouseTarget::Row(row)];
        session.send(Msg::Click { targets: on, double });
    };
    click(&mut session, 0, true);
    assert_eq!(plan(&session).selected, 0);
    click(&mut session, 3, false);
    assert_eq!(plan(&session).selected, 3);
    session.send(Msg::Wheel {
        targets: vec![MouseTarget::Row(0)],
        down: false,
    });
    assert_eq!(plan(&session).selected, 0);
    click(&mut session, 1, true);
    assert!(session.state.top_as::<Confirm>().is_some());
}
