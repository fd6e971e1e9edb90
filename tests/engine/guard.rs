//! Removals of hats from many users are held back. Earlier removals count, also those that other sessions received.

use std::time::Duration;

use hatrack::model::Affiliation;
use hatrack::sync::{
    LocalRoom, OtherRooms, Reason, RemoteRoom, RemoteUser, ServerClass, ServerEvent, ServerRequest,
};

use crate::stage::*;

#[test]
fn removals_that_other_sessions_received_count() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let remove_hat = |user: &str| stage.set_remote(&item(user, "urn:x:old"), None);
        remove_hat("u0");
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(plan.rooms[0].counts().receive, 1, "{plan:?}");
        remove_hat("u1");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        remove_hat("u2");
        remove_hat("u3");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(stage.local(&item("u3", "urn:x:old")), None);
        remove_hat("u4");
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let reasons: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.reason).collect();
        assert_eq!(
            reasons,
            [Some(Reason::Held)],
            "{class:?}: all users have lost their hats"
        );
    }
}

/// Removals in a followed room count for a plan even before they are in the file.
#[test]
fn reported_removals_that_are_not_in_the_file_yet_count() {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let second = jid("second@rooms.example.org");
    let mut remote = RemoteRoom::default();
    for number in 0..25 {
        let user = RemoteUser {
            affiliation: Affiliation::Member,
            ..RemoteUser::default()
        };
        remote.users.insert(jid(&format!("v{number}@example.org")), user);
        let old = item(&format!("v{number}"), "urn:x:old");
        crate::simulated::set(&mut remote, &old, value(class, "Old"));
    }
    stage.server.lock().unwrap().rooms.insert(second.clone(), remote);
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
        server.log_room_change(&second);
    }
    let reported = session.wait(|event| match event {
        ServerEvent::Incoming { plan, .. } => Some(plan.counts().receive),
        _ => None,
    });
    assert_eq!(reported, 18);
    for user in ["u0", "u1", "u2"] {
        stage.set_remote(&item(user, "urn:x:old"), None);
    }
    let counts = session.plan(&store, OtherRooms::Ignore).unwrap().counts();
    assert_eq!((counts.receive, counts.held), (2, 1));
}

/// Without the history, it is unknown how many users have lost hats in the last hour.
#[test]
fn removals_are_held_while_the_history_cannot_be_read() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_remote(&item("u0", "urn:x:old"), None);
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
