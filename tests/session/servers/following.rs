//! Changes by others on a server are received into the file while the screen is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use hatrack::app::form::Form;
use hatrack::app::{Conflict, Msg, SaveState};
use hatrack::model::{Affiliation, EditError, Jid, Rights};
use hatrack::store::{Change, Scope, StoreEvent, StoreRequest};
use hatrack::sync::{
    Decision, Follower, Item, ItemValue, MergeOptions, Plan, RoomRead, SendState, ServerClass, ServerEvent,
    ServerRequest, ServerState, Subject, merge, server_actor,
};
use hatrack::ui::{Theme, plain};

use super::super::session::Session;
use super::super::{HAT, ROOM, TERRY, hat, jid, terrys_hats, wardrobe};
use super::{FakeServer, PROCTOR, active, matching_server, open, requests, start};

/// The server reports how its room differs from the base.
fn report_differences(session: &mut Session, by: Option<&str>) {
    let server = session.server.as_ref().unwrap();
    let room = jid(ROOM);
    let read = RoomRead::Read(Arc::new(server.rooms[&room].clone()));
    let local = session.memory.snapshot().wardrobe.room(&room).cloned();
    let mut plan = merge(
        &room,
        Ok(server.bases.get(&room)),
        local.as_deref(),
        &read,
        server.class,
        &MergeOptions::default(),
    );
    plan.keep_incoming(&|_| false, &|_| false);
    send_incoming(session, plan, by);
}

fn send_incoming(session: &mut Session, plan: hatrack::sync::RoomPlan, by: Option<&str>) {
    let by = by.map(|by| (plan.room.clone(), by.into()));
    session.send(Msg::Server(Box::new(ServerEvent::Incoming {
        plan: Arc::new(Plan {
            server: "example".into(),
            rooms: vec![plan],
        }),
        by: by.into_iter().collect::<BTreeMap<_, _>>(),
    })));
}

fn set_proctor_hat(server: &mut FakeServer, title: &str) {
    server.hat(ROOM, TERRY, PROCTOR, active(title));
}

/// The rooms of the last request to follow, and the selected one.
fn followed(session: &Session) -> Option<(Vec<Jid>, Option<Jid>)> {
    let all = session.server.as_ref().unwrap().followed.iter().rev();
    let mut all = all.filter_map(|request| match request {
        ServerRequest::Follow { rooms, selected, .. } => {
            let rooms = rooms.iter().map(|room| room.room.clone());
            Some((rooms.collect(), selected.clone()))
        }
        _ => None,
    });
    all.next()
}

#[test]
fn a_change_on_the_server_is_saved_and_reported_and_the_selection_stays() {
    let mut session = open(matching_server());
    session.keys("Enter Down Enter");
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor");
    report_differences(&mut session, Some("ana@example.org"));
    assert_eq!(terrys_hats(&session)[PROCTOR]["title"], "Proctor");
    assert_eq!(
        session.notice(),
        "ana@example.org on \"example\": added \"Proctor\" to terry@example.org in courses@conference.example.org"
    );
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    assert_eq!(session.state.hat().unwrap().0, &hat(HAT));
    let Some(ServerRequest::Received { received, .. }) = requests(&session).last() else {
        panic!("{:?}", requests(&session));
    };
    assert_eq!(received.len(), 1);
    // If it is not known who made a change, the server is named. Earlier changes are not reported again.
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor 2");
    report_differences(&mut session, None);
    assert!(
        session.notice().starts_with("From \"example\": "),
        "{}",
        session.notice()
    );
    // A received change is not a change of this session, so u does not undo it.
    session.keys("u");
    assert_eq!(terrys_hats(&session)[PROCTOR]["title"], "Proctor 2");
    assert!(
        session.notice().contains("Nothing to undo"),
        "{}",
        session.notice()
    );
}

