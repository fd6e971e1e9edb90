//! What a session does with what happens to it: undo and redo, conflicts, a full disk, drafts, leaving.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[expect(dead_code, reason = "shared by several test files")]
#[path = "support/session.rs"]
mod session;

use hatrack::app::{Effect, Msg, Overlay, Pane, Saved, Start, State, command, update};
use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe};
use hatrack::store::{Entry, Event, FoundUndo, Request, Scope, Snapshot, Trouble};
use serde_json::json;
use session::Session;

const ROOM: &str = "courses@conference.example.org";
const TERRY: &str = "terry@example.org";
const HAT: &str = "http://example.com/hats/teacher";

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn hat(text: &str) -> HatId {
    HatId::parse(text).unwrap()
}

/// One room, an owner, a member with a hat, somebody who is banned.
fn wardrobe() -> Wardrobe {
    let mut wardrobe = Wardrobe::default();
    let room = jid(ROOM);
    wardrobe.add_room(&room, Some("Courses")).unwrap();
    for (user, affiliation) in [
        ("prof@example.org", Affiliation::Owner),
        (TERRY, Affiliation::Member),
        ("mallory@example.net", Affiliation::Outcast),
    ] {
        wardrobe.set_affiliation(&jid(user), &room, affiliation).unwrap();
    }
    let teacher = Attachment::default()
        .with_active(true)
        .with_title(Some("Teacher"));
    wardrobe
        .add_user_hat(&jid(TERRY), &room, &hat(HAT), teacher)
        .unwrap();
    wardrobe
}

fn open() -> Session {
    Session::open(wardrobe(), (100, 30))
}

/// The hats of Terry in what stands for the file.
fn terrys(session: &Session) -> serde_json::Value {
    session.json()["rooms"][ROOM]["users"][TERRY]["hats"].clone()
}

#[test]
fn the_first_room_user_and_hat_are_made_by_keys_alone() {
    let mut session = Session::open(Wardrobe::default(), (80, 24));
    assert_eq!(session.state.saved(), Saved::NoFile);
    session.keys("a");
    session.text("Staff@Conference.example.org");
    session.keys("Tab");
    session.text("Staff room");
    session.keys("Enter");
    assert_eq!(
        session.state.room().unwrap().0.as_str(),
        "staff@conference.example.org"
    );
    session.keys("Enter a");
    session.text("ann@example.org/phone");
    session.keys("Enter");
    session.keys("Enter a Ctrl-G");
    session.text("On call");
    session.keys("Ctrl-S");
    assert!(session.state.overlays().is_empty());
    assert_eq!(session.state.focus(), Pane::Hats);
    assert_eq!(
        session.json()["rooms"],
        json!({"staff@conference.example.org": {"name": "Staff room", "users": {"ann@example.org": {
            "affiliation": "member",
            "hats": {"urn:uuid:00000000-0000-4000-8000-000000000001": {"active": true, "title": "On call"}}}}}})
    );
    session.keys("u u u");
    assert_eq!(session.json()["rooms"], json!({}));
    session.keys("Ctrl-R Ctrl-R Ctrl-R");
    assert_eq!(session.state.wardrobe().attachments(), 1);
}

#[test]
fn a_known_hat_needs_few_keys() {
    let mut session = open();
    let before = session.json();
    // From the start: into the room, into the owner's hats, add, four letters, save.
    session.keys("Enter Enter a t e a c Enter");
    let hats = &session.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({HAT: {"active": true, "title": "Teacher"}}));
    session.keys("u");
    assert_eq!(session.json()["rooms"], before["rooms"]);
}

#[test]
fn a_text_that_looks_like_a_uri_never_takes_a_match() {
    let mut session = open();
    session.keys("Enter Enter a");
    session.text("http://example.com/hats/tea cher");
    session.keys("Enter");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert_eq!(form.focus, 0);
    assert!(
        form.problem(0, session.state.wardrobe())
            .unwrap()
            .contains("space"),
        "{}",
        session.notice()
    );
}

