//! The Users view: users, their rooms, and their hats in a room.

use hatrack::app::Confirm;
use hatrack::app::draft::merge_orphaned;
use hatrack::app::form::{Form, FormSubject};
use hatrack::app::history::HistoryOverlay;
use hatrack::app::suggest::Suggestion;
use hatrack::app::{Grouping, Msg, Pane};
use hatrack::model::{Affiliation, Attachment, Wardrobe};
use hatrack::store::ChangeReason;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, wardrobe};

const OTHER_ROOM: &str = "a@conference.example.org";

/// Terry is in two rooms, and has a hat in one.
fn terry_in_two_rooms() -> Wardrobe {
    let mut wardrobe = wardrobe();
    let room = jid(OTHER_ROOM);
    wardrobe.add_room(&room, None).unwrap();
    wardrobe
        .set_affiliation(&jid(TERRY), &room, Affiliation::Admin)
        .unwrap();
    wardrobe
}

/// The Users view with Terry selected.
fn with_terry_selected() -> Session {
    let mut session = Session::open(terry_in_two_rooms(), (100, 30));
    session.keys("w w");
    let users = session.state.length(Pane::First);
    let is_terry = |row: &usize| session.state.listed_user_at(*row).unwrap().0.as_str() == TERRY;
    let row = (0..users).find(is_terry).unwrap();
    session.keys("g");
    for _ in 0..row {
        session.keys("Down");
    }
    session
}

fn affiliation(session: &Session, room: &str) -> Option<Affiliation> {
    let user = session.state.wardrobe().user(&jid(room), &jid(TERRY));
    user.map(|user| user.affiliation)
}

fn question(session: &Session) -> &str {
    match session.state.top_as::<Confirm>() {
        Some(confirm) => &confirm.question,
        other => panic!("no question: {other:?}; {}", session.notice()),
    }
}

#[test]
fn cycling_views_returns_to_same_selection() {
    let mut session = Session::open(terry_in_two_rooms(), (100, 30));
    session.keys("Down Enter");
    let before = (
        session.state.focus(),
        session.state.room().map(|(jid, _)| jid.clone()),
    );
    for grouping in [Grouping::ByHat, Grouping::ByUser, Grouping::ByRoom] {
        session.keys("w");
        assert_eq!(session.state.grouping(), grouping);
    }
    let after = (
        session.state.focus(),
        session.state.room().map(|(jid, _)| jid.clone()),
    );
    assert_eq!(before, after);
}

#[test]
fn users_view_shows_rooms_and_hats() {
    let mut session = with_terry_selected();
    let (user, rooms) = session
        .state
        .listed_user_at(session.state.selected(Pane::First).unwrap())
        .unwrap();
    assert_eq!((user.as_str(), rooms.len()), (TERRY, 2));
    assert_eq!(session.state.length(Pane::Second), 2);
    session.keys("Enter");
    let room = |session: &Session| session.state.room().unwrap().0.to_string();
    assert_eq!(room(&session), OTHER_ROOM);
    session.keys("Down");
    assert_eq!(room(&session), ROOM);
    let hats = session
        .state
        .wardrobe()
        .user(&jid(ROOM), &jid(TERRY))
        .unwrap()
        .hats
        .len();
    assert_eq!(session.state.length(Pane::Third), hats);
}

#[test]
fn ban_everywhere_is_undone_in_one_step() {
    let mut session = with_terry_selected();
    session.keys("b");
    assert_eq!(question(&session), format!("Ban {TERRY} from 2 rooms?"));
    let consequence = &session.state.top_as::<Confirm>().unwrap().consequence;
    assert_eq!(
        consequence,
        &format!(
            "The server expels banned users and does not let them in again. The user is an admin of {OTHER_ROOM}. \
             1 hat stays in the data file. You can undo this in one step."
        )
    );
    session.keys("y");
    assert_eq!(
        session.notice(),
        format!("Banned {TERRY} from 2 rooms (u to undo)")
    );
    for room in [ROOM, OTHER_ROOM] {
        assert_eq!(affiliation(&session, room), Some(Affiliation::Outcast));
    }
    session.keys("u");
    assert_eq!(affiliation(&session, ROOM), Some(Affiliation::Member));
    assert_eq!(affiliation(&session, OTHER_ROOM), Some(Affiliation::Admin));
}

