//! What another session or somebody on the server did meanwhile is not taken back.

use hatrack::model::Rights;
use hatrack::sync::{
    AfterCommit, Decision, Item, ItemValue, OtherRooms, Report, SendState, ServerClass, ServerEvent,
    ServerRequest,
};

use crate::simulated::Fault;
use crate::stage::*;

const CLASS: ServerClass = ServerClass::EjabberdOld;

/// Saves a hat of `u0` and sends it.
fn send(session: &Session<'_>, hat: &str, title: &str) -> Report {
    for follows in session.stage.local_hat_at_once("state", "u0", hat, Some(title)) {
        let AfterCommit::Send(request) = follows else {
            panic!("{follows:?}")
        };
        session.worker.request(request).unwrap();
    }
    sent(session)
}

fn sent(session: &Session<'_>) -> Report {
    session.wait(|event| match event {
        ServerEvent::Sent { report } => Some(report),
        _ => None,
    })
}

fn resolve(session: &Session<'_>, item: &Item, decision: Decision, shown: Option<ItemValue>) -> Report {
    let request = ServerRequest::Resolve {
        room: room(),
        item: item.clone(),
        decision,
        shown,
    };
    session.worker.request(request).unwrap();
    sent(session)
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
    options.read_memory = Some(1);
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
        sent(&session);
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
