//! The lock of a followed room is held only while a session follows the room, and contains signs of life of that
//! session.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use hatrack::server::{ProsodyAccess, ServerAccess, ServerSettings};
use hatrack::store::{SideFolder, SideLock};
use hatrack::sync::LocalRoom;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::simulated::{Connection, Simulated};

fn lock_name() -> String {
    let digest = Sha256::digest(room().as_str());
    let digest = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("{}.follower", digest.collect::<String>())
}

/// The lock of the room, if nobody follows it.
fn lock_if_free(stage: &Stage) -> Option<SideLock> {
    let data = stage.folder.path().join("hats.json");
    let folder = SideFolder::next_to(&data, "servers", "example").unwrap();
    folder.lock(&lock_name(), Duration::ZERO).unwrap()
}

/// Waits until the room's lock is free.
fn wait_until_others_can_follow(stage: &Stage) {
    let until = Instant::now() + Duration::from_secs(60);
    while lock_if_free(stage).is_none() {
        assert!(Instant::now() < until, "the room is still locked");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Calls a function in the next poll, before its result is returned.
fn call_in_next_poll(stage: &Stage, call: impl FnOnce() + Send + 'static) {
    // A callback needs a poll that finds something.
    stage.server.lock().unwrap().after_poll = Some(Callback(Box::new(call)));
    change_by_others(
        stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
}

#[test]
fn thread_of_one_server_writes_no_sign_of_life_into_the_locks_of_another() {
    let stage = Stage::compared(ServerClass::Prosody);
    let two = jid("courses@two.example.org");
    let mut simulated = Simulated::new(ServerClass::Prosody);
    let remote = stage.server.lock().unwrap().rooms[&room()].clone();
    simulated.rooms.insert(two.clone(), remote);
    let second = Arc::new(Mutex::new(simulated));
    let mut options = stage.options("state", Rights::default());
    let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()));
    let settings = ServerSettings::new("two", vec![jid("two.example.org")], access);
    options.servers.push(settings);
    let first = stage.server.clone();
    let session = stage.session_with_backends(options, move |settings, _| {
        let is_second = &*settings.entry.name == "two";
        Box::new(Connection::new(if is_second { &second } else { &first }))
    });
    let mut store = stage.store();
    let compare = ServerRequest::Plan {
        id: 1,
        server: "two".into(),
        rooms: Vec::new(),
        others: OtherRooms::Take,
        revision: store.wardrobe().revision,
        affiliations: None,
    };
    session.worker.request(compare).unwrap();
    let plan = session.wait(|event| match event {
        ServerEvent::Planned { plan, .. } => Some(plan.unwrap()),
        _ => None,
    });
    let received = Change {
        actor: Some(server_actor("two").into()),
        ..Change::from(plan.rooms[0].edits_to_receive(None))
    };
    assert!(store.commit(&[received]).unwrap()[0].is_ok());
    let local = |room: &Jid| LocalRoom {
        local: store.wardrobe().room(room).cloned(),
        room: room.clone(),
        is_requested: false,
    };
    let report = ServerRequest::Received {
        server: "two".into(),
        room: local(&two),
        revision: store.wardrobe().revision,
        received: plan.rooms[0].received(),
        held: plan.rooms[0].held(),
    };
    session.worker.request(report).unwrap();
    session.follow_rooms(vec![local(&room())], &store);
    assert_eq!(session.wait_for_follower(), Follower::Here);
    let folder = stage.folder.path().join("hats.servers/example");
    let lock_content = || std::fs::read_to_string(folder.join(format!("{}.lock", lock_name()))).unwrap();
    let before = lock_content();
    // While this guard exists, the thread of the first server waits for its server.
    let server_guard = stage.server.lock().unwrap();
    for _ in 0..2 {
        // The second room is followed, for which a sign is written at once, and then released.
        session.follow_rooms(vec![local(&room()), local(&two)], &store);
        assert_eq!(session.wait_for_follower(), Follower::Here);
        session.follow_rooms(vec![local(&room())], &store);
    }
    assert_eq!(lock_content(), before);
    drop(server_guard);
}

#[test]
fn other_sessions_can_follow_the_rooms_of_a_thread_that_panicked() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::Here);
    assert!(lock_if_free(&stage).is_none());
    call_in_next_poll(&stage, || panic!("for a test"));
    let away = ServerState::Away("internal error".into());
    session.wait(|event| match event {
        ServerEvent::State { state, .. } => (state == away).then_some(()),
        _ => None,
    });
    wait_until_others_can_follow(&stage);
}

#[test]
fn other_sessions_can_follow_the_rooms_of_a_server_that_refuses_access() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::Here);
    session.wait_for_polls(&stage);
    let ((polled, is_polled), (resume, is_resumed)) = (channel(), channel::<()>());
    let server = stage.server.clone();
    call_in_next_poll(&stage, move || {
        server.lock().unwrap().refusal = Some("no longer an administrator".into());
        polled.send(()).unwrap();
        // The worker continues when its next request is sent.
        let _ = is_resumed.recv();
    });
    is_polled.recv_timeout(Duration::from_secs(60)).unwrap();
    let compare = ServerRequest::Plan {
        id: 1,
        server: "example".into(),
        rooms: vec![local_room(&store)],
        others: OtherRooms::Ignore,
        revision: store.wardrobe().revision,
        affiliations: None,
    };
    session.worker.request(compare).unwrap();
    resume.send(()).unwrap();
    let plan = session.wait(|event| match event {
        ServerEvent::Planned { plan, .. } => Some(plan),
        _ => None,
    });
    assert!(plan.is_err());
    wait_until_others_can_follow(&stage);
}
