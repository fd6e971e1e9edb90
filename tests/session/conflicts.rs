//! Conflicts with changes by others.

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use hatrack::app::form::Form;
use hatrack::app::{Effect, Msg, Pane, SessionOptions, State};
use hatrack::model::{Affiliation, Attachment, Wardrobe};
use hatrack::store::{Snapshot, StoreEvent, StoreRequest};
use serde_json::json;

use super::session;
use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys_hats, update, wardrobe};

#[test]
fn conflict_shows_current_values() {
    let set_title = |session: &mut Session, title: &str| {
        let title = title.to_owned();
        session.external_change(move |wardrobe| {
            let other = Attachment::default().with_active(true).with_title(Some(&title));
            wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
        });
    };
    let mut session = open();
    session.keys("Enter j Enter e !");
    set_title(&mut session, "Professor");
    session.keys("Enter");
    set_title(&mut session, "Dean");
    let Some(conflict) = session.state.top_as::<Conflict>() else {
        panic!("no conflict")
    };
    assert!(conflict.theirs.contains("Dean"), "{conflict:?}");
    set_title(&mut session, "Teacher");
    assert!(session.state.top_as::<Form>().is_some());
    assert!(
        session.notice().starts_with("Conflict resolved"),
        "{}",
        session.notice()
    );
    session.keys("Enter");
    assert_eq!(terrys_hats(&session)[HAT]["title"], json!("Teacher!"));
}

#[test]
fn stale_question_is_closed() {
    let mut session = open();
    session.keys("Enter j d");
    assert!(session.state.top_as::<Confirm>().is_some());
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:y"), Attachment::default())
    });
    assert!(session.state.overlays().is_empty());
    assert!(session.notice().ends_with("Try again"), "{}", session.notice());
    session.keys("y");
    assert_eq!(session.state.users().len(), 3);
}

#[test]
fn focus_moves_left_when_the_selected_user_or_room_is_removed() {
    let mut session = open();
    session.keys("Enter j Enter");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    assert_eq!(session.state.focus(), Pane::Second);
    assert!(session.notice().starts_with(TERRY), "{}", session.notice());
    session.external_change(|wardrobe| wardrobe.remove_room(&jid(ROOM)));
    assert_eq!(session.state.focus(), Pane::First);
}

#[test]
fn saving_stale_form_opens_conflict() {
    let save_stale_form = |session: &mut Session| {
        session.keys("Enter j Enter e");
        session.text("!");
        session.external_change(|wardrobe| {
            let other = Attachment::default().with_title(Some("Professor"));
            wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
        });
        session.keys("Enter");
        let Some(conflict) = session.state.top_as::<Conflict>() else {
            panic!("no conflict")
        };
        assert!(
            conflict.theirs.contains("Professor") && conflict.yours.contains("Teacher!"),
            "{conflict:?}"
        );
        assert_eq!(terrys_hats(session)[HAT]["title"], json!("Professor"));
    };
    let mut yours = open();
    save_stale_form(&mut yours);
    yours.keys("m");
    assert_eq!(
        terrys_hats(&yours),
        json!({HAT: {"active": true, "title": "Teacher!"}})
    );
    let mut theirs = open();
    save_stale_form(&mut theirs);
    theirs.keys("t");
    assert_eq!(terrys_hats(&theirs), json!({HAT: {"title": "Professor"}}));
    assert!(theirs.state.overlays().is_empty());
    let mut later = open();
    save_stale_form(&mut later);
    later.keys("Esc");
    assert!(later.state.top_as::<Form>().is_some());
}

#[test]
fn hat_cannot_be_added_to_a_user_who_was_banned_meanwhile() {
    let mut session = open();
    session.keys("Enter j Enter a");
    session.text("urn:x:y");
    session
        .external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::Outcast));
    session.keys("Enter");
    assert!(session.state.top_as::<Conflict>().is_some());
    session.keys("m");
    assert!(session.state.notice().unwrap().is_error);
    assert_eq!(terrys_hats(&session)["urn:x:y"], json!(null));
}

