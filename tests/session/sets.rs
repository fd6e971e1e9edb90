//! Hat sets: saving, applying to one and many, renaming, removing, undo.

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use hatrack::app::SessionOptions;
use hatrack::app::prompt::Prompt;
use hatrack::app::sets::SetsOverlay;
use hatrack::model::{Affiliation, Json};
use hatrack::store::Scope;
use hatrack::ui::Theme;

use super::{HAT, ROOM, TERRY, jid, open, terrys_hats, wardrobe};
use crate::session::Session;

/// A session in which Terry's hats were saved as a set.
fn with_saved_set() -> Session {
    let mut session = open();
    session.keys("Enter Down N Ctrl-S");
    session.text("on-call week");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Saved hat set \"on-call week\" (1 hat; Esc, then u to undo)"
    );
    session.keys("Esc");
    session
}

fn sets(session: &Session) -> serde_json::Value {
    session.json()["sets"].clone()
}

fn teacher_hat() -> serde_json::Value {
    serde_json::json!({HAT: {"active": true, "title": "Teacher"}})
}

#[test]
fn saves_renames_deletes_set_and_undoes() {
    let mut session = with_saved_set();
    assert_eq!(sets(&session), serde_json::json!({"on-call week": teacher_hat()}));
    session.keys("N Ctrl-R Ctrl-U Enter");
    assert!(
        session
            .state
            .top_as::<Prompt>()
            .is_some_and(|prompt| prompt.errors == ["Enter a name for the set"])
    );
    session.text("nights");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Renamed hat set \"on-call week\" to \"nights\" (Esc, then u to undo)"
    );
    assert_eq!(sets(&session), serde_json::json!({"nights": teacher_hat()}));
    session.keys("Ctrl-X Esc");
    assert_eq!(sets(&session), serde_json::Value::Null);
    session.keys("u u");
    assert_eq!(sets(&session), serde_json::json!({"on-call week": teacher_hat()}));
    session.keys("u");
    assert_eq!(sets(&session), serde_json::Value::Null);
}

#[test]
fn applies_set_to_one_directly_and_to_many_after_confirmation() {
    let mut session = with_saved_set();
    for number in 0..20 {
        let user = jid(&format!("user{number:02}@example.org"));
        session.external_change(|wardrobe| wardrobe.set_affiliation(&user, &jid(ROOM), Affiliation::Member));
    }
    session.keys("g N Enter");
    let prof = |session: &Session| session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"].clone();
    assert_eq!(prof(&session), teacher_hat());
    session.keys("u");
    assert_eq!(prof(&session), serde_json::json!({}));
    // Mark all users, open the sets, type some letters, choose, confirm: 8 keys.
    session.keys("* N");
    session.text("call");
    session.keys("Enter");
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{:?}", session.state.top());
    };
    assert_eq!(
        confirm.question,
        format!("Replace the hats of 21 users in {ROOM} with \"Teacher\"?")
    );
    assert!(
        confirm.consequence.contains("1 user is banned"),
        "{}",
        confirm.consequence
    );
    session.keys("y");
    let users = session.json()["rooms"][ROOM]["users"].clone();
    for number in 0..20 {
        assert_eq!(
            users[format!("user{number:02}@example.org")]["hats"],
            teacher_hat()
        );
    }
    session.keys("u");
    assert_eq!(
        session.json()["rooms"][ROOM]["users"]["user07@example.org"]["hats"],
        serde_json::json!({})
    );
}

#[test]
fn title_names_the_users_to_whom_the_set_is_applied() {
    let mut session = with_saved_set();
    let screen_text = |session: &Session| {
        let (buffer, _) = super::screen::frame(&session.state, Theme::default(), (100, 30));
        super::screen::lines(&buffer).join("\n")
    };
    session.keys("g N");
    assert!(
        screen_text(&session).contains("Apply set to prof@example.org"),
        "{}",
        screen_text(&session)
    );
    session.keys("Esc * N");
    assert!(
        screen_text(&session).contains("Apply set to 3 users: mallory, prof, terry"),
        "{}",
        screen_text(&session)
    );
    session.keys("Esc Esc w w g N");
    assert!(
        screen_text(&session).contains("Apply set to mallory@example.net"),
        "{}",
        screen_text(&session)
    );
    session.keys("Esc Enter N");
    assert!(
        screen_text(&session).contains(&format!("Apply set to mallory@example.net in {ROOM}")),
        "{}",
        screen_text(&session)
    );
}

