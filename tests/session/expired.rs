//! The question whether to remove hats that expired long ago, and what may happen before it is answered.

use hatrack::app::{Confirm, Msg};

use super::ending::{PROCTOR, open_with, proctors, start, time, with_proctors};
use super::session::Session;
use super::{ROOM, hat, jid};

/// The question whether to remove 21 hats that expired long ago is open.
fn asked_about_21() -> Session {
    let mut session = open_with(start(), with_proctors(21, "2026-11-01T00:00:00Z"));
    session.keys("E");
    assert!(session.state.top_as::<Confirm>().is_some());
    session
}

/// Moves the end of the hat of one user.
fn extend_one(session: &mut Session) {
    session.external_change(|wardrobe| {
        let users = wardrobe.room(&jid(ROOM)).unwrap().users();
        let mut users = users
            .iter()
            .filter_map(|(user, has)| Some((user, has.hats.get(&hat(PROCTOR))?)));
        let (user, attachment) = users.next().unwrap();
        let (user, later) = (
            user.clone(),
            attachment.clone().with_until(Some(time("2027-01-01T00:00:00Z"))),
        );
        wardrobe.add_user_hat(&user, &jid(ROOM), &hat(PROCTOR), later)
    });
}

#[test]
fn hats_that_have_not_expired_after_all_are_not_removed_when_confirmed() {
    let mut session = asked_about_21();
    session.send(Msg::Now(time("2026-10-31T12:00:00Z")));
    session.keys("y");
    assert_eq!(proctors(&session), 21);
    assert_eq!(session.notice(), "No changes: no hats have expired");
}

#[test]
fn hat_that_was_extended_stays_when_the_others_are_removed() {
    let mut session = asked_about_21();
    extend_one(&mut session);
    session.keys("y");
    assert_eq!(proctors(&session), 1, "{}", session.notice());
}

/// The change of another session arrives while the removal is being saved.
#[test]
fn removal_that_was_confirmed_and_is_refused_is_reported() {
    let mut session = asked_about_21();
    session.delay_answers();
    session.keys("y");
    extend_one(&mut session);
    session.answer_all();
    assert_eq!(proctors(&session), 21);
    let notice = session.notice();
    assert!(
        notice.starts_with("Not saved: removed \"Proctor\" from 21 users"),
        "{notice}"
    );
}

/// A removal without a question is still being saved when the question is answered.
#[test]
fn expired_hats_are_removed_once() {
    let mut session = asked_about_21();
    session.delay_answers();
    // The hats of at most 20 users are removed without a question.
    extend_one(&mut session);
    session.send(Msg::Now(time("2026-11-28T14:32:00Z")));
    assert!(session.first_request().is_some());
    session.keys("y");
    assert_eq!(
        session.notice(),
        "No changes: expired hats are being removed already"
    );
    session.answer_all();
    assert_eq!(proctors(&session), 1);
    assert!(session.notice().ends_with("(expired)"), "{}", session.notice());
}
