//! Hats from their titles: existing ones, new ones, and equal titles.

use hatrack::app::Confirm;
use hatrack::app::form::{FieldName, Form};
use hatrack::model::{Affiliation, Attachment, CatalogHat, Wardrobe};
use serde_json::{Value, json};

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys_hats, wardrobe};

/// The ID of the first new hat of a session.
const NEW: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";
const STAFF: &str = "staff@conference.example.org";
const TWIN: &str = "urn:x:twin";

/// A session that added a hat to Terry by typing this text into the form.
fn add_to_terry(wardrobe: Wardrobe, text: &str) -> Session {
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Enter Down +");
    session.text(text);
    session.keys("Enter");
    session
}

fn problem(session: &Session) -> String {
    let form = session.state.top_as::<Form>().unwrap();
    form.problem(0, session.state.wardrobe(), session.state.keymap())
        .unwrap_or_default()
}

/// A wardrobe in which a user of another room has another hat with the title of Terry's.
fn with_twin() -> Wardrobe {
    let mut wardrobe = wardrobe();
    wardrobe.add_room(&jid(STAFF), Some("Staff")).unwrap();
    let kim = jid("kim@example.org");
    wardrobe
        .set_affiliation(&kim, &jid(STAFF), Affiliation::Member)
        .unwrap();
    let twin = Attachment::default().with_title(Some("teacher"));
    wardrobe
        .add_user_hat(&kim, &jid(STAFF), &hat(TWIN), twin)
        .unwrap();
    wardrobe
}

#[test]
fn title_that_no_hat_has_becomes_a_new_hat() {
    let mut session = add_to_terry(wardrobe(), "Night watch");
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
    assert_eq!(
        terrys_hats(&session)[NEW],
        json!({"active": true, "title": "Night watch"})
    );
    assert_eq!(session.state.hat().unwrap().0.as_str(), NEW);
    // The room has no catalog.
    assert_eq!(session.json()["rooms"][ROOM].get("hats"), None);
    session.keys("u");
    assert_eq!(terrys_hats(&session).get(NEW), None);
}

#[test]
fn new_hat_is_defined_in_the_catalog_of_the_room() {
    let mut wardrobe = wardrobe();
    let librarian = CatalogHat {
        title: Some("Librarian".into()),
        ..CatalogHat::default()
    };
    wardrobe
        .set_catalog_hat(&jid(ROOM), &hat("urn:x:librarian"), Some(librarian))
        .unwrap();
    let mut session = add_to_terry(wardrobe, "Night watch");
    let defined = |session: &Session| session.json()["rooms"][ROOM]["hats"][NEW].clone();
    assert_eq!(defined(&session), json!({"title": "Night watch"}));
    assert_eq!(
        session.notice(),
        format!("Added the new hat \"Night watch\" to {TERRY} in {ROOM} (u to undo)")
    );
    session.keys("u");
    assert_eq!(
        (defined(&session), terrys_hats(&session).get(NEW)),
        (Value::Null, None)
    );
}

#[test]
fn one_new_hat_is_created_for_many_users() {
    let mut session = open();
    session.keys("Enter * +");
    session.text("Night watch");
    session.keys("Enter");
    let confirm = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(
        confirm.question,
        format!("Add \"Night watch\" to 2 users in {ROOM}?")
    );
    session.keys("y");
    let users = &session.json()["rooms"][ROOM]["users"];
    assert_eq!(
        users["prof@example.org"]["hats"],
        json!({NEW: {"active": true, "title": "Night watch"}})
    );
    assert_eq!(users[TERRY]["hats"][NEW]["title"], json!("Night watch"));
}

#[test]
fn suggestions_end_with_the_new_hat() {
    let mut session = open();
    session.keys("Enter +");
    session.text("teach");
    session.keys("Down Down Enter");
    let form = session.state.top_as::<Form>().unwrap();
    let texts = |form: &Form| (form.text(FieldName::Hat), form.text(FieldName::Title));
    assert_eq!(texts(form), (NEW.to_owned(), "teach".to_owned()));
    session.keys("Enter");
    let prof = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*prof, json!({NEW: {"active": true, "title": "teach"}}));
}

#[test]
fn generated_id_keeps_the_typed_title() {
    let mut session = open();
    session.keys("Enter +");
    session.text("Teacher");
    session.keys("Ctrl-G Enter");
    let prof = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*prof, json!({NEW: {"active": true, "title": "Teacher"}}));
}

#[test]
fn hats_with_equal_titles_are_distinguished_and_enter_chooses_none() {
    let mut session = Session::open(with_twin(), (100, 30));
    session.keys("Enter +");
    session.text("teach");
    session.keys("Enter");
    assert_eq!(
        problem(&session),
        "\"teach\" can mean 2 hats: one in Courses (1 user), one in Staff (1 user). Choose one from the list"
    );
    session.keys("Down Down Enter Enter");
    let prof = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*prof, json!({TWIN: {"active": true, "title": "teacher"}}));
}

#[test]
fn hat_that_the_user_has_is_not_added_as_a_new_one() {
    let session = add_to_terry(wardrobe(), "teacher");
    assert_eq!(
        problem(&session),
        "The user already has this hat: edit it instead"
    );
    assert_eq!(terrys_hats(&session).as_object().unwrap().len(), 1);
    assert!(terrys_hats(&session).get(HAT).is_some());
}

#[test]
fn blank_and_too_long_titles_are_rejected() {
    let mut session = add_to_terry(wardrobe(), "   ");
    assert!(
        problem(&session).starts_with("Enter a title"),
        "{}",
        problem(&session)
    );
    session.text(&"x".repeat(1025));
    session.keys("Enter");
    assert_eq!(problem(&session), "Longer than 1,024 bytes");
}

#[test]
fn hat_of_the_catalog_is_defined_from_its_title_and_selected() {
    let mut session = open();
    session.keys("C a");
    session.text("Night watch");
    session.keys("Enter");
    assert_eq!(
        session.json()["rooms"][ROOM]["hats"],
        json!({NEW: {"title": "Night watch"}})
    );
    session.keys("d");
    assert_eq!(session.json()["rooms"][ROOM].get("hats"), None);
    // Terry's hat, which is not in the catalog, is defined with its title.
    session.keys("a");
    session.text("teac");
    session.keys("Enter");
    assert_eq!(
        session.json()["rooms"][ROOM]["hats"],
        json!({HAT: {"title": "Teacher"}})
    );
}

/// The form also keeps it if the question is canceled.
#[test]
fn form_keeps_the_typed_title_while_the_question_is_open() {
    let mut session = open();
    session.keys("Enter * +");
    session.text("Night watch");
    session.keys("Enter");
    let typed = |session: &Session| {
        let mut overlays = session.state.overlays().iter();
        let form = overlays
            .find_map(|overlay| overlay.downcast_ref::<Form>())
            .unwrap();
        (form.text(FieldName::Hat), form.text(FieldName::Title), form.focus)
    };
    let expected = ("Night watch".to_owned(), String::new(), 0);
    assert!(session.state.top_as::<Confirm>().is_some());
    assert_eq!(typed(&session), expected);
    session.keys("Esc");
    assert_eq!(typed(&session), expected);
    session.keys("Enter y");
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
    let ids: Vec<String> = terrys_hats(&session)
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(ids, [HAT, "urn:uuid:00000000-0000-4000-8000-000000000002"]);
}
