//! Comparing again from an open plan.

use hatrack::app::Confirm;
use hatrack::app::servers::ServersOverlay;
use hatrack::app::servers::plan::PlanOverlay;
use hatrack::model::Affiliation;
use hatrack::sync::HatValue;

use super::super::session::Session;
use super::super::{HAT, ROOM, TERRY};
use super::{active, matching_server, open, plan, rows, with_differences};

fn counts(session: &Session) -> [usize; 4] {
    let counts = plan(session).counts();
    [counts.send, counts.receive, counts.conflicts, counts.skipped]
}

#[test]
fn choices_that_still_fit_are_kept() {
    let mut session = with_differences();
    session.keys("S Enter Down x Tab t");
    assert_eq!(counts(&session), [0, 2, 0, 1]);
    session.keys("c");
    assert_eq!(session.notice(), "Kept 2 choices");
    assert_eq!(counts(&session), [0, 2, 0, 1]);
    // One key still does not discard the choices.
    session.keys("Esc");
    assert!(
        session.state.top_as::<Confirm>().is_some(),
        "{}",
        session.notice()
    );
    session.keys("Esc");
    // The chosen value changes on the server.
    let server = session.server.as_mut().unwrap();
    let value = HatValue {
        active: false,
        ..active("Teaching")
    };
    server.hat(ROOM, TERRY, HAT, value);
    session.keys("c");
    assert_eq!(
        session.notice(),
        "Kept 1 choice. Discarded 1 choice because the differences have changed"
    );
    assert_eq!(counts(&session), [0, 1, 1, 1]);
}

#[test]
fn added_rooms_stay_added_after_comparing_again() {
    let other = "staff@conference.example.org";
    let mut server = matching_server();
    server.user(other, "prof@example.org", Affiliation::Owner);
    let mut session = open(server);
    session.keys("S Enter Space");
    let added = rows(&session);
    assert!(added.len() > 1, "{added:?}");
    session.keys("Down x c");
    assert_eq!(
        rows(&session),
        added
            .iter()
            .map(|row| row.replace("receive", "left out"))
            .collect::<Vec<_>>()
    );
    assert_eq!(session.notice(), "Kept 1 choice");
}

#[test]
fn a_plan_is_shown_again_if_comparing_again_fails_or_is_stopped() {
    let mut session = with_differences();
    session.keys("S Enter Down x");
    let before = rows(&session);
    session.server.as_mut().unwrap().is_slow = true;
    session.keys("c");
    assert!(session.state.top_as::<ServersOverlay>().is_some());
    session.keys("Esc");
    assert_eq!(rows(&session), before);
    session.server_answers();
    assert_eq!(session.state.overlays().len(), 2);
    session.server.as_mut().unwrap().error = Some("connection refused".into());
    session.keys("c");
    session.server_answers();
    assert_eq!(
        session.notice(),
        "Cannot compare with \"example\": connection refused"
    );
    assert_eq!(rows(&session), before);
    assert!(session.state.top_as::<PlanOverlay>().is_some());
}
