//! The table: rooms; when a base counts.

use std::sync::Arc;

use hatrack::model::{Affiliation, Edit};
use hatrack::sync::{Base, MAX_BASE_BYTES, RoomRead, RoomState, SetAside, merge};

use crate::sides::*;

#[test]
fn room_name_is_received_if_unchanged_and_never_sent() {
    for class in ALL {
        let mut sides = Sides::known(class, |_| {});
        sides.remote.name = Some("Courses".into());
        assert_eq!(sides.lines(), ["name: receive"]);
        sides.carry_out();
        assert_eq!(sides.local().unwrap().name.as_deref(), Some("Courses"));
        sides.file.rename_room(&room(), Some("Mine")).unwrap();
        assert_eq!(sides.lines(), [""; 0]);
        sides.remote.name = Some("Lessons".into());
        assert_eq!(sides.lines(), [""; 0]);
        sides.file.rename_room(&room(), Some("Courses")).unwrap();
        assert_eq!(sides.lines(), ["name: receive"]);
        sides.remote.name = None;
        sides.carry_out();
        assert_eq!(sides.local().unwrap().name, None);
    }
}

#[test]
fn remote_only_room_is_listed_and_received_on_request() {
    for class in ALL {
        let mut sides = Sides::unknown(class);
        sides.file.remove_room(&room()).unwrap();
        sides
            .remote_user("owner", Affiliation::Owner)
            .remote_hat("owner", "t", Some("a Teacher"));
        sides.remote.name = Some("Courses".into());
        let plan = sides.merge();
        assert_eq!((&plan.state, plan.lines.len()), (&RoomState::OnlyOnServer, 0));
        assert!(plan.edits_to_receive(None).is_empty());
        sides.options.is_requested = true;
        let plan = sides.merge();
        assert_eq!(plan.state, RoomState::Compared);
        let group = sides.receive(&plan);
        assert!(
            matches!(group.0.as_slice(), [Edit::Room { before: None, .. }]),
            "one edit"
        );
        sides.settle();
        assert!(sides.merge().is_settled());
        assert_eq!(sides.local().unwrap().name.as_deref(), Some("Courses"));
        assert!(sides.here_hat("owner", "t").is_some());
    }
}

#[test]
fn locally_removed_room_is_not_compared_until_requested() {
    for class in ALL {
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[("t", "a T")]);
        });
        sides.file.remove_room(&room()).unwrap();
        let plan = sides.merge();
        assert_eq!((&plan.state, plan.lines.len()), (&RoomState::RemovedFromFile, 0));
        assert!(plan.sending().changes.is_empty() && plan.edits_to_receive(None).is_empty());
        sides.options.is_requested = true;
        let plan = sides.merge();
        sides.receive(&plan);
        assert!(sides.here_hat("terry", "t").is_some());
    }
}

#[test]
fn local_only_room_is_never_created_remotely_nor_lost() {
    for class in ALL {
        let mut sides = Sides::unknown(class);
        sides
            .local_user("terry", Affiliation::Member)
            .local_hat("terry", "t", Some("a T"));
        let plan = sides.merge_read(&RoomRead::Gone);
        assert_eq!(
            (&plan.state, plan.lines.len(), plan.set_aside),
            (&RoomState::OnlyInFile, 0, None)
        );
        let mut sides = Sides::known(class, |sides| {
            sides.member("terry", &[("t", "a T")]);
        });
        let plan = sides.merge_read(&RoomRead::Gone);
        assert_eq!((&plan.state, plan.lines.len()), (&RoomState::GoneFromServer, 0));
        assert_eq!(plan.set_aside, Some(SetAside::RoomGone));
        // When it is back: first contact, which deletes nothing.
        sides.base = None;
        sides.remote.users.clear();
        sides.remote_user("owner", Affiliation::Owner);
        let plan = sides.merge();
        assert!(plan.first_contact && plan.edits_to_receive(sides.local()).is_empty());
    }
}

