//! Removals of many users are held back, whoever received those before.

use std::time::Duration;

use hatrack::model::Affiliation;
use hatrack::sync::{
    LocalRoom, OtherRooms, Reason, RemoteRoom, RemoteUser, ServerClass, ServerEvent, ServerRequest,
};

use crate::stage::*;

#[test]
fn what_other_sessions_received_counts() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let lose = |user: &str| stage.remote_set(&item(user, "urn:x:old"), None);
        lose("u0");
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(plan.rooms[0].counts().receive, 1, "{plan:?}");
        lose("u1");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        lose("u2");
        lose("u3");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(stage.local(&item("u3", "urn:x:old")), None);
        lose("u4");
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let reasons: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.reason).collect();
        assert_eq!(
            reasons,
            [Some(Reason::Held)],
            "{class:?}: all have lost their hats"
        );
    }
}

/// What a followed room loses counts for a plan even before the file has it.
#[test]
fn what_was_reported_and_is_not_in_the_file_yet_counts() {
    let class = ServerClass::Prosody;
    let stage = Stage::known(class);
    let second = jid("second@rooms.example.org");
    let mut there = RemoteRoom::default();
    for number in 0..25 {
        let user = RemoteUser {
            affiliation: Affiliation::Member,
            ..RemoteUser::default()
        };
        there.users.insert(jid(&format!("v{number}@example.org")), user);
        let old = item(&format!("v{number}"), "urn:x:old");
        crate::simulated::set(&mut there, &old, value(class, "Old"));
    }
    stage.server.lock().unwrap().rooms.insert(second.clone(), there);
    stage.run(OtherRooms::Take, |_| true).unwrap();
    let (session, store) = (stage.session(), stage.store());
    let rooms = [room(), second.clone()].map(|room| LocalRoom {
        local: store.wardrobe().room(&room).cloned(),
        room,
        is_requested: false,
    });
    assert!(rooms.iter().all(|room| room.local.is_some()));
    session
        .worker
        .request(ServerRequest::Follow {
            rooms: rooms.into(),
            selected: None,
            revision: store.wardrobe().revision,
            interval: Duration::from_millis(1),
            may_ask: false,
        })
        .unwrap();
    {
        let mut server = stage.server.lock().unwrap();
        for number in 0..18 {
            let old = item(&format!("v{number}"), "urn:x:old");
            server.change(&second, &old, None, None);
        }
        server.change_room(&second);
    }
    let reported = session.wait(|event| match event {
        ServerEvent::Incoming { plan, .. } => Some(plan.counts().receive),
        _ => None,
    });
    assert_eq!(reported, 18);
    for user in ["u0", "u1", "u2"] {
        stage.remote_set(&item(user, "urn:x:old"), None);
    }
    let counts = session.plan(&store, OtherRooms::Ignore).unwrap().counts();
    assert_eq!((counts.receive, counts.held), (2, 1));
}

/// Without the history nobody knows how many have lost hats already.
#[test]
fn removals_are_held_while_the_history_cannot_be_read() {
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.remote_set(&item("u0", "urn:x:old"), None);
        let session = stage.session();
        let history = stage.folder.path().join("hats.history.jsonl");
        let contents = std::fs::read(&history).unwrap();
        std::fs::remove_file(&history).unwrap();
        std::fs::create_dir(&history).unwrap();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(
            plan.rooms[0].lines[0].reason,
            Some(Reason::HistoryUnreadable),
            "{class:?}"
        );
        assert_eq!((plan.counts().receive, plan.counts().held), (0, 1), "{class:?}");
        let report = session.send(&plan);
        let why = report.rooms[0].error.as_deref().unwrap();
        assert!(why.contains("history cannot be read"), "{class:?}: {why}");
        std::fs::remove_dir(&history).unwrap();
        std::fs::write(&history, contents).unwrap();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!((plan.counts().receive, plan.counts().held), (1, 0), "{class:?}");
    }
}
