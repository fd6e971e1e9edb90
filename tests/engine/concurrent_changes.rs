//! Concurrent changes of other sessions, and of others on the server, are not reverted.

use std::sync::Arc;
use std::time::Duration;

use hatrack::model::Rights;
use hatrack::sync::{
    Action, AfterCommit, Decision, Item, ItemValue, OtherRooms, Prefer, Report, SendState, ServerClass,
    ServerEvent, ServerRequest,
};

use crate::simulated::Fault;
use crate::stage::*;

const CLASS: ServerClass = ServerClass::EjabberdOld;

/// Saves a hat of `u0` and sends it.
fn send(session: &Session<'_>, hat: &str, title: &str) -> Report {
    send_as(session, "state", "u0", hat, title)
}

/// Saves a hat of a user as this account, and sends it in this session.
fn send_as(session: &Session<'_>, account: &str, user: &str, hat: &str, title: &str) -> Report {
    for after_commit in session
        .stage
        .set_local_hat_at_once(account, user, hat, Some(title))
    {
        let AfterCommit::Send(request) = after_commit else {
            panic!("{after_commit:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.wait_for_sent()
}

fn resolve(session: &Session<'_>, item: &Item, decision: Decision, shown: Option<ItemValue>) -> Report {
    let request = ServerRequest::Resolve {
        room: room(),
        item: item.clone(),
        decision,
        shown,
    };
    session.worker.request(request).unwrap();
    session.wait_for_sent()
}

#[test]
fn hat_that_was_removed_on_the_server_is_not_added_by_the_next_change() {
    let stage = Stage::compared(CLASS);
    let there = item("u0", "urn:x:there");
    // The connection of this session stays open, so the session knows that the server has lost nothing.
    let second = stage.session();
    second.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    send(&stage.session(), "urn:x:there", "One");
    assert_eq!(stage.remote(&there), value(CLASS, "One"));
    stage.set_remote(&there, None);
    let report = send(&second, "urn:x:there", "Two");
    assert_eq!(report.rooms[0].failed.len(), 1, "{report:?}");
    assert_eq!(stage.remote(&there), None);
}

#[test]
fn choosing_yours_overwrites_only_the_value_that_was_shown() {
    let stage = Stage::compared(CLASS);
    let old = item("u0", "urn:x:old");
    let (one, two) = (stage.session(), stage.session());
    one.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.set_remote(&old, value(CLASS, "A"));
    send(&one, "urn:x:old", "Mine");
    stage.set_remote(&old, value(CLASS, "B"));
    // The other session notes the newer value. This session still shows the older one.
    resolve(&two, &old, Decision::Receive, value(CLASS, "A"));
    let report = resolve(&one, &old, Decision::Send, value(CLASS, "A"));
    assert_eq!(report.rooms[0].failed.len(), 1, "{report:?}");
    assert_eq!(stage.remote(&old), value(CLASS, "B"));
    resolve(&one, &old, Decision::Send, value(CLASS, "B"));
    assert_eq!(stage.remote(&old), value(CLASS, "Mine"));
}

/// The screen reports a room of a plan twice: first because of the values that agree, later because of the received
/// values. The first report lets the worker drop the read.
#[test]
fn received_values_are_recorded_although_the_read_was_dropped() {
    let stage = Stage::compared(CLASS);
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = Some(1);
    let (session, mut store) = (stage.session_with_options(options), stage.store());
    let there = item("u0", "urn:x:there");
    stage.set_remote(&there, value(CLASS, "There"));
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.report_received(&store, &plan.rooms[0]);
    session.receive(&mut store, &plan, &|_| true);
    session.worker.finish();
    assert_eq!(stage.local(&there), value(CLASS, "There"));
    let report = send(&stage.session(), "urn:x:there", "Two");
    assert_eq!(report.rooms[0].sent, 1, "{report:?}");
    assert_eq!(stage.remote(&there), value(CLASS, "Two"));
}

#[test]
fn corrected_change_is_reported_without_the_reason_of_the_change_before() {
    let stage = Stage::compared(CLASS);
    let session = stage.session();
    let states = |title: &str| {
        for after_commit in stage.set_local_hat_at_once("state", "u0", "urn:x:there", Some(title)) {
            let AfterCommit::Send(request) = after_commit else {
                panic!("{after_commit:?}")
            };
            session.worker.request(request).unwrap();
        }
        let items = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        });
        session.wait_for_sent();
        items.into_iter().map(|(_, state)| state).collect::<Vec<_>>()
    };
    assert!(matches!(states("")[..], [SendState::LeftOut(_)]));
    {
        let mut server = stage.server.lock().unwrap();
        server.crash();
        let calls = server.calls;
        server.faults = (calls..calls + 1000).map(|call| (call, Fault::Away)).collect();
    }
    assert_eq!(states("Short"), [SendState::Waiting]);
}

/// A hat was sent and confirmed, then removed on the server, which another account received. Adding the hat again is a
/// new change.
#[test]
fn hat_that_is_added_again_after_its_removal_was_received_is_sent() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let session = stage.session();
        assert_eq!(
            send_as(&session, "state", "u0", "urn:x:there", "There").rooms[0].sent,
            1
        );
        if !class.confirms_storage() {
            std::thread::sleep(Duration::from_millis(3200));
            session.run();
        }
        stage.set_remote(&there, None);
        // Another account receives the removal.
        let other = stage.session_of("other");
        other.run();
        assert_eq!(stage.local(&there), None, "{class:?}");
        let report = send_as(&session, "state", "u0", "urn:x:there", "There");
        assert_eq!(
            stage.remote(&there),
            value(class, "There"),
            "{class:?} {report:?}"
        );
    }
}

