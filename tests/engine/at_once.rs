//! Changes that are sent as soon as they are saved.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, Attachment, EditGroup, HatId};
use hatrack::store::{Change, HistoryQuery, Store};
use hatrack::sync::{
    Action, AfterCommit, CatalogValue, Decision, HeldReason, OtherRooms, SendState, ServerClass, ServerEvent,
    ServerRequest, SetAside, Unstored,
};

use crate::simulated::{Callback, Fault};
use crate::stage::*;

/// The request that is the only consequence of a commit.
fn request(mut after_commit: Vec<AfterCommit>) -> ServerRequest {
    match (after_commit.pop(), after_commit.len()) {
        (Some(AfterCommit::Send(request)), 0) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn apply_sends_changes_that_a_killed_session_noted() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // Another session is killed after the commit, before it sends anything.
        drop(stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
        let report = session.send(&plan);
        assert_eq!(
            (report.rooms[0].sent, &report.rooms[0].error),
            (1, &None),
            "{class:?}"
        );
        assert_eq!(stage.remote(&item("u0", "urn:x:there")), value(class, "There"));
    }
}

#[test]
fn apply_does_not_send_noted_changes_that_it_skips() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        drop(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        let session = stage.session();
        let mut plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        for line in &mut Arc::make_mut(&mut plan).rooms[0].lines {
            line.decision = Decision::Skip;
        }
        session.send(&plan);
        assert_eq!(stage.remote(&item("u0", "urn:x:new")), None, "{class:?}");
    }
}

#[test]
fn changes_that_cannot_be_sent_are_counted_and_reported_with_the_reason() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
        let session = stage.session();
        session.worker.request(request).unwrap();
        let report = session.wait_for_sent();
        assert_eq!(report.rooms[0].unsent, 1, "{class:?}");
        let why = report.rooms[0].error.as_deref().unwrap();
        assert!(why.contains("not been compared"), "{why}");
    }
}

#[test]
fn changes_that_the_server_cannot_store_are_left_out_with_the_reason() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let title = "New\u{ffff}";
        let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some(title)));
        let session = stage.session();
        session.worker.request(request).unwrap();
        let states = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        });
        let is_left_out = |(changed, state): &(_, SendState)| {
            *changed == item("u0", "urn:x:new") && matches!(state, SendState::LeftOut(_))
        };
        assert!(states.iter().any(is_left_out), "{class:?}: {states:?}");
        assert_eq!(session.wait_for_sent().rooms[0].unsent, 0, "{class:?}");
    }
}

#[test]
fn waiting_changes_are_sent_when_a_server_that_refused_access_is_reconnected() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        let refusal = Some("no such account".to_owned());
        stage.server.lock().unwrap().refusal = refusal;
        let session = stage.session();
        session.worker.request(request).unwrap();
        assert_eq!(session.wait_for_sent().rooms[0].unsent, 1, "{class:?}");
        stage.server.lock().unwrap().refusal = None;
        let server = "example".into();
        let again = ServerRequest::Reconnect { server };
        session.worker.request(again).unwrap();
        // If the server has a catalog, one of the changes defines the hat.
        let number = 1 + usize::from(class.holds_catalog());
        assert_eq!(session.wait_for_sent().rooms[0].sent, number, "{class:?}");
        assert_eq!(stage.remote(&item("u0", "urn:x:new")), value(class, "New"));
    }
}

#[test]
fn undone_change_is_no_longer_reported_as_waiting() {
    let stage = Stage::compared(ServerClass::Prosody);
    let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
    stage.server.lock().unwrap().refusal = Some("not now".into());
    let session = stage.session();
    session.worker.request(request.clone()).unwrap();
    let states = || {
        session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        })
    };
    assert_eq!(states(), [(item("u0", "urn:x:new"), SendState::Waiting)]);
    // Another session undoes the change, so that nothing waits.
    stage.server.lock().unwrap().refusal = None;
    stage.set_local_hat("u0", "urn:x:new", None);
    let server = "example".into();
    let again = ServerRequest::Reconnect { server };
    session.worker.request(again).unwrap();
    assert!(states().iter().all(|(_, state)| *state != SendState::Waiting));
}