#[test]
fn set_is_added_to_the_hats_of_a_user() {
    let mut session = with_saved_set();
    session.keys("g l a");
    session.text("urn:x:other");
    session.keys("Enter h N Tab");
    let hats = session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"].clone();
    assert_eq!(hats.as_object().unwrap().len(), 2);
}

#[test]
fn replacing_set_asks_first() {
    let mut session = with_saved_set();
    session.keys("l a");
    session.text("urn:x:second");
    session.keys("Enter h N Ctrl-S");
    session.text("on-call week");
    session.keys("Enter");
    let Some(confirm) = session.state.top_as::<Confirm>() else {
        panic!("{:?}", session.state.top());
    };
    assert_eq!(confirm.question, "Replace hat set \"on-call week\"?");
    assert_eq!(
        confirm.consequence,
        "It has \"Teacher\"; it will have \"Teacher\", <urn:x:second>."
    );
    session.keys("n Enter y");
    assert_eq!(sets(&session)["on-call week"].as_object().unwrap().len(), 2);
    assert!(session.state.top_as::<SetsOverlay>().is_some());
}

#[test]
fn rejects_rename_to_existing_set() {
    let mut session = with_saved_set();
    session.keys("N Ctrl-S");
    session.text("b");
    session.keys("Enter Ctrl-R Ctrl-U");
    session.text("on-call week");
    session.keys("Enter");
    let Some(prompt) = session.state.top_as::<Prompt>() else {
        panic!("{:?}", session.state.top());
    };
    assert_eq!(prompt.errors, ["hat set already exists: \"on-call week\""]);
}

#[test]
fn invalid_sets_are_reported_and_kept() {
    let mut start = wardrobe();
    start.extra.insert("sets", Json::new("[1, 2]").unwrap());
    let mut session = Session::open(start, (100, 30));
    session.keys("Enter Down N");
    let reason = "cannot read the hat sets (field \"sets\" of the data file): expected an object of hat sets by name, found a list";
    for key in ["Enter", "Tab", "Ctrl-S", "Ctrl-R", "Ctrl-X"] {
        session.keys(key);
        assert_eq!(session.notice(), reason, "{key}");
    }
    assert_eq!(sets(&session), serde_json::json!([1, 2]));
}

#[test]
fn concurrent_set_saves_keep_both() {
    let mut session = open();
    session.delay_answers();
    session.keys("Enter Down N Ctrl-S");
    session.text("yours");
    session.keys("Enter");
    let hats = wardrobe().user(&jid(ROOM), &jid(TERRY)).unwrap().hats.clone();
    session.external_change(|wardrobe| wardrobe.put_hat_set("theirs", Some(&hats)));
    session.answer_all();
    // The open list takes typed text, so the conflict waits.
    assert!(session.state.top_as::<Conflict>().is_none());
    session.keys("Esc");
    assert!(
        session.state.top_as::<Conflict>().is_some(),
        "{:?}",
        session.state.top()
    );
    session.keys("m");
    assert_eq!(sets(&session).as_object().unwrap().len(), 2);
}

#[test]
fn commands_say_that_there_are_no_sets_or_users() {
    let mut session = Session::open(hatrack::model::Wardrobe::default(), (100, 30));
    session.keys("N Ctrl-R");
    assert_eq!(
        session.notice(),
        "No hat sets (select a user with hats, then Ctrl-S to save them as a hat set)"
    );
    session.keys("Esc w w e");
    assert_eq!(session.notice(), "No users yet");
}

#[test]
fn cannot_save_set_without_hats_or_when_restricted() {
    let mut session = open();
    session.keys("Enter N Ctrl-S");
    assert_eq!(session.notice(), "Nothing to save: prof@example.org has no hats");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "No hat sets (select a user with hats, then Ctrl-S to save them as a hat set)"
    );
    session.keys("Esc Down N Enter");
    assert_eq!(
        session.notice(),
        "No hat sets (Ctrl-S to save this user's hats as a hat set)"
    );
    let scope = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
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
    session.keys("N");
    assert_eq!(
        session.notice(),
        "Hat sets are not available in a session restricted by --room"
    );
    assert_eq!(terrys_hats(&session), teacher_hat());
}
