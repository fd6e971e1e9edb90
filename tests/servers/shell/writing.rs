//! Changes that are applied to rooms of Prosody, as its data and clients in the room show them.

use std::collections::BTreeMap;

use hatrack::model::{Affiliation, HatId};
use hatrack::sync::{CatalogValue, Condition, Item, ItemChange, ItemOutcome, ItemValue, Refusal};
use serde_json::{Value, json};

use super::{
    SAVED, Transport, affiliate, apply, change, connect, hat, jid, on_each_prosody, read,
    try_apply_if_created,
};
use crate::client::Client;
use crate::server::Server;

const ROOM: &str = "courses@conference.localhost";
const ANA: &str = "ana@localhost";
const BOB: &str = "bob@localhost";

/// Creates a room with ana as owner and bob as member, and returns clients of both in the room.
fn joined_room(server: &Server) -> (Client, Client) {
    server.add_account("ana");
    server.add_account("bob");
    server.create_prosody_room(
        ROOM,
        &json!([[ANA, "owner"], [BOB, "member"], ["off@localhost", "member"]]),
    );
    let ana = Client::join(server, "ana", ROOM);
    let bob = Client::join(server, "bob", ROOM);
    (ana, bob)
}

/// The IDs and titles of the hats in a presence.
fn ids_and_titles(presence: &Value) -> Vec<(String, String)> {
    let hats = presence["hats"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut titles: Vec<_> = hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect();
    titles.sort();
    titles
}

fn refused(condition: Condition) -> impl Fn(&ItemOutcome) -> bool {
    move |outcome| matches!(outcome, ItemOutcome::Refused(Refusal { condition: found, .. }) if *found == condition)
}

#[test]
fn user_change_sends_one_presence_with_exact_hats() {
    on_each_prosody(|server, transport| {
        let (mut ana, mut bob) = joined_room(server);
        let title = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";
        let odd = "urn:x:%5B;ü ]]";
        ana.drain_presences();
        bob.drain_presences();
        let mut backend = connect(server, transport);
        let outcomes = apply(
            &mut backend,
            ROOM,
            vec![
                change(BOB, "urn:x:1", None, Some(hat("a", title))),
                change("off@localhost", "urn:x:1", None, Some(hat("a", "Off"))),
                change(BOB, odd, None, Some(hat("ar", ""))),
                change(BOB, "urn:x:3", None, Some(hat("r", "not shown"))),
            ],
        );
        assert_eq!(outcomes, vec![SAVED; 4], "{transport:?}");
        let seen = ana.drain_events();
        assert_eq!(
            seen.len(),
            1,
            "the room learns nothing about users who are offline: {seen:?}"
        );
        assert_eq!(seen[0]["presence"], json!(format!("{ROOM}/bob")));
        let expected = [
            (odd.to_owned(), String::new()),
            ("urn:x:1".to_owned(), title.to_owned()),
        ];
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(ids_and_titles(&seen[0]), expected);
        assert_eq!(bob.drain_presences().len(), 1);
        let stored = server.stored(ROOM, BOB);
        assert_eq!(
            stored[1]["hats"]["urn:x:3"],
            json!({"active": false, "required": true, "title": "not shown"})
        );
        let file = read(&mut backend, ROOM);
        assert_eq!(
            file.users[&jid(BOB)].hats[&HatId::unchecked("urn:x:1")],
            hat("a", title)
        );

        // A change of an inactive hat causes no presence, because clients do not see such hats.
        let quiet = change(
            BOB,
            "urn:x:3",
            Some(hat("r", "not shown")),
            Some(hat("", "still not")),
        );
        assert_eq!(apply(&mut backend, ROOM, vec![quiet]), [SAVED]);
        assert_eq!(ana.drain_events(), [] as [Value; 0]);
        let last = [
            (odd, hat("ar", "")),
            ("urn:x:1", hat("a", title)),
            ("urn:x:3", hat("", "still not")),
        ];
        let last = last.map(|(id, hat)| change(BOB, id, Some(hat), None));
        assert_eq!(apply(&mut backend, ROOM, last.to_vec()), vec![SAVED; 3]);
        assert_eq!(ana.drain_presences().len(), 1);
        assert_eq!(server.stored(ROOM, BOB)[1].get("hats"), None);
        assert_eq!(server.stored(ROOM, BOB)[0], "member");
    });
}

#[test]
fn muted_member_stays_muted_and_keeps_nickname() {
    on_each_prosody(|server, transport| {
        let (mut ana, mut bob) = joined_room(server);
        let muted =
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='visitor'/></query>";
        assert_eq!(ana.iq(ROOM, "set", muted).0, "result");
        server.lua_room(
            ROOM,
            "r:set_affiliation_data('bob@localhost', 'reserved_nickname', 'bob'); return 'x'",
        );
        bob.drain_presences();
        let given = change(BOB, "urn:x:1", None, Some(hat("a", "Teacher")));
        assert_eq!(apply(&mut connect(server, transport), ROOM, vec![given]), [SAVED]);
        let seen = bob.drain_presences();
        assert_eq!((seen.len(), &seen[0]["role"]), (1, &json!("visitor")), "{seen:?}");
        assert_eq!(server.stored(ROOM, BOB)[1]["reserved_nickname"], "bob");
    });
}

#[test]
fn changes_only_items_with_expected_values() {
    on_each_prosody(|server, transport| {
        let hats = json!({"urn:x:1": {"active": true, "title": "One", "more": 5}, "urn:x:2": {"title": "Two"}, "urn:x:odd": {"title": 5}});
        server.create_prosody_room(ROOM, &json!([[ANA, "owner", hats], [BOB, "member"]]));
        let mut backend = connect(server, transport);
        let outcomes = apply(
            &mut backend,
            ROOM,
            vec![
                change(ANA, "urn:x:1", Some(hat("a", "One")), Some(hat("ar", "Uno"))),
                change(ANA, "urn:x:2", Some(hat("a", "Two")), None),
                change(ANA, "urn:x:3", Some(hat("", "")), None),
                change(ANA, "urn:x:2", None, Some(hat("", "Two"))),
                change(ANA, "urn:x:odd", None, None),
                change(ANA, "urn:x:4", None, Some(hat("a", "a\u{1}"))),
                change("carol@localhost", "urn:x:1", None, Some(hat("a", ""))),
                change("carol@localhost", "urn:x:1", Some(hat("a", "")), None),
                change(ANA, "urn:x:5", None, Some(hat("a", &"x".repeat(20_000)))),
                ItemChange::new(
                    Item::Catalog {
                        hat: HatId::unchecked("urn:x:1"),
                    },
                    None,
                    Some(ItemValue::Catalog(CatalogValue::default())),
                ),
            ],
        );
        let changed = |actual: Option<_>| ItemOutcome::Changed {
            actual: actual.map(ItemValue::Hat),
        };
        assert_eq!(
            outcomes[..4],
            [SAVED, changed(Some(hat("", "Two"))), SAVED, SAVED],
            "{transport:?}"
        );
        assert!(
            refused(Condition::UndefinedCondition)(&outcomes[4]),
            "{outcomes:?}"
        );
        assert!(refused(Condition::NotAcceptable)(&outcomes[5]));
        assert!(refused(Condition::ItemNotFound)(&outcomes[6]));
        assert_eq!(outcomes[7], SAVED);
        assert!(refused(Condition::NotAcceptable)(&outcomes[8]));
        assert!(refused(Condition::FeatureNotImplemented)(&outcomes[9]));
        let stored = server.stored(ROOM, ANA);
        assert_eq!(
            stored[1]["hats"]["urn:x:1"],
            json!({"active": true, "required": true, "title": "Uno", "more": 5})
        );
        assert_eq!(stored[1]["hats"]["urn:x:odd"], json!({"title": 5}));
        for (room, condition) in [
            ("never@conference.localhost", Condition::Gone),
            ("courses@elsewhere.localhost", Condition::Forbidden),
        ] {
            let outcomes = apply(
                &mut backend,
                room,
                vec![change(ANA, "urn:x:1", None, Some(hat("a", "")))],
            );
            assert!(refused(condition)(&outcomes[0]), "{outcomes:?}");
        }
    });
}

#[test]
fn destroyed_room_is_gone_and_not_recreated() {
    on_each_prosody(|server, transport| {
        server.create_prosody_room(ROOM, &json!([[ANA, "owner"]]));
        server.lua_room(ROOM, "r:destroy(); return 'x'");
        let outcomes = apply(
            &mut connect(server, transport),
            ROOM,
            vec![change(ANA, "urn:x:1", None, Some(hat("a", "")))],
        );
        assert!(refused(Condition::Gone)(&outcomes[0]), "{outcomes:?}");
        assert_eq!(
            server.lua_room(ROOM, "return tostring(r._data.destroyed)"),
            "true"
        );
    });
}

#[test]
fn room_that_was_created_again_is_not_changed() {
    on_each_prosody(|server, transport| {
        let make = || {
            server.create_prosody_room(ROOM, &json!([[ANA, "owner"]]));
            server.lua_room(ROOM, "r:get_salt(); return tostring(r:save(true))");
        };
        let mut backend = connect(server, transport);
        let apply_to = |backend: &mut _, created: &Option<Box<str>>, id| {
            let given = vec![change(ANA, id, None, Some(hat("a", "")))];
            let (reports, result) = try_apply_if_created(backend, ROOM, created.clone(), given);
            result.unwrap();
            let outcomes = reports.into_iter().flat_map(|applied| applied.outcomes);
            outcomes.map(|(_, outcome)| outcome).collect::<Vec<_>>()
        };
        make();
        let first = read(&mut backend, ROOM).created;
        assert!(first.is_some());
        assert_eq!(
            apply_to(&mut backend, &first, "urn:x:1"),
            [SAVED],
            "{transport:?}"
        );
        server.lua_room(ROOM, "m.forget_room(r); m.delete_room(r); return 'x'");
        make();
        for is_in_memory in [true, false] {
            if !is_in_memory {
                server.lua_room(ROOM, "m.forget_room(r); return 'x'");
            }
            assert_eq!(
                apply_to(&mut backend, &first, "urn:x:2"),
                [ItemOutcome::Unknown],
                "{transport:?}, {is_in_memory}"
            );
        }
        let second = read(&mut backend, ROOM);
        assert!(second.users[&jid(ANA)].hats.is_empty(), "{second:?}");
        assert_eq!(
            apply_to(&mut backend, &second.created, "urn:x:2"),
            [SAVED],
            "{transport:?}"
        );
    });
}

#[test]
fn affiliation_change_includes_hats() {
    on_each_prosody(|server, transport| {
        let (mut ana, _bob) = joined_room(server);
        server.lua_room(ROOM, "r:set_affiliation_data('off@localhost', 'hats', { ['urn:x:1'] = { title = 'One' } }); return 'x'");
        let mut backend = connect(server, transport);
        let remove = |hats: &[(&str, &str)]| ItemChange {
            expected_hats: Some(
                hats.iter()
                    .map(|(id, title)| (HatId::unchecked(*id), hat("", title)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            ..affiliate("off@localhost", Affiliation::Member, Affiliation::None)
        };
        ana.drain_presences();
        let outcomes = apply(
            &mut backend,
            ROOM,
            vec![
                affiliate("new@localhost", Affiliation::None, Affiliation::Member),
                change("new@localhost", "urn:x:1", None, Some(hat("a", "One"))),
                remove(&[]),
                remove(&[("urn:x:1", "Other")]),
                remove(&[("urn:x:1", "One"), ("urn:x:2", "")]),
                affiliate(ANA, Affiliation::Owner, Affiliation::Member),
                affiliate(BOB, Affiliation::Admin, Affiliation::Owner),
                affiliate("evil@localhost", Affiliation::None, Affiliation::Outcast),
            ],
        );
        let changed = ItemOutcome::Changed {
            actual: Some(ItemValue::Affiliation(Affiliation::Member)),
        };
        assert_eq!(
            outcomes[..5],
            [SAVED, SAVED, changed.clone(), changed.clone(), changed.clone()],
            "{transport:?}"
        );
        assert!(refused(Condition::Conflict)(&outcomes[5]), "{outcomes:?}");
        assert_eq!(outcomes[6..], [changed, SAVED]);
        assert_eq!(
            server.stored(ROOM, "new@localhost"),
            json!(["member", {"hats": {"urn:x:1": {"active": true, "required": false, "title": "One"}}}])
        );
        assert_eq!(
            apply(&mut backend, ROOM, vec![remove(&[("urn:x:1", "One")])]),
            [SAVED]
        );
        assert_eq!(server.stored(ROOM, "off@localhost"), json!([false, false]));
        assert_eq!(server.stored(ROOM, ANA)[0], "owner");
        // For a user in the room, hat and affiliation are in one presence.
        ana.drain_presences();
        let both = vec![
            affiliate(BOB, Affiliation::Member, Affiliation::Admin),
            change(BOB, "urn:x:1", None, Some(hat("a", "One"))),
        ];
        assert_eq!(apply(&mut backend, ROOM, both), vec![SAVED; 2]);
        let seen = ana.drain_presences();
        assert_eq!(
            (
                seen.len(),
                &seen[0]["affiliation"],
                ids_and_titles(&seen[0]).len()
            ),
            (1, &json!("admin"), 1),
            "{seen:?}"
        );
    });
}

/// Four writers append a letter each to the same titles, which they read before; no letter is lost.
#[test]
fn concurrent_writers_lose_nothing() {
    on_each_prosody(|server, transport| {
        if transport != Transport::Socket {
            return;
        }
        let users: Vec<String> = (0..10).map(|number| format!("user{number}@localhost")).collect();
        let all: Vec<Value> = users
            .iter()
            .map(|user| json!([user, "member", {"urn:x:all": {"title": "-"}}]))
            .collect();
        server.create_prosody_room(ROOM, &json!(all));
        let server = &*server;
        std::thread::scope(|scope| {
            for letter in ["a", "b", "c", "d"] {
                let users = &users;
                scope.spawn(move || {
                    let mut backend = connect(server, transport);
                    for user in users {
                        loop {
                            let now = read(&mut backend, ROOM).users[&jid(user)].hats
                                [&HatId::unchecked("urn:x:all")]
                                .clone();
                            let next = hat("", &format!("{}{letter}", now.title.as_deref().unwrap()));
                            let outcome = apply(
                                &mut backend,
                                ROOM,
                                vec![change(user, "urn:x:all", Some(now), Some(next))],
                            )
                            .remove(0);
                            if outcome == SAVED {
                                break;
                            }
                            assert!(matches!(outcome, ItemOutcome::Changed { .. }), "{outcome:?}");
                        }
                    }
                });
            }
            // At the same time, an owner changes affiliations.
            scope.spawn(|| {
                for user in &users {
                    server.lua_room(
                        ROOM,
                        &format!("r:set_affiliation(true, '{user}', 'admin'); return 'x'"),
                    );
                }
            });
        });
        let found = read(&mut connect(server, transport), ROOM);
        for user in &users {
            let user = &found.users[&jid(user)];
            assert_eq!(user.affiliation, Affiliation::Admin);
            let title = user.hats[&HatId::unchecked("urn:x:all")].title.clone().unwrap();
            let mut letters: Vec<char> = title.chars().collect();
            letters.sort_unstable();
            assert_eq!(letters, ['-', 'a', 'b', 'c', 'd'], "{title}");
        }
    });
}
