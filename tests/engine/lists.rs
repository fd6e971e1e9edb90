//! Affiliation lists that are read one after another, while somebody moves users between them.

use std::time::Duration;

use hatrack::model::Affiliation;
use hatrack::sync::{Item, OtherRooms, ServerClass, ServerEvent, ServerRequest};

use crate::stage::*;

const EJABBERD: [ServerClass; 2] = [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog];

fn user(name: &str) -> hatrack::model::Jid {
    jid(&format!("{name}@example.org"))
}

#[test]
fn user_who_is_moved_between_the_lists_meanwhile_is_not_unaffiliated() {
    for class in EJABBERD {
        for (moving, reads) in [
            (vec!["u1"], 2),
            (vec!["u1", "u2"], 3),
            (vec!["u1", "u1", "u2"], 3),
        ] {
            let stage = Stage::known(class);
            let session = stage.session();
            {
                let mut server = stage.server.lock().unwrap();
                server.moving = moving.iter().map(|name| user(name)).collect();
                server.reads = 0;
            }
            let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            let found: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.user()).collect();
            // Of three reads, two show the same user.
            let is_believed = moving.len() > reads - 1;
            assert_eq!(found.is_empty(), !is_believed, "{class:?} {moving:?}: {found:?}");
            assert_eq!(stage.server.lock().unwrap().reads, reads, "{class:?} {moving:?}");
        }
    }
}

#[test]
fn user_who_is_no_longer_affiliated_is_read_twice_once() {
    for class in EJABBERD {
        let stage = Stage::known(class);
        let session = stage.session();
        stage.remote_set(&Item::Affiliation { user: user("u1") }, None);
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
        let stage = Stage::known(class);
        let (session, store) = (stage.session(), stage.store());
        stage.server.lock().unwrap().moving = vec![user("u1")];
        // Nobody is asked for a password because of rooms that are followed.
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
        // What was read first shows no difference.
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
        let is_member = |there: &Affiliation| *there == Affiliation::Member;
        assert!(is_member(
            &stage.server.lock().unwrap().rooms[&room()].users[&user("u1")].affiliation
        ));
    }
}
