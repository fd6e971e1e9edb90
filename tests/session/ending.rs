//! Hats that expire: the field of the form, how they are shown and filtered, and their removal.

use std::time::Duration;

use hatrack::app::form::{FieldName, Form};
use hatrack::app::{Confirm, Msg, Pane, SessionOptions};
use hatrack::model::{Affiliation, Attachment, HatId, Rights, Wardrobe};
use hatrack::store::Scope;
use hatrack::ui::{Theme, plain};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::screen;
use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, wardrobe};

/// A Saturday, 15:30 in the time zone of the session.
const NOW: &str = "2026-11-28T14:30:00Z";
pub(super) const PROCTOR: &str = "urn:x:proctor";

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn start() -> SessionOptions {
    SessionOptions {
        actor: "terry".into(),
        time_zone: Some(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()),
        ..SessionOptions::default()
    }
}

pub(super) fn open_with(start: SessionOptions, wardrobe: Wardrobe) -> Session {
    let mut session = Session::start(start, wardrobe, (100, 30));
    session.send(Msg::Now(time(NOW)));
    session
}

/// A wardrobe in which Terry also has the hat "Proctor", until this time.
fn with_proctor(until: &str) -> Wardrobe {
    let mut wardrobe = wardrobe();
    let attachment = Attachment::default()
        .with_title(Some("Proctor"))
        .with_until(Some(time(until)));
    wardrobe
        .add_user_hat(&jid(TERRY), &jid(ROOM), &hat(PROCTOR), attachment)
        .unwrap();
    wardrobe
}

fn until(session: &Session, user: &str, hat: &str) -> serde_json::Value {
    session.json()["rooms"][ROOM]["users"][user]["hats"][hat]["until"].clone()
}

fn has(session: &Session, id: &HatId) -> bool {
    let user = session.state.wardrobe().user(&jid(ROOM), &jid(TERRY)).unwrap();
    user.hats.get(id).is_some()
}

fn field_problem(session: &Session) -> Option<String> {
    let form = session.state.top_as::<Form>().unwrap();
    form.problem(form.focus, session.state.wardrobe(), session.state.keymap())
}

/// The screen as lines.
fn page(session: &Session) -> String {
    screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0).join("\n")
}

fn focus_end_field(session: &mut Session) {
    while session.state.top_as::<Form>().unwrap().field().unwrap().name != FieldName::Expires {
        session.keys("Tab");
    }
}

#[test]
fn form_shows_the_parsed_time_while_typing() {
    let mut session = open_with(start(), wardrobe());
    session.keys("Enter Enter a t e a c");
    focus_end_field(&mut session);
    session.text("Su");
    assert_eq!(
        field_problem(&session).unwrap(),
        "\"Su\" is not a time; use Sunday, 2 weeks, 18:00, 2027-01-31 or 31 January 18:00"
    );
    session.text("nday");
    assert_eq!(field_problem(&session), None);
    assert!(
        page(&session).contains("→ at the end of Sunday, 2026-11-29"),
        "{}",
        page(&session)
    );
    let spoken = plain::page(&session.state, Theme::default(), (100, 30))
        .lines
        .join("\n");
    assert!(spoken.contains("At the end of Sunday, 2026-11-29"), "{spoken}");
    session.keys("Enter");
    assert_eq!(until(&session, "prof@example.org", HAT), "2026-11-29T23:00:00Z");
    session.send(Msg::Now(time("2026-11-29T10:00:00Z")));
    assert!(page(&session).contains(" tonight "), "{}", page(&session));
}

#[test]
fn time_that_passes_while_the_form_is_open_is_a_problem() {
    let mut session = open_with(start(), wardrobe());
    session.keys("Enter Enter a t e a c");
    focus_end_field(&mut session);
    session.text("2026-11-28 15:31");
    assert_eq!(field_problem(&session), None);
    session.send(Msg::Now(time("2026-11-28T14:31:00Z")));
    assert_eq!(
        field_problem(&session).unwrap(),
        "\"2026-11-28 15:31\" is in the past"
    );
    session.keys("Enter");
    assert!(session.state.top_as::<Form>().is_some());
}

