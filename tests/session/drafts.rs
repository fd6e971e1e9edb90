//! Unsaved changes: a full disk, a disconnect, and what the next start offers.

use hatrack::app::Confirm;
use hatrack::app::draft::Draft;
use hatrack::app::draft::merge_orphaned;
use hatrack::app::form::Form;
use hatrack::app::form::{FieldName, FormSubject};
use hatrack::app::{DraftDelay, Effect, Msg, Pane, SaveState, SessionOptions, State, update};
use hatrack::model::{Attachment, Wardrobe};
use hatrack::store::{Scope, StoreEvent, StoreProblem};
use serde_json::json;

use super::session;
use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys_hats};

#[test]
fn full_disk_keeps_change_visible_and_reports_it() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space");
    assert_eq!(
        session.state.save_state(),
        SaveState::NotSaved(1, "the disk is full".into())
    );
    assert!(!session.state.hat().unwrap().1.is_active());
    assert_eq!(terrys_hats(&session)[HAT]["active"], json!(true));
    // Quitting asks, and keeps unsaved changes as a draft.
    session.keys("q");
    assert!(session.state.top_as::<Confirm>().is_some());
    session.keys("Esc");
    assert_eq!(session.exit_status, None);
    session.allow_writes();
    assert_eq!(session.state.save_state(), SaveState::Saved);
    assert_eq!(terrys_hats(&session)[HAT]["active"], json!(false));
    session.keys("q");
    assert_eq!((session.exit_status, session.draft.is_some()), (Some(0), false));
}

#[test]
fn undo_withdraws_unsaved_change() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space u");
    assert_eq!(
        session.state.save_state(),
        SaveState::FileProblem("the disk is full".into())
    );
    assert!(session.state.hat().unwrap().1.is_active());
    session.allow_writes();
    assert_eq!(session.json()["revision"], json!(0));
}

#[test]
fn unsaved_change_is_offered_at_next_start() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space q y");
    assert_eq!(session.exit_status, Some(0));
    let draft = session.draft.clone().unwrap();

    let mut next = open();
    next.send(Msg::DraftFound(draft));
    assert!(next.state.top_as::<Draft>().is_some());
    next.keys("Enter");
    assert_eq!(terrys_hats(&next)[HAT]["active"], json!(false));
    assert_eq!(next.draft, None);
    assert_eq!(
        next.state.focus(),
        Pane::Third,
        "the focus is at the restored hat"
    );
    assert_eq!(next.state.user().unwrap().0.as_str(), TERRY);
    next.keys("u");
    assert_eq!(terrys_hats(&next)[HAT]["active"], json!(true));
}

#[test]
fn form_is_offered_again_after_disconnect() {
    let mut session = open();
    session.keys("Enter Enter a");
    session.text("urn:x:y");
    session.keys("Tab");
    session.text("Präsident");
    session.keys("Tab Space");
    session.send(Msg::End { status: 129 });
    assert_eq!(session.exit_status, Some(129));
    let draft = session.draft.clone().unwrap();

    let mut next = open();
    next.draft = Some(draft.clone());
    next.send(Msg::DraftFound(draft));
    next.keys("Esc");
    assert!(next.draft.is_some(), "Esc keeps the draft for later");
    next.keys("D Enter Enter");
    let hats = &next.json()["rooms"][ROOM]["users"]["prof@example.org"]["hats"];
    assert_eq!(*hats, json!({"urn:x:y": {"title": "Präsident"}}));
    assert_eq!(next.draft, None);
    // The focus and the selection are at the saved hat.
    assert_eq!(next.state.focus(), Pane::Third);
    assert_eq!(next.state.user().unwrap().0.as_str(), "prof@example.org");
    assert_eq!(next.state.hat().unwrap().0, &hat("urn:x:y"));
}

/// A session cannot react to being killed, so typed text is saved whenever typing pauses.
#[test]
fn live_draft_is_saved_when_typing_pauses() {
    let mut session = open();
    session.keys("Enter Enter a");
    assert_eq!(session.pending_delays, [], "nothing was typed yet");
    session.text("urn:x:y");
    assert_eq!(
        (session.pending_delays.as_slice(), session.own_draft.is_some()),
        (&[DraftDelay::Typing][..], false)
    );
    session.fire_delays();
    let kept = session.own_draft.clone().unwrap();
    assert!(String::from_utf8(kept.clone()).unwrap().contains("urn:x:y"));
    assert_eq!(
        session.draft, None,
        "another session of the same actor is not offered it"
    );
    session.text("z");
    assert_eq!(
        session.own_draft.as_ref(),
        Some(&kept),
        "not stored after every key"
    );
    // The next start offers what the killed session left.
    let mut next = open();
    next.send(Msg::DraftFound(merge_orphaned(None, &[kept]).unwrap()));
    next.keys("Enter");
    assert!(
        next.state
            .top_as::<Form>()
            .is_some_and(|form| form.text(FieldName::Hat) == "urn:x:y")
    );
    // After closing or saving, there is no draft and no delay.
    session.keys("Esc y");
    assert_eq!(
        (session.own_draft.as_ref(), session.pending_delays.as_slice()),
        (None, &[][..])
    );
    session.keys("a");
    session.text("urn:x:y");
    session.fire_delays();
    session.keys("Enter");
    assert_eq!(
        (session.own_draft.as_ref(), session.pending_delays.as_slice()),
        (None, &[][..]),
        "{}",
        session.notice()
    );
}

