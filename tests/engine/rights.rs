//! Sessions that may change only some hats, or no affiliations: a plan that does more is refused whole.

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
fn a_plan_beyond_the_rights_sends_nothing() {
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.local_hat("u1", "urn:x:mine", Some("Mine"));
        stage.local_hat("u2", "urn:x:other", Some("Other"));
        let session = stage.session_with("state", only(&["urn:x:mine"]));
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
        // With the right to both, both are sent.
        let session = stage.session_with("state", only(&["urn:x:mine", "urn:x:other"]));
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let report = session.send(&plan);
        assert_eq!(report.rooms[0].error, None);
        assert_eq!(stage.remote(&item("u1", "urn:x:mine")), value(class, "Mine"));
        session.worker.finish();
    }
}

#[test]
fn affiliations_are_not_sent_without_the_right() {
    let stage = Stage::known(CLASSES[0]);
    stage.local_affiliation("u1", Affiliation::Admin);
    stage.local_hat("u2", "urn:x:new", Some("New"));
    let rights = Rights {
        only_hats: None,
        no_affiliations: true,
    };
    let mut session = stage.session_with("state", rights);
    session.affiliations = Some(hatrack::sync::Affiliations::Manage);
    let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
    assert_eq!(plan.counts().send, 2, "{plan:?}");
    let report = session.send(&plan);
    let error = report.rooms[0].error.as_deref().unwrap_or_default();
    assert!(error.contains("may not change affiliations"), "{error}");
    assert_eq!(stage.remote(&item("u2", "urn:x:new")), None);
    session.worker.finish();
}