#[test]
fn wearing_and_requiring_keep_the_rest() {
    let mut session = open();
    session.keys("Enter j Enter Space");
    assert_eq!(
        terrys(&session),
        json!({HAT: {"active": false, "title": "Teacher"}})
    );
    session.keys("r");
    assert_eq!(
        terrys(&session),
        json!({HAT: {"active": false, "required": true, "title": "Teacher"}})
    );
    session.keys("u u");
    assert_eq!(
        terrys(&session),
        json!({HAT: {"active": true, "title": "Teacher"}})
    );
    session.keys("d");
    assert_eq!(terrys(&session), json!({}));
    assert!(session.notice().contains("took"), "{}", session.notice());
}

#[test]
fn a_refused_save_puts_the_cursor_on_the_first_wrong_field() {
    let mut session = open();
    session.keys("Enter a Tab Enter");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert_eq!(form.focus, 0);
    assert_eq!(
        form.problem(0, session.state.wardrobe()).unwrap(),
        "the user's address is missing"
    );
    session.text("terry@example.org");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("the form is gone")
    };
    assert!(
        form.problem(0, session.state.wardrobe())
            .unwrap()
            .contains("there already")
    );
    session.keys("Esc y");
    assert!(session.state.overlays().is_empty());
    assert_eq!(
        session.json()["rooms"],
        Session::open(wardrobe(), (80, 24)).json()["rooms"]
    );
}

#[test]
fn a_banned_user_is_given_nothing_but_loses_what_they_have() {
    let mut wardrobe = wardrobe();
    wardrobe
        .set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast)
        .unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    session.keys("Enter G Enter");
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.keys("a");
    assert!(session.notice().contains("banned"), "{}", session.notice());
    session.keys("Space");
    assert!(session.state.notice().unwrap().refused);
    session.keys("d");
    assert_eq!(terrys(&session), json!({}));
    session.keys("u");
    assert_ne!(terrys(&session), json!({}));
}

#[test]
fn what_takes_much_away_asks_first() {
    let mut session = open();
    session.keys("d");
    assert!(matches!(session.state.top(), Some(Overlay::Confirm(_))));
    session.keys("x n");
    assert_eq!(session.state.rooms().len(), 1);
    session.keys("d y");
    assert_eq!(session.json()["rooms"], json!({}));
    session.keys("u");
    assert_eq!(session.state.wardrobe().attachments(), 1);
    session.keys("Enter j d");
    assert!(matches!(session.state.top(), Some(Overlay::Confirm(_))));
    session.keys("y");
    assert_eq!(session.state.users().len(), 2);
    // Nobody asks for a user without hats.
    session.keys("g d");
    assert_eq!(session.state.users().len(), 1);
    assert!(session.state.overlays().is_empty());
}

#[test]
fn a_full_disk_keeps_the_change_on_the_screen_and_says_so() {
    let mut session = open();
    session.fail("the disk is full");
    session.keys("Enter j Enter Space");
    assert_eq!(
        session.state.saved(),
        Saved::NotSaved(1, "the disk is full".into())
    );
    assert!(!session.state.hat().unwrap().1.is_active());
    assert_eq!(terrys(&session)[HAT]["active"], json!(true));
    // Leaving asks, and keeps what is not saved as a draft.
    session.keys("q");
    assert!(matches!(session.state.top(), Some(Overlay::Confirm(_))));
    session.keys("Esc");
    assert_eq!(session.left, None);
    session.well();
    assert_eq!(session.state.saved(), Saved::Saved);
    assert_eq!(terrys(&session)[HAT]["active"], json!(false));
    session.keys("q");
    assert_eq!((session.left, session.draft.is_some()), (Some(0), false));
}

#[test]
fn what_was_never_saved_is_withdrawn_by_undo() {
    let mut session = open();
    session.fail("the disk is full");
    session.keys("Enter j Enter Space u");
    assert_eq!(session.state.saved(), Saved::Trouble("the disk is full".into()));
    assert!(session.state.hat().unwrap().1.is_active());
    session.well();
    assert_eq!(session.json()["revision"], json!(0));
}