#[test]
fn removes_user_from_one_marked_or_all_rooms() {
    let mut session = with_terry_selected();
    session.keys("Enter d");
    assert_eq!(
        question(&session),
        format!("Remove {TERRY} from {OTHER_ROOM}?"),
        "asks because the user is an admin"
    );
    session.keys("y");
    assert_eq!(
        (affiliation(&session, OTHER_ROOM), session.state.top().is_none()),
        (None, true)
    );
    assert!(affiliation(&session, ROOM).is_some());
    session.keys("u");
    session.keys("* d");
    assert_eq!(question(&session), format!("Remove {TERRY} from 2 rooms?"));
    session.keys("y");
    assert_eq!(
        (affiliation(&session, ROOM), affiliation(&session, OTHER_ROOM)),
        (None, None)
    );
    let mut session = with_terry_selected();
    session.keys("d y");
    assert_eq!(
        (affiliation(&session, ROOM), affiliation(&session, OTHER_ROOM)),
        (None, None)
    );
}

#[test]
fn users_view_follows_external_changes() {
    let mut session = with_terry_selected();
    let before = session.state.length(Pane::First);
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid("new@example.org"), &jid(OTHER_ROOM), Affiliation::Member)
    });
    assert_eq!(session.state.length(Pane::First), before + 1);
    let at = session.state.selected(Pane::First).unwrap();
    assert_eq!(session.state.listed_user_at(at).unwrap().0.as_str(), TERRY);
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(OTHER_ROOM), &hat(HAT), Attachment::default())
    });
    assert_eq!(session.state.length(Pane::Third), 1);
}

#[test]
fn adds_and_edits_hat_in_all_rooms() {
    let mut session = with_terry_selected();
    let before = session.json()["rooms"].clone();
    session.keys("+");
    session.text("urn:x:new");
    session.keys("Tab");
    session.text("New");
    let heading = |session: &Session| match session.state.top_as::<Form>() {
        Some(form) => form.subject.heading(),
        other => panic!("no form: {other:?}; {}", session.notice()),
    };
    assert_eq!(heading(&session), format!("Add hat to {TERRY} in 2 rooms"));
    session.keys("Enter");
    let titles = |session: &Session| {
        [ROOM, OTHER_ROOM].map(|room| {
            let user = session.state.wardrobe().user(&jid(room), &jid(TERRY)).unwrap();
            let attachment = user.hats.get(&hat("urn:x:new"))?;
            attachment.title.as_deref().map(ToOwned::to_owned)
        })
    };
    assert_eq!(titles(&session), [Some("New".into()), Some("New".into())]);
    assert_eq!(session.state.grouping(), Grouping::ByUser, "the view stays");
    assert_eq!(
        session.notice(),
        format!("Added \"New\" to {TERRY} in 2 rooms (u to undo)")
    );
    // The second time, the user has the hat in all rooms.
    session.keys("+");
    session.text("urn:x:new");
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        "Cannot save. Hat: All of these users already have this hat"
    );
    session.keys("Esc y u");
    assert_eq!(session.json()["rooms"], before);
}

#[test]
fn sets_affiliation_in_all_rooms_and_skips_unchanged() {
    let mut session = with_terry_selected();
    let before = session.json()["rooms"].clone();
    session.keys("e");
    match session.state.top_as::<Form>() {
        Some(form) => assert_eq!(
            form.subject.heading(),
            format!("Set affiliation of {TERRY} in 2 rooms")
        ),
        other => panic!("no form: {other:?}; {}", session.notice()),
    }
    while session
        .state
        .top_as::<Form>()
        .is_none_or(|form| form.affiliation() != Affiliation::Admin)
    {
        session.keys("Left");
    }
    // Only one room changes, so there is no question.
    session.keys("Enter");
    assert_eq!(
        session.notice(),
        format!(
            "Changed {TERRY} to admin in {ROOM} (was member; u to undo). Skipped: 1 user already has this value in {OTHER_ROOM}"
        )
    );
    session.keys("e Enter");
    assert_eq!(
        session.notice(),
        "No changes: 1 user already has this value in 2 rooms"
    );
    assert!(session.state.top().is_none());
    session.keys("u");
    assert_eq!(session.json()["rooms"], before);
}

const STAFF: &str = "staff@conference.example.org";

/// The Users view with Terry selected, in a wardrobe with one more room.
fn with_staff_room() -> Session {
    let mut wardrobe = terry_in_two_rooms();
    wardrobe.add_room(&jid(STAFF), Some("Staff room")).unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("w w /");
    session.text("terry");
    session.keys("Enter");
    session
}

