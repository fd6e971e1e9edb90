//! After any fault at any call, the next session finishes the work. No change is lost.

use hatrack::sync::{
    Decision, Line, OtherRooms, Plan, SendFailure, ServerClass, ServerRequest, SetAside, Status,
};

use crate::simulated::{Fault, hat_items};
use crate::stage::*;

/// Makes changes in the file and on the server that do not conflict.
fn change_both_sides(stage: &Stage) {
    for user in ["u0", "u1"] {
        stage.set_local_hat(user, "urn:x:new", Some("New"));
    }
    stage.set_local_hat("u2", "urn:x:old", None);
    stage.set_remote(&item("u3", "urn:x:there"), value(stage.class, "There"));
    stage.set_remote(&item("u4", "urn:x:old"), None);
}

/// Asserts that both sides have all changes of [`change_both_sides`].
#[track_caller]
fn assert_all_changes_done(stage: &Stage, case: &str) {
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
        assert_eq!(stage.remote(&item), value, "{case}: {item:?} on the server");
        assert_eq!(stage.local(&item), value, "{case}: {item:?} in the file");
    }
    let remote = stage.server.lock().unwrap().rooms[&room()].clone();
    for item in hat_items(&remote) {
        assert_eq!(stage.local(&item), remote.value(&item), "{case}: {item:?}");
    }
}

/// Runs a session without faults, and asserts that no difference is left after it.
#[track_caller]
fn finish(stage: &Stage, case: &str) {
    stage.server.lock().unwrap().faults.clear();
    let (plan, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
    assert_eq!(report.unwrap().status(), Status::Done, "{case}: {plan:?}");
    assert_all_changes_done(stage, case);
    let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
    let differences: Vec<_> = plan.rooms[0]
        .lines
        .iter()
        .filter(|line| line.decision != Decision::Skip || line.is_difference())
        .collect();
    assert!(differences.is_empty(), "{case}: {differences:?}");
}

#[test]
fn session_without_faults_makes_each_change_once() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        change_both_sides(&stage);
        finish(&stage, "no faults");
        let counts = stage.server.lock().unwrap().change_counts.clone();
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        // If the server has a catalog, the new hat is defined there.
        assert_eq!(counts.len(), if class.holds_catalog() { 4 } else { 3 });
    }
}

#[test]
fn next_session_finishes_after_any_fault_at_any_call() {
    for class in CLASSES {
        let calls = {
            let stage = Stage::compared(class);
            change_both_sides(&stage);
            stage.run(OtherRooms::List, |_| true).unwrap();
            stage.server.lock().unwrap().calls
        };
        for fault in Fault::ALL {
            for call in 1..=calls {
                let case = format!("{class:?} {fault:?} at {call} of {calls}");
                let stage = Stage::compared(class);
                change_both_sides(&stage);
                stage.server.lock().unwrap().faults = [(call, fault)].into();
                let _ = stage.run(OtherRooms::List, |_| true);
                finish(&stage, &case);
            }
        }
    }
}

#[test]
fn change_that_the_server_lost_between_two_plans_of_a_session_is_sent_again() {
    for class in CLASSES.into_iter().filter(|class| *class != ServerClass::Prosody) {
        for reconnects in [false, true] {
            let stage = Stage::compared(class);
            stage.set_local_hat("u0", "urn:x:new", Some("New"));
            let session = stage.session();
            session.run();
            stage.server.lock().unwrap().crash();
            let new = item("u0", "urn:x:new");
            assert_eq!(stage.remote(&new), None, "the change is not lost");
            if reconnects {
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
                "the loss was received as a removal"
            );
            assert_eq!(stage.remote(&new), value(class, "New"));
        }
    }
}

