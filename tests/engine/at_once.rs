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

use crate::simulated::{Fault, Meanwhile};
use crate::stage::*;

/// The request that follows a single commit.
fn request(mut follows: Vec<AfterCommit>) -> ServerRequest {
    match (follows.pop(), follows.len()) {
        (Some(AfterCommit::Send(request)), 0) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_apply_sends_what_a_killed_session_noted() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // It is killed before it sends anything.
        drop(stage.local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
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
fn what_an_apply_leaves_out_is_not_sent_because_it_was_noted() {
    for class in CLASSES {
        let stage = Stage::known(class);
        drop(stage.local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
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
fn what_cannot_be_sent_is_counted_and_reported_with_the_reason() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let request = request(stage.local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
        let session = stage.session();
        session.worker.request(request).unwrap();
        let report = session.sent();
        assert_eq!(report.rooms[0].unsent, 1, "{class:?}");
        let why = report.rooms[0].error.as_deref().unwrap();
        assert!(why.contains("not been compared"), "{why}");
    }
}

#[test]
fn what_the_server_cannot_have_is_left_out_with_the_reason() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let title = "New\u{ffff}";
        let request = request(stage.local_hat_at_once("state", "u0", "urn:x:new", Some(title)));
        let session = stage.session();
        session.worker.request(request).unwrap();
        let states = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        });
        let is_left_out = |(of, state): &(_, SendState)| {
            *of == item("u0", "urn:x:new") && matches!(state, SendState::LeftOut(_))
        };
        assert!(states.iter().any(is_left_out), "{class:?}: {states:?}");
        assert_eq!(session.sent().rooms[0].unsent, 0, "{class:?}");
    }
}

#[test]
fn what_waits_is_sent_when_a_refusing_server_is_connected_again() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let request = request(stage.local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
        let refusal = Some("no such account".to_owned());
        stage.server.lock().unwrap().refuses = refusal;
        let session = stage.session();
        session.worker.request(request).unwrap();
        assert_eq!(session.sent().rooms[0].unsent, 1, "{class:?}");
        stage.server.lock().unwrap().refuses = None;
        let server = "example".into();
        let again = ServerRequest::Reconnect { server };
        session.worker.request(again).unwrap();
        // One of them defines the hat, where there is a catalog.
        let number = 1 + usize::from(class.holds_catalog());
        assert_eq!(session.sent().rooms[0].sent, number, "{class:?}");
        assert_eq!(stage.remote(&item("u0", "urn:x:new")), value(class, "New"));
    }
}

#[test]
fn states_of_changes_end_with_none() {
    let stage = Stage::known(ServerClass::Prosody);
    let request = request(stage.local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
    stage.server.lock().unwrap().refuses = Some("not now".into());
    let session = stage.session();
    session.worker.request(request.clone()).unwrap();
    let states = || {
        session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        })
    };
    assert_eq!(states(), [(item("u0", "urn:x:new"), SendState::Waiting)]);
    // The change is undone elsewhere, so that nothing waits.
    stage.server.lock().unwrap().refuses = None;
    stage.local_hat("u0", "urn:x:new", None);
    let server = "example".into();
    let again = ServerRequest::Reconnect { server };
    session.worker.request(again).unwrap();
    assert!(states().iter().all(|(_, state)| *state != SendState::Waiting));
}

/// Removes a hat from 21 users, as this change, and returns what follows.
fn remove_from_many(change: impl FnOnce(EditGroup) -> Change) -> Vec<AfterCommit> {
    let stage = Stage::known(ServerClass::Prosody);
    for number in 0..21 {
        let user = format!("many{number}");
        stage.local_affiliation(&user, Affiliation::Member);
        stage.local_hat(&user, "urn:x:many", Some("Many"));
    }
    let (mut store, follows) = stage.store_at_once("state");
    let mut next = store.wardrobe().clone();
    let (mut group, hat) = (EditGroup::default(), item("u0", "urn:x:many"));
    for number in 0..21 {
        let user = jid(&format!("many{number}@example.org"));
        let removed = next.remove_user_hat(&user, &room(), hat.hat().unwrap());
        group.0.extend(removed.unwrap().0);
    }
    store.commit(&[change(group)]).unwrap()[0].as_ref().unwrap();
    follows.try_iter().collect()
}

