//! The states of a change: prepared, waiting, answered, confirmed; or refused, in conflict, without an answer, lost by
//! the server.

use hatrack::model::Affiliation;
use hatrack::sync::{
    Base, Condition, Item, ItemChange, ItemOutcome, ItemValue, Outbox, Reason, Refusal, SendState, Stream,
};

use crate::session::*;
use crate::sides::*;

#[test]
fn change_is_queued_sent_answered_and_confirmed() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        let t = item("terry", "t");
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting));
        assert!(session.outbox.is_in_flight(&t) && !session.outbox.is_finished());
        assert_eq!(session.send(10, 1), 1);
        assert_eq!(
            session.base_value(&t).is_some(),
            class == PROSODY,
            "only an answer that confirms the storage updates the base"
        );
        session.read(12, 1);
        assert_eq!(
            session.base_value(&t).is_some(),
            class == PROSODY,
            "a read in the first three seconds confirms nothing"
        );
        session.read(13, 1);
        assert!(session.base_value(&t).is_some());
        assert!(matches!(session.outbox.state(&t), Some(SendState::Confirmed(_))));
        assert!(session.outbox.is_finished() && !session.outbox.is_in_flight(&t));
        assert_eq!(session.send(14, 1), 0);
        session.outbox.expire(after_seconds(60));
        assert!(!session.outbox.is_empty());
        session.outbox.expire(after_seconds(71));
        assert!(session.outbox.is_empty());
        assert_eq!(session.sides.lines(), [""; 0], "the sent change is no difference");
    }
}

#[test]
fn crash_before_a_commit_withdraws_the_change_and_after_a_commit_keeps_it() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        let (after, _) = session.prepare(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        assert_eq!(session.next_changes(), [], "the change is not in the file yet");
        let mut crashed = Session {
            sides: session.sides.clone(),
            outbox: session.outbox.clone(),
            stored: None,
            as_stored: session.as_stored.clone(),
        };
        crashed.restart();
        assert!(crashed.outbox.is_empty(), "the change was not committed");
        session.sides.file = after.file;
        session.restart();
        assert_eq!(session.send(0, 1), 1);
    }
}

#[test]
fn only_changes_that_the_file_still_has_are_sent() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        // Someone else has changed the item in the file since. Their session sends that, or the next plan.
        session.sides.set_local_hat("terry", "t", None);
        assert_eq!(session.next_changes(), []);
        assert!(session.outbox.is_empty());
        // For a change that is undone before it was sent, nothing is sent.
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", None);
        });
        assert_eq!(session.next_changes(), []);
        assert!(session.outbox.is_empty());
        // Without a base, nothing is sent automatically.
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        session.sides.base = None;
        assert_eq!(session.next_changes(), []);
    }
}

#[test]
fn undo_of_a_sent_change_is_sent() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        session.send(10, 1);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", None);
        });
        let undo = session.next_change();
        assert_eq!(
            (undo.expected.is_some(), undo.wanted),
            (true, None),
            "the acknowledged value is expected, not that of the base"
        );
        assert_eq!(session.send(11, 1), 1);
        session.read(20, 1);
        assert_eq!(session.base_value(&item("terry", "t")), None);
        assert_eq!(session.sides.lines(), [""; 0]);
        // The change is undone while it is being sent.
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        let first = session.next_change();
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", None);
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
fn change_without_an_answer_is_sent_again_or_undone() {
    for class in CLASSES {
        for has_arrived in [false, true] {
            let mut session = session_with_terry(class);
            session.commit(|sides| {
                sides.set_local_hat("terry", "t", Some("a T"));
            });
            let lost = session.next_change();
            if has_arrived {
                crate::world::apply(&mut session.sides.remote, class, &lost);
            }
            session.answer(&lost, &ItemOutcome::Unknown, 0, 1);
            session.restart();
            // If the change is undone, the hat that may be on the server is removed.
            let mut undone = Session {
                sides: session.sides.clone(),
                outbox: session.outbox.clone(),
                stored: None,
                as_stored: session.as_stored.clone(),
            };
            undone.commit(|sides| {
                sides.set_local_hat("terry", "t", None);
            });
            for at in 1..4 {
                undone.send(at, 2);
            }
            assert!(
                !undone.sides.remote.users[&jid("terry")]
                    .hats
                    .contains_key(&hat("t"))
            );
            assert!(undone.outbox.is_finished() || class != PROSODY);
            // If the change is not undone, it is sent again.
            assert_eq!(session.send(5, 2), 1);
            session.read(10, 2);
            assert!(session.outbox.is_finished());
            assert_eq!(session.sides.lines(), [""; 0]);
        }
    }
}