/// The disk is slow: an unconfirmed change is in the draft until it is confirmed.
#[test]
fn unconfirmed_change_is_in_live_draft() {
    let mut session = open();
    session.keys("Enter j Enter a");
    session.text("urn:x:y");
    session.fire_delays();
    session.delay_answers();
    session.keys("Enter");
    assert!(
        session
            .own_draft
            .as_ref()
            .is_some_and(|own| own.windows(5).any(|part| part == b"forms"))
    );
    assert_eq!(session.pending_delays, [DraftDelay::Unconfirmed]);
    session.fire_delays();
    let own = session.own_draft.clone().unwrap();
    assert!(own.windows(7).any(|part| part == b"unsaved") && !own.windows(5).any(|part| part == b"forms"));
    assert_eq!(session.pending_delays, []);
    session.keys("Space");
    assert_ne!(
        session.own_draft.as_ref(),
        Some(&own),
        "the next change is stored at once"
    );
    session.answer_all();
    assert_eq!(
        (session.own_draft.as_ref(), session.pending_delays.as_slice()),
        (None, &[][..])
    );
    // A quick answer cancels the delay.
    session.keys("Space");
    assert_eq!(
        (session.own_draft.as_ref(), session.pending_delays.as_slice()),
        (None, &[][..])
    );
}

/// At the end of the session, the live draft has moved to the shared one.
#[test]
fn termination_leaves_one_draft() {
    let mut session = open();
    session.keys("e !");
    session.fire_delays();
    assert!(session.own_draft.is_some());
    session.send(Msg::End { status: 129 });
    assert_eq!((session.draft.is_some(), session.own_draft), (true, None));
    let mut failing = open();
    failing.keys("e !");
    failing.fire_delays();
    failing.draft_error = Some("the disk is full".into());
    failing.send(Msg::End { status: 129 });
    assert!(
        failing.own_draft.is_some(),
        "the live draft stays, because it is the only copy"
    );
}

#[test]
fn two_disconnects_keep_both_forms() {
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
fn draft_outside_scope_is_not_offered() {
    let mut session = open();
    session.keys("e");
    session.text(" and more");
    session.send(Msg::End { status: 143 });
    let draft = session.draft.clone().unwrap();
    let restricted_to = |room: &str| {
        let scope = Scope {
            rooms: Some([jid(room)].into()),
            read_only: false,
            ..Scope::default()
        };
        let start = SessionOptions {
            scope,
            ..SessionOptions::default()
        };
        let mut next = Session::start(start, Wardrobe::default(), (80, 24));
        next.draft = Some(draft.clone());
        next.send(Msg::DraftFound(draft.clone()));
        next
    };
    let mut elsewhere = restricted_to("other@c.example");
    assert!(elsewhere.state.overlays().is_empty());
    // The draft of this session is added to the earlier one and removes nothing.
    elsewhere.keys("a");
    elsewhere.text("other@c.example");
    elsewhere.keys("Ctrl-C");
    assert_eq!(elsewhere.exit_status, Some(0));
    let mut all = open();
    all.send(Msg::DraftFound(elsewhere.draft.clone().unwrap()));
    let Some(both) = all.state.top_as::<Draft>() else {
        panic!("no draft")
    };
    assert_eq!(both.forms.len(), 2);
    assert!(restricted_to(ROOM).state.top_as::<Draft>().is_some());

    let mut garbage = open();
    garbage.send(Msg::DraftFound(b"\xff\x00{]".to_vec()));
    assert!(garbage.state.overlays().is_empty());
    assert!(
        garbage.notice().starts_with("Cannot read the draft"),
        "{}",
        garbage.notice()
    );
}

#[test]
fn read_only_session_is_offered_no_draft() {
    let mut session = open();
    session.keys("e !");
    session.send(Msg::End { status: 129 });
    let scope = Scope {
        rooms: None,
        read_only: true,
        ..Scope::default()
    };
    let start = SessionOptions {
        scope,
        ..SessionOptions::default()
    };
    let mut next = Session::start(start, Wardrobe::default(), (80, 24));
    next.draft.clone_from(&session.draft);
    next.send(Msg::DraftFound(session.draft.clone().unwrap()));
    assert!(next.state.overlays().is_empty());
    next.keys("q");
    assert_eq!((next.exit_status, next.draft), (Some(0), session.draft));
}

#[test]
fn unsaved_change_stays_in_draft_until_saved() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space");
    assert!(session.draft.is_some(), "the process may be killed at any moment");
    session.allow_writes();
    assert_eq!(session.draft, None);
}

