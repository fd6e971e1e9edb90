//! Addresses of new users without a domain, and whole domains.

use hatrack::app::form::{FieldName, Form};
use hatrack::app::{Confirm, Msg};
use hatrack::model::Wardrobe;
use hatrack::ui::Theme;
use serde_json::json;

use super::session::Session;
use super::{ROOM, open, screen};

fn address_text(session: &Session) -> String {
    session.state.top_as::<Form>().unwrap().text(FieldName::User)
}

fn footer(session: &Session) -> String {
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (80, 24));
    screen::lines(&buffer).pop().unwrap()
}

#[test]
fn address_without_domain_is_completed_before_it_is_saved() {
    let mut session = open();
    session.keys("Enter a");
    session.text("kim.lee");
    session.keys("Enter");
    assert_eq!(address_text(&session), "kim.lee@example.org");
    assert_eq!(
        session.notice(),
        "Address completed; press Enter to add kim.lee@example.org"
    );
    session.keys("Enter");
    assert_eq!(
        session.json()["rooms"][ROOM]["users"]["kim.lee@example.org"],
        json!({"affiliation": "member", "hats": {}})
    );
}

#[test]
fn completed_address_of_a_user_in_the_room_is_rejected() {
    let mut session = open();
    session.keys("Enter a");
    session.text("terry");
    session.keys("Enter Enter");
    assert!(
        session.notice().contains("Already in the room (affiliation"),
        "{}",
        session.notice()
    );
}

#[test]
fn first_user_gets_the_domain_of_the_service() {
    let mut session = Session::open(Wardrobe::default(), (100, 30));
    session.keys("a");
    session.text(ROOM);
    session.keys("Enter Enter a");
    session.text("kim");
    session.keys("Enter");
    assert_eq!(address_text(&session), "kim@example.org");
}

#[test]
fn adding_a_whole_domain_asks_first() {
    let mut session = open();
    session.keys("Enter a");
    session.text("example.net");
    session.keys("Enter");
    let confirm = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(confirm.question, "Add the whole domain example.net as member?");
    session.keys("Esc Ctrl-U");
    // A domain that is not in the data is first completed to an address. If it is typed again, the question opens.
    session.text("spam.example");
    assert!(
        footer(&session).contains("Enter Complete"),
        "{}",
        footer(&session)
    );
    session.keys("Enter");
    assert_eq!(address_text(&session), "spam.example@example.org");
    assert!(footer(&session).contains("Enter Save"), "{}", footer(&session));
    session.keys("Ctrl-U");
    session.text("spam.example");
    session.keys("Enter");
    assert!(
        session.state.top_as::<Confirm>().is_some(),
        "{}",
        session.notice()
    );
    session.keys("y");
    assert_eq!(
        session.json()["rooms"][ROOM]["users"]["spam.example"],
        json!({"affiliation": "member", "hats": {}})
    );
}

#[test]
fn list_is_edited_over_several_lines() {
    let mut session = open();
    session.keys("Enter a");
    session.send(Msg::Paste("ann@example.org\nnobody\nbea@example.org\n".into()));
    assert!(
        session.notice().contains("line 2: \"nobody\""),
        "{}",
        session.notice()
    );
    // The cursor is at the end of the last line; the bad one is above it.
    session.keys("Up");
    session.text("@example.org");
    session.keys("Ctrl-O");
    session.text("cleo@example.org");
    assert_eq!(
        address_text(&session),
        "ann@example.org\nnobody@example.org\ncleo@example.org\nbea@example.org"
    );
    session.keys("Enter y");
    let users = &session.json()["rooms"][ROOM]["users"];
    for name in ["ann", "nobody", "cleo", "bea"] {
        assert!(users[format!("{name}@example.org")].is_object(), "{users}");
    }
    // In the last line, Down moves to the next field; in the first line, Up moves to the previous one.
    session.keys("a");
    session.text("dan");
    session.keys("Ctrl-O Down");
    assert_eq!(session.state.top_as::<Form>().unwrap().focus, 1);
    session.keys("Up Up Up");
    assert_eq!(
        session.state.top_as::<Form>().unwrap().focus,
        1,
        "from the first field to the last, as in other forms"
    );
}
