//! Sessions that may change only some hats, or no affiliations. Nothing of a plan is sent if a part of the plan exceeds
//! these rights.

use hatrack::model::{Affiliation, HatId, Rights};
use hatrack::sync::OtherRooms;

use crate::stage::*;

fn only(hats: &[&str]) -> Rights {
    Rights {
        only_hats: Some(hats.iter().map(|hat| HatId::unchecked(*hat)).collect()),
        no_affiliations: false,
    }
}

#[test]
fn plan_that_exceeds_the_rights_sends_nothing() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_hat("u1", "urn:x:mine", Some("Mine"));
        stage.set_local_hat("u2", "urn:x:other", Some("Other"));
        let session = stage.session_with_rights("state", only(&["urn:x:mine"]));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let report = session.send(&plan);
        let error = report.rooms[0].error.as_deref().unwrap_or_default();
        assert!(
            error.contains("this session may only change the hat urn:x:mine; this would change"),
            "{error}"
        );
        assert_eq!(stage.remote(&item("u1", "urn:x:mine")), None);
        assert_eq!(stage.remote(&item("u2", "urn:x:other")), None);
        session.worker.finish();
        // A session that may change both hats sends both.
        let session = stage.session_with_rights("state", only(&["urn:x:mine", "urn:x:other"]));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let report = session.send(&plan);
        assert_eq!(report.rooms[0].error, None);
        assert_eq!(stage.remote(&item("u1", "urn:x:mine")), value(class, "Mine"));
        assert_eq!(stage.remote(&item("u2", "urn:x:other")), value(class, "Other"));
        session.worker.finish();
    }
}

#[test]
fn affiliations_are_not_sent_without_the_right() {
    let stage = Stage::compared(CLASSES[0]);
    stage.set_local_affiliation("u1", Affiliation::Admin);
    stage.set_local_hat("u2", "urn:x:new", Some("New"));
    let rights = Rights {
        only_hats: None,
        no_affiliations: true,
    };
    let mut session = stage.session_with_rights("state", rights);
    session.affiliations = Some(hatrack::sync::Affiliations::Manage);
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.counts().send, 2, "{plan:?}");
    let report = session.send(&plan);
    let error = report.rooms[0].error.as_deref().unwrap_or_default();
    assert!(error.contains("may not change affiliations"), "{error}");
    assert_eq!(stage.remote(&item("u2", "urn:x:new")), None);
    session.worker.finish();
}