#[test]
fn end_that_was_not_edited_stays_exact_and_an_empty_one_is_removed() {
    let mut session = open_with(start(), with_proctor("2027-01-31T17:00:33Z"));
    session.keys("Enter j Enter e Ctrl-U P");
    let shown = session.state.top_as::<Form>().unwrap().text(FieldName::Expires);
    assert_eq!(shown, "2027-01-31 18:00:33");
    session.keys("Enter");
    assert_eq!(until(&session, TERRY, PROCTOR), "2027-01-31T17:00:33Z");
    session.keys("e");
    focus_end_field(&mut session);
    session.keys("Ctrl-U Enter");
    assert_eq!(until(&session, TERRY, PROCTOR), json!(null));
    assert!(
        session.notice().contains("no longer expires"),
        "{}",
        session.notice()
    );
    session.keys("u");
    assert_eq!(until(&session, TERRY, PROCTOR), "2027-01-31T17:00:33Z");
}

#[test]
fn ends_of_several_hats_change_only_if_edited() {
    let mut session = open_with(start(), with_proctor("2027-01-31T17:00:00Z"));
    // Both hats of Terry.
    session.keys("Enter j Enter * e");
    let form = session.state.top_as::<Form>().unwrap();
    assert_eq!(form.text(FieldName::Expires), "", "the ends differ");
    session.keys("Tab Space Enter");
    session.keys("y");
    assert_eq!(until(&session, TERRY, PROCTOR), "2027-01-31T17:00:00Z");
    assert_eq!(until(&session, TERRY, HAT), json!(null));
    session.keys("e");
    focus_end_field(&mut session);
    session.text("2 weeks");
    session.keys("Enter");
    if let Some(question) = session.state.top_as::<Confirm>() {
        assert!(question.question.contains("until 2026-12-12 15:30"));
        session.keys("y");
    }
    assert_eq!(until(&session, TERRY, PROCTOR), "2026-12-12T14:30:00Z");
    assert_eq!(until(&session, TERRY, HAT), "2026-12-12T14:30:00Z");
}

#[test]
fn panes_show_and_filter_hats_that_expire() {
    let mut session = open_with(start(), with_proctor("2026-12-04T23:00:00Z"));
    session.keys("Enter j Enter");
    assert!(page(&session).contains("expires Fri"), "{}", page(&session));
    session.keys("/");
    let shown = |session: &Session| session.state.length(Pane::Third);
    for (text, expected) in [
        ("~", 1),
        ("~3d", 0),
        ("~7d", 1),
        ("~friday", 1),
        ("!~", 1),
        ("~no", 0),
    ] {
        session.text(text);
        assert_eq!(shown(&session), expected, "{text}");
        session.keys("Ctrl-U");
    }
    session.keys("Esc h /");
    let users = |session: &Session| session.state.length(Pane::Second);
    for (text, expected) in [("~3d", 0), ("~7d", 1)] {
        session.text(text);
        assert_eq!(users(&session), expected, "{text}");
        session.keys("Ctrl-U");
    }
    session.keys("Esc h /");
    for (text, expected) in [("~3d", 0), ("~7d", 1)] {
        session.text(text);
        assert_eq!(session.state.length(Pane::First), expected, "{text}");
        session.keys("Ctrl-U");
    }
}

#[test]
fn hat_is_removed_at_its_end_and_undo_restores_it_without_an_end() {
    let mut session = open_with(start(), with_proctor("2026-11-28T15:00:00Z"));
    session.keys("Enter j Enter");
    assert_eq!(
        session.state.time_to_next_clock_check(time(NOW)),
        Some(Duration::from_secs(60)),
        "the clock is checked once a minute, because it can be set"
    );
    assert_eq!(
        session
            .state
            .time_to_next_clock_check(time("2026-11-28T14:59:58Z")),
        Some(Duration::from_secs(2))
    );
    session.send(Msg::Now(time("2026-11-28T14:59:59Z")));
    assert!(has(&session, &hat(PROCTOR)));
    session.send(Msg::Now(time("2026-11-28T15:00:00Z")));
    assert!(!has(&session, &hat(PROCTOR)));
    assert!(
        session.notice().starts_with(
            "Removed \"Proctor\" from terry@example.org in courses@conference.example.org (expired)"
        ),
        "{}",
        session.notice()
    );
    assert_eq!(
        session
            .state
            .time_to_next_clock_check(time("2026-11-28T15:00:00Z")),
        None
    );
    // The removal is not a change by the user.
    session.keys("u");
    assert!(!has(&session, &hat(PROCTOR)), "{}", session.notice());
    assert_eq!(session.notice(), "Nothing to undo");
    session.keys("H x");
    assert!(page(&session).contains("hatrack (expired)"), "{}", page(&session));
    session.keys("u");
    assert!(has(&session, &hat(PROCTOR)), "{}", session.notice());
    assert_eq!(until(&session, TERRY, PROCTOR), json!(null));
    session.send(Msg::Now(time("2026-11-28T15:10:00Z")));
    assert!(has(&session, &hat(PROCTOR)));
}

