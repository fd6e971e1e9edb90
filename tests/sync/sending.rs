//! The life of a change: prepared, waiting, answered, confirmed; refused, changed meanwhile, unknown, rolled back.

use hatrack::model::Affiliation;
use hatrack::sync::{
    Base, Condition, Item, ItemChange, ItemOutcome, ItemValue, Outbox, Reason, Refusal, SendState, Stream,
};

use crate::session::*;
use crate::sides::*;

#[test]
fn change_is_queued_sent_answered_and_confirmed() {
    for class in ALL {
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        let t = item("terry", "t");
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting));
        assert!(session.outbox.is_in_flight(&t) && !session.outbox.is_quiet());
        assert_eq!(session.send(10, 1), 1);
        assert_eq!(
            session.known(&t).is_some(),
            class == P,
            "only what is stored moves the base"
        );
        session.read(12, 1);
        assert_eq!(
            session.known(&t).is_some(),
            class == P,
            "a read too early confirms nothing"
        );
        session.read(13, 1);
        assert!(session.known(&t).is_some());
        assert!(matches!(session.outbox.state(&t), Some(SendState::Confirmed(_))));
        assert!(session.outbox.is_quiet() && !session.outbox.is_in_flight(&t));
        assert_eq!(session.send(14, 1), 0);
        session.outbox.expire(seconds(60));
        assert!(!session.outbox.is_empty());
        session.outbox.expire(seconds(71));
        assert!(session.outbox.is_empty());
        assert_eq!(session.sides.lines(), [""; 0], "one's own echo is no change");
    }
}

