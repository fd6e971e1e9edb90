//! The panes: the main workflow, movement, confirmations.

use hatrack::app::Confirm;
use hatrack::app::{Effect, Msg, Pane, SaveState, SessionOptions, command};
use hatrack::model::{Affiliation, Wardrobe};
use hatrack::store::{Scope, Snapshot, StoreEvent};
use hatrack::ui::Theme;
use serde_json::json;

use super::session::Session;
use super::{HAT, ROOM, TERRY, jid, open, screen, terrys_hats, wardrobe};

#[test]
fn creates_first_room_user_and_hat_with_keys() {
    let mut session = Session::open(Wardrobe::default(), (80, 24));
    assert_eq!(session.state.save_state(), SaveState::NoFile);
    session.keys("a");
    session.text("Staff@Conference.example.org");
    session.keys("Tab");
    session.text("Staff room");
    session.keys("Enter");
    assert_eq!(
        session.state.room().unwrap().0.as_str(),
        "staff@conference.example.org"
    );
    session.keys("Enter a");
    session.text("ann@example.org/phone");
    session.keys("Enter");
    session.keys("Enter a Ctrl-G");
    session.text("On call");
    session.keys("Ctrl-S");
    assert!(session.state.overlays().is_empty());
    assert_eq!(session.state.focus(), Pane::Third);
    assert_eq!(
        session.json()["rooms"],
        json!({"staff@conference.example.org": {"name": "Staff room", "users": {"ann@example.org": {
            "affiliation": "member",
            "hats": {"urn:uuid:00000000-0000-4000-8000-000000000001": {"active": true, "title": "On call"}}}}}})
    );
    session.keys("u u u");
    assert_eq!(session.json()["rooms"], json!({}));
    session.keys("Ctrl-R Ctrl-R Ctrl-R");
    assert_eq!(session.state.wardrobe().attachment_count(), 1);
}

#[test]
fn toggling_flags_keeps_other_fields() {
    let mut session = open();
    session.keys("Enter j Enter Space");
    assert_eq!(
        terrys_hats(&session),
        json!({HAT: {"active": false, "title": "Teacher"}})
    );
    session.keys("r");
    assert_eq!(
        terrys_hats(&session),
        json!({HAT: {"active": false, "required": true, "title": "Teacher"}})
    );
    session.keys("u u");
    assert_eq!(
        terrys_hats(&session),
        json!({HAT: {"active": true, "title": "Teacher"}})
    );
    session.keys("d");
    assert_eq!(terrys_hats(&session), json!({}));
    assert!(session.notice().starts_with("Removed "), "{}", session.notice());
}

#[test]
fn banned_user_can_lose_but_not_get_hats() {
    let mut wardrobe = wardrobe();
    wardrobe
        .set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Enter G Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.keys("a");
    assert!(session.notice().contains("banned"), "{}", session.notice());
    session.keys("Space");
    assert!(session.state.notice().unwrap().is_error);
    session.keys("d");
    assert_eq!(terrys_hats(&session), json!({}));
    session.keys("u");
    assert_ne!(terrys_hats(&session), json!({}));
}

#[test]
fn large_removals_ask_first() {
    let mut session = open();
    session.keys("d");
    assert!(session.state.top_as::<Confirm>().is_some());
    session.keys("x n");
    assert_eq!(session.state.rooms().len(), 1);
    session.keys("d y");
    assert_eq!(session.json()["rooms"], json!({}));
    session.keys("u");
    assert_eq!(session.state.wardrobe().attachment_count(), 1);
    session.keys("Enter j d");
    assert!(session.state.top_as::<Confirm>().is_some());
    session.keys("y");
    assert_eq!(session.state.users().len(), 2);
    // Removing a user without hats does not ask, unless the user is an owner or admin.
    session.keys("g e Right Right Enter y d");
    assert_eq!(session.state.users().len(), 1);
    assert!(session.state.overlays().is_empty());
}

