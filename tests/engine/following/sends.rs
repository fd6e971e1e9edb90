//! Sending in a room that is followed.

use hatrack::sync::Decision;

use super::*;

/// Saves a hat of `u0` and sends it.
fn send(session: &Session<'_>, hat: &str, title: &str) {
    for follows in session.stage.local_hat_at_once("state", "u0", hat, Some(title)) {
        let AfterCommit::Send(request) = follows else {
            panic!("{follows:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.sent();
}

/// A server that names only the room says so of this account's changes, too.
#[test]
fn room_that_was_read_because_of_a_change_is_not_read_again_to_send_another() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    send(&session, "urn:x:there", "First");
    let is_sent_without_a_read = |title: &str| {
        stage.server.lock().unwrap().change_room(&room());
        session.after_looks(&stage);
        let before = reads();
        send(&session, "urn:x:there", title);
        reads() == before
    };
    // Something else may be a reason to read it meanwhile.
    assert!(
        ["Second", "Third", "Fourth"]
            .into_iter()
            .any(is_sent_without_a_read)
    );
    assert_eq!(stage.remote(&item("u0", "urn:x:old")), value(stage.class, "Old"));
}

#[test]
fn read_of_a_decision_that_receives_nothing_is_dropped_like_others() {
    let stage = Stage::known(ServerClass::Prosody);
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = Some(1);
    let (session, store) = (stage.session_as(options), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    let old = item("u0", "urn:x:old");
    stage.remote_set(&old, value(stage.class, "Theirs"));
    send(&session, "urn:x:old", "Mine");
    let resolve = ServerRequest::Resolve {
        room: room(),
        item: old,
        decision: Decision::Receive,
        shown: value(stage.class, "Other"),
    };
    session.worker.request(resolve).unwrap();
    session.sent();
    session.after_looks(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    let before = reads();
    others_change(
        &stage,
        &item("u1", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.incoming();
    assert!(reads() > before);
}