#[test]
fn crash_around_commit_loses_and_adds_nothing() {
    for class in ALL {
        let mut session = with_terry(class);
        let (after, _) = session.prepare(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        assert_eq!(session.next(), [], "it is not in the file yet");
        let mut crashed = Session {
            sides: session.sides.clone(),
            outbox: session.outbox.clone(),
            stored: None,
            written: session.written.clone(),
        };
        crashed.restart();
        assert!(crashed.outbox.is_empty(), "it never came into the file");
        session.sides.file = after.file;
        session.restart();
        assert_eq!(session.send(0, 1), 1);
    }
}

#[test]
fn sends_only_what_the_file_still_has() {
    for class in ALL {
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        // Somebody else changed it in the file since: that is theirs to send, or the plan's.
        session.sides.local_hat("terry", "t", None);
        assert_eq!(session.next(), []);
        assert!(session.outbox.is_empty());
        // Undone before it was sent: nothing is to be sent at all.
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        session.commit(|sides| {
            sides.local_hat("terry", "t", None);
        });
        assert_eq!(session.next(), []);
        assert!(session.outbox.is_empty());
        // Without a base, nothing moves by itself.
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        session.sides.base = None;
        assert_eq!(session.next(), []);
    }
}

#[test]
fn undo_replaces_queued_value() {
    for class in ALL {
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        session.send(10, 1);
        session.commit(|sides| {
            sides.local_hat("terry", "t", None);
        });
        let undo = session.one();
        assert_eq!(
            (undo.expected.is_some(), undo.wanted),
            (true, None),
            "the answered value, not the base"
        );
        assert_eq!(session.send(11, 1), 1);
        session.read(20, 1);
        assert_eq!(session.known(&item("terry", "t")), None);
        assert_eq!(session.sides.lines(), [""; 0]);
        // Undone while the first is on its way.
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        let first = session.one();
        session.commit(|sides| {
            sides.local_hat("terry", "t", None);
        });
        let outcome = crate::world::apply(&mut session.sides.remote, class, &first);
        session.answer(&first, &outcome, 30, 1);
        assert_eq!(session.send(31, 1), 1);
        assert!(
            !session.sides.remote.users[&jid("terry")]
                .hats
                .contains_key(&hat("t"))
        );
    }
}

#[test]
fn lost_answer_is_resolved_by_resending() {
    for class in ALL {
        for arrived in [false, true] {
            let mut session = with_terry(class);
            session.commit(|sides| {
                sides.local_hat("terry", "t", Some("a T"));
            });
            let lost = session.one();
            if arrived {
                crate::world::apply(&mut session.sides.remote, class, &lost);
            }
            session.answer(&lost, &ItemOutcome::Unknown, 0, 1);
            session.restart();
            // Undone meanwhile: what may be there is taken away again.
            let mut undone = Session {
                sides: session.sides.clone(),
                outbox: session.outbox.clone(),
                stored: None,
                written: session.written.clone(),
            };
            undone.commit(|sides| {
                sides.local_hat("terry", "t", None);
            });
            for at in 1..4 {
                undone.send(at, 2);
            }
            assert!(
                !undone.sides.remote.users[&jid("terry")]
                    .hats
                    .contains_key(&hat("t"))
            );
            assert!(undone.outbox.is_quiet() || class != P);
            assert_eq!(session.send(5, 2), 1);
            session.read(10, 2);
            assert!(session.outbox.is_quiet());
            assert_eq!(session.sides.lines(), [""; 0]);
        }
    }
}

#[test]
fn concurrent_remote_change_is_a_conflict() {
    let mut session = Session::of(Sides::known(P, |sides| {
        sides.member("terry", &[("t", "a T")]);
    }));
    let t = item("terry", "t");
    let mut sides = session.sides.clone();
    sides.remote_hat("terry", "t", Some("a Theirs"));
    session.commit(|sides| {
        sides.local_hat("terry", "t", Some("a Mine"));
    });
    let sent = session.one();
    session.sides.remote = sides.remote;
    let outcome = crate::world::apply(&mut session.sides.remote, P, &sent);
    session.answer(&sent, &outcome, 0, 1);
    let actual = Some(ItemValue::Hat(value("a Theirs")));
    let expected = Some(ItemValue::Hat(value("a T")));
    let changed = SendState::Changed { actual, expected };
    assert_eq!(session.outbox.state(&t), Some(&changed));
    assert_eq!(session.next(), [], "it waits for the answer to the question");
    session.restart();
    assert_eq!(session.next(), []);
    let mut theirs = session.outbox.clone();
    theirs.forget(&t);
    assert!(theirs.is_empty());
    session
        .outbox
        .keep_local(&t, Some(ItemValue::Hat(value("a Theirs"))), None);
    assert_eq!(session.send(1, 1), 1);
    assert_eq!(
        session.sides.remote.users[&jid("terry")].hats[&hat("t")],
        value("a Mine")
    );
}

#[test]
fn refusal_lasts_until_change_or_retry() {
    for class in ALL {
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        let sent = session.one();
        let refusal = Refusal::new(Condition::Forbidden);
        session.answer(&sent, &ItemOutcome::Refused(refusal.clone()), 0, 1);
        session.restart();
        assert_eq!(
            session.outbox.state(&item("terry", "t")),
            Some(&SendState::Refused(refusal))
        );
        assert_eq!(session.next(), []);
        session.outbox.retry(&item("terry", "t"));
        assert_eq!(session.next().len(), 1);
    }
}

#[test]
fn unsendable_changes_are_skipped_with_reason() {
    let mut session = with_terry(P);
    session.commit(|sides| {
        sides
            .local_user("ann", Affiliation::Member)
            .local_hat("ann", "t", Some("a T"));
        sides.local_hat("terry", "t", Some("a T\u{1}"));
    });
    assert_eq!(session.next(), []);
    let state = |item: &Item| session.outbox.state(item).cloned();
    assert_eq!(
        state(&item("ann", "t")),
        Some(SendState::LeftOut(Reason::NotAffiliated))
    );
    assert_eq!(
        state(&item("terry", "t")),
        Some(SendState::LeftOut(Reason::TextRefused))
    );
    let affiliation = Item::Affiliation { user: jid("ann") };
    assert_eq!(
        state(&affiliation),
        Some(SendState::LeftOut(Reason::AffiliationsShown))
    );
    // What held it back passes: somebody affiliated her there.
    session.sides.remote_user("ann", Affiliation::Member);
    assert_eq!(session.next().iter().map(change).collect::<Vec<_>>(), ["+ann t"]);
}

#[test]
fn hats_wait_for_their_definitions() {
    let mut session = with_terry(E2);
    session.commit(|sides| {
        sides.local_hat("terry", "new", Some("a New"));
    });
    let local = session.sides.local().cloned();
    assert_eq!(
        session
            .outbox
            .next_changes(local.as_deref(), session.sides.base.as_ref(), None),
        [],
        "not read yet"
    );
    let words = |changes: Vec<ItemChange>| changes.iter().map(change).collect::<Vec<_>>();
    assert_eq!(words(session.next()), ["+entry new"]);
    assert_eq!(session.send(0, 1), 1);
    assert_eq!(words(session.next()), ["+terry new"]);
    assert_eq!(session.send(1, 1), 1);
    session.read(10, 1);
    assert!(session.outbox.is_quiet());
    assert_eq!(session.sides.lines(), [""; 0]);
}

#[test]
fn user_removal_removes_own_hats_first() {
    for class in ALL {
        let mut session = with_terry(class);
        session.sides = session.sides.clone().managed();
        session.commit(|sides| {
            sides.local_user("terry", Affiliation::None);
        });
        let next = session.next();
        assert_eq!(
            next.iter().map(change).collect::<Vec<_>>(),
            ["-terry s", "-affiliation terry"]
        );
        // Somebody gives a hat just then.
        session.sides.remote_hat("terry", "t", Some("a T"));
        for change in &next {
            let outcome = crate::world::apply(&mut session.sides.remote, class, change);
            session.answer(change, &outcome, 0, 1);
        }
        let there = &session.sides.remote.users[&jid("terry")];
        assert!(there.hats.contains_key(&hat("t")), "{class:?}");
        assert_eq!(there.affiliation == Affiliation::Member, class == P);
    }
}

#[test]
fn no_read_confirms_what_prosody_could_not_store() {
    let mut session = with_terry(P);
    session.commit(|sides| {
        sides.local_hat("terry", "t", Some("a T"));
    });
    let (t, change) = (item("terry", "t"), session.one());
    session.sides.remote_hat("terry", "t", Some("a T"));
    session.answer(&change, &ANSWERED, 0, 1);
    for (time, stream) in [(10, 1), (20, 2)] {
        session.read(time, stream);
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting));
        assert_eq!(session.known(&t), None, "the base does not lead");
        let local = session.sides.local().unwrap();
        let doubtful = session.outbox.not_stored(&session.sides.remote, local);
        assert_eq!(doubtful, [t.clone()].into());
    }
    let again = session.one();
    session.answer(&again, &DONE, 21, 2);
    assert!(session.known(&t).is_some());
}