/// Commits the removal of a hat from 21 users as the change that `change` creates. Returns the consequences.
fn remove_from_many(change: impl FnOnce(EditGroup) -> Change) -> Vec<AfterCommit> {
    let stage = Stage::compared(ServerClass::Prosody);
    for number in 0..21 {
        let user = format!("many{number}");
        stage.set_local_affiliation(&user, Affiliation::Member);
        stage.set_local_hat(&user, "urn:x:many", Some("Many"));
    }
    let (mut store, after_commit) = stage.store_at_once("state");
    let mut next = store.wardrobe().clone();
    let (mut group, hat) = (EditGroup::default(), item("u0", "urn:x:many"));
    for number in 0..21 {
        let user = jid(&format!("many{number}@example.org"));
        let removed = next.remove_user_hat(&user, &room(), hat.hat().unwrap());
        group.0.extend(removed.unwrap().0);
    }
    store.commit(&[change(group)]).unwrap()[0].as_ref().unwrap();
    after_commit.try_iter().collect()
}

#[test]
fn removals_of_many_expired_hats_are_sent() {
    let after_commit = remove_from_many(Change::expired);
    assert!(
        matches!(after_commit[..], [AfterCommit::Send(_)]),
        "{after_commit:?}"
    );
}

#[test]
fn unconfirmed_removals_from_many_users_are_held() {
    let held = AfterCommit::Held {
        server: "example".into(),
        room: room(),
        reason: HeldReason::ManyLoseHats,
    };
    assert_eq!(remove_from_many(Change::from), [held]);
}

#[test]
fn parts_of_a_hat_that_the_server_cannot_store_are_reported() {
    let active = Attachment::default().with_active(true);
    for (attachment, expected) in [
        (Attachment::default(), Some(Unstored::Inactive)),
        (active.clone().with_required(true), Some(Unstored::Required)),
        (active.clone().with_title(Some("Other")), Some(Unstored::Title)),
        (active.with_title(Some("There")), None),
    ] {
        for class in CLASSES {
            let stage = Stage::compared(class);
            let (mut store, after_commit) = stage.store_at_once("state");
            let (user, hat) = (jid("u0@example.org"), HatId::unchecked("urn:x:there"));
            let mut next = store.wardrobe().clone();
            let group = next.add_user_hat(&user, &room(), &hat, attachment.clone());
            store.commit(&[group.unwrap().into()]).unwrap()[0]
                .as_ref()
                .unwrap();
            let reported = after_commit.try_iter().find_map(|after| match after {
                AfterCommit::Unstored { first, more: 0, .. } => Some((first.user, first.part)),
                _ => None,
            });
            let expected = match (expected, class) {
                (_, ServerClass::Prosody) | (Some(Unstored::Title), ServerClass::EjabberdOld) => None,
                (expected, _) => expected.map(|part| (user, part)),
            };
            assert_eq!(reported, expected, "{class:?}: {attachment:?}");
        }
    }
}

/// The server can no longer lose a change of one account that a read of another account has confirmed. So a later
/// difference is a change by others.
#[test]
fn removal_of_a_hat_that_another_account_sent_is_received_after_a_confirming_read() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let request = request(stage.set_local_hat_at_once("other", "u0", "urn:x:there", Some("There")));
        let other = stage.session_of("other");
        other.worker.request(request).unwrap();
        assert_eq!(other.wait_for_sent().rooms[0].sent, 1, "{class:?}");
        other.worker.finish();
        // A server may lose changes that it acknowledged less than three seconds ago.
        std::thread::sleep(Duration::from_millis(3200));
        let session = stage.session();
        session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        stage.set_remote(&there, None);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

