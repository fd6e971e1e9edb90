//! Servers that stop, crash, hang or throttle, and large amounts of rooms and users.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend as _, Error, RoomChanges};
use hatrack::sync::{ItemChange, ItemOutcome, RoomRead};

use super::{
    ANA, BOB, DONE, ROOM, SERVICE, account, affiliate, apply, change, define, each, hat, jid, login, read,
    read_all, settings, xmpp,
};
use crate::pool::{Shared, on_each_new};
use crate::server::{Kind, Server};

fn room(number: usize) -> String {
    format!("room{number:03}@{SERVICE}")
}

/// Adds hats to some users of a room. With a catalog, they are defined first.
fn hats(server: &Server, users: usize) -> Vec<ItemChange> {
    let mut changes = Vec::new();
    if server.kind == Kind::Ejabberd26 {
        let entry = hatrack::sync::CatalogValue::new("Teacher", None);
        changes.push(define("urn:x:1", None, Some(entry)));
    }
    let user = |number: usize| format!("u{number}@localhost");
    changes.extend(
        (0..users).map(|number| change(&user(number), "urn:x:1", None, Some(hat(server, "Teacher")))),
    );
    changes
}

fn work(server: &Server, rooms: usize, users: usize) -> Vec<RoomChanges> {
    let changes = |number| RoomChanges {
        room: jid(&room(number)),
        created: None,
        actor: "ana".into(),
        changes: hats(server, users),
    };
    (0..rooms).map(changes).collect()
}

/// Runs `end` in the middle of applying, and applies the rest after a restart.
fn interrupted(end: fn(&mut Server)) {
    on_each_new(&Kind::EJABBERD, |server| {
        server.user("siteadmin");
        for number in 0..30 {
            server.muc(&room(number), &[], &[]);
        }
        let work = work(server, 30, 20);
        let total: usize = work.iter().map(|work| work.changes.len()).sum();
        let mut settings = settings(&account(server, "siteadmin"));
        settings.timeout = Duration::from_secs(5);
        let mut backend = xmpp(settings);
        let mut outcomes = Vec::new();
        let result = backend.apply(&work, &mut |applied| {
            outcomes.extend(applied.outcomes.into_iter().map(|(_, outcome)| outcome));
            if outcomes.len() == 150 {
                end(server);
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(result, Err(Error::Lost(_))), "{result:?}");
        assert!(
            outcomes.len() >= 150 && outcomes.len() < total,
            "{}",
            outcomes.len()
        );
        let known = outcomes
            .iter()
            .all(|outcome| *outcome == DONE || *outcome == ItemOutcome::Unknown);
        assert!(known, "{outcomes:?}");
        let error = read_all(&mut backend, &[&room(0)]).unwrap_err();
        assert!(matches!(error, Error::Away(_)), "{error:?}");

        server.begin();
        let result = backend.apply(&work, &mut |applied| {
            assert!(
                applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                "{applied:?}"
            );
            ControlFlow::Continue(())
        });
        result.unwrap();
        let rooms: Vec<String> = (0..30).map(room).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        for (_, read) in read_all(&mut backend, &rooms).unwrap() {
            let RoomRead::Read(read) = read else {
                panic!("{read:?}")
            };
            let count = read.users.values().filter(|user| !user.hats.is_empty()).count();
            assert_eq!(count, 20);
        }
    });
}

#[test]
fn applying_continues_after_a_server_is_killed() {
    interrupted(Server::kill);
}

#[test]
fn applying_continues_after_a_server_is_stopped() {
    interrupted(Server::stop);
}

#[test]
fn a_hundred_rooms_are_changed_and_read_in_parallel() {
    each(|server| {
        for number in 0..100 {
            server.muc(&room(number), &[], &[]);
        }
        let work = work(server, 100, 20);
        let mut backend = login(server, "siteadmin");
        let mut done = 0;
        backend
            .apply(&work, &mut |applied| {
                assert!(
                    applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                    "{applied:?}"
                );
                done += applied.outcomes.len();
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(done, work.iter().map(|work| work.changes.len()).sum::<usize>());
        let rooms: Vec<String> = (0..100).map(room).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        for (_, read) in read_all(&mut backend, &rooms).unwrap() {
            assert!(
                matches!(&read, RoomRead::Read(room) if room.users.len() == 20),
                "{read:?}"
            );
        }
        assert_eq!(backend.list_rooms().unwrap().rooms.len(), 100);
    });
}

#[test]
fn a_room_with_many_users_is_filled_and_read() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner")]);
        let mut backend = login(server, "siteadmin");
        let users: Vec<String> = (0..10_000)
            .map(|number| format!("user{number}@localhost"))
            .collect();
        let changes = users
            .iter()
            .map(|user| affiliate(user, Affiliation::None, Affiliation::Member))
            .collect();
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE));
        let found = read(&mut backend, ROOM);
        assert_eq!(found.users.len(), 10_001);
        assert_eq!(found.users[&jid(&users[7])].affiliation, Affiliation::Member);
    });
}

/// ejabberd reads 3,000 bytes per second from ordinary accounts after the first 20,000.
#[test]
fn a_throttled_account_is_slow_and_loses_nothing() {
    let Some(server) = Shared::take(Kind::Ejabberd26) else {
        return;
    };
    server.user("ana");
    for number in 0..60 {
        server.muc(&room(number), &[], &[(ANA, "owner")]);
    }
    let mut settings = settings(&account(&server, "ana"));
    // Less than what a request waits behind the others, and more than the pauses of the server.
    settings.timeout = Duration::from_secs(10);
    let mut backend = xmpp(settings);
    let mut done = 0;
    let began = Instant::now();
    backend
        .apply(&work(&server, 60, 2), &mut |applied| {
            assert!(
                applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                "{applied:?}"
            );
            done += applied.outcomes.len();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(done, 180);
    assert!(began.elapsed() > Duration::from_secs(10), "not throttled");
}

/// Another writer changes the same user's hats meanwhile.
#[test]
fn two_writers_of_different_hats_lose_nothing() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner"), (BOB, "owner")]);
        let ids = |writer: &str| {
            (0..4)
                .map(|number| format!("urn:{writer}:{number}"))
                .collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            for writer in ["ana", "bob"] {
                let server = &*server;
                scope.spawn(move || {
                    let mut backend = login(server, writer);
                    for id in ids(writer) {
                        let mut changes = Vec::new();
                        if server.kind == Kind::Ejabberd26 {
                            let entry = hatrack::sync::CatalogValue::new("T", None);
                            changes.push(define(&id, None, Some(entry)));
                        }
                        changes.push(change("eve@localhost", &id, None, Some(hat(server, "T"))));
                        let outcomes = apply(&mut backend, ROOM, changes);
                        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
                    }
                });
            }
        });
        let found = read(&mut login(server, "ana"), ROOM);
        let eve = &found.users[&jid("eve@localhost")];
        for id in ids("ana").into_iter().chain(ids("bob")) {
            assert!(eve.hats.contains_key(&HatId::unchecked(id)));
        }
    });
}
