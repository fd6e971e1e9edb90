//! What another session or somebody on the server did meanwhile is not taken back.

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

fn send_as(session: &Session<'_>, account: &str, user: &str, hat: &str, title: &str) -> Report {
    for follows in session.stage.local_hat_at_once(account, user, hat, Some(title)) {
        let AfterCommit::Send(request) = follows else {
            panic!("{follows:?}")
        };
        session.worker.request(request).unwrap();
    }
    session.sent()
}

fn resolve(session: &Session<'_>, item: &Item, decision: Decision, shown: Option<ItemValue>) -> Report {
    let request = ServerRequest::Resolve {
        room: room(),
        item: item.clone(),
        decision,
        shown,
    };
    session.worker.request(request).unwrap();
    session.sent()
}

#[test]
fn what_somebody_took_back_is_not_overwritten_by_the_next_change() {
    let stage = Stage::known(CLASS);
    let there = item("u0", "urn:x:there");
    // The connection of this one lasts.
    let second = stage.session();
    second.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    send(&stage.session(), "urn:x:there", "One");
    assert_eq!(stage.remote(&there), value(CLASS, "One"));
    stage.remote_set(&there, None);
    let report = send(&second, "urn:x:there", "Two");
    assert_eq!(report.rooms[0].failed.len(), 1, "{report:?}");
    assert_eq!(stage.remote(&there), None);
}

#[test]
fn keeping_yours_overwrites_only_what_was_shown() {
    let stage = Stage::known(CLASS);
    let old = item("u0", "urn:x:old");
    let (one, two) = (stage.session(), stage.session());
    one.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.remote_set(&old, value(CLASS, "A"));
    send(&one, "urn:x:old", "Mine");
    stage.remote_set(&old, value(CLASS, "B"));
    // The other session notes that it changed again; this one still shows the first value.
    resolve(&two, &old, Decision::Receive, value(CLASS, "A"));
    let report = resolve(&one, &old, Decision::Send, value(CLASS, "A"));
    assert_eq!(report.rooms[0].failed.len(), 1, "{report:?}");
    assert_eq!(stage.remote(&old), value(CLASS, "B"));
    resolve(&one, &old, Decision::Send, value(CLASS, "B"));
    assert_eq!(stage.remote(&old), value(CLASS, "Mine"));
}

/// The screen reports a plan twice: what agrees at once, and what was received later.
#[test]
fn what_a_plan_received_is_recorded_although_its_read_was_dropped() {
    let stage = Stage::known(CLASS);
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = Some(1);
    let (session, mut store) = (stage.session_as(options), stage.store());
    let there = item("u0", "urn:x:there");
    stage.remote_set(&there, value(CLASS, "There"));
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.settle(&store, &plan.rooms[0]);
    session.receive(&mut store, &plan, &|_| true);
    session.worker.finish();
    assert_eq!(stage.local(&there), value(CLASS, "There"));
    let report = send(&stage.session(), "urn:x:there", "Two");
    assert_eq!(report.rooms[0].sent, 1, "{report:?}");
    assert_eq!(stage.remote(&there), value(CLASS, "Two"));
}

#[test]
fn corrected_change_is_not_shown_with_the_reason_of_the_last_one() {
    let stage = Stage::known(CLASS);
    let session = stage.session();
    let states = |title: &str| {
        for follows in stage.local_hat_at_once("state", "u0", "urn:x:there", Some(title)) {
            let AfterCommit::Send(request) = follows else {
                panic!("{follows:?}")
            };
            session.worker.request(request).unwrap();
        }
        let items = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => Some(items),
            _ => None,
        });
        session.sent();
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

/// The server confirmed a hat; somebody takes it there, which is received, and the moderator gives it again.
#[test]
fn hat_that_was_taken_there_and_is_given_again_is_sent() {
    for class in CLASSES {
        let stage = Stage::known(class);
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
        stage.remote_set(&there, None);
        // Another account of the file receives it.
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

/// The same, and the moderator changes what was received.
#[test]
fn change_of_what_was_received_is_sent_against_that() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        let session = stage.session();
        send_as(&session, "state", "u0", "urn:x:there", "One");
        if !class.confirms_storage() {
            std::thread::sleep(Duration::from_millis(3200));
            session.run();
        }
        stage.remote_set(&there, value(class, "Theirs"));
        stage.session_of("other").run();
        assert_eq!(stage.local(&there), value(class, "Theirs"), "{class:?}");
        let report = send_as(&session, "state", "u0", "urn:x:there", "Two");
        assert_eq!(stage.remote(&there), value(class, "Two"), "{class:?} {report:?}");
    }
}

/// One account changed a hat, another one changed it after that, and back in the file only.
#[test]
fn read_of_an_older_answer_does_not_take_back_what_another_account_changed_since() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        let first = stage.session_of("first");
        first.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        send_as(&first, "first", "u0", "urn:x:there", "One");
        let second = stage.session_of("second");
        send_as(&second, "second", "u0", "urn:x:there", "Two");
        assert_eq!(stage.remote(&there), value(class, "Two"));
        // Not sent yet.
        stage.local_hat("u0", "urn:x:there", Some("One"));
        std::thread::sleep(Duration::from_millis(3200));
        let plan = first.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let actions: Vec<Action> = plan.rooms[0].lines.iter().map(|line| line.action).collect();
        assert_eq!(actions, [Action::Send], "{class:?}: {:?}", plan.rooms[0].lines);
    }
}

/// The same with an answer that the first account has not seen confirmed, and sends something else.
#[test]
fn older_answer_is_not_noted_again_over_a_newer_one() {
    let class = ServerClass::EjabberdOld;
    let stage = Stage::known(class);
    let there = item("u0", "urn:x:there");
    let first = stage.session_of("first");
    send_as(&first, "first", "u0", "urn:x:there", "One");
    let second = stage.session_of("second");
    send_as(&second, "second", "u0", "urn:x:there", "Two");
    std::thread::sleep(Duration::from_millis(3200));
    second.run();
    send_as(&first, "first", "u1", "urn:x:there", "Other");
    // Somebody changes it back on the server.
    stage.remote_set(&there, value(class, "One"));
    let third = stage.session_of("third");
    let plan = third.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let lines = plan.rooms[0]
        .lines
        .iter()
        .filter(|line| line.user() == there.user());
    let actions: Vec<Action> = lines.map(|line| line.action).collect();
    assert_eq!(actions, [Action::Receive], "{:?}", plan.rooms[0].lines);
}

/// Another account took what the server had in a conflict; the next change is made of that.
#[test]
fn change_after_a_conflict_that_another_account_resolved_is_sent() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        let session = stage.session();
        send(&session, "urn:x:there", "One");
        stage.remote_set(&there, value(class, "Theirs"));
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