#[test]
fn undo_of_a_removal_does_not_restore_an_end_that_has_passed() {
    let mut session = open_with(start(), with_proctor("2026-11-28T15:00:00Z"));
    session.keys("Enter j d y");
    assert_eq!(session.json()["rooms"][ROOM]["users"][TERRY], json!(null));
    session.send(Msg::Now(time("2026-11-28T16:00:00Z")));
    session.keys("u");
    assert!(has(&session, &hat(PROCTOR)), "{}", session.notice());
    assert_eq!(until(&session, TERRY, PROCTOR), json!(null));
}

#[test]
fn pending_removal_is_checked_once_a_minute_and_not_repeated_after_the_clock_is_set_back() {
    let mut session = open_with(start(), with_proctor("2026-11-28T15:00:00Z"));
    session.delay_answers();
    session.send(Msg::Now(time("2026-11-28T15:00:00Z")));
    // The removal is being saved, and is not requested twice.
    let wait = session
        .state
        .time_to_next_clock_check(time("2026-11-28T15:00:01Z"));
    assert_eq!(wait, Some(Duration::from_secs(59)));
    session.send(Msg::Now(time("2026-11-28T15:01:30Z")));
    let wait = session
        .state
        .time_to_next_clock_check(time("2026-11-28T15:01:31Z"));
    assert_eq!(wait, Some(Duration::from_secs(59)));
    session.send(Msg::Now(time(NOW)));
    session.answer_all();
    assert!(!has(&session, &hat(PROCTOR)));
    let revision = session.memory.snapshot().wardrobe.revision;
    session.send(Msg::Now(time("2026-11-28T15:05:00Z")));
    assert_eq!(session.memory.snapshot().wardrobe.revision, revision);
}

#[test]
fn session_without_the_right_removes_nothing() {
    let read_only = Scope {
        read_only: true,
        ..Scope::default()
    };
    let other_hats = Scope {
        rights: Rights {
            only_hats: Some([hat(HAT)].into()),
            no_affiliations: false,
        },
        ..Scope::default()
    };
    for scope in [read_only, other_hats] {
        let start = SessionOptions { scope, ..start() };
        let mut session = open_with(start, with_proctor("2026-11-28T15:00:00Z"));
        session.send(Msg::Now(time("2026-11-28T15:00:00Z")));
        assert!(has(&session, &hat(PROCTOR)));
        assert_eq!(
            session
                .state
                .time_to_next_clock_check(time("2026-11-28T15:00:00Z")),
            Some(Duration::from_secs(60))
        );
    }
}

#[test]
fn no_hat_expires_before_the_time_is_known_and_no_clock_is_needed_without_ends() {
    let session = Session::start(start(), with_proctor("2026-01-01T00:00:00Z"), (100, 30));
    assert!(has(&session, &hat(PROCTOR)), "the time is not known yet");
    let session = open_with(start(), wardrobe());
    assert_eq!(session.state.time_to_next_clock_check(time(NOW)), None);
}

#[test]
fn selected_row_that_expiration_removes_from_a_filter_is_reported() {
    let mut wardrobe = with_proctor("2026-11-28T15:00:00Z");
    wardrobe
        .set_affiliation(&jid("ann@example.org"), &jid(ROOM), Affiliation::Member)
        .unwrap();
    let mut session = open_with(start(), wardrobe);
    session.keys("Enter");
    let selected = |session: &Session| session.state.user().unwrap().0.clone();
    session.keys("/");
    session.text("~");
    session.keys("Enter");
    assert_eq!(selected(&session), jid(TERRY));
    session.send(Msg::Now(time("2026-11-28T15:00:00Z")));
    assert!(
        session
            .notice()
            .contains("(expired). terry@example.org no longer matches the filter"),
        "{}",
        session.notice()
    );
}

