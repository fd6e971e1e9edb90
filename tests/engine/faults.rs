//! Whatever fails, and wherever: the next session finishes it, nothing is lost and nothing is done twice.

use hatrack::sync::{
    Decision, Line, OtherRooms, Plan, SendFailure, ServerClass, ServerRequest, SetAside, Status,
};

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
fn what_prosody_could_not_store_is_sent_until_it_is_stored() {
    let [new, old] = [item("u0", "urn:x:new"), item("u2", "urn:x:old")];
    let stage = Stage::known(ServerClass::Prosody);
    stage.local_hat("u0", "urn:x:new", Some("New"));
    stage.local_hat("u2", "urn:x:old", None);
    stage.server.lock().unwrap().disk_is_full = true;
    for attempt in 0..2 {
        let (plan, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let report = report.unwrap();
        assert_eq!(plan.rooms[0].counts().send, 2, "attempt {attempt}: {plan:?}");
        assert_eq!(report.status(), Status::Failed, "attempt {attempt}");
        let room = &report.rooms[0];
        let failed: Vec<_> = room
            .failed
            .iter()
            .map(|failed| (&failed.item, &failed.why))
            .collect();
        assert_eq!(
            failed,
            [(&new, &SendFailure::NotStored), (&old, &SendFailure::NotStored)]
        );
        assert_eq!((room.sent, room.unsent), (0, 0));
        assert!(
            room.error.as_ref().unwrap().contains("Error saving to storage"),
            "{room:?}"
        );
    }
    // It has both in memory; each was sent once an apply, and not over and over.
    assert_eq!(
        (stage.remote(&new), stage.remote(&old)),
        (value(stage.class, "New"), None)
    );
    stage.server.lock().unwrap().crash();
    assert_eq!(stage.remote(&new), None, "it is lost");
    // The server lost it, and again it cannot be stored; then it can.
    stage.run(OtherRooms::Ignore, |_| true).unwrap();
    stage.server.lock().unwrap().disk_is_full = false;
    let (_, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
    let report = report.unwrap();
    assert_eq!(
        (report.status(), report.rooms[0].sent),
        (Status::Done, 2),
        "{report:?}"
    );
    stage.server.lock().unwrap().crash();
    assert_eq!(
        (stage.remote(&new), stage.remote(&old)),
        (value(stage.class, "New"), None)
    );
    let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
    assert_eq!(plan.rooms[0].lines, [], "nothing is left to send");
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

/// Removals on either side.
fn removals(plan: &Plan) -> Vec<&Line> {
    let removes = |line: &&Line| match line.decision {
        Decision::Send => line.local.is_none(),
        Decision::Receive => line.remote.is_none(),
        Decision::Skip => false,
    };
    plan.rooms[0].lines.iter().filter(removes).collect()
}

/// What is in no base that hatrack wrote: garbage, or a base in which everything has another title or is missing, so that what is new
/// here looks like removed there, and the other way round.
fn forged(base: &str, new: &str) -> [String; 4] {
    let hats = base
        .replace("\"urn:x:old\"", &format!("\"{new}\""))
        .replace("Old", "New");
    [hats, base.replace("Old", "Other"), "{".into(), String::new()]
}

#[test]
fn a_base_of_somebody_who_may_not_write_the_data_file_removes_nothing() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can act as somebody else.
    }
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.local_hat("u0", "urn:x:new", Some("New"));
        let folder = stage.folder.path().join("hats.servers/example");
        let path = std::fs::read_dir(&folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let base = std::fs::read_to_string(&path).unwrap();
        for text in forged(&base, "urn:x:new") {
            for owner in [54_321, 0] {
                std::fs::write(&path, &text).unwrap();
                std::os::unix::fs::chown(&path, Some(owner), Some(owner)).unwrap();
                let session = stage.session();
                let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                let (room, removals) = (&plan.rooms[0], removals(&plan));
                if owner == 0 && text.len() > 1 && text != base {
                    // Who may write the data file can say what was known; this is what others must not be able to do.
                    assert_eq!(room.set_aside, None, "{class:?}");
                    assert!(
                        text.contains("Other") || !removals.is_empty(),
                        "{class:?}: {room:?}"
                    );
                } else {
                    assert!(room.first_contact && room.set_aside == Some(SetAside::Unreadable));
                    assert!(removals.is_empty(), "{class:?}: {removals:?}");
                }
            }
        }
        // What is known from now on is this account's own.
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
        assert_eq!(
            (plan.rooms[0].set_aside, plan.rooms[0].first_contact),
            (None, false)
        );
        assert_eq!(stage.remote(&item("u0", "urn:x:new")), value(class, "New"));
    }
}
