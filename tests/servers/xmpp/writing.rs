//! Changes that are applied to rooms of ejabberd, as its data and clients in the room show them.

use hatrack::model::{Affiliation, HatId};
use hatrack::sync::{CatalogValue, Condition, HatValue, ItemOutcome, ItemValue, Refusal};
use serde_json::{Value, json};

use super::{
    ANA, BOB, DONE, ROOM, affiliate, apply, change, define, hat, jid, login, on_each_ejabberd, read,
    try_apply,
};
use crate::client::Client;
use crate::server::{Kind, Server};

const TITLE: &str = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";
const ODD: &str = "urn:x:%5B;ü \"<&>' ]]";

fn entry(title: &str) -> CatalogValue {
    CatalogValue::new(title, Some("200"))
}

/// Changes that add a hat to a user. With a catalog, the hat is defined first.
fn hat_addition(server: &Server, user: &str, id: &str, title: &str) -> Vec<hatrack::sync::ItemChange> {
    let mut changes = Vec::new();
    if server.kind == Kind::Ejabberd26 {
        changes.push(define(id, None, Some(entry(title))));
    }
    changes.push(change(user, id, None, Some(hat(server, title))));
    changes
}

/// Asserts that a change was refused with this condition, and returns the text of the refusal.
fn assert_refused(outcome: &ItemOutcome, wanted: Condition) -> String {
    match outcome {
        ItemOutcome::Refused(Refusal { condition, text }) if *condition == wanted => {
            text.as_deref().unwrap_or_default().to_owned()
        }
        other => panic!("{wanted}: {other:?}"),
    }
}

/// The IDs and titles of the hats in a presence.
fn ids_and_titles(presence: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hats = presence["hats"].as_array().unwrap().iter();
    let mut all: Vec<_> = hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect();
    all.sort();
    all
}

#[test]
fn client_sees_exactly_the_added_hats() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut bob = Client::join(server, "bob", ROOM);
        let mut backend = login(server, "ana");
        let mut changes = hat_addition(server, BOB, "urn:x:1", TITLE);
        changes.extend(hat_addition(server, BOB, ODD, "Two"));
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
        let seen = bob.drain_presences();
        let mut wanted = vec![
            ("urn:x:1".to_owned(), TITLE.to_owned()),
            (ODD.to_owned(), "Two".to_owned()),
        ];
        wanted.sort();
        assert_eq!(ids_and_titles(seen.last().unwrap()), wanted, "{seen:?}");
        let room = read(&mut backend, ROOM);
        assert_eq!(
            room.users[&jid(BOB)].hats[&HatId::unchecked("urn:x:1")],
            hat(server, TITLE)
        );

        // If the user already has the hat, nothing is sent.
        let again = vec![change(BOB, "urn:x:1", None, Some(hat(server, TITLE)))];
        assert_eq!(apply(&mut backend, ROOM, again), [DONE]);
        assert_eq!(bob.drain_presences(), [] as [Value; 0]);

        let mut changes = vec![
            change(BOB, "urn:x:1", Some(hat(server, TITLE)), None),
            change(BOB, ODD, Some(hat(server, "Two")), None),
        ];
        if server.kind == Kind::Ejabberd26 {
            changes.push(define(ODD, Some(entry("Two")), None));
        }
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
        let seen = bob.drain_presences();
        assert_eq!(ids_and_titles(seen.last().unwrap()), []);
        let room = read(&mut backend, ROOM);
        assert!(room.users[&jid(BOB)].hats.is_empty());
        assert!(!room.catalog.contains_key(&HatId::unchecked(ODD)));
    });
}

#[test]
fn title_is_changed_in_the_catalog_or_in_the_hat() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut bob = Client::join(server, "bob", ROOM);
        let mut backend = login(server, "ana");
        apply(&mut backend, ROOM, hat_addition(server, BOB, "urn:x:1", "Old"));
        bob.drain_presences();
        let changed = if server.kind == Kind::Ejabberd26 {
            define(
                "urn:x:1",
                Some(entry("Old")),
                Some(CatalogValue::new("New", None)),
            )
        } else {
            change(
                BOB,
                "urn:x:1",
                Some(HatValue::titled("Old")),
                Some(HatValue::titled("New")),
            )
        };
        assert_eq!(apply(&mut backend, ROOM, vec![changed]), [DONE]);
        let seen = bob.drain_presences();
        assert_eq!(seen.last().unwrap()["hats"][0]["title"], "New", "{seen:?}");
        if server.kind == Kind::Ejabberd26 {
            let read = read(&mut backend, ROOM).catalog;
            assert_eq!(read[&HatId::unchecked("urn:x:1")], CatalogValue::new("New", None));
        }
    });
}

