//! Questions: the users that they name, and the keys that answer them.

use hatrack::app::history::HistoryOverlay;
use hatrack::app::prompt::Prompt;
use hatrack::app::{Confirm, Effect, Msg};
use hatrack::model::{Affiliation, Attachment};
use hatrack::store::ChangeReason;
use hatrack::ui::Theme;

use super::session::{Session, key};
use super::{HAT, ROOM, hat, jid, open, screen, wardrobe};

/// A session with the three users and `number` more members, of whom the first `with_hats` have a hat.
fn with_pupils(number: usize, with_hats: usize) -> Session {
    let mut wardrobe = wardrobe();
    for index in 0..number {
        let user = jid(&format!("pupil{index:02}@example.org"));
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
        if index < with_hats {
            wardrobe
                .add_user_hat(&user, &jid(ROOM), &hat(HAT), Attachment::default())
                .unwrap();
        }
    }
    Session::open(wardrobe, (80, 24))
}

fn open_question(session: &Session) -> &Confirm {
    session
        .state
        .top_as::<Confirm>()
        .unwrap_or_else(|| panic!("{}", session.notice()))
}

fn screen_text(session: &Session) -> String {
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (80, 24));
    screen::lines(&buffer).join("\n")
}

fn users(session: &Session) -> usize {
    session.json()["rooms"][ROOM]["users"].as_object().unwrap().len()
}

#[test]
fn question_names_the_first_users_and_enter_confirms() {
    let mut session = with_pupils(20, 0);
    session.keys("Enter / p u p i l Enter * d");
    assert_eq!(
        open_question(&session).names,
        "pupil00, pupil01, pupil02 and 17 more (example.org)"
    );
    let screen = screen_text(&session);
    assert!(screen.contains("Remove users"), "{screen}");
    assert!(screen.contains("and 17 more (example.org)"), "{screen}");
    assert!(screen.contains("Enter Remove   Esc Cancel"), "{screen}");
    session.keys("Enter");
    assert_eq!(users(&session), 3);
    session.keys("u");
    assert_eq!(users(&session), 23);
}

#[test]
fn enter_confirms_for_50_users_at_most() {
    for (number, confirms) in [(50, true), (51, false)] {
        let mut session = with_pupils(number, 0);
        session.keys("Enter / p u p i l Enter * d Enter");
        assert_eq!(session.state.top().is_none(), confirms, "{number}");
        if !confirms {
            assert_eq!(session.notice(), "Enter does not confirm this; press y to remove");
            assert!(screen_text(&session).contains("y Remove   Esc Cancel"));
            session.keys("y");
        }
        assert_eq!(users(&session), 3);
    }
}

#[test]
fn enter_does_not_remove_users_with_hats_or_rooms_with_users() {
    let mut session = with_pupils(3, 1);
    session.keys("Enter / p u p i l Enter * d Enter");
    assert_eq!(users(&session), 6);
    session.keys("n Esc Esc Left d Enter");
    assert_eq!(open_question(&session).title, "Remove room");
    assert_eq!(users(&session), 6);
    session.keys("y");
    assert!(session.json()["rooms"].get(ROOM).is_none());
}

#[test]
fn enter_does_not_discard_typed_text() {
    let mut session = open();
    session.keys("a x Esc Enter");
    assert_eq!(open_question(&session).title, "Discard changes");
    session.keys("y");
    assert!(session.state.top().is_none());
}

#[test]
fn enter_that_was_typed_ahead_does_not_confirm() {
    let mut session = with_pupils(3, 0);
    session.keys("Enter / p u p i l Enter *");
    session.draws = false;
    session.keys("d Enter");
    assert!(session.state.has_unseen_question());
    assert!(
        session
            .notice()
            .starts_with("Enter was pressed before this question appeared"),
        "{}",
        session.notice()
    );
    assert_eq!(users(&session), 6);
    // Once the question is drawn, the next Enter answers it.
    session.send(Msg::QuestionShown);
    session.send(Msg::Key(key("Enter")));
    assert_eq!(users(&session), 3);
}

#[test]
fn question_and_notice_contain_the_same_numbers() {
    let mut session = with_pupils(3, 3);
    session.keys("Enter / p u p i l Enter * d");
    assert_eq!(
        (
            &*open_question(&session).question,
            &*open_question(&session).consequence
        ),
        (
            "Remove 3 users from courses@conference.example.org?",
            "This also removes 3 hats. You can undo this in one step."
        )
    );
    session.keys("y");
    assert_eq!(
        session.notice(),
        "Removed 3 users (member) from courses@conference.example.org with 3 hats (u to undo)"
    );
}

#[test]
fn user_in_several_removed_rooms_counts_once() {
    let mut wardrobe = wardrobe();
    let users = wardrobe.room(&jid(ROOM)).unwrap().users().len();
    let staff = jid("staff@conference.example.org");
    wardrobe.add_room(&staff, None).unwrap();
    wardrobe
        .set_affiliation(&jid("prof@example.org"), &staff, Affiliation::Member)
        .unwrap();
    let mut session = Session::open(wardrobe, (80, 24));
    session.keys("g Space Down Space d");
    assert_eq!(open_question(&session).question, "Remove 2 rooms?");
    let removed_users = format!("This also removes {users} users and ");
    let consequence = &open_question(&session).consequence;
    assert!(consequence.contains(&removed_users), "{consequence}");
}