#[test]
fn concurrent_remote_change_is_a_conflict() {
    let mut session = Session::of(Sides::compared(PROSODY, |sides| {
        sides.add_member("terry", &[("t", "a T")]);
    }));
    let t = item("terry", "t");
    let mut sides = session.sides.clone();
    sides.set_remote_hat("terry", "t", Some("a Theirs"));
    session.commit(|sides| {
        sides.set_local_hat("terry", "t", Some("a Mine"));
    });
    let sent = session.next_change();
    session.sides.remote = sides.remote;
    let outcome = crate::world::apply(&mut session.sides.remote, PROSODY, &sent);
    session.answer(&sent, &outcome, 0, 1);
    let actual = Some(ItemValue::Hat(value("a Theirs")));
    let expected = Some(ItemValue::Hat(value("a T")));
    let changed = SendState::Changed { actual, expected };
    assert_eq!(session.outbox.state(&t), Some(&changed));
    assert_eq!(session.next_changes(), [], "the conflict waits for a decision");
    session.restart();
    assert_eq!(session.next_changes(), []);
    // With the server's value, nothing is left to send. With the file's value, that is sent.
    let mut outbox = session.outbox.clone();
    outbox.forget(&t);
    assert!(outbox.is_empty());
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
fn refused_change_is_sent_again_only_on_request() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        let sent = session.next_change();
        let refusal = Refusal::new(Condition::Forbidden);
        session.answer(&sent, &ItemOutcome::Refused(refusal.clone()), 0, 1);
        session.restart();
        assert_eq!(
            session.outbox.state(&item("terry", "t")),
            Some(&SendState::Refused(refusal))
        );
        assert_eq!(session.next_changes(), []);
        session.outbox.retry(&item("terry", "t"));
        assert_eq!(session.next_changes().len(), 1);
    }
}

#[test]
fn changes_that_cannot_be_sent_are_left_out_with_the_reason() {
    let mut session = session_with_terry(PROSODY);
    session.commit(|sides| {
        sides
            .set_local_user("ann", Affiliation::Member)
            .set_local_hat("ann", "t", Some("a T"));
        sides.set_local_hat("terry", "t", Some("a T\u{1}"));
    });
    assert_eq!(session.next_changes(), []);
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
    // Once someone has made the user a member on the server, the hat can be sent.
    session.sides.set_remote_user("ann", Affiliation::Member);
    assert_eq!(
        session.next_changes().iter().map(change_text).collect::<Vec<_>>(),
        ["+ann t"]
    );
}

#[test]
fn hats_are_sent_after_their_catalog_entries() {
    let mut session = session_with_terry(EJABBERD_CATALOG);
    session.commit(|sides| {
        sides.set_local_hat("terry", "new", Some("a New"));
    });
    let local = session.sides.local().cloned();
    assert_eq!(
        session
            .outbox
            .next_changes(local.as_deref(), session.sides.base.as_ref(), None),
        [],
        "without a plan, hats wait"
    );
    let texts = |changes: Vec<ItemChange>| changes.iter().map(change_text).collect::<Vec<_>>();
    assert_eq!(texts(session.next_changes()), ["+entry new"]);
    assert_eq!(session.send(0, 1), 1);
    assert_eq!(texts(session.next_changes()), ["+terry new"]);
    assert_eq!(session.send(1, 1), 1);
    session.read(10, 1);
    assert!(session.outbox.is_finished());
    assert_eq!(session.sides.lines(), [""; 0]);
}

#[test]
fn removal_of_a_user_removes_the_known_hats_first() {
    for class in CLASSES {
        let mut session = session_with_terry(class);
        session.sides = session.sides.clone().with_managed_affiliations();
        session.commit(|sides| {
            sides.set_local_user("terry", Affiliation::None);
        });
        let changes = session.next_changes();
        assert_eq!(
            changes.iter().map(change_text).collect::<Vec<_>>(),
            ["-terry s", "-affiliation terry"]
        );
        // At the same time, someone adds a hat on the server. On Prosody, the user is not removed then.
        session.sides.set_remote_hat("terry", "t", Some("a T"));
        for change in &changes {
            let outcome = crate::world::apply(&mut session.sides.remote, class, change);
            session.answer(change, &outcome, 0, 1);
        }
        let remote_user = &session.sides.remote.users[&jid("terry")];
        assert!(remote_user.hats.contains_key(&hat("t")), "{class:?}");
        assert_eq!(remote_user.affiliation == Affiliation::Member, class == PROSODY);
    }
}