#[test]
fn changes_only_items_with_expected_values() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        super::reading::assign_hats(
            server,
            ROOM,
            &[(BOB, "urn:x:1", "One"), ("eve@localhost", "urn:x:2", "Two")],
        );
        let mut backend = login(server, "ana");
        let there = hat(server, "One");
        let old = server.kind != Kind::Ejabberd26;
        let other = if old {
            HatValue::titled("Other")
        } else {
            HatValue::assigned()
        };
        let outcomes = apply(
            &mut backend,
            ROOM,
            vec![
                // The hat is expected, but the user does not have it.
                change(ANA, "urn:x:1", Some(there.clone()), Some(other.clone())),
                // The user already does not have the hat.
                change(ANA, "urn:x:1", Some(there.clone()), None),
                affiliate(BOB, Affiliation::Admin, Affiliation::None),
                affiliate("eve@localhost", Affiliation::None, Affiliation::Member),
                affiliate(BOB, Affiliation::Owner, Affiliation::Member),
                change("eve@localhost", "urn:x:2", Some(hat(server, "Two")), None),
            ],
        );
        let changed = |actual| ItemOutcome::Changed { actual };
        assert_eq!(
            outcomes[1..],
            [
                DONE,
                changed(Some(ItemValue::Affiliation(Affiliation::Member))),
                DONE,
                DONE,
                DONE
            ]
        );
        assert_eq!(outcomes[0], changed(None));
        let room = read(&mut backend, ROOM);
        assert_eq!(room.users[&jid("eve@localhost")].affiliation, Affiliation::Member);
        assert!(room.users[&jid("eve@localhost")].hats.is_empty());
        assert_eq!(room.users[&jid(BOB)].hats.len(), 1);
        if old {
            let wrong = change(BOB, "urn:x:1", Some(HatValue::titled("Uno")), None);
            assert_eq!(
                apply(&mut backend, ROOM, vec![wrong]),
                [changed(Some(ItemValue::Hat(there)))]
            );
        } else {
            let wrong = define("urn:x:1", Some(entry("Uno")), Some(entry("Tres")));
            let actual = CatalogValue::new("One", Some("120"));
            assert_eq!(
                apply(&mut backend, ROOM, vec![wrong]),
                [changed(Some(ItemValue::Catalog(actual)))]
            );
            let removal = define("urn:x:1", Some(CatalogValue::new("One", Some("120"))), None);
            let outcomes = apply(&mut backend, ROOM, vec![removal]);
            assert!(assert_refused(&outcomes[0], Condition::Conflict).contains("1 user has the hat"));
            let undefined = change(BOB, "urn:x:never", None, Some(HatValue::assigned()));
            let outcomes = apply(&mut backend, ROOM, vec![undefined]);
            assert!(assert_refused(&outcomes[0], Condition::ItemNotFound).contains("catalog"));
        }
    });
}

#[test]
fn values_that_the_server_cannot_store_are_refused() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut backend = login(server, "ana");
        let long = "x".repeat(20_000);
        for (id, title) in [
            ("urn:x:1", "a\u{1}b"),
            ("urn:x:1", "a\rb"),
            ("urn:x:1", ""),
            ("urn:x:1", &long),
            ("", "One"),
            ("urn:\u{ffff}", "One"),
        ] {
            let wanted = if server.kind == Kind::Ejabberd26 {
                define(id, None, Some(entry(title)))
            } else {
                change(BOB, id, None, Some(HatValue::titled(title)))
            };
            let outcomes = apply(&mut backend, ROOM, vec![wanted]);
            assert_refused(&outcomes[0], Condition::NotAcceptable);
        }
        let mut odd = affiliate("eve@localhost", Affiliation::None, Affiliation::Member);
        odd.reason = Some("a\u{1b}[31m".into());
        assert_refused(&apply(&mut backend, ROOM, vec![odd])[0], Condition::NotAcceptable);
        assert!(read(&mut backend, ROOM).catalog.is_empty());
    });
}