#[test]
fn expired_hats_are_sent_however_many_they_are() {
    let follows = remove_from_many(Change::expired);
    assert!(matches!(follows[..], [AfterCommit::Send(_)]), "{follows:?}");
}

#[test]
fn removals_that_nobody_was_asked_about_are_held() {
    let held = AfterCommit::Held {
        server: "example".into(),
        room: room(),
        reason: HeldReason::ManyLoseHats,
    };
    assert_eq!(remove_from_many(Change::from), [held]);
}

#[test]
fn what_the_server_cannot_store_of_a_hat_is_reported() {
    let active = Attachment::default().with_active(true);
    for (attachment, expected) in [
        (Attachment::default(), Some(Unstored::Inactive)),
        (active.clone().with_required(true), Some(Unstored::Required)),
        (active.clone().with_title(Some("Other")), Some(Unstored::Title)),
        (active.with_title(Some("There")), None),
    ] {
        for class in CLASSES {
            let stage = Stage::known(class);
            let (mut store, follows) = stage.store_at_once("state");
            let (user, hat) = (jid("u0@example.org"), HatId::unchecked("urn:x:there"));
            let mut next = store.wardrobe().clone();
            let group = next.add_user_hat(&user, &room(), &hat, attachment.clone());
            store.commit(&[group.unwrap().into()]).unwrap()[0]
                .as_ref()
                .unwrap();
            let reported = follows.try_iter().find_map(|after| match after {
                AfterCommit::Unstored { first, more: 0, .. } => Some((first.user, first.part)),
                _ => None,
            });
            let expected = match (expected, class) {
                (_, ServerClass::Prosody) | (Some(Unstored::Title), ServerClass::EjabberdOld) => None,
                (expected, _) => expected.map(|what| (user, what)),
            };
            assert_eq!(reported, expected, "{class:?}: {attachment:?}");
        }
    }
}

/// What one account sent, and a read of another one confirmed, the server cannot lose: what differs later is a change there.
#[test]
fn what_another_account_sent_and_somebody_took_back_later_is_received() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        let request = request(stage.local_hat_at_once("other", "u0", "urn:x:there", Some("There")));
        let other = stage.session_of("other");
        other.worker.request(request).unwrap();
        assert_eq!(other.sent().rooms[0].sent, 1, "{class:?}");
        other.worker.finish();
        // A server may lose what it answered less than three seconds ago.
        std::thread::sleep(Duration::from_millis(3200));
        let session = stage.session();
        session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        stage.remote_set(&there, None);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

/// The server fell over while the process that had sent a change was suspended with the answer in its socket.
#[test]
fn what_was_lost_before_its_answer_was_handled_is_no_change_by_somebody() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        let (changed, is_changed) = channel();
        let (resume, is_resumed) = channel();
        stage.server.lock().unwrap().after_change = Some(Meanwhile(Box::new(move || {
            changed.send(()).unwrap();
            is_resumed.recv().unwrap();
        })));
        let session = stage.session();
        let request = request(stage.local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
        session.worker.request(request).unwrap();
        is_changed.recv().unwrap();
        stage.server.lock().unwrap().crash();
        let other = stage.session_of("other");
        other.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        resume.send(()).unwrap();
        session.sent();
        let plan = other.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let actions: Vec<Action> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(actions, [Action::Send], "{class:?}");
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// The next session is on another connection, but the server says that it has run ever since.
#[test]
fn what_somebody_took_back_after_a_session_ended_is_received_unless_the_server_fell_over() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        for falls_over in [false, true] {
            let stage = Stage::known(class);
            stage.server.lock().unwrap().running_since = Some(jiff::Timestamp::now());
            let there = item("u0", "urn:x:there");
            stage.local_hat("u0", "urn:x:there", Some("There"));
            let (_, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
            assert_eq!(report.unwrap().rooms[0].sent, 1, "{class:?}");
            let was_sent = stage.remote(&there);
            // Only then is it sure that it was not sent in vain.
            std::thread::sleep(Duration::from_millis(3100));
            if falls_over {
                stage.server.lock().unwrap().crash();
                assert_eq!(stage.remote(&there), None);
            } else {
                stage.remote_set(&there, None);
            }
            stage.run(OtherRooms::Ignore, |_| true).unwrap();
            let expected = was_sent.filter(|_| falls_over);
            assert_eq!(stage.local(&there), expected, "{class:?}, {falls_over}");
            assert_eq!(stage.remote(&there), expected, "{class:?}, {falls_over}");
        }
    }
}