#[test]
fn values_that_changed_in_the_file_meanwhile_are_not_overwritten() {
    let mut session = open(matching_server());
    let server = session.server.as_mut().unwrap();
    server.hat(ROOM, TERRY, HAT, active("Theirs"));
    set_proctor_hat(server, "Proctor");
    let room = jid(ROOM);
    let read = RoomRead::Read(Arc::new(server.rooms[&room].clone()));
    let local = wardrobe().room(&room).cloned();
    let base = server.bases.get(&room).cloned();
    let plan = merge(
        &room,
        Ok(base.as_ref()),
        local.as_deref(),
        &read,
        server.class,
        &MergeOptions::default(),
    );
    session.keys("Enter Down Enter Space");
    assert_eq!(terrys_hats(&session)[HAT]["active"], false);
    send_incoming(&mut session, plan.clone(), None);
    assert_eq!(terrys_hats(&session)[HAT]["title"], "Teacher");
    assert_eq!(terrys_hats(&session)[HAT]["active"], false);
    assert_eq!(terrys_hats(&session)[PROCTOR]["title"], "Proctor");
    let Some(ServerRequest::Received { received, .. }) = requests(&session).last() else {
        panic!("{:?}", requests(&session));
    };
    assert_eq!(received.len(), 1, "{received:?}");
}

