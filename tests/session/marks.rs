//! Marks and bulk changes: confirmation first, one group, one undo.

use hatrack::app::Confirm;
use hatrack::app::Pane;
use hatrack::app::form::Form;
use hatrack::model::{Affiliation, Attachment};
use hatrack::ui::Theme;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, screen, wardrobe};

const PROF: &str = "prof@example.org";

/// The open question and its consequences.
fn question(session: &Session) -> (&str, &str) {
    match session.state.top_as::<Confirm>() {
        Some(confirm) => (&confirm.question, &confirm.consequence),
        other => panic!("no question: {other:?}; {}", session.notice()),
    }
}

fn has(session: &Session, user: &str, id: &str) -> bool {
    let user = session.state.wardrobe().user(&jid(ROOM), &jid(user));
    user.is_some_and(|user| user.hats.get(&hat(id)).is_some())
}

fn attachment(session: &Session, user: &str) -> Attachment {
    let user = session.state.wardrobe().user(&jid(ROOM), &jid(user)).unwrap();
    user.hats.get(&hat(HAT)).unwrap().clone()
}

/// A session with the three users and twenty more members.
fn with_pupils() -> Session {
    let mut wardrobe = wardrobe();
    for number in 0..20 {
        let user = jid(&format!("pupil{number:02}@example.org"));
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
    }
    Session::open(wardrobe, (100, 30))
}

#[test]
fn adds_hat_to_marked_users_and_undoes_in_one_step() {
    let mut session = with_pupils();
    let before = session.json();
    session.keys("Enter * a");
    session.keys("Esc + T e a");
    assert_eq!(
        session.state.top().map(|top| top
            .downcast_ref::<Form>()
            .is_some_and(|form| form.subject.heading() == "Add hat to 23 users")),
        Some(true)
    );
    session.keys("Enter");
    assert_eq!(
        question(&session),
        (
            "Add \"Teacher\" to 21 users in courses@conference.example.org?",
            "Skipped: 1 user already has it (unchanged), 1 user is banned. You can undo this in one step."
        )
    );
    assert_eq!(session.json(), before, "nothing is done before the answer");
    session.keys("y");
    assert!(has(&session, PROF, HAT) && has(&session, "pupil19@example.org", HAT));
    assert!(!has(&session, "mallory@example.net", HAT));
    assert_eq!(session.state.wardrobe().attachment_count(), 22);
    session.keys("u");
    assert_eq!(session.state.wardrobe().attachment_count(), 1);
}

#[test]
fn cancel_returns_to_form() {
    let mut session = with_pupils();
    session.keys("Enter * + T e a Enter n");
    assert!(session.state.top_as::<Form>().is_some());
    session.keys("Esc y");
    assert!(session.state.top().is_none());
    assert_eq!(session.state.wardrobe().attachment_count(), 1);
}

#[test]
fn marks_belong_to_room_and_esc_clears_them() {
    let mut session = with_pupils();
    session.keys("a");
    session.text("staff@conference.example.org");
    session.keys("Enter Up Tab m m");
    assert_eq!(session.state.marked(Pane::Second), 2);
    session.keys("Shift-Tab Down");
    assert_eq!(session.state.marked(Pane::Second), 0, "another room");
    session.keys("Up Tab");
    assert_eq!(session.state.marked(Pane::Second), 2);
    session.keys("Esc");
    assert_eq!(
        (session.state.marked(Pane::Second), session.state.focus()),
        (0, Pane::Second)
    );
    session.keys("Esc");
    assert_eq!(session.state.focus(), Pane::First);
}

#[test]
fn range_follows_selection() {
    let mut session = with_pupils();
    session.keys("Enter Space Down V Down Down Up");
    let marked = |session: &Session| {
        (0..session.state.length(Pane::Second))
            .filter(|row| session.state.is_marked(Pane::Second, *row))
            .collect::<Vec<_>>()
    };
    assert_eq!(marked(&session), [0, 2, 3]);
    session.keys("V G");
    assert_eq!(marked(&session), [0, 2, 3], "the range is finished");
    session.keys("V Up Up");
    assert_eq!(marked(&session).len(), 6);
    session.keys("Esc");
    assert_eq!(marked(&session), [0, 2, 3], "the range is canceled");
}

#[test]
fn mark_all_marks_visible_rows_and_counts_hidden() {
    let mut session = with_pupils();
    session.keys("Enter / p u p i l 1 Enter *");
    assert_eq!(session.notice(), "10 users marked");
    session.keys("Esc g Space");
    assert_eq!(session.state.marked(Pane::Second), 11);
    session.keys("/ p r o f Enter *");
    assert_eq!(session.notice(), "10 users marked (10 hidden by the filter)");
    session.keys("Esc Esc *");
    assert_eq!(session.state.marked(Pane::Second), 23);
    session.keys("*");
    assert_eq!(session.notice(), "Marks cleared");
}

