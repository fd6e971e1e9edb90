//! Changes that are prepared while earlier ones of the same item are not taken over, and clocks that were set back.

use std::collections::BTreeSet;

use hatrack::sync::SendState;

use crate::session::*;
use crate::sides::*;

/// The second commit fails, or its process is killed, before the sender finds the first change.
#[test]
fn change_in_the_file_is_sent_although_the_next_one_was_not_committed() {
    for class in ALL {
        for is_killed in [false, true] {
            let mut session = with_terry(class);
            let give = |text: &'static str| {
                move |sides: &mut Sides| {
                    sides.local_hat("terry", "t", Some(text));
                }
            };
            let (after, _) = session.prepare(give("a First"));
            session.sides.file = after.file;
            let (_, items): (_, BTreeSet<_>) = session.prepare(give("a Second"));
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
            let there = session.sides.remote.value(&item("terry", "t"));
            let here = session.sides.local().cloned().unwrap();
            let here = hatrack::sync::local_value(class, &here, &item("terry", "t"));
            assert!(
                there.is_some() && there == here,
                "{class:?}, killed: {is_killed}: {there:?}"
            );
        }
    }
}

#[test]
fn change_that_was_never_committed_is_withdrawn_after_the_clock_was_set_back() {
    let mut session = with_terry(P);
    session.prepare(|sides| {
        sides.local_hat("terry", "t", Some("a T"));
    });
    session.take_over(-3600);
    assert!(session.outbox.is_empty());
}

/// What was answered at a time that is far ahead is not waited for.
#[test]
fn answer_is_confirmed_after_the_clock_was_set_back() {
    for class in ALL {
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        session.send(100_000, 1);
        session.read_by(0, 1, 0);
        assert!(session.outbox.is_quiet(), "{class:?}");
        session.read_by(61, 1, 0);
        assert!(session.outbox.is_empty(), "{class:?}");
    }
}

/// The stored document still has a change that was taken over, sent or given up, until the outbox is written again.
#[test]
fn what_was_taken_over_is_not_taken_from_the_stored_document_again() {
    for class in ALL {
        let mut session = with_terry(class);
        let give = |text: Option<&'static str>| {
            move |sides: &mut Sides| {
                sides.local_hat("terry", "t", text);
            }
        };
        session.stored = Some(session.outbox.clone());
        session.commit(give(Some("a T")));
        assert!(session.stored.as_ref().unwrap().to_bytes() != session.outbox.to_bytes());
        session.outbox.forget(&item("terry", "t"));
        session.store();
        assert!(session.outbox.is_empty(), "{class:?}");
        session.commit(give(None));
        let (after, _) = session.prepare(give(Some("a T")));
        session.store();
        session.sides.file = after.file;
        session.take_over(0);
        assert_eq!(session.send(0, 1), 1, "{class:?}");
    }
}

/// Where another change of the item was prepared and never committed, what is stored of the first one says that it was never sent
/// only until it is sent.
#[test]
fn change_that_was_sent_after_another_was_withdrawn_is_in_doubt_after_a_crash() {
    for class in ALL {
        let mut session = with_terry(class);
        let give = |text: Option<&'static str>| {
            move |sides: &mut Sides| {
                sides.local_hat("terry", "t", text);
            }
        };
        let t = item("terry", "t");
        session.stored = Some(session.outbox.clone());
        session.commit(give(Some("a T")));
        // It waits, and is stored so.
        session.store();
        let _ = session.prepare(give(None));
        session.restart();
        let change = session.one();
        crate::world::apply(&mut session.sides.remote, class, &change);
        assert!(session.sides.remote.value(&t).is_some());
        session.restart();
        session.commit(give(None));
        // The server has another value than the last known one: the first removal is answered with it, the second is made.
        while session.send(0, 2) > 0 {}
        assert_eq!(session.sides.remote.value(&t), None, "{class:?}");
    }
}