/// What a plan has of a room is as old as its own read, even if the room was read again since.
#[test]
fn an_apply_takes_no_answer_after_its_read_for_lost() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        stage.local_hat("u1", "urn:x:there", Some("There"));
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let request = request(stage.local_hat_at_once("other", "u0", "urn:x:there", Some("There")));
        let other = stage.session_of("other");
        other.worker.request(request).unwrap();
        assert_eq!(other.sent().rooms[0].sent, 1, "{class:?}");
        other.worker.finish();
        session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        drop(stage.local_hat_at_once("state", "u0", "urn:x:there", None));
        let report = session.send(&plan);
        assert_eq!(report.rooms[0].failed, [], "{class:?}");
        assert_eq!(report.rooms[0].sent, 2, "{class:?}");
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// A room is not read before each change, and may be another one by now.
#[test]
fn nothing_is_sent_to_a_room_that_was_created_again_since_it_was_read() {
    let stage = Stage::known(ServerClass::Prosody);
    let create = |stamp: &str| {
        let mut server = stage.server.lock().unwrap();
        server.rooms.get_mut(&room()).unwrap().created = Some(stamp.into());
    };
    create("first");
    stage.run(OtherRooms::Ignore, |_| true).unwrap();
    let session = stage.session();
    let send = |hat: &str| {
        let request = request(stage.local_hat_at_once("state", "u0", hat, Some("There")));
        session.worker.request(request).unwrap();
        session.sent().rooms.remove(0)
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
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::RoomMadeAnew));
}

