//! Form validation and suggestions.

use hatrack::app::Confirm;
use hatrack::app::form::{FieldValue, Form};
use hatrack::app::{Msg, SessionOptions};
use hatrack::model::Attachment;
use hatrack::store::Scope;
use hatrack::ui::Theme;
use serde_json::json;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, screen, terrys_hats, wardrobe};

#[test]
fn existing_hat_needs_few_keys() {
    let mut session = open();
    let before = session.json();
    // From the start: open the room, open the owner's hats, add, four letters, save.
    session.keys("Enter Enter a t e a c Enter");
    let hats = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({HAT: {"active": true, "title": "Teacher"}}));
    session.keys("u");
    assert_eq!(session.json()["rooms"], before["rooms"]);
}

#[test]
fn uri_text_never_selects_suggestion() {
    let mut session = open();
    session.keys("Enter Enter a");
    session.text("http://example.com/hats/tea cher");
    session.keys("Enter");
    let Some(form) = session.state.top_as::<Form>() else {
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
fn rejected_save_focuses_first_invalid_field() {
    let mut session = open();
    session.keys("Enter a Tab Enter");
    let Some(form) = session.state.top_as::<Form>() else {
        panic!("the form is gone")
    };
    assert_eq!(form.focus, 0);
    assert_eq!(
        form.problem(0, session.state.wardrobe(), session.state.keymap())
            .unwrap(),
        "Enter the user's address"
    );
    session.text("terry@example.org");
    let Some(form) = session.state.top_as::<Form>() else {
        panic!("the form is gone")
    };
    assert!(
        form.problem(0, session.state.wardrobe(), session.state.keymap())
            .unwrap()
            .contains("Already in the room (affiliation")
    );
    session.keys("Esc y");
    assert!(session.state.overlays().is_empty());
    assert_eq!(
        session.json()["rooms"],
        Session::open(wardrobe(), (80, 24)).json()["rooms"]
    );
}

#[test]
fn rejects_invalid_title_and_keeps_existing_one() {
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
    session.external_change(|wardrobe| {
        let broken = Attachment::default().with_title(Some("two\nlines"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), broken)
    });
    session.keys("e Tab Space Enter");
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({"active": true, "title": "two\nlines"})
    );
}

/// New input is limited; a longer existing title stays and does not block other edits.
#[test]
fn typed_title_is_limited_to_a_kilobyte() {
    let mut session = open();
    session.keys("Enter j Enter e Ctrl-U");
    session.send(Msg::Paste("é".repeat(513)));
    session.keys("Enter");
    assert!(
        session.notice().contains("Longer than 1,024 bytes"),
        "{}",
        session.notice()
    );
    session.keys("Backspace Enter");
    assert_eq!(terrys_hats(&session)[HAT]["title"], json!("é".repeat(512)));
    let long = "é".repeat(2000);
    session.external_change(|wardrobe| {
        let foreign = Attachment::default().with_title(Some(&long));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), foreign)
    });
    session.keys("e Tab Space Enter");
    assert_eq!(terrys_hats(&session)[HAT], json!({"active": true, "title": long}));
    // IDs are limited, too.
    session.keys("a");
    session.send(Msg::Paste(format!("urn:x:{}", "a".repeat(1024))));
    session.keys("Enter");
    assert!(
        session.notice().contains("longer than 1,024 bytes"),
        "{}",
        session.notice()
    );
}

#[test]
fn restricted_session_rejects_other_rooms() {
    let scope = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
        ..Scope::default()
    };
    let start = SessionOptions {
        scope,
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe(), (80, 24));
    session.keys("a");
    session.text("other@c.example");
    session.keys("Enter");
    assert!(
        session.notice().contains("restricted session"),
        "{}",
        session.notice()
    );
    assert!(session.state.top_as::<Form>().is_some());
}

#[test]
fn rejects_oversized_paste() {
    let mut session = open();
    session.keys("a");
    session.send(Msg::Paste("x".repeat(8193)));
    assert!(session.notice().contains("8,193 bytes"), "{}", session.notice());
    let Some(form) = session.state.top_as::<Form>() else {
        panic!("no form")
    };
    assert!(!form.is_changed());
}

#[test]
fn suggestions_match_titles_of_any_room() {
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
fn suggestions_omit_hats_of_user() {
    let mut session = open();
    session.keys("Enter j Enter a");
    let Some(form) = session.state.top_as::<Form>() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 0);
    session.keys("Esc Esc k Enter a");
    let Some(form) = session.state.top_as::<Form>() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 1);
}

#[test]
fn address_list_adds_all_after_confirmation() {
    let mut session = open();
    session.keys("Tab a");
    let list = "Jane Doe <jane@example.org>\nxmpp:joe@example.org\nterry@example.org, JOE@example.org";
    session.send(Msg::Paste(list.into()));
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{}", session.notice())
    };
    assert_eq!(
        confirm.question,
        "Add 2 users to courses@conference.example.org as member?"
    );
    assert_eq!(confirm.names, "jane, joe (example.org)");
    assert_eq!(
        confirm.consequence,
        "1 user is already in the room (unchanged): terry@example.org. \
         1 duplicate ignored. You can undo this in one step."
    );
    // Back in the form, which still has the list, choose another affiliation.
    session.keys("n Tab Left Enter y");
    assert!(session.state.top().is_none());
    let users = session.json()["rooms"][ROOM]["users"].clone();
    for (user, affiliation) in [
        ("jane@example.org", "admin"),
        ("joe@example.org", "admin"),
        (TERRY, "member"),
    ] {
        assert_eq!(users[user]["affiliation"], affiliation, "{user}");
    }
    session.keys("u");
    assert_eq!(session.json()["rooms"][ROOM], room_json());
}