#[test]
fn quit_waits_for_draft() {
    let mut session = open();
    session.keys("e");
    session.text("!");
    session.draft_error = Some("the disk is full".into());
    session.keys("Ctrl-C");
    assert_eq!(session.exit_status, None);
    let Some(question) = session.state.top_as::<Confirm>() else {
        panic!("no question")
    };
    assert!(question.consequence.contains("the disk is full"), "{question:?}");
    session.keys("n");
    assert!(session.state.top_as::<Form>().is_some());
    session.draft_error = None;
    session.keys("Ctrl-C");
    assert_eq!((session.exit_status, session.draft.is_some()), (Some(0), true));
    // A forced end does not wait.
    let mut forced = open();
    forced.keys("e !");
    forced.draft_error = Some("the disk is full".into());
    forced.send(Msg::End { status: 129 });
    assert_eq!(forced.exit_status, Some(129));
}

#[test]
fn change_of_a_draft_that_is_already_saved_is_not_repeated() {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j Enter Space q y");
    let draft = session.draft.clone().unwrap();
    let mut next = open();
    next.external_change(|wardrobe| {
        // `active` is not omitted, but false, as after the key.
        let inactive = Attachment::default()
            .with_active(true)
            .with_active(false)
            .with_title(Some("Teacher"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), inactive)
    });
    let before = next.json();
    next.draft = Some(draft.clone());
    next.send(Msg::DraftFound(draft));
    next.keys("Enter");
    assert!(next.state.overlays().is_empty());
    assert!(
        next.notice().starts_with("No changes: already saved"),
        "{}",
        next.notice()
    );
    assert_eq!((next.json(), next.draft.as_deref()), (before, None));
}

#[test]
fn loading_allows_only_quit() {
    let mut state = State::new(SessionOptions::default());
    assert!(update(&mut state, Msg::Key(session::key("a"))).is_empty());
    assert!(state.notice().unwrap().text.contains("Still loading"));
    let problem = StoreProblem::Unreadable("line 3".into());
    update(
        &mut state,
        Msg::Store(Box::new(StoreEvent::Problem(Some(problem)))),
    );
    for key in ["a", "u"] {
        update(&mut state, Msg::Key(session::key(key)));
        let notice = &state.notice().unwrap().text;
        assert!(notice.contains("cannot be read"), "{key}: {notice}");
    }
    assert_eq!(update(&mut state, Msg::Key(session::key("q"))), [Effect::Quit(4)]);
}

/// The text in the hat field finds the same hat after a disconnect as before.
#[test]
fn restored_hat_search_text_keeps_its_meaning() {
    let sample = hatrack::model::read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    let mut first = Session::open(sample.clone(), (100, 30));
    first.keys("Tab Tab a p r o c t");
    first.send(Msg::End { status: 129 });
    let mut second = Session::open(sample, (100, 30));
    second.send(Msg::DraftFound(first.draft.unwrap()));
    second.keys("Enter");
    let Some(form) = second.state.top_as::<Form>() else {
        panic!("no form")
    };
    assert_eq!(
        form.resolve_hat().unwrap().matched_title.as_deref(),
        Some("Proctor")
    );
}