#[test]
fn no_read_confirms_a_change_that_prosody_could_not_store() {
    let mut session = session_with_terry(PROSODY);
    session.commit(|sides| {
        sides.set_local_hat("terry", "t", Some("a T"));
    });
    let (t, change) = (item("terry", "t"), session.next_change());
    session.sides.set_remote_hat("terry", "t", Some("a T"));
    session.answer(&change, &DONE_UNSAVED, 0, 1);
    for (time, stream) in [(10, 1), (20, 2)] {
        session.read(time, stream);
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting));
        assert_eq!(session.base_value(&t), None, "the base lacks the change");
        let local = session.sides.local().unwrap();
        let not_stored = session.outbox.not_stored(&session.sides.remote, local);
        assert_eq!(not_stored, [t.clone()].into());
    }
    let again = session.next_change();
    session.answer(&again, &DONE, 21, 2);
    assert!(session.base_value(&t).is_some());
}

/// A read on another connection that has been open since before the server acknowledged a change shows that the server
/// has not lost the change.
#[test]
fn removal_is_no_loss_if_a_connection_has_been_open_since_before_the_answer() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let t = item("terry", "t");
        let mut session = session_with_terry(class);
        session.commit(|sides| {
            sides.set_local_hat("terry", "t", Some("a T"));
        });
        let change = session.next_change();
        session.answer(&change, &DONE_UNSAVED, 10, 1);
        let mut lost = Session {
            sides: session.sides.clone(),
            outbox: session.outbox.clone(),
            stored: None,
            as_stored: session.as_stored.clone(),
        };
        lost.read_since(14, 2, 11);
        assert_eq!(lost.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
        session.read_since(14, 2, 9);
        assert_eq!(session.outbox.state(&t), None, "{class:?}");
        assert_eq!(
            session.base_value(&t),
            change.wanted,
            "the removal is received: {class:?}"
        );
    }
}

/// The process was suspended while the answer was in its socket, so it asked the server at 10 and handled the answer at
/// 40.
#[test]
fn loss_is_determined_by_the_period_in_which_the_server_can_have_answered() {
    for class in [EJABBERD_OLD, EJABBERD_CATALOG] {
        let t = item("terry", "t");
        let sent = |handled| {
            let mut session = session_with_terry(class);
            session.commit(|sides| {
                sides.set_local_hat("terry", "t", Some("a T"));
            });
            let change = session.next_change();
            session.answer_late(&change, &DONE_UNSAVED, (10, handled), (1, 5));
            session
        };
        // The server may have crashed after its answer, because this connection was opened at 25.
        let mut session = sent(40);
        session.restart();
        session.read_since(44, 2, 25);
        assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
        // Another account knows from the base that the change may be lost.
        let mut base = sent(40).sides.base.unwrap();
        base = Base::read(&base.to_bytes(), &base.room).unwrap();
        let compared = |since| {
            let stream = Stream {
                number: 3,
                since: after_seconds(since),
            };
            let remote = &session_with_terry(class).sides.remote;
            let base = base.with_answers(remote, |at| stream.may_have_lost(at));
            base.value(&t)
        };
        assert_eq!(compared(25), None, "{class:?}");
        assert!(compared(9).is_some(), "{class:?}");
        // If the answer was handled an hour later, it is too old to assume a loss.
        let mut session = sent(3_610);
        session.restart();
        session.read_since(3_614, 2, 3_611);
        assert_eq!(session.outbox.state(&t), None, "{class:?}");
        assert_eq!(session.base_value(&t), None, "{class:?}");
    }
}

#[test]
fn lost_changes_are_sent_again_but_removals_are_received() {
    for class in CLASSES {
        let t = item("terry", "t");
        let sent = |answer: &ItemOutcome| {
            let mut session = session_with_terry(class);
            session.commit(|sides| {
                sides.set_local_hat("terry", "t", Some("a T"));
            });
            let change = session.next_change();
            session.answer(&change, answer, 0, 1);
            session
        };
        let answer = if class == PROSODY { DONE } else { DONE_UNSAVED };
        let mut session = sent(&answer);
        session.restart();
        // On another connection, the server has the value before the change.
        session.read(30, 2);
        if class == PROSODY {
            // Prosody stored the change before it answered, so someone else has reverted the change.
            assert_eq!(session.outbox.state(&t), None);
            assert_eq!(session.sides.lines(), ["terry t: receive"]);
        } else {
            assert_eq!(session.outbox.state(&t), Some(&SendState::Waiting), "{class:?}");
            assert_eq!(session.base_value(&t), None, "the base lacks the change");
            assert_eq!(session.send(31, 2), 1);
            session.read(40, 2);
            assert!(session.base_value(&t).is_some());
            // A read has confirmed that the change is stored. A removal after that is a change by others, on any
            // connection.
            session.sides.set_remote_hat("terry", "t", None);
            session.restart();
            session.read(50, 3);
            assert_eq!(session.outbox.state(&t), None);
            assert_eq!(session.sides.lines(), ["terry t: receive"], "{class:?}");
        }
        // On the same connection, the server has lost nothing, so someone else has reverted the change.
        let mut session = sent(&answer);
        session.read(30, 1);
        assert_eq!(session.outbox.state(&t), None);
        assert_eq!(session.sides.lines(), ["terry t: receive"]);
        // After more than a minute, an unconfirmed change is a difference for the next plan. If the change was
        // confirmed, its removal is received.
        let mut session = sent(&answer);
        session.read(90, 2);
        assert_eq!(session.outbox.state(&t), None);
        assert_eq!(
            session.sides.lines(),
            [if class == PROSODY {
                "terry t: receive"
            } else {
                "terry t: send"
            }]
        );
    }
}

