//! Affiliation lists of ejabberd, which are read one after another, while someone moves users from one list to another.

use std::time::Duration;

use hatrack::model::Affiliation;
use hatrack::sync::{Item, OtherRooms, ServerClass, ServerEvent, ServerRequest};

use crate::stage::*;

const EJABBERD: [ServerClass; 2] = [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog];

fn user(name: &str) -> hatrack::model::Jid {
    jid(&format!("{name}@example.org"))
}

#[test]
fn room_is_read_again_until_no_further_user_is_missing() {
    for class in EJABBERD {
        for (moving, reads) in [
            (vec!["u1"], 2),
            (vec!["u1", "u2"], 3),
            (vec!["u1", "u1", "u2"], 3),
        ] {
            let stage = Stage::compared(class);
            let session = stage.session();
            {
                let mut server = stage.server.lock().unwrap();
                server.moving = moving.iter().map(|name| user(name)).collect();
                server.reads = 0;
            }
            let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            let found: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.user()).collect();
            // Two of the three reads miss the same user.
            let is_difference = moving.len() == reads;
            assert_eq!(
                found.is_empty(),
                !is_difference,
                "{class:?} {moving:?}: {found:?}"
            );
            assert_eq!(stage.server.lock().unwrap().reads, reads, "{class:?} {moving:?}");
        }
    }
}

#[test]
fn missing_user_is_confirmed_by_a_second_read_only_once() {
    for class in EJABBERD {
        let stage = Stage::compared(class);
        let session = stage.session();
        stage.set_remote(&Item::Affiliation { user: user("u1") }, None);
        for reads in [2, 1] {
            stage.server.lock().unwrap().reads = 0;
            let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            assert!(!plan.rooms[0].lines.is_empty(), "{class:?}");
            assert_eq!(stage.server.lock().unwrap().reads, reads, "{class:?}");
        }
    }
}

#[test]
fn following_receives_no_removal_of_a_user_who_is_moved() {
    for class in EJABBERD {
        let stage = Stage::compared(class);
        let (session, store) = (stage.session(), stage.store());
        stage.server.lock().unwrap().moving = vec![user("u1")];
        // To follow rooms, a session does not ask for the password, so it has to be connected first.
        let server = "example".into();
        session
            .worker
            .request(ServerRequest::Reconnect { server })
            .unwrap();
        session
            .worker
            .request(ServerRequest::Follow {
                rooms: vec![local_room(&store)],
                selected: None,
                revision: store.wardrobe().revision,
                interval: Duration::from_millis(1),
                may_ask: false,
            })
            .unwrap();
        // The first read misses the user, but is not used.
        let compared = session.wait(|event| match event {
            ServerEvent::Compared { plan, .. } => Some(plan.lines.len()),
            ServerEvent::Incoming { plan, .. } => panic!("{class:?}: {plan:?}"),
            _ => None,
        });
        assert_eq!(compared, 0, "{class:?}");
        assert_eq!(
            stage.local(&item("u1", "urn:x:old")),
            value(class, "Old"),
            "{class:?}"
        );
        let remote = stage.server.lock().unwrap().rooms[&room()].clone();
        assert_eq!(remote.users[&user("u1")].affiliation, Affiliation::Member);
    }
}
