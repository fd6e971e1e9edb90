//! Undo, redo and the history.

use hatrack::app::history::HistoryOverlay;
use hatrack::app::{Effect, Msg, SessionOptions, State};
use hatrack::model::{Affiliation, Attachment, EditGroup, Wardrobe};
use hatrack::store::{HistoryEntry, Snapshot, StoreEvent, StoreRequest, UndoCandidate};
use serde_json::json;

use super::session;
use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, terrys_hats, update, wardrobe};

/// An entry of an earlier session, revision 5, for the store worker to find as the change to undo.
fn earlier_entry(group: EditGroup) -> HistoryEntry {
    HistoryEntry {
        revision: 5,
        id: "5".into(),
        time: "2026-01-31T12:00:00Z".parse().unwrap(),
        actor: "terry".into(),
        group,
        undoes: None,
        redoes: None,
        rolled_back: None,
        outside: false,
        accepted_removals: false,
        sent: None,
        send_to: Box::default(),
        reason: None,
        partial: false,
    }
}

/// The store worker's answer is delayed, so that undo finds a change without a revision.
#[test]
fn undo_of_pending_change_waits_for_revision() {
    let mut state = State::new(SessionOptions::default());
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        ..Snapshot::default()
    };
    let mut file = wardrobe();
    let send_event = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    send_event(&mut state, StoreEvent::Opened(snapshot(&file)));
    let press = |state: &mut State, names: &str| -> Vec<Effect> {
        names
            .split(' ')
            .flat_map(|name| update(state, Msg::Key(session::key(name))))
            .collect()
    };
    let effects = press(&mut state, "Enter j Enter Space u");
    let [Effect::Store(StoreRequest::Commit { id, change })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(
        state.hat().unwrap().1.is_active(),
        "the screen shows the undo at once"
    );
    file.apply(&change.group).unwrap();
    let results = vec![(*id, Ok(Some(7)))];
    let effects = send_event(
        &mut state,
        StoreEvent::Committed {
            results,
            snapshot: snapshot(&file),
        },
    );
    let [Effect::Store(StoreRequest::Commit { change, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(change.undoes, Some(7));
    assert!(state.hat().unwrap().1.is_active());
}

/// Two undos and a redo are typed before the store answers. The first undoes a change of an earlier session.
#[test]
fn quickly_typed_undos_and_redo_work_as_if_typed_slowly() {
    let mut state = State::new(SessionOptions::default());
    let mut file = wardrobe();
    let entry = earlier_entry(file.rename_room(&jid(ROOM), Some("Lessons")).unwrap());
    let send_event = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
    let snapshot = |wardrobe: &Wardrobe| Snapshot {
        wardrobe: wardrobe.clone(),
        exists: true,
        ..Snapshot::default()
    };
    send_event(&mut state, StoreEvent::Opened(snapshot(&file)));
    let mut effects = Vec::new();
    for name in ["u", "u", "Ctrl-R"] {
        effects.extend(update(&mut state, Msg::Key(session::key(name))));
    }
    assert_eq!(effects, [Effect::Store(StoreRequest::FindUndo)]);
    let undo = UndoCandidate {
        undo: Some(entry),
        redo: None,
    };
    let effects = send_event(&mut state, StoreEvent::FoundUndo(Ok(undo)));
    let [Effect::Store(StoreRequest::Commit { id, change })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(change.undoes, Some(5));
    file.apply(&change.group).unwrap();
    // The second undo is looked up once the history contains the first.
    let results = vec![(*id, Ok(Some(6)))];
    let snapshot = snapshot(&file);
    let effects = send_event(&mut state, StoreEvent::Committed { results, snapshot });
    assert_eq!(effects, [Effect::Store(StoreRequest::FindUndo)]);
    let effects = send_event(&mut state, StoreEvent::FoundUndo(Ok(UndoCandidate::default())));
    let [Effect::Store(StoreRequest::Commit { change, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(change.redoes, Some(6));
    assert_eq!(state.room().unwrap().1.name.as_deref(), Some("Lessons"));
}

/// The user moves the selection or opens a filter before the store worker has found the change to undo.
#[test]
fn undo_that_is_found_late_keeps_filter_and_selection() {
    let removed = |user: &str| {
        let mut file = wardrobe();
        let group = file
            .set_affiliation(&jid(user), &jid(ROOM), Affiliation::None)
            .unwrap();
        (file, group)
    };
    for keys in ["", "Down", "/"] {
        let (file, group) = removed("prof@example.org");
        let mut state = State::new(SessionOptions::default());
        let send_event = |state: &mut State, event| update(state, Msg::Store(Box::new(event)));
        let opened = Snapshot {
            wardrobe: file,
            exists: true,
            ..Snapshot::default()
        };
        send_event(&mut state, StoreEvent::Opened(opened));
        let press = |state: &mut State, names: &str| {
            for name in names.split_whitespace() {
                update(state, Msg::Key(session::key(name)));
            }
        };
        press(&mut state, "Enter u");
        press(&mut state, keys);
        let before = state.user().unwrap().0.clone();
        let undo = UndoCandidate {
            undo: Some(earlier_entry(group)),
            redo: None,
        };
        send_event(&mut state, StoreEvent::FoundUndo(Ok(undo)));
        let selected = state.user().unwrap().0.clone();
        if keys.is_empty() {
            assert_eq!(selected.as_str(), "prof@example.org");
        } else {
            assert_eq!(selected, before, "{keys}");
        }
        let is_filtering = state.filter(state.focus()).is_some_and(|filter| filter.editing);
        assert_eq!(is_filtering, keys == "/");
    }
}

#[test]
fn history_lists_filters_and_undoes() {
    let mut session = open();
    session.keys("Enter j Enter Space r");
    session.external_change(|wardrobe| wardrobe.add_room(&jid("other@c.example"), None));
    session.keys("H x");
    let history = |session: &Session| match session.state.top_as::<HistoryOverlay>() {
        Some(history) => history.clone(),
        other => panic!("no history: {other:?}"),
    };
    assert_eq!(history(&session).entries.len(), 3);
    session.keys("j r");
    assert_eq!(history(&session).entries.len(), 2, "only this room");
    session.keys("r");
    assert_eq!(history(&session).entries.len(), 3);
    session.keys("G u");
    assert!(
        session.notice().starts_with(
            "Cannot undo revision 1: terry@example.org in courses@conference.example.org changed in the meantime"
        ),
        "{}",
        session.notice()
    );
    session.keys("g j u");
    assert_eq!(history(&session).entries[0].undoes, Some(2));
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({"active": false, "title": "Teacher"}),
        "{}",
        session.notice()
    );
    // The undo command continues with the change that is not undone yet.
    session.keys("Esc u");
    assert_eq!(
        terrys_hats(&session)[HAT],
        json!({"active": true, "title": "Teacher"}),
        "{}",
        session.notice()
    );
}

#[test]
fn rejects_undo_that_no_longer_applies() {
    let mut session = open();
    session.keys("Enter j Enter Space");
    session.external_change(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.keys("u");
    assert!(
        session.notice().starts_with(
            "Cannot undo: terry@example.org in courses@conference.example.org changed in the meantime"
        ),
        "{}",
        session.notice()
    );
}

/// A change adds two hats; another change removes one of them, as an undo in a restricted session does.
#[test]
fn undo_reverts_rest_of_partially_undone_change() {
    let mut session = open();
    session.external_change(|wardrobe| {
        let (terry, room) = (jid(TERRY), jid(ROOM));
        let mut group = wardrobe.add_user_hat(&terry, &room, &hat("urn:x:1"), Attachment::default())?;
        let second = wardrobe.add_user_hat(&terry, &room, &hat("urn:x:2"), Attachment::default())?;
        group.0.extend(second.0);
        Ok(group)
    });
    session.external_change(|wardrobe| wardrobe.remove_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:1")));
    session.keys("H j u");
    assert!(
        terrys_hats(&session).get("urn:x:2").is_none(),
        "{}",
        session.notice()
    );
    let Some(history) = session.state.top_as::<HistoryOverlay>() else {
        panic!("no history")
    };
    let undo = &history.entries[0];
    assert_eq!((undo.undoes, undo.group.0.len()), (Some(1), 1));
    assert!(session.notice().starts_with("Undid: ") && !session.notice().contains("urn:x:1"));
    // Nothing of the change is left to undo.
    session.keys("G u");
    assert!(
        session.notice().starts_with("No changes: already undone ("),
        "{}",
        session.notice()
    );
}

/// If another session already undid the change, the first `u` reports this and does not undo an older change.
#[test]
fn undo_of_an_undone_change_is_reported() {
    let mut session = open();
    session.keys("Enter j Enter Space r");
    session.external_change(|wardrobe| {
        // As after the first key: `active` is not omitted, but false.
        let inactive = Attachment::default()
            .with_active(true)
            .with_active(false)
            .with_title(Some("Teacher"));
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), inactive)
    });
    let before = session.json();
    session.keys("u");
    assert!(
        session.notice().starts_with("No changes: already undone ("),
        "{}",
        session.notice()
    );
    assert_eq!(session.json(), before);
    session.keys("u");
    assert!(session.notice().starts_with("Undid: "), "{}", session.notice());
}

#[test]
fn undo_of_a_definition_says_what_the_catalog_has_now() {
    let mut session = open();
    session.keys("C a");
    session.text("Zebra");
    session.keys("Enter Esc");
    let defined = |wardrobe: &Wardrobe| {
        let room = wardrobe.room(&jid(ROOM)).unwrap();
        room.catalog.keys().next().cloned().unwrap()
    };
    let id = defined(session.state.wardrobe());
    session.external_change(|wardrobe| {
        let entry = hatrack::model::CatalogHat {
            title: Some("Horse".into()),
            ..Default::default()
        };
        wardrobe.set_catalog_hat(&jid(ROOM), &id, Some(entry))
    });
    session.keys("u");
    assert_eq!(
        session.notice(),
        "Cannot undo: courses@conference.example.org changed in the meantime: the catalog has \"Horse\". See history (H)"
    );
    session.external_change(|wardrobe| wardrobe.set_catalog_hat(&jid(ROOM), &id, None));
    session.keys("u");
    assert!(
        session
            .notice()
            .starts_with("No changes: already undone (defined "),
        "{}",
        session.notice()
    );
}

/// If necessary, the focus moves left to the pane of the restored row.
#[test]
fn undo_selects_the_restored_row() {
    use hatrack::app::Pane;
    let with_two_more_rooms = || {
        let mut wardrobe = wardrobe();
        for room in ["a@conference.example.org", "z@conference.example.org"] {
            let room = jid(room);
            wardrobe.add_room(&room, None).unwrap();
            let user = jid("kim@example.org");
            wardrobe
                .set_affiliation(&user, &room, Affiliation::Member)
                .unwrap();
        }
        wardrobe
    };
    let room = |session: &Session| session.state.room().unwrap().0.to_string();
    let user = |session: &Session| session.state.user().unwrap().0.to_string();
    let mut session = Session::open(with_two_more_rooms(), (100, 30));
    session.keys("Down");
    assert_eq!(room(&session), ROOM);
    session.keys("d y");
    assert_ne!(room(&session), ROOM);
    session.keys("g Enter u");
    assert_eq!(room(&session), ROOM);
    assert_eq!(session.state.focus(), Pane::First);
    // A user with a hat.
    session.keys("Enter Down d y Up u");
    assert_eq!(user(&session), TERRY);
    assert_eq!(session.state.focus(), Pane::Second);
    // A hat, from another room: the focus stays in the list of rooms.
    session.keys("Enter d Left Left g");
    assert_ne!(room(&session), ROOM);
    session.keys("u");
    assert_eq!((room(&session), user(&session)), (ROOM.into(), TERRY.into()));
    assert_eq!(session.state.focus(), Pane::First);
    assert_eq!(session.state.hat().unwrap().0, &hat(HAT));
    // In the Users view, the view stays.
    session.keys("Down Enter Down Enter w w");
    let row = (0..session.state.length(Pane::First))
        .find(|row| session.state.listed_user_at(*row).unwrap().0.as_str() == TERRY)
        .unwrap();
    session.keys("g");
    for _ in 0..row {
        session.keys("Down");
    }
    session.keys("d y g u");
    assert_eq!(session.state.grouping(), hatrack::app::Grouping::ByUser);
    assert_eq!(user(&session), TERRY);
}
