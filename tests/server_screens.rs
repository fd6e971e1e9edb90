//! Snapshots of the screens of servers, in several sizes, in ASCII and as plain text.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;

use hatrack::app::{Msg, SessionOptions};
use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe, read};
use hatrack::sync::{
    Follower, HatValue, ItemOutcome, LocalRoom, Occupant, Occupants, Progress, RemoteRoomInfo, RoomRead,
    ServerClass, ServerEvent, ServerKind, ServerProblem, ServerReport, ServerRequest, ServerRights,
    ServerState,
};
use hatrack::ui::plain;
use hatrack::ui::theme::{Backdrop, ColorDepth, Theme};
use session::Session;
use session::server::FakeServer;

const ROOM: &str = "courses@conference.example.org";
const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (60, 20), (40, 12)];
const USUAL: [(u16, u16); 1] = [(80, 24)];

fn ascii() -> Theme {
    Theme {
        ascii: true,
        ..Theme::new(ColorDepth::None, Backdrop::Unknown)
    }
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn hat(text: &str) -> HatId {
    HatId::parse(text).unwrap()
}

fn value(title: &str) -> HatValue {
    HatValue {
        active: true,
        required: false,
        title: Some(title.into()),
    }
}

/// A session with two servers: one with several kinds of differences, and one that was never compared.
fn session() -> Session {
    let mut wardrobe: Wardrobe = read::wardrobe(include_bytes!("support/wardrobe.json")).unwrap();
    let mut server = FakeServer::new("example", ServerClass::Prosody);
    // The server and the base have the same content as the file.
    for (jid, room) in wardrobe.rooms() {
        let remote = server.rooms.entry(jid.clone()).or_default();
        remote.name.clone_from(&room.name);
        for (user, local) in room.users() {
            let user = remote.users.entry(user.clone()).or_default();
            user.affiliation = local.affiliation;
            user.hats = local
                .hats
                .iter()
                .map(|(id, attachment)| (id.clone(), HatValue::of(attachment)))
                .collect();
        }
    }
    for (jid, room) in wardrobe.rooms() {
        server.handle(ServerRequest::Received {
            server: "example".into(),
            room: LocalRoom {
                room: jid.clone(),
                local: Some(room.clone()),
                is_requested: false,
            },
            revision: 0,
            received: std::collections::BTreeMap::new(),
            held: std::collections::BTreeSet::new(),
        });
    }
    change_server(&mut server);
    change_data_file(&mut wardrobe);
    let other = FakeServer::new("other", ServerClass::EjabberdCatalog);
    let start = SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry".into(),
        servers: vec![
            server.entry("conference.example.org"),
            other.entry("rooms.example.net"),
        ],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe, (80, 24));
    session.server = Some(server);
    session
}

fn change_server(server: &mut FakeServer) {
    let users: Vec<Jid> = server.rooms[&jid(ROOM)].users.keys().cloned().collect();
    let first = users[0].as_str();
    server.hat(ROOM, first, "urn:x:proctor", value("Proctor"));
    server.hat(
        ROOM,
        first,
        "urn:x:both",
        HatValue {
            required: true,
            ..value("On call, this week")
        },
    );
    server.user(
        "staff@conference.example.org",
        "prof@example.org",
        Affiliation::Owner,
    );
    server.user(
        "lounge@conference.example.org",
        "prof@example.org",
        Affiliation::Owner,
    );
    server.unreadable.insert(
        jid("private@conference.example.org"),
        RoomRead::Forbidden("Only owners and admins of private@conference.example.org and administrators of the service can manage its hats.".into()),
    );
    let courses = server.rooms.get_mut(&jid(ROOM)).unwrap();
    courses.unreadable.count = 2;
}

fn change_data_file(wardrobe: &mut Wardrobe) {
    let users: Vec<Jid> = wardrobe
        .room(&jid(ROOM))
        .unwrap()
        .users()
        .iter()
        .map(|(jid, _)| jid.clone())
        .collect();
    let attachment = |title| Attachment::default().with_title(Some(title)).with_active(true);
    for (user, id, title) in [
        (&users[0], "urn:x:both", "On call"),
        (&users[1], "urn:x:dean", "Dean"),
    ] {
        wardrobe
            .add_user_hat(user, &jid(ROOM), &hat(id), attachment(title))
            .unwrap();
    }
    let gone = jid("gone@conference.example.org");
    wardrobe.add_room(&gone, Some("Old room")).unwrap();
    wardrobe
        .add_room(&jid("private@conference.example.org"), None)
        .unwrap();
}

