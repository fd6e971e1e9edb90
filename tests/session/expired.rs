//! The question whether to remove hats that expired long ago, and events before it is answered.

use hatrack::app::{Confirm, Msg};

use super::ending::{PROCTOR, open_with, proctor_count, start, time, with_proctors};
use super::session::Session;
use super::{ROOM, hat, jid};

/// A session with the open question whether to remove 21 hats that expired long ago.
fn with_question_about_21() -> Session {
    let mut session = open_with(start(), with_proctors(21, "2026-11-01T00:00:00Z"));
    session.keys("E");
    assert!(session.state.top_as::<Confirm>().is_some());
    session
}

/// Another program sets a later end for the hat of one user.
fn postpone_one_end(session: &mut Session) {
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
fn confirmed_removal_keeps_hats_that_have_not_expired_according_to_a_corrected_clock() {
    let mut session = with_question_about_21();
    session.send(Msg::Now(time("2026-10-31T12:00:00Z")));
    session.keys("y");
    assert_eq!(proctor_count(&session), 21);
    assert_eq!(session.notice(), "No changes: no hats have expired");
}

#[test]
fn hat_that_was_extended_stays_when_the_others_are_removed() {
    let mut session = with_question_about_21();
    postpone_one_end(&mut session);
    session.keys("y");
    assert_eq!(proctor_count(&session), 1, "{}", session.notice());
}

/// The change of another session arrives while the removal is being saved.
#[test]
fn rejected_removal_is_reported_if_it_was_confirmed() {
    let mut session = with_question_about_21();
    session.delay_answers();
    session.keys("y");
    postpone_one_end(&mut session);
    session.answer_all();
    assert_eq!(proctor_count(&session), 21);
    let notice = session.notice();
    assert!(
        notice.starts_with("Not saved: removed \"Proctor\" from 21 users"),
        "{notice}"
    );
}

/// A removal without a question is still being saved when the question is answered.
#[test]
fn expired_hats_are_removed_once() {
    let mut session = with_question_about_21();
    session.delay_answers();
    // The hats of at most 20 users are removed without a question.
    postpone_one_end(&mut session);
    session.send(Msg::Now(time("2026-11-28T14:32:00Z")));
    assert!(session.first_request().is_some());
    session.keys("y");
    assert_eq!(
        session.notice(),
        "No changes: expired hats are being removed already"
    );
    session.answer_all();
    assert_eq!(proctor_count(&session), 1);
    assert!(session.notice().ends_with("(expired)"), "{}", session.notice());
}
