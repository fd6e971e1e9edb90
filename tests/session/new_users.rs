//! Addresses of new users without a domain, and whole domains.

use hatrack::app::Confirm;
use hatrack::app::form::{FieldName, Form};
use hatrack::model::Wardrobe;
use serde_json::json;

use super::session::Session;
use super::{ROOM, open};

fn typed(session: &Session) -> String {
    session.state.top_as::<Form>().unwrap().text(FieldName::User)
}

#[test]
fn address_without_domain_is_completed_before_it_is_saved() {
    let mut session = open();
    session.keys("Enter a");
    session.text("kim.lee");
    session.keys("Enter");
    assert_eq!(typed(&session), "kim.lee@example.org");
    assert_eq!(
        session.notice(),
        "Address completed: Enter adds kim.lee@example.org"
    );
    session.keys("Enter");
    assert_eq!(
        session.json()["rooms"][ROOM]["users"]["kim.lee@example.org"],
        json!({"affiliation": "member", "hats": {}})
    );
}

#[test]
fn completed_address_of_a_user_who_is_there_is_refused() {
    let mut session = open();
    session.keys("Enter a");
    session.text("terry");
    session.keys("Enter Enter");
    assert!(
        session.notice().contains("Already in this room"),
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
    assert_eq!(typed(&session), "kim@example.org");
}

#[test]
fn whole_domain_is_asked_for() {
    let mut session = open();
    session.keys("Enter a");
    session.text("example.net");
    session.keys("Enter");
    let asked = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(asked.question, "Add the whole domain example.net as member?");
    session.keys("Esc Ctrl-U");
    // Not a domain that is known: completed first, and asked for after that is taken back.
    session.text("spam.example");
    session.keys("Enter");
    assert_eq!(typed(&session), "spam.example@example.org");
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
