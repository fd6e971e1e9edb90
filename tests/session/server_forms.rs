//! Forms in rooms of a server: what the server cannot keep, titles that belong to the catalog, affiliations that are only
//! shown.

use hatrack::app::form::Form;
use hatrack::app::{Confirm, Msg, SessionOptions};
use hatrack::model::{Affiliation, Attachment, CatalogHat, Wardrobe};
use hatrack::sync::{Affiliations, ServerClass, ServerEvent, ServerState};
use hatrack::ui::{Theme, plain};
use serde_json::{Value, json};

use super::session::Session;
use super::session::server::FakeServer;
use super::{HAT, ROOM, TERRY, hat, jid, terrys_hats, wardrobe};

const SERVICE: &str = "conference.example.org";
const PROF: &str = "prof@example.org";

/// A session whose server is of this class, before it is connected.
fn start(class: ServerClass, affiliations: Affiliations, wardrobe: Wardrobe) -> Session {
    let server = FakeServer::new("example", class);
    let mut entry = server.entry(SERVICE);
    entry.affiliations = affiliations;
    let start = SessionOptions {
        actor: "terry".into(),
        servers: vec![entry],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe, (100, 30));
    session.server = Some(server);
    session
}

/// A session that is connected to a server of this class.
fn open(class: ServerClass, affiliations: Affiliations, wardrobe: Wardrobe) -> Session {
    let mut session = start(class, affiliations, wardrobe);
    session.send(Msg::Server(Box::new(ServerEvent::State {
        server: "example".into(),
        state: ServerState::Ready(class),
    })));
    session
}

fn page(session: &Session) -> String {
    plain::page(&session.state, Theme::default(), (100, 30))
        .lines
        .join("\n")
}

/// A wardrobe in which the professor has Terry's hat, too, with this title.
fn with_professors_hat(title: &str) -> Wardrobe {
    let mut wardrobe = wardrobe();
    let attachment = Attachment::default().with_active(true).with_title(Some(title));
    wardrobe
        .add_user_hat(&jid(PROF), &jid(ROOM), &hat(HAT), attachment)
        .unwrap();
    wardrobe
}

fn room(session: &Session) -> Value {
    session.json()["rooms"][ROOM].clone()
}

#[test]
fn title_belongs_to_the_catalog_of_a_server_that_is_away() {
    let mut session = start(ServerClass::EjabberdCatalog, Affiliations::Show, wardrobe());
    let server = || "example".into();
    for event in [
        ServerEvent::Class {
            server: server(),
            class: ServerClass::EjabberdCatalog,
        },
        ServerEvent::State {
            server: server(),
            state: ServerState::Away("no answer".into()),
        },
    ] {
        session.send(Msg::Server(Box::new(event)));
    }
    session.keys("l Down l Enter");
    assert!(
        page(&session).contains("Title in the room's catalog"),
        "{}",
        page(&session)
    );
}

#[test]
fn affiliations_that_are_only_shown_are_not_changed() {
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    let refused = "Affiliations in courses@conference.example.org are only received: change them on \"example\", or set \
                   affiliations = \"manage\" in the configuration";
    session.keys("l g");
    for keys in ["e", "a", "d"] {
        session.keys(keys);
        assert_eq!(session.notice(), refused, "{keys}");
        assert!(session.state.overlays().is_empty());
    }
    // Nor are those of a user in all rooms.
    session.keys("w w");
    assert_eq!(session.state.grouping(), hatrack::app::Grouping::ByUser);
    session.keys("b");
    assert_eq!(session.notice(), refused);
    // Hats can still be added.
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.keys("l g +");
    assert!(session.state.top_as::<Form>().is_some(), "{}", session.notice());
}

#[test]
fn undo_does_not_change_affiliations_that_are_only_shown() {
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.change_by("example (server)", |wardrobe| {
        wardrobe.set_affiliation(&jid(PROF), &jid(ROOM), Affiliation::Admin)
    });
    let before = session.json();
    session.keys("H u");
    let reason = "Cannot undo revision 1: affiliations in courses@conference.example.org are only received: ";
    assert!(session.notice().starts_with(reason), "{}", session.notice());
    assert_eq!(session.json(), before);
}

