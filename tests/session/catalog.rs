//! The catalog of a room.

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use hatrack::app::catalog::CatalogOverlay;
use hatrack::app::form::{FieldName, Form};
use hatrack::model::{Affiliation, Attachment};
use serde_json::json;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys_hats};

fn catalog(session: &Session) -> serde_json::Value {
    session.json()["rooms"][ROOM]["hats"].clone()
}

fn question(session: &Session) -> (&str, &str) {
    match session.state.top_as::<Confirm>() {
        Some(confirm) => (&confirm.question, &confirm.consequence),
        other => panic!("no question: {other:?}; {}", session.notice()),
    }
}

#[test]
fn hat_is_defined_edited_and_deleted_and_all_is_undone() {
    let mut session = open();
    session.keys("C a");
    session.text("urn:x:on-call");
    session.keys("Tab");
    session.text("On call");
    session.keys("Tab");
    session.text("361");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Cannot save. Color: Expected a color such as red or #c33, or a hue from 0 to 360; empty for automatic"
    );
    session.keys("Backspace Backspace Backspace");
    session.text("128");
    session.keys("Enter");
    assert_eq!(
        catalog(&session),
        json!({ "urn:x:on-call": { "title": "On call", "hue": 128 } })
    );
    // The catalog is still open and contains the new hat.
    session.keys("e");
    session.text(" now");
    session.keys("Tab Ctrl-U Enter");
    assert_eq!(
        catalog(&session),
        json!({ "urn:x:on-call": { "title": "On call now" } })
    );
    session.keys("d");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    session.keys("u u Esc u");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    assert!(session.state.top().is_none());
}

/// A hat of another room is defined with its title and color, whichever way it was chosen.
#[test]
fn defining_an_existing_hat_takes_its_title_and_color() {
    for (typed, keys) in [
        ("teach", "Enter"),
        ("teach", "Tab Enter"),
        (HAT, "Enter"),
        ("teach", "Down Enter Enter"),
    ] {
        let mut session = open();
        let other = jid("other@conference.example.org");
        session.external_change(|wardrobe| wardrobe.add_room(&other, None));
        session.external_change(|wardrobe| {
            let entry = serde_json::from_value(json!({ "title": "Teacher", "hue": 128 })).unwrap();
            wardrobe.set_catalog_hat(&jid(ROOM), &hat(HAT), Some(entry))
        });
        session.keys("j C a");
        session.text(typed);
        session.keys(keys);
        assert_eq!(
            session.json()["rooms"][other.as_str()]["hats"],
            json!({ HAT: { "title": "Teacher", "hue": 128 } }),
            "{typed} {keys}: {}",
            session.notice()
        );
        assert!(session.notice().contains("Teacher"), "{}", session.notice());
    }
}

/// They do not replace what the user typed or cleared.
#[test]
fn title_and_color_of_an_existing_hat_are_only_proposed() {
    let mut session = open();
    session.keys("C a");
    session.text("teach");
    session.keys("Tab");
    let form = |session: &Session, field| session.state.top_as::<Form>().unwrap().text(field);
    assert_eq!(form(&session, FieldName::Title), "Teacher");
    session.keys("Ctrl-U");
    session.keys("Shift-Tab Tab");
    assert_eq!(form(&session, FieldName::Title), "");
    session.text("Prof");
    session.keys("Shift-Tab Tab Enter");
    assert_eq!(catalog(&session), json!({ HAT: { "title": "Prof" } }));
}

#[test]
fn defines_hat_not_in_catalog() {
    let mut session = open();
    session.keys("C d");
    assert_eq!(session.notice(), "The hat is not in the catalog");
    session.keys("Enter Enter");
    assert_eq!(catalog(&session), json!({ HAT: { "title": "Teacher" } }));
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
}