/// The server crashes after it answered, while the process that sent the change is suspended and has not handled the
/// answer.
#[test]
fn change_that_is_lost_before_its_answer_is_handled_is_sent_again() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let (changed, is_changed) = channel();
        let (resume, is_resumed) = channel();
        stage.server.lock().unwrap().after_change = Some(Callback(Box::new(move || {
            changed.send(()).unwrap();
            is_resumed.recv().unwrap();
        })));
        let session = stage.session();
        let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
        session.worker.request(request).unwrap();
        is_changed.recv().unwrap();
        stage.server.lock().unwrap().crash();
        let other = stage.session_of("other");
        other.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        resume.send(()).unwrap();
        session.wait_for_sent();
        let plan = other.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let actions: Vec<Action> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(actions, [Action::Send], "{class:?}");
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// The next session has another connection, but the server reports since when it has run.
#[test]
fn removal_after_a_session_ended_is_received_unless_the_server_has_restarted() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        for crashes in [false, true] {
            let stage = Stage::compared(class);
            stage.server.lock().unwrap().running_since = Some(jiff::Timestamp::now());
            let there = item("u0", "urn:x:there");
            stage.set_local_hat("u0", "urn:x:there", Some("There"));
            let (_, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
            assert_eq!(report.unwrap().rooms[0].sent, 1, "{class:?}");
            let was_sent = stage.remote(&there);
            // A server may lose changes that it acknowledged less than three seconds ago.
            std::thread::sleep(Duration::from_millis(3100));
            if crashes {
                stage.server.lock().unwrap().crash();
                assert_eq!(stage.remote(&there), None);
            } else {
                stage.set_remote(&there, None);
            }
            stage.run(OtherRooms::Ignore, |_| true).unwrap();
            let expected = was_sent.filter(|_| crashes);
            assert_eq!(stage.local(&there), expected, "{class:?}, {crashes}");
            assert_eq!(stage.remote(&there), expected, "{class:?}, {crashes}");
        }
    }
}

/// A plan is as old as its own read, even if the room was read again since.
#[test]
fn apply_does_not_treat_answers_after_its_read_as_lost() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        stage.set_local_hat("u1", "urn:x:there", Some("There"));
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let request = request(stage.set_local_hat_at_once("other", "u0", "urn:x:there", Some("There")));
        let other = stage.session_of("other");
        other.worker.request(request).unwrap();
        assert_eq!(other.wait_for_sent().rooms[0].sent, 1, "{class:?}");
        other.worker.finish();
        session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        drop(stage.set_local_hat_at_once("state", "u0", "urn:x:there", None));
        let report = session.send(&plan);
        assert_eq!(report.rooms[0].failed, [], "{class:?}");
        assert_eq!(report.rooms[0].sent, 2, "{class:?}");
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// A room is not read before each change, so it may have been created again since it was read.
#[test]
fn nothing_is_sent_to_a_room_that_was_created_again_since_it_was_read() {
    let stage = Stage::compared(ServerClass::Prosody);
    let create = |stamp: &str| {
        let mut server = stage.server.lock().unwrap();
        server.rooms.get_mut(&room()).unwrap().created = Some(stamp.into());
    };
    create("first");
    stage.run(OtherRooms::Ignore, |_| true).unwrap();
    let session = stage.session();
    let send = |hat: &str| {
        let request = request(stage.set_local_hat_at_once("state", "u0", hat, Some("There")));
        session.worker.request(request).unwrap();
        session.wait_for_sent().rooms.remove(0)
    };
    assert_eq!(send("urn:x:1").sent, 1);
    create("second");
    for hat in ["urn:x:2", "urn:x:3"] {
        let report = send(hat);
        assert_eq!(report.sent, 0, "{hat}: {report:?}");
        let why = report.error.as_deref().unwrap();
        assert!(why.contains("created again"), "{hat}: {why}");
        assert_eq!(stage.remote(&item("u0", hat)), None);
    }
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::RoomRecreated));
}

#[test]
fn history_names_the_server_for_which_a_change_was_noted() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_hat("u0", "urn:x:ask", Some("Ask"));
        drop(stage.set_local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        // A room that was never compared with a server.
        let mut store = stage.store_at_once("state").0;
        let added = store
            .wardrobe()
            .clone()
            .add_room(&jid("other@rooms.example.org"), None);
        store.commit(&[added.unwrap().into()]).unwrap();
        let query = HistoryQuery {
            limit: 3,
            ..HistoryQuery::default()
        };
        let page = store.history(&query).unwrap();
        let servers: Vec<&[Box<str>]> = page.entries.iter().map(|entry| &*entry.send_to).collect();
        assert_eq!(servers, [&[][..], &["example".into()], &[]], "{class:?}");
    }
}

