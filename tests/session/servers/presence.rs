//! Which users are online: marks, nicknames, filter, order, Go to. If that is not known, nothing is shown.

use std::sync::Arc;

use hatrack::app::offer::FinderItem;
use hatrack::app::{Msg, Pane};
use hatrack::model::Jid;
use hatrack::store::Scope;
use hatrack::sync::{Occupant, Occupants, ServerClass, ServerEvent, ServerRequest, ServerState};
use hatrack::ui::{Theme, plain};

use super::super::session::Session;
use super::super::{ROOM, TERRY, jid, wardrobe};
use super::{matching_server, open, start};

const PROF: &str = "prof@example.org";
const MALLORY: &str = "mallory@example.net";

/// A user's address, nicknames in the room, and reserved nickname.
type UserPresence<'a> = (&'a str, &'a [&'a str], Option<&'a str>);

fn occupants(users: &[UserPresence<'_>]) -> Occupants {
    let user = |(user, nicknames, reserved): &UserPresence<'_>| {
        let occupant = Occupant::new(nicknames.iter().copied(), *reserved);
        occupant.map(|occupant| (jid(user), occupant))
    };
    users.iter().filter_map(user).collect()
}

fn send_occupants(session: &mut Session, users: Option<&[UserPresence<'_>]>) {
    session.send(Msg::Server(Box::new(ServerEvent::Occupants {
        room: jid(ROOM),
        occupants: users.map(occupants).map(Arc::new),
    })));
}

/// Terry is online twice, prof reserved a nickname, mallory is not in the list.
fn with_occupants() -> Session {
    let mut session = open(matching_server());
    session.keys("Enter");
    send_occupants(
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
fn rooms_of_a_user_keep_their_columns_if_presence_is_known() {
    let mut session = with_occupants();
    session.keys("w w G");
    let page = super::super::screen::frame(&session.state, Theme::default(), (80, 24)).0;
    let shown = super::super::screen::lines(&page).join("\n");
    assert!(shown.contains("• Cour"), "{shown}");
}

#[test]
fn online_users_are_marked_and_nicknames_are_shown() {
    let mut session = open(matching_server());
    session.keys("Enter");
    assert!(!screen(&session).contains("online"), "{}", screen(&session));
    assert!(!screen(&session).contains("offline"), "{}", screen(&session));
    let mut session = with_occupants();
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
    // The server no longer reports who is online.
    send_occupants(&mut session, None);
    let shown = screen(&session);
    assert!(!shown.contains("online") && !shown.contains("offline"), "{shown}");
}

#[test]
fn presence_is_unknown_without_a_connection() {
    for lost in [
        ServerState::Away("gone".into()),
        ServerState::Refused("no".into()),
        ServerState::Idle,
        ServerState::Connecting,
    ] {
        let mut session = with_occupants();
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
fn filters_by_nickname_and_presence() {
    let mut session = with_occupants();
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
    // If it is not known who is online, both filters match no users.
    send_occupants(&mut session, None);
    for text in ["~online", "!~online"] {
        session.keys("/ Ctrl-U");
        session.text(text);
        assert_eq!(users(&session), Vec::<String>::new(), "{text}");
        assert!(screen(&session).contains("It is not known who is online."));
        session.keys("Esc");
    }
}

#[test]
fn filter_follows_presence_and_a_lost_selection_is_reported() {
    let mut session = with_occupants();
    session.keys("/");
    session.text("~online");
    session.keys("Enter");
    let both: &[UserPresence<'_>] = &[(TERRY, &["Terry"], None), (PROF, &["Prof"], None)];
    send_occupants(&mut session, Some(both));
    assert_eq!(users(&session), [PROF, TERRY]);
    assert_eq!(selected(&session), TERRY, "the selection stays");
    send_occupants(&mut session, Some(&[(PROF, &["Prof"], None)]));
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
fn online_users_are_sorted_first_if_presence_is_known() {
    let mut session = with_occupants();
    session.keys("s s s");
    assert_eq!(session.notice(), "Users: online first");
    assert_eq!(users(&session), [TERRY, MALLORY, PROF]);
    send_occupants(&mut session, Some(&[(PROF, &["Prof"], None)]));
    assert_eq!(users(&session), [PROF, MALLORY, TERRY]);
    let mut session = open(matching_server());
    session.keys("Enter s s s");
    assert_eq!(session.notice(), "Users: by affiliation, highest first");
}

#[test]
fn go_to_finds_users_by_nickname() {
    let mut session = with_occupants();
    session.keys("Ctrl-P");
    session.text("phone");
    let finder = session.state.top_as::<hatrack::app::finder::Finder>().unwrap();
    assert_eq!(finder.matches.len(), 1);
    let FinderItem::Destination { user, nickname, .. } = &finder.matches[0].item else {
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
    // An address takes precedence over a nickname that matches too.
    session.keys("Ctrl-P");
    session.text("terry@example");
    let finder = session.state.top_as::<hatrack::app::finder::Finder>().unwrap();
    assert!(matches!(
        &finder.matches[0].item,
        FinderItem::Destination { nickname: None, .. }
    ));
}

#[test]
fn users_view_marks_users_who_are_online_in_any_room() {
    let mut session = with_occupants();
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
fn hats_view_finds_users_by_nickname_and_presence() {
    let mut session = with_occupants();
    session.keys("w Enter");
    for text in ["Terry_ph", "~online"] {
        session.keys("/");
        session.text(text);
        let found = session.state.selected(Pane::Second);
        let found = found.and_then(|row| session.state.user_with_hat_at(row));
        assert_eq!(found, Some(&jid(TERRY)), "{text}");
        session.keys("Esc");
    }
    session.keys("/");
    session.text("!~online");
    assert_eq!(session.state.length(Pane::Second), 0);
}

#[test]
fn hostile_nicknames_are_shown_harmlessly() {
    let mut session = with_occupants();
    let nasty = [
        "\u{202e}evil\u{202c}",
        "\u{1b}[2J",
        "a\u{200b}\u{200d}b",
        "\n",
        "名前",
    ];
    send_occupants(&mut session, Some(&[(TERRY, &nasty, None)]));
    session.keys("Down");
    let shown = screen(&session);
    for bad in ['\u{202e}', '\u{202c}', '\u{1b}', '\u{200b}'] {
        assert!(!shown.contains(bad), "{shown:?}");
    }
    assert!(shown.contains("名前"), "{shown}");
}

/// The number of rooms in the last request to follow, and the selected room.
fn followed(session: &Session) -> Option<(usize, Option<Jid>)> {
    let requests = session.server.as_ref().unwrap().followed.iter().rev();
    let mut follows = requests.filter_map(|request| match request {
        ServerRequest::Follow { rooms, selected, .. } => Some((rooms.len(), selected.clone())),
        _ => None,
    });
    follows.next()
}

#[test]
fn read_only_sessions_show_presence_in_the_selected_room() {
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let mut wardrobe = wardrobe();
    wardrobe
        .add_room(&jid("zoo@conference.example.org"), None)
        .unwrap();
    let mut session = start(matching_server(), wardrobe, scope);
    session.keys("Down Up Enter");
    assert_eq!(followed(&session), Some((0, Some(jid(ROOM)))));
    send_occupants(&mut session, Some(&[(TERRY, &["Terry"], None)]));
    assert!(screen(&session).contains("online as Terry"));
}