/// Each kind of form as stored by versions that had separate forms for one and several users.
const OLD_FORMS: &str = r#"{"forms": [
  {"subject": "add-room", "texts": [["room", "new@"]], "ticks": [], "affiliation": "none", "focus": 0},
  {"subject": {"edit-room": {"room": "courses@conference.example.org", "before": null}},
   "texts": [["room-name", "Courses"]], "ticks": [], "affiliation": "none", "focus": 0},
  {"subject": {"add-user": {"room": "courses@conference.example.org"}},
   "texts": [["user", "new@"]], "ticks": [], "affiliation": "admin", "focus": 0},
  {"subject": {"add-user-to": {"rooms": ["courses@conference.example.org", "b@conference.example.org"]}},
   "texts": [["user", "new@"]], "ticks": [], "affiliation": "admin", "focus": 0},
  {"subject": {"edit-user": {"room": "courses@conference.example.org", "user": "terry@example.org", "before": "member"}},
   "texts": [], "ticks": [], "affiliation": "admin", "focus": 0},
  {"subject": {"edit-users": {"room": "courses@conference.example.org", "users": ["prof@example.org", "terry@example.org"]}},
   "texts": [], "ticks": [], "affiliation": "admin", "focus": 0},
  {"subject": {"add-hat": {"room": "courses@conference.example.org", "user": "terry@example.org"}},
   "texts": [["hat", "urn:x:new"], ["title", "New"]], "ticks": [["active", false], ["required", true]], "affiliation": "none", "focus": 1},
  {"subject": {"give-many": {"room": "courses@conference.example.org", "users": ["prof@example.org", "terry@example.org"]}},
   "texts": [["hat", "urn:x:new"], ["title", "New"]], "ticks": [["active", true], ["required", false]], "affiliation": "none", "focus": 1},
  {"subject": {"edit-hat": {"room": "courses@conference.example.org", "user": "terry@example.org",
    "hat": "http://example.com/hats/teacher", "before": {"title": "Teacher", "active": true}}},
   "texts": [["hat", "http://example.com/hats/teacher"], ["title", "Lecturer"]], "ticks": [["active", true], ["required", false]], "affiliation": "none", "focus": 1},
  {"subject": {"edit-many": {"held": [
    {"room": "courses@conference.example.org", "user": "prof@example.org", "hat": "urn:x:y"},
    {"room": "courses@conference.example.org", "user": "terry@example.org", "hat": "urn:x:y"}], "name": "\"Why\""}},
   "texts": [["title", "Because"]], "ticks": [["active", true]], "affiliation": "none", "focus": 0},
  {"subject": {"define-hat": {"room": "courses@conference.example.org"}},
   "texts": [["hat", "urn:x:new"], ["title", "New"], ["hue", "3"]], "ticks": [], "affiliation": "none", "focus": 2},
  {"subject": {"edit-defined": {"room": "courses@conference.example.org", "hat": "urn:x:y", "before": {}}},
   "texts": [["title", "New"], ["hue", "3"]], "ticks": [["wearers", true]], "affiliation": "none", "focus": 0}
]}"#;

#[test]
fn restores_forms_of_older_versions() {
    let mut session = open();
    session.send(Msg::DraftFound(OLD_FORMS.into()));
    let Some(draft) = session.state.top_as::<Draft>() else {
        panic!("{}", session.notice())
    };
    let headings: Vec<String> = draft.forms.iter().map(|form| form.subject.heading()).collect();
    assert_eq!(
        headings,
        [
            "Add room",
            "Edit room courses@conference.example.org",
            "Add user to courses@conference.example.org",
            "Add user to 2 rooms",
            "Edit terry@example.org in courses@conference.example.org",
            "Set affiliation of 2 users in courses@conference.example.org",
            "Add hat to terry@example.org",
            "Add hat to 2 users",
            "Edit hat for terry@example.org",
            "Edit \"Why\" for 2 users",
            "Define hat in the catalog of courses@conference.example.org",
            "Edit hat in the catalog of courses@conference.example.org",
        ]
    );
    session.keys("Enter");
    // Saves or closes the forms, from the topmost on.
    session.keys("Enter Enter Esc y Enter Enter y");
    assert_eq!(terrys_hats(&session)[HAT]["title"], json!("Lecturer"));
    assert!(terrys_hats(&session).get("urn:x:new").is_some());
}

#[test]
fn writes_forms_readable_by_older_versions() {
    let draft: Draft = serde_json::from_str(OLD_FORMS).unwrap();
    let old: serde_json::Value = serde_json::from_str(OLD_FORMS).unwrap();
    assert_eq!(serde_json::to_value(&draft).unwrap(), old);
    // Older versions had no forms for users in several rooms, so they need not read these.
    let room_users = [(ROOM, TERRY), ("b@conference.example.org", TERRY)];
    let room_users: Vec<_> = room_users
        .iter()
        .map(|(room, user)| (jid(room), jid(user)))
        .collect();
    let subjects = [
        FormSubject::AddHat {
            room_users: room_users.clone(),
        },
        FormSubject::EditUsers {
            room_users,
            before: None,
        },
    ];
    for subject in subjects {
        let stored = serde_json::to_string(&subject).unwrap();
        assert_eq!(serde_json::from_str::<FormSubject>(&stored).unwrap(), subject);
    }
}

/// Text typed into a prompt survives a lost terminal, and the next prompt of this kind starts with it.
#[test]
fn text_of_a_prompt_is_kept_for_the_next_start() {
    let mut session = open();
    session.keys("X");
    session.text("list.csv");
    session.send(Msg::End { status: 129 });
    let kept = session.draft.clone().unwrap();
    let mut next = open();
    next.send(Msg::DraftFound(kept));
    next.keys("Enter");
    assert_eq!(
        next.notice(),
        r#"Restored "list.csv": open "Export" again to continue"#
    );
    next.keys("X");
    let prompt: &hatrack::app::prompt::Prompt = next.state.top_as().unwrap();
    assert_eq!(prompt.text.text(), "list.csv");
    assert_eq!(next.draft, None, "nothing is left to restore");
}