/// The removals in each of the two rooms are below the limit, but those in both together are above it.
#[test]
fn removals_from_many_users_of_several_rooms_are_held() {
    let stage = Stage::compared(ServerClass::Prosody);
    let second = jid("second@rooms.example.org");
    {
        let mut server = stage.server.lock().unwrap();
        let remote = server.rooms[&room()].clone();
        server.rooms.insert(second.clone(), remote);
    }
    stage.run(OtherRooms::Take, |_| true).unwrap();
    let (mut store, after_commit) = stage.store_at_once("state");
    let hat = item("u0", "urn:x:many");
    let hat = hat.hat().unwrap();
    let attachment = Attachment::default().with_active(true);
    let users = || {
        (0..30).map(|number| {
            let room = if number % 2 == 0 { room() } else { second.clone() };
            (jid(&format!("many{number}@example.org")), room)
        })
    };
    let (mut next, mut additions, mut removals) = (
        store.wardrobe().clone(),
        EditGroup::default(),
        EditGroup::default(),
    );
    for (user, room) in users() {
        let affiliated = next.set_affiliation(&user, &room, Affiliation::Member);
        additions.0.extend(affiliated.unwrap().0);
        let added = next.add_user_hat(&user, &room, hat, attachment.clone());
        additions.0.extend(added.unwrap().0);
    }
    for (user, room) in users() {
        removals
            .0
            .extend(next.remove_user_hat(&user, &room, hat).unwrap().0);
    }
    for group in [additions, removals] {
        assert_eq!(after_commit.try_iter().filter(is_held).count(), 0);
        store.commit(&[Change::from(group)]).unwrap()[0].as_ref().unwrap();
    }
    let after_commit: Vec<AfterCommit> = after_commit.try_iter().collect();
    assert!(
        after_commit.len() == 2 && after_commit.iter().all(is_held),
        "{after_commit:?}"
    );
}

fn is_held(after: &AfterCommit) -> bool {
    let AfterCommit::Held { reason, .. } = after else {
        return false;
    };
    *reason == HeldReason::ManyLoseHats
}

#[test]
fn open_session_sends_changes_after_its_server_was_updated() {
    let stage = Stage::compared(ServerClass::EjabberdOld);
    let (mut store, after_commit) = stage.store_at_once("state");
    let session = stage.session();
    let add = |store: &mut Store, user: &str| {
        let mut next = store.wardrobe().clone();
        let user = jid(&format!("{user}@example.org"));
        let attachment = Attachment::default().with_active(true).with_title(Some("Old"));
        let hat = item("u0", "urn:x:new");
        let group = next
            .add_user_hat(&user, &room(), hat.hat().unwrap(), attachment)
            .unwrap();
        assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
    };
    add(&mut store, "u0");
    session
        .worker
        .request(request(after_commit.try_iter().collect()))
        .unwrap();
    assert_eq!(session.wait_for_sent().rooms[0].sent, 1);
    // The server is updated, and another session compares the room.
    stage.upgrade_at_the_next_call(ServerClass::EjabberdCatalog);
    {
        let mut server = stage.server.lock().unwrap();
        let remote = server.rooms.get_mut(&room()).unwrap();
        for id in ["urn:x:old", "urn:x:new"] {
            remote
                .catalog
                .insert(HatId::unchecked(id), CatalogValue::new("Old", None));
        }
        for user in remote.users.values_mut() {
            for hat in user.hats.values_mut() {
                hat.title = None;
            }
        }
    }
    let other = stage.session();
    assert!(other.plan(&stage.store(), OtherRooms::Ignore).is_err());
    other.run();
    other.worker.finish();
    store.refresh().unwrap();
    add(&mut store, "u1");
    session
        .worker
        .request(request(after_commit.try_iter().collect()))
        .unwrap();
    let report = session.wait_for_sent();
    let sent = stage.remote(&item("u1", "urn:x:new"));
    assert_eq!(sent, value(ServerClass::EjabberdCatalog, "Old"), "{report:?}");
}

