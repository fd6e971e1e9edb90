//! The lock of a followed room is held, and shows signs of life, only while somebody looks at the room.

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

fn assert_others_can_follow(stage: &Stage) {
    let until = Instant::now() + Duration::from_secs(60);
    while lock_if_free(stage).is_none() {
        assert!(Instant::now() < until, "the room is still locked");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What happens on the server before the next look is answered.
fn after_next_look(stage: &Stage, happens: impl FnOnce() + Send + 'static) {
    stage.server.lock().unwrap().after_look = Some(Meanwhile(Box::new(happens)));
    others_change(
        stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
}

#[test]
fn server_that_answers_gives_no_sign_of_life_for_one_that_does_not() {
    let stage = Stage::known(ServerClass::Prosody);
    let two = jid("courses@two.example.org");
    let mut simulated = Simulated::new(ServerClass::Prosody);
    let there = stage.server.lock().unwrap().rooms[&room()].clone();
    simulated.rooms.insert(two.clone(), there);
    let second = Arc::new(Mutex::new(simulated));
    let mut options = stage.options("state", Rights::default());
    let access = ServerAccess::Prosody(ProsodyAccess::Socket("/nowhere".into()));
    let settings = ServerSettings::new("two", vec![jid("two.example.org")], access);
    options.servers.push(settings);
    let first = stage.server.clone();
    let session = stage.session_by(options, move |settings, _| {
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
    let taken = Change {
        actor: Some(server_actor("two").into()),
        ..Change::from(plan.rooms[0].edits_to_receive(None))
    };
    assert!(store.commit(&[taken]).unwrap()[0].is_ok());
    let local = |room: &Jid| LocalRoom {
        local: store.wardrobe().room(room).cloned(),
        room: room.clone(),
        is_requested: false,
    };
    let received = ServerRequest::Received {
        server: "two".into(),
        room: local(&two),
        revision: store.wardrobe().revision,
        received: plan.rooms[0].received(),
        held: plan.rooms[0].held(),
    };
    session.worker.request(received).unwrap();
    session.follow_rooms(vec![local(&room())], &store);
    assert_eq!(session.follower(), Follower::Here);
    let folder = stage.folder.path().join("hats.servers/example");
    let sign = || std::fs::read_to_string(folder.join(format!("{}.lock", lock_name()))).unwrap();
    let before = sign();
    // From now on, the thread of the first server waits for it.
    let hung = stage.server.lock().unwrap();
    for _ in 0..2 {
        // The second one is taken, which gives a sign at once, and left.
        session.follow_rooms(vec![local(&room()), local(&two)], &store);
        assert_eq!(session.follower(), Follower::Here);
        session.follow_rooms(vec![local(&room())], &store);
    }
    assert_eq!(sign(), before);
    drop(hung);
}

#[test]
fn rooms_of_a_thread_that_panics_are_followed_by_others() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::Here);
    assert!(lock_if_free(&stage).is_none());
    after_next_look(&stage, || panic!("for a test"));
    let away = ServerState::Away("internal error".into());
    session.wait(|event| match event {
        ServerEvent::State { state, .. } => (state == away).then_some(()),
        _ => None,
    });
    assert_others_can_follow(&stage);
}

#[test]
fn rooms_of_a_server_that_refuses_are_followed_by_others() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::Here);
    session.after_looks(&stage);
    let ((looked, looks), (asked, waits)) = (channel(), channel::<()>());
    let server = stage.server.clone();
    after_next_look(&stage, move || {
        server.lock().unwrap().refuses = Some("no longer an administrator".into());
        looked.send(()).unwrap();
        // The request is the next thing to do.
        let _ = waits.recv();
    });
    looks.recv_timeout(Duration::from_secs(60)).unwrap();
    let compare = ServerRequest::Plan {
        id: 1,
        server: "example".into(),
        rooms: vec![local_room(&store)],
        others: OtherRooms::Ignore,
        revision: store.wardrobe().revision,
        affiliations: None,
    };
    session.worker.request(compare).unwrap();
    asked.send(()).unwrap();
    let plan = session.wait(|event| match event {
        ServerEvent::Planned { plan, .. } => Some(plan),
        _ => None,
    });
    assert!(plan.is_err());
    assert_others_can_follow(&stage);
}