#[test]
fn titles_of_users_are_changed_on_request() {
    let mut session = open();
    session.keys("C Enter Ctrl-U");
    session.text("Lecturer");
    // The checkbox is checked, because users have the hat with this title.
    session.keys("Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Lecturer");
    session.keys("u");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
    session.keys("Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Tab Tab Space Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
}

#[test]
fn changing_the_title_for_several_users_asks_first() {
    let mut session = open();
    session.keys("Enter Down y g p Esc C Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(
        question(&session).0,
        "Define \"Lecturer\" and change its title for 2 users in courses@conference.example.org?"
    );
    session.keys("y");
    assert!(session.state.top_as::<CatalogOverlay>().is_some());
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Lecturer");
}

/// Terry and the professor have a hat of the catalog: Terry with its title, the professor with another one.
fn with_different_title() -> Session {
    let mut session = open();
    session.keys("Enter Down y g p Esc C Enter Enter Esc");
    session.external_change(|wardrobe| {
        let own = Attachment::default().with_title(Some("Head"));
        wardrobe.add_user_hat(&jid("prof@example.org"), &jid(ROOM), &hat(HAT), own)
    });
    session
}

/// A checked box has no effect on the titles of users while the title stays the same.
#[test]
fn changing_only_the_color_changes_no_title() {
    let mut session = with_different_title();
    session.keys("C Enter Tab");
    session.text("red");
    session.keys("Enter");
    assert_eq!(catalog(&session)[HAT], json!({"title": "Teacher", "hue": 12}));
    assert!(!session.notice().contains("Skipped"), "{}", session.notice());
    let titles = |session: &Session| {
        let users = session.json()["rooms"][ROOM]["users"].clone();
        ["prof@example.org", TERRY].map(|user| users[user]["hats"][HAT]["title"].clone())
    };
    assert_eq!(titles(&session), ["Head", "Teacher"]);
    // If the user checks the box, the title of the catalog replaces all others.
    session.external_change(|wardrobe| {
        let own = Attachment::default().with_title(Some("Prof"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), own)
    });
    session.keys("Enter Tab Tab Space Enter");
    assert_eq!(
        question(&session).1,
        "Replaces different titles of 2 users: prof@example.org (\"Head\"), terry@example.org (\"Prof\"). You can undo this in one step."
    );
    session.keys("y");
    assert_eq!(titles(&session), ["Teacher", "Teacher"]);
}

#[test]
fn question_names_users_who_lose_a_different_title() {
    let mut session = with_different_title();
    session.keys("C Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(
        question(&session).1,
        "Replaces a different title of 1 user: prof@example.org (\"Head\"). You can undo this in one step."
    );
}

#[test]
fn banned_user_keeps_the_title() {
    let mut session = open();
    session.keys("Enter Down y g p Esc");
    session
        .external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast));
    session.keys("C Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
    assert!(
        session.notice().ends_with(". Skipped: 1 user is banned"),
        "{}",
        session.notice()
    );
}

#[test]
fn deleting_catalog_hat_lists_users_with_it() {
    let mut session = open();
    session.keys("C Enter Enter d");
    assert_eq!(
        question(&session),
        (
            "Remove \"Teacher\" from the catalog of courses@conference.example.org?",
            "1 user keeps it: terry@example.org."
        )
    );
    session.keys("y");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
}

#[test]
fn catalog_conflict_is_shown() {
    let mut session = open();
    session.keys("C Enter Enter Enter");
    session.text("X");
    session.external_change(|wardrobe| {
        let entry = hatrack::model::CatalogHat {
            title: Some("Theirs".into()),
            ..Default::default()
        };
        wardrobe.set_catalog_hat(&jid(ROOM), &hat(HAT), Some(entry))
    });
    session.keys("Enter");
    assert!(session.state.top_as::<Conflict>().is_some());
    session.keys("m");
    assert_eq!(catalog(&session)[HAT]["title"], "TeacherX");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    session.keys("e a");
    assert_eq!(session.notice(), "The room no longer exists");
}

#[test]
fn color_is_chosen_by_name_by_code_and_by_swatch() {
    let mut session = open();
    let hue = |session: &Session, hat: &str| catalog(session)[hat]["hue"].clone();
    for (index, (color, degrees)) in [("Red", 12), ("#c33", 12), ("green", 128)]
        .into_iter()
        .enumerate()
    {
        let hat = format!("urn:x:{index}");
        session.keys("C a");
        session.text(&hat);
        session.keys("Tab Tab");
        session.text(color);
        session.keys("Enter Esc");
        assert_eq!(hue(&session, &hat), degrees, "{color}");
    }
    // The keys go through the swatches, starting from the typed color.
    session.keys("C a");
    session.text("urn:x:swatch");
    session.keys("Tab Tab");
    let typed = |session: &Session| session.state.top_as::<Form>().unwrap().text(FieldName::Hue);
    session.keys("Ctrl-N");
    assert_eq!(typed(&session), "red");
    session.keys("Ctrl-N PageDown");
    assert_eq!(typed(&session), "yellow");
    session.keys("Ctrl-U");
    session.text("266");
    session.keys("Ctrl-P");
    assert_eq!(typed(&session), "cyan");
    session.keys("Ctrl-U PageUp");
    assert_eq!(typed(&session), "pink");
    session.keys("Enter");
    assert!(hue(&session, "urn:x:swatch").is_number());
    // A gray has no hue.
    session.keys("Esc C a");
    session.text("urn:x:gray");
    session.keys("Tab Tab");
    session.text("#888");
    session.keys("Enter");
    assert!(
        session.notice().contains("A gray has no hue"),
        "{}",
        session.notice()
    );
}