#[test]
fn what_could_not_be_saved_comes_back_at_the_next_start() {
    let mut session = open();
    session.fail("the disk is full");
    session.keys("Enter j Enter Space q y");
    assert_eq!(session.left, Some(0));
    let draft = session.draft.clone().unwrap();

    let mut next = open();
    next.send(Msg::DraftFound(draft));
    assert!(matches!(next.state.top(), Some(Overlay::Draft(_))));
    next.keys("Enter");
    assert_eq!(terrys(&next)[HAT]["active"], json!(false));
    assert_eq!(next.draft, None);
    next.keys("u");
    assert_eq!(terrys(&next)[HAT]["active"], json!(true));
}

#[test]
fn a_cut_line_keeps_the_form_and_the_next_start_offers_it() {
    let mut session = open();
    session.keys("Enter Enter a");
    session.text("urn:x:y");
    session.keys("Tab");
    session.text("Präsident");
    session.keys("Tab Space");
    session.send(Msg::End { status: 129 });
    assert_eq!(session.left, Some(129));
    let draft = session.draft.clone().unwrap();

    let mut next = open();
    next.draft = Some(draft.clone());
    next.send(Msg::DraftFound(draft));
    next.keys("Esc");
    assert!(next.draft.is_some(), "later means later");
    next.keys("D Enter Enter");
    let hats = &next.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({"urn:x:y": {"title": "Präsident"}}));
    assert_eq!(next.draft, None);
}

#[test]
fn two_cut_lines_keep_both_forms() {
    let mut session = open();
    session.keys("a");
    session.text("one@c.example");
    session.send(Msg::End { status: 129 });
    let mut next = open();
    next.send(Msg::DraftFound(session.draft.clone().unwrap()));
    next.keys("Esc a");
    next.text("two@c.example");
    next.send(Msg::End { status: 129 });
    let mut third = open();
    third.send(Msg::DraftFound(next.draft.clone().unwrap()));
    third.keys("Enter Enter Enter");
    assert_eq!(third.state.rooms().len(), 3);
}

#[test]
fn a_draft_about_a_room_out_of_sight_is_not_offered() {
    let mut session = open();
    session.keys("e");
    session.text(" and more");
    session.send(Msg::End { status: 143 });
    let draft = session.draft.clone().unwrap();
    let limited = |room: &str| {
        let scope = Scope {
            rooms: Some([jid(room)].into()),
            read_only: false,
        };
        let start = Start {
            scope,
            ..Start::default()
        };
        let mut next = Session::start(start, Wardrobe::default(), (80, 24));
        next.draft = Some(draft.clone());
        next.send(Msg::DraftFound(draft.clone()));
        next
    };
    let mut elsewhere = limited("other@c.example");
    assert!(elsewhere.state.overlays().is_empty());
    // What this session leaves there goes beside it, and takes nothing away.
    elsewhere.keys("a");
    elsewhere.text("other@c.example");
    elsewhere.keys("Ctrl-C");
    assert_eq!(elsewhere.left, Some(0));
    let mut all = open();
    all.send(Msg::DraftFound(elsewhere.draft.clone().unwrap()));
    let Some(Overlay::Draft(both)) = all.state.top() else {
        panic!("no draft")
    };
    assert_eq!(both.forms.len(), 2);
    assert!(matches!(limited(ROOM).state.top(), Some(Overlay::Draft(_))));

    let mut garbage = open();
    garbage.send(Msg::DraftFound(b"\xff\x00{]".to_vec()));
    assert!(garbage.state.overlays().is_empty());
    assert!(
        garbage.notice().contains("cannot be read"),
        "{}",
        garbage.notice()
    );
}

#[test]
fn what_cannot_be_written_is_in_the_draft_until_it_is() {
    let mut session = open();
    session.fail("the disk is full");
    session.keys("Enter j Enter Space");
    assert!(session.draft.is_some(), "the process may be killed at any moment");
    session.well();
    assert_eq!(session.draft, None);
}

