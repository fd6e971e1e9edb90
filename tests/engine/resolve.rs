//! What a moderator decides about a change that the server refused, or that collides with another one there.

use std::sync::Arc;

use hatrack::model::{HatId, Rights};
use hatrack::store::{Change, Store};
use hatrack::sync::{
    AfterCommit, Decision, Item, OtherRooms, Report, RoomPlan, SendFailure, SendState, ServerClass,
    ServerEvent, ServerRequest, server_actor,
};

use crate::stage::*;

/// Commits a hat of `u0` and sends it.
fn send(session: &Session<'_>, stage: &Stage, title: Option<&str>) -> Report {
    for follows in stage.local_hat_at_once("state", "u0", "urn:x:old", title) {
        let AfterCommit::Send(request) = follows else {
            panic!("{follows:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.sent()
}

/// The states of the room's changes, as last reported before the answer to a request.
fn states(session: &Session<'_>) -> Vec<(Item, SendState)> {
    session.wait(|event| match event {
        ServerEvent::Outbox { items, .. } => Some(items),
        _ => None,
    })
}

fn incoming(session: &Session<'_>) -> Arc<RoomPlan> {
    session.wait(|event| match event {
        ServerEvent::Incoming { plan, .. } => Some(Arc::new(plan.rooms[0].clone())),
        _ => None,
    })
}

/// Decides about a collision, in which `Theirs` was shown.
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

/// The file removes a hat of `u0`, whose title somebody else changed on the server in the meantime.
fn collision<'a>(stage: &'a Stage, title: &str) -> Session<'a> {
    let session = stage.session();
    // The room is read before somebody else changes it.
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let old = item("u0", "urn:x:old");
    stage.remote_set(&old, value(stage.class, title));
    let follows = stage.local_hat_at_once("state", "u0", "urn:x:old", Some("Mine"));
    let [AfterCommit::Send(request)] = follows.as_slice() else {
        panic!("{follows:?}")
    };
    session.worker.request(request.clone()).unwrap();
    let expected = value(stage.class, "Old");
    let actual = value(stage.class, title);
    let changed = SendState::Changed { actual, expected };
    assert!(states(&session).contains(&(old, changed)));
    session.sent();
    session
}

/// The servers whose hats have titles of their own, so that two people can change one in two ways.
const TITLED: [ServerClass; 2] = [ServerClass::Prosody, ServerClass::EjabberdOld];

#[test]
fn refused_change_is_sent_again_on_request_only() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, old) = (stage.session(), item("u0", "urn:x:old"));
        stage.server.lock().unwrap().fixed = [old.clone()].into();
        let report = send(&session, &stage, None);
        assert_eq!(report.rooms[0].failed.len(), 1, "{class:?}");
        assert_eq!(stage.remote(&old), value(class, "Old"));
        stage.server.lock().unwrap().fixed.clear();
        // Another change of the room leaves it alone.
        drop(stage.local_hat_at_once("state", "u1", "urn:x:old", None));
        session
            .worker
            .request(ServerRequest::Send {
                server: "example".into(),
                rooms: vec![local_room(&stage.store())],
                revision: stage.store().wardrobe().revision,
                may_ask: true,
            })
            .unwrap();
        assert_eq!(session.sent().rooms[0].sent, 1);
        assert_eq!(stage.remote(&old), value(class, "Old"), "{class:?}");
        session
            .worker
            .request(ServerRequest::Retry {
                room: room(),
                item: old.clone(),
            })
            .unwrap();
        let report = session.sent();
        assert_eq!((report.rooms[0].sent, report.rooms[0].failed.len()), (1, 0));
        assert_eq!(stage.remote(&old), None, "{class:?}");
    }
}

#[test]
fn refused_change_that_is_refused_again_says_so_again() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, old) = (stage.session(), item("u0", "urn:x:old"));
    stage.server.lock().unwrap().fixed = [old.clone()].into();
    send(&session, &stage, None);
    let retry = ServerRequest::Retry {
        room: room(),
        item: old.clone(),
    };
    session.worker.request(retry).unwrap();
    let found = states(&session);
    assert!(matches!(found.as_slice(), [(there, SendState::Refused(_))] if *there == old));
    assert_eq!(session.sent().rooms[0].failed.len(), 1);
}

#[test]
fn yours_overwrites_what_was_found_and_nothing_newer() {
    for class in TITLED {
        let stage = Stage::known(class);
        let session = collision(&stage, "Theirs");
        let old = item("u0", "urn:x:old");
        // Meanwhile it changed again.
        stage.remote_set(&old, value(class, "Newer"));
        resolve(&session, Decision::Send);
        let (actual, expected) = (value(class, "Newer"), value(class, "Theirs"));
        let changed = SendState::Changed { actual, expected };
        assert_eq!(states(&session), [(old.clone(), changed)], "{class:?}");
        session.sent();
        assert_eq!(stage.remote(&old), value(class, "Newer"));
        resolve_shown(&session, Decision::Send, "Newer");
        assert_eq!(session.sent().rooms[0].sent, 1);
        assert_eq!(stage.remote(&old), value(class, "Mine"), "{class:?}");
    }
}

