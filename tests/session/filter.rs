//! The filter of a pane.

use hatrack::app::{Msg, Pane};
use hatrack::model::{Affiliation, read};

use super::session::Session;
use super::{ROOM, TERRY, jid, open};

/// The sample data: six rooms, forty users.
fn sample() -> Session {
    let sample = read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    Session::open(sample, (100, 30))
}

fn users(session: &Session) -> Vec<&str> {
    let rows = 0..session.state.users().len();
    let jid = |row| session.state.user_at(row).unwrap().0.as_str();
    rows.map(jid).collect()
}

fn filtered(typed: &str) -> Session {
    let mut session = sample();
    session.keys("Tab /");
    session.text(typed);
    session
}

#[test]
fn filter_narrows_users_and_selects_best_match() {
    let mut session = filtered("mar");
    assert_eq!(
        users(&session),
        ["maria.santos@example.org", "omar@example.org"],
        "not mallory@chat, where these letters are not adjacent"
    );
    assert_eq!(session.state.total(Pane::Second), 16);
    assert_eq!(
        session.state.user().unwrap().0.as_str(),
        "maria.santos@example.org"
    );
    session.keys("Down Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), "omar@example.org");
    // With the filter applied, keys have their usual meaning.
    session.keys("k");
    assert_eq!(
        session.state.user().unwrap().0.as_str(),
        "maria.santos@example.org"
    );
    session.keys("/ Backspace");
    assert!(
        users(&session).contains(&"mallory@chat.example.org"),
        "{:?}",
        users(&session)
    );
    session.keys("Esc");
    assert_eq!(users(&session).len(), 16);
    assert_eq!(
        session.state.user().unwrap().0.as_str(),
        "maria.santos@example.org"
    );
    assert_eq!(session.state.focus(), Pane::Second);
}

#[test]
fn filters_by_affiliation_hat_and_exclusion() {
    assert_eq!(users(&filtered("@own")), ["prof@example.org"]);
    assert_eq!(users(&filtered("@out")), ["mallory@chat.example.org"]);
    let teachers = filtered("#teach");
    assert!(
        users(&teachers).contains(&"prof@example.org"),
        "{:?}",
        users(&teachers)
    );
    assert!(!users(&filtered("#teach !prof")).contains(&"prof@example.org"));
    assert_eq!(users(&filtered("!#")), ["ines@example.org"]);
    assert_eq!(users(&filtered("#")).len(), 15);
    // Case and accents do not matter, neither in the address nor in the typed text.
    assert_eq!(users(&filtered("PROF")), ["prof@example.org"]);
    for zoe in ["zoe", "ZOÉ", "lefevre"] {
        assert_eq!(users(&filtered(zoe)), ["zo\u{e9}.lef\u{e8}vre@example.org"]);
    }
    assert!(users(&filtered("prfo")).is_empty());
    assert_eq!(users(&filtered("santos mar")), ["maria.santos@example.org"]);
    assert!(
        filtered("@own")
            .state
            .filter(Pane::Second)
            .unwrap()
            .match_positions("prof@example.org")
            .is_empty()
    );
    assert_eq!(
        filtered("ro")
            .state
            .filter(Pane::Second)
            .unwrap()
            .match_positions("prof@x"),
        [1, 2]
    );
}

#[test]
fn filter_applies_to_one_pane_and_room() {
    let mut session = filtered("mar");
    session.keys("Enter Tab / t e a Enter");
    assert_eq!(session.state.hats().len(), 1);
    session.keys("Shift-Tab Down");
    assert!(session.state.filter(Pane::Third).is_none(), "another user");
    assert!(session.state.filter(Pane::Second).is_some());
    session.keys("Shift-Tab Down");
    assert!(session.state.filter(Pane::Second).is_none(), "another room");
    session.keys("/");
    session.text("orch");
    assert_eq!(session.state.rooms().len(), 1);
    session.text("zzz");
    assert_eq!((session.state.room(), session.state.users().len()), (None, 0));
    session.keys("Esc");
    assert_eq!(session.state.rooms().len(), 6);
    assert_eq!(
        session.state.selected(Pane::First),
        Some(1),
        "what was selected before the filter is selected again"
    );
}

#[test]
fn added_row_is_visible_despite_filter() {
    let mut session = open();
    session.keys("Enter /");
    session.text("prof");
    session.keys("Enter a");
    session.text("new@example.org");
    session.keys("Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), "new@example.org");
    assert!(session.state.filter(Pane::Second).is_none());
}

#[test]
fn external_changes_are_filtered() {
    let mut session = open();
    session.keys("Enter /");
    session.text("terry");
    let add = |session: &mut Session, user: &str| {
        let user = jid(user);
        session
            .external_change(move |wardrobe| wardrobe.set_affiliation(&user, &jid(ROOM), Affiliation::Admin));
    };
    add(&mut session, "aaron@example.org");
    assert_eq!(users(&session), [TERRY]);
    add(&mut session, "terry@example.com");
    assert_eq!(users(&session), ["terry@example.com", TERRY]);
    session.keys("Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), "terry@example.com");
}

#[test]
fn paste_goes_into_filter() {
    let mut session = open();
    session.keys("Enter /");
    session.send(Msg::Paste(format!(" {TERRY}\n")));
    assert_eq!(users(&session), [TERRY]);
    session.keys("Ctrl-U q d u");
    assert_eq!(session.state.filter(Pane::Second).unwrap().text.text(), "qdu");
    assert_eq!(
        (session.exit_status, session.json()["revision"].as_u64()),
        (None, Some(0))
    );
    session.keys("Ctrl-U Enter");
    assert!(
        session.state.filter(Pane::Second).is_none(),
        "an empty filter is removed"
    );
}

#[test]
fn keys_never_act_on_next_user_after_filtering() {
    let mut session = filtered("#first-aid");
    session.keys("Enter Enter");
    let (user, hats) = (
        session.state.user().unwrap().0.clone(),
        session.state.hats().len(),
    );
    assert!(hats > 0);
    session.keys("/");
    session.text("first");
    session.keys("Enter d");
    assert_eq!(session.state.focus(), Pane::Second);
    assert!(session.notice().contains(user.as_str()), "{}", session.notice());
}

/// Keys are handled while many rows are filtered.
#[test]
fn large_lists_are_filtered_in_chunks() {
    let names = (0..25_000).map(|number| format!("{number:05}"));
    let sevens = names.clone().filter(|name| name.contains('7')).count();
    let rooms: Vec<String> = names
        .map(|name| format!("\"r{name}@c.example\": {{\"users\": {{}}}}"))
        .collect();
    let document = format!("{{\"version\": 1, \"rooms\": {{{}}}}}", rooms.join(","));
    let wardrobe = read::wardrobe(document.as_bytes()).unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("/");
    let mut effects = hatrack::app::update(&mut session.state, Msg::Key(super::session::key("7")));
    let mut chunks = 1;
    while effects == [hatrack::app::Effect::Continue] {
        chunks += 1;
        effects = hatrack::app::update(&mut session.state, Msg::Continue);
    }
    assert_eq!((chunks, session.state.rooms().len()), (3, sevens));
}

#[test]
fn unbound_key_keeps_applied_filter() {
    let mut session = filtered("ter");
    session.keys("Enter");
    let before: Vec<String> = users(&session).into_iter().map(Into::into).collect();
    session.keys("z Z");
    assert_eq!(users(&session), before);
}

/// The better match is a user that someone else adds.
#[test]
fn applied_filter_keeps_the_selection_when_a_better_match_appears() {
    let mut session = filtered("mar");
    let add = |name: &str| {
        let user = jid(name);
        move |wardrobe: &mut hatrack::model::Wardrobe| {
            wardrobe.set_affiliation(&user, &jid("courses@conference.example.org"), Affiliation::Owner)
        }
    };
    let selected = |session: &Session| session.state.user().unwrap().0.to_string();
    session.keys("Enter");
    assert_eq!(selected(&session), "maria.santos@example.org");
    session.change_by("alice", add("mar@example.org"));
    assert_eq!(users(&session).len(), 3);
    assert_eq!(selected(&session), "maria.santos@example.org");
}

/// Double quotes keep the words of a title together, also before they are closed.
#[test]
fn quotes_search_titles_with_spaces() {
    for typed in [
        "#\"teacher's assistant\"",
        "#\"teacher's assis",
        "#\"Teacher's Assistant",
        "\"terry@\" #\"r's assistant\"",
    ] {
        let session = filtered(typed);
        let expected: &[&str] = if typed.starts_with('#') {
            &["omar@example.org", "terry@example.org", "yuki@example.org"]
        } else {
            &["terry@example.org"]
        };
        assert_eq!(users(&session), expected, "{typed}");
    }
    let session = filtered("!#\"teacher's assistant\"");
    assert!(!users(&session).contains(&"terry@example.org"));
    assert_eq!(users(&session).len(), 13);
    // A text with a space is in no address.
    assert_eq!(users(&filtered("\"maria santos\"")).len(), 0);
}

#[test]
fn filter_without_matches_suggests_quotes() {
    let shown = |session: &Session| {
        let buffer = super::screen::frame(&session.state, hatrack::ui::Theme::default(), (70, 30)).0;
        let lines = super::screen::lines(&buffer).join(" ").replace(['│', '┃'], " ");
        lines.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let hint = "For a title with spaces, use quotes: #\"Teacher's Assistant\"";
    let session = filtered("#Teacher's Assistant");
    assert_eq!(users(&session).len(), 0);
    assert!(shown(&session).contains(hint), "{}", shown(&session));
    let session = filtered("nobody #Teacher's");
    assert!(!shown(&session).contains("quotes"), "{}", shown(&session));
    let mut session = sample();
    session.keys("H /");
    session.text("#Teacher's nobody");
    assert!(
        shown(&session).contains("For a title with spaces, use quotes: #\"Teacher's nobody\""),
        "{}",
        shown(&session)
    );
}