#[test]
fn next_session_finishes_an_interrupted_plan() {
    for class in CLASSES {
        let mut session = Session::of(Sides::compared(class, |sides| {
            sides
                .set_both_entry("t", "T")
                .set_both_user("terry", Affiliation::Member)
                .add_member("ann", &[("t", "a T")]);
        }));
        session
            .sides
            .set_local_hat("terry", "t", Some("a T"))
            .set_local_hat("terry", "n", Some("a N"));
        session.sides.set_local_hat("ann", "t", None);
        let plan = session.sides.merge();
        let implied = |number: usize| plan.lines[number].implied;
        let sending = plan.sending();
        let count = sending.changes.len();
        let changes = sending
            .changes
            .iter()
            .map(|(number, change)| (change.clone(), implied(*number)));
        session.outbox.put_plan(changes);
        // The first change is sent, but the session ends before the answer.
        crate::world::apply(&mut session.sides.remote, class, &sending.changes[0].1);
        session.restart();
        for at in 0..4 {
            session.send(at, 2);
        }
        session.read(20, 2);
        assert!(session.outbox.is_finished(), "{class:?}: {:?}", session.outbox);
        assert_eq!(count, if class == EJABBERD_CATALOG { 4 } else { 3 });
        session.sides.update_base();
        assert_eq!(session.sides.lines(), [""; 0]);
    }
}

#[test]
fn invalid_documents_are_ignored() {
    let mut session = session_with_terry(PROSODY);
    assert_eq!(session.outbox.to_bytes(), None, "an empty outbox is not stored");
    session.commit(|sides| {
        sides.set_local_hat("terry", "t", Some("a T"));
    });
    let bytes = session.outbox.to_bytes().unwrap();
    let read = Outbox::read(&bytes, "test", PROSODY, &room()).unwrap();
    assert_eq!(read.to_bytes(), Some(bytes.clone()));
    assert!(read.states().eq(session.outbox.states()));
    assert_eq!(Outbox::read(&bytes, "other", PROSODY, &room()), None);
    assert_eq!(Outbox::read(&bytes, "test", EJABBERD_OLD, &room()), None);
    assert_eq!(Outbox::read(&bytes, "test", PROSODY, &jid("elsewhere")), None);
    assert_eq!(Outbox::read(b"[]", "test", PROSODY, &room()), None);
    let later = String::from_utf8(bytes)
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    assert_eq!(Outbox::read(later.as_bytes(), "test", PROSODY, &room()), None);
}

/// Until a read confirms an acknowledged value, the base has an older one.
#[test]
fn next_change_expects_the_acknowledged_value() {
    for class in CLASSES {
        let t = item("terry", "t");
        let mut session = session_with_terry(class);
        let set = |session: &mut Session, text: Option<&str>| {
            session.commit(|sides| {
                sides.set_local_hat("terry", "t", text);
            });
        };
        set(&mut session, Some("a T"));
        assert_eq!(session.send(0, 1), 1);
        // For a removal and its undo, nothing is sent, whether they are taken over separately or together.
        set(&mut session, None);
        set(&mut session, Some("a T"));
        assert_eq!(session.send(1, 1), 0, "{class:?}");
        let (after, _) = session.prepare(|sides| {
            sides.set_local_hat("terry", "t", None);
        });
        session.sides.file = after.file;
        set(&mut session, Some("a T"));
        assert_eq!(session.send(1, 1), 0, "{class:?}");
        // The base still lacks the hat, but the server has it, so the removal is sent.
        set(&mut session, None);
        assert_eq!(session.send(2, 1), 1, "{class:?}");
        assert_eq!(session.sides.remote.value(&t), None, "{class:?}");
    }
}
