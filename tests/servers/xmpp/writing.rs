//! What is changed is exactly that, as a client in the room sees it, and only where the server has what is expected.

use hatrack::model::{Affiliation, HatId};
use hatrack::sync::{CatalogValue, Condition, HatValue, ItemOutcome, ItemValue, Refusal};
use serde_json::{Value, json};

use super::{ANA, BOB, DONE, ROOM, affiliate, apply, change, define, each, hat, jid, login, read, try_apply};
use crate::client::Client;
use crate::server::{Kind, Server};

const TITLE: &str = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";
const ODD: &str = "urn:x:%5B;ü \"<&>' ]]";

fn entry(title: &str) -> CatalogValue {
    CatalogValue::new(title, Some("200"))
}

/// What gives a hat: on the newer server it is defined first.
fn give(server: &Server, user: &str, id: &str, title: &str) -> Vec<hatrack::sync::ItemChange> {
    let mut changes = Vec::new();
    if server.kind == Kind::Ejabberd26 {
        changes.push(define(id, None, Some(entry(title))));
    }
    changes.push(change(user, id, None, Some(hat(server, title))));
    changes
}

fn refused(outcome: &ItemOutcome, wanted: Condition) -> String {
    match outcome {
        ItemOutcome::Refused(Refusal { condition, text }) if *condition == wanted => {
            text.as_deref().unwrap_or_default().to_owned()
        }
        other => panic!("{wanted}: {other:?}"),
    }
}

fn shown(presence: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hats = presence["hats"].as_array().unwrap().iter();
    let mut shown: Vec<_> = hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect();
    shown.sort();
    shown
}

#[test]
fn a_client_sees_exactly_the_hats_that_were_given() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut bob = Client::join(server, "bob", ROOM);
        let mut backend = login(server, "ana");
        let mut changes = give(server, BOB, "urn:x:1", TITLE);
        changes.extend(give(server, BOB, ODD, "Two"));
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
        let seen = bob.presences();
        let mut wanted = vec![
            ("urn:x:1".to_owned(), TITLE.to_owned()),
            (ODD.to_owned(), "Two".to_owned()),
        ];
        wanted.sort();
        assert_eq!(shown(seen.last().unwrap()), wanted, "{seen:?}");
        let room = read(&mut backend, ROOM);
        assert_eq!(
            room.users[&jid(BOB)].hats[&HatId::unchecked("urn:x:1")],
            hat(server, TITLE)
        );

        // Again: nothing is sent, and nothing is seen.
        let again = vec![change(BOB, "urn:x:1", None, Some(hat(server, TITLE)))];
        assert_eq!(apply(&mut backend, ROOM, again), [DONE]);
        assert_eq!(bob.presences(), [] as [Value; 0]);

        let mut changes = vec![
            change(BOB, "urn:x:1", Some(hat(server, TITLE)), None),
            change(BOB, ODD, Some(hat(server, "Two")), None),
        ];
        if server.kind == Kind::Ejabberd26 {
            changes.push(define(ODD, Some(entry("Two")), None));
        }
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
        let seen = bob.presences();
        assert_eq!(shown(seen.last().unwrap()), []);
        let room = read(&mut backend, ROOM);
        assert!(room.users[&jid(BOB)].hats.is_empty());
        assert!(!room.catalog.contains_key(&HatId::unchecked(ODD)));
    });
}

#[test]
fn a_title_changes_where_it_belongs() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut bob = Client::join(server, "bob", ROOM);
        let mut backend = login(server, "ana");
        apply(&mut backend, ROOM, give(server, BOB, "urn:x:1", "Old"));
        bob.presences();
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
        let seen = bob.presences();
        assert_eq!(seen.last().unwrap()["hats"][0]["title"], "New", "{seen:?}");
        if server.kind == Kind::Ejabberd26 {
            let read = read(&mut backend, ROOM).catalog;
            assert_eq!(read[&HatId::unchecked("urn:x:1")], CatalogValue::new("New", None));
        }
    });
}

