//! A moderator's decisions about changes that the server refused, or that conflict with changes on the server.

use std::sync::Arc;

use hatrack::model::{HatId, Rights};
use hatrack::store::{Change, Store};
use hatrack::sync::{
    AfterCommit, Decision, Item, OtherRooms, Report, RoomPlan, SendFailure, SendState, ServerClass,
    ServerEvent, ServerRequest, server_actor,
};

use crate::stage::*;

/// Sets the hat `urn:x:old` of `u0` in the file, or removes it if there is no title, and sends that.
fn send(session: &Session<'_>, stage: &Stage, title: Option<&str>) -> Report {
    for after_commit in stage.set_local_hat_at_once("state", "u0", "urn:x:old", title) {
        let AfterCommit::Send(request) = after_commit else {
            panic!("{after_commit:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.wait_for_sent()
}

/// Waits for the next report of the states of the room's changes.
fn wait_for_states(session: &Session<'_>) -> Vec<(Item, SendState)> {
    session.wait(|event| match event {
        ServerEvent::Outbox { items, .. } => Some(items),
        _ => None,
    })
}

fn wait_for_incoming(session: &Session<'_>) -> Arc<RoomPlan> {
    session.wait(|event| match event {
        ServerEvent::Incoming { plan, .. } => Some(Arc::new(plan.rooms[0].clone())),
        _ => None,
    })
}

/// Resolves the conflict about the hat `urn:x:old` of `u0`, if the server's title was shown as `Theirs`.
fn resolve(session: &Session<'_>, decision: Decision) {
    resolve_shown(session, decision, "Theirs");
}

fn resolve_shown(session: &Session<'_>, decision: Decision, shown: &str) {
    session
        .worker
        .request(ServerRequest::Resolve {
            room: room(),
            item: item("u0", "urn:x:old"),
            decision,
            shown: value(session.stage.class, shown),
        })
        .unwrap();
}

/// Creates a conflict: the title of a hat of `u0` is changed to `title` on the server, then to `Mine` in the file.
fn create_conflict<'a>(stage: &'a Stage, title: &str) -> Session<'a> {
    let session = stage.session();
    // The room is read before the title is changed on the server.
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let old = item("u0", "urn:x:old");
    stage.set_remote(&old, value(stage.class, title));
    let after_commit = stage.set_local_hat_at_once("state", "u0", "urn:x:old", Some("Mine"));
    let [AfterCommit::Send(request)] = after_commit.as_slice() else {
        panic!("{after_commit:?}")
    };
    session.worker.request(request.clone()).unwrap();
    let expected = value(stage.class, "Old");
    let actual = value(stage.class, title);
    let changed = SendState::Changed { actual, expected };
    assert!(wait_for_states(&session).contains(&(old, changed)));
    session.wait_for_sent();
    session
}

/// The classes of servers on which each user can have their own title for a hat, so that titles can be in conflict.
const CLASSES_WITH_OWN_TITLES: [ServerClass; 2] = [ServerClass::Prosody, ServerClass::EjabberdOld];

#[test]
fn refused_change_is_sent_again_on_request_only() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, old) = (stage.session(), item("u0", "urn:x:old"));
        stage.server.lock().unwrap().refused_items = [old.clone()].into();
        let report = send(&session, &stage, None);
        assert_eq!(report.rooms[0].failed.len(), 1, "{class:?}");
        assert_eq!(stage.remote(&old), value(class, "Old"));
        stage.server.lock().unwrap().refused_items.clear();
        // Sending another change of the room does not send the refused change again.
        drop(stage.set_local_hat_at_once("state", "u1", "urn:x:old", None));
        session
            .worker
            .request(ServerRequest::Send {
                server: "example".into(),
                rooms: vec![local_room(&stage.store())],
                revision: stage.store().wardrobe().revision,
                may_ask: true,
            })
            .unwrap();
        assert_eq!(session.wait_for_sent().rooms[0].sent, 1);
        assert_eq!(stage.remote(&old), value(class, "Old"), "{class:?}");
        session
            .worker
            .request(ServerRequest::Retry {
                room: room(),
                item: old.clone(),
            })
            .unwrap();
        let report = session.wait_for_sent();
        assert_eq!((report.rooms[0].sent, report.rooms[0].failed.len()), (1, 0));
        assert_eq!(stage.remote(&old), None, "{class:?}");
    }
}

