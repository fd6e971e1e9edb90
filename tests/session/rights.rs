//! Sessions with fewer rights on the screen: a change that exceeds them is refused as a whole, with the reason.

use hatrack::app::SessionOptions;
use hatrack::app::form::Form;
use hatrack::model::{HatId, Rights};
use hatrack::store::Scope;

use super::{HAT, ROOM, TERRY, wardrobe};
use crate::session::Session;

fn restricted(rights: Rights) -> Session {
    let start = SessionOptions {
        actor: "terry".into(),
        scope: Scope {
            rights,
            ..Scope::default()
        },
        ..SessionOptions::default()
    };
    Session::start(start, wardrobe(), (100, 30))
}

fn only(hat: &str) -> Rights {
    Rights {
        only_hats: Some([HatId::unchecked(hat)].into()),
        no_affiliations: false,
    }
}

#[test]
fn only_the_allowed_hat_can_be_changed() {
    let mut session = restricted(only(HAT));
    let before = session.json();
    // Terry's hat "Teacher", which may be changed.
    session.keys("Enter Down Enter Space");
    assert_ne!(session.json(), before);
    session.keys("u");
    let mut session = restricted(only("urn:x:another"));
    let before = session.json();
    session.keys("Enter Down Enter Space");
    let reason =
        format!("This session may only change the hat urn:x:another; this would change the hat {HAT}");
    assert_eq!(session.notice(), reason);
    session.keys("d");
    assert_eq!(session.notice(), reason);
    assert_eq!(session.json(), before);
    // For rooms and users, a command that exceeds the rights is refused before a form or a question opens.
    session.keys("h h a");
    assert_eq!(
        session.notice(),
        "This session may only change some hats (--only-hat)"
    );
    assert!(session.state.top_as::<Form>().is_none());
    session.keys("e");
    assert_eq!(
        session.notice(),
        "This session may only change some hats (--only-hat)"
    );
    session.keys("l d");
    assert!(
        session
            .notice()
            .starts_with("This session may only change the hat"),
        "{}",
        session.notice()
    );
    assert!(session.state.top().is_none());
    assert_eq!(session.json(), before);
}

#[test]
fn affiliations_cannot_be_changed_without_the_right() {
    let mut session = restricted(Rights {
        only_hats: None,
        no_affiliations: true,
    });
    let before = session.json();
    for keys in ["Enter Down e", "a", "d", "b"] {
        session.keys(keys);
        assert_eq!(
            session.notice(),
            "This session may not change affiliations (--no-affiliations)",
            "{keys}"
        );
        assert!(session.state.top().is_none(), "{keys}");
    }
    // The room cannot be removed either, because its users would be removed too.
    session.keys("h d");
    let reason = "This session may not change affiliations, add users or remove them";
    assert_eq!(session.notice(), reason);
    assert!(session.state.top().is_none());
    assert_eq!(session.json(), before);
    session.keys("l Enter Space");
    assert_ne!(
        session.json()["rooms"][ROOM]["users"][TERRY],
        before["rooms"][ROOM]["users"][TERRY]
    );
}

#[test]
fn undo_that_exceeds_the_rights_shows_the_reason() {
    let mut session = restricted(Rights {
        only_hats: None,
        no_affiliations: true,
    });
    let before = session.json();
    let group = {
        let mut next = wardrobe();
        next.set_affiliation(
            &super::jid(TERRY),
            &super::jid(ROOM),
            hatrack::model::Affiliation::Owner,
        )
        .unwrap()
    };
    // An entry of an earlier session of the same actor, without this restriction.
    session.external_change(|wardrobe| wardrobe.apply(&group).map(|()| group.clone()));
    session.keys("H u");
    assert!(
        session
            .notice()
            .ends_with("this session may not change affiliations, add users or remove them"),
        "{}",
        session.notice()
    );
    assert_ne!(session.json(), before);
}