#[test]
fn only_what_is_as_expected_is_changed() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        super::reading::give(
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
                // Not expected to be gone, and is.
                change(ANA, "urn:x:1", Some(there.clone()), Some(other.clone())),
                // Removed already.
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
            let worn = define("urn:x:1", Some(CatalogValue::new("One", Some("120"))), None);
            let outcomes = apply(&mut backend, ROOM, vec![worn]);
            assert!(refused(&outcomes[0], Condition::Conflict).contains("1 users have the hat"));
            let undefined = change(BOB, "urn:x:never", None, Some(HatValue::assigned()));
            let outcomes = apply(&mut backend, ROOM, vec![undefined]);
            assert!(refused(&outcomes[0], Condition::ItemNotFound).contains("catalog"));
        }
    });
}

#[test]
fn what_the_server_cannot_hold_is_refused_before_it_is_sent() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
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
            refused(&outcomes[0], Condition::NotAcceptable);
        }
        let mut odd = affiliate("eve@localhost", Affiliation::None, Affiliation::Member);
        odd.reason = Some("a\u{1b}[31m".into());
        refused(&apply(&mut backend, ROOM, vec![odd])[0], Condition::NotAcceptable);
        assert!(read(&mut backend, ROOM).catalog.is_empty());
    });
}

#[test]
fn the_limits_of_the_server_are_refusals_with_its_words() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
        let mut backend = login(server, "siteadmin");
        let mut changes = Vec::new();
        for number in 0..11 {
            changes.extend(give(server, BOB, &format!("urn:x:{number}"), "T"));
        }
        let outcomes = apply(&mut backend, ROOM, changes);
        let text = refused(outcomes.last().unwrap(), Condition::NotAllowed);
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
        refused(&outcomes[99], Condition::NotAllowed);
    });
}

#[test]
fn affiliations_go_together_with_their_reasons_and_one_that_is_odd_alone() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "member")]);
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
        // Nobody may do that: the server's administrator is owner of every room.
        changes[60] = affiliate("siteadmin@localhost", Affiliation::None, Affiliation::Outcast);
        let outcomes = apply(&mut backend, ROOM, changes);
        refused(&outcomes[60], Condition::NotAllowed);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == DONE).count(), 119);
        let room = read(&mut backend, ROOM);
        let banned = &room.users[&jid("u119@localhost")];
        assert_eq!(banned.affiliation, Affiliation::Outcast);
        assert_eq!(banned.reason.as_deref(), Some("spam <&>"));
    });
}

#[test]
fn a_room_that_is_not_allowed_or_gone_is_refused_and_the_others_are_done() {
    each(|server| {
        let (closed, off, gone) = (
            "closed@conference.localhost",
            "off@conference.localhost",
            "gone@conference.localhost",
        );
        server.muc(ROOM, &[], &[(ANA, "owner")]);
        server.muc(closed, &[], &[(ANA, "member")]);
        server.muc(off, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let mut backend = login(server, "ana");
        let wanted = || {
            let mut changes = give(server, BOB, "urn:x:1", "One");
            changes.push(affiliate("eve@localhost", Affiliation::None, Affiliation::Member));
            changes
        };
        let rooms = [closed, ROOM, off, gone, "x@elsewhere.localhost"];
        let work: Vec<_> = rooms.iter().map(|room| (*room, wanted())).collect();
        let (told, result) = try_apply(&mut backend, &work);
        result.unwrap();
        let first = |work: usize| {
            let of = told.iter().filter(|applied| applied.work_index == work);
            let mut outcomes: Vec<_> = of.flat_map(|applied| applied.outcomes.clone()).collect();
            outcomes.sort_by_key(|(number, _)| *number);
            assert_eq!(
                outcomes.len(),
                wanted().len(),
                "{}: each is told once",
                rooms[work]
            );
            outcomes.remove(0).1
        };
        assert!(refused(&first(0), Condition::Forbidden).contains("owners and admins"));
        assert_eq!(first(1), DONE);
        assert!(refused(&first(2), Condition::Forbidden).contains("enable_hats"));
        refused(&first(3), Condition::Gone);
        refused(&first(4), Condition::Forbidden);
        let room = read(&mut backend, ROOM);
        assert_eq!(room.users[&jid(BOB)].hats.len(), 1);
        let rooms = server.api("muc_online_rooms", &json!({"service": "conference.localhost"}));
        assert!(!rooms.to_string().contains("gone"), "no room was made: {rooms}");
    });
}