#[test]
fn escape_also_clears_marks_while_a_message_is_shown() {
    let mut session = open();
    session.keys("Enter m");
    assert_eq!(session.state.marked(Pane::Second), 1);
    session.keys("V V");
    assert_ne!(session.notice(), "");
    session.keys("Esc");
    assert_eq!((session.notice(), session.state.marked(Pane::Second)), ("", 0));
    assert_eq!(session.state.focus(), Pane::Second);
    // A range that has just begun is canceled by the first press, as its message says.
    session.keys("V");
    assert!(session.notice().contains("Esc to cancel"), "{}", session.notice());
    session.keys("Esc");
    assert_eq!(session.state.marked(Pane::Second), 0);
}

#[test]
fn arrow_keys_stop_at_the_outer_panes_and_tab_continues() {
    let mut session = open();
    session.keys("Enter j Enter r");
    assert_ne!(session.notice(), "");
    session.keys("l Right");
    assert_eq!(session.state.focus(), Pane::Third);
    session.keys("Tab h Left");
    assert_eq!(session.state.focus(), Pane::First);
    session.keys("Shift-Tab");
    assert_eq!(session.state.focus(), Pane::Third);
}

#[test]
fn read_only_session_changes_nothing() {
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let mut session = Session::start(
        SessionOptions {
            scope,
            ..SessionOptions::default()
        },
        wardrobe(),
        (100, 30),
    );
    let before = session.json();
    session.keys("a e d u Ctrl-R Enter a e d Enter a e d Space r u W D");
    assert!(session.state.overlays().is_empty());
    assert_eq!(session.json(), before);
    assert!(session.state.notice().unwrap().is_error);
}

#[test]
fn notice_about_a_read_only_file_is_replaced_when_it_can_be_written_again() {
    let mut session = open();
    let reason = "hats.json cannot be written: the file is read-only";
    let set_read_only = |session: &mut Session, read_only: Option<&str>| {
        let snapshot = Snapshot {
            read_only: read_only.map(Into::into),
            ..session.memory.snapshot()
        };
        session.send(Msg::Store(Box::new(StoreEvent::Changed(snapshot))));
    };
    set_read_only(&mut session, Some(reason));
    session.keys("a");
    let refusal = format!("Cannot change anything: {reason}");
    assert_eq!(session.notice(), refusal);
    set_read_only(&mut session, Some(reason));
    assert_eq!(session.notice(), refusal, "still read-only");
    set_read_only(&mut session, None);
    assert_eq!(session.notice(), "Data file writable again");
    assert!(!session.state.notice().unwrap().is_error);
}

#[test]
fn selection_follows_its_row() {
    let mut session = open();
    session.keys("Enter j");
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid("aaron@example.org"), &jid(ROOM), Affiliation::Owner)?;
        wardrobe.add_room(&jid("aaa@c.example"), None)
    });
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid("aaron@example.org"), &jid(ROOM), Affiliation::Owner)
    });
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    assert_eq!(session.state.room().unwrap().0.as_str(), ROOM);
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert!(session.state.user().is_some());
}