#[test]
fn nobody_leaves_before_what_is_not_saved_is_kept() {
    let mut session = open();
    session.keys("e");
    session.text("!");
    session.no_draft = Some("the disk is full".into());
    session.keys("Ctrl-C");
    assert_eq!(session.left, None);
    let Some(Overlay::Confirm(question)) = session.state.top() else {
        panic!("nobody asks")
    };
    assert!(question.consequence.contains("the disk is full"), "{question:?}");
    session.keys("n");
    assert!(matches!(session.state.top(), Some(Overlay::Form(_))));
    session.no_draft = None;
    session.keys("Ctrl-C");
    assert_eq!((session.left, session.draft.is_some()), (Some(0), true));
    // By force it leaves in any case.
    let mut forced = open();
    forced.keys("e !");
    forced.no_draft = Some("the disk is full".into());
    forced.send(Msg::End { status: 129 });
    assert_eq!(forced.left, Some(129));
}

#[test]
fn a_change_of_a_draft_that_was_saved_after_all_is_not_made_twice() {
    let mut session = open();
    session.fail("the disk is full");
    session.keys("Enter j Enter Space q y");
    let draft = session.draft.clone().unwrap();
    let mut next = open();
    next.other(|wardrobe| {
        let doffed = Attachment::default()
            .with_active(true)
            .with_active(false)
            .with_title(Some("Teacher"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), doffed)
    });
    let before = next.json();
    next.draft = Some(draft.clone());
    next.send(Msg::DraftFound(draft));
    next.keys("Enter");
    assert!(next.state.overlays().is_empty());
    assert!(next.notice().contains("it is so already"), "{}", next.notice());
    assert_eq!((next.json(), next.draft.as_deref()), (before, None));
}

#[test]
fn both_sides_of_a_conflict_are_those_of_now() {
    let retitle = |session: &mut Session, title: &str| {
        let title = title.to_owned();
        session.other(move |wardrobe| {
            let other = Attachment::default().with_active(true).with_title(Some(&title));
            wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
        });
    };
    let mut session = open();
    session.keys("Enter j Enter e !");
    retitle(&mut session, "Professor");
    session.keys("Enter");
    retitle(&mut session, "Dean");
    let Some(Overlay::Conflict(conflict)) = session.state.top() else {
        panic!("no conflict")
    };
    assert!(conflict.theirs.contains("Dean"), "{conflict:?}");
    retitle(&mut session, "Teacher");
    assert!(matches!(session.state.top(), Some(Overlay::Form(_))));
    assert!(
        session.notice().contains("as it was again"),
        "{}",
        session.notice()
    );
    session.keys("Enter");
    assert_eq!(terrys(&session)[HAT]["title"], json!("Teacher!"));
}

#[test]
fn a_question_about_what_changed_meanwhile_is_withdrawn() {
    let mut session = open();
    session.keys("Enter j d");
    assert!(matches!(session.state.top(), Some(Overlay::Confirm(_))));
    session.other(|wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:y"), Attachment::default())
    });
    assert!(session.state.overlays().is_empty());
    assert!(session.notice().contains("ask again"), "{}", session.notice());
    session.keys("y");
    assert_eq!(session.state.users().len(), 3);
}