/// The IDs of the suggestions of the open form.
fn suggested_ids(session: &Session) -> Vec<String> {
    let form = session.state.top_as::<Form>().unwrap();
    let existing = form.suggestions.as_ref().unwrap();
    let id = |row| match existing.get(row).unwrap() {
        Suggestion::Existing(room) => room.id().to_owned(),
        Suggestion::NewHat(title) => panic!("{title}"),
    };
    (0..existing.len()).map(id).collect()
}

#[test]
fn adds_user_to_room_matched_by_name() {
    let mut session = with_staff_room();
    // From the users pane as well as from the rooms pane, the new room is selected afterwards.
    for enter in ["", "Enter"] {
        session.keys(enter);
        session.keys("A");
        let heading = session.state.top_as::<Form>().unwrap().subject.heading();
        assert_eq!(heading, format!("Add {TERRY} to room"));
        assert_eq!(suggested_ids(&session), [STAFF], "the only room without Terry");
        session.text("sta");
        session.keys("Tab Space Enter");
        assert_eq!(
            session.notice(),
            format!("Banned {TERRY} from {STAFF} (u to undo)")
        );
        assert_eq!(affiliation(&session, STAFF), Some(Affiliation::Outcast));
        assert_eq!(session.state.room().unwrap().0.as_str(), STAFF);
        session.keys("A");
        assert_eq!(session.notice(), format!("{TERRY} is already in all rooms"));
        session.keys("u");
        assert_eq!(affiliation(&session, STAFF), None);
    }
}

#[test]
fn adds_marked_users_to_listed_room_and_undoes_in_one_step() {
    let mut session = with_staff_room();
    let before = session.json()["rooms"].clone();
    session.keys("Esc Esc * A");
    assert_eq!(
        session.state.top_as::<Form>().unwrap().subject.heading(),
        "Add 3 users to room"
    );
    // Rooms that already have all these users are not suggested; rooms are sorted by name, unnamed ones by address.
    assert_eq!(suggested_ids(&session), [OTHER_ROOM, STAFF]);
    session.keys("Down Enter Enter");
    assert_eq!(
        question(&session),
        format!("Add 2 users to {OTHER_ROOM} as member?")
    );
    let consequence = &session.state.top_as::<Confirm>().unwrap().consequence;
    assert!(
        consequence.contains("Skipped: 1 user is already in the room (unchanged)."),
        "{consequence}"
    );
    session.keys("y");
    let users = |session: &Session| {
        session
            .state
            .wardrobe()
            .room(&jid(OTHER_ROOM))
            .unwrap()
            .users()
            .len()
    };
    assert_eq!(users(&session), 3);
    assert_eq!(
        affiliation(&session, OTHER_ROOM),
        Some(Affiliation::Admin),
        "as before"
    );
    session.keys("u");
    assert_eq!(users(&session), 1);
    assert_eq!(session.json()["rooms"], before);
}

#[test]
fn rejects_missing_room_and_room_with_user() {
    let mut session = with_staff_room();
    for (typed, problem) in [
        ("", "Choose a room (Down) or type its address"),
        (
            "nowhere",
            "No room matches this text; type an address such as room@conference.example.org",
        ),
        (
            "new@conference.example.org",
            "No such room; add it first in the Rooms view",
        ),
        (ROOM, "Already in the room (affiliation: member)"),
    ] {
        session.keys("A");
        session.text(typed);
        session.keys("Enter");
        assert_eq!(session.notice(), format!("Cannot save. Room: {problem}"));
        session.keys("Ctrl-G");
        assert_eq!(session.notice(), "Only hats can get a new ID");
        session.keys(if typed.is_empty() { "Esc" } else { "Esc y" });
        assert!(session.state.top().is_none());
    }
    // A full address finds exactly its room, in any spelling.
    session.keys("A");
    session.text("xmpp:Staff@conference.example.org?join");
    session.keys("Enter");
    assert_eq!(affiliation(&session, STAFF), Some(Affiliation::Member));
}

#[test]
fn restores_add_to_room_form_from_draft() {
    let mut session = with_staff_room();
    session.keys("A");
    session.text("staff");
    session.fire_delays();
    let live_draft = session.own_draft.clone().unwrap();
    let mut next = with_staff_room();
    next.send(Msg::DraftFound(merge_orphaned(None, &[live_draft]).unwrap()));
    next.keys("Enter Enter");
    assert_eq!(affiliation(&next, STAFF), Some(Affiliation::Member));
}

