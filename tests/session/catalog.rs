//! The catalog of a room.

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use hatrack::app::catalog::CatalogOverlay;
use hatrack::model::Affiliation;
use serde_json::json;

use super::session::Session;
use super::{HAT, ROOM, TERRY, jid, open, terrys};

fn catalog(session: &Session) -> serde_json::Value {
    session.json()["rooms"][ROOM]["hats"].clone()
}

fn asked(session: &Session) -> (&str, &str) {
    match session.state.top_as::<Confirm>() {
        Some(confirm) => (&confirm.question, &confirm.consequence),
        other => panic!("no question: {other:?}; {}", session.notice()),
    }
}

#[test]
fn defines_recolors_retitles_and_deletes_hat() {
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
        "Cannot save. Hue: Enter a number from 0 to 360; empty for automatic"
    );
    session.keys("Backspace Backspace Backspace");
    session.text("128");
    session.keys("Enter");
    assert_eq!(
        catalog(&session),
        json!({ "urn:x:on-call": { "title": "On call", "hue": 128 } })
    );
    // It is still open and contains the new hat.
    session.keys("e");
    session.text(" now");
    session.keys("Tab Backspace Backspace Backspace Enter");
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

#[test]
fn defines_hat_not_in_catalog() {
    let mut session = open();
    session.keys("C d");
    assert_eq!(session.notice(), "The hat is not in the catalog");
    session.keys("Enter Enter");
    assert_eq!(catalog(&session), json!({ HAT: { "title": "Teacher" } }));
    assert_eq!(terrys(&session)[HAT]["title"], "Teacher");
}

#[test]
fn retitles_users_hats_on_request() {
    let mut session = open();
    session.keys("C Enter Ctrl-U");
    session.text("Lecturer");
    // Checked, because users have the hat under this title.
    session.keys("Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys(&session)[HAT]["title"], "Lecturer");
    session.keys("u");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    assert_eq!(terrys(&session)[HAT]["title"], "Teacher");
    session.keys("Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Tab Tab Space Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys(&session)[HAT]["title"], "Teacher");
}

#[test]
fn retitling_for_several_users_asks_first() {
    let mut session = open();
    session.keys("Enter Down y g p Esc C Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(
        asked(&session).0,
        "Define \"Lecturer\" and change its title for 2 users in courses@conference.example.org?"
    );
    session.keys("y");
    assert!(session.state.top_as::<CatalogOverlay>().is_some());
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys(&session)[HAT]["title"], "Lecturer");
}

#[test]
fn unaffiliated_user_keeps_title() {
    let mut session = open();
    session.keys("Enter Down y g p Esc");
    session
        .external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast));
    session.keys("C Enter Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(catalog(&session)[HAT]["title"], "Lecturer");
    assert_eq!(terrys(&session)[HAT]["title"], "Teacher");
    assert!(
        session.notice().ends_with(". Skipped: 1 is banned"),
        "{}",
        session.notice()
    );
}

#[test]
fn deleting_catalog_hat_lists_users_with_it() {
    let mut session = open();
    session.keys("C Enter Enter d");
    assert_eq!(
        asked(&session),
        (
            "Remove \"Teacher\" from the catalog of courses@conference.example.org?",
            "1 user keeps it: terry@example.org."
        )
    );
    session.keys("y");
    assert_eq!(catalog(&session), serde_json::Value::Null);
    assert_eq!(terrys(&session)[HAT]["title"], "Teacher");
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
        wardrobe.set_catalog_hat(&jid(ROOM), &super::hat(HAT), Some(entry))
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