#[test]
fn keys_never_hit_somebody_else_when_a_user_goes() {
    let mut session = open();
    session.keys("Enter j Enter");
    session.other(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert_eq!(session.state.focus(), Pane::Users);
    assert!(session.notice().starts_with(TERRY), "{}", session.notice());
    session.other(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    assert_eq!(session.state.focus(), Pane::Rooms);
}

#[test]
fn what_nobody_should_type_as_a_title_is_refused_and_what_was_there_stays() {
    let mut session = open();
    session.keys("Enter j Enter e Ctrl-U");
    session.text("  ");
    session.keys("Enter");
    assert!(session.notice().contains("only spaces"), "{}", session.notice());
    session.keys("Ctrl-U");
    session.send(Msg::Paste("a\u{1b}[31m".into()));
    session.keys("Enter");
    assert!(
        session.notice().contains("control character"),
        "{}",
        session.notice()
    );
    session.keys("Esc y");
    session.other(|wardrobe| {
        let broken = Attachment::default().with_title(Some("two\nlines"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), broken)
    });
    session.keys("e Tab Space Enter");
    assert_eq!(
        terrys(&session)[HAT],
        json!({"active": true, "title": "two\nlines"})
    );
}

#[test]
fn a_limited_session_says_which_rooms_it_cannot_add() {
    let scope = Scope {
        rooms: Some([jid(ROOM)].into()),
        read_only: false,
    };
    let start = Start {
        scope,
        ..Start::default()
    };
    let mut session = Session::start(start, wardrobe(), (80, 24));
    session.keys("a");
    session.text("other@c.example");
    session.keys("Enter");
    assert!(session.notice().contains("limited"), "{}", session.notice());
    assert!(matches!(session.state.top(), Some(Overlay::Form(_))));
}

#[test]
fn a_paste_of_a_whole_file_is_refused() {
    let mut session = open();
    session.keys("a");
    session.send(Msg::Paste("x".repeat(8193)));
    assert!(session.notice().contains("8193 bytes"), "{}", session.notice());
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert!(!form.is_changed());
}

#[test]
fn hats_that_the_user_has_are_not_offered() {
    let mut session = open();
    session.keys("Enter j Enter a");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 0);
    session.keys("Esc Esc k Enter a");
    let Some(Overlay::Form(form)) = session.state.top() else {
        panic!("no form")
    };
    assert_eq!(form.suggestions.as_ref().unwrap().len(), 1);
}

#[test]
fn escape_puts_the_message_away_first_and_arrows_stay_at_the_ends() {
    let mut session = open();
    session.keys("Enter j Enter r");
    assert_ne!(session.notice(), "");
    session.keys("Esc");
    assert_eq!((session.notice(), session.state.focus()), ("", Pane::Hats));
    session.keys("l Right");
    assert_eq!(session.state.focus(), Pane::Hats);
    session.keys("Tab h Left");
    assert_eq!(session.state.focus(), Pane::Rooms);
    session.keys("Shift-Tab");
    assert_eq!(session.state.focus(), Pane::Hats);
}

#[test]
fn a_form_on_what_changed_meanwhile_shows_both_sides() {
    let change = |session: &mut Session| {
        session.keys("Enter j Enter e");
        session.text("!");
        session.other(|wardrobe| {
            let other = Attachment::default().with_title(Some("Professor"));
            wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
        });
        session.keys("Enter");
        let Some(Overlay::Conflict(conflict)) = session.state.top() else {
            panic!("no conflict")
        };
        assert!(
            conflict.theirs.contains("Professor") && conflict.mine.contains("Teacher!"),
            "{conflict:?}"
        );
        assert_eq!(terrys(session)[HAT]["title"], json!("Professor"));
    };
    let mut mine = open();
    change(&mut mine);
    mine.keys("m");
    assert_eq!(terrys(&mine), json!({HAT: {"active": true, "title": "Teacher!"}}));
    let mut theirs = open();
    change(&mut theirs);
    theirs.keys("t");
    assert_eq!(terrys(&theirs), json!({HAT: {"title": "Professor"}}));
    assert!(theirs.state.overlays().is_empty());
    let mut later = open();
    change(&mut later);
    later.keys("Esc");
    assert!(matches!(later.state.top(), Some(Overlay::Form(_))));
}

#[test]
fn a_hat_is_not_given_to_somebody_who_was_banned_meanwhile() {
    let mut session = open();
    session.keys("Enter j Enter a");
    session.text("urn:x:y");
    session.other(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast));
    session.keys("Enter");
    assert!(matches!(session.state.top(), Some(Overlay::Conflict(_))));
    session.keys("m");
    assert!(session.state.notice().unwrap().refused);
    assert_eq!(terrys(&session)["urn:x:y"], json!(null));
}

