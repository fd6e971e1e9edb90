//! Whether a room in the file differs from the one on its server, as the rooms pane shows it.

use std::sync::Arc;

use hatrack::app::servers::RoomComparison;
use hatrack::app::{Msg, SessionOptions};
use hatrack::model::Affiliation;
use hatrack::sync::{MergeOptions, RemoteRoom, RoomRead, ServerEvent, merge};
use hatrack::ui::{Theme, plain};

use super::super::screen;
use super::super::session::Session;
use super::super::{ROOM, jid, wardrobe};
use super::{PROCTOR, SERVICE, active, matching_server, open};

fn details(session: &Session) -> String {
    let page = plain::page(&session.state, Theme::default(), (100, 30));
    let words = page.lines.iter().flat_map(|line| line.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_room_says_whether_it_was_compared() {
    let mut session = open(matching_server());
    let check_details = |session: &Session, text: &str| {
        let details = details(session);
        assert!(details.contains(text), "{details}");
    };
    check_details(&session, "example: not compared yet (S to compare)");
    session.keys("S Enter Esc Esc");
    check_details(&session, "example: no differences");
    session.keys("l Down l Space h h");
    check_details(&session, "example: changed in the data file since the comparison");
}

/// A room is also compared when following reads it.
#[test]
fn a_followed_room_says_whether_it_differs_without_a_plan() {
    let mut server = matching_server();
    server.hat(ROOM, "prof@example.org", PROCTOR, active("Proctor"));
    let mut session = open(server);
    let server = session.server.as_ref().unwrap();
    let room = jid(ROOM);
    let local = wardrobe().room(&room).unwrap().clone();
    let compared = |remote: RemoteRoom| {
        let read = RoomRead::Read(Arc::new(remote));
        let (base, options) = (server.bases.get(&room), MergeOptions::default());
        let mut plan = merge(&room, Ok(base), Some(&local), &read, server.class, &options);
        plan.receive_only();
        let (local, plan) = (local.clone(), Arc::new(plan));
        Msg::Server(Box::new(ServerEvent::Compared { local, plan }))
    };
    let remote = server.rooms[&room].clone();
    let mut fewer = remote.clone();
    fewer
        .users
        .get_mut(&jid("prof@example.org"))
        .unwrap()
        .hats
        .clear();
    let (differs, same) = (compared(remote), compared(fewer));
    for (event, expected) in [
        (differs, "example: 1 difference"),
        (same, "example: no differences"),
    ] {
        session.send(event);
        let details = details(&session);
        assert!(details.contains(expected), "{details}");
    }
}

#[test]
fn a_room_that_was_added_here_after_comparing_was_not_compared() {
    let other = "staff@conference.example.org";
    let mut server = matching_server();
    server.user(other, "prof@example.org", Affiliation::Owner);
    let mut session = open(server);
    session.keys("S Enter Esc Esc a");
    session.text(other);
    session.keys("Enter");
    let compared = |room: &str| session.state.room_comparison(&jid(room)).unwrap().1;
    assert_eq!(
        compared(other),
        RoomComparison::ChangedSince,
        "{}",
        session.notice()
    );
    assert_eq!(compared(ROOM), RoomComparison::Same);
}

#[test]
fn rooms_with_the_same_name_are_told_apart() {
    let mut session = open(matching_server());
    let shown = |session: &Session| {
        let (frame, _) = screen::frame(&session.state, Theme::default(), (80, 24));
        screen::lines(&frame).join("\n")
    };
    let add = |session: &mut Session, room: &str| {
        session.change_by("mallory", |wardrobe| wardrobe.add_room(&jid(room), Some("Lab")));
        shown(session)
    };
    let page = add(&mut session, "one@a.net");
    assert!(!page.contains("Lab ·"), "{page}");
    add(&mut session, "two@b.net");
    let page = add(&mut session, "third@conference.example.org");
    for name in ["Lab · a.net", "Lab · b.net", "Lab · example"] {
        assert!(page.contains(name), "{name}: {page}");
    }
    // The name of the server does not distinguish two rooms of that server.
    let page = add(&mut session, "next@conference.example.org");
    for name in ["Lab · one", "Lab · two", "Lab · third", "Lab · next"] {
        assert!(page.contains(name), "{name}: {page}");
    }
    // Plain text names the server of each room anyway.
    let page = plain::page(&session.state, Theme::default(), (100, 30))
        .lines
        .join("\n");
    assert!(!page.contains("·"), "{page}");
}

#[test]
fn rooms_with_the_same_name_on_two_services_of_a_server_show_their_domains() {
    let mut entry = matching_server().entry(SERVICE);
    entry.services.push(jid("second.example.org"));
    let start = SessionOptions {
        servers: vec![entry],
        ..SessionOptions::default()
    };
    let mut wardrobe = wardrobe();
    wardrobe
        .add_room(&jid("courses@second.example.org"), Some("Courses"))
        .unwrap();
    let session = Session::start(start, wardrobe, (120, 24));
    let (frame, _) = screen::frame(&session.state, Theme::default(), (120, 24));
    let page = screen::lines(&frame).join("\n");
    for domain in ["conference", "second"] {
        assert!(page.contains(&format!("Courses · {domain} ")), "{domain}: {page}");
    }
}