#[test]
fn history_names_the_server_for_which_a_change_was_noted() {
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.local_hat("u0", "urn:x:ask", Some("Ask"));
        drop(stage.local_hat_at_once("state", "u0", "urn:x:new", Some("New")));
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

/// The same number of users in two rooms of a server as in one.
#[test]
fn removals_from_many_users_of_several_rooms_are_held() {
    let stage = Stage::known(ServerClass::Prosody);
    let second = jid("second@rooms.example.org");
    {
        let mut server = stage.server.lock().unwrap();
        let there = server.rooms[&room()].clone();
        server.rooms.insert(second.clone(), there);
    }
    stage.run(OtherRooms::Take, |_| true).unwrap();
    let (mut store, follows) = stage.store_at_once("state");
    let hat = item("u0", "urn:x:many");
    let hat = hat.hat().unwrap();
    let attachment = Attachment::default().with_active(true);
    let users = || {
        (0..30).map(|number| {
            let room = if number % 2 == 0 { room() } else { second.clone() };
            (jid(&format!("many{number}@example.org")), room)
        })
    };
    let (mut next, mut given, mut taken) = (
        store.wardrobe().clone(),
        EditGroup::default(),
        EditGroup::default(),
    );
    for (user, room) in users() {
        let added = next.set_affiliation(&user, &room, Affiliation::Member);
        given.0.extend(added.unwrap().0);
        let added = next.add_user_hat(&user, &room, hat, attachment.clone());
        given.0.extend(added.unwrap().0);
    }
    for (user, room) in users() {
        taken.0.extend(next.remove_user_hat(&user, &room, hat).unwrap().0);
    }
    for group in [given, taken] {
        assert_eq!(follows.try_iter().filter(is_held).count(), 0);
        store.commit(&[Change::from(group)]).unwrap()[0].as_ref().unwrap();
    }
    let follows: Vec<AfterCommit> = follows.try_iter().collect();
    assert!(follows.len() == 2 && follows.iter().all(is_held), "{follows:?}");
}

fn is_held(after: &AfterCommit) -> bool {
    let AfterCommit::Held { reason, .. } = after else {
        return false;
    };
    *reason == HeldReason::ManyLoseHats
}

/// A server is updated while a session is open.
#[test]
fn change_after_an_update_of_the_server_is_sent() {
    let stage = Stage::known(ServerClass::EjabberdOld);
    let (mut store, follows) = stage.store_at_once("state");
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
        .request(request(follows.try_iter().collect()))
        .unwrap();
    assert_eq!(session.sent().rooms[0].sent, 1);
    // Updated, and compared again.
    stage.upgrade_at_the_next_call(ServerClass::EjabberdCatalog);
    {
        let mut server = stage.server.lock().unwrap();
        let there = server.rooms.get_mut(&room()).unwrap();
        for id in ["urn:x:old", "urn:x:new"] {
            there
                .catalog
                .insert(HatId::unchecked(id), CatalogValue::new("Old", None));
        }
        for user in there.users.values_mut() {
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
        .request(request(follows.try_iter().collect()))
        .unwrap();
    let report = session.sent();
    let there = stage.remote(&item("u1", "urn:x:new"));
    assert_eq!(there, value(ServerClass::EjabberdCatalog, "Old"), "{report:?}");
}

/// The connection breaks while a change is sent, and the server is away for longer than is waited for.
#[test]
fn change_without_an_answer_is_sent_again_when_the_server_is_back() {
    for class in CLASSES {
        for first in [Fault::LostBefore, Fault::LostAfter] {
            let stage = Stage::known(class);
            let there = item("u0", "urn:x:there");
            let session = stage.session();
            session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            let follows = stage.local_hat_at_once("state", "u0", "urn:x:there", Some("There"));
            {
                let mut server = stage.server.lock().unwrap();
                let calls = server.calls;
                server.faults = [(calls + 2, first)].into();
                for call in calls + 3..calls + 7 {
                    server.faults.insert(call, Fault::Away);
                }
            }
            session.worker.request(request(follows)).unwrap();
            let report = session.sent();
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

/// A server that could not store a change, because its disk was full, can do so later.
#[test]
fn change_that_was_not_stored_is_sent_again() {
    let stage = Stage::known(ServerClass::Prosody);
    let session = stage.session();
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.server.lock().unwrap().disk_is_full = true;
    let request = request(stage.local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
    session.worker.request(request).unwrap();
    assert_eq!(session.sent().rooms[0].failed.len(), 1);
    stage.server.lock().unwrap().disk_is_full = false;
    let report = session.sent();
    assert_eq!(report.rooms[0].sent, 1, "{report:?}");
}

/// What is left of a plan that somebody stopped waits for the next plan.
#[test]
fn stopped_apply_is_not_continued_by_the_next_change() {
    for class in CLASSES {
        let stage = Stage::known(class);
        for number in 0..5 {
            stage.local_hat(&format!("u{number}"), "urn:x:there", Some("There"));
        }
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let (began, has_begun) = channel();
        let (go_on, goes_on) = channel::<()>();
        stage.server.lock().unwrap().after_change = Some(Meanwhile(Box::new(move || {
            began.send(()).unwrap();
            goes_on.recv().unwrap();
        })));
        let (id, reason) = (2, None);
        session
            .worker
            .request(ServerRequest::Apply { id, plan, reason })
            .unwrap();
        has_begun.recv().unwrap();
        session.worker.request(ServerRequest::Stop { id }).unwrap();
        go_on.send(()).unwrap();
        let stopped = session.wait(|event| match event {
            ServerEvent::Applied { stopped, .. } => Some(stopped),
            _ => None,
        });
        assert!(stopped, "{class:?}");
        let request = request(stage.local_hat_at_once("state", "u0", "urn:x:old", None));
        session.worker.request(request).unwrap();
        assert_eq!(session.sent().rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&item("u4", "urn:x:there")), None, "{class:?}");
        let report = session.run().1;
        assert_eq!(report.rooms[0].unsent, 0, "{class:?}");
        assert_eq!(stage.remote(&item("u4", "urn:x:there")), value(class, "There"));
    }
}

/// A room that was gone and is there again is sent to, once it was compared.
#[test]
fn room_that_is_back_and_was_compared_is_sent_to() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let session = stage.session();
        stage.server.lock().unwrap().gone = true;
        let first = request(stage.local_hat_at_once("state", "u0", "urn:x:there", Some("There")));
        session.worker.request(first).unwrap();
        assert_eq!(session.sent().rooms[0].unsent, 1, "{class:?}");
        session.run();
        stage.server.lock().unwrap().gone = false;
        session.run();
        let second = request(stage.local_hat_at_once("state", "u1", "urn:x:there", Some("There")));
        session.worker.request(second.clone()).unwrap();
        let report = loop {
            let report = session.sent();
            // One that was tried again.
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
