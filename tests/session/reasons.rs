//! Changes that are saved later, or in another session, keep their reason.

use hatrack::app::{Conflict, Msg};
use hatrack::model::Attachment;
use hatrack::store::{ChangeReason, HistoryEntry, HistoryQuery, StoreEvent, StoreRequest};
use jiff::Timestamp;
use serde_json::json;

use super::session::Session;
use super::{ROOM, TERRY, hat, jid, open};

/// The last commit of the file.
fn newest(session: &mut Session) -> HistoryEntry {
    let query = HistoryQuery {
        limit: 1,
        ..HistoryQuery::default()
    };
    let events = session
        .memory
        .handle(StoreRequest::History(query), Timestamp::UNIX_EPOCH);
    let Some(StoreEvent::History { page: Ok(page), .. }) = events.into_iter().next() else {
        panic!("no history")
    };
    page.entries.first().cloned().unwrap()
}

/// A session that removes Terry for the reason "spam", but cannot save the change.
fn removed_for_reason() -> Session {
    let mut session = open();
    session.fail_writes("the disk is full");
    session.keys("Enter j d r");
    session.text("spam");
    session.keys("Enter y");
    session
}

#[test]
fn restored_change_has_its_reason() {
    let mut session = removed_for_reason();
    session.keys("q y");
    let mut next = open();
    next.send(Msg::DraftFound(session.draft.clone().unwrap()));
    next.keys("Enter");
    let entry = newest(&mut next);
    assert_eq!(entry.reason.as_ref().map(ChangeReason::as_str), Some("spam"));
}

/// A restored change that undoes one change, or several, is recorded as an undo in the history.
#[test]
fn restored_undo_is_recorded_as_an_undo() {
    for (field, value) in [("undoes", 1), ("rolled-back", 3)] {
        let mut session = removed_for_reason();
        session.keys("q y");
        let mut draft: serde_json::Value = serde_json::from_slice(&session.draft.clone().unwrap()).unwrap();
        let unsaved = draft
            .as_object_mut()
            .unwrap()
            .values_mut()
            .find_map(|value| value.get_mut(0));
        unsaved.unwrap()[field] = json!(value);
        let mut next = open();
        next.send(Msg::DraftFound(serde_json::to_vec(&draft).unwrap()));
        next.keys("Enter");
        let entry = newest(&mut next);
        let found = if field == "undoes" {
            entry.undoes
        } else {
            entry.rolled_back
        };
        assert_eq!(found, Some(value), "{field}");
        next.keys("u");
        let entry = newest(&mut next);
        let reference = if field == "undoes" {
            entry.redoes
        } else {
            entry.undoes
        };
        assert_eq!(reference, Some(1), "{field}: {entry:?}");
    }
}

#[test]
fn rejected_change_that_is_kept_has_its_reason() {
    let mut session = removed_for_reason();
    session.external_change(|wardrobe| {
        wardrobe.add_user_hat(&jid(TERRY), &jid(ROOM), &hat("urn:x:y"), Attachment::default())
    });
    session.allow_writes();
    assert!(session.state.top_as::<Conflict>().is_some());
    session.keys("m");
    assert_eq!(session.json()["rooms"][ROOM]["users"].get(TERRY), None);
    let entry = newest(&mut session);
    assert_eq!(entry.reason.as_ref().map(ChangeReason::as_str), Some("spam"));
}
