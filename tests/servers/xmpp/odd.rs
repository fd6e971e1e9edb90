//! What a server has that cannot be read: it is neither taken for nothing, nor changed.

use hatrack::sync::{CatalogValue, Condition, HatValue, ItemChange, ItemOutcome};

use super::fake::{Bad, answer, list, room};
use super::{ROOM, apply, change, define};

/// A room with an entry of the catalog, with these hats of users. What a change came to, and what the server was sent.
fn changed(
    hats: &'static [&'static [(&'static str, &'static str)]],
    what: ItemChange,
) -> (ItemOutcome, String) {
    let bad = Bad::start(move |peer| {
        room(peer, move |peer, text, id| {
            let payload = if text.contains("commands:list-assigned") && text.contains("command ") {
                list(hats)
            } else if text.contains("commands:list\"") || text.contains("commands:list'") {
                list(&[&[("hats#uri", "urn:x:1"), ("hats#title", "T")]])
            } else {
                return false;
            };
            answer(peer, id, "result", &payload);
            true
        })
    });
    let outcome = apply(&mut bad.backend(), ROOM, vec![what]).remove(0);
    let seen = bad.seen.lock().unwrap().clone();
    (outcome, seen)
}

#[test]
fn an_entry_stays_while_somebody_unreadable_may_have_the_hat() {
    let entry = CatalogValue::new("T", None);
    let (outcome, seen) = changed(&[], define("urn:x:1", Some(entry.clone()), None));
    assert_eq!(outcome, super::DONE);
    assert!(seen.contains("commands:destroy"));
    let hats: [&[&[(&str, &str)]]; 4] = [
        &[&[("hats#jid", "a@@b"), ("hats#uri", "urn:x:1"), ("hats#title", "T")]],
        &[&[
            ("hats#jid", "BOB@LOCALHOST"),
            ("hats#uri", "urn:x:1"),
            ("hats#title", "T"),
        ]],
        &[&[("hats#uri", "urn:x:1"), ("hats#title", "T")]],
        &[&[("hats#jid", "bob@localhost")]],
    ];
    for hats in hats {
        let (outcome, seen) = changed(hats, define("urn:x:1", Some(entry.clone()), None));
        let refused = |refusal: &hatrack::sync::Refusal| refusal.condition == Condition::Conflict;
        assert!(
            matches!(&outcome, ItemOutcome::Refused(why) if refused(why)),
            "{hats:?}: {outcome:?}"
        );
        assert!(!seen.contains("commands:destroy"), "{hats:?}");
    }
}

#[test]
fn a_hat_of_a_user_whom_the_server_spells_otherwise_is_not_changed() {
    let wanted = change("bob@localhost", "urn:x:1", None, Some(HatValue::assigned()));
    let hats = &[&[
        ("hats#jid", "BOB@localhost"),
        ("hats#uri", "urn:x:2"),
        ("hats#title", "T"),
    ] as &[_]];
    let (outcome, seen) = changed(hats, wanted);
    assert!(matches!(outcome, ItemOutcome::Refused(_)), "{outcome:?}");
    assert!(!seen.contains("commands:assign"));
}