#[test]
fn second_refusal_of_a_change_is_reported() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, old) = (stage.session(), item("u0", "urn:x:old"));
    stage.server.lock().unwrap().refused_items = [old.clone()].into();
    send(&session, &stage, None);
    let retry = ServerRequest::Retry {
        room: room(),
        item: old.clone(),
    };
    session.worker.request(retry).unwrap();
    let states = wait_for_states(&session);
    assert!(matches!(states.as_slice(), [(refused, SendState::Refused(_))] if *refused == old));
    assert_eq!(session.wait_for_sent().rooms[0].failed.len(), 1);
}

#[test]
fn choosing_yours_overwrites_only_the_value_that_was_shown() {
    for class in CLASSES_WITH_OWN_TITLES {
        let stage = Stage::compared(class);
        let session = create_conflict(&stage, "Theirs");
        let old = item("u0", "urn:x:old");
        // In the meantime, the title changes again on the server.
        stage.set_remote(&old, value(class, "Newer"));
        resolve(&session, Decision::Send);
        let (actual, expected) = (value(class, "Newer"), value(class, "Theirs"));
        let changed = SendState::Changed { actual, expected };
        assert_eq!(wait_for_states(&session), [(old.clone(), changed)], "{class:?}");
        session.wait_for_sent();
        assert_eq!(stage.remote(&old), value(class, "Newer"));
        resolve_shown(&session, Decision::Send, "Newer");
        assert_eq!(session.wait_for_sent().rooms[0].sent, 1);
        assert_eq!(stage.remote(&old), value(class, "Mine"), "{class:?}");
    }
}

/// Commits what a plan receives, as the screen does.
fn commit(store: &mut Store, room_plan: &RoomPlan) {
    let group = room_plan.edits_to_receive(store.wardrobe().room(&room_plan.room));
    let change = Change {
        actor: Some(server_actor("example").into()),
        ..Change::from(group)
    };
    store.commit(&[change]).unwrap()[0].as_ref().unwrap();
}

#[test]
fn choosing_theirs_receives_only_this_value() {
    for class in CLASSES_WITH_OWN_TITLES {
        let stage = Stage::compared(class);
        let session = create_conflict(&stage, "Theirs");
        let (old, other) = (item("u0", "urn:x:old"), item("u1", "urn:x:old"));
        stage.set_remote(&other, value(class, "Other"));
        resolve(&session, Decision::Receive);
        let room_plan = wait_for_incoming(&session);
        assert!(room_plan.received().into_keys().eq([old.clone()]), "{class:?}");
        let mut store = stage.store();
        commit(&mut store, &room_plan);
        session.report_received(&store, &room_plan);
        // No change is left in the outbox.
        session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } if items.is_empty() => Some(()),
            _ => None,
        });
        assert_eq!(stage.local(&old), value(class, "Theirs"));
        assert_eq!(stage.local(&other), value(class, "Old"));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let left: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.user()).collect();
        assert_eq!(left, [other.user()], "{class:?}");
    }
}