/// Another connection that was open when the server acknowledged a change, and still is, shows that nothing was lost.
#[test]
fn what_somebody_took_back_while_a_connection_lasted_is_not_lost() {
    for class in [E1, E2] {
        let t = item("terry", "t");
        let mut session = with_terry(class);
        session.commit(|sides| {
            sides.local_hat("terry", "t", Some("a T"));
        });
        let change = session.one();
        session.answer(&change, &ANSWERED, 10, 1);
        let mut lost = Session {
            sides: session.sides.clone(),
            outbox: session.outbox.clone(),
            stored: None,
            written: session.written.clone(),
        };
        lost.read_by(14, 2, 11);
        assert_eq!(lost.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
        session.read_by(14, 2, 9);
        assert_eq!(session.outbox.state(&t), None, "{class:?}");
        assert_eq!(session.known(&t), change.wanted, "it is received: {class:?}");
    }
}

/// The process was suspended with the answer in its socket, so it handled the answer at 40 and not soon after it asked at 10.
#[test]
fn what_was_answered_before_it_was_handled_is_lost_or_taken_back_by_when_it_was_answered() {
    for class in [E1, E2] {
        let t = item("terry", "t");
        let sent = |handled| {
            let mut session = with_terry(class);
            session.commit(|sides| {
                sides.local_hat("terry", "t", Some("a T"));
            });
            let change = session.one();
            session.answer_late(&change, &ANSWERED, (10, handled), (1, 5));
            session
        };
        // The server fell over at 20, and this connection was opened after that.
        let mut session = sent(40);
        session.restart();
        session.read_by(44, 2, 25);
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
        // Another account learns from the base that it may be lost.
        let mut base = sent(40).sides.base.unwrap();
        base = Base::read(&base.to_bytes(), &base.room).unwrap();
        let compared = |since| {
            let stream = Stream {
                number: 3,
                since: seconds(since),
            };
            let remote = &with_terry(class).sides.remote;
            let base = base.with_answers(remote, |at| stream.may_have_lost(at));
            base.value(&t)
        };
        assert_eq!(compared(25), None, "{class:?}");
        assert!(compared(9).is_some(), "{class:?}");
        // Handled an hour later: whoever took it back since had more than a minute for that.
        let mut session = sent(3_610);
        session.restart();
        session.read_by(3_614, 2, 3_611);
        assert_eq!(session.outbox.state(&t), None, "{class:?}");
        assert_eq!(session.known(&t), None, "{class:?}");
    }
}

#[test]
fn resends_lost_changes_but_not_removed_ones() {
    for class in ALL {
        let t = item("terry", "t");
        let sent = |answer: &ItemOutcome| {
            let mut session = with_terry(class);
            session.commit(|sides| {
                sides.local_hat("terry", "t", Some("a T"));
            });
            let change = session.one();
            session.answer(&change, answer, 0, 1); // acknowledged, and the server falls over
            session
        };
        let answer = if class == P { DONE } else { ANSWERED };
        let mut session = sent(&answer);
        session.restart();
        session.read(30, 2); // another connection: the value before is there again
        if class == P {
            // The server stored it before it answered, so it was somebody.
            assert_eq!(session.outbox.state(&t), None);
            assert_eq!(session.sides.lines(), ["terry t: receive"]);
        } else {
            assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
            assert_eq!(session.known(&t), None, "the base does not lead");
            assert_eq!(session.send(31, 2), 1);
            session.read(40, 2);
            assert!(session.known(&t).is_some());
            // A read has confirmed that it is stored: now it was somebody, on any connection.
            session.sides.remote_hat("terry", "t", None);
            session.restart();
            session.read(50, 3);
            assert_eq!(session.outbox.state(&t), None);
            assert_eq!(session.sides.lines(), ["terry t: receive"], "{class:?}");
        }
        // On one connection it was somebody.
        let mut session = sent(&answer);
        session.read(30, 1);
        assert_eq!(session.outbox.state(&t), None);
        assert_eq!(session.sides.lines(), ["terry t: receive"]);
        // Too long ago: what was never confirmed is a difference for the plan, what was confirmed is received.
        let mut session = sent(&answer);
        session.read(90, 2);
        assert_eq!(session.outbox.state(&t), None);
        assert_eq!(
            session.sides.lines(),
            [if class == P {
                "terry t: receive"
            } else {
                "terry t: send"
            }]
        );
    }
}

#[test]
fn next_session_finishes_interrupted_plan() {
    for class in ALL {
        let mut session = Session::of(Sides::known(class, |sides| {
            sides
                .both_entry("t", "T")
                .both_user("terry", Affiliation::Member)
                .member("ann", &[("t", "a T")]);
        }));
        session
            .sides
            .local_hat("terry", "t", Some("a T"))
            .local_hat("terry", "n", Some("a N"));
        session.sides.local_hat("ann", "t", None);
        let plan = session.sides.merge();
        let implied = |number: usize| plan.lines[number].implied;
        let sending = plan.sending();
        let count = sending.changes.len();
        let changes = sending
            .changes
            .iter()
            .map(|(number, change)| (change.clone(), implied(*number)));
        session.outbox.put_plan(changes);
        // The first is sent, and its answer is lost with the session.
        crate::world::apply(&mut session.sides.remote, class, &sending.changes[0].1);
        session.restart();
        for at in 0..4 {
            session.send(at, 2);
        }
        session.read(20, 2);
        assert!(session.outbox.is_quiet(), "{class:?}: {:?}", session.outbox);
        assert_eq!(count, if class == E2 { 4 } else { 3 });
        session.sides.settle();
        assert_eq!(session.sides.lines(), [""; 0]);
    }
}

#[test]
fn ignores_invalid_documents() {
    let mut session = with_terry(P);
    assert_eq!(session.outbox.to_bytes(), None, "nothing needs to be kept");
    session.commit(|sides| {
        sides.local_hat("terry", "t", Some("a T"));
    });
    let bytes = session.outbox.to_bytes().unwrap();
    let read = Outbox::read(&bytes, "test", P, &room()).unwrap();
    assert_eq!(read.to_bytes(), Some(bytes.clone()));
    assert!(read.states().eq(session.outbox.states()));
    assert_eq!(Outbox::read(&bytes, "other", P, &room()), None);
    assert_eq!(Outbox::read(&bytes, "test", E1, &room()), None);
    assert_eq!(Outbox::read(&bytes, "test", P, &jid("elsewhere")), None);
    assert_eq!(Outbox::read(b"[]", "test", P, &room()), None);
    let later = String::from_utf8(bytes)
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    assert_eq!(Outbox::read(later.as_bytes(), "test", P, &room()), None);
}

/// The base is older than what the server answered, until a read confirms that.
#[test]
fn value_that_was_answered_is_what_the_next_change_is_sent_against() {
    for class in ALL {
        let t = item("terry", "t");
        let mut session = with_terry(class);
        let set = |session: &mut Session, text: Option<&str>| {
            session.commit(|sides| {
                sides.local_hat("terry", "t", text);
            });
        };
        set(&mut session, Some("a T"));
        assert_eq!(session.send(0, 1), 1);
        // Nothing is to be sent for a change and its undo, whether one or both are taken over.
        set(&mut session, None);
        set(&mut session, Some("a T"));
        assert_eq!(session.send(1, 1), 0, "{class:?}");
        let (after, _) = session.prepare(|sides| {
            sides.local_hat("terry", "t", None);
        });
        session.sides.file = after.file;
        set(&mut session, Some("a T"));
        assert_eq!(session.send(1, 1), 0, "{class:?}");
        // The base still lacks the hat, as it did before all this; but the server has it.
        set(&mut session, None);
        assert_eq!(session.send(2, 1), 1, "{class:?}");
        assert_eq!(session.sides.remote.value(&t), None, "{class:?}");
    }
}
