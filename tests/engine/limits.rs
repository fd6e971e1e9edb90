//! How long sending takes to an account that the server slows down.

use hatrack::model::Affiliation;
use hatrack::sync::{Decision, OtherRooms, RateLimit, ServerClass, Subject, request_size};

use crate::stage::*;

/// Much to send: hats with long IDs.
fn stage(class: ServerClass) -> Stage {
    let stage = Stage::known(class);
    give(&stage, "first");
    stage
}

fn give(stage: &Stage, name: &str) {
    for user in 0..5 {
        let id = format!("urn:x:{name}:{}", "long".repeat(3_000));
        stage.local_hat(&format!("u{user}"), &id, Some("Long"));
    }
}

fn manage(stage: &Stage, affiliation: Affiliation) {
    let mut server = stage.server.lock().unwrap();
    let there = server.rooms.get_mut(&room()).unwrap();
    let user = there.users.entry(jid("maya@example.org")).or_default();
    user.affiliation = affiliation;
}

#[test]
fn an_account_that_manages_the_room_itself_is_probably_limited() {
    for class in [ServerClass::EjabberdOld, ServerClass::EjabberdCatalog] {
        let stage = stage(class);
        let session = stage.session();
        let plan = || session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        // It can read the room without managing it: it administers the server.
        assert_eq!(plan().seconds_to_send(), None);
        manage(&stage, Affiliation::Member);
        assert_eq!(plan().seconds_to_send(), None);
        for affiliation in [Affiliation::Admin, Affiliation::Owner] {
            manage(&stage, affiliation);
            let plan = plan();
            let lines = plan.rooms[0].lines.iter();
            let sent = lines.filter_map(|line| match &line.subject {
                Subject::Item(item) if line.decision == Decision::Send => Some(request_size(&room(), item)),
                _ => None,
            });
            let bytes: u64 = sent.sum();
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
fn an_account_with_an_admin_shell_is_not_limited() {
    let stage = stage(ServerClass::Prosody);
    manage(&stage, Affiliation::Owner);
    let session = stage.session();
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.seconds_to_send(), None);
    session.worker.finish();
}

#[test]
fn a_long_apply_shows_the_limit() {
    let stage = stage(ServerClass::EjabberdCatalog);
    manage(&stage, Affiliation::Owner);
    let session = stage.session();
    let plan = || session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    let first = plan();
    assert_eq!(first.rooms[0].limit, Some(RateLimit::EJABBERD_DEFAULT));
    let report = session.send(&first);
    assert!(report.rooms[0].sent >= 5, "{report:?}");
    give(&stage, "second");
    let measured = plan().rooms[0].limit.unwrap();
    assert_ne!(measured, RateLimit::EJABBERD_DEFAULT);
    // Too little to show anything else.
    stage.local_hat("u0", "urn:x:short", Some("Short"));
    assert!(session.run().1.rooms[0].sent > 0);
    assert!(
        plan().rooms[0]
            .limit
            .is_some_and(|limit| limit != RateLimit::EJABBERD_DEFAULT)
    );
    session.worker.finish();
}