/// A wardrobe with this many more users, who have the hat "Proctor" until this time.
pub(super) fn with_proctors(users: usize, until: &str) -> Wardrobe {
    let mut wardrobe = wardrobe();
    for number in 0..users {
        let user = jid(&format!("user{number}@example.org"));
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
        let attachment = Attachment::default()
            .with_title(Some("Proctor"))
            .with_until(Some(time(until)));
        wardrobe
            .add_user_hat(&user, &jid(ROOM), &hat(PROCTOR), attachment)
            .unwrap();
    }
    wardrobe
}

pub(super) fn proctor_count(session: &Session) -> usize {
    let room = session.state.wardrobe().room(&jid(ROOM)).unwrap();
    let users = room.users().iter();
    users
        .filter(|(_, user)| user.hats.get(&hat(PROCTOR)).is_some())
        .count()
}

/// So a clock that is set to another year by mistake does not remove the hats of many users.
#[test]
fn many_hats_that_would_have_expired_long_ago_wait_for_a_confirmation() {
    let mut session = open_with(start(), with_proctors(21, "2026-12-01T00:00:00Z"));
    session.send(Msg::Now(time("2100-01-01T12:00:00Z")));
    assert_eq!(proctor_count(&session), 21);
    assert_eq!(
        session.notice(),
        "21 users would lose hats that expired more than a day ago, so nothing is removed. Check the clock: it says 2100-01-01 13:00. \
         Press E to remove them"
    );
    session.keys("Esc");
    session.send(Msg::Now(time("2100-01-01T12:05:00Z")));
    assert_eq!(session.notice(), "", "it is reported once");
    // The clock is corrected, and the hats expire at their time.
    session.send(Msg::Now(time("2026-11-29T12:00:00Z")));
    session.keys("E");
    assert_eq!(session.notice(), "No hats have expired");
    session.send(Msg::Now(time("2026-12-01T00:00:00Z")));
    assert_eq!(proctor_count(&session), 0, "{}", session.notice());
}

#[test]
fn many_hats_that_expired_long_ago_are_removed_when_confirmed() {
    let mut session = open_with(start(), with_proctors(21, "2026-11-01T00:00:00Z"));
    assert_eq!(proctor_count(&session), 21);
    session.keys("E");
    let confirm = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(
        confirm.question,
        "Remove \"Proctor\" from 21 users in courses@conference.example.org?"
    );
    session.keys("Enter");
    assert_eq!(
        proctor_count(&session),
        21,
        "Enter does not confirm this question"
    );
    session.keys("y");
    assert_eq!(proctor_count(&session), 0, "{}", session.notice());
    session.keys("H");
    assert!(page(&session).contains("hatrack (expired)"), "{}", page(&session));
}

#[test]
fn hats_of_few_users_and_hats_that_expire_in_time_are_removed() {
    for (users, until) in [(20, "2020-01-01T00:00:00Z"), (50, "2026-11-27T14:30:00Z")] {
        let session = open_with(start(), with_proctors(users, until));
        assert_eq!(proctor_count(&session), 0, "{}", session.notice());
    }
}

/// A machine that has lost its time starts in the year 1970.
#[test]
fn clock_that_is_set_back_removes_and_restores_no_hats() {
    let mut session = open_with(start(), with_proctor("2026-11-28T15:00:00Z"));
    session.send(Msg::Now(time("2026-11-28T15:00:00Z")));
    let revision = session.memory.snapshot().wardrobe.revision;
    for now in [
        "2026-11-28T14:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-11-28T15:10:00Z",
    ] {
        session.send(Msg::Now(time(now)));
        assert!(!has(&session, &hat(PROCTOR)));
        assert_eq!(session.memory.snapshot().wardrobe.revision, revision, "{now}");
    }
    // If the clock is wrong at the start, hats still expire at their time.
    let mut session = open_with(start(), with_proctor("2026-11-28T15:00:00Z"));
    session.send(Msg::Now(time("1970-01-01T00:00:00Z")));
    assert!(has(&session, &hat(PROCTOR)));
    assert_eq!(
        session
            .state
            .time_to_next_clock_check(time("1970-01-01T00:00:00Z")),
        Some(Duration::from_secs(60)),
        "the clock is checked again soon, because it may be corrected"
    );
    session.send(Msg::Now(time("2026-11-28T15:00:01Z")));
    assert!(!has(&session, &hat(PROCTOR)));
}
