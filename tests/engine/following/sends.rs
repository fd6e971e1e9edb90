//! Sending changes to followed rooms.

use hatrack::sync::Decision;

use super::*;

/// Saves a hat of `u0` and sends it.
fn send(session: &Session<'_>, hat: &str, title: &str) {
    for after_commit in session
        .stage
        .set_local_hat_at_once("state", "u0", hat, Some(title))
    {
        let AfterCommit::Send(request) = after_commit else {
            panic!("{after_commit:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.wait_for_sent();
}

/// A server that reports only the room of a change also reports changes of this account. Then the follower reads the
/// room.
#[test]
fn read_of_the_follower_is_used_for_sending() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    send(&session, "urn:x:there", "First");
    let is_sent_without_a_read = |title: &str| {
        stage.server.lock().unwrap().log_room_change(&room());
        session.wait_for_polls(&stage);
        let before = reads();
        send(&session, "urn:x:there", title);
        reads() == before
    };
    // The room may also be read for another reason in the meantime.
    assert!(
        ["Second", "Third", "Fourth"]
            .into_iter()
            .any(is_sent_without_a_read)
    );
    assert_eq!(stage.remote(&item("u0", "urn:x:old")), value(stage.class, "Old"));
}

#[test]
fn read_for_a_decision_that_receives_nothing_is_dropped() {
    let stage = Stage::compared(ServerClass::Prosody);
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = Some(1);
    let (session, store) = (stage.session_with_options(options), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let old = item("u0", "urn:x:old");
    stage.set_remote(&old, value(stage.class, "Theirs"));
    send(&session, "urn:x:old", "Mine");
    let resolve = ServerRequest::Resolve {
        room: room(),
        item: old,
        decision: Decision::Receive,
        shown: value(stage.class, "Other"),
    };
    session.worker.request(resolve).unwrap();
    session.wait_for_sent();
    session.wait_for_polls(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    let before = reads();
    change_by_others(
        &stage,
        &item("u1", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.wait_for_incoming();
    assert!(reads() > before);
}