/// Like the test before, but with a changed title instead of a removal.
#[test]
fn change_of_a_title_that_another_account_received_is_sent() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let session = stage.session();
        send_as(&session, "state", "u0", "urn:x:there", "One");
        if !class.confirms_storage() {
            std::thread::sleep(Duration::from_millis(3200));
            session.run();
        }
        stage.set_remote(&there, value(class, "Theirs"));
        stage.session_of("other").run();
        assert_eq!(stage.local(&there), value(class, "Theirs"), "{class:?}");
        let report = send_as(&session, "state", "u0", "urn:x:there", "Two");
        assert_eq!(stage.remote(&there), value(class, "Two"), "{class:?} {report:?}");
    }
}

/// One account changes a title, another account changes it again, and then it is changed back in the file only.
#[test]
fn older_answer_does_not_turn_a_change_in_the_file_into_a_common_value() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let first = stage.session_of("first");
        first.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        send_as(&first, "first", "u0", "urn:x:there", "One");
        let second = stage.session_of("second");
        send_as(&second, "second", "u0", "urn:x:there", "Two");
        assert_eq!(stage.remote(&there), value(class, "Two"));
        // This change is not sent.
        stage.set_local_hat("u0", "urn:x:there", Some("One"));
        std::thread::sleep(Duration::from_millis(3200));
        let plan = first.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let actions: Vec<Action> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(actions, [Action::Send], "{class:?}: {:?}", plan.rooms[0].lines);
    }
}

/// The first account has an answer that no read has confirmed, and then sends another change.
#[test]
fn older_answer_does_not_replace_a_newer_answer_of_another_account() {
    let class = ServerClass::EjabberdOld;
    let stage = Stage::compared(class);
    let there = item("u0", "urn:x:there");
    let first = stage.session_of("first");
    send_as(&first, "first", "u0", "urn:x:there", "One");
    let second = stage.session_of("second");
    send_as(&second, "second", "u0", "urn:x:there", "Two");
    std::thread::sleep(Duration::from_millis(3200));
    second.run();
    send_as(&first, "first", "u1", "urn:x:there", "Other");
    // Someone changes the title back on the server.
    stage.set_remote(&there, value(class, "One"));
    let third = stage.session_of("third");
    let plan = third.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let lines = plan.rooms[0]
        .lines
        .iter()
        .filter(|line| line.user() == there.user());
    let actions: Vec<Action> = lines.map(|line| line.action).collect();
    assert_eq!(actions, [Action::Receive], "{:?}", plan.rooms[0].lines);
}

#[test]
fn change_after_a_conflict_that_another_account_resolved_is_sent() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        let session = stage.session();
        send(&session, "urn:x:there", "One");
        stage.set_remote(&there, value(class, "Theirs"));
        assert_eq!(send(&session, "urn:x:there", "Two").rooms[0].failed.len(), 1);
        let (other, mut store) = (stage.session_of("other"), stage.store());
        let mut plan = other.plan(&store, OtherRooms::Ignore).unwrap();
        for room in &mut Arc::make_mut(&mut plan).rooms {
            room.prefer(Prefer::Server);
        }
        other.receive(&mut store, &plan, &|_| true);
        other.worker.finish();
        assert_eq!(stage.local(&there), value(class, "Theirs"), "{class:?}");
        let report = send(&session, "urn:x:there", "Three");
        assert_eq!(
            stage.remote(&there),
            value(class, "Three"),
            "{class:?} {report:?}"
        );
    }
}