#[test]
fn hats_pane_combines_hats_of_marked_users() {
    let mut session = with_pupils();
    session.external_change(|wardrobe| {
        let odd = Attachment::default().with_title(Some("Chief"));
        wardrobe.add_user_hat(&jid(PROF), &jid(ROOM), &hat(HAT), odd)
    });
    session.keys("Enter *");
    let tally = session.state.tally(&hat(HAT)).unwrap();
    assert_eq!(
        (tally.count, tally.active, tally.required, tally.titles_differ),
        (2, 1, 0, true)
    );
    // The hat is not active for all, so Space activates it; this changes one user and needs no question. Then Space
    // deactivates it.
    session.keys("Tab Space");
    assert!(attachment(&session, PROF).is_active());
    session.keys("Space");
    assert_eq!(
        question(&session),
        (
            "Deactivate \"Chief\" for 2 users in courses@conference.example.org?",
            "You can undo this in one step."
        )
    );
    session.keys("y");
    assert!(!attachment(&session, PROF).is_active() && !attachment(&session, TERRY).is_active());
}

#[test]
fn bulk_edit_changes_only_edited_fields() {
    let mut session = with_pupils();
    session.external_change(|wardrobe| {
        let odd = Attachment::default()
            .with_title(Some("Chief"))
            .with_required(true);
        wardrobe.add_user_hat(&jid(PROF), &jid(ROOM), &hat(HAT), odd)
    });
    session.keys("Enter * Tab e");
    // The hats differ in all three fields; untouched fields stay different.
    session.keys("Tab Tab Space Space Enter");
    let prof = Attachment::default().with_title(Some("Chief"));
    assert_eq!(
        attachment(&session, PROF),
        prof.clone().with_required(true).with_required(false)
    );
    let terry = Attachment::default()
        .with_title(Some("Teacher"))
        .with_active(true);
    assert_eq!(attachment(&session, TERRY), terry);
    session.keys("e");
    session.text("Lecturer");
    session.keys("Tab Space Enter");
    assert_eq!(
        question(&session).0,
        "Edit \"Chief\" for 2 users in courses@conference.example.org? New title: \"Lecturer\", active."
    );
    session.keys("y");
    assert_eq!(attachment(&session, PROF).title.as_deref(), Some("Lecturer"));
    assert_eq!(attachment(&session, TERRY), terry.with_title(Some("Lecturer")));
    session.keys("u u");
    assert!(attachment(&session, PROF).is_required());
}

#[test]
fn copied_hats_replace_or_add() {
    let mut session = with_pupils();
    session.keys("Enter / t e r r Enter y");
    assert_eq!(
        session.notice(),
        "Copied \"Teacher\" from terry@example.org (p to replace, P to add)"
    );
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(PROF), &jid(ROOM), &hat("urn:x:y"), Attachment::default())
    });
    session.keys("Esc * p");
    assert_eq!(
        question(&session),
        (
            "Replace the hats of 21 users in courses@conference.example.org with \"Teacher\"?",
            "This also removes 1 other hat. Skipped: 1 user already has this value, 1 user is banned. You can undo this in one step."
        )
    );
    session.keys("y");
    assert_eq!(session.state.wardrobe().attachment_count(), 22);
    assert!(!has(&session, PROF, "urn:x:y"));
    session.keys("u P");
    assert_eq!(
        question(&session),
        (
            "Add \"Teacher\" to 21 users in courses@conference.example.org?",
            "Skipped: 1 user already has it (unchanged), 1 user is banned. You can undo this in one step."
        )
    );
    session.keys("y");
    assert!(has(&session, PROF, "urn:x:y") && has(&session, PROF, HAT));
    assert_eq!(session.state.wardrobe().attachment_count(), 23);
}

#[test]
fn removes_marked_users_and_rooms() {
    let mut session = with_pupils();
    session.keys("Enter * d");
    assert_eq!(
        question(&session),
        (
            "Remove 23 users from courses@conference.example.org?",
            "This also removes 1 hat. 1 of the users is an owner. courses@conference.example.org will have no owner. You can undo this in one step."
        )
    );
    session.keys("y");
    assert_eq!(session.state.wardrobe().user_count(), 0);
    session.keys("u");
    assert_eq!(session.state.wardrobe().user_count(), 23);
    session.keys("Shift-Tab a");
    session.text("staff@conference.example.org");
    session.keys("Enter * A");
    session.text("new@example.org");
    session.keys("Enter y");
    assert_eq!(session.state.wardrobe().user_count(), 25);
    session.keys("d y");
    assert_eq!(session.state.wardrobe().rooms().len(), 0);
    session.keys("u u");
    assert_eq!(session.state.wardrobe().user_count(), 23);
}