#[test]
fn draft_does_not_change_affiliations_that_are_only_shown_since() {
    let mut session = Session::open(wardrobe(), (100, 30));
    session.fail_writes("the disk is full");
    session.keys("Enter j d y q y");
    let draft = session.draft.clone().unwrap();
    let mut next = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    let before = next.json();
    next.send(Msg::DraftFound(draft));
    next.keys("Enter");
    assert!(next.notice().contains("are only received"), "{}", next.notice());
    assert_eq!(next.json(), before);
}

#[test]
fn title_of_several_hats_counts_each_user_once() {
    let mut wardrobe = wardrobe();
    let attachment = Attachment::default().with_active(true);
    wardrobe
        .add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:second"), attachment)
        .unwrap();
    let mut session = open(ServerClass::EjabberdCatalog, Affiliations::Show, wardrobe);
    session.keys("Enter j Enter * e");
    session.text("Tutor");
    session.keys("Enter");
    let confirm = session.state.top_as::<Confirm>();
    let question = confirm
        .map(|confirm| confirm.consequence.clone())
        .unwrap_or_default();
    assert!(!question.contains("2 users"), "{question}");
}

#[test]
fn affiliations_can_be_changed_where_they_are_managed_or_the_server_lacks_the_room() {
    let mut session = open(ServerClass::Prosody, Affiliations::Manage, wardrobe());
    session.keys("l e");
    assert!(session.state.top_as::<Form>().is_some(), "{}", session.notice());
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.keys("S Enter Esc Esc l e");
    assert!(session.state.top_as::<Form>().is_some(), "{}", session.notice());
}

#[test]
fn forms_name_the_fields_that_the_server_does_not_keep() {
    let mut session = open(ServerClass::EjabberdOld, Affiliations::Show, wardrobe());
    session.keys("l Down l Enter Tab");
    assert!(
        page(&session).contains("\"example\" has no inactive hats"),
        "{}",
        page(&session)
    );
    session.keys("Tab");
    assert!(
        page(&session).contains("Saved only in the data file: \"example\" has no required hats"),
        "{}",
        page(&session)
    );
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.keys("l Down l Enter Tab");
    assert!(!page(&session).contains("example has"), "{}", page(&session));
}

#[test]
fn a_title_of_the_catalog_changes_for_all_users_with_the_hat() {
    let mut session = open(
        ServerClass::EjabberdCatalog,
        Affiliations::Show,
        with_professors_hat("Teacher"),
    );
    session.keys("l Down l Enter");
    assert!(
        page(&session).contains("Title in the room's catalog, for all 2 users"),
        "{}",
        page(&session)
    );
    session.keys("Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{:?}; {}", session.state.top(), session.notice());
    };
    assert_eq!(
        confirm.question,
        format!("Change the title to \"Lecturer\" in the catalog of {ROOM}?")
    );
    assert!(
        confirm.consequence.contains("changes for all 2 users"),
        "{}",
        confirm.consequence
    );
    session.keys("y");
    assert_eq!(room(&session)["hats"][HAT], json!({ "title": "Lecturer" }));
    assert_eq!(terrys_hats(&session)[HAT], json!({ "active": true }));
    assert_eq!(
        room(&session)["users"][PROF]["hats"][HAT],
        json!({ "active": true })
    );
    session.keys("u");
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({ "active": true, "title": "Teacher" })
    );
    assert_eq!(room(&session)["hats"], Value::Null);
}

