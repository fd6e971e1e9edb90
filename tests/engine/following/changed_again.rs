//! Items that change again on the server while an earlier change of them is being received.

use super::*;

/// Checks that a change is received, and then also a newer one to the title `last`, which is polled before the first
/// change is in the file.
fn check_change_while_receiving(last: Option<&str>) {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        let there = item("u0", "urn:x:there");
        change_by_others(&stage, &there, value(class, "There"), None);
        let (first, _) = session.wait_for_incoming();
        let last = last.and_then(|last| value(class, last));
        change_by_others(&stage, &there, last.clone(), None);
        assert_nothing_incoming(session.wait_for_polls(&stage));
        session.receive_incoming(&mut store, &first);
        assert_eq!(stage.local(&there), value(class, "There"));
        let (second, _) = session.wait_for_incoming();
        assert_eq!(
            lines(&second.rooms[0]),
            [(Some(jid("u0@example.org")), Action::Receive)]
        );
        session.receive_incoming(&mut store, &second);
        assert_eq!(stage.local(&there), last);
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        assert!(plan.rooms[0].is_settled(), "{:?}", plan.rooms[0].lines);
    }
}

#[test]
fn hat_that_is_removed_while_it_is_received_is_not_sent_back() {
    check_change_while_receiving(None);
}

#[test]
fn hat_that_changes_while_it_is_received_is_no_conflict() {
    check_change_while_receiving(Some("Other"));
}

/// The hat is removed on the server while a plan that receives it is shown.
#[test]
fn removal_after_a_plan_is_received_by_the_next_plan() {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let (session, mut store) = (stage.session(), stage.store());
    let there = item("u0", "urn:x:there");
    stage.set_remote(&there, value(class, "There"));
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.follow(&store);
    session.wait_for_polls(&stage);
    change_by_others(&stage, &there, None, None);
    session.wait_for_polls(&stage);
    assert!(session.receive(&mut store, &plan, &|_| true));
    session.wait_for_polls(&stage);
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
}

/// Another session sends a change, and someone reverts it on the server. The connection of the follower stays open, so
/// the server has not lost the change.
#[test]
fn revert_of_a_change_that_another_session_sent_is_received() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        for account in ["state", "other"] {
            let stage = Stage::compared(class);
            let (session, mut store) = (stage.session(), stage.store());
            session.follow(&store);
            session.wait_for_polls(&stage);
            let (mut other_store, requests) = stage.store_at_once(account);
            add(&mut other_store, "u0", "urn:x:there", "There");
            let other = stage.session_of(account);
            other.worker.request(request(&requests)).unwrap();
            other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
            other.worker.finish();
            // After three seconds, the server can no longer lose the change.
            std::thread::sleep(Duration::from_millis(3100));
            store.refresh().unwrap();
            session.report_changed(&store);
            let there = item("u0", "urn:x:there");
            change_by_others(&stage, &there, None, None);
            stage.server.lock().unwrap().log_room_change(&room());
            // If the session reported the sent hat before it knew that the file has it, that plan comes first.
            while stage.local(&there).is_some() {
                let (plan, _) = session.wait_for_incoming();
                session.receive_incoming(&mut store, &plan);
            }
            assert_eq!(stage.remote(&there), None, "{class:?}, {account}");
        }
    }
}

/// Another session of the account sends a change, and someone reverts it before the follower knows that the file has
/// the change.
#[test]
fn revert_before_the_follower_knows_of_the_change_is_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        let (mut other_store, requests) = stage.store_at_once("state");
        add(&mut other_store, "u0", "urn:x:there", "There");
        let there = item("u0", "urn:x:there");
        stage.server.lock().unwrap().hides_sent_changes = true;
        let other = stage.session();
        other.worker.request(request(&requests)).unwrap();
        other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
        other.worker.finish();
        std::thread::sleep(Duration::from_millis(3100));
        change_by_others(&stage, &there, None, None);
        stage.server.lock().unwrap().log_room_change(&room());
        session.wait_for_polls(&stage);
        store.refresh().unwrap();
        session.report_changed(&store);
        while stage.local(&there).is_some() {
            let (plan, _) = session.wait_for_incoming();
            session.receive_incoming(&mut store, &plan);
        }
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// Until a read confirms a sent change, hatrack cannot tell whether the server has lost it or someone has reverted it.
/// It finds out after a few seconds.
#[test]
fn revert_right_after_a_change_was_sent_is_received_within_seconds() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        let stage = Stage::compared(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.wait_for_polls(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.wait_for_sent();
        session.report_changed(&store);
        let (there, began) = (item("u0", "urn:x:there"), Instant::now());
        change_by_others(&stage, &there, None, None);
        stage.server.lock().unwrap().log_room_change(&room());
        while stage.local(&there).is_some() {
            let (plan, _) = session.wait_for_incoming();
            session.receive_incoming(&mut store, &plan);
        }
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{class:?}: {:?}",
            began.elapsed()
        );
    }
}
