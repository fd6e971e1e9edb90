//! The Hats view and the sort orders.

use hatrack::app::Confirm;
use hatrack::app::Pane;
use hatrack::model::{Affiliation, Attachment, Wardrobe, read};

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, wardrobe};

/// Terry has the hat in three rooms, the prof in two of them.
fn hat_in_three_rooms() -> Wardrobe {
    let mut wardrobe = wardrobe();
    let teacher = || Attachment::default().with_title(Some("Teacher"));
    for room in ["a@conference.example.org", "b@conference.example.org"] {
        let room = jid(room);
        wardrobe.add_room(&room, None).unwrap();
        for user in [TERRY, "prof@example.org"] {
            wardrobe
                .set_affiliation(&jid(user), &room, Affiliation::Member)
                .unwrap();
            wardrobe
                .add_user_hat(&jid(user), &room, &hat(HAT), teacher())
                .unwrap();
        }
    }
    wardrobe
}

fn question(session: &Session) -> &str {
    match session.state.top_as::<Confirm>() {
        Some(confirm) => &confirm.question,
        other => panic!("no question: {other:?}; {}", session.notice()),
    }
}

#[test]
fn hats_view_navigates_hats_users_rooms_and_back() {
    let mut session = Session::open(hat_in_three_rooms(), (100, 30));
    session.keys("w");
    let state = &session.state;
    assert!(state.is_by_hat());
    assert_eq!(
        [Pane::First, Pane::Second, Pane::Third].map(|pane| state.length(pane)),
        [1, 2, 2]
    );
    assert_eq!(
        state.existing_hat().unwrap().users,
        2,
        "counts users, not attachments"
    );
    session.keys("Enter Down Enter");
    assert_eq!(session.state.user_with_hat_at(1).unwrap().as_str(), TERRY);
    assert_eq!(session.state.length(Pane::Third), 3);
    session.keys("Down Enter");
    assert!(!session.state.is_by_hat());
    assert_eq!(session.state.focus(), Pane::Third);
    assert_eq!(
        session.state.room().unwrap().0.as_str(),
        "b@conference.example.org"
    );
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    assert_eq!(session.state.hat().unwrap().0, &hat(HAT));
}

#[test]
fn hat_is_edited_and_removed_in_all_rooms() {
    let mut session = Session::open(hat_in_three_rooms(), (100, 30));
    session.keys("w e");
    session.keys("Ctrl-U");
    session.text("Lecturer");
    session.keys("Enter");
    assert_eq!(
        question(&session),
        "Edit \"Teacher\" for 2 users in 3 rooms? New title: \"Lecturer\"."
    );
    session.keys("y");
    assert_eq!(
        session.state.existing_hat().unwrap().title.as_deref(),
        Some("Lecturer")
    );
    session.keys("d");
    assert_eq!(question(&session), "Remove \"Lecturer\" from 2 users in 3 rooms?");
    session.keys("y");
    assert_eq!(session.state.wardrobe().attachment_count(), 0);
    assert_eq!(session.state.length(Pane::First), 0);
    session.keys("u u");
    assert_eq!(session.state.wardrobe().attachment_count(), 5);
    assert_eq!(
        session.state.existing_hat().unwrap().title.as_deref(),
        Some("Teacher")
    );
}

#[test]
fn edits_hat_of_one_user_in_all_or_some_rooms() {
    let mut session = Session::open(hat_in_three_rooms(), (100, 30));
    session.keys("w Enter Down r");
    assert!(
        session
            .notice()
            .starts_with("Changed 3 hats for terry@example.org in 3 rooms"),
        "{}",
        session.notice()
    );
    session.keys("Enter Down Space");
    assert!(session.notice().contains("active"), "{}", session.notice());
    session.keys("* d");
    assert_eq!(session.state.wardrobe().attachment_count(), 2);
}