#[test]
fn rejected_change_opens_conflict_and_survives_disconnect() {
    let mut state = State::new(SessionOptions::default());
    let file = wardrobe();
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        ..Snapshot::default()
    };
    let send_event = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    send_event(&mut state, StoreEvent::Opened(snapshot(&file)));
    let mut effects = Vec::new();
    for name in ["Enter", "j", "Enter", "Space"] {
        effects.extend(update(&mut state, Msg::Key(session::key(name))));
    }
    let [Effect::Store(StoreRequest::Commit { id, change })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let mut theirs = file.clone();
    theirs
        .remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT))
        .unwrap();
    let error = theirs.clone().apply(&change.group).unwrap_err();
    let results = vec![(*id, Err(error))];
    let effects = send_event(
        &mut state,
        StoreEvent::Committed {
            results,
            snapshot: snapshot(&theirs),
        },
    );
    let Some(conflict) = state.top_as::<Conflict>() else {
        panic!("no conflict")
    };
    assert_eq!(conflict.theirs, "the user no longer has the hat");
    // The rejected change is stored in the draft at once.
    assert!(
        matches!(effects.as_slice(), [Effect::SaveDraft { .. }]),
        "{effects:?}"
    );
    let effects = update(&mut state, Msg::Key(session::key("m")));
    let [Effect::Store(StoreRequest::Commit { change, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    theirs.apply(&change.group).unwrap();
    assert_eq!(theirs.attachment_count(), 1);
}

#[test]
fn next_key_is_ignored_after_selection_is_lost() {
    // The user pressed the key for the lost selection, not for the hat, user or room that is selected instead.
    let mut session = open();
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:z"), Attachment::default())
    });
    session.keys("Enter j Enter");
    assert_eq!(session.state.hat().unwrap().0.as_str(), HAT);
    session.external_change(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    assert!(session.notice().contains("Teacher"), "{}", session.notice());
    session.keys("d");
    assert_ne!(terrys_hats(&session)["urn:x:z"], json!(null));
    assert!(session.notice().starts_with("Canceled: "), "{}", session.notice());
    session.keys("d");
    assert_eq!(terrys_hats(&session), json!({}));
    session.keys("u Esc");
    assert_eq!(session.state.focus(), Pane::Second);
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    session.keys("d");
    assert_eq!(session.state.users().len(), 2);
    // After the selection was moved, the next key has its usual effect.
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(&jid("mallory@example.net"), &jid(ROOM), Affiliation::None)
    });
    session.keys("k d y");
    assert_eq!(session.state.users().len(), 0);
}

#[test]
fn conflicting_changes_of_one_hat_are_merged() {
    let mut session = open();
    session.delay_answers();
    session.keys("Enter j Enter Space r");
    session.external_change(|wardrobe| {
        let other = Attachment::default().with_active(true).with_title(Some("Dean"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
    });
    session.answer_all();
    let Some(conflict) = session.state.top_as::<Conflict>() else {
        panic!("no conflict")
    };
    assert!(conflict.yours.contains("inactive"), "{conflict:?}");
    session.keys("m");
    assert_eq!(terrys_hats(&session)[HAT]["active"], json!(false));
    while session.state.top_as::<Conflict>().is_some() {
        session.keys("m");
    }
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({"active": false, "required": true, "title": "Dean"})
    );
}

#[test]
fn yours_is_not_offered_where_it_cannot_be_saved() {
    let mut session = open();
    session.keys("Enter j Enter a");
    session.text("urn:x:speaker");
    session.external_change(|wardrobe| wardrobe.set_affiliation(&jid(TERRY), &jid(ROOM), Affiliation::None));
    session.keys("Enter");
    assert!(
        session.state.top_as::<Conflict>().is_some(),
        "{}",
        session.notice()
    );
    let offered = |session: &Session| {
        let keys = hatrack::app::footer(&session.state).map(|command| command.title);
        keys.collect::<Vec<_>>()
    };
    assert_eq!(offered(&session), ["Keep theirs", "Back"]);
    session.keys("m");
    assert_eq!(
        session.notice(),
        "Yours cannot be saved: the user is no longer affiliated"
    );
    assert!(session.state.top_as::<Conflict>().is_some());
    // Where yours can be saved, it is offered.
    let mut session = open();
    session.keys("Enter j Enter e !");
    session.external_change(|wardrobe| {
        let other = Attachment::default().with_title(Some("Professor"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), other)
    });
    session.keys("Enter");
    assert_eq!(offered(&session), ["Keep yours", "Keep theirs", "Back"]);
}

/// An unrecognized field is named with its value, on the side that has it.
#[test]
fn conflict_names_unrecognized_fields_where_they_differ() {
    let mut session = open();
    let theirs = |fields: serde_json::Value| {
        move |wardrobe: &mut Wardrobe| {
            let hats = serde_json::to_vec(&json!({ HAT: fields })).unwrap();
            let hats = hatrack::model::read::hats(&hats).unwrap();
            let theirs = hats.get(&hat(HAT)).unwrap().clone();
            wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), theirs)
        }
    };
    session.external_change(theirs(json!({"title": "Teacher", "badge": 1})));
    session.keys("Enter j Enter e !");
    session.external_change(theirs(json!({"title": "Teacher", "badge": 1, "note": "exams"})));
    session.keys("Enter");
    let conflict: &Conflict = session.state.top_as().unwrap();
    assert_eq!(
        (conflict.theirs.as_str(), conflict.yours.as_str()),
        (
            "\"Teacher\", inactive, unrecognized field note: \"exams\"",
            "\"Teacher!\", inactive"
        )
    );
}
