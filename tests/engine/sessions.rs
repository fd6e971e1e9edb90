//! Several sessions, of one account or of several, with one data file.

use std::sync::Arc;

use hatrack::sync::{Action, Decision, OtherRooms, RoomState, SetAside, Status};

use crate::simulated::Meanwhile;
use crate::stage::*;

/// The only file of a room beside the data file.
fn base(stage: &Stage) -> String {
    let folder = stage.folder.path().join("hats.servers/example");
    let mut files = std::fs::read_dir(folder).unwrap();
    std::fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap()
}

/// Nothing is as it was at the first contact: what is deleted on one side is deleted on the other.
#[track_caller]
fn is_known(stage: &Stage) {
    let old = item("u4", "urn:x:old");
    stage.remote_set(&old, None);
    let (plan, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
    let room = &plan.rooms[0];
    assert_eq!((room.first_contact, room.set_aside), (false, None), "{room:?}");
    assert_eq!(report.unwrap().status(), Status::Done);
    assert_eq!(
        (stage.local(&old), stage.remote(&old)),
        (None, None),
        "it came back"
    );
}

#[test]
fn comparing_with_an_older_content_of_the_file_forgets_nothing() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let older = stage.store();
        stage.local_hat("u0", "urn:x:new", Some("New"));
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let before = base(&stage);
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        let room = &plan.rooms[0];
        // With what the file had then, the change that was just sent would look like one of the server.
        assert!(matches!(room.state, RoomState::Unread(_)), "{room:?}");
        assert_eq!((room.lines.len(), room.set_aside), (0, None));
        assert_eq!(base(&stage), before);
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(
            (&plan.rooms[0].state, plan.rooms[0].set_aside),
            (&RoomState::Compared, None)
        );
        is_known(&stage);
    }
}

#[test]
fn telling_of_an_older_content_of_the_file_forgets_nothing() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let older = stage.store();
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        stage.local_hat("u0", "urn:x:new", Some("New"));
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let before = base(&stage);
        session.settle(&older, &plan.rooms[0]);
        session.worker.finish();
        assert_eq!(base(&stage), before);
        is_known(&stage);
    }
}

#[test]
fn sending_by_a_plan_of_an_older_content_of_the_file_forgets_nothing() {
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.local_hat("u1", "urn:x:new", Some("New"));
        stage.local_hat("u2", "urn:x:new", Some("New"));
        let older = stage.store();
        let session = stage.session();
        let plan = session.plan(&older, OtherRooms::Ignore).unwrap();
        // Another account receives something, and changes its mind about what is to be sent.
        stage.remote_set(&item("u3", "urn:x:there"), value(class, "There"));
        stage.local_hat("u2", "urn:x:new", None);
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
            "the file has it no more"
        );
        is_known(&stage);
    }
}

#[test]
fn a_data_file_from_a_backup_is_older() {
    let stage = Stage::known(hatrack::sync::ServerClass::Prosody);
    let path = stage.folder.path().join("hats.json");
    let backup = std::fs::read(&path).unwrap();
    stage.local_hat("u0", "urn:x:new", Some("New"));
    stage.run(OtherRooms::Ignore, |_| true).unwrap();
    std::fs::write(&path, backup).unwrap();
    let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::FileIsOlder));
}

#[test]
fn a_read_does_not_count_where_another_session_sent_since_it_began() {
    for class in CLASSES {
        for account in ["state", "other"] {
            let stage = Arc::new(Stage::known(class));
            stage.local_hat("u0", "urn:x:new", Some("New"));
            let other = stage.clone();
            let meanwhile = move || drop(other.session_of(account).run());
            stage.server.lock().unwrap().after_read = Some(Meanwhile(Box::new(meanwhile)));
            let session = stage.session();
            session.run();
            let new = item("u0", "urn:x:new");
            assert_eq!(stage.remote(&new), value(class, "New"), "{class:?} {account}");
            assert_eq!(stage.local(&new), value(class, "New"), "{class:?} {account}");
            session.worker.finish();
            is_known(&stage);
        }
    }
}

#[test]
fn what_is_received_is_known() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let there = item("u3", "urn:x:there");
        stage.remote_set(&there, value(class, "There"));
        let session = stage.session();
        session.run();
        stage.remote_set(&there, None);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

#[test]
fn what_somebody_changed_in_the_file_since_a_read_is_not_known_by_it() {
    for class in [CLASSES[0], CLASSES[1]] {
        let stage = Stage::known(class);
        let old = item("u0", "urn:x:old");
        stage.remote_set(&old, value(class, "New"));
        let session = stage.session();
        let mut plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // The server has another one by now, and somebody here gives the hat the name that it had there meanwhile.
        stage.remote_set(&old, value(class, "Newer"));
        stage.local_hat("u0", "urn:x:old", None);
        stage.local_hat("u0", "urn:x:old", Some("New"));
        let room = &mut Arc::make_mut(&mut plan).rooms[0];
        assert!(room.decide(0, Decision::Skip));
        session.settle(&stage.store(), room);
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let lines: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(
            lines,
            [Action::Conflict],
            "{class:?}: what was typed here would go"
        );
    }
}

#[test]
fn an_older_read_does_not_undo_what_another_session_learned() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let there = item("u3", "urn:x:there");
        stage.remote_set(&there, value(class, "There"));
        stage.session_of("other").run();
        stage.local_hat("u3", "urn:x:there", None);
        // Here it looks as if it had never been there.
        session.settle(&stage.store(), &plan.rooms[0]);
        session.run();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

#[test]
fn an_older_answer_does_not_undo_what_another_session_learned() {
    for class in [CLASSES[0], CLASSES[1]] {
        let stage = Arc::new(Stage::known(class));
        let new = item("u0", "urn:x:new");
        stage.local_hat("u0", "urn:x:new", Some("New"));
        let (other, item) = (stage.clone(), new.clone());
        let meanwhile = move || {
            let session = other.session_of("other");
            session.run();
            other.remote_set(&item, value(class, "Newer"));
            session.run();
        };
        stage.server.lock().unwrap().after_change = Some(Meanwhile(Box::new(meanwhile)));
        let session = stage.session();
        session.run();
        session.worker.finish();
        assert_eq!(stage.local(&new), value(class, "Newer"));
        // Whoever wants the first one again gets it.
        stage.local_hat("u0", "urn:x:new", None);
        stage.local_hat("u0", "urn:x:new", Some("New"));
        stage.session_of("third").run();
        assert_eq!(stage.local(&new), value(class, "New"), "{class:?}");
        assert_eq!(stage.remote(&new), value(class, "New"), "{class:?}");
    }
}
