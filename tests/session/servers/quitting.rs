//! Quitting while changes are being saved and sent.

use super::super::session::Session;
use super::silence::save_change_to_send;
use super::{matching_server, open};

/// A session that is sending a change, and has not saved another one yet.
fn saving_and_sending() -> Session {
    let mut session = open(matching_server());
    save_change_to_send(&mut session);
    session.delay_answers();
    session.keys("Enter j Enter Space");
    session
}

#[test]
fn quitting_waits_until_changes_are_saved_and_sent() {
    let mut session = saving_and_sending();
    session.keys("q");
    session.answer_all();
    assert_eq!(session.exit_status, None, "not sent yet");
}

#[test]
fn quitting_twice_waits_only_until_changes_are_saved() {
    let mut session = saving_and_sending();
    session.keys("q q");
    assert_eq!(session.notice(), "Saving; hatrack quits when done");
    assert_eq!(session.exit_status, None);
    session.answer_all();
    assert_eq!(session.exit_status, Some(0));
}

#[test]
fn problem_of_the_data_file_ends_a_quit_that_has_nothing_to_save() {
    let mut session = open(matching_server());
    save_change_to_send(&mut session);
    session.keys("q");
    assert_eq!(session.exit_status, None);
    session.fail_writes("the disk is full");
    assert_eq!(session.exit_status, Some(0), "{}", session.notice());
}
