//! What a form takes and refuses.

use hatrack::app::{Msg, Overlay, Start};
use hatrack::model::Attachment;
use hatrack::store::Scope;
use serde_json::json;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys, wardrobe};

#[test]
fn a_known_hat_needs_few_keys() {
    let mut session = open();
    let before = session.json();
    // From the start: into the room, into the owner's hats, add, four letters, save.
    session.keys("Enter Enter a t e a c Enter");
    let hats = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({HAT: {"active": true, "title": "Teacher"}}));
    session.keys("u");
    assert_eq!(session.json()["rooms"], before["rooms"]);
}

#[test]
fn a_text_that_looks_like_a_uri_never_takes_a_match() {
    let mut session = open();
    session.keys("Enter Enter a");
    session.text("http://example.com/hats/tea cher");
    session.keys("Enter");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert_eq!(form.focus, 0);
    assert!(
        form.problem(0, session.state.wardrobe(), session.state.keymap())
            .unwrap()
            .contains("space"),
        "{}",
        session.notice()
    );
}

#[test]
fn a_refused_save_puts_the_cursor_on_the_first_wrong_field() {
    let mut session = open();
    session.keys("Enter a Tab Enter");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert_eq!(form.focus, 0);
    assert_eq!(
        form.problem(0, session.state.wardrobe(), session.state.keymap())
            .unwrap(),
        "the user's address is missing"
    );
    session.text("terry@example.org");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert!(
        form.problem(0, session.state.wardrobe(), session.state.keymap())
            .unwrap()
            .contains("there already")
    );
    session.keys("Esc y");
    assert!(session.state.overlays().is_empty());
    assert_eq!(
        session.json()["rooms"],
        Session::open(wardrobe(), (80, 24)).json()["rooms"]
    );
}

#[test]
fn what_nobody_should_type_as_a_title_is_refused_and_what_was_there_stays() {
    let mut session = open();
    session.keys("Enter j Enter e Ctrl-U");
    session.text("  ");
    session.keys("Enter");
    assert!(session.notice().contains("only spaces"), "{}", session.notice());
    session.keys("Ctrl-U");
    session.send(Msg::Paste("a\u{1b}[31m".into()));
    session.keys("Enter");
    assert!(
        session.notice().contains("control character"),
        "{}",
        session.notice()
    );
    session.keys("Esc y");
    session.other(|wardrobe| {
        let broken = Attachment::default().with_title(Some("two\nlines"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), broken)
    });
    session.keys("e Tab Space Enter");
    assert_eq!(
        terrys(&session)[HAT],
        json!({"active": true, "title": "two\nlines"})
    );
}

#[test]
fn a_limited_session_says_which_rooms_it_cannot_add() {
    let scope = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
    };
    let start = Start {
        scope,
        ..Start::default()
    };
    let mut session = Session::start(start, wardrobe(), (80, 24));
    session.keys("a");
    session.text("other@c.example");
    session.keys("Enter");
    assert!(session.notice().contains("limited"), "{}", session.notice());
    assert!(matches!(session.state.top(), Some(Overlay::Form(_))));
}

#[test]
fn a_paste_of_a_whole_file_is_refused() {
    let mut session = open();
    session.keys("a");
    session.send(Msg::Paste("x".repeat(8193)));
    assert!(session.notice().contains("8193 bytes"), "{}", session.notice());
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert!(!form.is_changed());
}

#[test]
fn a_hat_is_found_by_what_it_is_called_anywhere() {
    let mut wardrobe = wardrobe();
    let other = jid("other@c.example");
    wardrobe.add_room(&other, None).unwrap();
    wardrobe
        .set_affiliation(
            &jid("kim@example.org"),
            &other,
            hatrack::model::Affiliation::Member,
        )
        .unwrap();
    let odd = Attachment::default().with_title(Some("Zzz weird"));
    wardrobe
        .add_user_hat(&jid("kim@example.org"), &other, &hat(HAT), odd)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Enter Enter a");
    session.text("weird");
    session.keys("Enter");
    let hats = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({HAT: {"active": true, "title": "Teacher"}}));
}

#[test]
fn hats_that_the_user_has_are_not_offered() {
    let mut session = open();
    session.keys("Enter j Enter a");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 0);
    session.keys("Esc Esc k Enter a");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 1);
}