/// The connection is lost while a change is sent, and all attempts to reconnect that belong to the request fail.
#[test]
fn change_without_an_answer_is_sent_again_when_the_server_is_back() {
    for class in CLASSES {
        for first in [Fault::LostBefore, Fault::LostAfter] {
            let stage = Stage::compared(class);
            let there = item("u0", "urn:x:there");
            let session = stage.session();
            session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            let after_commit = stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some("There"));
            {
                let mut server = stage.server.lock().unwrap();
                let calls = server.calls;
                server.faults = [(calls + 2, first)].into();
                for call in calls + 3..calls + 7 {
                    server.faults.insert(call, Fault::Away);
                }
            }
            session.worker.request(request(after_commit)).unwrap();
            let report = session.wait_for_sent();
            let end = Instant::now() + Duration::from_secs(60);
            while Instant::now() < end && stage.remote(&there) != value(class, "There") {
                std::thread::sleep(Duration::from_millis(50));
            }
            assert_eq!(
                stage.remote(&there),
                value(class, "There"),
                "{class:?} {first:?} {report:?}"
            );
        }
    }
}

#[test]
fn change_that_was_not_stored_because_the_disk_was_full_is_sent_again() {
    let stage = Stage::compared(ServerClass::Prosody);
    let session = stage.session();
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.server.lock().unwrap().disk_is_full = true;
    let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
    session.worker.request(request).unwrap();
    assert_eq!(session.wait_for_sent().rooms[0].failed.len(), 1);
    stage.server.lock().unwrap().disk_is_full = false;
    let report = session.wait_for_sent();
    assert_eq!(report.rooms[0].sent, 1, "{report:?}");
}

/// The remaining changes of a stopped plan are left to the next plan.
#[test]
fn stopped_apply_is_not_continued_by_the_next_change() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        for number in 0..5 {
            stage.set_local_hat(&format!("u{number}"), "urn:x:there", Some("There"));
        }
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let (changed, is_changed) = channel();
        let (resume, is_resumed) = channel::<()>();
        stage.server.lock().unwrap().after_change = Some(Callback(Box::new(move || {
            changed.send(()).unwrap();
            is_resumed.recv().unwrap();
        })));
        let (id, reason) = (2, None);
        session
            .worker
            .request(ServerRequest::Apply { id, plan, reason })
            .unwrap();
        is_changed.recv().unwrap();
        session.worker.request(ServerRequest::Stop { id }).unwrap();
        resume.send(()).unwrap();
        let stopped = session.wait(|event| match event {
            ServerEvent::Applied { stopped, .. } => Some(stopped),
            _ => None,
        });
        assert!(stopped, "{class:?}");
        let request = request(stage.set_local_hat_at_once("state", "u0", "urn:x:old", None));
        session.worker.request(request).unwrap();
        assert_eq!(session.wait_for_sent().rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&item("u4", "urn:x:there")), None, "{class:?}");
        let report = session.run().1;
        assert_eq!(report.rooms[0].unsent, 0, "{class:?}");
        assert_eq!(stage.remote(&item("u4", "urn:x:there")), value(class, "There"));
    }
}

#[test]
fn changes_are_sent_to_a_room_that_was_gone_once_it_is_compared_again() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let session = stage.session();
        stage.server.lock().unwrap().rooms_are_gone = true;
        let first = request(stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
        session.worker.request(first).unwrap();
        assert_eq!(session.wait_for_sent().rooms[0].unsent, 1, "{class:?}");
        session.run();
        stage.server.lock().unwrap().rooms_are_gone = false;
        session.run();
        let second = request(stage.set_local_hat_at_once("state", "u1", "urn:x:there", Some("There")));
        session.worker.request(second.clone()).unwrap();
        let report = loop {
            let report = session.wait_for_sent();
            // The automatic attempt to send the first change again can end with an empty report.
            if !report.rooms.is_empty() {
                break report;
            }
        };
        assert_eq!(
            (report.rooms[0].sent, &report.rooms[0].error),
            (1, &None),
            "{class:?}"
        );
    }
}