#[test]
fn different_title_of_a_user_stays_and_the_form_shows_the_title_of_the_catalog() {
    let mut wardrobe = with_professors_hat("Dr. Teacher");
    let entry = CatalogHat {
        title: Some("Teacher".into()),
        ..CatalogHat::default()
    };
    wardrobe
        .set_catalog_hat(&jid(ROOM), &hat(HAT), Some(entry))
        .unwrap();
    let mut session = open(ServerClass::EjabberdCatalog, Affiliations::Show, wardrobe);
    session.keys("l g l Enter");
    let form = session.state.top_as::<Form>().unwrap();
    assert_eq!(form.text(hatrack::app::form::FieldName::Title), "Teacher");
    // Only another field changes: the titles stay as they are.
    session.keys("Tab Space Enter");
    let prof = room(&session)["users"][PROF]["hats"][HAT].clone();
    assert_eq!(prof, json!({ "active": false, "title": "Dr. Teacher" }));
    assert_eq!(room(&session)["hats"][HAT], json!({ "title": "Teacher" }));
    session.keys("Enter");
    session.text("s");
    session.keys("Enter y");
    assert_eq!(room(&session)["hats"][HAT], json!({ "title": "Teachers" }));
    let prof = room(&session)["users"][PROF]["hats"][HAT].clone();
    assert_eq!(prof, json!({ "active": false, "title": "Dr. Teacher" }));
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({ "active": true }),
        "the title was the same as in the catalog"
    );
}

#[test]
fn a_new_hat_is_defined_in_the_catalog() {
    let mut session = open(ServerClass::EjabberdCatalog, Affiliations::Show, wardrobe());
    session.keys("l g +");
    session.text("urn:x:dean");
    session.keys("Tab");
    session.text("Dean");
    session.keys("Enter");
    assert_eq!(room(&session)["hats"]["urn:x:dean"], json!({ "title": "Dean" }));
    let prof = room(&session)["users"][PROF]["hats"]["urn:x:dean"].clone();
    assert_eq!(prof, json!({ "active": true }));
    // On Prosody, a title is the user's own.
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.keys("l g +");
    session.text("urn:x:dean");
    session.keys("Tab");
    session.text("Dean");
    session.keys("Enter");
    assert_eq!(room(&session)["hats"], Value::Null);
    let prof = room(&session)["users"][PROF]["hats"]["urn:x:dean"].clone();
    assert_eq!(prof, json!({ "active": true, "title": "Dean" }));
}

/// A wardrobe in which Terry and the professor have the hat, and its title is only in the catalog.
fn with_catalog_title() -> Wardrobe {
    let mut wardrobe = with_professors_hat("Teacher");
    let entry = CatalogHat {
        title: Some("Teacher".into()),
        ..CatalogHat::default()
    };
    wardrobe
        .set_catalog_hat(&jid(ROOM), &hat(HAT), Some(entry))
        .unwrap();
    for user in [PROF, TERRY] {
        let attachment = Attachment::default().with_active(true);
        wardrobe
            .add_user_hat(&jid(user), &jid(ROOM), &hat(HAT), attachment)
            .unwrap();
    }
    wardrobe
}

#[test]
fn title_of_the_catalog_is_kept_with_a_new_id() {
    let mut session = open(
        ServerClass::EjabberdCatalog,
        Affiliations::Show,
        with_catalog_title(),
    );
    session.keys("l g l Enter Shift-Tab Ctrl-U");
    session.text("urn:x:lecturer");
    session.keys("Enter");
    assert_eq!(
        room(&session)["hats"]["urn:x:lecturer"],
        json!({ "title": "Teacher" }),
        "{}",
        session.notice()
    );
    assert_eq!(
        room(&session)["users"][PROF]["hats"],
        json!({ "urn:x:lecturer": { "active": true } })
    );
    // Terry's hat is unchanged.
    assert_eq!(room(&session)["hats"][HAT], json!({ "title": "Teacher" }));
    assert_eq!(terrys_hats(&session)[HAT], json!({ "active": true }));
    // If the catalog already has the ID, its title stays.
    session.keys("h Down l Enter Shift-Tab Ctrl-U");
    session.text("urn:x:dean");
    session.keys("Tab Ctrl-U");
    session.text("Dean");
    session.keys("Enter");
    session.keys("Enter Shift-Tab Ctrl-U");
    session.text("urn:x:lecturer");
    session.keys("Enter");
    assert_eq!(
        room(&session)["hats"]["urn:x:lecturer"],
        json!({ "title": "Teacher" })
    );
    assert_eq!(room(&session)["hats"]["urn:x:dean"], json!({ "title": "Dean" }));
    assert_eq!(
        terrys_hats(&session),
        json!({ "urn:x:lecturer": { "active": true } })
    );
}