#[test]
fn sets_affiliation_of_marked_users() {
    let mut session = with_pupils();
    session.keys("Enter * e Left Enter");
    // The form starts with the most common affiliation, member.
    assert_eq!(
        question(&session),
        (
            "Set the affiliation of 23 users in courses@conference.example.org to admin?",
            "1 of the users is an owner. courses@conference.example.org will have no owner. You can undo this in one step."
        )
    );
}

#[test]
fn removed_rows_are_unmarked() {
    let mut session = with_pupils();
    session.keys("Enter *");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert_eq!(session.state.marked(Pane::Second), 22);
    assert_eq!(session.state.hats().len(), 0);
}

#[test]
fn replacing_needs_copied_hats() {
    let mut session = open();
    session.keys("Enter * p");
    assert_eq!(session.notice(), "No copied hats (y to copy)");
}

#[test]
fn removal_question_counts_hidden_marks() {
    let mut session = with_pupils();
    session.keys("Enter * / p r o f Enter d");
    assert_eq!(
        question(&session).1,
        "Includes 22 marked users that the filter hides: mallory@example.net, pupil00@example.org, pupil01@example.org and 19 more. This also removes 1 hat. 1 of the users is an owner. courses@conference.example.org will have no owner. You can undo this in one step."
    );
    session.keys("n + T e a Enter");
    assert!(
        question(&session)
            .1
            .starts_with("Includes 20 marked users that the filter hides: pupil00@example.org, "),
        "{}",
        question(&session).1
    );
}

#[test]
fn blocked_undo_explains_conflict() {
    let mut session = with_pupils();
    session.keys("Enter * d y");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(PROF), &jid(ROOM), Affiliation::Admin));
    session.keys("u");
    assert_eq!(
        session.notice(),
        "Cannot undo: prof@example.org in courses@conference.example.org changed in the meantime: \
         the user is admin with no hats. See history (H)"
    );
}

/// A marked user is removed by someone else while a range is being marked.
#[test]
fn marks_of_removed_users_do_not_return_with_a_range() {
    let mut session = with_pupils();
    session.keys("Enter g Space");
    let first = session.state.user_at(0).unwrap().0.clone();
    session.keys("Down Down V");
    assert_eq!(session.state.marked(Pane::Second), 2);
    session.external_change(|wardrobe| wardrobe.set_affiliation(&first, &jid(ROOM), Affiliation::None));
    session.keys("Down");
    assert_eq!(session.state.marked(Pane::Second), 2);
    session.keys("Esc");
    assert_eq!(session.state.marked(Pane::Second), 0);
}

/// They are counted in the footer, in the titles of the panes and in an empty pane.
#[test]
fn hidden_marks_are_counted_wherever_marks_are_shown() {
    let mut session = with_pupils();
    session.keys("Enter g Space Space Space / p r o f Enter");
    let shown = |session: &Session| {
        let (buffer, _) = screen::frame(&session.state, Theme::default(), (160, 30));
        screen::lines(&buffer).join("\n")
    };
    let text = shown(&session);
    assert!(text.contains("3 marked, 2 hidden: + Add hat"), "{text}");
    assert!(text.contains("· 3 marked, 2 hidden /prof"), "{text}");
    assert!(text.contains("3 marked users, 2 hidden"), "{text}");
    session.keys("/ Ctrl-U n o b o d y Enter");
    let text = shown(&session);
    assert!(text.contains("No matches among 23 users (3 marked)."), "{text}");
}

#[test]
fn removal_of_hidden_marked_hats_asks_first() {
    let mut session = open();
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(
            &jid(TERRY),
            &jid(ROOM),
            &hat("urn:x:other"),
            Attachment::default(),
        )
    });
    session.keys("Enter j Enter g m / o t h e r Enter d");
    assert_eq!(
        question(&session).1,
        "Includes 1 marked hat that the filter hides. You can undo this in one step."
    );
    session.keys("Esc");
    assert!(has(&session, TERRY, HAT));
}

/// A change of one user asks first if the filter hides that user.
#[test]
fn change_of_a_hidden_user_asks_first() {
    let mut session = with_pupils();
    session.keys("Enter / p u p i l 0 3 Enter Space Esc / p r o f Enter d");
    assert_eq!(
        question(&session).1,
        "Includes 1 marked user that the filter hides: pupil03@example.org. You can undo this in one step."
    );
    session.keys("Esc");
    assert_eq!(session.state.marked(Pane::Second), 1);
}