#[test]
fn limits_of_the_server_are_refusals_with_its_text() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut backend = login(server, "siteadmin");
        let mut changes = Vec::new();
        for number in 0..11 {
            changes.extend(hat_addition(server, BOB, &format!("urn:x:{number}"), "T"));
        }
        let outcomes = apply(&mut backend, ROOM, changes);
        let text = assert_refused(outcomes.last().unwrap(), Condition::NotAllowed);
        assert!(text.contains("Hats limit exceeded"), "{text}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome != DONE).count(), 1);
        let title = hat(server, "T");
        let changes = (0..100)
            .map(|number| {
                change(
                    &format!("u{number}@localhost"),
                    "urn:x:1",
                    None,
                    Some(title.clone()),
                )
            })
            .collect();
        let outcomes = apply(&mut backend, ROOM, changes);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == DONE).count(), 99);
        assert_refused(&outcomes[99], Condition::NotAllowed);
    });
}

#[test]
fn one_refused_affiliation_does_not_affect_the_others() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut backend = login(server, "ana");
        let mut changes: Vec<_> = (0..120)
            .map(|number| {
                let mut change = affiliate(
                    &format!("u{number}@localhost"),
                    Affiliation::None,
                    Affiliation::Outcast,
                );
                change.reason = Some("spam <&>".into());
                change
            })
            .collect();
        // ejabberd refuses this, because the server's administrator is an owner of every room.
        changes[60] = affiliate("siteadmin@localhost", Affiliation::None, Affiliation::Outcast);
        let outcomes = apply(&mut backend, ROOM, changes);
        assert_refused(&outcomes[60], Condition::NotAllowed);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == DONE).count(), 119);
        let room = read(&mut backend, ROOM);
        let banned = &room.users[&jid("u119@localhost")];
        assert_eq!(banned.affiliation, Affiliation::Outcast);
        assert_eq!(banned.reason.as_deref(), Some("spam <&>"));
    });
}

#[test]
fn forbidden_and_missing_rooms_are_refused_and_others_changed() {
    on_each_ejabberd(|server| {
        let (closed, off, gone) = (
            "closed@conference.localhost",
            "off@conference.localhost",
            "gone@conference.localhost",
        );
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        server.create_ejabberd_room(closed, &[], &[(ANA, "member")]);
        server.create_ejabberd_room(off, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let mut backend = login(server, "ana");
        let wanted = || {
            let mut changes = hat_addition(server, BOB, "urn:x:1", "One");
            changes.push(affiliate("eve@localhost", Affiliation::None, Affiliation::Member));
            changes
        };
        let rooms = [closed, ROOM, off, gone, "x@elsewhere.localhost"];
        let work: Vec<_> = rooms.iter().map(|room| (*room, wanted())).collect();
        let (reports, result) = try_apply(&mut backend, &work);
        result.unwrap();
        let first = |work: usize| {
            let of = reports.iter().filter(|applied| applied.work_index == work);
            let mut outcomes: Vec<_> = of.flat_map(|applied| applied.outcomes.clone()).collect();
            outcomes.sort_by_key(|(number, _)| *number);
            assert_eq!(
                outcomes.len(),
                wanted().len(),
                "{}: each outcome is reported once",
                rooms[work]
            );
            outcomes.remove(0).1
        };
        assert!(assert_refused(&first(0), Condition::Forbidden).contains("owners and admins"));
        assert_eq!(first(1), DONE);
        assert!(assert_refused(&first(2), Condition::Forbidden).contains("enable_hats"));
        assert_refused(&first(3), Condition::Gone);
        assert_refused(&first(4), Condition::Forbidden);
        let room = read(&mut backend, ROOM);
        assert_eq!(room.users[&jid(BOB)].hats.len(), 1);
        let rooms = server.call_api("muc_online_rooms", &json!({"service": "conference.localhost"}));
        assert!(!rooms.to_string().contains("gone"), "no room is created: {rooms}");
    });
}