/// In the Rooms view, another user is selected, who has no hats.
#[test]
fn hats_of_the_selected_user_and_room_are_copied() {
    let mut session = with_terry_selected();
    session.keys("Enter");
    let room = jid(ROOM);
    let rooms = 0..session.state.length(Pane::Second);
    for _ in rooms {
        if session.state.room().is_some_and(|(shown, _)| *shown == room) {
            break;
        }
        session.keys("Down");
    }
    session.keys("Enter y");
    assert_eq!(
        session.notice(),
        format!("Copied \"Teacher\" from {TERRY} (p to replace, P to add)")
    );
}

/// `+` adds a hat to the selected or marked users in every pane that shows users, their rooms or their hats.
#[test]
fn plus_adds_a_hat_in_all_views() {
    for (keys, room_users) in [
        ("Enter Down +", 1),
        ("Enter * +", 3),
        ("Enter Down Enter +", 1),
        ("Enter * Enter +", 3),
        ("w Enter +", 1),
        ("w Enter Enter +", 1),
        ("w w +", 2),
        ("w w * +", 4),
        ("w w Enter +", 1),
        ("w w Enter Enter +", 1),
    ] {
        let mut session = Session::open(terry_in_two_rooms(), (100, 30));
        if keys.starts_with("Enter") {
            session.keys("Down");
        }
        session.keys(keys);
        let form = session.state.top_as::<Form>();
        let Some(FormSubject::AddHat { room_users: found }) = form.map(|form| &form.subject) else {
            panic!("{keys}: {}", session.notice())
        };
        assert_eq!(found.len(), room_users, "{keys}");
    }
    // A banned user cannot get a hat: the reason is shown, and no form opens.
    let mut wardrobe = terry_in_two_rooms();
    wardrobe
        .set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("w Enter +");
    assert!(session.state.top().is_none());
    assert!(session.notice().contains("is banned"), "{}", session.notice());
    // In the Hats view, the user gets the new hat only in the rooms in which the user has the selected hat.
    let mut session = Session::open(terry_in_two_rooms(), (100, 30));
    session.keys("w Enter +");
    session.text("Proctor");
    session.keys("Enter");
    let hats = |room: &str| {
        let user = session.state.wardrobe().user(&jid(room), &jid(TERRY)).unwrap();
        user.hats.len()
    };
    assert_eq!((hats(ROOM), hats(OTHER_ROOM)), (2, 0));
}

/// The same key toggles a hat in all panes that list hats, or users or rooms with a hat.
#[test]
fn o_toggles_active_in_all_views() {
    for keys in ["Down Enter Down Enter", "w", "w Enter", "w Enter Enter"] {
        let mut session = Session::open(terry_in_two_rooms(), (100, 30));
        session.keys(keys);
        session.keys("o");
        let is_active = |room: &str| {
            let user = session.state.wardrobe().user(&jid(room), &jid(TERRY));
            user.unwrap().hats.get(&hat(HAT)).unwrap().is_active()
        };
        assert!(!is_active(ROOM), "{keys}: {}", session.notice());
    }
}

#[test]
fn ban_is_disabled_where_it_changes_nothing() {
    let mut session = with_terry_selected();
    session.keys("b y b");
    assert_eq!(session.notice(), "Already banned in all rooms");
    session.keys("Enter b");
    assert_eq!(session.notice(), "Already banned");
    session.keys("Left * b");
    assert!(question(&session).starts_with("Ban "), "others are not banned");
}

/// In the Rooms view, users are banned only from the selected room. A reason can be given.
#[test]
fn bans_users_from_the_selected_room() {
    let mut session = Session::open(terry_in_two_rooms(), (100, 30));
    session.keys("Down Enter Down");
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.keys("b");
    assert_eq!(question(&session), format!("Ban {TERRY} from {ROOM}?"));
    session.keys("r");
    session.text("spam");
    session.keys("Enter y");
    assert_eq!(affiliation(&session, ROOM), Some(Affiliation::Outcast));
    assert_eq!(affiliation(&session, OTHER_ROOM), Some(Affiliation::Admin));
    session.keys("H");
    let history = session.state.top_as::<HistoryOverlay>().unwrap();
    let reason = history.entry_at(0).unwrap().reason.as_ref();
    assert_eq!(reason.map(ChangeReason::as_str), Some("spam"));
    session.keys("Esc");
    session.keys("b");
    assert_eq!(session.notice(), "Already banned");
    // All users of the room.
    session.keys("u * b");
    assert!(
        question(&session).starts_with("Ban 2 users from ") || question(&session).contains("2 users"),
        "{}",
        question(&session)
    );
}