#[test]
fn hats_view_follows_external_changes() {
    let mut session = Session::open(hat_in_three_rooms(), (100, 30));
    session.keys("w Enter Down Enter");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert_eq!(session.state.length(Pane::Third), 2);
    session.external_change(|wardrobe| wardrobe.remove_room(&jid("a@conference.example.org")));
    session.external_change(|wardrobe| wardrobe.remove_room(&jid("b@conference.example.org")));
    assert_eq!(session.state.length(Pane::First), 0);
    session.keys("w");
    assert!(!session.state.is_by_hat());
}

#[test]
fn hats_view_is_filtered_and_sorted() {
    let sample = read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    let mut session = Session::open(sample, (100, 30));
    session.keys("w / t e a c h Enter");
    assert_eq!(
        session.state.existing_hat().unwrap().title.as_deref(),
        Some("Teacher")
    );
    session.keys("Esc s");
    assert_eq!(session.notice(), "Hats: by number of users, highest first");
    let counts = |session: &Session| {
        (0..session.state.length(Pane::First))
            .map(|row| session.state.existing_hat_at(row).unwrap().users)
            .collect::<Vec<_>>()
    };
    assert!(counts(&session).is_sorted_by(|a, b| a >= b));
    session.keys("s");
    assert!(!counts(&session).is_sorted_by(|a, b| a >= b));
}

#[test]
fn every_pane_has_sort_orders() {
    let sample = read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    let mut session = Session::open(sample, (100, 30));
    session.keys("s");
    assert_eq!(session.notice(), "Rooms: by number of hats, highest first");
    let hats: Vec<usize> = session
        .state
        .rooms()
        .iter()
        .map(|room| session.state.wardrobe().room(room).unwrap().attachment_count())
        .collect();
    assert!(hats.is_sorted_by(|a, b| a >= b));
    session.keys("Enter s");
    assert_eq!(session.notice(), "Users: by name");
    assert!(session.state.users().is_sorted());
    session.keys("s");
    let hats: Vec<usize> = (0..session.state.users().len())
        .map(|row| session.state.user_at(row).unwrap().1.hats.len())
        .collect();
    assert!(hats.is_sorted_by(|a, b| a >= b));
    session.keys("g Tab s");
    assert_eq!(session.notice(), "Hats: active first, then required");
    session.keys("s Shift-Tab s");
    assert_eq!(session.notice(), "Users: by affiliation, highest first");
}

#[test]
fn hats_view_without_hats_says_so() {
    let mut session = open();
    session.keys("Enter Down Tab d Shift-Tab w e");
    assert_eq!(session.notice(), "No hats yet");
}

#[test]
fn copies_hat_from_hats_view() {
    let mut session = Session::open(hat_in_three_rooms(), (100, 30));
    session.keys("w y");
    assert_eq!(
        session.notice(),
        "Copied \"Teacher\" (inactive) from prof@example.org (p to replace, P to add)"
    );
    session.keys("w w Shift-Tab Shift-Tab Shift-Tab Enter g P");
    assert_eq!(
        session.state.wardrobe().attachment_count(),
        5,
        "{}",
        session.notice()
    );
    session.keys("Shift-Tab G Enter * P");
    assert_eq!(
        session.state.wardrobe().attachment_count(),
        6,
        "{}",
        session.notice()
    );
}

#[test]
fn cycling_views_keeps_selection_and_marks() {
    let sample = read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    let mut session = Session::open(sample, (100, 30));
    session.keys("Tab * g Down Down Down Down");
    let selection = |session: &Session| {
        let state = &session.state;
        let (room, user) = (state.room().unwrap().0.clone(), state.user().unwrap().0.clone());
        (room, user, state.marked(Pane::Second), state.focus())
    };
    let before = selection(&session);
    session.keys("w w w");
    assert_eq!(selection(&session), before);
}

#[test]
fn finder_opens_in_hats_view_without_hats() {
    let mut session = open();
    session.keys("Enter Down Tab d Shift-Tab w Ctrl-P");
    assert!(
        session.state.top_as::<hatrack::app::finder::Finder>().is_some(),
        "{}",
        session.notice()
    );
}