#[test]
fn asks_before_one_user_is_removed_from_several_rooms() {
    let mut wardrobe = wardrobe();
    let staff = jid("staff@conference.example.org");
    wardrobe.add_room(&staff, None).unwrap();
    wardrobe
        .set_affiliation(&jid("prof@example.org"), &staff, Affiliation::Member)
        .unwrap();
    let mut session = Session::open(wardrobe, (80, 24));
    session.keys("w w / p r o f Enter d");
    assert_eq!(
        open_question(&session).question,
        "Remove prof@example.org from 2 rooms?"
    );
    session.keys("n b y");
    assert_eq!(
        session.notice(),
        "Banned prof@example.org from 2 rooms (u to undo)"
    );
}

#[test]
fn banning_one_user_asks_first_and_names_the_consequences() {
    let mut session = open();
    let affiliation = |session: &Session, user: &str| {
        session.json()["rooms"][ROOM]["users"][user]["affiliation"]
            .as_str()
            .map(str::to_owned)
    };
    // In the form of the Rooms view. From owner, Left first chooses none, then outcast.
    session.keys("Enter g e Left Left Enter");
    let (question, consequence) = (
        open_question(&session).question.clone(),
        open_question(&session).consequence.clone(),
    );
    assert_eq!(question, format!("Ban prof@example.org from {ROOM}?"));
    assert_eq!(
        consequence,
        format!(
            "The server expels banned users and does not let them in again. The user is the last owner of {ROOM}. \
             You can undo this in one step."
        )
    );
    assert!(
        screen_text(&session).contains("Enter Ban   Esc Cancel"),
        "{}",
        screen_text(&session)
    );
    session.keys("y");
    assert_eq!(
        affiliation(&session, "prof@example.org").as_deref(),
        Some("outcast")
    );
    assert!(
        session.state.overlays().is_empty(),
        "the form closes with the question"
    );
    session.keys("u");
    // In the Users view.
    session.keys("w w G b");
    assert_eq!(
        open_question(&session).question,
        format!("Ban terry@example.org from {ROOM}?")
    );
    assert!(
        open_question(&session)
            .consequence
            .contains("1 hat stays in the data file.")
    );
    session.keys("n");
    assert_eq!(
        affiliation(&session, "terry@example.org").as_deref(),
        Some("member")
    );
}

#[test]
fn removing_an_owner_or_admin_and_demoting_the_last_owner_ask_first() {
    let mut session = open();
    session.keys("Enter g d");
    assert_eq!(
        open_question(&session).question,
        format!("Remove prof@example.org from {ROOM}?")
    );
    assert!(open_question(&session).consequence.contains("the last owner"));
    session.keys("n e Right Enter");
    assert!(
        open_question(&session).consequence.contains("the last owner"),
        "the form makes the last owner an admin"
    );
    session.keys("Esc Esc y");
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid("dean@example.org"), &jid(ROOM), Affiliation::Owner)
    });
    // If the room has another owner, there is no question: one key undoes a change of affiliation.
    session.keys("e Right Enter");
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
    session.keys("d");
    assert!(
        open_question(&session)
            .consequence
            .contains("The user is an admin"),
        "{}",
        open_question(&session).consequence
    );
    session.keys("n");
    // A member without hats is removed at once.
    session.keys("e Right Enter d");
    assert!(session.state.overlays().is_empty());
}

#[test]
fn reason_typed_in_a_question_is_in_the_history() {
    let mut session = open();
    session.keys("Enter j d r");
    assert!(session.state.top_as::<Prompt>().is_some());
    session.text("y sells watches");
    session.keys("Enter");
    let question = session.state.top_as::<Confirm>().unwrap();
    assert_eq!(question.reason.as_ref().unwrap().as_str(), "y sells watches");
    let shown = screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0).join("\n");
    assert!(shown.contains("Reason: y sells watches"), "{shown}");
    // The reason is changed.
    session.keys("r Ctrl-U");
    session.text("spam");
    session.keys("Enter y");
    assert!(session.state.overlays().is_empty());
    session.keys("H x");
    let shown = screen::lines(&screen::frame(&session.state, Theme::default(), (140, 30)).0).join("\n");
    assert!(shown.contains("; reason: spam"), "{shown}");
    let entry = session
        .state
        .top_as::<HistoryOverlay>()
        .and_then(|history| history.entries.first().cloned())
        .unwrap();
    assert_eq!(entry.reason.as_ref().map(ChangeReason::as_str), Some("spam"));
    let copies_reason = |session: &mut Session, keys: &str| {
        session.effects.clear();
        session.keys(keys);
        let copied = session.effects.iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.clone()),
            _ => None,
        });
        copied.unwrap().ends_with(" --reason spam")
    };
    assert!(copies_reason(&mut session, "c"), "from the entry of the history");
    assert!(copies_reason(&mut session, "Esc c"), "from the last change");
    session.keys("u H x");
    let history = session.state.top_as::<HistoryOverlay>().unwrap();
    assert_eq!(history.entries[0].reason, None, "an undo has no reason");
}

#[test]
fn reason_is_discarded_by_esc_and_its_prompt_closes_with_its_question() {
    let mut session = open();
    session.keys("Enter j d r");
    session.text("spam");
    session.keys("Esc");
    assert_eq!(session.state.top_as::<Confirm>().unwrap().reason, None);
    session.keys("r");
    assert_eq!(session.state.top_as::<Prompt>().unwrap().text.text(), "");
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    assert!(session.state.overlays().is_empty(), "{}", session.notice());
    let mut session = open();
    session.keys("Enter j d r Enter");
    assert_eq!(session.state.top_as::<Confirm>().unwrap().reason, None);
    // The question has to be seen again before Enter answers it.
    session.draws = false;
    session.keys("r Enter Enter");
    assert!(session.state.top_as::<Confirm>().is_some());
}
