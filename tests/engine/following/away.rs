//! Rooms that cannot be followed for a while: the server is away, the room is gone, or others change what is known of it.

use std::sync::Mutex;

use super::*;

fn is_follows(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::Follows { .. })
}

#[test]
fn room_is_followed_again_once_another_session_compared_it() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, mut store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    go_away(&stage);
    assert_eq!(session.follower(), Follower::NotCompared);
    stage.server.lock().unwrap().gone = false;
    let other = stage.session_of("other");
    let plan = other.plan(&store, OtherRooms::Ignore).unwrap();
    assert!(other.receive(&mut store, &plan, &|_| true));
    other.worker.finish();
    assert_eq!(session.follower(), Follower::Here);
}

#[test]
fn room_is_reported_as_followed_once_it_was_read() {
    let stage = Stage::known(ServerClass::Prosody);
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
    let stage = Stage::known(class);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    {
        let mut server = stage.server.lock().unwrap();
        let next = server.calls + 1;
        server.faults = (next..next + 2).map(|call| (call, Fault::Away)).collect();
        let there = server.rooms.get_mut(&room()).unwrap();
        crate::simulated::set(there, &item("u0", "urn:x:there"), value(class, "There"));
    }
    let mut said = Vec::new();
    session.wait(|event| {
        said.extend(is_follows(&event).then(|| event.clone()));
        incoming(event)
    });
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn server_that_is_away_is_not_tried_because_another_room_is_selected() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
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
        // Time for what should not happen.
        std::thread::sleep(Duration::from_millis(100));
    }
    // It is tried now and then by itself.
    let tried = calls() - before;
    assert!(tried < 8, "{tried}");
}

#[test]
fn room_is_read_again_at_once_if_another_session_sent_meanwhile() {
    let class = ServerClass::Prosody;
    let stage = Arc::new(Stage::known(class));
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    let theirs = item("u1", "urn:x:there");
    // The number of looks at each of the two reads.
    let looks: Arc<Mutex<Vec<usize>>> = Arc::default();
    let note = |stage: &Arc<Stage>, looks: &Arc<Mutex<Vec<usize>>>| {
        let (stage, looks) = (stage.clone(), looks.clone());
        move || {
            let now = stage.server.lock().unwrap().looks;
            looks.lock().unwrap().push(now);
        }
    };
    let act = {
        let (first, second) = (note(&stage, &looks), note(&stage, &looks));
        let stage = stage.clone();
        move || {
            first();
            send_by_another_account(&stage);
            stage.server.lock().unwrap().after_read = Some(Meanwhile(Box::new(second)));
        }
    };
    {
        let mut server = stage.server.lock().unwrap();
        server.after_read = Some(Meanwhile(Box::new(act)));
        let there = server.rooms.get_mut(&room()).unwrap();
        crate::simulated::set(there, &theirs, value(class, "There"));
        server.change_room(&room());
    }
    let (plan, _) = session.incoming();
    assert!(plan.rooms[0].received().into_keys().eq([theirs]));
    let looks = looks.lock().unwrap();
    assert!(
        matches!(looks[..], [first, second] if first == second),
        "{looks:?}"
    );
}

/// Nobody asks for anything: who follows sends again what the server lost.
#[test]
fn what_the_server_lost_is_sent_again_by_who_follows() {
    for class in CLASSES.into_iter().filter(|class| !class.confirms_storage()) {
        let stage = Stage::known(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.after_looks(&stage);
        let there = item("u0", "urn:x:there");
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.sent();
        stage.server.lock().unwrap().crash();
        assert_eq!(stage.remote(&there), None, "{class:?}: it is lost");
        let report = session.wait(|event| match event {
            ServerEvent::Sent { report, .. } => Some(report),
            event => incoming(event).map(|plan| panic!("{plan:?}")),
        });
        assert_eq!(report.rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&there), value(class, "There"), "{class:?}");
        assert_eq!(stage.local(&there), value(class, "There"), "{class:?}");
        // It is sent once.
        assert_nothing_comes_in(session.after_looks(&stage));
        assert_eq!(stage.server.lock().unwrap().changed[&there], 2, "{class:?}");
    }
}

/// A room that was destroyed and made anew is neither received nor sent to, although it was read for sending shortly before.
#[test]
fn nothing_goes_to_or_comes_from_a_room_that_was_made_anew() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.after_looks(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.sent();
        {
            let mut server = stage.server.lock().unwrap();
            let there = server.rooms.get_mut(&room()).unwrap();
            for user in std::mem::take(&mut there.users).into_keys() {
                let stranger = jid(&format!("new-{user}"));
                there.users.entry(stranger).or_default().affiliation = Affiliation::Member;
            }
            there.catalog.clear();
            server.change_room(&room());
        }
        let said = session.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            event => incoming(event).map(|plan| panic!("{class:?}: {plan:?}")),
        });
        assert_eq!(said, Follower::NotCompared, "{class:?}");
        let before = stage.server.lock().unwrap().rooms[&room()].clone();
        add(&mut store, "u1", "urn:x:there", "There");
        for follows in requests.try_iter() {
            if let AfterCommit::Send(request) = follows {
                session.worker.request(request).unwrap();
                let report = session.wait(|event| match event {
                    ServerEvent::Sent { report, .. } => Some(report),
                    _ => None,
                });
                assert!(report.rooms.iter().all(|room| room.sent == 0), "{report:?}");
            }
        }
        session.worker.finish();
        assert_nothing_comes_in(session.events.try_iter().collect());
        assert_eq!(stage.server.lock().unwrap().rooms[&room()], before, "{class:?}");
        assert_eq!(stage.local(&item("u0", "urn:x:old")), value(class, "Old"));
    }
}