/// The keeper's answer is held back, so that undo meets a change that has no revision yet.
#[test]
fn undo_of_what_is_on_its_way_waits_for_its_revision() {
    let mut state = State::new(Start::default());
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        read_only: None,
    };
    let mut file = wardrobe();
    let tell = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    tell(&mut state, Event::Opened(snapshot(&file)));
    let press = |state: &mut State, names: &str| -> Vec<Effect> {
        names
            .split(' ')
            .flat_map(|name| update(state, Msg::Key(session::key(name))))
            .collect()
    };
    let asked = press(&mut state, "Enter j Enter Space u");
    let [Effect::Store(Request::Commit { id, change })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert!(
        state.hat().unwrap().1.is_active(),
        "the screen shows the undo at once"
    );
    file.apply(&change.group).unwrap();
    let settled = vec![(*id, Ok(Some(7)))];
    let asked = tell(
        &mut state,
        Event::Committed {
            settled,
            snapshot: snapshot(&file),
        },
    );
    let [Effect::Store(Request::Commit { change, .. })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(change.undoes, Some(7));
    assert!(state.hat().unwrap().1.is_active());
}

/// Two undos and a redo, typed at once, where the first is of an earlier session.
#[test]
fn quick_keys_undo_what_slow_ones_would() {
    let mut state = State::new(Start::default());
    let mut file = wardrobe();
    let entry = Entry {
        revision: 5,
        id: "5".into(),
        time: "2026-01-31T12:00:00Z".parse().unwrap(),
        actor: "terry".into(),
        group: file.rename_room(&jid(ROOM), Some("Lessons")).unwrap(),
        undoes: None,
        redoes: None,
        outside: false,
    };
    let tell = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        read_only: None,
    };
    tell(&mut state, Event::Opened(snapshot(&file)));
    let mut asked = Vec::new();
    for name in ["u", "u", "Ctrl-R"] {
        asked.extend(update(&mut state, Msg::Key(session::key(name))));
    }
    assert_eq!(asked, [Effect::Store(Request::FindUndo)]);
    let undo = FoundUndo {
        undo: Some(entry),
        redo: None,
    };
    let asked = tell(&mut state, Event::FoundUndo(Ok(undo)));
    let [Effect::Store(Request::Commit { id, change })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(change.undoes, Some(5));
    file.apply(&change.group).unwrap();
    // The second is looked for when the history has the first.
    let settled = vec![(*id, Ok(Some(6)))];
    let snapshot = snapshot(&file);
    let asked = tell(&mut state, Event::Committed { settled, snapshot });
    assert_eq!(asked, [Effect::Store(Request::FindUndo)]);
    let asked = tell(&mut state, Event::FoundUndo(Ok(FoundUndo::default())));
    let [Effect::Store(Request::Commit { change, .. })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(change.redoes, Some(6));
    assert_eq!(state.room().unwrap().1.name.as_deref(), Some("Lessons"));
}

#[test]
fn a_change_refused_by_the_keeper_is_shown_with_both_sides_and_kept_through_a_cut() {
    let mut state = State::new(Start::default());
    let file = wardrobe();
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        read_only: None,
    };
    let tell = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    tell(&mut state, Event::Opened(snapshot(&file)));
    let mut asked = Vec::new();
    for name in ["Enter", "j", "Enter", "Space"] {
        asked.extend(update(&mut state, Msg::Key(session::key(name))));
    }
    let [Effect::Store(Request::Commit { id, change })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    let mut theirs = file.clone();
    theirs
        .remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT))
        .unwrap();
    let error = theirs.clone().apply(&change.group).unwrap_err();
    let settled = vec![(*id, Err(error))];
    let effects = tell(
        &mut state,
        Event::Committed {
            settled,
            snapshot: snapshot(&theirs),
        },
    );
    let Some(Overlay::Conflict(conflict)) = state.top() else {
        panic!("no conflict")
    };
    assert_eq!(conflict.theirs, "the user does not have the hat any more");
    // Whatever happens now, it is kept.
    assert!(
        matches!(effects.as_slice(), [Effect::KeepDraft { .. }]),
        "{effects:?}"
    );
    let effects = update(&mut state, Msg::Key(session::key("m")));
    let [Effect::Store(Request::Commit { change, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    theirs.apply(&change.group).unwrap();
    assert_eq!(theirs.attachments(), 1);
}

#[test]
fn history_tells_narrows_and_undoes() {
    let mut session = open();
    session.keys("Enter j Enter Space r");
    session.other(|wardrobe| wardrobe.add_room(&jid("other@c.example"), None));
    session.keys("H");
    let history = |session: &Session| match session.state.top() {
        Some(Overlay::History(history)) => history.as_ref().clone(),
        other => panic!("no history: {other:?}"),
    };
    assert_eq!(history(&session).entries.len(), 3);
    session.keys("j r");
    assert_eq!(history(&session).entries.len(), 2, "only this room");
    session.keys("r");
    assert_eq!(history(&session).entries.len(), 3);
    session.keys("G u");
    assert!(
        session
            .notice()
            .starts_with("Revision 1 cannot be undone: changed meanwhile"),
        "{}",
        session.notice()
    );
    session.keys("g j u");
    assert_eq!(history(&session).entries[0].undoes, Some(2));
    assert_eq!(
        terrys(&session)[HAT],
        json!({"active": false, "title": "Teacher"}),
        "{}",
        session.notice()
    );
    // The screen's own undo goes on with what is left.
    session.keys("Esc u");
    assert_eq!(
        terrys(&session)[HAT],
        json!({"active": true, "title": "Teacher"}),
        "{}",
        session.notice()
    );
}

#[test]
fn an_undo_that_does_not_fit_any_more_is_refused_with_the_reason() {
    let mut session = open();
    session.keys("Enter j Enter Space");
    session.other(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.keys("u");
    assert!(
        session
            .notice()
            .starts_with("It cannot be undone: changed meanwhile"),
        "{}",
        session.notice()
    );
}

#[test]
fn a_session_that_only_looks_changes_nothing() {
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let mut session = Session::start(
        Start {
            scope,
            ..Start::default()
        },
        wardrobe(),
        (100, 30),
    );
    let before = session.json();
    session.keys("a e d u Ctrl-R Enter a e d Enter a e d Space r u W D");
    assert!(session.state.overlays().is_empty());
    assert_eq!(session.json(), before);
    assert!(session.state.notice().unwrap().refused);
}

#[test]
fn while_the_file_is_read_nothing_is_changed_and_q_leaves() {
    let mut state = State::new(Start::default());
    assert!(update(&mut state, Msg::Key(session::key("a"))).is_empty());
    assert!(state.notice().unwrap().text.contains("still being read"));
    let trouble = Trouble::Unreadable("line 3".into());
    update(&mut state, Msg::Store(Box::new(Event::Trouble(Some(trouble)))));
    assert_eq!(update(&mut state, Msg::Key(session::key("q"))), [Effect::Quit(4)]);
}

#[test]
fn the_selection_stays_on_what_it_is_on() {
    let mut session = open();
    session.keys("Enter j");
    session.other(|wardrobe| {
        wardrobe.set_affiliation(&jid("aaron@example.org"), &jid(ROOM), Affiliation::Owner)?;
        wardrobe.add_room(&jid("aaa@c.example"), None)
    });
    session.other(|wardrobe| {
        wardrobe.set_affiliation(&jid("aaron@example.org"), &jid(ROOM), Affiliation::Owner)
    });
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    assert_eq!(session.state.room().unwrap().0.as_str(), ROOM);
    session.other(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert!(session.state.user().is_some());
}

#[test]
fn the_mouse_selects_rows_and_leaves_forms_alone() {
    let mut session = open();
    session.send(Msg::Click {
        pane: Pane::Users,
        row: Some(1),
    });
    assert_eq!(session.state.focus(), Pane::Users);
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.send(Msg::Click {
        pane: Pane::Users,
        row: Some(99),
    });
    session.send(Msg::Wheel { down: false });
    assert_eq!(session.state.selected(Pane::Users), Some(0));
    session.keys("e");
    session.send(Msg::Click {
        pane: Pane::Rooms,
        row: None,
    });
    assert_eq!(session.state.focus(), Pane::Users);
    assert_eq!(session.state.overlays().len(), 1);
}

/// The table of commands is whole: no two commands share a key in one place, and none is called by a name twice.
#[test]
fn the_table_of_commands_is_unambiguous() {
    let mut seen = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for row in command::COMMANDS {
        assert!(ids.insert(row.id), "two commands are called {}", row.id);
        assert!(
            !row.keys.is_empty() && !row.help.is_empty() && !row.title.is_empty(),
            "{row:?}"
        );
        for key in row.keys {
            assert!(
                seen.insert((row.place, *key)),
                "{} twice in {:?}",
                key.name(),
                row.place
            );
        }
    }
    for place in command::Place::ALL {
        assert!(
            command::COMMANDS.iter().any(|row| row.place == place),
            "{place:?} has no command"
        );
    }
}
