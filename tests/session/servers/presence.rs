//! Who is online: marks, nicknames, filter, order, Go to; what is not known is not shown.

use std::sync::Arc;

use hatrack::app::offer::FinderItem;
use hatrack::app::{Msg, Pane};
use hatrack::model::Jid;
use hatrack::store::Scope;
use hatrack::sync::{Occupant, Occupants, ServerClass, ServerEvent, ServerRequest, ServerState};
use hatrack::ui::{Theme, plain};

use super::super::session::Session;
use super::super::{ROOM, TERRY, jid, wardrobe};
use super::{open, same, start};

const PROF: &str = "prof@example.org";
const MALLORY: &str = "mallory@example.net";

/// A user's address, nicknames in the room, and reserved nickname.
type There<'a> = (&'a str, &'a [&'a str], Option<&'a str>);

fn occupants(users: &[There<'_>]) -> Occupants {
    let user = |(user, nicknames, reserved): &There<'_>| {
        let occupant = Occupant::new(nicknames.iter().copied(), *reserved);
        occupant.map(|occupant| (jid(user), occupant))
    };
    users.iter().filter_map(user).collect()
}

fn tell(session: &mut Session, users: Option<&[There<'_>]>) {
    session.send(Msg::Server(Box::new(ServerEvent::Occupants {
        room: jid(ROOM),
        occupants: users.map(occupants).map(Arc::new),
    })));
}

/// Terry is there twice, prof reserved a nickname, mallory is not there.
fn told() -> Session {
    let mut session = open(same());
    session.keys("Enter");
    tell(
        &mut session,
        Some(&[
            (TERRY, &["Terry", "Terry_phone"], None),
            (PROF, &[], Some("Professor")),
        ]),
    );
    session
}

/// The shown users.
fn users(session: &Session) -> Vec<String> {
    (0..session.state.length(Pane::Second))
        .filter_map(|row| session.state.user_at(row))
        .map(|(user, _)| user.as_str().to_owned())
        .collect()
}

fn screen(session: &Session) -> String {
    let page = plain::page(&session.state, Theme::default(), session.size);
    let lines = page.lines.iter().map(|line| line.trim_end());
    lines.collect::<Vec<_>>().join(" ")
}

fn selected(session: &Session) -> &str {
    session.state.user().map_or("", |(user, _)| user.as_str())
}

#[test]
fn rooms_of_a_user_keep_their_columns_when_it_is_known_who_is_online() {
    let mut session = told();
    session.keys("w w G");
    let page = super::super::screen::frame(&session.state, Theme::default(), (80, 24)).0;
    let shown = super::super::screen::lines(&page).join("\n");
    assert!(shown.contains("• Cour"), "{shown}");
}

#[test]
fn marks_who_is_online_and_says_the_nicknames() {
    let mut session = open(same());
    session.keys("Enter");
    assert!(!screen(&session).contains("online"), "{}", screen(&session));
    assert!(!screen(&session).contains("offline"), "{}", screen(&session));
    let mut session = told();
    let shown = screen(&session);
    assert!(
        shown.contains("terry@example.org, member, online as Terry, Terry_phone, 1 hat"),
        "{shown}"
    );
    assert!(
        shown.contains("prof@example.org, owner, nickname Professor"),
        "{shown}"
    );
    assert!(shown.contains("offline, reserved nickname Professor"), "{shown}");
    session.keys("Down");
    assert!(screen(&session).contains("online as Terry, Terry_phone"));
    // The server no longer tells.
    tell(&mut session, None);
    let shown = screen(&session);
    assert!(!shown.contains("online") && !shown.contains("offline"), "{shown}");
}

#[test]
fn nothing_is_known_without_a_connection() {
    for lost in [
        ServerState::Away("gone".into()),
        ServerState::Refused("no".into()),
        ServerState::Idle,
        ServerState::Connecting,
    ] {
        let mut session = told();
        assert!(session.state.knows_presence());
        let state = |state| {
            Msg::Server(Box::new(ServerEvent::State {
                server: "example".into(),
                state,
            }))
        };
        session.send(state(ServerState::Ready(ServerClass::Prosody)));
        assert!(session.state.knows_presence());
        session.send(state(lost));
        assert!(!session.state.knows_presence());
    }
}

#[test]
fn filters_by_nickname_and_by_who_is_online() {
    let mut session = told();
    for (text, found) in [
        ("phone", vec![TERRY]),
        ("PROFESS", vec![PROF]),
        ("~online", vec![TERRY]),
        ("~o", vec![TERRY]),
        ("!~online", vec![PROF, MALLORY]),
        ("!~online @owner", vec![PROF]),
        ("!terry_", vec![PROF, MALLORY]),
    ] {
        session.keys("/ Ctrl-U");
        session.text(text);
        assert_eq!(users(&session), found, "{text}");
        session.keys("Esc");
    }
    // Where it is not known, nobody is online and nobody is offline.
    tell(&mut session, None);
    for text in ["~online", "!~online"] {
        session.keys("/ Ctrl-U");
        session.text(text);
        assert_eq!(users(&session), Vec::<String>::new(), "{text}");
        assert!(screen(&session).contains("It is not known who is online."));
        session.keys("Esc");
    }
}

#[test]
fn a_filter_follows_who_comes_and_says_when_the_selected_one_goes() {
    let mut session = told();
    session.keys("/");
    session.text("~online");
    session.keys("Enter");
    let both: &[There<'_>] = &[(TERRY, &["Terry"], None), (PROF, &["Prof"], None)];
    tell(&mut session, Some(both));
    assert_eq!(users(&session), [PROF, TERRY]);
    assert_eq!(selected(&session), TERRY, "the selection stays");
    tell(&mut session, Some(&[(PROF, &["Prof"], None)]));
    assert_eq!(users(&session), [PROF]);
    assert_eq!(
        session.notice(),
        "terry@example.org no longer matches the filter; prof@example.org is selected now"
    );
    // The next command does not act on another user.
    let before = session.json();
    session.keys("d");
    assert!(session.state.overlays().is_empty());
    assert_eq!(session.json(), before);
    assert!(session.notice().starts_with("Canceled"), "{}", session.notice());
}

#[test]
fn sorts_who_is_online_first_where_that_is_known() {
    let mut session = told();
    session.keys("s s s");
    assert_eq!(session.notice(), "Users: online first");
    assert_eq!(users(&session), [TERRY, MALLORY, PROF]);
    tell(&mut session, Some(&[(PROF, &["Prof"], None)]));
    assert_eq!(users(&session), [PROF, MALLORY, TERRY]);
    let mut session = open(same());
    session.keys("Enter s s s");
    assert_eq!(session.notice(), "Users: by affiliation, highest first");
}

#[test]
fn go_to_finds_users_by_nickname() {
    let mut session = told();
    session.keys("Ctrl-P");
    session.text("phone");
    let finder = session.state.top_as::<hatrack::app::finder::Finder>().unwrap();
    assert_eq!(finder.matches.len(), 1);
    let FinderItem::Place { user, nickname, .. } = &finder.matches[0].item else {
        panic!("{finder:?}");
    };
    assert_eq!(user.as_ref().map(Jid::as_str), Some(TERRY));
    assert_eq!(nickname.as_deref(), Some("Terry_phone"));
    assert!(
        screen(&session).contains("user Terry_phone, terry@example.org in "),
        "{}",
        screen(&session)
    );
    session.keys("Enter");
    assert_eq!((session.state.focus(), selected(&session)), (Pane::Second, TERRY));
    // The address goes before a nickname that says the same.
    session.keys("Ctrl-P");
    session.text("terry@example");
    let finder = session.state.top_as::<hatrack::app::finder::Finder>().unwrap();
    assert!(matches!(
        &finder.matches[0].item,
        FinderItem::Place { nickname: None, .. }
    ));
}

#[test]
fn the_users_view_marks_who_is_online_in_any_room() {
    let mut session = told();
    session.keys("Down w w");
    let shown = screen(&session);
    assert!(
        shown.contains("online in 1 room as Terry, Terry_phone"),
        "{shown}"
    );
    session.keys("/");
    session.text("professor");
    assert_eq!(session.state.length(Pane::First), 1);
    session.keys("Ctrl-U");
    session.text("~online");
    assert_eq!(session.state.length(Pane::First), 1);
    session.keys("Esc Enter");
    assert!(screen(&session).contains("online as Terry, Terry_phone"));
}

#[test]
fn hostile_nicknames_are_shown_harmlessly() {
    let mut session = told();
    let nasty = [
        "\u{202e}evil\u{202c}",
        "\u{1b}[2J",
        "a\u{200b}\u{200d}b",
        "\n",
        "名前",
    ];
    tell(&mut session, Some(&[(TERRY, &nasty, None)]));
    session.keys("Down");
    let shown = screen(&session);
    for bad in ['\u{202e}', '\u{202c}', '\u{1b}', '\u{200b}'] {
        assert!(!shown.contains(bad), "{shown:?}");
    }
    assert!(shown.contains("名前"), "{shown}");
}

/// The rooms that were to be followed last, and the selected one.
fn followed(session: &Session) -> Option<(usize, Option<Jid>)> {
    let requests = session.server.as_ref().unwrap().followed.iter().rev();
    let mut follows = requests.filter_map(|request| match request {
        ServerRequest::Follow { rooms, selected, .. } => Some((rooms.len(), selected.clone())),
        _ => None,
    });
    follows.next()
}

#[test]
fn read_only_sessions_see_who_is_online_in_the_selected_room() {
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let mut wardrobe = wardrobe();
    wardrobe
        .add_room(&jid("zoo@conference.example.org"), None)
        .unwrap();
    let mut session = start(same(), wardrobe, scope);
    session.keys("Down Up Enter");
    assert_eq!(followed(&session), Some((0, Some(jid(ROOM)))));
    tell(&mut session, Some(&[(TERRY, &["Terry"], None)]));
    assert!(screen(&session).contains("online as Terry"));
}
