//! Whether a room of the file differs from its server's, as the rooms pane says it.

use hatrack::app::servers::RoomComparison;
use hatrack::model::Affiliation;
use hatrack::ui::{Theme, plain};

use super::super::session::Session;
use super::super::{ROOM, jid};
use super::{open, same};

fn details(session: &Session) -> String {
    let page = plain::page(&session.state, Theme::default(), (100, 30));
    let words = page.lines.iter().flat_map(|line| line.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_room_says_whether_it_was_compared() {
    let mut session = open(same());
    let says = |session: &Session, text: &str| {
        let details = details(session);
        assert!(details.contains(text), "{details}");
    };
    says(&session, "example: not compared yet (S to compare)");
    session.keys("S Enter Esc Esc");
    says(&session, "example: no differences");
    session.keys("l Down l Space h h");
    says(&session, "example: changed here since compared");
}

#[test]
fn a_room_that_was_added_here_after_comparing_was_not_compared() {
    let other = "staff@conference.example.org";
    let mut server = same();
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
