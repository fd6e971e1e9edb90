//! Removals of many users are held back, whoever received those before.

use hatrack::sync::{OtherRooms, Reason};

use crate::stage::*;

#[test]
fn what_other_sessions_received_counts() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let lose = |user: &str| stage.remote_set(&item(user, "urn:x:old"), None);
        lose("u0");
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        assert_eq!(plan.rooms[0].counts().receive, 1, "{plan:?}");
        lose("u1");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        lose("u2");
        lose("u3");
        stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert_eq!(stage.local(&item("u3", "urn:x:old")), None);
        lose("u4");
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let reasons: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.reason).collect();
        assert_eq!(
            reasons,
            [Some(Reason::Held)],
            "{class:?}: all have lost their hats"
        );
    }
}