#[test]
fn forbidden_or_unread_room_keeps_base() {
    for class in ALL {
        let sides = Sides::known(class, |sides| {
            sides.member("terry", &[("t", "a T")]);
        });
        for read in [RoomRead::Forbidden("no".into()), RoomRead::Unread("away".into())] {
            let plan = sides.merge_read(&read);
            assert!(plan.lines.is_empty() && plan.set_aside.is_none());
            assert!(matches!(
                plan.state,
                RoomState::Forbidden(_) | RoomState::Unread(_)
            ));
        }
    }
}

#[test]
fn recreated_room_is_first_contact() {
    // Prosody says when the room was made.
    let mut sides = Sides::known(P, |sides| {
        sides.remote.created = Some("100".into());
        sides.member("terry", &[("t", "a T")]);
    });
    sides.remote.created = Some("200".into());
    sides.remote_hat("terry", "t", None);
    let plan = sides.merge();
    assert_eq!(
        (plan.first_contact, plan.set_aside),
        (true, Some(SetAside::RoomMadeAnew))
    );
    assert_eq!(sides.lines(), ["terry t: send"], "nothing is lost here");
    // The others: all that was known is gone.
    for class in [E1, E2] {
        let mut sides = Sides::known(class, |sides| {
            sides.both_entry("t", "T").member("terry", &[("t", "a T")]);
        });
        sides.remote.users.clear();
        sides.remote.catalog.clear();
        sides.remote_user("newowner", Affiliation::Owner);
        let plan = sides.merge();
        assert_eq!(plan.set_aside, Some(SetAside::RoomMadeAnew), "{class:?}");
        // One of it is left: it is the same room.
        sides.remote_user("terry", Affiliation::Admin);
        assert_eq!(sides.merge().set_aside, None);
        // What was not read in full says nothing.
        sides.remote.users.remove(&jid("terry"));
        sides.remote.coverage.hats = false;
        assert_eq!(sides.merge().set_aside, None);
    }
}

#[test]
fn base_is_discarded_by_revision_server_class_and_format() {
    let sides = Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a T"), ("s", " S")]);
    });
    let mut base = sides.base.clone().unwrap();
    base.revision = 7;
    base.held.insert(jid("terry"));
    let bytes = base.to_bytes();
    assert_eq!(Base::read(&bytes, &room()), Ok(base.clone()));
    assert_eq!(base.check("test", P, 7), Ok(()));
    assert_eq!(base.check("test", P, 8), Ok(()));
    assert_eq!(base.check("test", P, 6), Err(SetAside::FileIsOlder));
    assert_eq!(base.check("other", P, 7), Err(SetAside::OtherServer));
    assert_eq!(base.check("test", E2, 7), Err(SetAside::OtherServer));
    assert_eq!(Base::read(&bytes, &jid("elsewhere")), Err(SetAside::Unreadable));
    assert_eq!(Base::read(b"{}", &room()), Err(SetAside::Unreadable));
    assert_eq!(
        Base::read(&vec![b' '; MAX_BASE_BYTES + 1], &room()),
        Err(SetAside::Unreadable)
    );
    let text = String::from_utf8(bytes).unwrap();
    let later = text.replace("\"version\":1", "\"version\":2");
    assert_eq!(Base::read(later.as_bytes(), &room()), Err(SetAside::Unreadable));
    let mixed = text.replace("\"kind\":\"prosody\"", "\"kind\":\"xmpp\"");
    assert_eq!(Base::read(mixed.as_bytes(), &room()), Err(SetAside::Unreadable));
    let plan = merge(
        &room(),
        Err(SetAside::FileIsOlder),
        sides.local().map(|room| &**room),
        &RoomRead::Read(Arc::new(sides.remote.clone())),
        P,
        &sides.options,
    );
    assert_eq!(
        (plan.first_contact, plan.set_aside),
        (true, Some(SetAside::FileIsOlder))
    );
}
