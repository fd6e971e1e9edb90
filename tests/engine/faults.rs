//! Whatever fails, and wherever: the next session finishes it, nothing is lost and nothing is done twice.

use hatrack::sync::{Decision, OtherRooms, ServerClass, ServerRequest, Status};

use crate::simulated::{Fault, items};
use crate::stage::*;

/// Changes here and there, with nothing in common; gives how many calls a session without faults makes of it.
fn change(stage: &Stage) {
    for user in ["u0", "u1"] {
        stage.local_hat(user, "urn:x:new", Some("New"));
    }
    stage.local_hat("u2", "urn:x:old", None);
    stage.remote_set(&item("u3", "urn:x:there"), value(stage.class, "There"));
    stage.remote_set(&item("u4", "urn:x:old"), None);
}

#[track_caller]
fn all_is_done(stage: &Stage, what: &str) {
    let class = stage.class;
    let expected = [
        ("u0", "urn:x:new", value(class, "New")),
        ("u1", "urn:x:new", value(class, "New")),
        ("u2", "urn:x:old", None),
        ("u3", "urn:x:there", value(class, "There")),
        ("u4", "urn:x:old", None),
        ("u3", "urn:x:old", value(class, "Old")),
    ];
    for (user, hat, value) in expected {
        let item = item(user, hat);
        assert_eq!(stage.remote(&item), value, "{what}: {item:?} there");
        assert_eq!(stage.local(&item), value, "{what}: {item:?} here");
    }
    let remote = stage.server.lock().unwrap().rooms[&room()].clone();
    for item in items(&remote) {
        assert_eq!(stage.local(&item), remote.value(&item), "{what}: {item:?}");
    }
}

/// A session without faults; nothing is left to do or to choose after it.
#[track_caller]
fn finish(stage: &Stage, what: &str) {
    stage.server.lock().unwrap().faults.clear();
    let (plan, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
    assert_eq!(report.unwrap().status(), Status::Done, "{what}: {plan:?}");
    all_is_done(stage, what);
    let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
    let open: Vec<_> = plan.rooms[0]
        .lines
        .iter()
        .filter(|line| line.decision != Decision::Skip || line.is_difference())
        .collect();
    assert!(open.is_empty(), "{what}: {open:?}");
}

#[test]
fn without_a_fault_one_session_does_everything_once() {
    for class in CLASSES {
        let stage = Stage::known(class);
        change(&stage);
        finish(&stage, "at once");
        let changed = stage.server.lock().unwrap().changed.clone();
        assert!(changed.values().all(|times| *times == 1), "{changed:?}");
        assert_eq!(changed.len(), if class.holds_catalog() { 4 } else { 3 });
    }
}

#[test]
fn whatever_happens_at_any_step_is_made_good() {
    for class in CLASSES {
        let calls = {
            let stage = Stage::known(class);
            change(&stage);
            stage.run(OtherRooms::List, |_| true).unwrap();
            stage.server.lock().unwrap().calls
        };
        for fault in Fault::ALL {
            for step in 1..=calls {
                let what = format!("{class:?} {fault:?} at {step} of {calls}");
                let stage = Stage::known(class);
                change(&stage);
                stage.server.lock().unwrap().faults = [(step, fault)].into();
                let _ = stage.run(OtherRooms::List, |_| true);
                finish(&stage, &what);
            }
        }
    }
}

#[test]
fn what_a_server_lost_between_two_calls_of_a_session_is_sent_again() {
    for class in CLASSES.into_iter().filter(|class| *class != ServerClass::Prosody) {
        for connected_again in [false, true] {
            let stage = Stage::known(class);
            stage.local_hat("u0", "urn:x:new", Some("New"));
            let session = stage.session();
            session.run();
            stage.server.lock().unwrap().crash();
            let new = item("u0", "urn:x:new");
            assert_eq!(stage.remote(&new), None, "it is lost");
            if connected_again {
                let server = "example".into();
                session
                    .worker
                    .request(ServerRequest::Reconnect { server })
                    .unwrap();
            }
            let (plan, report) = session.run();
            assert_eq!(report.status(), Status::Done, "{plan:?}");
            assert_eq!(
                stage.local(&new),
                value(class, "New"),
                "it was no change of somebody"
            );
            assert_eq!(stage.remote(&new), value(class, "New"));
        }
    }
}

#[test]
fn what_somebody_changed_after_a_call_that_failed_on_the_same_connection_is_received() {
    let stage = Stage::known(ServerClass::Prosody);
    stage.local_hat("u0", "urn:x:new", Some("New"));
    let session = stage.session();
    session.run();
    let new = item("u0", "urn:x:new");
    stage.remote_set(&new, None);
    {
        let mut server = stage.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::Busy)].into();
    }
    session.compare(OtherRooms::List, &|_| true).unwrap_err();
    session.run();
    assert_eq!((stage.local(&new), stage.remote(&new)), (None, None));
}

#[test]
fn what_is_changed_again_right_after_it_was_sent_is_sent_again() {
    for class in CLASSES {
        let stage = Stage::known(class);
        for (title, old) in [(Some("New"), None), (None, Some("Old")), (Some("New"), None)] {
            stage.local_hat("u0", "urn:x:new", title);
            if (old.is_none()) == stage.local(&item("u1", "urn:x:old")).is_some() {
                stage.local_hat("u1", "urn:x:old", old);
            }
            let (_, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
            assert_eq!(report.unwrap().status(), Status::Done);
            for (item, title) in [(item("u0", "urn:x:new"), title), (item("u1", "urn:x:old"), old)] {
                let value = title.and_then(|title| value(class, title));
                assert_eq!(stage.local(&item), value, "{class:?} {item:?} here");
                assert_eq!(stage.remote(&item), value, "{class:?} {item:?} there");
            }
        }
    }
}

#[test]
fn a_session_that_dies_at_any_step_is_finished_by_the_next() {
    for class in CLASSES {
        for dies in ["receive", "settle", "send"] {
            let stage = Stage::known(class);
            change(&stage);
            stage.run(OtherRooms::Ignore, |part| part != dies).unwrap();
            finish(&stage, dies);
        }
    }
}

#[test]
fn without_a_state_folder_the_plan_does_it() {
    for class in CLASSES {
        for fault in Fault::ALL {
            let stage = Stage::begun(class, false);
            change(&stage);
            stage.server.lock().unwrap().faults = [(4, fault)].into();
            let _ = stage.run(OtherRooms::Ignore, |_| true);
            stage.server.lock().unwrap().faults.clear();
            stage.run(OtherRooms::Ignore, |_| true).unwrap();
            all_is_done(&stage, &format!("{class:?} {fault:?}"));
            assert!(!stage.folder.path().join("state").exists());
        }
    }
}

#[test]
fn what_lies_beside_the_data_file_sends_nothing() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let before = stage.server.lock().unwrap().rooms.clone();
        // A base in which everything is otherwise, as others of the group can write it.
        let folder = stage.folder.path().join("hats.servers/example");
        let names = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for path in names.collect::<Vec<_>>() {
            let text = std::fs::read_to_string(&path).unwrap();
            for text in [text.replace("Old", "Other"), "{".into(), String::new()] {
                std::fs::write(&path, text).unwrap();
                stage.run(OtherRooms::Ignore, |_| true).unwrap();
                assert_eq!(stage.server.lock().unwrap().rooms, before);
            }
        }
    }
}