fn room_json() -> serde_json::Value {
    open().json()["rooms"][ROOM].clone()
}

#[test]
fn address_list_with_an_error_adds_no_users() {
    let mut session = open();
    session.keys("Tab a");
    session.send(Msg::Paste("jane@example.org\nfoo bar@\njoe@example.org".into()));
    assert_eq!(
        session.notice(),
        "Nothing added. Invalid addresses: line 2: \"foo\" (not user@domain), line 2: \"bar@\" (missing or invalid \
         domain)"
    );
    assert!(session.state.top_as::<Form>().is_some());
    session.keys("Enter");
    assert!(
        session
            .notice()
            .starts_with("Cannot save. Address: Nothing added")
    );
    // Correct the line.
    session.keys("Up Ctrl-U Enter y");
    assert_eq!(session.state.users().len(), 5);
    session.keys("a");
    session.text("jane@example.org,joe@example.org");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Cannot save. Address: All of these users are already in this room"
    );
}

#[test]
fn address_list_is_limited() {
    let mut session = open();
    session.keys("Tab a");
    let list = |number: usize| {
        let lines = (0..number).map(|at| format!("user{at}@example.org"));
        lines.collect::<Vec<_>>().join("\n")
    };
    session.send(Msg::Paste(list(20_001)));
    assert_eq!(session.notice(), "Too many addresses: 20001 (limit 20000)");
    session.send(Msg::Paste("jane@example.org ".repeat(70_000)));
    assert!(
        session
            .notice()
            .contains("(limit 1,048,576 for a list of addresses)")
    );
    session.send(Msg::Paste(list(20_000)));
    session.keys("y");
    assert_eq!(session.state.users().len(), 20_003);
    session.keys("u");
    assert_eq!(session.state.users().len(), 3);
    // Other fields and other text have the usual limit.
    session.keys("a");
    session.send(Msg::Paste("x".repeat(9_000)));
    assert!(session.notice().contains("(limit 8,192)"));
    session.keys("Esc h e");
    session.send(Msg::Paste(list(1_000)));
    assert!(session.notice().contains("(limit 8,192)"));
}

#[test]
fn address_is_extracted_from_the_text_around_it() {
    let mut session = open();
    for (text, user) in [
        ("Jane <jane@example.org>", "jane@example.org"),
        ("xmpp:joe@example.org?chat", "joe@example.org"),
        ("jim@example.org,", "jim@example.org"),
    ] {
        session.keys("Tab Tab Tab Tab a");
        session.text(text);
        session.keys("Enter");
        assert_eq!(session.state.user().unwrap().0.as_str(), user);
        session.keys("h");
    }
}

#[test]
fn address_list_is_added_to_several_rooms() {
    let mut session = open();
    session.keys("a");
    session.text("staff@conference.example.org");
    session.keys("Enter * A");
    session.send(Msg::Paste("jane@example.org\nterry@example.org".into()));
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{}", session.notice())
    };
    assert!(confirm.question.starts_with("Add "), "{}", confirm.question);
    session.keys("y");
    let rooms = &session.json()["rooms"];
    for room in [ROOM, "staff@conference.example.org"] {
        assert_eq!(rooms[room]["users"]["jane@example.org"]["affiliation"], "member");
        assert_eq!(rooms[room]["users"][TERRY]["affiliation"], "member");
    }
}

/// Of several users, the preview shows one who gets the hat, and says how many are skipped.
#[test]
fn preview_shows_a_user_who_gets_the_hat() {
    let mut session = open();
    session.keys("Enter * +");
    session.text("Teach");
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (100, 30));
    let shown = screen::lines(&buffer).join("\n");
    for text in [
        "Preview (skipped: 1 user already has it, 1 user cannot get hats)",
        "In chat     prof [Teacher]",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
}

/// The footer and the help name the key.
#[test]
fn one_key_clears_the_text_fields_of_all_forms() {
    for keys in [
        "a",
        "e",
        "Enter a",
        "Enter +",
        "Enter j Enter e",
        "w e",
        "C a",
        "C Enter",
    ] {
        let mut session = open();
        session.keys(keys);
        let length = session.state.top_as::<Form>().unwrap().fields.len();
        for at in 0..length {
            let form = |session: &Session| session.state.top_as::<Form>().unwrap().clone();
            let text = |session: &Session| match &form(session).field().unwrap().value {
                FieldValue::Text(text) => Some(text.text()),
                _ => None,
            };
            if text(&session).is_some() {
                session.text("one two");
                let (buffer, _) = screen::frame(&session.state, Theme::default(), (160, 30));
                let shown = screen::lines(&buffer).join("\n");
                assert!(shown.contains("Ctrl-U Clear"), "{keys} {at}: {shown}");
                session.keys("Ctrl-U");
                assert_eq!(text(&session).as_deref(), Some(""), "{keys} {at}");
            }
            session.keys("Tab");
        }
        session.keys("F1");
        let (buffer, _) = screen::frame(&session.state, Theme::default(), (160, 60));
        let shown = screen::lines(&buffer).join("\n");
        assert!(
            shown.contains("text field: delete everything before the cursor"),
            "{shown}"
        );
    }
}

#[test]
fn form_says_that_a_title_is_only_for_this_user() {
    let mut session = open();
    session.keys("Enter j Enter e");
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (100, 30));
    let shown = screen::lines(&buffer).join("\n");
    assert!(shown.contains("only for this user in this room"), "{shown}");
}