#[test]
fn different_title_of_a_user_is_kept_with_a_new_id() {
    let mut wardrobe = with_catalog_title();
    let attachment = Attachment::default()
        .with_active(true)
        .with_title(Some("Dr. Teacher"));
    wardrobe
        .add_user_hat(&jid(PROF), &jid(ROOM), &hat(HAT), attachment)
        .unwrap();
    let mut session = open(ServerClass::EjabberdCatalog, Affiliations::Show, wardrobe);
    session.keys("l g l Enter Shift-Tab Ctrl-U");
    session.text("urn:x:lecturer");
    session.keys("Enter");
    assert_eq!(
        room(&session)["users"][PROF]["hats"],
        json!({ "urn:x:lecturer": { "active": true, "title": "Dr. Teacher" } })
    );
    assert_eq!(
        room(&session)["hats"]["urn:x:lecturer"],
        json!({ "title": "Teacher" })
    );
}

#[test]
fn a_title_that_the_server_needs_cannot_be_emptied() {
    let problem = "Cannot save. Title: Enter a title: \"example\" does not accept hats without one";
    let mut session = open(
        ServerClass::EjabberdCatalog,
        Affiliations::Show,
        with_catalog_title(),
    );
    session.keys("l g l Enter Ctrl-U Enter");
    assert_eq!(session.notice(), problem);
    assert!(
        page(&session).contains("Enter a title: \"example\" does not accept hats without one"),
        "{}",
        page(&session)
    );
    // Nor can the title of several hats, nor the one in the catalog.
    session.keys("Esc y h * l Enter Ctrl-U Enter");
    assert_eq!(session.notice(), problem);
    session.keys("Esc y Esc Esc C Enter Ctrl-U Enter");
    assert_eq!(session.notice(), problem);
    let before = room(&session);
    assert_eq!(before["hats"][HAT], json!({ "title": "Teacher" }));
    // On other servers it can.
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    session.keys("l Down l Enter Ctrl-U Enter");
    assert_eq!(terrys_hats(&session)[HAT], json!({ "active": true }));
}

#[test]
fn question_about_a_title_of_the_catalog_mentions_no_skipped_users() {
    let mut session = open(
        ServerClass::EjabberdCatalog,
        Affiliations::Show,
        with_catalog_title(),
    );
    session.keys("l g l Enter");
    session.text("s");
    session.keys("Enter");
    let confirm = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(
        confirm.consequence,
        "The title belongs to the catalog: it changes for all 2 users. You can undo this in one step."
    );
    // The same for several marked users.
    session.keys("Esc Esc y h * l Enter");
    session.text("s");
    session.keys("Enter");
    let confirm = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(
        confirm.question,
        "Edit \"Teacher\" for 2 users in courses@conference.example.org? New title: \"Teachers\"."
    );
    assert_eq!(
        confirm.consequence,
        "The title belongs to the catalog: it changes for all 2 users. You can undo this in one step."
    );
    session.keys("y");
    assert_eq!(room(&session)["hats"][HAT], json!({ "title": "Teachers" }));
}

#[test]
fn import_preview_says_that_affiliations_are_only_shown() {
    let mut session = open(ServerClass::Prosody, Affiliations::Show, wardrobe());
    let table = format!("room,user,affiliation\n{ROOM},kim@example.org,member\n");
    session.files.insert("a.csv".into(), table.into());
    let before = session.json();
    session.keys("I");
    session.text("a.csv");
    session.keys("Enter");
    let problem = "affiliations in courses@conference.example.org are only received";
    let shown = page(&session).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(&format!("Cannot import: {problem}")), "{shown}");
    session.keys("y");
    assert!(
        session.notice().contains("are only received"),
        "{}",
        session.notice()
    );
    assert_eq!(session.json(), before);
}