fn after(keys: &str) -> Session {
    let mut session = session();
    session.keys(keys);
    session
}

/// Compares the screen in these sizes with its snapshots.
fn check_screen(name: &str, session: &mut Session, theme: Theme, sizes: &[(u16, u16)]) {
    for (columns, rows) in sizes.iter().copied() {
        session.send(Msg::Resize { columns, rows });
        let (buffer, cursor) = screen::frame(&session.state, theme, (columns, rows));
        let mut lines = screen::lines(&buffer);
        lines.extend(cursor.map(|at| format!("cursor: column {}, line {}", at.x, at.y)));
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), lines.join("\n"));
        });
    }
}

/// Compares the plain text of the screen with its snapshot.
fn check_plain(name: &str, session: &mut Session) {
    session.send(Msg::Resize {
        columns: 80,
        rows: 24,
    });
    let page = plain::page(&session.state, Theme::default(), (80, 24));
    let lines: Vec<&str> = page.lines.iter().map(|line| line.trim_end()).collect();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}-plain"), lines.join("\n").trim_end());
    });
}

fn send(session: &mut Session, event: ServerEvent) {
    session.send(Msg::Server(Box::new(event)));
}

#[test]
fn list_of_servers() {
    let mut session = after("S");
    send(
        &mut session,
        ServerEvent::State {
            server: "example".into(),
            state: ServerState::Ready(ServerClass::Prosody),
        },
    );
    send(
        &mut session,
        ServerEvent::State {
            server: "other".into(),
            state: ServerState::Refused(
                "Cannot log in as moderator@example.net: wrong password, or no such account.".into(),
            ),
        },
    );
    check_screen("servers", &mut session, Theme::default(), &SIZES);
    session.keys("Down");
    check_screen("servers-refused", &mut session, ascii(), &USUAL);
    check_plain("servers", &mut session);
}

#[test]
fn checked_server() {
    let mut session = after("S");
    let problem = ServerProblem {
        description: "rooms.example.org is not a chat room service on this server".into(),
        solution: "in the configuration, set \"services\" to the server's chat room services: conference.example.org".into(),
    };
    let report = ServerReport {
        server: "example".into(),
        kind: ServerKind::Prosody,
        class: Some(ServerClass::Prosody),
        version: Some("Prosody 0.12.3".into()),
        transport: Some("socket /var/lib/prosody/prosody.sock".into()),
        rights: ServerRights::All,
        rooms: vec![RemoteRoomInfo {
            room: jid(ROOM),
            name: Some("Courses".into()),
            allowed: None,
        }],
        all_rooms: true,
        problems: vec![problem],
    };
    send(
        &mut session,
        ServerEvent::State {
            server: "example".into(),
            state: ServerState::Ready(ServerClass::Prosody),
        },
    );
    send(
        &mut session,
        ServerEvent::Checked {
            server: "example".into(),
            report: Ok(report),
        },
    );
    check_screen(
        "servers-checked",
        &mut session,
        Theme::default(),
        &[(80, 24), (40, 12)],
    );
    session.keys("i");
    check_screen(
        "server-details",
        &mut session,
        Theme::default(),
        &[(80, 24), (40, 12)],
    );
    check_plain("server-details", &mut session);
}

#[test]
fn comparing() {
    let mut session = session();
    session.server = None;
    session.keys("S Enter");
    let id = 1;
    let progress = Progress {
        done: 12,
        total: 100,
        rate: 4,
    };
    send(&mut session, ServerEvent::Progress { id, progress });
    check_screen("comparing", &mut session, Theme::default(), &USUAL);
    check_plain("comparing", &mut session);
}

