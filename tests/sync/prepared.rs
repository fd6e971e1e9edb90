//! Changes that are prepared before earlier changes of the same item are taken over, and clocks that were set back.

use std::collections::BTreeSet;

use hatrack::sync::SendState;

use crate::session::*;
use crate::sides::*;

/// The second commit fails, or its process is killed, before the sender takes over the first change.
#[test]
fn committed_change_is_sent_although_the_next_change_was_not_committed() {
    for class in CLASSES {
        for is_killed in [false, true] {
            let mut session = session_with_terry(class);
            let set_hat = |text: &'static str| {
                move |sides: &mut Sides| {
                    sides.set_local_hat("terry", "t", Some(text));
                }
            };
            let (after, _) = session.prepare(set_hat("a First"));
            session.sides.file = after.file;
            let (_, items): (_, BTreeSet<_>) = session.prepare(set_hat("a Second"));
            if !is_killed {
                session.outbox.withdraw(&items);
            }
            session.take_over(0);
            session.take_over(61);
            assert_eq!(
                session.outbox.state(&item("terry", "t")),
                Some(&SendState::Waiting)
            );
            session.send(61, 1);
            let remote = session.sides.remote.value(&item("terry", "t"));
            let local = session.sides.local().cloned().unwrap();
            let local = hatrack::sync::local_value(class, &local, &item("terry", "t"));
            assert!(
                remote.is_some() && remote == local,
                "{class:?}, killed: {is_killed}: {remote:?}"
            );
        }
    }
}

#[test]
fn change_that_was_never_committed_is_withdrawn_after_the_clock_was_set_back() {
    let mut session = session_with_terry(PROSODY);
    session.prepare(|sides| {
        sides.set_local_hat("terry", "t", Some("a T"));
    });
    session.take_over(-3600);
    assert!(session.outbox.is_empty());
}

/// An answer whose time is far in the future is not waited for.
#[test]
fn answer_is_confirmed_after_the_clock_was_set_back() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        session.send(100_000, 1);
        session.read_since(0, 1, 0);
        assert!(session.outbox.is_finished(), "{class:?}");
        session.read_since(61, 1, 0);
        assert!(session.outbox.is_empty(), "{class:?}");
    }
}

/// The stored document still has a change that was taken over and then sent or forgotten, until the outbox is written
/// again.
#[test]
fn change_that_was_taken_over_is_not_adopted_from_the_stored_document_again() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        let set_hat = |text: Option<&'static str>| {
            move |sides: &mut Sides| {
                sides.set_local_hat("terry", "t", text);
            }
        };
        session.stored = Some(session.outbox.clone());
        session.commit(set_hat(Some("a T")));
        assert!(session.stored.as_ref().unwrap().to_bytes() != session.outbox.to_bytes());
        session.outbox.forget(&item("terry", "t"));
        session.store();
        assert!(session.outbox.is_empty(), "{class:?}");
        session.commit(set_hat(None));
        let (after, _) = session.prepare(set_hat(Some("a T")));
        session.store();
        session.sides.file = after.file;
        session.take_over(0);
        assert_eq!(session.send(0, 1), 1, "{class:?}");
    }
}

/// The stored outbox says that a change was never sent only until it is sent, also if another change of the item was
/// prepared in the meantime and never committed.
#[test]
fn change_that_was_sent_after_a_withdrawn_change_is_in_doubt_after_a_crash() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        let set_hat = |text: Option<&'static str>| {
            move |sides: &mut Sides| {
                sides.set_local_hat("terry", "t", text);
            }
        };
        let t = item("terry", "t");
        session.stored = Some(session.outbox.clone());
        session.commit(set_hat(Some("a T")));
        // The change is stored as waiting.
        session.store();
        let _ = session.prepare(set_hat(None));
        session.restart();
        let change = session.next_change();
        crate::world::apply(&mut session.sides.remote, class, &change);
        assert!(session.sides.remote.value(&t).is_some());
        session.restart();
        session.commit(set_hat(None));
        // The server has another value than expected. The first attempt to remove the hat finds that value, and the
        // second succeeds.
        while session.send(0, 2) > 0 {}
        assert_eq!(session.sides.remote.value(&t), None, "{class:?}");
    }
}