#[test]
fn copies_selected_name_and_json() {
    let mut session = open();
    let copied = |session: &mut Session, keys: &str| {
        session.effects.clear();
        session.keys(keys);
        match session.effects.as_slice() {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(copied(&mut session, "Y"), ROOM);
    let room: serde_json::Value = serde_json::from_str(&copied(&mut session, "J")).unwrap();
    assert_eq!(room, session.json()["rooms"][ROOM]);
    session.keys("Tab Down");
    assert_eq!(copied(&mut session, "Y"), TERRY);
    assert!(
        session
            .notice()
            .starts_with("Sent to the clipboard: terry@example.org")
    );
    let user: serde_json::Value = serde_json::from_str(&copied(&mut session, "J")).unwrap();
    assert_eq!(user, room["users"][TERRY]);
    session.keys("Tab");
    assert_eq!(copied(&mut session, "Y"), HAT);
    let hats: serde_json::Value = serde_json::from_str(&copied(&mut session, "J")).unwrap();
    assert_eq!(hats, user["hats"]);
    session.effects.clear();
    session.keys("d Y J");
    assert_eq!(session.effects, []);
    assert_eq!(session.notice(), "Nothing selected");
}

#[test]
fn copied_addresses_of_marked_users_can_be_pasted() {
    let mut session = open();
    session.keys("a");
    session.text("staff@conference.example.org");
    session.keys("Enter k Tab Space Space Y");
    let Some(Effect::Copy(text)) = session.effects.last().cloned() else {
        panic!("{:?}", session.effects)
    };
    assert_eq!(text, format!("prof@example.org\n{TERRY}"));
    assert!(
        session
            .notice()
            .starts_with("Sent to the clipboard: the addresses of 2 users")
    );
    session.keys("h j Tab a");
    session.send(Msg::Paste(text));
    session.keys("y");
    assert_eq!(session.state.users().len(), 2);
    assert_eq!(
        session.state.room().unwrap().0.as_str(),
        "staff@conference.example.org"
    );
}

#[test]
fn rejects_copy_larger_than_terminals_accept() {
    let mut wardrobe = wardrobe();
    for number in 0..2_000 {
        let user = jid(&format!("user{number}@example.org"));
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
    }
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("J");
    assert_eq!(session.effects, []);
    assert!(session.notice().contains("(limit 74,994)"));
}

/// No two commands share a key in one place, or an ID.
#[test]
fn command_table_is_unambiguous() {
    let mut keys = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for row in command::COMMANDS {
        assert!(ids.insert(row.id), "two commands are called {}", row.id);
        assert!(
            !row.keys.is_empty() && !row.help.is_empty() && !row.title.is_empty(),
            "{row:?}"
        );
        for key in row.keys {
            assert!(
                keys.insert((row.place, *key)),
                "{} twice in {:?}",
                key.name(),
                row.place
            );
        }
    }
    for place in hatrack::app::place::Place::ALL {
        assert!(
            command::COMMANDS.iter().any(|row| row.place == *place),
            "{place:?} has no command"
        );
    }
}

#[test]
fn empty_hats_pane_names_the_keys_to_press_from_the_focused_pane() {
    let mut wardrobe = Wardrobe::default();
    let room = jid(ROOM);
    wardrobe.add_room(&room, None).unwrap();
    wardrobe
        .set_affiliation(&jid(TERRY), &room, Affiliation::Member)
        .unwrap();
    let mut session = Session::open(wardrobe, (120, 24));
    let shown_text = |session: &Session| {
        let (buffer, _) = screen::frame(&session.state, Theme::default(), (120, 24));
        let words = screen::lines(&buffer).concat().replace(['┃', '│'], " ");
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (keys, hint) in [
        ("", "Press Tab twice, then a to add one."),
        ("Tab", "Press Tab, then a to add one."),
        ("Tab", "Press a to add one."),
    ] {
        session.keys(keys);
        let shown = shown_text(&session);
        assert!(shown.contains(hint), "{shown}");
    }
}

#[test]
fn notice_that_a_banned_user_gets_no_hats_says_how_to_change_the_affiliation() {
    const BANNED: &str =
        "mallory@example.net is banned. Hats can be added and changed only for owners, admins and members.";
    let mut session = open();
    for (keys, way) in [
        ("Enter End +", " Change the affiliation first: press e."),
        (
            "Right a",
            " Change the affiliation first: press e in the users pane.",
        ),
    ] {
        session.keys(keys);
        assert_eq!(session.notice(), format!("{BANNED}{way}"));
    }
    // A session that may not change affiliations gets no such advice.
    let start = SessionOptions {
        scope: Scope {
            rights: hatrack::model::Rights {
                no_affiliations: true,
                ..hatrack::model::Rights::default()
            },
            ..Scope::default()
        },
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe(), (100, 30));
    session.keys("Enter End +");
    assert_eq!(session.notice(), BANNED);
}
