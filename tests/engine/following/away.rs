//! Rooms that cannot be followed for a while: the server is away, the room is gone, or another session changes the
//! room's base.

use std::sync::Mutex;

use super::*;

#[test]
fn room_is_followed_again_once_another_session_compared_it() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, mut store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    remove_room(&stage);
    assert_eq!(session.wait_for_follower(), Follower::NotCompared);
    stage.server.lock().unwrap().rooms_are_gone = false;
    let other = stage.session_of("other");
    let plan = other.plan(&store, OtherRooms::Ignore).unwrap();
    assert!(other.receive(&mut store, &plan, &|_| true));
    other.worker.finish();
    assert_eq!(session.wait_for_follower(), Follower::Here);
}

#[test]
fn room_is_reported_as_followed_once_it_was_read() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    {
        let mut server = stage.server.lock().unwrap();
        let next = server.calls + 1;
        server.faults = (next..next + 2).map(|call| (call, Fault::Away)).collect();
    }
    session.follow_rooms(vec![local_room(&store)], &store);
    let mut away = 0;
    let follower = session.wait(|event| match event {
        ServerEvent::State {
            state: ServerState::Away(_),
            ..
        } => {
            away += 1;
            None
        }
        ServerEvent::Follows { follower, .. } => Some(follower),
        _ => None,
    });
    assert_eq!((away, follower), (2, Follower::Here));
}

#[test]
fn room_is_not_reported_as_followed_again_after_a_lost_connection() {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    {
        let mut server = stage.server.lock().unwrap();
        let next = server.calls + 1;
        server.faults = (next..next + 2).map(|call| (call, Fault::Away)).collect();
        let remote = server.rooms.get_mut(&room()).unwrap();
        crate::simulated::set(remote, &item("u0", "urn:x:there"), value(class, "There"));
    }
    let mut followers = Vec::new();
    session.wait(|event| {
        if let ServerEvent::Follows { follower, .. } = &event {
            followers.push(follower.clone());
        }
        incoming(event)
    });
    assert_eq!(followers, []);
}

#[test]
fn selecting_a_room_does_not_reconnect_to_a_server_that_is_away() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let calls = || stage.server.lock().unwrap().calls;
    {
        let mut server = stage.server.lock().unwrap();
        let next = server.calls + 1;
        server.faults = (next..next + 10_000).map(|call| (call, Fault::Away)).collect();
    }
    wait_until(calls() + 3, calls);
    let before = calls();
    for _ in 0..20 {
        session
            .worker
            .request(ServerRequest::Follow {
                rooms: vec![local_room(&store)],
                selected: Some(room()),
                revision: store.wardrobe().revision,
                interval: Duration::from_millis(1),
                may_ask: false,
            })
            .unwrap();
        // Gives the worker time to connect, which it should not do.
        std::thread::sleep(Duration::from_millis(100));
    }
    // The session tries to reconnect a few times without a request.
    let attempts = calls() - before;
    assert!(attempts < 8, "{attempts}");
}

#[test]
fn room_is_read_again_at_once_if_another_session_sends_during_the_read() {
    let class = ServerClass::Prosody;
    let stage = Arc::new(Stage::compared(class));
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let theirs = item("u1", "urn:x:there");
    // The number of polls before each of the two reads.
    let polls: Arc<Mutex<Vec<usize>>> = Arc::default();
    let note_polls = |stage: &Arc<Stage>, polls: &Arc<Mutex<Vec<usize>>>| {
        let (stage, polls) = (stage.clone(), polls.clone());
        move || {
            let count = stage.server.lock().unwrap().polls;
            polls.lock().unwrap().push(count);
        }
    };
    let send_during_first_read = {
        let (note_first, note_second) = (note_polls(&stage, &polls), note_polls(&stage, &polls));
        let stage = stage.clone();
        move || {
            note_first();
            send_by_another_account(&stage);
            stage.server.lock().unwrap().after_read = Some(Callback(Box::new(note_second)));
        }
    };
    {
        let mut server = stage.server.lock().unwrap();
        server.after_read = Some(Callback(Box::new(send_during_first_read)));
        let remote = server.rooms.get_mut(&room()).unwrap();
        crate::simulated::set(remote, &theirs, value(class, "There"));
        server.log_room_change(&room());
    }
    let (plan, _) = session.wait_for_incoming();
    assert!(plan.rooms[0].received().into_keys().eq([theirs]));
    let polls = polls.lock().unwrap();
    assert!(
        matches!(polls[..], [first, second] if first == second),
        "{polls:?}"
    );
}

#[test]
fn follower_sends_lost_changes_again_without_a_request() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::compared(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.wait_for_polls(&stage);
        let there = item("u0", "urn:x:there");
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.wait_for_sent();
        stage.server.lock().unwrap().crash();
        assert_eq!(stage.remote(&there), None, "{class:?}: the change is not lost");
        let report = session.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            event => incoming(event).map(|plan| panic!("{plan:?}")),
        });
        assert_eq!(report.rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&there), value(class, "There"), "{class:?}");
        assert_eq!(stage.local(&there), value(class, "There"), "{class:?}");
        // The change is sent again only once.
        assert_nothing_incoming(session.wait_for_polls(&stage));
        assert_eq!(stage.server.lock().unwrap().change_counts[&there], 2, "{class:?}");
    }
}

/// The room is destroyed and created again shortly after it was read for sending.
#[test]
fn nothing_is_sent_to_or_received_from_a_room_that_was_created_again() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.wait_for_polls(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.wait_for_sent();
        {
            let mut server = stage.server.lock().unwrap();
            let remote = server.rooms.get_mut(&room()).unwrap();
            for user in std::mem::take(&mut remote.users).into_keys() {
                let other_user = jid(&format!("new-{user}"));
                remote.users.entry(other_user).or_default().affiliation = Affiliation::Member;
            }
            remote.catalog.clear();
            server.log_room_change(&room());
        }
        let follower = session.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            event => incoming(event).map(|plan| panic!("{class:?}: {plan:?}")),
        });
        assert_eq!(follower, Follower::NotCompared, "{class:?}");
        let before = stage.server.lock().unwrap().rooms[&room()].clone();
        add(&mut store, "u1", "urn:x:there", "There");
        for after_commit in requests.try_iter() {
            if let AfterCommit::Send(request) = after_commit {
                session.worker.request(request).unwrap();
                let report = session.wait(|event| match event {
                    ServerEvent::Sent { report, .. } => Some(report),
                    _ => None,
                });
                assert!(report.rooms.iter().all(|room| room.sent == 0), "{report:?}");
            }
        }
        session.worker.finish();
        assert_nothing_incoming(session.events.try_iter().collect());
        assert_eq!(stage.server.lock().unwrap().rooms[&room()], before, "{class:?}");
        assert_eq!(stage.local(&item("u0", "urn:x:old")), value(class, "Old"));
    }
}