#[test]
fn plan() {
    let mut session = after("S Enter");
    check_screen("plan", &mut session, Theme::default(), &SIZES);
    check_screen("plan", &mut session, ascii(), &[(81, 24)]);
    session.keys("Tab");
    check_screen("plan-conflict", &mut session, Theme::default(), &SIZES);
    check_plain("plan", &mut session);
    session.keys("i");
    check_screen(
        "plan-difference",
        &mut session,
        Theme::default(),
        &[(80, 24), (40, 12)],
    );
    check_plain("plan-difference", &mut session);
    session.keys("Esc G Up Up i");
    check_screen("plan-room", &mut session, Theme::default(), &[(80, 24), (40, 12)]);
}

#[test]
fn rooms_with_servers() {
    let mut session = after("S Enter Esc Esc");
    check_screen("rooms", &mut session, Theme::default(), &[(80, 24), (120, 40)]);
    check_screen("rooms", &mut session, ascii(), &[(81, 24)]);
    check_plain("rooms", &mut session);
}

#[test]
fn online_users() {
    let mut session = after("S Enter Esc Esc");
    let occupants: Occupants = [
        ("prof@example.org", &["Prof"][..], None),
        ("terry@example.org", &["Terry", "Terry_phone"], Some("Terry")),
        ("zoë@example.org", &[], Some("Zoë 名前\u{202e}")),
    ]
    .into_iter()
    .filter_map(|(user, nicknames, reserved)| {
        let occupant = Occupant::new(nicknames.iter().copied(), reserved);
        occupant.map(|occupant| (jid(user), occupant))
    })
    .collect();
    send(
        &mut session,
        ServerEvent::Occupants {
            room: jid(ROOM),
            occupants: Some(std::sync::Arc::new(occupants)),
        },
    );
    session.keys("Enter");
    check_screen(
        "online",
        &mut session,
        Theme::default(),
        &[(80, 24), (120, 40), (60, 20)],
    );
    check_screen("online", &mut session, ascii(), &[(81, 24)]);
    check_plain("online", &mut session);
    session.keys("/");
    session.text("terry_");
    check_screen("online-filter", &mut session, Theme::default(), &[(120, 40)]);
    session.keys("Esc w w");
    check_screen(
        "online-users",
        &mut session,
        Theme::default(),
        &[(80, 24), (120, 40)],
    );
    session.keys("Ctrl-P");
    session.text("phone");
    check_screen("online-go-to", &mut session, Theme::default(), &USUAL);
}

#[test]
fn room_whose_follower_is_silent() {
    let mut session = after("S Enter Esc Esc");
    send(
        &mut session,
        ServerEvent::Follows {
            room: jid(ROOM),
            follower: Follower::Silent(Some("ana, process 123".into())),
        },
    );
    // These keys close the notice.
    session.keys("j k");
    check_screen(
        "silent",
        &mut session,
        Theme::default(),
        &[(80, 24), (60, 20), (40, 12)],
    );
    check_screen("silent", &mut session, ascii(), &[(81, 24)]);
    check_plain("silent", &mut session);
}

#[test]
fn applying_and_report() {
    let mut session = after("S Enter Enter");
    check_screen("apply-question", &mut session, Theme::default(), &USUAL);
    session.server.as_mut().unwrap().send_outcome = Some(ItemOutcome::Unknown);
    session.keys("y");
    check_screen("report", &mut session, Theme::default(), &SIZES);
    check_plain("report", &mut session);
    session.keys("Enter");
    check_screen(
        "report-details",
        &mut session,
        Theme::default(),
        &[(80, 24), (40, 12)],
    );
}

#[test]
fn password() {
    let mut session = after("S");
    send(
        &mut session,
        ServerEvent::Password {
            server: "other".into(),
            account: jid("moderator@example.net"),
        },
    );
    session.text("correct horse");
    check_screen("password", &mut session, Theme::default(), &USUAL);
    check_plain("password", &mut session);
}

#[test]
fn empty_wardrobe_offers_to_receive_rooms() {
    let server = FakeServer::new("example", ServerClass::Prosody);
    let start = SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry".into(),
        servers: vec![server.entry("conference.example.org")],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, Wardrobe::default(), (80, 24));
    check_screen("empty", &mut session, Theme::default(), &USUAL);
}
