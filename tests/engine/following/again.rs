//! What changes there again while it is being received.

use super::*;

/// A change comes in, but before the file has it, the server has `last`, and that was seen.
fn received_late(last: Option<&str>) {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        let there = item("u0", "urn:x:there");
        others_change(&stage, &there, value(class, "There"), None);
        let (first, _) = session.incoming();
        let last = last.and_then(|last| value(class, last));
        others_change(&stage, &there, last.clone(), None);
        assert_nothing_comes_in(session.after_looks(&stage));
        session.receive_incoming(&mut store, &first);
        assert_eq!(stage.local(&there), value(class, "There"));
        let (second, _) = session.incoming();
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
fn what_is_removed_while_it_is_received_is_not_sent_back() {
    received_late(None);
}

#[test]
fn what_changes_while_it_is_received_is_no_conflict() {
    received_late(Some("Other"));
}

/// The same for a plan that is shown for a while.
#[test]
fn what_a_plan_receives_is_not_compared_with_what_came_later() {
    let class = ServerClass::Prosody;
    let stage = Stage::known(class);
    let (session, mut store) = (stage.session(), stage.store());
    let there = item("u0", "urn:x:there");
    stage.remote_set(&there, value(class, "There"));
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.follow(&store);
    session.after_looks(&stage);
    others_change(&stage, &there, None, None);
    session.after_looks(&stage);
    assert!(session.receive(&mut store, &plan, &|_| true));
    session.after_looks(&stage);
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
}

/// Another session sent a change, and somebody took it back: the connection of who follows lasts, so the server has not lost
/// it.
#[test]
fn what_somebody_takes_back_soon_after_another_session_sent_it_is_received() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        for account in ["state", "other"] {
            let stage = Stage::known(class);
            let (session, mut store) = (stage.session(), stage.store());
            session.follow(&store);
            session.after_looks(&stage);
            let (mut saving, requests) = stage.store_at_once(account);
            add(&mut saving, "u0", "urn:x:there", "There");
            let other = stage.session_of(account);
            other.worker.request(request(&requests)).unwrap();
            other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
            other.worker.finish();
            // Only then is it sure that it was not sent in vain.
            std::thread::sleep(Duration::from_millis(3100));
            store.refresh().unwrap();
            session.tell_changed(&store);
            let there = item("u0", "urn:x:there");
            others_change(&stage, &there, None, None);
            stage.server.lock().unwrap().change_room(&room());
            // What another account sent may have been reported before the session knew that the file has it.
            while stage.local(&there).is_some() {
                let (plan, _) = session.incoming();
                session.receive_incoming(&mut store, &plan);
            }
            assert_eq!(stage.remote(&there), None, "{class:?}, {account}");
        }
    }
}

/// The session knows only afterwards that the file has what another one of the account sent.
#[test]
fn what_was_taken_back_before_the_change_was_known_is_received() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        let (mut saving, requests) = stage.store_at_once("state");
        add(&mut saving, "u0", "urn:x:there", "There");
        let there = item("u0", "urn:x:there");
        stage.server.lock().unwrap().reports_late = true;
        let other = stage.session();
        other.worker.request(request(&requests)).unwrap();
        other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
        other.worker.finish();
        std::thread::sleep(Duration::from_millis(3100));
        others_change(&stage, &there, None, None);
        stage.server.lock().unwrap().change_room(&room());
        session.after_looks(&stage);
        store.refresh().unwrap();
        session.tell_changed(&store);
        while stage.local(&there).is_some() {
            let (plan, _) = session.incoming();
            session.receive_incoming(&mut store, &plan);
        }
        assert_eq!(stage.remote(&there), None, "{class:?}");
    }
}

/// Until a change is confirmed, it cannot be told whether somebody takes it back. That is found out soon.
#[test]
fn what_somebody_takes_back_right_after_it_was_sent_comes_in_soon() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        let stage = Stage::known(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.after_looks(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.sent();
        session.tell_changed(&store);
        let (there, began) = (item("u0", "urn:x:there"), Instant::now());
        others_change(&stage, &there, None, None);
        stage.server.lock().unwrap().change_room(&room());
        while stage.local(&there).is_some() {
            let (plan, _) = session.incoming();
            session.receive_incoming(&mut store, &plan);
        }
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{class:?}: {:?}",
            began.elapsed()
        );
    }
}