#[test]
fn a_rejected_commit_is_repeated_with_the_changes_that_still_fit() {
    let mut session = open(matching_server());
    let server = session.server.as_mut().unwrap();
    set_proctor_hat(server, "Proctor");
    server.hat(ROOM, TERRY, HAT, active("Theirs"));
    session.delay_answers();
    report_differences(&mut session, None);
    // Meanwhile, another session removes the hat.
    session.external_change(|wardrobe| wardrobe.force_remove_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.answer_all();
    assert_eq!(
        terrys_hats(&session).as_object().unwrap().len(),
        1,
        "{}",
        terrys_hats(&session)
    );
    assert_eq!(terrys_hats(&session)[PROCTOR]["title"], "Proctor");
    assert!(session.state.top_as::<Conflict>().is_none());
    assert!(!session.state.has_other_commits());
}

#[test]
fn changes_that_arrive_during_a_commit_are_received_after_it() {
    let mut session = open(matching_server());
    session.delay_answers();
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor");
    report_differences(&mut session, None);
    session
        .server
        .as_mut()
        .unwrap()
        .hat(ROOM, TERRY, "urn:x:2", active("2"));
    report_differences(&mut session, None);
    session.answer_all();
    assert_eq!(
        terrys_hats(&session).as_object().unwrap().len(),
        3,
        "{}",
        terrys_hats(&session)
    );
}

/// Receives this hat of Terry from the server, and nothing else.
fn receive_hat(session: &mut Session, id: &str) {
    let room = jid(ROOM);
    let server = session.server.as_ref().unwrap();
    let read = RoomRead::Read(Arc::new(server.rooms[&room].clone()));
    let local = session.memory.snapshot().wardrobe.room(&room).cloned();
    let options = MergeOptions::default();
    let mut plan = merge(
        &room,
        Ok(server.bases.get(&room)),
        local.as_deref(),
        &read,
        server.class,
        &options,
    );
    let mut lines = plan.lines.iter();
    let index = lines
        .position(|line| line.subject == Subject::Item(item(id)))
        .unwrap();
    for line in &mut plan.lines {
        line.decision = Decision::Skip;
    }
    assert!(plan.decide(index, Decision::Receive));
    send_incoming(session, plan, None);
}

fn item(id: &str) -> Item {
    Item::Hat {
        user: jid(TERRY),
        hat: hat(id),
    }
}

/// Two hats on the server differ from what was expected, while another change is being saved.
fn with_two_conflicts() -> Session {
    let mut session = open(matching_server());
    let ids = ["urn:x:1", "urn:x:2"];
    let changed = SendState::Changed {
        actual: Some(ItemValue::Hat(active("Theirs"))),
        expected: None,
    };
    let items = ids.map(|id| (item(id), changed.clone()));
    session.send(Msg::Server(Box::new(ServerEvent::Outbox {
        room: jid(ROOM),
        items: items.into(),
    })));
    session.delay_answers();
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor");
    report_differences(&mut session, None);
    for id in ids {
        session
            .server
            .as_mut()
            .unwrap()
            .hat(ROOM, TERRY, id, active("Theirs"));
    }
    session
}

#[test]
fn all_decided_hats_are_received() {
    let mut session = with_two_conflicts();
    receive_hat(&mut session, "urn:x:1");
    receive_hat(&mut session, "urn:x:2");
    // A further received hat does not replace them.
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor 2");
    receive_hat(&mut session, PROCTOR);
    session.answer_all();
    for id in ["urn:x:1", "urn:x:2"] {
        assert_eq!(
            terrys_hats(&session)[id]["title"],
            "Theirs",
            "{}",
            terrys_hats(&session)
        );
    }
}

#[test]
fn decision_that_cannot_be_saved_is_reported() {
    let mut session = with_two_conflicts();
    receive_hat(&mut session, "urn:x:1");
    session.answer_next();
    let Some(StoreRequest::Commit { id, .. }) = session.first_request() else {
        panic!("nothing is saved");
    };
    let error = EditError::NoSuchRoom { room: jid(ROOM) };
    session.send(Msg::Store(Box::new(StoreEvent::Committed {
        results: vec![(*id, Err(error))],
        snapshot: session.memory.snapshot(),
    })));
    assert!(
        session
            .notice()
            .starts_with("Cannot receive theirs from \"example\": "),
        "{}",
        session.notice()
    );
}

#[test]
fn an_open_form_shows_a_conflict_when_its_hat_was_changed_on_the_server() {
    let mut session = open(matching_server());
    session.keys("Enter Down Enter Enter");
    assert!(session.state.top_as::<Form>().is_some());
    session.keys("Ctrl-U");
    session.text("Yours");
    session
        .server
        .as_mut()
        .unwrap()
        .hat(ROOM, TERRY, HAT, active("Theirs"));
    report_differences(&mut session, None);
    assert!(
        session.state.top_as::<Form>().is_some(),
        "{:?}",
        session.state.top()
    );
    session.keys("Ctrl-S");
    assert!(
        session.state.top_as::<Conflict>().is_some(),
        "{:?}",
        session.state.top()
    );
}

#[test]
fn linked_rooms_are_followed_while_the_session_may_write() {
    let mut all = wardrobe();
    all.add_room(&jid("local@elsewhere.example.org"), None).unwrap();
    let mut session = start(matching_server(), all, Scope::default());
    // The fake server did not exist yet when the session started.
    session.keys("Enter");
    session.external_change(|wardrobe| wardrobe.add_room(&jid("staff@conference.example.org"), None));
    let (rooms, selected) = followed(&session).unwrap();
    assert_eq!(rooms, [jid(ROOM), jid("staff@conference.example.org")]);
    assert_eq!(selected, Some(jid(ROOM)));
    let count = |session: &Session| session.server.as_ref().unwrap().followed.len();
    // A key that changes neither the rooms nor the selected room sends nothing.
    let before = count(&session);
    session.keys("Down Up Tab");
    assert_eq!(count(&session), before);
    session.change_by("alice", |wardrobe| {
        wardrobe.set_affiliation(&jid("kim@example.org"), &jid(ROOM), Affiliation::Member)
    });
    let Some(ServerRequest::Changed { room, .. }) = session.server.as_ref().unwrap().followed.last() else {
        panic!("not reported");
    };
    assert_eq!((count(&session), &room.room), (before + 1, &jid(ROOM)));
}

#[test]
fn a_session_that_may_not_write_follows_nothing() {
    for scope in [
        Scope {
            read_only: true,
            ..Scope::default()
        },
        Scope {
            rights: Rights {
                no_affiliations: true,
                ..Rights::default()
            },
            ..Scope::default()
        },
    ] {
        let mut session = start(matching_server(), wardrobe(), scope);
        session.external_change(|wardrobe| wardrobe.add_room(&jid("staff@conference.example.org"), None));
        assert_eq!(followed(&session), None);
    }
}

#[test]
fn received_changes_are_committed_with_the_server_as_actor() {
    let change = Change {
        actor: Some(server_actor("example").into()),
        ..Change::default()
    };
    let mut session = open(matching_server());
    set_proctor_hat(session.server.as_mut().unwrap(), "Proctor");
    session.delay_answers();
    report_differences(&mut session, None);
    let request = session.first_request().unwrap();
    assert!(
        matches!(request, StoreRequest::Commit { change: sent, .. } if sent.actor == change.actor),
        "{request:?}"
    );
}

fn report_follower(session: &mut Session, room: &str, follower: Follower) {
    let room = jid(room);
    session.send(Msg::Server(Box::new(ServerEvent::Follows { room, follower })));
}

fn page(session: &Session) -> String {
    let page = plain::page(&session.state, Theme::default(), (120, 40));
    let words = page.lines.iter().flat_map(|line| line.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn follower_of_a_room_is_shown_and_a_silent_one_is_reported() {
    let mut session = open(matching_server());
    session.send(Msg::Server(Box::new(ServerEvent::State {
        server: "example".into(),
        state: ServerState::Ready(ServerClass::Prosody),
    })));
    report_follower(&mut session, ROOM, Follower::Here);
    assert!(
        page(&session).contains("followed by this session"),
        "{}",
        page(&session)
    );
    assert!(!page(&session).contains("not compared"), "{}", page(&session));
    let ana = || Some("ana, process 123".into());
    report_follower(&mut session, ROOM, Follower::Elsewhere(ana()));
    let text = "followed by another session (ana, process 123)";
    assert!(page(&session).contains(text), "{}", page(&session));
    assert_eq!(session.notice(), "");
    report_follower(&mut session, ROOM, Follower::Silent(ana()));
    let text = format!("{ROOM}: not followed: another session (ana, process 123) is not responding");
    assert_eq!(session.notice(), text);
    let spoken = "example: not followed: another session";
    assert!(page(&session).contains(spoken), "in the row: {}", page(&session));
    session.keys("Esc S i");
    assert!(page(&session).contains(&text), "{}", page(&session));
    session.keys("Esc Esc");
    assert_eq!(
        session.state.save_state(),
        SaveState::NotFollowed,
        "the problem stays in the header"
    );
    report_follower(&mut session, ROOM, Follower::Elsewhere(ana()));
    assert_eq!(session.state.save_state(), SaveState::Saved);
    assert_eq!(
        session.notice(),
        format!("{ROOM}: followed by another session (ana, process 123) again")
    );
    report_follower(&mut session, ROOM, Follower::NotCompared);
    session.keys("S i");
    let text = format!("{ROOM}: not followed: it must be compared first");
    assert!(page(&session).contains(&text), "{}", page(&session));
    session.send(Msg::Server(Box::new(ServerEvent::State {
        server: "example".into(),
        state: ServerState::Away("no route".into()),
    })));
    session.keys("Esc i");
    let text = format!("{ROOM}: not followed because the server is not reachable");
    assert!(page(&session).contains(&text), "{}", page(&session));
}

#[test]
fn sessions_that_follow_nothing_show_the_reason() {
    for (scope, why) in [
        (
            Scope {
                read_only: true,
                ..Scope::default()
            },
            "this session is read-only",
        ),
        (
            Scope {
                rights: Rights {
                    no_affiliations: true,
                    ..Rights::default()
                },
                ..Scope::default()
            },
            "this session is restricted",
        ),
    ] {
        let mut session = start(matching_server(), wardrobe(), scope);
        session.keys("S i");
        let text = format!("{ROOM}: not followed because {why}");
        assert!(page(&session).contains(&text), "{}", page(&session));
    }
}
