//! Values on a server that cannot be read are neither treated as missing nor changed.

use hatrack::sync::{CatalogValue, Condition, HatValue, ItemChange, ItemOutcome};

use super::fake::{FakeServer, answer, list, serve_room};
use super::{ROOM, apply, change, define};

/// Applies a change to a room with one catalog entry and these hats of users. Returns the outcome, and the text that
/// the server received.
fn apply_one(
    hats: &'static [&'static [(&'static str, &'static str)]],
    change: ItemChange,
) -> (ItemOutcome, String) {
    let fake = FakeServer::start(move |peer| {
        serve_room(peer, move |peer, text, id| {
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
    let outcome = apply(&mut fake.backend(), ROOM, vec![change]).remove(0);
    let received = fake.received.lock().unwrap().clone();
    (outcome, received)
}

#[test]
fn catalog_entry_is_kept_if_an_unreadable_user_may_have_the_hat() {
    let entry = CatalogValue::new("T", None);
    let (outcome, received) = apply_one(&[], define("urn:x:1", Some(entry.clone()), None));
    assert_eq!(outcome, super::DONE);
    assert!(received.contains("commands:destroy"));
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
        let (outcome, received) = apply_one(hats, define("urn:x:1", Some(entry.clone()), None));
        let refused = |refusal: &hatrack::sync::Refusal| refusal.condition == Condition::Conflict;
        assert!(
            matches!(&outcome, ItemOutcome::Refused(why) if refused(why)),
            "{hats:?}: {outcome:?}"
        );
        assert!(!received.contains("commands:destroy"), "{hats:?}");
    }
}

#[test]
fn hat_is_not_changed_if_the_server_spells_the_user_differently() {
    let wanted = change("bob@localhost", "urn:x:1", None, Some(HatValue::assigned()));
    let hats = &[&[
        ("hats#jid", "BOB@localhost"),
        ("hats#uri", "urn:x:2"),
        ("hats#title", "T"),
    ] as &[_]];
    let (outcome, received) = apply_one(hats, wanted);
    assert!(matches!(outcome, ItemOutcome::Refused(_)), "{outcome:?}");
    assert!(!received.contains("commands:assign"));
}
