//! The server fails or changes between the parts of a session.

use std::sync::Arc;

use hatrack::model::Affiliation;
use hatrack::sync::{
    Affiliations, Decision, Item, ItemValue, OtherRooms, ServerClass, ServerEvent, ServerRequest,
    ServerState, SetAside, Status, Subject,
};

use crate::simulated::Fault;
use crate::stage::*;

fn affiliation(user: &str) -> Item {
    Item::Affiliation {
        user: jid(&format!("{user}@example.org")),
    }
}

/// Lets the next 100 calls fail.
fn fail_next_calls(stage: &Stage, fault: Fault) {
    let mut server = stage.server.lock().unwrap();
    let first = server.calls + 1;
    server.faults = (first..first + 100).map(|call| (call, fault)).collect();
}

#[test]
fn received_changes_are_recorded_although_the_server_is_away() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u3", "urn:x:there");
        stage.set_remote(&there, value(class, "There"));
        let session = stage.session();
        let mut store = stage.store();
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        fail_next_calls(&stage, Fault::Away);
        let server = "example".into();
        session
            .worker
            .request(ServerRequest::Reconnect { server })
            .unwrap();
        session.wait(|event| match event {
            ServerEvent::State { state, .. } => matches!(state, ServerState::Away(_)).then_some(()),
            _ => None,
        });
        assert!(session.receive(&mut store, &plan, &|_| true));
        session.worker.finish();
        stage.server.lock().unwrap().faults.clear();
        stage.set_remote(&there, None);
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(
            (stage.local(&there), stage.remote(&there)),
            (None, None),
            "{class:?}"
        );
    }
}

#[test]
fn removal_of_a_user_that_the_next_plan_skips_is_not_sent() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_affiliation("u0", Affiliation::None);
        let mut session = stage.session();
        session.affiliations = Some(Affiliations::Manage);
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        session.report_received(&stage.store(), &plan.rooms[0]);
        fail_next_calls(&stage, Fault::LostBefore);
        let report = session.send(&plan);
        assert_ne!(report.status(), Status::Done);
        session.worker.finish();
        stage.server.lock().unwrap().faults.clear();

        stage.set_local_hat("u1", "urn:x:new", Some("New"));
        let mut session = stage.session();
        session.affiliations = Some(Affiliations::Manage);
        let mut plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let room = &mut Arc::make_mut(&mut plan).rooms[0];
        let is_user = |subject: &Subject| matches!(subject, Subject::User(_));
        let line = room.lines.iter().position(|line| is_user(&line.subject)).unwrap();
        assert_eq!(room.lines[line].decision, Decision::Send);
        assert!(room.decide(line, Decision::Skip));
        session.report_received(&stage.store(), &plan.rooms[0]);
        session.send(&plan);
        assert_eq!(stage.remote(&item("u1", "urn:x:new")), value(class, "New"));
        let member = ItemValue::affiliation(Affiliation::Member);
        assert_eq!(stage.remote(&affiliation("u0")), member, "{class:?}");
        assert_eq!(
            stage.remote(&item("u0", "urn:x:old")),
            value(class, "Old"),
            "{class:?}"
        );
    }
}

#[test]
fn affiliations_are_sent_again_after_a_lost_connection() {
    for class in CLASSES {
        for fault in [Fault::LostBefore, Fault::LostAfter, Fault::Killed] {
            let stage = Stage::compared(class);
            stage.set_local_affiliation("u0", Affiliation::Admin);
            let mut session = stage.session();
            session.affiliations = Some(Affiliations::Manage);
            let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            session.report_received(&stage.store(), &plan.rooms[0]);
            let calls = stage.server.lock().unwrap().calls;
            stage.server.lock().unwrap().faults = [(calls + 1, fault)].into();
            let report = session.send(&plan);
            assert_eq!(report.status(), Status::Done, "{class:?} {fault:?}: {report:?}");
            let admin = ItemValue::affiliation(Affiliation::Admin);
            assert_eq!(stage.remote(&affiliation("u0")), admin, "{class:?} {fault:?}");
        }
    }
}

#[test]
fn plan_for_another_class_is_not_sent() {
    let [old, new] = [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog];
    let create_stage = || {
        let stage = Stage::compared(old);
        stage.set_local_hat("u0", "urn:x:new", Some("New"));
        stage
    };
    // The class changes between comparing and sending.
    let stage = create_stage();
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.server.lock().unwrap().class = new;
    let report = session.send(&plan);
    assert!(
        report.rooms[0]
            .error
            .as_ref()
            .unwrap()
            .contains("its version has changed")
    );
    assert!(stage.server.lock().unwrap().change_counts.is_empty());
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.rooms[0].class, new);
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::OtherServer));
    // The class changes while sending.
    let stage = create_stage();
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.upgrade_at_the_next_call(new);
    let report = session.send(&plan);
    assert!(report.rooms[0].error.is_some());
    assert!(stage.server.lock().unwrap().change_counts.is_empty());
    // The class changes while comparing.
    let stage = create_stage();
    let session = stage.session();
    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    stage.upgrade_at_the_next_call(new);
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.rooms[0].class, new);
    assert_eq!(plan.rooms[0].set_aside, Some(SetAside::OtherServer));
}
