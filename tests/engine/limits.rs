//! The rate limits of accounts, by which the time for sending is estimated.

use hatrack::model::Affiliation;
use hatrack::sync::{Decision, OtherRooms, RateLimit, ServerClass, Subject, request_size};

use crate::stage::*;

/// A stage with much to send: hats with long IDs.
fn stage_with_long_hats(class: ServerClass) -> Stage {
    let stage = Stage::compared(class);
    add_long_hats(&stage, "first");
    stage
}

fn add_long_hats(stage: &Stage, name: &str) {
    for user in 0..5 {
        let id = format!("urn:x:{name}:{}", "long".repeat(3_000));
        stage.set_local_hat(&format!("u{user}"), &id, Some("Long"));
    }
}

fn set_affiliation_of_account(stage: &Stage, affiliation: Affiliation) {
    let mut server = stage.server.lock().unwrap();
    let remote = server.rooms.get_mut(&room()).unwrap();
    let user = remote.users.entry(jid("maya@example.org")).or_default();
    user.affiliation = affiliation;
}

#[test]
fn account_that_manages_the_room_has_a_rate_limit() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        let stage = stage_with_long_hats(class);
        let session = stage.session();
        let plan = || session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // An account that can read the room although it does not manage it administers the server.
        assert_eq!(plan().seconds_to_send(), None);
        set_affiliation_of_account(&stage, Affiliation::Member);
        assert_eq!(plan().seconds_to_send(), None);
        for affiliation in [Affiliation::Admin, Affiliation::Owner] {
            set_affiliation_of_account(&stage, affiliation);
            let plan = plan();
            let lines = plan.rooms[0].lines.iter();
            let sizes = lines.filter_map(|line| match &line.subject {
                Subject::Item(item) if line.decision == Decision::Send => Some(request_size(&room(), item)),
                _ => None,
            });
            let bytes: u64 = sizes.sum();
            assert!((60_000..100_000).contains(&bytes), "{bytes}");
            assert_eq!(
                plan.seconds_to_send(),
                Some((bytes - 20_000) / 3_000),
                "{class:?}"
            );
        }
        session.worker.finish();
    }
}

#[test]
fn admin_shell_has_no_rate_limit() {
    let stage = stage_with_long_hats(ServerClass::Prosody);
    set_affiliation_of_account(&stage, Affiliation::Owner);
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.seconds_to_send(), None);
    session.worker.finish();
}

#[test]
fn rate_limit_is_measured_by_an_apply_that_sends_much() {
    let stage = stage_with_long_hats(ServerClass::EjabberdCatalog);
    set_affiliation_of_account(&stage, Affiliation::Owner);
    let session = stage.session();
    let plan = || session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let first = plan();
    assert_eq!(first.rooms[0].limit, Some(RateLimit::EJABBERD_DEFAULT));
    let report = session.send(&first);
    assert!(report.rooms[0].sent >= 5, "{report:?}");
    add_long_hats(&stage, "second");
    let measured = plan().rooms[0].limit.unwrap();
    assert_ne!(measured, RateLimit::EJABBERD_DEFAULT);
    // An apply that sends little does not change the measured limit.
    stage.set_local_hat("u0", "urn:x:short", Some("Short"));
    assert!(session.run().1.rooms[0].sent > 0);
    assert!(
        plan().rooms[0]
            .limit
            .is_some_and(|limit| limit != RateLimit::EJABBERD_DEFAULT)
    );
    session.worker.finish();
}
