//! The merge table: rooms, and when a base is valid.

use std::sync::Arc;

use hatrack::model::{Affiliation, Edit};
use hatrack::sync::{Base, MAX_BASE_BYTES, RoomRead, RoomState, SetAside, merge};

use crate::sides::*;

#[test]
fn room_name_is_received_if_unchanged_and_never_sent() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |_| {});
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
    for class in CLASSES {
        let mut sides = Sides::never_compared(class);
        sides.file.remove_room(&room()).unwrap();
        sides
            .set_remote_user("owner", Affiliation::Owner)
            .set_remote_hat("owner", "t", Some("a Teacher"));
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
        sides.update_base();
        assert!(sides.merge().is_settled());
        assert_eq!(sides.local().unwrap().name.as_deref(), Some("Courses"));
        assert!(sides.hat_in_file("owner", "t").is_some());
    }
}

#[test]
fn locally_removed_room_is_not_compared_until_requested() {
    for class in CLASSES {
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[("t", "a T")]);
        });
        sides.file.remove_room(&room()).unwrap();
        let plan = sides.merge();
        assert_eq!((&plan.state, plan.lines.len()), (&RoomState::RemovedFromFile, 0));
        assert!(plan.sending().changes.is_empty() && plan.edits_to_receive(None).is_empty());
        sides.options.is_requested = true;
        let plan = sides.merge();
        sides.receive(&plan);
        assert!(sides.hat_in_file("terry", "t").is_some());
    }
}

#[test]
fn room_that_is_only_in_the_file_is_neither_created_on_the_server_nor_removed() {
    for class in CLASSES {
        let mut sides = Sides::never_compared(class);
        sides
            .set_local_user("terry", Affiliation::Member)
            .set_local_hat("terry", "t", Some("a T"));
        let plan = sides.merge_read(&RoomRead::Gone);
        assert_eq!(
            (&plan.state, plan.lines.len(), plan.set_aside),
            (&RoomState::OnlyInFile, 0, None)
        );
        let mut sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[("t", "a T")]);
        });
        let plan = sides.merge_read(&RoomRead::Gone);
        assert_eq!((&plan.state, plan.lines.len()), (&RoomState::GoneFromServer, 0));
        assert_eq!(plan.set_aside, Some(SetAside::RoomGone));
        // When the room is back, there is a first comparison, which deletes nothing.
        sides.base = None;
        sides.remote.users.clear();
        sides.set_remote_user("owner", Affiliation::Owner);
        let plan = sides.merge();
        assert!(plan.is_first_comparison && plan.edits_to_receive(sides.local()).is_empty());
    }
}

#[test]
fn forbidden_or_unread_room_keeps_base() {
    for class in CLASSES {
        let sides = Sides::compared(class, |sides| {
            sides.add_member("terry", &[("t", "a T")]);
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
fn recreated_room_has_a_first_comparison() {
    // Prosody reports when the room was created.
    let mut sides = Sides::compared(PROSODY, |sides| {
        sides.remote.created = Some("100".into());
        sides.add_member("terry", &[("t", "a T")]);
    });
    sides.remote.created = Some("200".into());
    sides.set_remote_hat("terry", "t", None);
    let plan = sides.merge();
    assert_eq!(
        (plan.is_first_comparison, plan.set_aside),
        (true, Some(SetAside::RoomRecreated))
    );
    assert_eq!(sides.lines(), ["terry t: send"], "the file keeps the hat");
    // On ejabberd, a room was created again if nothing of the base is left.
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let mut sides = Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .add_member("terry", &[("t", "a T")]);
        });
        sides.remote.users.clear();
        sides.remote.catalog.clear();
        sides.set_remote_user("newowner", Affiliation::Owner);
        let plan = sides.merge();
        assert_eq!(plan.set_aside, Some(SetAside::RoomRecreated), "{class:?}");
        // If one user of the base is left, it is the same room.
        sides.set_remote_user("terry", Affiliation::Admin);
        assert_eq!(sides.merge().set_aside, None);
        // An incomplete read does not show that the room was created again.
        sides.remote.users.remove(&jid("terry"));
        sides.remote.coverage.hats = false;
        assert_eq!(sides.merge().set_aside, None);
    }
}

#[test]
fn base_is_valid_only_with_the_same_server_class_and_format_and_no_older_file() {
    let sides = Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a T"), ("s", " S")]);
    });
    let mut base = sides.base.clone().unwrap();
    base.revision = 7;
    base.held.insert(jid("terry"));
    let bytes = base.to_bytes();
    assert_eq!(Base::read(&bytes, &room()), Ok(base.clone()));
    assert_eq!(base.check("test", PROSODY, 7), Ok(()));
    assert_eq!(base.check("test", PROSODY, 8), Ok(()));
    assert_eq!(base.check("test", PROSODY, 6), Err(SetAside::FileIsOlder));
    assert_eq!(base.check("other", PROSODY, 7), Err(SetAside::OtherServer));
    assert_eq!(
        base.check("test", EJABBERD_CATALOG, 7),
        Err(SetAside::OtherServer)
    );
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
        PROSODY,
        &sides.options,
    );
    assert_eq!(
        (plan.is_first_comparison, plan.set_aside),
        (true, Some(SetAside::FileIsOlder))
    );
}
