//! Several sessions with one data file, of one account or of several.

use std::sync::Arc;

use hatrack::sync::{Action, Decision, OtherRooms, RoomState, SetAside, Status};

use crate::simulated::Callback;
use crate::stage::*;

/// The stored base of the room.
fn stored_base(stage: &Stage) -> String {
    let folder = stage.folder.path().join("hats.servers/example");
    let mut files = std::fs::read_dir(folder).unwrap();
    std::fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap()
}

/// Asserts that the base of the room is still used: a removal on the server is received, unlike in a first comparison.
#[track_caller]
fn assert_base_is_used(stage: &Stage) {
    let old = item("u4", "urn:x:old");
    stage.set_remote(&old, None);
    let (plan, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
    let room = &plan.rooms[0];
    assert_eq!(
        (room.is_first_comparison, room.set_aside),
        (false, None),
        "{room:?}"
    );
    assert_eq!(report.unwrap().status(), Status::Done);
    assert_eq!(
        (stage.local(&old), stage.remote(&old)),
        (None, None),
        "the removal is not received"
    );
}

#[test]
fn comparing_an_older_revision_leaves_the_base_unchanged() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let older = stage.store();
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let before = stored_base(&stage);
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        let room = &plan.rooms[0];
        // Compared with that revision, the change that was just sent would look like a change on the server.
        assert!(matches!(room.state, RoomState::Unread(_)), "{room:?}");
        assert_eq!((room.lines.len(), room.set_aside), (0, None));
        assert_eq!(stored_base(&stage), before);
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(
            (&plan.rooms[0].state, plan.rooms[0].set_aside),
            (&RoomState::Compared, None)
        );
        assert_base_is_used(&stage);
    }
}

#[test]
fn reporting_an_older_revision_as_received_leaves_the_base_unchanged() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let older = stage.store();
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let before = stored_base(&stage);
        session.report_received(&older, &plan.rooms[0]);
        session.worker.finish();
        assert_eq!(stored_base(&stage), before);
        assert_base_is_used(&stage);
    }
}

#[test]
fn applying_an_older_plan_sends_only_what_the_file_still_has() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_hat("u1", "urn:x:new", Some("New"));
        stage.set_local_hat("u2", "urn:x:new", Some("New"));
        let older = stage.store();
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        // Meanwhile, a hat that the plan adds is removed from the file, and another account receives a change.
        stage.set_remote(&item("u3", "urn:x:there"), value(class, "There"));
        stage.set_local_hat("u2", "urn:x:new", None);
        let other = stage.session_of("other");
        let (theirs, _) = other.compare(OtherRooms::Ignore, &|_| true).unwrap();
        assert_eq!(theirs.rooms[0].counts().receive, 1);
        other.worker.finish();
        let report = session.send(&plan);
        assert_eq!(report.rooms[0].error, None);
        session.worker.finish();
        assert_eq!(stage.remote(&item("u1", "urn:x:new")), value(class, "New"));
        assert_eq!(
            stage.remote(&item("u2", "urn:x:new")),
            None,
            "the file no longer has the hat"
        );
        assert_base_is_used(&stage);
    }
}

#[test]
fn data_file_from_a_backup_is_older_than_the_base() {
    let stage = Stage::compared(hatrack::sync::ServerClass::Prosody);
    let path = stage.folder.path().join("hats.json");
    let backup = std::fs::read(&path).unwrap();
    stage.set_local_hat("u0", "urn:x:new", Some("New"));
    stage.run(OtherRooms::Ignore, |_| true).unwrap();
    std::fs::write(&path, backup).unwrap();
    let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::FileIsOlder));
}

#[test]
fn hat_that_another_session_sends_during_a_read_stays_on_both_sides() {
    for class in CLASSES {
        for account in ["state", "other"] {
            let stage = Arc::new(Stage::compared(class));
            stage.set_local_hat("u0", "urn:x:new", Some("New"));
            let other = stage.clone();
            let send_as_other_session = move || drop(other.session_of(account).run());
            stage.server.lock().unwrap().after_read = Some(Callback(Box::new(send_as_other_session)));
            let session = stage.session();
            session.run();
            let new = item("u0", "urn:x:new");
            assert_eq!(stage.remote(&new), value(class, "New"), "{class:?} {account}");
            assert_eq!(stage.local(&new), value(class, "New"), "{class:?} {account}");
            session.worker.finish();
            assert_base_is_used(&stage);
        }
    }
}

#[test]
fn removal_of_a_received_hat_is_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u3", "urn:x:there");
        stage.set_remote(&there, value(class, "There"));
        let session = stage.session();
        session.run();
        stage.set_remote(&there, None);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

#[test]
fn title_set_in_the_file_after_a_read_is_no_common_value() {
    for class in [CLASSES[0], CLASSES[1]] {
        let stage = Stage::compared(class);
        let old = item("u0", "urn:x:old");
        stage.set_remote(&old, value(class, "New"));
        let session = stage.session();
        let mut plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // The title changes again on the server. Then someone sets the title in the file that the read shows.
        stage.set_remote(&old, value(class, "Newer"));
        stage.set_local_hat("u0", "urn:x:old", None);
        stage.set_local_hat("u0", "urn:x:old", Some("New"));
        let room = &mut Arc::make_mut(&mut plan).rooms[0];
        assert!(room.decide(0, Decision::Skip));
        session.report_received(&stage.store(), room);
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let lines: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(
            lines,
            [Action::Conflict],
            "{class:?}: the title in the file would be lost"
        );
    }
}

#[test]
fn older_read_does_not_overwrite_the_base_of_another_session() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let there = item("u3", "urn:x:there");
        stage.set_remote(&there, value(class, "There"));
        stage.session_of("other").run();
        stage.set_local_hat("u3", "urn:x:there", None);
        // According to this older read, neither side has ever had the hat.
        session.report_received(&stage.store(), &plan.rooms[0]);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

#[test]
fn older_answer_does_not_overwrite_the_base_of_another_session() {
    for class in [CLASSES[0], CLASSES[1]] {
        let stage = Arc::new(Stage::compared(class));
        let new = item("u0", "urn:x:new");
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        let (other, item) = (stage.clone(), new.clone());
        let receive_newer_title = move || {
            let session = other.session_of("other");
            session.run();
            other.set_remote(&item, value(class, "Newer"));
            session.run();
        };
        stage.server.lock().unwrap().after_change = Some(Callback(Box::new(receive_newer_title)));
        let session = stage.session();
        session.run();
        session.worker.finish();
        assert_eq!(stage.local(&new), value(class, "Newer"));
        // If someone sets the first title again, that is a change in the file, which is sent.
        stage.set_local_hat("u0", "urn:x:new", None);
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        stage.session_of("third").run();
        assert_eq!(stage.local(&new), value(class, "New"), "{class:?}");
        assert_eq!(stage.remote(&new), value(class, "New"), "{class:?}");
    }
}