#[test]
fn theirs_that_has_changed_since_it_was_shown_is_not_received() {
    for class in CLASSES_WITH_OWN_TITLES {
        for newer in [Some("Newer"), None] {
            let stage = Stage::compared(class);
            let session = create_conflict(&stage, "Theirs");
            let old = item("u0", "urn:x:old");
            let actual = newer.and_then(|newer| value(class, newer));
            stage.set_remote(&old, actual.clone());
            resolve(&session, Decision::Receive);
            let changed = SendState::Changed {
                actual: actual.clone(),
                expected: value(class, "Old"),
            };
            assert_eq!(wait_for_states(&session), [(old.clone(), changed)], "{class:?}");
            let report = session.wait_for_sent();
            let [failed] = report.rooms[0].failed.as_slice() else {
                panic!("{report:?}")
            };
            assert_eq!((&failed.item, &failed.wanted), (&old, &value(class, "Mine")));
            assert_eq!(
                failed.why,
                SendFailure::Changed {
                    actual: actual.clone()
                }
            );
            assert_eq!(stage.local(&old), value(class, "Mine"), "{class:?}");
            // Now the current value was shown.
            let request = ServerRequest::Resolve {
                room: room(),
                item: old.clone(),
                decision: Decision::Receive,
                shown: actual.clone(),
            };
            session.worker.request(request).unwrap();
            let room_plan = wait_for_incoming(&session);
            commit(&mut stage.store(), &room_plan);
            assert_eq!(stage.local(&old), actual, "{class:?}");
        }
    }
}

#[test]
fn choosing_theirs_changes_nothing_if_both_sides_are_equal_now() {
    let stage = Stage::compared(ServerClass::Prosody);
    let session = create_conflict(&stage, "Theirs");
    stage.set_remote(&item("u0", "urn:x:old"), value(stage.class, "Mine"));
    resolve(&session, Decision::Receive);
    assert_eq!(wait_for_states(&session), []);
    assert_eq!(session.wait_for_sent().rooms, []);
}

#[test]
fn skipped_conflict_is_left_to_the_next_plan() {
    for class in CLASSES_WITH_OWN_TITLES {
        let stage = Stage::compared(class);
        let session = create_conflict(&stage, "Theirs");
        let old = item("u0", "urn:x:old");
        resolve(&session, Decision::Skip);
        assert_eq!(wait_for_states(&session), [], "{class:?}");
        assert_eq!(stage.remote(&old), value(class, "Theirs"));
        assert_eq!(stage.local(&old), value(class, "Mine"));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(plan.rooms[0].counts().conflicts, 1, "{class:?}");
    }
}

#[test]
fn failure_to_resolve_a_conflict_is_reported_with_the_reason() {
    let stage = Stage::compared(ServerClass::Prosody);
    let session = create_conflict(&stage, "Theirs");
    stage.server.lock().unwrap().refusal = Some("not allowed".into());
    session
        .worker
        .request(ServerRequest::Reconnect {
            server: "example".into(),
        })
        .unwrap();
    resolve(&session, Decision::Receive);
    let report = session.wait_for_sent();
    assert_eq!(report.rooms[0].unsent, 1);
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("not allowed"), "{why}");
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    resolve(&session, Decision::Skip);
    let report = session.wait_for_sent();
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("not been compared"), "{why}");
}

#[test]
fn session_without_the_right_to_change_a_hat_cannot_decide_about_it() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        drop(stage.set_local_hat_at_once("state", "u0", "urn:x:old", None));
        stage.set_remote(&item("u0", "urn:x:old"), None);
        let rights = Rights {
            only_hats: Some([HatId::unchecked("urn:x:allowed")].into()),
            ..Rights::default()
        };
        let session = stage.session_with_rights("state", rights);
        for decision in [Decision::Send, Decision::Receive, Decision::Skip] {
            let before = outbox(&stage);
            let request = ServerRequest::Resolve {
                room: room(),
                item: item("u0", "urn:x:old"),
                decision,
                shown: None,
            };
            session.worker.request(request).unwrap();
            let report = session.wait(|event| match event {
                ServerEvent::Sent { report, .. } => Some(report),
                _ => None,
            });
            let error = report.rooms[0].error.as_deref().unwrap();
            assert!(error.contains("urn:x:old"), "{error}");
            assert_eq!(outbox(&stage), before, "{class:?} {decision:?}");
        }
    }
}

/// The content of the account's only outbox.
fn outbox(stage: &Stage) -> Vec<u8> {
    let folder = stage.folder.path().join("state/outbox");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
    std::fs::read(files.pop().unwrap()).unwrap()
}