/// Commits what a plan receives, as the screen does.
fn commit(store: &mut Store, there: &RoomPlan) {
    let group = there.edits_to_receive(store.wardrobe().room(&there.room));
    let change = Change {
        actor: Some(server_actor("example").into()),
        ..Change::from(group)
    };
    store.commit(&[change]).unwrap()[0].as_ref().unwrap();
}

#[test]
fn theirs_is_received_and_nothing_else_of_the_room() {
    for class in TITLED {
        let stage = Stage::known(class);
        let session = collision(&stage, "Theirs");
        let (old, other) = (item("u0", "urn:x:old"), item("u1", "urn:x:old"));
        stage.remote_set(&other, value(class, "Other"));
        resolve(&session, Decision::Receive);
        let there = incoming(&session);
        assert!(there.received().into_keys().eq([old.clone()]), "{class:?}");
        let mut store = stage.store();
        commit(&mut store, &there);
        session.settle(&store, &there);
        // Nothing is left to be decided.
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
fn theirs_that_changed_again_is_not_received_and_asked_about_again() {
    for class in TITLED {
        for newer in [Some("Newer"), None] {
            let stage = Stage::known(class);
            let session = collision(&stage, "Theirs");
            let old = item("u0", "urn:x:old");
            let actual = newer.and_then(|newer| value(class, newer));
            stage.remote_set(&old, actual.clone());
            resolve(&session, Decision::Receive);
            let changed = SendState::Changed {
                actual: actual.clone(),
                expected: value(class, "Old"),
            };
            assert_eq!(states(&session), [(old.clone(), changed)], "{class:?}");
            let report = session.sent();
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
            // Now that is shown.
            let request = ServerRequest::Resolve {
                room: room(),
                item: old.clone(),
                decision: Decision::Receive,
                shown: actual.clone(),
            };
            session.worker.request(request).unwrap();
            let there = incoming(&session);
            commit(&mut stage.store(), &there);
            assert_eq!(stage.local(&old), actual, "{class:?}");
        }
    }
}

#[test]
fn theirs_that_is_yours_by_now_needs_no_change() {
    let stage = Stage::known(ServerClass::Prosody);
    let session = collision(&stage, "Theirs");
    stage.remote_set(&item("u0", "urn:x:old"), value(stage.class, "Mine"));
    resolve(&session, Decision::Receive);
    assert_eq!(states(&session), []);
    assert_eq!(session.sent().rooms, []);
}

#[test]
fn conflict_that_is_skipped_is_left_to_the_plan() {
    for class in TITLED {
        let stage = Stage::known(class);
        let session = collision(&stage, "Theirs");
        let old = item("u0", "urn:x:old");
        resolve(&session, Decision::Skip);
        assert_eq!(states(&session), [], "{class:?}");
        assert_eq!(stage.remote(&old), value(class, "Theirs"));
        assert_eq!(stage.local(&old), value(class, "Mine"));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(plan.rooms[0].counts().conflicts, 1, "{class:?}");
    }
}

#[test]
fn what_cannot_be_resolved_now_says_why() {
    let stage = Stage::known(ServerClass::Prosody);
    let session = collision(&stage, "Theirs");
    stage.server.lock().unwrap().refuses = Some("not allowed".into());
    session
        .worker
        .request(ServerRequest::Reconnect {
            server: "example".into(),
        })
        .unwrap();
    resolve(&session, Decision::Receive);
    let report = session.sent();
    assert_eq!(report.rooms[0].unsent, 1);
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("not allowed"), "{why}");
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    resolve(&session, Decision::Skip);
    let report = session.sent();
    let why = report.rooms[0].error.as_deref().unwrap();
    assert!(why.contains("not been compared"), "{why}");
}

#[test]
fn a_session_decides_only_about_what_it_may_change() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let follows = stage.local_hat_at_once("state", "u0", "urn:x:old", None);
        stage.remote_set(&item("u0", "urn:x:old"), None);
        drop(follows);
        let rights = Rights {
            only_hats: Some([HatId::unchecked("urn:x:allowed")].into()),
            ..Rights::default()
        };
        let session = stage.session_with("state", rights);
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

/// The only outbox of the account.
fn outbox(stage: &Stage) -> Vec<u8> {
    let folder = stage.folder.path().join("state/outbox");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
    std::fs::read(files.pop().unwrap()).unwrap()
}
