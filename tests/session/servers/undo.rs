//! Undo asks first if many users lose hats on a server. A confirmed undo is sent at once.

use hatrack::app::{Confirm, SessionOptions};
use hatrack::model::Affiliation;
use hatrack::store::StoreRequest;
use hatrack::sync::{SendMode, ServerEntry};

use super::super::session::Session;
use super::super::{ROOM, jid, wardrobe};
use super::{SERVICE, matching_server, open};

/// A compared room in which 25 more users got the hat "Dean" at once.
fn with_25_deans() -> Session {
    let (mut server, mut wardrobe) = (matching_server(), wardrobe());
    for number in 1..=25 {
        let user = format!("u{number}@example.org");
        server.user(ROOM, &user, Affiliation::Member);
        wardrobe
            .set_affiliation(&jid(&user), &jid(ROOM), Affiliation::Member)
            .unwrap();
    }
    let entry = ServerEntry {
        send: SendMode::AtOnce,
        ..server.entry(SERVICE)
    };
    let start = SessionOptions {
        actor: "terry".into(),
        servers: vec![entry],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe, (100, 30));
    session.server = Some(server);
    session.keys("S Enter Esc Esc Enter / u Enter * +");
    session.text("urn:x:dean");
    session.keys("Tab");
    session.text("Dean");
    session.keys("Enter");
    assert_eq!(
        session.state.top_as::<Confirm>().unwrap().names,
        "u1, u2, u3 and 22 more (example.org)"
    );
    session.keys("y");
    session
}

fn deans(session: &Session) -> usize {
    session.json().to_string().matches("urn:x:dean").count()
}

#[test]
fn undo_of_many_hats_on_a_server_asks_first_and_is_saved_as_confirmed() {
    let mut session = with_25_deans();
    assert_eq!(deans(&session), 25);
    session.keys("u");
    let question = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(
        (
            question.title,
            question.question.as_str(),
            question.consequence.as_str()
        ),
        (
            "Undo change",
            "Undo: added \"Dean\" to 25 users in courses@conference.example.org?",
            "This removes hats from 25 users, also on \"example\"."
        )
    );
    session.keys("Esc");
    assert_eq!(deans(&session), 25);
    session.delay_answers();
    session.keys("u y");
    let Some(StoreRequest::Commit { change, .. }) = session.first_request() else {
        panic!("{:?}", session.first_request());
    };
    assert!(change.confirmed && change.undoes.is_some(), "{change:?}");
    session.answer_all();
    assert_eq!(deans(&session), 0);
    // A redo adds the hats again.
    session.keys("Ctrl-R");
    assert_eq!(deans(&session), 25, "adding needs no question");
    session.keys("u y");
    assert_eq!(deans(&session), 0);
}

#[test]
fn undo_of_few_hats_asks_no_question() {
    let mut session = open(matching_server());
    session.keys("S Enter Esc Esc Enter j Enter d u");
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
}