#[test]
fn changes_are_sent_until_prosody_has_stored_them() {
    let [new, old] = [item("u0", "urn:x:new"), item("u2", "urn:x:old")];
    let stage = Stage::compared(ServerClass::Prosody);
    stage.set_local_hat("u0", "urn:x:new", Some("New"));
    stage.set_local_hat("u2", "urn:x:old", None);
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
    // Prosody has both changes in memory.
    assert_eq!(
        (stage.remote(&new), stage.remote(&old)),
        (value(stage.class, "New"), None)
    );
    stage.server.lock().unwrap().crash();
    assert_eq!(stage.remote(&new), None, "the change is not lost");
    // The changes are sent again, but still cannot be stored. After that, there is space on the disk.
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
fn removal_is_received_although_another_call_on_the_connection_failed() {
    let stage = Stage::compared(ServerClass::Prosody);
    stage.set_local_hat("u0", "urn:x:new", Some("New"));
    let session = stage.session();
    session.run();
    let new = item("u0", "urn:x:new");
    stage.set_remote(&new, None);
    {
        let mut server = stage.server.lock().unwrap();
        server.faults = [(server.calls + 1, Fault::Busy)].into();
    }
    session.compare(OtherRooms::List, &|_| true).unwrap_err();
    session.run();
    assert_eq!((stage.local(&new), stage.remote(&new)), (None, None));
}

#[test]
fn items_that_change_again_right_after_they_were_sent_are_sent_again() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        for (title, old) in [(Some("New"), None), (None, Some("Old")), (Some("New"), None)] {
            stage.set_local_hat("u0", "urn:x:new", title);
            if (old.is_none()) == stage.local(&item("u1", "urn:x:old")).is_some() {
                stage.set_local_hat("u1", "urn:x:old", old);
            }
            let (_, report) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
            assert_eq!(report.unwrap().status(), Status::Done);
            for (item, title) in [(item("u0", "urn:x:new"), title), (item("u1", "urn:x:old"), old)] {
                let value = title.and_then(|title| value(class, title));
                assert_eq!(stage.local(&item), value, "{class:?} {item:?} in the file");
                assert_eq!(stage.remote(&item), value, "{class:?} {item:?} on the server");
            }
        }
    }
}

#[test]
fn next_session_finishes_after_a_session_that_ended_before_any_part() {
    for class in CLASSES {
        for end in ["receive", "report", "send"] {
            let stage = Stage::compared(class);
            change_both_sides(&stage);
            stage.run(OtherRooms::Ignore, |part| part != end).unwrap();
            finish(&stage, end);
        }
    }
}

#[test]
fn next_plan_finishes_after_any_fault_without_a_state_folder() {
    for class in CLASSES {
        for fault in Fault::ALL {
            let stage = Stage::compared_with(class, false);
            change_both_sides(&stage);
            stage.server.lock().unwrap().faults = [(4, fault)].into();
            let _ = stage.run(OtherRooms::Ignore, |_| true);
            stage.server.lock().unwrap().faults.clear();
            stage.run(OtherRooms::Ignore, |_| true).unwrap();
            assert_all_changes_done(&stage, &format!("{class:?} {fault:?}"));
            assert!(!stage.folder.path().join("state").exists());
        }
    }
}

/// The lines of a plan that remove something on either side.
fn removals(plan: &Plan) -> Vec<&Line> {
    let removes = |line: &&Line| match line.decision {
        Decision::Send => line.local.is_none(),
        Decision::Receive => line.remote.is_none(),
        Decision::Skip => false,
    };
    plan.rooms[0].lines.iter().filter(removes).collect()
}

/// Forged bases. The first has another hat instead of the old one, so that the hat that is new in the file seems to be
/// removed on the server. In the second, hats have other titles. The third is invalid, and the last is empty.
fn forged_bases(base: &str, new: &str) -> [String; 4] {
    let other_hats = base
        .replace("\"urn:x:old\"", &format!("\"{new}\""))
        .replace("Old", "New");
    [
        other_hats,
        base.replace("Old", "Other"),
        "{".into(),
        String::new(),
    ]
}

#[test]
fn base_written_by_an_account_that_may_not_write_the_data_file_removes_nothing() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can give a file to another account.
    }
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        let folder = stage.folder.path().join("hats.servers/example");
        let path = std::fs::read_dir(&folder)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let base = std::fs::read_to_string(&path).unwrap();
        for text in forged_bases(&base, "urn:x:new") {
            for owner in [54_321, 0] {
                std::fs::write(&path, &text).unwrap();
                std::os::unix::fs::chown(&path, Some(owner), Some(owner)).unwrap();
                let session = stage.session();
                let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                let (room, removals) = (&plan.rooms[0], removals(&plan));
                if owner == 0 && text.len() > 1 && text != base {
                    // An account that may write the data file can forge the base. Other accounts must not be able to do
                    // this.
                    assert_eq!(room.set_aside, None, "{class:?}");
                    assert!(
                        text.contains("Other") || !removals.is_empty(),
                        "{class:?}: {room:?}"
                    );
                } else {
                    assert!(room.is_first_comparison && room.set_aside == Some(SetAside::Unreadable));
                    assert!(removals.is_empty(), "{class:?}: {removals:?}");
                }
            }
        }
        // The next session replaces the forged base.
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| false).unwrap();
        assert_eq!(
            (plan.rooms[0].set_aside, plan.rooms[0].is_first_comparison),
            (None, false)
        );
        assert_eq!(stage.remote(&item("u0", "urn:x:new")), value(class, "New"));
    }
}
